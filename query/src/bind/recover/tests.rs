//! What `recover` takes, and each thing it refuses.

use std::sync::Arc;

use super::Selection;
use crate::batch::{Batch, Column, Schema};
use crate::error::TableError;
use crate::table::{Parts, ScanRequest, TableSource, Tables};
use crate::{Diagnostic, Field, ResolvedPoint, Type, Value};

/// Tables of changes, without rows, between two backups.
struct Incident;

struct Empty(Schema, Vec<ResolvedPoint>);

impl TableSource for Empty {
    fn schema(&self) -> Schema {
        self.0.clone()
    }

    fn open(&self, request: &ScanRequest) -> Result<Box<dyn Parts>, TableError> {
        let columns = request.columns.iter().map(|_| Column::of(Vec::new())).collect();
        Ok(Box::new(vec![Batch { columns, row_count: 0 }]))
    }

    fn points(&self) -> Vec<ResolvedPoint> {
        self.1.clone()
    }
}

impl Tables for Incident {
    fn table(&self, name: &str, arguments: &[Value]) -> Result<Option<Arc<dyn TableSource>>, TableError> {
        let columns: &[&str] = match name {
            "diff" if arguments == [Value::text("bad")] => {
                return Err(TableError::arguments("no backup for \"bad\"".to_owned()));
            }
            "diff" => &["id", "type", "displayName", "change", "attributes"],
            "changes" => &["id", "type", "kind", "name", "action", "targetId"],
            "users" => &["id", "department"],
            _ => return Ok(None),
        };
        let kind = |name: &str| if name == "attributes" { Type::Dynamic } else { Type::String };
        let schema = columns.iter().map(|name| Field::new(*name, kind(name))).collect();
        let points = arguments.iter().map(|value| ResolvedPoint {
            written: value.to_json(Type::String),
            backup: engine::BackupId::from_hash(&[0; 32]),
            taken_at: jiff::Timestamp::UNIX_EPOCH,
        });
        Ok(Some(Arc::new(Empty(schema, points.collect()))))
    }

    fn names(&self) -> Vec<String> {
        Vec::new()
    }
}

fn bind(text: &str) -> Result<Box<Selection>, Vec<Diagnostic>> {
    let tables = crate::testing::run_within(text, &Incident, &crate::Limits::default())?;
    Ok(tables.into_iter().find_map(|table| table.selection).unwrap())
}

/// The only finding: the text it is about, the message, the help.
fn refusal(text: &str) -> (&str, String, String) {
    let findings = bind(text).expect_err(text);
    let [finding] = findings.as_slice() else { panic!("{text}: {findings:?}") };
    let help = finding.help.clone().unwrap_or_default();
    (&text[finding.span.start..finding.span.end], finding.message.clone(), help)
}

#[test]
fn stages_that_keep_each_change_are_taken() {
    for text in [
        "diff('a', 'b') | recover",
        "diff('a', 'b') | where type == 'user' | sort by id asc | take 5 | recover",
        "diff('a', 'b') | project type, id | extend n = strlen(id) | recover",
        "diff('a', 'b') | project-rename label = displayName | project-away label | recover",
        "diff('a', 'b') | join kind=leftsemi (users | where department == 'Sales') on id | recover",
        "diff('a', 'b') | join kind=leftanti (diff('c', 'd')) on id | recover",
        "users | join kind=rightsemi (diff('a', 'b')) on id | recover",
        "diff('a', 'b') | parse displayName with given ' ' family | recover",
        "diff('a', 'b') | where id in ((users | project id)) | recover",
        "let chosen = diff('a', 'b') | where change == 'updated'; chosen | top 3 by id | recover",
        "changes('a', 'b') | where kind == 'link' and action == 'removed' | recover links = (members)",
    ] {
        let selection = bind(text).unwrap_or_else(|findings| panic!("{text}: {findings:?}"));
        let written: Vec<String> = selection.points.into_iter().map(|point| point.written).collect();
        assert_eq!(written, ["\"a\"", "\"b\""], "{text}");
    }
}

#[test]
fn rows_that_are_no_single_changes_are_refused_where_they_are_made() {
    let cases = [
        (
            "diff('a', 'b') | summarize count() by id, type | recover",
            "summarize count() by id, type",
            "one row of several",
        ),
        ("diff('a', 'b') | distinct id, type | recover", "distinct id, type", "one row of several"),
        ("diff('a', 'b') | count | recover", "count", "one row of several"),
        ("diff('a', 'b') | mv-expand attributes | recover", "mv-expand attributes", "a row for each element"),
    ];
    for (text, index, told) in cases {
        let (at, message, help) = refusal(text);
        assert!(
            at.starts_with(index) && message.contains(told) && !help.is_empty(),
            "{text}: {at}: {message}"
        );
    }
    for kind in ["", "kind=inner", "kind=innerunique", "kind=leftouter", "kind=rightouter", "kind=fullouter"]
    {
        let text = format!("diff('a', 'b') | join {kind} users on id | recover");
        let (at, message, help) = refusal(&text);
        assert!(at.starts_with("join"), "{at}");
        assert_eq!(message, "`recover` requires each change once, and this join may give it several times");
        assert!(help.contains("leftsemi"), "{help}");
    }
    let (_, message, _) = refusal("diff('a', 'b') | lookup users on id | recover");
    assert!(message.contains("several times"), "{message}");
}

#[test]
fn other_sources_and_two_of_them_are_refused() {
    for text in [
        "users | recover",
        "print id = 'x', type = 'user' | recover",
        "datatable(id:string, type:string) ['x', 'user'] | recover",
        "diff('a', 'b') | union (diff('b', 'c')) | recover",
        "union (diff('a', 'b')), (changes('a', 'b')) | recover",
        "users | join kind=leftsemi (diff('a', 'b')) on id | recover",
        "diff('a', 'b') | getschema | recover",
    ] {
        let (_, message, _) = refusal(text);
        assert_eq!(
            message, "`recover` requires rows of exactly one `diff`, `changes` or `findings`",
            "{text}"
        );
    }
    let (_, _, help) = refusal("users | recover");
    assert_eq!(help, "the rows of `users` are no changes; `diff(from, to)` gives them");
}

#[test]
fn lost_renamed_and_overwritten_identities_are_refused() {
    let cases = [
        (
            "diff('a', 'b') | project id | recover",
            "`recover` requires the column `type`",
            "leave `type` among the columns",
        ),
        (
            "diff('a', 'b') | project-away id | recover",
            "`recover` requires the column `id`",
            "leave `id` among",
        ),
        (
            "diff('a', 'b') | project-rename object = id | recover",
            "`recover` requires the column `id`",
            "it is called `object` here; leave its name as it is",
        ),
        (
            "diff('a', 'b') | extend id = tolower(id) | recover",
            "`id` gets another value here",
            "another name",
        ),
        ("diff('a', 'b') | project type, id = 'x' | recover", "`id` gets another value here", "another name"),
        ("diff('a', 'b') | parse displayName with id '-' rest | recover", "`id` gets another value here", ""),
        (
            "diff('a', 'b') | project id = displayName, type | recover",
            "`id` holds the column `displayName` of the source here",
            "",
        ),
        (
            "changes('a', 'b') | project-away targetId | recover",
            "`recover` requires the column `targetId`",
            "",
        ),
        ("changes('a', 'b') | extend name = 'members' | recover", "`name` gets another value here", ""),
    ];
    for (text, expected, told) in cases {
        let (_, message, help) = refusal(text);
        assert_eq!(message, expected, "{text}");
        assert!(help.contains(told), "{text}: {help}");
    }
    let (at, ..) = refusal("diff('a', 'b') | extend id = tolower(id) | where type == 'user' | recover");
    assert!(at.starts_with("extend id"), "{at}");
    let lost = bind("changes('a', 'b') | project displayName = id | recover").unwrap_err();
    assert_eq!(lost.len(), 5, "all that is missing is told at once: {lost:?}");
}

#[test]
fn options_are_checked_by_name_and_type() {
    let selection = bind("diff('a', 'b') | recover with (recreate = true, softDelete = 1 == 2)").unwrap();
    let options = [("recreate".to_owned(), Value::Bool(true)), ("softDelete".to_owned(), Value::Bool(false))];
    assert_eq!(selection.options, options);
    for (options, message, help) in [
        ("recrate = true", "`recover` has no option `recrate`", "did you mean `recreate`?"),
        ("softdelete = true", "`recover` has no option `softdelete`", "did you mean `softDelete`?"),
        ("force = true", "`recover` has no option `force`", "options: recreate, softDelete, hardDelete"),
        ("recreate = 'yes'", "the option `recreate` requires a bool, found string", ""),
        ("hardDelete = bool(null)", "the option `hardDelete` requires a bool, found null", ""),
        ("recreate = true, recreate = false", "the option `recreate` is given twice", ""),
    ] {
        let text = format!("diff('a', 'b') | recover with ({options})");
        let (_, told, told_help) = refusal(&text);
        assert_eq!((told.as_str(), told_help.as_str()), (message, help));
    }
}

#[test]
fn an_earlier_error_is_not_told_twice() {
    let findings = bind("diff('bad') | take 5 | recover").unwrap_err();
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert_eq!(findings[0].message, "no backup for \"bad\"");
}
