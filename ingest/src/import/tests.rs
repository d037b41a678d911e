//! Every form of input through the whole of an import, into a recording.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::error::Error;
use super::recording::{Recording, import_path, import_text};
use crate::system::FileError;

const BLOCK_SIZES: [usize; 7] = [1, 2, 3, 17, 64, 500, 1 << 20];

fn names(name: &str, text: &str) -> Vec<String> {
    let [first, rest @ ..] =
        BLOCK_SIZES.map(|size| import_text(name, text.as_bytes(), size).unwrap().names());
    for other in rest {
        assert_eq!(other, first);
    }
    first
}

fn error(name: &str, text: &str) -> String {
    let [first, rest @ ..] =
        [1 << 20, 64, 5, 1].map(|size| import_text(name, text.as_bytes(), size).unwrap_err().to_string());
    for other in rest {
        assert_eq!(other, first);
    }
    first
}

fn write(folder: &TempDir, path: &str, text: impl AsRef<[u8]>) {
    let path = folder.path().join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn import(folder: &TempDir) -> Recording {
    let whole = import_path(folder.path(), 1 << 20).unwrap();
    let pieces = import_path(folder.path(), 10).unwrap();
    assert_eq!(whole.objects, pieces.objects);
    assert_eq!(whole.links, pieces.links);
    assert_eq!(whole.warnings, pieces.warnings);
    whole
}

fn objects(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|id| format!("{{\"id\":\"{id}\",\"x\":{{\"y\":[1]}}}}")).collect()
}

#[test]
fn all_forms_give_the_same_objects() {
    let list = objects(&["a", "b", "c"]);
    let lines = list.join("\n");
    let comma = list.join(", ");
    let pretty = list.join(" ").replace(',', ",\n");
    for text in [
        lines.clone(),
        format!("\n{lines}\n\n"),
        lines.replace('\n', "\r\n"),
        format!("[{comma}]"),
        format!(" [\n{comma}\n]\n"),
        pretty,
        list.join(" "),
        format!("{{\"@odata.context\":\"https://graph/v1.0/$metadata#users\",\"value\":[{comma}]}}"),
        format!("{{\"@odata.count\": 3, \"value\": [{comma}], \"@odata.context\": \"x\"}}\n"),
        format!("{{\"value\":[{comma}]}}"),
    ] {
        assert_eq!(names("users.json", &text), ["user a", "user b", "user c"], "{text}");
    }
    assert_eq!(names("user.ndjson", &list[0]), ["user a"]);
    assert_eq!(names("x/groups/1.json", "[]"), [""; 0]);
}

#[test]
fn many_blocks_keep_the_order() {
    let list: Vec<String> = (0..5000).map(|id| format!("{{\"id\":\"{id}\"}}")).collect();
    let expected: Vec<String> = (0..5000).map(|id| format!("user {id}")).collect();
    for size in [100, 10_000] {
        let lines = import_text("users", list.join("\n").as_bytes(), size).unwrap();
        assert_eq!(lines.names(), expected);
        let array = format!("[{}]", list.join(","));
        assert_eq!(import_text("users", array.as_bytes(), size).unwrap().names(), expected);
    }
}

#[test]
fn the_type_comes_from_the_object_then_the_context_then_the_name() {
    let page = |context: &str| {
        format!(
            "{{\"@odata.context\":\"https://g/v1.0/$metadata#{context}\",\"value\":[{{\"id\":\"1\"}},{{\"@odata.type\":\"#microsoft.graph.device\",\"id\":\"2\"}}]}}"
        )
    };
    assert_eq!(names("users.json", &page("groups")), ["group 1", "device 2"]);
    assert_eq!(names("users.json", &page("groups(id,displayName)")), ["group 1", "device 2"]);
    assert_eq!(names("users.json", &page("directoryObjects")), ["user 1", "device 2"]);
    let deleted = page("directory/deletedItems/microsoft.graph.group");
    assert_eq!(names("x.json", &deleted), ["-group 1", "-device 2"]);
    let entity = "{\n\"@odata.context\":\"https://g/beta/$metadata#applications/$entity\",\"id\":\"1\"}";
    assert_eq!(names("users.json", entity), ["application 1"]);
    assert_eq!(names("deletedItems/users.json", "{\"id\":\"1\"}"), ["-user 1"]);
}

#[test]
fn encodings_do_not_matter() {
    let text = "\u{feff}{\"id\":\"ä\"}\r\n{\"id\":\"😀\"}\r\n";
    let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for size in BLOCK_SIZES {
        for bytes in [text.as_bytes(), &utf16] {
            let recording = import_text("users.json", bytes, size).unwrap();
            assert_eq!(recording.names(), ["user ä", "user 😀"]);
        }
    }
}

#[test]
fn errors_say_where_and_what() {
    let found = |text: &str| error("users.json", text);
    assert_eq!(found(" \n "), "users.json:1:1: expected JSON objects, found an empty file");
    assert_eq!(found(""), found(" "));
    assert_eq!(found("\n id,name"), "users.json:2:2: expected `{` or `[`, found `i`");
    assert_eq!(
        found("{\"id\":\"1\"}\n{\"id\":\"2\",}\n{\"id\":\"3\"}"),
        "users.json:2:11: invalid JSON: trailing comma"
    );
    assert_eq!(
        found("{\"id\":\"1\"}\n{\"id\":\"2\",\"na"),
        "users.json:2:1: the object that begins here has no end"
    );
    assert_eq!(
        found("[\n{\"id\":\"1\"},\n{\"id\":\"2\",\n\"na"),
        "users.json:3:1: the object that begins here has no end"
    );
    assert_eq!(found("[{\"id\":\"1\"}\n"), "users.json:2:1: expected `]`, found the end of the file");
    assert_eq!(found("[{\"id\":\"1\"},\n 2]"), "users.json:2:2: expected an object, found `2`");
    assert_eq!(
        found("[{\"id\":\"1\"}]\n{}"),
        "users.json:2:1: expected the end of the file behind the array, found more text"
    );
    assert_eq!(
        found("[{\"id\":\"1\"},\n\n{\"name\":\"x\"}]"),
        "users.json:3:1: expected an object with `id`, found an object that begins with name"
    );
    assert_eq!(error("some.json", "{\"id\":\"1\"}"), "some.json:1:1: the object does not say its type");
    assert_eq!(
        found("{\"id\":\"1\"}\n{\"id\":\"2\",\"@removed\":{\"reason\":\"changed\"}}"),
        "users.json:2:1: expected whole objects, found `@removed` of a delta answer"
    );
    assert_eq!(
        found("{\"value\":[{\"id\":\"1\"}]"),
        "users.json:1:22: expected the properties that end a Graph list page (no second `value`), found something else"
    );
}

#[test]
fn a_word_that_looks_like_delta_inside_an_object_is_data() {
    let text = "{\"id\":\"1\",\"note\":{\"@removed\":1,\"members@delta\":[]}}";
    assert_eq!(names("users.json", text), ["user 1"]);
}

#[test]
fn an_answer_of_graph_is_not_data() {
    let answer =
        "{\"error\": {\n\"code\":\"Authorization_RequestDenied\",\"message\":\"Insufficient privileges\"}}";
    let found = import_text("users.json", answer.as_bytes(), 1 << 20).unwrap_err();
    assert!(matches!(&found, Error::GraphAnswer { code, .. } if code == "Authorization_RequestDenied"));
    assert_eq!(
        found.to_string(),
        "users.json:1: expected objects, found the Graph error Authorization_RequestDenied: Insufficient privileges"
    );
}

#[test]
fn bytes_that_are_no_text_are_found() {
    for (text, index) in [
        (&b"{\"id\":\"1\"}\n{\"id\":\"\xE4\"}"[..], "2:8"),
        (&b"[{\"id\":\"1\"},\n{\"id\":\"\xF0\x9F\"}]"[..], "2:8"),
    ] {
        for size in [4, 1 << 20] {
            let found = import_text("users.json", text, size).unwrap_err().to_string();
            assert!(found.starts_with(&format!("users.json:{index}: expected UTF-8")), "{found}");
        }
    }
}

#[test]
fn a_long_object_is_taken_and_a_longer_one_refused() {
    let of_length = |length: usize| format!("{{\"id\":\"1\",\"x\":\"{}\"}}", "x".repeat(length));
    assert_eq!(names("users.json", &format!("{}\n", of_length(3000))), ["user 1"]);
    assert_eq!(names("users.json", &format!("[{}]", of_length(3000))), ["user 1"]);
    for text in [of_length(9000), format!("[\n{}]", of_length(9000))] {
        let found = import_text("users.json", text.as_bytes(), 100).unwrap_err().to_string();
        assert!(found.contains("expected an object of at most 0 MiB"), "{found}");
    }
}

#[test]
fn an_export_of_folders_becomes_objects_and_links() {
    let folder = TempDir::new().unwrap();
    let utf16: Vec<u8> =
        "\u{feff}{\r\n\"id\": \"g1\"\r\n}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    write(&folder, "Groups/g1/g1.json", utf16);
    write(&folder, "Groups/g1/Members/u2/u2.json", "{\"id\": \"u2\", \"displayName\": \"Two\"}");
    write(
        &folder,
        "Groups/g1/Members/u1/u1.json",
        "{\"@odata.type\":\"#microsoft.graph.user\",\"id\":\"u1\"}",
    );
    write(&folder, "Groups/g1/Owners/u1/u1.json", "{\"id\": \"u1\"}");
    write(&folder, "Organization/Organization.json", "{\"id\":\"t\"}");
    write(
        &folder,
        "Policies/AdminConsentRequestPolicy/AdminConsentRequestPolicy/AdminConsentRequestPolicy.json",
        "{\"isEnabled\":true}",
    );
    write(
        &folder,
        "Policies/CrossTenantAccessPolicy/Partners/Partners/Partners.json",
        "{\"tenantId\":\"p\"}",
    );
    write(&folder, "ServicePrincipals/s1/AppRoleAssignedTo/r1/r1.json", "{\"id\":\"r1\"}");
    write(&folder, "AdministrativeUnits/a1/ScopedRoleMembers/m1/m1.json", "{\"id\":\"m1\"}");
    write(&folder, "DeletedItems/Users/u9/u9.json", "{\"id\":\"u9\"}");
    write(&folder, "Widgets/w1/w1.json", "{\"id\":\"w1\"}");
    write(&folder, "readme.md", "# an export");
    write(&folder, ".hidden", "x");
    let recording = import(&folder);
    assert_eq!(
        recording.names(),
        [
            "scopedRoleMembership m1",
            "-user u9",
            "group g1",
            "organization t",
            "adminConsentRequestPolicy AdminConsentRequestPolicy",
            "crossTenantAccessPolicyConfigurationPartner p",
            "appRoleAssignment r1",
            "widget w1",
        ]
    );
    let links: Vec<(&String, &Vec<String>)> = recording.links.iter().collect();
    assert_eq!(format!("{links:?}"), r#"[("group g1 members", ["u1", "u2"]), ("group g1 owners", ["u1"])]"#);
    let warnings: Vec<String> = recording
        .warnings
        .iter()
        .map(|warning| format!("{} {}", warning.type_token, warning.count))
        .collect();
    assert_eq!(warnings, [" 1", "widget 1", "crossTenantAccessPolicyConfigurationPartner 1"]);
}

#[test]
fn a_folder_of_files_named_after_types_is_an_import() {
    let folder = TempDir::new().unwrap();
    write(&folder, "user.ndjson", "{\"id\":\"1\"}\n{\"id\":\"2\"}\n");
    write(&folder, "conditionalAccessPolicies.json", "[{\"id\":\"3\"}]");
    assert_eq!(import(&folder).names(), ["conditionalAccessPolicy 3", "user 1", "user 2"]);
    assert_eq!(import(&folder).warnings, []);
}

#[test]
fn an_object_without_id_takes_it_from_its_file_when_that_is_its_own() {
    let folder = TempDir::new().unwrap();
    write(&folder, "Admin/Sharepoint/settings.json", "{\n}");
    write(&folder, "Odds/one.json", "[{\"id\":null}]");
    assert_eq!(import(&folder).names(), ["sharepointSettings settings", "odd one"]);
    for (path, text) in [
        ("users.json", "{\"x\":1}"),
        ("a/group.ndjson", "{\"x\":1}"),
        ("Users/1/1.json", "[{\"x\":1},{\"id\":\"2\"}]"),
    ] {
        let folder = TempDir::new().unwrap();
        write(&folder, path, text);
        let found = import_path(folder.path(), 10).unwrap_err().to_string();
        assert!(found.contains("expected an object with `id`"), "{found}");
    }
}

#[test]
fn errors_in_folders_name_the_file() {
    let folder = TempDir::new().unwrap();
    write(&folder, "Users/1/1.json", "{\"id\":\"1\"}");
    write(&folder, "Users/2/2.json", "{\n\"id\":\"2\",\n\"x\": nul\n}");
    write(&folder, "Users/3/3.json", "");
    let path = folder.path().join("Users/2/2.json");
    for size in [1, 1 << 20] {
        let found = import_path(folder.path(), size).unwrap_err().to_string();
        assert!(found.starts_with(&format!("{}:3:", path.display())), "{found}");
    }
    write(&folder, "Users/2/2.json", "{\"id\":\"2\"}");
    let found = import_path(folder.path(), 1 << 20).unwrap_err().to_string();
    assert!(found.contains("3.json:1:1: expected JSON objects, found an empty file"), "{found}");
}

#[test]
fn a_folder_without_json_and_a_missing_file_are_errors() {
    let folder = TempDir::new().unwrap();
    write(&folder, "readme.md", "x");
    assert!(matches!(import_path(folder.path(), 10), Err(Error::NoData { .. })));
    let missing = Path::new("no/such/file.json");
    assert!(matches!(import_path(missing, 10), Err(Error::File(FileError { action: "read", .. }))));
}

#[test]
fn a_page_without_its_last_one_is_warned_of() {
    let page =
        |next: &str| format!("{{\"@odata.context\":\"$metadata#users\",{next}\"value\":[{{\"id\":\"1\"}}]}}");
    let folder = TempDir::new().unwrap();
    write(&folder, "1.json", page("\"@odata.nextLink\":\"https://next\","));
    assert_eq!(import(&folder).warnings[0].count, 1);
    write(&folder, "2.json", page(""));
    assert_eq!(import(&folder).warnings, []);
}
