//! Exports of made-up objects, read back by an import's own rules.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::{ExportCounts, Item, ndjson, prepare, tree};
use crate::import::{Error, Result};
use crate::system::FileError;

fn item(id: &str, json: &str, links: &[(&str, &[&str])]) -> Item {
    let owned = |targets: &[&str]| targets.iter().map(|target| (*target).to_owned()).collect();
    Item {
        id: id.to_owned(),
        is_deleted: json.contains("deletedDateTime"),
        json: json.to_owned(),
        links: links.iter().map(|(name, targets)| ((*name).to_owned(), owned(targets))).collect(),
    }
}

fn items() -> impl Iterator<Item = Result<Item>> {
    [
        item(
            "g1",
            r##"{"@odata.type":"#microsoft.graph.group","id":"g1","big":12345678901234567890123,"members":["u1","a/b"],"owners":[]}"##,
            &[("members", &["u1", "a/b"]), ("owners", &[])],
        ),
        item("g2", r#"{"id":"g2","deletedDateTime":"2026-01-01T00:00:00Z"}"#, &[]),
    ]
    .into_iter()
    .map(Ok)
}

fn text(folder: &TempDir, path: &str) -> String {
    fs::read_to_string(folder.path().join(path)).unwrap()
}

#[test]
fn lines_are_the_objects_as_they_are_shown() {
    let folder = TempDir::new().unwrap();
    let mut counts = ExportCounts::default();
    ndjson::write(folder.path(), "group", items(), &mut counts).unwrap();
    ndjson::write(folder.path(), "user", std::iter::empty(), &mut counts).unwrap();
    let written = text(&folder, "group.ndjson");
    assert_eq!(written.lines().count(), 2);
    let bytes = written.len() as u64;
    assert_eq!(counts, ExportCounts { files: 1, objects: 2, links: 2, bytes });
    assert!(!folder.path().join("user.ndjson").exists());
}

#[test]
fn folders_hold_objects_and_links() {
    let folder = TempDir::new().unwrap();
    let mut counts = ExportCounts::default();
    tree::write(folder.path(), "group", items(), &mut counts).unwrap();
    assert_eq!(
        text(&folder, "Groups/g1/g1.json"),
        "{\n  \"@odata.type\": \"#microsoft.graph.group\",\n  \"big\": 12345678901234567890123,\n  \"id\": \"g1\",\n  \"owners\": []\n}\n"
    );
    assert_eq!(text(&folder, "Groups/g1/Members/a%2Fb/a%2Fb.json"), "{\n  \"id\": \"a/b\"\n}\n");
    assert!(folder.path().join("DeletedItems/Groups/g2/g2.json").exists());
    assert_eq!((counts.files, counts.objects, counts.links), (4, 2, 2));
}

#[test]
fn links_of_an_object_whose_name_cannot_tell_its_id_stay_inside() {
    let folder = TempDir::new().unwrap();
    let (long, target) = ("x".repeat(300), "y".repeat(300));
    let json = format!(r#"{{"id":"{long}","members":["{target}"]}}"#);
    let of_long = item(&long, &json, &[("members", &[target.as_str()])]);
    let to_long = item("g", r#"{"id":"g","members":["?"]}"#, &[("members", &[target.as_str()])]);
    let mut counts = ExportCounts::default();
    tree::write(folder.path(), "group", [Ok(of_long), Ok(to_long)].into_iter(), &mut counts).unwrap();
    let only =
        |path: &Path| fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
    let groups = only(&folder.path().join("Groups"));
    let own = groups.iter().find(|path| !path.ends_with("g")).unwrap();
    let files = only(own);
    let [file] = files.as_slice() else { panic!("one file and no folder of links") };
    assert!(fs::read_to_string(file).unwrap().contains(&target));
    let links = only(&folder.path().join("Groups/g/Members"));
    let [link] = links.as_slice() else { panic!("one link") };
    let stubs = only(link);
    let [stub] = stubs.as_slice() else { panic!("one file") };
    assert!(fs::read_to_string(stub).unwrap().contains(&target));
}

#[test]
fn grants_lie_below_their_service_principal() {
    let folder = TempDir::new().unwrap();
    let grant = item("x", r#"{"id":"x","clientId":"s1"}"#, &[]);
    let mut counts = ExportCounts::default();
    tree::write(folder.path(), "oauth2PermissionGrant", [Ok(grant)].into_iter(), &mut counts).unwrap();
    assert!(folder.path().join("ServicePrincipals/s1/Oauth2PermissionGrants/x/x.json").exists());
}

#[test]
fn a_folder_with_files_is_refused() {
    let folder = TempDir::new().unwrap();
    prepare(folder.path()).unwrap();
    prepare(&folder.path().join("new/one")).unwrap();
    assert!(matches!(prepare(folder.path()), Err(Error::NotEmpty { .. })));
    assert!(matches!(prepare(Path::new("Cargo.toml")), Err(Error::File(FileError { action: "write", .. }))));
}
