//! The syntax tree as text: one statement a paragraph, one stage a line. What is written so reads
//! back as the same tree.

mod expression;

use crate::ast::{
    ColumnDeclaration, Datatable, Direction, Expression, ExpressionKind, FunctionDefinition, Join, Let,
    LetValue, MvExpand, Name, Named, Nulls, Operator, OptionSetting, Order, Parameter, ParameterKind, Parse,
    ParsePart, Pipe, Recover, Render, Search, Source, Statement, Summarize, Union,
};
use crate::value::Value;
use expression::{expression, text};

/// Writes a script.
pub(crate) fn write_script(statements: &[Statement]) -> String {
    let mut written = statements.iter().map(statement).collect::<Vec<_>>().join(";\n");
    written.push('\n');
    written
}

fn statement(statement: &Statement) -> String {
    match statement {
        Statement::Let(binding) => let_statement(binding),
        Statement::Parameters(list) => {
            format!("declare query_parameters({})", join(list, parameter))
        }
        Statement::Pipe(whole) => pipe(whole),
    }
}

fn let_statement(binding: &Let) -> String {
    let value = match &binding.value {
        LetValue::Pipe(value) => pipe(value),
        LetValue::Function(value) => function(value),
    };
    format!("let {} = {value}", name(&binding.name))
}

fn function(function: &FunctionDefinition) -> String {
    let body: Vec<String> = function.body.iter().map(statement).collect();
    format!("({}) {{ {} }}", join(&function.parameters, parameter), body.join("; "))
}

fn parameter(parameter: &Parameter) -> String {
    let kind = match &parameter.kind {
        ParameterKind::Scalar(kind) => kind.as_str().to_owned(),
        ParameterKind::Table(columns) if columns.is_empty() => "(*)".to_owned(),
        ParameterKind::Table(columns) => format!("({})", join(columns, column)),
    };
    let default = parameter.default.as_ref();
    let default = default.map(|value| format!(" = {}", expression(value)));
    format!("{}:{kind}{}", name(&parameter.name), default.unwrap_or_default())
}

fn column(column: &ColumnDeclaration) -> String {
    format!("{}:{}", name(&column.name), column.kind.as_str())
}

fn join<T>(list: &[T], write: impl Fn(&T) -> String) -> String {
    list.iter().map(write).collect::<Vec<_>>().join(", ")
}

/// A name, in quotes unless it can do without.
fn name(name: &Name) -> String {
    bare_or_quoted(&name.text)
}

fn bare_or_quoted(text_of_name: &str) -> String {
    let mut characters = text_of_name.chars();
    let first = characters.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    let bare = first && characters.all(|c| c.is_ascii_alphanumeric() || c == '_');
    if bare && !crate::syntax::RESERVED.contains(&text_of_name) && !crate::syntax::is_keyword(text_of_name) {
        return text_of_name.to_owned();
    }
    format!("[{}]", text(text_of_name))
}

pub(super) fn pipe(pipe: &Pipe) -> String {
    let mut written = source(&pipe.source);
    for stage in &pipe.stages {
        written.push_str("\n| ");
        written.push_str(&operator(&stage.operator));
    }
    written
}

/// A pipe where it must stay on one line.
pub(super) fn inline_pipe(whole: &Pipe) -> String {
    let stages = whole.stages.iter().map(|stage| format!(" | {}", operator(&stage.operator)));
    source(&whole.source) + &stages.collect::<String>()
}

fn source(source: &Source) -> String {
    match source {
        Source::Expression(value) => expression(value),
        Source::Print(list) => format!("print {}", named_list(list)),
        Source::Range(range) => format!(
            "range {} from {} to {} step {}",
            name(&range.name),
            expression(&range.from),
            expression(&range.to),
            expression(&range.step)
        ),
        Source::Union(list) => union(list),
        Source::Search(look) => search(look),
        Source::Datatable(table) => datatable(table),
    }
}

fn datatable(table: &Datatable) -> String {
    format!("datatable({}) [{}]", join(&table.columns, column), join(&table.cells, expression))
}

fn named_list(list: &[Named]) -> String {
    join(list, named)
}

fn named(named: &Named) -> String {
    let value = expression(&named.value);
    match named.names.as_slice() {
        [] => value,
        [single] => format!("{} = {value}", name(single)),
        several => format!("({}) = {value}", join(several, name)),
    }
}

fn options(options: &[OptionSetting]) -> String {
    let written = options.iter().map(|option| {
        let value = &option.value.text;
        let bare = value.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.');
        let value = if bare && !value.is_empty() { value.clone() } else { text(value) };
        format!("{}={value} ", option.name.text)
    });
    written.collect()
}

fn operator(operator: &Operator) -> String {
    match operator {
        Operator::Where(condition) => format!("where {}", expression(condition)),
        Operator::Project(list) => format!("project {}", named_list(list)),
        Operator::ProjectAway(patterns) => format!("project-away {}", join(patterns, pattern)),
        Operator::ProjectKeep(patterns) => format!("project-keep {}", join(patterns, pattern)),
        Operator::ProjectRename(renames) => {
            let rename = |(new, old): &(Name, Name)| format!("{} = {}", name(new), name(old));
            format!("project-rename {}", join(renames, rename))
        }
        Operator::ProjectReorder(list) => {
            let item = |(index, direction): &(Name, Option<Direction>)| {
                format!("{}{}", pattern(index), direction_word(*direction))
            };
            format!("project-reorder {}", join(list, item))
        }
        Operator::Extend(list) => format!("extend {}", named_list(list)),
        Operator::Summarize(group) => summarize(group),
        Operator::Count => "count".to_owned(),
        Operator::Distinct(list) => format!("distinct {}", named_list(list)),
        Operator::Sort(orders) => format!("sort by {}", join(orders, order)),
        Operator::Top(count, orders) => {
            format!("top {} by {}", expression(count), join(orders, order))
        }
        Operator::Take(count) => format!("take {}", expression(count)),
        Operator::Join(join) => join_stage("join", join),
        Operator::Lookup(join) => join_stage("lookup", join),
        Operator::Union(list) => union(list),
        Operator::MvExpand(expand) => mv_expand(expand),
        Operator::Parse(taken) => parse(taken),
        Operator::Search(look) => search(look),
        Operator::As(table) => format!("as {}", name(table)),
        Operator::GetSchema => "getschema".to_owned(),
        Operator::Render(drawn) => render(drawn),
        Operator::Invoke(call) => format!("invoke {}", expression(call)),
        Operator::Recover(chosen) => recover(chosen),
    }
}

/// A pattern of names keeps its stars.
fn pattern(pattern: &Name) -> String {
    if pattern.text.contains('*') { pattern.text.clone() } else { name(pattern) }
}

fn direction_word(direction: Option<Direction>) -> &'static str {
    match direction {
        None => "",
        Some(Direction::Ascending) => " asc",
        Some(Direction::Descending) => " desc",
    }
}

fn summarize(group: &Summarize) -> String {
    let aggregates = named_list(&group.aggregates);
    match (group.aggregates.is_empty(), group.keys.is_empty()) {
        (_, true) => format!("summarize {aggregates}"),
        (true, false) => format!("summarize by {}", named_list(&group.keys)),
        (false, false) => format!("summarize {aggregates} by {}", named_list(&group.keys)),
    }
}

fn order(order: &Order) -> String {
    let nulls = match order.nulls {
        None => "",
        Some(Nulls::First) => " nulls first",
        Some(Nulls::Last) => " nulls last",
    };
    format!("{}{}{nulls}", expression(&order.value), direction_word(order.direction))
}

/// A table where more follows it.
fn operand(member: &Source) -> String {
    let stands_alone = match member {
        Source::Expression(value) => is_postfix(value),
        Source::Datatable(_) => true,
        _ => false,
    };
    if stands_alone { source(member) } else { format!("({})", source(member)) }
}

/// Whether a value is read as a table without parentheses around it.
fn is_postfix(value: &Expression) -> bool {
    match &value.kind {
        ExpressionKind::Literal(value, _) => matches!(value, Value::String(_)),
        ExpressionKind::Name(_)
        | ExpressionKind::Star
        | ExpressionKind::Path(..)
        | ExpressionKind::Call(_)
        | ExpressionKind::Pipe(_) => true,
        _ => false,
    }
}

fn join_stage(word: &str, stage: &Join) -> String {
    let conditions = join(&stage.conditions, expression);
    format!("{word} {}{} on {conditions}", options(&stage.options), operand(&stage.right))
}

fn union(list: &Union) -> String {
    format!("union {}{}", options(&list.options), join(&list.members, operand))
}

fn search(look: &Search) -> String {
    let tables =
        if look.tables.is_empty() { String::new() } else { format!("in ({}) ", join(&look.tables, operand)) };
    format!("search {}{tables}{}", options(&look.options), expression(&look.predicate))
}

fn mv_expand(expand: &MvExpand) -> String {
    let items = expand.items.iter().map(|(item, kind)| match kind {
        Some(kind) => format!("{} to typeof({})", named(item), kind.as_str()),
        None => named(item),
    });
    let items = items.collect::<Vec<_>>().join(", ");
    let limit = expand.limit.as_ref().map(|limit| format!(" limit {}", expression(limit)));
    format!("mv-expand {}{items}{}", options(&expand.options), limit.unwrap_or_default())
}

fn parse(taken: &Parse) -> String {
    let parts = taken.parts.iter().map(|part| match part {
        ParsePart::Star => "*".to_owned(),
        ParsePart::Text(literal, _) => text(literal),
        ParsePart::Column(column, kind) => format!("{}:{}", name(column), kind.as_str()),
    });
    let parts = parts.collect::<Vec<_>>().join(" ");
    format!("parse {}{} with {parts}", options(&taken.options), expression(&taken.value))
}

fn render(drawn: &Render) -> String {
    if drawn.properties.is_empty() {
        return format!("render {}", drawn.kind.text);
    }
    let property =
        |(of, values): &(Name, Vec<String>)| format!("{} = {}", name(of), join(values, |value| text(value)));
    format!("render {} with ({})", drawn.kind.text, join(&drawn.properties, property))
}

fn recover(chosen: &Recover) -> String {
    let list = |word: &str, names: &Option<Vec<Name>>| {
        let written = names.as_ref().map(|names| format!(" {word} = ({})", join(names, name)));
        written.unwrap_or_default()
    };
    let mut written = "recover".to_owned();
    written.push_str(&list("attributes", &chosen.attributes));
    written.push_str(&list("links", &chosen.links));
    if !chosen.options.is_empty() {
        let option = |(of, value): &(Name, _)| format!("{} = {}", name(of), expression(value));
        let options = join(&chosen.options, option);
        written.extend([" with (", &options, ")"]);
    }
    written
}

#[cfg(test)]
mod tests;
