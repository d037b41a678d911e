//! Signs and words between values: arithmetic, comparison, tests of text, lists and paths.

mod arithmetic;

use std::cmp::Ordering;

use arithmetic::{ADD, DIVIDE, MODULO, MULTIPLY, SUBTRACT};

use super::{Function, MANY, Returns, RowArguments, or_null};
use crate::ast::{Sign, TextTest, TextTestKind};
use crate::compare::{compare, same};
use crate::convert;
use crate::value::{Type, Value};

const fn bool_of(usage: &'static str, code: fn(&mut RowArguments<'_>) -> Value) -> Function {
    Function::new(usage, "", (1, MANY), Returns::Is(Type::Bool), code)
}

pub(crate) use arithmetic::NEGATE;

pub(crate) static AND: Function = bool_of("and", and);
pub(crate) static OR: Function = bool_of("or", or);
static EQUAL: Function = bool_of("==", |call| equality(call, |equal| equal));
static NOT_EQUAL: Function = bool_of("!=", |call| equality(call, |equal| !equal));
static LESS: Function = bool_of("<", |call| relation(call, Ordering::is_lt));
static LESS_EQUAL: Function = bool_of("<=", |call| relation(call, Ordering::is_le));
static GREATER: Function = bool_of(">", |call| relation(call, Ordering::is_gt));
static GREATER_EQUAL: Function = bool_of(">=", |call| relation(call, Ordering::is_ge));
static MATCHES: Function = bool_of("matches regex", matches);
pub(crate) static IN: Function = bool_of("in", |call| Value::Bool(listed(call)));
pub(crate) static IN_FOLD: Function = bool_of("in~", |call| Value::Bool(listed_folded(call)));
pub(crate) static HAS_ANY: Function = bool_of("has_any", has_any);
pub(crate) static HAS_ALL: Function = bool_of("has_all", has_all);
pub(crate) static NOT: Function = bool_of("not", negation);
pub(crate) static ACCESS: Function = Function::new("[]", "", (2, 2), Returns::Is(Type::Dynamic), access);

/// The function of a sign that is no test of text.
pub(crate) fn of_sign(sign: Sign) -> Option<&'static Function> {
    Some(match sign {
        Sign::Add => &ADD,
        Sign::Subtract => &SUBTRACT,
        Sign::Multiply => &MULTIPLY,
        Sign::Divide => &DIVIDE,
        Sign::Modulo => &MODULO,
        Sign::Equal => &EQUAL,
        Sign::NotEqual => &NOT_EQUAL,
        Sign::Less => &LESS,
        Sign::LessEqual => &LESS_EQUAL,
        Sign::Greater => &GREATER,
        Sign::GreaterEqual => &GREATER_EQUAL,
        Sign::MatchesRegex => &MATCHES,
        Sign::Colon | Sign::Text(_) => return None,
    })
}

/// What a comparison with constants asks of a column.
pub(crate) enum Asks {
    OneOf,
    AtLeast,
    AtMost,
}

/// What a comparison admits, if a table can use that.
pub(crate) fn asks(function: &'static Function) -> Option<Asks> {
    match function.name {
        "==" | "in" => Some(Asks::OneOf),
        ">" | ">=" => Some(Asks::AtLeast),
        "<" | "<=" => Some(Asks::AtMost),
        _ => None,
    }
}

/// The function of a test of text; negation is not part of it.
pub(crate) fn of_text_test(test: TextTest) -> &'static Function {
    static SENSITIVE: [Function; 7] = [
        bool_of("==", |call| text_test(call, TextTestKind::Equal, str::to_owned)),
        bool_of("has_cs", |call| text_test(call, TextTestKind::Has, str::to_owned)),
        bool_of("hasprefix_cs", |call| text_test(call, TextTestKind::HasPrefix, str::to_owned)),
        bool_of("hassuffix_cs", |call| text_test(call, TextTestKind::HasSuffix, str::to_owned)),
        bool_of("contains_cs", |call| text_test(call, TextTestKind::Contains, str::to_owned)),
        bool_of("startswith_cs", |call| text_test(call, TextTestKind::StartsWith, str::to_owned)),
        bool_of("endswith_cs", |call| text_test(call, TextTestKind::EndsWith, str::to_owned)),
    ];
    static FOLDED: [Function; 7] = [
        bool_of("=~", |call| text_test(call, TextTestKind::Equal, fold)),
        bool_of("has", |call| text_test(call, TextTestKind::Has, fold)),
        bool_of("hasprefix", |call| text_test(call, TextTestKind::HasPrefix, fold)),
        bool_of("hassuffix", |call| text_test(call, TextTestKind::HasSuffix, fold)),
        bool_of("contains", |call| text_test(call, TextTestKind::Contains, fold)),
        bool_of("startswith", |call| text_test(call, TextTestKind::StartsWith, fold)),
        bool_of("endswith", |call| text_test(call, TextTestKind::EndsWith, fold)),
    ];
    let index = match test.kind {
        TextTestKind::Equal => 0,
        TextTestKind::Has => 1,
        TextTestKind::HasPrefix => 2,
        TextTestKind::HasSuffix => 3,
        TextTestKind::Contains => 4,
        TextTestKind::StartsWith => 5,
        TextTestKind::EndsWith => 6,
    };
    if test.case_sensitive { &SENSITIVE[index] } else { &FOLDED[index] }
}

// Three-valued logic

fn and(call: &mut RowArguments<'_>) -> Value {
    let mut unknown = false;
    for value in call.values() {
        match convert::to_bool(value) {
            Some(false) => return Value::Bool(false),
            Some(true) => {}
            None => unknown = true,
        }
    }
    if unknown { Value::Null } else { Value::Bool(true) }
}

fn or(call: &mut RowArguments<'_>) -> Value {
    let mut unknown = false;
    for value in call.values() {
        match convert::to_bool(value) {
            Some(true) => return Value::Bool(true),
            Some(false) => {}
            None => unknown = true,
        }
    }
    if unknown { Value::Null } else { Value::Bool(false) }
}

fn negation(call: &mut RowArguments<'_>) -> Value {
    or_null(convert::to_bool(call.value(0)), |bool| Value::Bool(!bool))
}

// Comparison

/// Both values in one type: a dynamic side takes the type of the other.
fn aligned(call: &RowArguments<'_>) -> (Value, Value) {
    let (left, right) = (call.value(0), call.value(1));
    match (call.kind(0), call.kind(1)) {
        (Type::Dynamic, Type::Dynamic) => (left.clone(), right.clone()),
        (Type::Dynamic, kind) => (dynamic_as(left, kind), right.clone()),
        (kind, Type::Dynamic) => (left.clone(), dynamic_as(right, kind)),
        (Type::Bool, kind) if kind.is_number() => (convert::to_type(left, Type::Bool, kind), right.clone()),
        (kind, Type::Bool) if kind.is_number() => (left.clone(), convert::to_type(right, Type::Bool, kind)),
        (Type::Guid, Type::String) => (left.clone(), convert::to_type(right, Type::String, Type::Guid)),
        (Type::String, Type::Guid) => (convert::to_type(left, Type::String, Type::Guid), right.clone()),
        _ => (left.clone(), right.clone()),
    }
}

/// A dynamic value for a comparison with a type; numbers keep their fraction.
fn dynamic_as(value: &Value, kind: Type) -> Value {
    match value {
        Value::Long(_) | Value::Real(_) if kind.is_number() => value.clone(),
        _ => convert::to_type(value, Type::Dynamic, kind),
    }
}

fn equality(call: &mut RowArguments<'_>, wanted: fn(bool) -> bool) -> Value {
    let (left, right) = aligned(call);
    match (left.is_null(), right.is_null()) {
        (true, true) => Value::Null,
        (false, false) => Value::Bool(wanted(equal(&left, &right))),
        _ => Value::Bool(wanted(false)),
    }
}

fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Array(_) | Value::Object(_), _) => same(left, right),
        _ => compare(left, right) == Some(Ordering::Equal),
    }
}

fn relation(call: &mut RowArguments<'_>, wanted: fn(Ordering) -> bool) -> Value {
    let (left, right) = aligned(call);
    if left.is_null() || right.is_null() {
        return Value::Null;
    }
    Value::Bool(compare(&left, &right).is_some_and(wanted))
}

// Lists: the value, then the elements; an array means its elements

fn elements<'a>(call: &RowArguments<'a>) -> impl Iterator<Item = (&'a Value, Type)> + use<'a> {
    let kinds = call.kinds;
    call.values().zip(kinds).skip(1).flat_map(|(value, kind)| match value {
        Value::Array(elements) => elements.iter().map(|element| (element, Type::Dynamic)).collect(),
        value => vec![(value, *kind)],
    })
}

fn listed(call: &RowArguments<'_>) -> bool {
    let (value, kind) = (call.value(0), call.kind(0));
    elements(call).any(|(element, element_kind)| match (kind, element_kind) {
        (Type::Dynamic, Type::Dynamic) => equal(value, element),
        (Type::Dynamic, other) => equal(&dynamic_as(value, other), element),
        (kind, Type::Dynamic) => equal(value, &dynamic_as(element, kind)),
        (Type::Guid, Type::String) => convert::to_guid(element) == convert::to_guid(value),
        _ => equal(value, element),
    })
}

fn listed_folded(call: &RowArguments<'_>) -> bool {
    let text = fold(&call.text(0));
    elements(call).any(|(element, kind)| fold(&convert::to_text(element, kind)) == text)
}

fn has_any(call: &mut RowArguments<'_>) -> Value {
    let text = fold(&call.text(0));
    Value::Bool(elements(call).any(|(element, kind)| has_term(&text, element, kind)))
}

fn has_all(call: &mut RowArguments<'_>) -> Value {
    let text = fold(&call.text(0));
    Value::Bool(elements(call).all(|(element, kind)| has_term(&text, element, kind)))
}

fn has_term(text: &str, element: &Value, kind: Type) -> bool {
    has_term_at(text, &fold(&convert::to_text(element, kind)), Ends::Both)
}

// Text

/// Folds letter case, one character to one character.
pub(crate) fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let lower = |character: char| {
        let mut folded = character.to_lowercase();
        match (folded.next(), folded.next()) {
            (Some(single), None) => single,
            _ => character,
        }
    };
    text.chars().map(lower).collect()
}

fn text_test(call: &mut RowArguments<'_>, kind: TextTestKind, prepare: fn(&str) -> String) -> Value {
    let (text, wanted) = (prepare(&call.text(0)), prepare(&call.text(1)));
    Value::Bool(passes(&text, &wanted, kind))
}

/// Tells whether a text passes a test; both are folded already where letter case is passed over. A text that passes
/// contains what is wanted.
pub(crate) fn passes(text: &str, wanted: &str, kind: TextTestKind) -> bool {
    match kind {
        TextTestKind::Equal => text == wanted,
        TextTestKind::Has => has_term_at(text, wanted, Ends::Both),
        TextTestKind::HasPrefix => has_term_at(text, wanted, Ends::Start),
        TextTestKind::HasSuffix => has_term_at(text, wanted, Ends::End),
        TextTestKind::Contains => text.contains(wanted),
        TextTestKind::StartsWith => text.starts_with(wanted),
        TextTestKind::EndsWith => text.ends_with(wanted),
    }
}

/// The test of text that a function of two strings is.
pub(crate) fn text_test_of(function: &Function) -> Option<TextTest> {
    let (kind, case_sensitive) = match function.name {
        "==" => (TextTestKind::Equal, true),
        "has_cs" => (TextTestKind::Has, true),
        "hasprefix_cs" => (TextTestKind::HasPrefix, true),
        "hassuffix_cs" => (TextTestKind::HasSuffix, true),
        "contains_cs" => (TextTestKind::Contains, true),
        "startswith_cs" => (TextTestKind::StartsWith, true),
        "endswith_cs" => (TextTestKind::EndsWith, true),
        "=~" => (TextTestKind::Equal, false),
        "has" => (TextTestKind::Has, false),
        "hasprefix" => (TextTestKind::HasPrefix, false),
        "hassuffix" => (TextTestKind::HasSuffix, false),
        "contains" => (TextTestKind::Contains, false),
        "startswith" => (TextTestKind::StartsWith, false),
        "endswith" => (TextTestKind::EndsWith, false),
        _ => return None,
    };
    Some(TextTest { kind, case_sensitive, negated: false })
}

/// Tells whether a text stands in another between the ends of terms; both are folded already.
pub(crate) fn has_whole_term(text: &str, wanted: &str) -> bool {
    has_term_at(text, wanted, Ends::Both)
}

/// Which ends of a text must be ends of terms.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ends {
    Both,
    Start,
    End,
}

/// Finds a text that starts or ends where terms do. Where it starts or ends with a separator of
/// terms itself, any position matches.
fn has_term_at(text: &str, wanted: &str, ends: Ends) -> bool {
    let Some(first) = wanted.chars().next() else { return true };
    let letter = |character: Option<char>| character.is_some_and(char::is_alphanumeric);
    let starts_term = first.is_alphanumeric();
    let ends_term = letter(wanted.chars().next_back());
    let mut from = 0;
    while let Some(index) = text[from..].find(wanted) {
        let start = from + index;
        let free_start = !starts_term || !letter(text[..start].chars().next_back());
        let free_end = !ends_term || !letter(text[start + wanted.len()..].chars().next());
        if (free_start || ends == Ends::End) && (free_end || ends == Ends::Start) {
            return true;
        }
        from = start + first.len_utf8();
    }
    false
}

fn matches(call: &mut RowArguments<'_>) -> Value {
    let pattern = call.regex(1);
    or_null(pattern, |pattern| Value::Bool(pattern.is_match(&call.text(0))))
}

// Paths

/// A member of an object by name, or an element of an array by number.
fn access(call: &mut RowArguments<'_>) -> Value {
    match (call.value(0), call.value(1)) {
        (Value::Object(pairs), Value::String(key)) => {
            let pair = pairs.iter().find(|(name, _)| name == key);
            or_null(pair, |(_, value)| value.clone())
        }
        (Value::Array(elements), Value::Long(index)) => or_null(element(elements, *index), Value::clone),
        _ => Value::Null,
    }
}

fn element(elements: &[Value], index: i64) -> Option<&Value> {
    let position = if index < 0 { i64::try_from(elements.len()).ok()? + index } else { index };
    elements.get(usize::try_from(position).ok()?)
}
