//! Every cell of the tables of a store against what the snapshot of that backup says of the object, at every backup.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::query_rows::NOW;
use engine::scan::{Form, Space};
use engine::{BackupSummary, Object, Snapshot, Store, schema};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use query::{
    Admitted, Column, Condition, Context, PointArgument, ScanRequest, StoreResolver, StoreTables, TableError,
    TableSource, Tables, Type, Value,
};
use serde_json::{Value as Json, json};
use tests::Shelf;
use tests::shelf::{back_up_with, details};

/// Objects of each type: more than are read one by one.
const OBJECT_COUNT: u64 = 330;

/// Numbers that follow from a seed.
struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn one<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        let index = self.below(from.len() as u64);
        &from[usize::try_from(index).unwrap()]
    }
}

fn id(kind: u64, number: u64) -> String {
    if number % 11 == 3 {
        return format!("odd é\"\\ {kind} {number}");
    }
    format!("{kind:08x}-0000-4000-8000-{number:012x}")
}

/// Gives a property one of these values, or leaves it out.
fn put(object: &mut Json, name: &str, draw: &mut Draw, values: &[Json]) {
    if draw.below(8) > 0 {
        object[name] = draw.one(values).clone();
    }
}

fn user(number: u64, draw: &mut Draw) -> Json {
    let mut user = json!({"@odata.type": "#microsoft.graph.user", "id": id(1, number)});
    let name = format!("Person {number} é\"\\\n");
    put(&mut user, "displayName", draw, &[json!(name), json!("Ann"), Json::Null, json!("")]);
    put(&mut user, "userPrincipalName", draw, &[json!(format!("person{number}@contoso.com"))]);
    put(&mut user, "mail", draw, &[json!(format!("person{number}@contoso.com")), Json::Null]);
    put(&mut user, "department", draw, &[json!("Sales"), json!("Finance"), Json::Null, json!(7), json!([1])]);
    put(&mut user, "accountEnabled", draw, &[json!(true), json!(false), Json::Null, json!("true")]);
    put(
        &mut user,
        "deviceEnrollmentLimit",
        draw,
        &[json!(5), json!(-1), json!(3_000_000_000_u64), json!(1.5)],
    );
    let times = ["2024-05-01T08:00:00Z", "2024-05-01T08:00:00.25Z", "1999-12-31T23:59:59.1234567Z", "soon"];
    put(&mut user, "createdDateTime", draw, &times.map(|time| json!(time)));
    put(&mut user, "employeeHireDate", draw, &[json!(times[0]), Json::Null]);
    let nested =
        [json!({"division": "North", "costCenter": "7"}), json!({"division": null}), json!({}), Json::Null];
    put(&mut user, "employeeOrgData", draw, &nested);
    let deep =
        [json!({"a": {"b": {"c": number}}}), json!({"a": 1}), json!({"a": {"b": []}}), json!([{"a": 1}])];
    put(&mut user, "extension_deep", draw, &deep);
    put(
        &mut user,
        "extension_number",
        draw,
        &[json!(number), json!(1.25), json!("x"), json!(9_007_199_254_740_993_i64)],
    );
    put(&mut user, "otherMails", draw, &[json!([format!("m{number}@x.y")]), json!([])]);
    put(
        &mut user,
        "signInActivity",
        draw,
        &[json!({"lastSignInDateTime": times[0], "n": number}), Json::Null],
    );
    let managers = [Json::Null, json!({"id": id(1, number / 2)})];
    put(&mut user, "manager", draw, &managers);
    if draw.below(12) == 0 {
        user["deletedDateTime"] = json!("2026-02-03T04:05:06Z");
    }
    user
}

fn group(number: u64, draw: &mut Draw) -> Json {
    let mut group = json!({"@odata.type": "#microsoft.graph.group", "id": id(2, number)});
    put(&mut group, "displayName", draw, &[json!(format!("Group {number}"))]);
    let members: Vec<Json> =
        (0..draw.below(5)).map(|_| json!({"id": id(1, draw.below(OBJECT_COUNT))})).collect();
    put(&mut group, "members", draw, &[json!(members)]);
    put(&mut group, "owners", draw, &[json!([{"id": id(9, number)}]), json!([])]);
    group
}

fn others(number: u64, draw: &mut Draw) -> [Json; 3] {
    let subtype = *draw.one(&["ipNamedLocation", "namedLocation"]);
    let mut location = json!({"@odata.type": format!("#microsoft.graph.{subtype}"), "id": id(3, number)});
    put(&mut location, "displayName", draw, &[json!("Office"), json!("Home")]);
    let mut grant = json!({
        "@odata.type": "#microsoft.graph.appRoleAssignment",
        "id": format!("grant{}", draw.below(1_000_000)),
        "principalId": id(1, number), "resourceId": id(4, 1), "appRoleId": id(5, number % 3),
    });
    put(&mut grant, "principalDisplayName", draw, &[json!("Ann"), Json::Null]);
    let mut widget = json!({"@odata.type": "#contoso.widget", "id": id(6, number)});
    put(&mut widget, "displayName", draw, &[json!("Widget"), json!(5)]);
    put(&mut widget, "size", draw, &[json!(number), Json::Null, json!({"x": 1})]);
    [location, grant, widget]
}

/// A store of some backups: on later days a tenth of the objects change, some go, some lie in the bin.
fn store(seed: u64, days: u32) -> (Shelf, Store) {
    let shelf = Shelf::default();
    let mut store = shelf.create().unwrap();
    let mut draw = Draw(seed);
    let mut seeds: Vec<u64> = (0..OBJECT_COUNT).map(|_| draw.below(1 << 30)).collect();
    for day in 0..days {
        let mut objects = Vec::new();
        for (number, seed) in (0..OBJECT_COUNT).zip(&mut seeds) {
            if day > 0 && draw.below(10) == 0 {
                *seed = draw.below(1 << 30);
            }
            if draw.below(30) == 0 {
                continue;
            }
            let mut content = Draw(*seed);
            objects.push(user(number, &mut content).to_string());
            objects.push(group(number, &mut content).to_string());
            objects.extend(others(number, &mut content).map(|object| object.to_string()));
        }
        let mut details = details(day);
        details.partial = day > 0 && draw.below(3) == 0;
        if details.partial {
            objects.truncate(200);
        }
        back_up_with(&mut store, details, &objects).unwrap();
    }
    let store = shelf.open().unwrap();
    (shelf, store)
}

fn tables(store: Store) -> StoreTables {
    let store = Arc::new(store);
    let points = Arc::new(StoreResolver::new(Arc::clone(&store)));
    StoreTables::new(store, points, PointArgument::Text("latest".into()))
}

fn table(tables: &StoreTables, name: &str, backup: &BackupSummary) -> Arc<dyn TableSource> {
    tables.table(name, &[Value::text(&backup.id)]).unwrap().unwrap()
}

/// All rows of some columns.
fn read(source: &dyn TableSource, columns: &[usize], conditions: Vec<Condition>) -> Vec<Vec<Value>> {
    let request = ScanRequest { columns: columns.to_vec(), conditions };
    let parts = source.open(&request).unwrap();
    let mut rows = Vec::new();
    for part in 0..parts.count() {
        let batch = parts.read(part).unwrap();
        let cell = |column: &Column, row| column.get(row).into_owned();
        rows.extend(
            (0..batch.row_count).map(|row| batch.columns.iter().map(|column| cell(column, row)).collect()),
        );
    }
    rows
}

fn objects(snapshot: &Snapshot, token: &str, deleted: bool) -> Vec<Object> {
    let all = snapshot.objects(token).unwrap().map(Result::unwrap);
    all.filter(|object| object.deleted == deleted).collect()
}

/// What a cell must hold, by its type.
fn expected(value: Option<&Json>, kind: Type) -> Value {
    let value = value.unwrap_or(&Json::Null);
    let found = match kind {
        Type::String => Some(Value::text(value.as_str().unwrap_or_default())),
        Type::Bool => value.as_bool().map(Value::Bool),
        Type::Int => value.as_i64().filter(|number| i32::try_from(*number).is_ok()).map(Value::Long),
        Type::Long => value.as_i64().map(Value::Long),
        Type::Real => value.as_f64().map(Value::Real),
        Type::Datetime => value.as_str().and_then(|text| text.parse::<jiff::Timestamp>().ok()).map(|time| {
            let ticks = i64::try_from(time.as_nanosecond() / 100).unwrap();
            Value::Datetime(ticks + 621_355_968_000_000_000)
        }),
        Type::Guid => {
            let digits = value.as_str().filter(|text| text.len() == 36).map(|text| text.replace('-', ""));
            digits.and_then(|digits| u128::from_str_radix(&digits, 16).ok()).map(Value::Guid)
        }
        _ => Some(dynamic(value)),
    };
    found.unwrap_or(Value::Null)
}

fn dynamic(value: &Json) -> Value {
    match value {
        Json::Null => Value::Null,
        Json::Bool(bool) => Value::Bool(*bool),
        Json::Number(number) => {
            number.as_i64().map_or_else(|| Value::Real(number.as_f64().unwrap()), Value::Long)
        }
        Json::String(text) => Value::text(text),
        Json::Array(values) => Value::Array(Arc::new(values.iter().map(dynamic).collect())),
        Json::Object(pairs) => Value::Object(Arc::new(
            pairs.iter().map(|(key, value)| (key.as_str().into(), dynamic(value))).collect(),
        )),
    }
}

/// The ID that Graph gave the object.
fn shown_id(object: &Object) -> String {
    let moves = schema::by_token(&object.key.type_token).is_some_and(|info| info.is_relation_object);
    let attributes = object.attributes();
    let id = attributes.get("id").and_then(Json::as_str).filter(|id| moves && !id.is_empty());
    id.unwrap_or(&object.key.id).to_owned()
}

/// What the object holds under a name; a link is a text or a list.
fn cell_of(object: &Object, attributes: &Json, name: &str, kind: Type) -> Value {
    if name == "id" {
        return Value::text(&shown_id(object));
    }
    let info = schema::by_token(&object.key.type_token);
    let known = info.and_then(|info| info.relation(name));
    let targets = object.links.iter().find(|(relation, _)| **relation == *name).map(|(_, targets)| targets);
    if known.is_some() || targets.is_some() {
        return match (known.is_some_and(|relation| relation.to_one), targets) {
            (true, Some(targets)) if targets.len() == 1 => Value::text(&targets[0]),
            (true, _) => Value::text(""),
            (false, targets) => expected(targets.map(|targets| json!(targets)).as_ref(), Type::Dynamic),
        };
    }
    expected(attributes.get(name), kind)
}

fn check_type(tables: &StoreTables, backup: &BackupSummary, token: &str) {
    let snapshot = tables.store().snapshot(&backup.id).unwrap();
    let name = schema::by_token(token).map_or(token, |info| info.table);
    let source = table(tables, name, backup);
    let schema = source.schema();
    assert_eq!(schema[0].name, "id");
    let live = objects(&snapshot, token, false);
    let columns: Vec<usize> = (0..schema.len()).collect();
    for turn in 0..2 {
        let rows = read(&*source, &columns, Vec::new());
        assert_eq!(rows.len(), live.len(), "{token} at {}", backup.note);
        for (object, row) in live.iter().zip(rows) {
            let attributes = Json::Object(object.attributes());
            for (field, found) in schema.iter().zip(row) {
                let expected = cell_of(object, &attributes, &field.name, field.kind);
                assert_eq!(found, expected, "{} of {} on {}, {turn}", field.name, object.key.id, backup.note);
            }
        }
    }
    let object = &live[live.len() / 2];
    let condition = Condition { column: 0, admitted: Admitted::OneOf(vec![Value::text(&shown_id(object))]) };
    let rows = read(&*source, &columns, vec![condition]);
    let attributes = Json::Object(object.attributes());
    let one: Vec<Value> =
        schema.iter().map(|field| cell_of(object, &attributes, &field.name, field.kind)).collect();
    assert_eq!(rows, [one]);
}

fn check_objects(tables: &StoreTables, backup: &BackupSummary) {
    let snapshot = tables.store().snapshot(&backup.id).unwrap();
    let all = read(&*table(tables, "objects", backup), &[0, 1, 2, 3, 4], Vec::new());
    let bin = read(&*table(tables, "deletedItems", backup), &[0, 1, 2, 3, 4, 5], Vec::new());
    let (mut expected_all, mut expected_bin) = (Vec::new(), Vec::new());
    for token in snapshot.types().unwrap() {
        for deleted in [false, true] {
            for object in objects(&snapshot, &token, deleted) {
                let attributes = Json::Object(object.attributes());
                let mut row = vec![
                    Value::text(&shown_id(&object)),
                    Value::text(&token),
                    Value::text(&object.display_name()),
                    dynamic(&attributes),
                    Value::Bool(deleted),
                ];
                expected_all.push(row.clone());
                if deleted {
                    row.push(expected(attributes.get("deletedDateTime"), Type::Datetime));
                    expected_bin.push(row);
                }
            }
        }
    }
    assert_eq!(all, expected_all);
    assert_eq!(bin, expected_bin);
}

fn check_links(tables: &StoreTables, backup: &BackupSummary) {
    let snapshot = tables.store().snapshot(&backup.id).unwrap();
    let source = table(tables, "links", backup);
    let mut names = BTreeMap::new();
    let mut expected = Vec::new();
    for token in snapshot.types().unwrap() {
        for object in objects(&snapshot, &token, false) {
            names.entry(object.key.id.clone()).or_insert((token.to_string(), object.display_name()));
        }
    }
    for token in snapshot.types().unwrap() {
        for object in objects(&snapshot, &token, false) {
            for (relation, targets) in &object.links {
                for target in targets {
                    let (kind, name) = names.get(target).cloned().unwrap_or_default();
                    let source = [object.key.id.clone(), token.to_string(), object.display_name()];
                    let link = [relation.to_string(), target.clone(), kind, name];
                    expected.push(
                        source.into_iter().chain(link).map(|text| Value::text(&text)).collect::<Vec<_>>(),
                    );
                }
            }
        }
    }
    let sorted = |mut rows: Vec<Vec<Value>>| {
        rows.sort_by_key(|row| format!("{row:?}"));
        rows
    };
    assert_eq!(expected.len() as u64, backup.links);
    let expected = sorted(expected);
    let columns = [0, 1, 2, 3, 4, 5, 6];
    assert_eq!(sorted(read(&*source, &columns, Vec::new())), expected);
    let Some(row) = expected.get(expected.len() / 3) else { return };
    for column in [0, 1, 3, 4] {
        let condition = Condition { column, admitted: Admitted::OneOf(vec![row[column].clone()]) };
        let mut found = read(&*source, &columns, vec![condition]);
        found.retain(|found| found[column] == row[column]);
        let wanted: Vec<_> = expected.iter().filter(|other| other[column] == row[column]).cloned().collect();
        assert_eq!(sorted(found), wanted, "links with column {column}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 6,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(78),
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_cell_is_what_the_object_holds(seed in any::<u64>(), days in 1..6_u32, small in any::<bool>()) {
        let (_shelf, store) = store(seed, days);
        let backups = store.backups().to_vec();
        let mut tables = tables(store);
        if small {
            tables = tables.with_cache(10_000);
        }
        for backup in backups.iter().rev() {
            for token in ["user", "group", "namedLocation", "appRoleAssignment", "widget"] {
                check_type(&tables, backup, token);
            }
            check_objects(&tables, backup);
            check_links(&tables, backup);
        }
    }
}

fn run(tables: &StoreTables, text: &str) -> Vec<Vec<String>> {
    let results = query::run(text, &Context::new(tables, NOW)).unwrap();
    let [result] = results.as_slice() else { panic!("{text} is one query") };
    let rows = result.batches.iter().flat_map(|batch| {
        (0..batch.row_count).map(|row| {
            let cells = result.schema.iter().zip(&batch.columns);
            cells.map(|(field, column)| column.get(row).to_json(field.kind)).collect()
        })
    });
    rows.collect()
}

#[test]
fn queries_run_over_a_store_at_any_point() {
    let (_shelf, store) = store(5, 3);
    let summaries = store.backups().to_vec();
    let tables = tables(store);
    let snapshot = tables.store().snapshot(&summaries[0].id).unwrap();
    let enabled = objects(&snapshot, "user", false).into_iter().filter(|user| {
        let attributes = user.attributes();
        attributes.get("accountEnabled") == Some(&json!(true))
            && attributes.get("department") == Some(&json!("Sales"))
    });
    let text = "users('latest~2') | where department == 'Sales' and accountEnabled == true | count";
    assert_eq!(run(&tables, text), [[enabled.count().to_string()]]);
    let both =
        run(&tables, "union users, users('latest~2') | summarize n = count() by department | sort by n desc");
    assert!(both.len() >= 3, "{both:?}");
    let divisions = run(
        &tables,
        "users | where employeeOrgData.division == 'North' | distinct tostring(employeeOrgData.division)",
    );
    assert_eq!(divisions, [["\"North\""]]);
    let types =
        run(&tables, "objects | where not(deleted) | summarize n = count() by type | summarize sum(n)");
    assert_eq!(types, [[summaries[2].objects.to_string()]]);
    let unknown = query::run("usres | take 1", &Context::new(&tables, NOW)).unwrap_err();
    assert_eq!(unknown[0].help.as_deref(), Some("did you mean `users`?"));
}

#[test]
fn the_columns_of_a_table_are_the_same_at_every_backup() {
    let (_shelf, store) = store(6, 4);
    let backups = store.backups().to_vec();
    let tables = tables(store);
    let schemas: Vec<_> = backups.iter().map(|backup| table(&tables, "users", backup).schema()).collect();
    assert!(schemas.iter().all(|schema| *schema == schemas[0]));
    let names: Vec<&str> = schemas[0].iter().map(|field| field.name.as_str()).collect();
    for name in ["employeeOrgData", "extension_deep", "manager", "sponsors"] {
        assert!(names.contains(&name), "{name}");
    }
    assert!(!names.iter().any(|name| name.contains("division") || name.contains("a.b")), "{names:?}");
}

#[test]
fn a_column_read_whole_says_what_its_cells_say_one_by_one() {
    let (_shelf, store) = store(8, 5);
    let snapshot = store.snapshot(&store.backups()[0].id).unwrap();
    let mut value_count = 0;
    for token in store.type_tokens() {
        let scan = snapshot.scan(token);
        for space in [Space::Core, Space::Volatile] {
            for path in scan.paths(space).unwrap() {
                let column = scan.column(space, &path, Form::Json).unwrap().read().unwrap();
                let versions: Vec<u32> = (0..u32::try_from(column.codes.len()).unwrap()).collect();
                let cells = scan.cells(space, &path, &versions).unwrap();
                for (code, cell) in column.codes.iter().zip(cells.iter()) {
                    let mut text = Vec::new();
                    column.append_json(*code, &mut text);
                    assert_eq!(text, cell, "{path} of {token}");
                }
                value_count += column.value_count();
            }
        }
    }
    assert!(value_count > 1000, "{value_count}");
}

#[test]
fn a_damaged_segment_is_an_error_that_names_the_file() {
    let (shelf, store) = store(7, 2);
    let backup = store.backups().last().unwrap().clone();
    drop(store);
    let segments: Vec<_> =
        shelf.disk.files().into_keys().filter(|path| path.extension().is_some_and(|e| e == "seg")).collect();
    let mut errors = 0;
    for path in &segments {
        let length = shelf.disk.files()[path].len();
        for offset in (4096..length).step_by(length / 40) {
            shelf.disk.damage(path, |bytes| bytes[offset] ^= 4);
            if let Ok(store) = shelf.open() {
                let tables = tables(store);
                for name in ["users", "objects", "links"] {
                    errors += usize::from(is_refused(&tables, name, &backup));
                }
            }
            shelf.disk.damage(path, |bytes| bytes[offset] ^= 4);
        }
    }
    assert!(errors > 10, "{errors}");
}

/// Whether reading the whole table ends with an error; it must name a file of the store.
fn is_refused(tables: &StoreTables, name: &str, backup: &BackupSummary) -> bool {
    let read = || -> Result<(), TableError> {
        let Some(source) = tables.table(name, &[Value::text(&backup.id)])? else { return Ok(()) };
        let request = ScanRequest { columns: (0..source.schema().len()).collect(), conditions: Vec::new() };
        let parts = source.open(&request)?;
        (0..parts.count()).try_for_each(|part| parts.read(part).map(drop))
    };
    match read() {
        Ok(()) => false,
        Err(error) => {
            assert!(error.to_string().contains(".seg"), "{error}");
            true
        }
    }
}
