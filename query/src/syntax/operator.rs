//! The operators of the subset, those of KQL outside of it, and the kinds of charts.

/// What a user may know of an operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OperatorHelp {
    /// The word behind the `|`.
    pub name: &'static str,
    /// What it does with the rows.
    pub help: &'static str,
    /// A query with it.
    pub example: &'static str,
}

const fn operator(name: &'static str, help: &'static str, example: &'static str) -> OperatorHelp {
    OperatorHelp { name, help, example }
}

/// Operators of the subset.
pub(crate) const OPERATORS: [OperatorHelp; 27] = [
    operator(
        "where",
        "keeps the rows for which it is true",
        "users | where department == \"Sales\" and not(accountEnabled)",
    ),
    operator("filter", "keeps the rows for which it is true, as `where`", "users | filter accountEnabled"),
    operator(
        "project",
        "chooses and computes columns",
        "users | project displayName, domain = tostring(split(mail, \"@\")[1])",
    ),
    operator("project-away", "leaves out columns", "users | project-away aboutMe, *Phone"),
    operator("project-keep", "keeps these columns in their order", "users | project-keep id, display*"),
    operator("project-rename", "renames columns", "users | project-rename name = displayName"),
    operator("project-reorder", "puts columns first", "users | project-reorder displayName, mail"),
    operator("extend", "adds computed columns", "users | extend age = now() - createdDateTime"),
    operator("summarize", "makes one row for each group", "users | summarize n = count() by department"),
    operator("count", "counts the rows", "users | count"),
    operator("distinct", "gives each combination of values once", "users | distinct department, city"),
    operator("sort", "sorts the rows, descending unless `asc`", "users | sort by displayName asc"),
    operator("order", "sorts the rows, as `sort`", "users | order by createdDateTime"),
    operator("top", "gives the first rows of an order", "users | top 5 by createdDateTime"),
    operator("take", "gives any so many rows", "users | take 5"),
    operator("limit", "gives any so many rows, as `take`", "users | limit 5"),
    operator("join", "pairs rows of two tables", "users(\"latest~1\") | join kind=leftanti users on id"),
    operator(
        "lookup",
        "adds columns of a second table",
        "links | lookup (users | project targetId = id, mail) on targetId",
    ),
    operator(
        "union",
        "puts rows of several tables together",
        "users | union groups | project id, displayName",
    ),
    operator(
        "mv-expand",
        "makes a row for each element of an array",
        "groups | mv-expand member = members | project displayName, member",
    ),
    operator("parse", "takes a text apart", "users | parse mail with name \"@\" domain"),
    operator("search", "finds rows with a word in any column", "users | search \"svc\""),
    operator("as", "names the rows so far", "users | as everyone | where city == \"Oslo\""),
    operator("getschema", "lists the columns instead of the rows", "users | getschema"),
    operator(
        "render",
        "draws a chart: barchart, columnchart, piechart, timechart",
        "users | summarize n = count() by department | render barchart",
    ),
    operator(
        "invoke",
        "calls a function of the query on the rows",
        "let few = (T:(*)) { T | take 3 }; users | invoke few()",
    ),
    operator(
        "recover",
        "chooses changes to undo; sends nothing",
        "diff(\"latest~1\", \"latest\") | where type == \"user\" | recover",
    ),
];

/// Operators of KQL outside the subset.
pub(crate) const UNSUPPORTED: [&str; 22] = [
    "assert-schema",
    "consume",
    "evaluate",
    "externaldata",
    "facet",
    "find",
    "fork",
    "graph-match",
    "make-graph",
    "make-series",
    "mv-apply",
    "mvapply",
    "parse-kv",
    "parse-where",
    "partition",
    "reduce",
    "sample",
    "sample-distinct",
    "scan",
    "serialize",
    "top-hitters",
    "top-nested",
];

/// Kinds of charts that `render` takes.
pub(crate) const CHARTS: [&str; 17] = [
    "anomalychart",
    "areachart",
    "barchart",
    "card",
    "columnchart",
    "graph",
    "ladderchart",
    "linechart",
    "piechart",
    "pivotchart",
    "plotly",
    "scatterchart",
    "stackedareachart",
    "table",
    "timechart",
    "timepivot",
    "treemap",
];
