//! Tests of shredding.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;
use crate::value::assemble;

fn shredder() -> Shredder {
    Shredder::new([7; 32], None)
}

fn parts_of(objects: &[&str], hint: Option<&str>) -> ShreddedObjects {
    let mut shredder = shredder();
    for object in objects {
        shredder.push(object.as_bytes(), hint, false).unwrap();
    }
    shredder.take()
}

fn cell<'a>(cells: &'a [ColumnCells], path: &str, row: u32) -> Option<&'a str> {
    let column = cells.iter().find(|column| &*column.path.text == path)?;
    column.get(row).map(|text| std::str::from_utf8(text).unwrap())
}

fn reassembled(part: &TypeObjects, row: u32) -> String {
    let cells = part.core.iter().chain(&part.volatile);
    assemble(cells.filter_map(|column| Some((&*column.path.text, column.get(row)?))))
}

#[test]
fn a_user_becomes_cells() {
    let parts = parts_of(
        &[
            r#"{"id":"00112233-4455-6677-8899-aabbccddeeff","displayName":"A","employeeOrgData":{"division":"x","costCenter":null},"tags":[ 1, {"b":1,"a":2.50} ],"empty":{ },"signInActivity":{"lastSignInDateTime":"2026-01-01T00:00:00Z"},"manager":{"id":"m"},"@odata.etag":"W/1"}"#,
        ],
        Some("user"),
    );
    let part = &parts.types[0];
    assert_eq!(&*part.type_token, "user");
    assert_eq!(part.rows[0].id.to_string(), "00112233-4455-6677-8899-aabbccddeeff");
    assert_eq!(cell(&part.core, "displayName", 0), Some("\"A\""));
    assert_eq!(cell(&part.core, "employeeOrgData/division", 0), Some("\"x\""));
    assert_eq!(cell(&part.core, "employeeOrgData/costCenter", 0), Some("null"));
    assert_eq!(cell(&part.core, "tags", 0), Some(r#"[1,{"a":2.5,"b":1}]"#));
    assert_eq!(cell(&part.core, "empty", 0), Some("{}"));
    assert_eq!(
        cell(&part.volatile, "signInActivity/lastSignInDateTime", 0),
        Some("\"2026-01-01T00:00:00Z\"")
    );
    assert_eq!(cell(&part.volatile, "@odata.etag", 0), Some("\"W/1\""));
    assert_eq!(&*part.links[0].relation, "manager");
    assert_eq!(part.links[0].targets, [Id::from_text("m")]);
}

fn hash_of(object: &str, hint: &str) -> [u8; 16] {
    parts_of(&[object], Some(hint)).types[0].rows[0].core_hash
}

fn refusal(object: &str, hint: Option<&str>) -> String {
    let mut shredder = shredder();
    let error = shredder.push(object.as_bytes(), hint, false).unwrap_err();
    let parts = shredder.take();
    assert!(parts.types.is_empty() && parts.object_count == 0, "{object}");
    error.to_string()
}

#[test]
fn the_same_content_has_the_same_hash() {
    let plain = r#"{"id":"1","displayName":"é","businessPhones":["1","2"],"n":1.5,"assignedLicenses":[{"disabledPlans":["a","b"],"skuId":"s"}]}"#;
    let other = r##" { "@odata.type":"#microsoft.graph.user","n":15e-1, "assignedLicenses" : [ {"skuId":"s","disabledPlans":["a","b"]} ],"displayName":"\u00e9","businessPhones":["1","2"],"signInActivity":{"x":1},"id":"1","onPremisesLastSyncDateTime":"now"}"##;
    assert_eq!(hash_of(plain, "user"), hash_of(other, "user"));
}

#[test]
fn other_content_has_another_hash() {
    let hashes: std::collections::HashSet<_> = [
        (r#"{"id":"1"}"#, "user"),
        (r#"{"id":"2"}"#, "user"),
        (r#"{"id":"1"}"#, "group"),
        (r#"{"id":"1","a":null}"#, "user"),
        (r#"{"id":"1","a":1}"#, "user"),
        (r#"{"id":"1","a":1.0}"#, "user"),
        (r#"{"id":"1","a":"1"}"#, "user"),
        (r#"{"id":"1","a":{"b":1}}"#, "user"),
        (r#"{"id":"1","a/b":1}"#, "user"),
        (r#"{"id":"1","a.b":1}"#, "user"),
        (r#"{"id":"1","a":[1,2]}"#, "user"),
        (r#"{"id":"1","a":[2,1]}"#, "user"),
        (r#"{"id":"1","otherMails":["a"]}"#, "user"),
        (r#"{"id":"1","otherMails":["a","a"]}"#, "user"),
        (r#"{"id":"1","otherMails":["a","b"]}"#, "user"),
        (r#"{"id":"1","otherMails":["b","a"]}"#, "user"),
    ]
    .map(|(object, hint)| hash_of(object, hint))
    .into();
    assert_eq!(hashes.len(), 16);
    let mut other_key = Shredder::new([8; 32], None);
    other_key.push(br#"{"id":"1"}"#, Some("user"), false).unwrap();
    assert!(!hashes.contains(&other_key.take().types[0].rows[0].core_hash));
}

#[test]
fn what_came_before_does_not_show() {
    let (user, device) = (r#"{"id":"u"}"#, r#"{"id":"d"}"#);
    let mut shredder = shredder();
    for (token, object) in [("device", device), ("user", user)] {
        shredder.push(object.as_bytes(), Some(token), false).unwrap();
    }
    shredder.take();
    for (token, object) in [("user", user), ("device", device)] {
        shredder.push(object.as_bytes(), Some(token), false).unwrap();
    }
    let tokens: Vec<String> = shredder.take().types.iter().map(|part| part.type_token.to_string()).collect();
    assert_eq!(tokens, ["user", "device"]);
}

#[test]
fn the_object_tells_its_type() {
    let objects = [
        r##"{"@odata.type":"#microsoft.graph.user","id":"1"}"##,
        r##"{"id":"2","displayName":"x","@odata.type":"#microsoft.graph.group"}"##,
        r##"{"@odata.type":"#microsoft.graph.ipNamedLocation","id":"3"}"##,
        r##"{"@odata.type":"#microsoft.graph.unifiedRoleDefinition","id":"4"}"##,
        r##"{"@odata.type":"#microsoft.graph.new.thing","id":"5"}"##,
        r##"{"id":"6","@odata.type":"#microsoft.graph.user"}"##,
    ];
    let parts = parts_of(&objects, None);
    let found: Vec<_> = parts.types.iter().map(|part| (&*part.type_token, part.rows.len())).collect();
    assert_eq!(found, [("user", 2), ("group", 1), ("namedLocation", 1), ("roleDefinition", 1), ("thing", 1)]);
    let sequences: Vec<_> = parts.types[0].rows.iter().map(|row| row.sequence).collect();
    assert_eq!(sequences, [0, 5]);
    assert_eq!(cell(&parts.types[0].core, "@odata.type", 0), None);
    assert_eq!(cell(&parts.types[2].core, "@odata.type", 0), Some("\"#microsoft.graph.ipNamedLocation\""));
    assert_eq!(cell(&parts.types[3].core, "@odata.type", 0), None);
    let hinted = parts_of(&objects[1..2], Some("users"));
    assert_eq!(&*hinted.types[0].type_token, "group");
    assert!(refusal(r#"{"id":"1"}"#, None).contains("nothing else tells the type"));
}

#[test]
fn an_object_without_type_after_one_with_type_is_refused() {
    let mut shredder = shredder();
    shredder.push(br##"{"@odata.type":"#microsoft.graph.user","id":"1","a":1}"##, None, false).unwrap();
    shredder.push(br#"{"id":"2","a":2,"manager":"3"}"#, None, false).unwrap_err();
    shredder.push(br##"{"@odata.type":"#microsoft.graph.user","id":"3","a":3}"##, None, false).unwrap();
    let parts = shredder.take();
    assert_eq!(parts.types[0].rows.len(), 2);
    assert_eq!(cell(&parts.types[0].core, "a", 1), Some("3"));
    assert!(parts.types[0].links.is_empty());
}

#[test]
fn what_cannot_be_read_is_refused_and_leaves_nothing() {
    for (object, reason) in [
        ("", "an object"),
        ("[]", "an object"),
        ("{}", "\"id\""),
        (r#"{"displayName":"x"}"#, "\"id\""),
        (r#"{"id":1}"#, "a string as \"id\""),
        (r#"{"id":null}"#, "a string as \"id\""),
        (r#"{"id":""}"#, "an empty text"),
        (r#"{"id":"\ud800"}"#, "surrogate"),
        (r#"{"id":"1","a":{"b":[1,}}"#, "at byte 22"),
        (r#"{"id":"1","members":[{"id":"2"}"#, "',' or ']'"),
        (r#"{"id":"1"} x"#, "the end"),
        (r#"{"id":"1","a":1,}"#, "a string"),
    ] {
        let message = refusal(object, Some("group"));
        assert!(message.contains(reason), "{object}: {message}");
    }
    let deep = format!("{{\"id\":\"1\",\"a\":{}1{}}}", "{\"b\":".repeat(300), "}".repeat(300));
    assert!(refusal(&deep, Some("group")).contains("nesting"));
    let mut bytes = br#"{"id":"1","a":"x"}"#.to_vec();
    bytes[15] = 0xff;
    let error = shredder().push(&bytes, Some("user"), false).unwrap_err();
    assert!(error.to_string().contains("at byte 15"), "{error}");
}

#[test]
fn a_refused_object_spoils_no_other() {
    let mut shredder = shredder();
    shredder.push(br#"{"id":"1","a":1,"b":"x","members":["m"]}"#, Some("group"), false).unwrap();
    shredder.push(br#"{"id":"2","members":["n"],"a":22,"b":"y"#, Some("group"), false).unwrap_err();
    shredder.push(br#"{"id":"3","b":"z","a":333,"members":[]}"#, Some("group"), false).unwrap();
    let parts = shredder.take();
    let part = &parts.types[0];
    assert_eq!(cell(&part.core, "a", 1), Some("333"));
    assert_eq!(cell(&part.core, "b", 1), Some("\"z\""));
    let links: Vec<_> = part.links[0].iter().collect();
    assert_eq!(links, [(0, 0..1), (1, 1..1)]);
    assert_eq!(part.links[0].targets, [Id::from_text("m")]);
}

#[test]
fn of_a_name_that_stands_twice_the_last_value_holds() {
    let object = r#"{"id":"1","a":{"x":1},"b":1,"a":{"y":2},"b":3,"id":"2","members":["m"],"members":["n"]}"#;
    let parts = parts_of(&[object], Some("group"));
    let part = &parts.types[0];
    assert_eq!(part.rows[0].id.to_string(), "2");
    assert_eq!(reassembled(part, 0), r#"{"a":{"y":2},"b":3}"#);
    assert_eq!(part.links[0].targets, [Id::from_text("n")]);
    let twice = r##"{"@odata.type":"#a.b","id":"1","@odata.type":"#c.d","@odata.type":"#e.f"}"##;
    assert_eq!(&*parts_of(&[twice], None).types[0].type_token, "f");
}

#[test]
fn links_are_objects_or_lists_of_objects_and_nothing_else() {
    for (value, expected) in [
        ("[]", Some(vec![])),
        (r#"["a", "b"]"#, Some(vec!["a", "b"])),
        (r#"[ {"id":"a"} , {"x":[1],"id":"b","y":2} ]"#, Some(vec!["a", "b"])),
        ("null", None),
        (r#""a""#, Some(vec!["a"])),
        ("[1]", None),
        (r#""""#, None),
        ("1", None),
        (r#"["a",{}]"#, None),
        (r#"["a",""]"#, None),
        (r#"{"id":"a"}"#, Some(vec!["a"])),
        (r#"{"@odata.id":"https://graph/v1.0/directoryObjects/a"}"#, Some(vec!["a"])),
        (r#""https://graph/v1.0/directoryObjects/a/""#, Some(vec!["a"])),
        (r#"{"name":"a"}"#, None),
    ] {
        let parts = parts_of(&[&format!(r#"{{"id":"1","members":{value},"z":1}}"#)], Some("group"));
        let part = &parts.types[0];
        let targets = part.links.first().map(|links| links.targets.clone());
        assert_eq!(
            targets,
            expected.map(|ids| ids.into_iter().map(Id::from_text).collect::<Vec<_>>()),
            "{value}"
        );
        assert_eq!(cell(&part.core, "z", 0), Some("1"));
        assert_eq!(part.links.is_empty(), part.core.len() == 2, "{value}");
    }
    for (value, expected) in
        [("null", vec![]), (r#""a""#, vec!["a"]), (r#"{"displayName":"x","id":"a"}"#, vec!["a"])]
    {
        let parts = parts_of(&[&format!(r#"{{"id":"1","manager":{value}}}"#)], Some("user"));
        let expected: Vec<_> = expected.into_iter().map(Id::from_text).collect();
        assert_eq!(parts.types[0].links[0].targets, expected);
    }
}

#[test]
fn relation_objects_are_known_by_what_they_relate() {
    let object = r#"{"id":"graph","clientId":"c","consentType":"AllPrincipals","principalId":null,"resourceId":"r","scope":"x"}"#;
    let parts = parts_of(&[object], Some("oauth2PermissionGrant"));
    let part = &parts.types[0];
    assert_eq!(part.rows[0].id.to_string(), "c|AllPrincipals||r");
    assert_eq!(cell(&part.volatile, "id", 0), Some("\"graph\""));
    let again = object.replace("graph", "other");
    assert_eq!(hash_of(object, "oauth2PermissionGrant"), hash_of(&again, "oauth2PermissionGrant"));
    for incomplete in [
        r#"{"id":"graph","principalId":"p","resourceId":"r"}"#,
        r#"{"id":"graph","principalId":"p","resourceId":"r","appRoleId":null}"#,
        r#"{"id":"graph","principalId":"p|q","resourceId":"r","appRoleId":"a"}"#,
    ] {
        let parts = parts_of(&[incomplete], Some("appRoleAssignment"));
        assert_eq!(parts.types[0].rows[0].id.to_string(), "graph");
        assert!(parts.types[0].volatile.is_empty());
    }
}

#[test]
fn objects_that_graph_gives_no_id_have_one_all_the_same() {
    let parts = parts_of(&[r#"{"isEnabled":true}"#], Some("adminConsentRequestPolicy"));
    assert_eq!(parts.types[0].rows[0].id.to_string(), "adminConsentRequestPolicy");
    let partner = r#"{"tenantId":"00112233-4455-6677-8899-aabbccddeeff"}"#;
    let parts = parts_of(&[partner], Some("crossTenantAccessPolicyConfigurationPartner"));
    assert_eq!(parts.types[0].rows[0].id, Id::from_text("00112233-4455-6677-8899-aabbccddeeff"));
}

#[test]
fn a_deleted_object_says_so() {
    let live = parts_of(&[r#"{"id":"1","deletedDateTime":null}"#], Some("user"));
    assert!(!live.types[0].rows[0].deleted);
    assert_eq!(cell(&live.types[0].core, "deletedDateTime", 0), Some("null"));
    let deleted = parts_of(&[r#"{"id":"1","deletedDateTime":"2026-01-01T00:00:00Z"}"#], Some("user"));
    assert!(deleted.types[0].rows[0].deleted);
    assert_eq!(cell(&deleted.types[0].volatile, "deletedDateTime", 0), Some("\"2026-01-01T00:00:00Z\""));
    let mut hinted = shredder();
    hinted.push(br#"{"id":"1"}"#, Some("user"), true).unwrap();
    assert!(hinted.take().types[0].rows[0].deleted);
}

#[test]
fn what_the_memo_knows_is_not_parsed() {
    let raw = br#"{"id":"1","a":1}"#;
    let mut first = shredder();
    first.push(raw, Some("user"), false).unwrap();
    let hash = first.take().types[0].rows[0].raw_hash;
    let (binding, key) = ([1; 32], [2; 32]);
    let cache = ImportCache::open(
        crate::import_cache::ImportCacheContent::new(vec![(hash, 3, 77)]).seal(&binding, &key),
        &binding,
        &key,
    );
    let mut second = Shredder::new([7; 32], cache.map(Arc::new));
    second.push(b"{\"id\":\"0\"}", Some("user"), false).unwrap();
    second.push(raw, Some("user"), false).unwrap();
    second.push(raw, Some("group"), false).unwrap();
    second.push(raw, Some("user"), true).unwrap();
    assert!(second.byte_count() > 0);
    let parts = second.take();
    assert_eq!(parts.unchanged, [Unchanged { sequence: 1, type_index: 3, ordinal: 77, raw_hash: hash }]);
    assert_eq!(parts.object_count, 4);
    assert_eq!(parts.types.iter().map(|part| part.rows.len()).sum::<usize>(), 3);
    assert_eq!(second.byte_count(), 0);
}

#[test]
fn the_expanded_strength_of_a_policy_is_reduced_to_its_id() {
    let object = r#"{"id":"1","grantControls":{"operator":"OR","builtInControls":["mfa"],"authenticationStrength@odata.context":"c","authenticationStrength":{"id":"2","displayName":"x","allowedCombinations":["b","a"]}}}"#;
    let parts = parts_of(&[object], Some("conditionalAccessPolicy"));
    let part = &parts.types[0];
    let mut paths: Vec<_> = part.core.iter().map(|column| &*column.path.text).collect();
    paths.sort_unstable();
    assert_eq!(
        paths,
        [
            "grantControls/authenticationStrength/id",
            "grantControls/builtInControls",
            "grantControls/operator"
        ]
    );
    assert_eq!(&*part.core[0].path.top, "grantControls");
}

#[test]
fn sparse_columns_are_searched() {
    let objects: Vec<String> = (0..50)
        .map(|n| if n % 7 == 3 { format!(r#"{{"id":"{n}","a":{n}}}"#) } else { format!(r#"{{"id":"{n}"}}"#) })
        .collect();
    let parts = parts_of(&objects.iter().map(String::as_str).collect::<Vec<_>>(), Some("thing"));
    for row in 0..60 {
        let expected = (row % 7 == 3 && row < 50).then(|| row.to_string());
        assert_eq!(cell(&parts.types[0].core, "a", row), expected.as_deref());
    }
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_filter("finite", |number| number.is_finite()).prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::btree_map("[a-c./~\"\\\\é@]{0,3}|displayName", inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn any_object() -> impl Strategy<Value = Map<String, Value>> {
    proptest::collection::btree_map(
        "[a-d./~\"\\\\é@]{0,3}|displayName|members|deletedDateTime",
        any_value(),
        0..8,
    )
    .prop_map(|map| map.into_iter().collect())
}

proptest! {
    #[test]
    fn an_object_comes_back_as_it_went_in(objects in proptest::collection::vec(any_object(), 1..5), pretty: bool) {
        let mut shredder = shredder();
        let mut texts = Vec::new();
        for object in &objects {
            let mut object = object.clone();
            texts.push(serde_json::to_string(&object).unwrap());
            object.insert("id".to_owned(), json!("x"));
            let text = if pretty { serde_json::to_string_pretty(&object) } else { serde_json::to_string(&object) };
            shredder.push(text.unwrap().as_bytes(), Some("thing"), false).unwrap();
        }
        let parts = shredder.take();
        for (row, expected) in texts.iter().enumerate() {
            let back = reassembled(&parts.types[0], u32::try_from(row).unwrap());
            let (mut a, mut b) = (Vec::new(), Vec::new());
            canonicalize(back.as_bytes(), &mut a).unwrap();
            canonicalize(expected.as_bytes(), &mut b).unwrap();
            prop_assert_eq!(String::from_utf8(a).unwrap(), String::from_utf8(b).unwrap());
        }
    }

    #[test]
    fn any_style_of_text_means_what_serde_json_reads(
        raw in crate::value::tests::any_object_text(crate::value::tests::any_text()),
    ) {
        let text = format!("{{\"id\":\"x\",\"data\":{raw}}}");
        let mut shredder = shredder();
        shredder.push(text.as_bytes(), Some("thing"), false).unwrap();
        let part = &shredder.take().types[0];
        if let Ok(expected) = serde_json::from_str::<Value>(&raw) {
            let back: Value = serde_json::from_str(&reassembled(part, 0)).unwrap();
            prop_assert_eq!(&back["data"], &expected);
        }
        let mut again = Vec::new();
        canonicalize(text.as_bytes(), &mut again).unwrap();
        shredder.push(&again, Some("thing"), false).unwrap();
        prop_assert_eq!(shredder.take().types[0].rows[0].core_hash, part.rows[0].core_hash);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes: Vec<u8>, text in "[{}\\[\\]\":,a0\\\\ ]{0,40}") {
        let mut shredder = shredder();
        let _outcome = shredder.push(&bytes, None, false);
        let _outcome = shredder.push(text.as_bytes(), Some("group"), false);
        shredder.push(b"{\"id\":\"1\"}", Some("group"), false).unwrap();
        shredder.take();
    }
}
