//! Functions of regular expressions.

use regex::{Captures, Regex};

use super::{Function, Returns, RowArguments, array_of, or_null};
use crate::convert;
use crate::value::{Type, Value};

const TEXT: Returns = Returns::Is(Type::String);

pub(super) const TABLE: &[Function] = &[
    Function::new(
        "extract(pattern, group, text [, typeof(type)])",
        "what a group of a pattern matches first",
        (3, 4),
        TEXT,
        extract,
    ),
    Function::new(
        "extract_all(pattern [, groups], text)",
        "what the groups of a pattern match, every time",
        (2, 3),
        Returns::Is(Type::Dynamic),
        extract_all,
    ),
    Function::new(
        "replace_regex(text, pattern, new)",
        "every match replaced; `\\1` is the first group",
        (3, 3),
        TEXT,
        replace_regex,
    ),
    Function::new("trim(pattern, text)", "a text without a match at its ends", (2, 2), TEXT, |call| {
        let text = call.text(1);
        let start = anchored(call, "^(?:{})").map_or(0, |regex| first_end(&regex, &text));
        let rest = &text[start..];
        let end = anchored(call, "(?:{})$").map_or(rest.len(), |regex| last_start(&regex, rest));
        Value::text(&rest[..end])
    }),
    Function::new("trim_start(pattern, text)", "a text without a match at its start", (2, 2), TEXT, |call| {
        let text = call.text(1);
        let start = anchored(call, "^(?:{})").map_or(0, |regex| first_end(&regex, &text));
        Value::text(&text[start..])
    }),
    Function::new("trim_end(pattern, text)", "a text without a match at its end", (2, 2), TEXT, |call| {
        let text = call.text(1);
        let end = anchored(call, "(?:{})$").map_or(text.len(), |regex| last_start(&regex, &text));
        Value::text(&text[..end])
    }),
    Function::new("regex_quote(text)", "a pattern that matches just a text", (1, 1), TEXT, |call| {
        Value::text(&regex::escape(&call.text(0)))
    }),
    Function::new(
        "indexof_regex(text, pattern)",
        "where a pattern matches first, -1 if nowhere",
        (2, 2),
        Returns::Is(Type::Long),
        |call| {
            let text = call.text(0);
            or_null(call.regex(1), |regex| {
                let index = regex.find(&text).map(|found| text[..found.start()].chars().count());
                index.map_or(Value::Long(-1), super::length)
            })
        },
    ),
];

fn anchored(call: &mut RowArguments<'_>, form: &str) -> Option<Regex> {
    let pattern = form.replace("{}", &call.text(0));
    call.state.regex(&pattern)
}

fn first_end(regex: &Regex, text: &str) -> usize {
    regex.find(text).map_or(0, |found| found.end())
}

fn last_start(regex: &Regex, text: &str) -> usize {
    regex.find_iter(text).last().map_or(text.len(), |found| found.start())
}

fn extract(call: &mut RowArguments<'_>) -> Value {
    let text = call.text(2);
    let group = call.long(1).and_then(|group| usize::try_from(group).ok());
    let (Some(regex), Some(group)) = (call.regex(0), group) else { return Value::Null };
    let found = regex.captures(&text).and_then(|captures| captures.get(group));
    or_null(found, |found| Value::text(found.as_str()))
}

fn extract_all(call: &mut RowArguments<'_>) -> Value {
    let text = call.text(call.len() - 1);
    let Some(regex) = call.regex(0) else { return Value::Null };
    let groups: Vec<usize> = match call.array(1).filter(|_| call.len() == 3) {
        Some(wanted) => wanted.iter().filter_map(|group| group_number(&regex, group)).collect(),
        None => (1..regex.captures_len()).collect(),
    };
    let matches: Vec<Value> =
        regex.captures_iter(&text).map(|captures| matched(&captures, &groups)).collect();
    if matches.is_empty() { Value::Null } else { array_of(matches) }
}

fn group_number(regex: &Regex, group: &Value) -> Option<usize> {
    match group {
        Value::String(name) => regex.capture_names().position(|other| other == Some(name)),
        value => usize::try_from(convert::to_long(value)?).ok(),
    }
}

fn matched(captures: &Captures<'_>, groups: &[usize]) -> Value {
    let text = |group: &usize| Value::text(captures.get(*group).map_or("", |found| found.as_str()));
    match groups {
        [] => text(&0),
        [group] => text(group),
        groups => array_of(groups.iter().map(text).collect()),
    }
}

fn replace_regex(call: &mut RowArguments<'_>) -> Value {
    let (text, new) = (call.text(0), call.text(2));
    or_null(call.regex(1), |regex| {
        Value::text(&regex.replace_all(&text, |captures: &Captures<'_>| expand(&new, captures)))
    })
}

/// Replaces `\0` to `\9` by groups.
fn expand(new: &str, captures: &Captures<'_>) -> String {
    let mut expanded = String::with_capacity(new.len());
    let mut characters = new.chars().peekable();
    while let Some(character) = characters.next() {
        let group = characters.peek().filter(|_| character == '\\').and_then(|c| c.to_digit(10));
        if let Some(group) = group {
            characters.next();
            expanded.push_str(captures.get(group as usize).map_or("", |found| found.as_str()));
        } else {
            expanded.push(character);
        }
    }
    expanded
}
