//! Owns query options: parsing them, and Graph's rules about where each is allowed.

use engine::schema::TypeId;

use crate::filter::{self, Filter};
use crate::resource::Kind;
use crate::rules::Refusal;
use crate::state::Relation;
use crate::wire::Request;

/// The query options of a request for a collection or an object.
#[derive(Debug, Default)]
pub(crate) struct QueryOptions {
    pub(crate) select: Option<Vec<String>>,
    pub(crate) expand: Vec<Expand>,
    pub(crate) filter: Option<Filter>,
    pub(crate) search: Option<Filter>,
    /// Property, and whether the greatest are first.
    pub(crate) order: Option<(String, bool)>,
    pub(crate) page_size: usize,
    pub(crate) count: bool,
}

/// A relation to show inside each object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Expand {
    pub(crate) name: String,
    pub(crate) select: Option<Vec<String>>,
    /// The options inside, as they were written.
    pub(crate) inner: String,
}

/// Whether an object or a list is read, which decides what is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum QueryScope {
    Object,
    List,
}

/// The most objects of a page where nothing is published.
const PAGE_SIZE_MAX: usize = 999;
const PAGE_SIZE: usize = 100;
/// The most users of a page that shows when they signed in.
const SIGN_IN_PAGE_SIZE_MAX: usize = 500;
const SIGN_IN: &str = "signInActivity";

/// Parses the options; the type is none for collections of several.
pub(crate) fn options(
    request: &Request,
    kind: Option<Kind>,
    scope: QueryScope,
) -> Result<QueryOptions, Refusal> {
    let select = request.option("$select").map(split_names);
    if let (Some(kind), Some(names)) = (kind, &select) {
        check_select(kind, names, scope)?;
    }
    let filter = request.option("$filter").map(filter::parse).transpose()?;
    let search = request.option("$search").map(filter::parse_search).transpose()?;
    let options = QueryOptions {
        page_size: page_size(request, kind, select.as_deref())?,
        select,
        expand: request
            .option("$expand")
            .map(|text| parse_expand(text, may_nest(kind)))
            .transpose()?
            .unwrap_or_default(),
        filter,
        search,
        order: request.option("$orderby").map(parse_order),
        count: request.option("$count").is_some_and(|value| value.eq_ignore_ascii_case("true")),
    };
    let is_directory = kind.is_none_or(Kind::is_directory_object);
    if is_directory {
        check_advanced(request, kind, &options)?;
    }
    Ok(options)
}

fn split_names(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(canonical).collect()
}

/// `id` is often written `Id`; everything else is written as Graph does.
fn canonical(name: &str) -> String {
    let name = name.split('/').next().unwrap_or(name);
    if name.eq_ignore_ascii_case("id") { "id".to_owned() } else { name.to_owned() }
}

fn check_select(kind: Kind, names: &[String], scope: QueryScope) -> Result<(), Refusal> {
    let resource = kind.resource();
    for name in names {
        if scope == QueryScope::List && name != SIGN_IN && resource.outside.contains(&name.as_str()) {
            return Err(Refusal::new(501, "NotImplemented", "This operation target is not yet supported."));
        }
        let known = resource.select.contains(&name.as_str())
            || resource.outside.contains(&name.as_str())
            || resource.key_name() == name
            || name == "*"
            || name.contains(['@', '.'])
            || name.starts_with("extension_")
            || Relation::from_name(name).is_some();
        if !known && !resource.select.is_empty() {
            let message =
                format!("Could not find a property named '{name}' on type '{}'.", resource.odata[0]);
            return Err(Refusal::new(400, "BadRequest", message));
        }
    }
    Ok(())
}

fn page_size(request: &Request, kind: Option<Kind>, select: Option<&[String]>) -> Result<usize, Refusal> {
    let published = kind.and_then(|kind| kind.resource().page);
    let (mut size, mut size_max) = published.unwrap_or((PAGE_SIZE, PAGE_SIZE_MAX));
    if kind == Some(Kind::of(TypeId::DirectoryRole)) {
        return Ok(usize::MAX);
    }
    if select.is_some_and(|names| names.iter().any(|name| name == SIGN_IN)) {
        (size, size_max) = (size.min(SIGN_IN_PAGE_SIZE_MAX), SIGN_IN_PAGE_SIZE_MAX);
    }
    let Some(top) = request.option("$top") else { return Ok(size) };
    match top.parse::<usize>() {
        Ok(top) if (1..=size_max).contains(&top) => Ok(top),
        Ok(_) if published.is_none() && kind.is_some_and(|kind| !kind.is_directory_object()) => Ok(size_max),
        Ok(_) => {
            let message =
                format!("Invalid page size specified: '{top}'. Must be between 1 and {size_max} inclusive.");
            Err(Refusal::unsupported_query(message))
        }
        Err(_) => {
            let message = format!("Invalid value '{top}' for $top query option found.");
            Err(Refusal::new(400, "BadRequest", message))
        }
    }
}

/// Advanced queries need a header, and mostly `$count` too.
fn check_advanced(request: &Request, kind: Option<Kind>, options: &QueryOptions) -> Result<(), Refusal> {
    let eventual = request.is_eventual();
    if options.search.is_some() && !eventual {
        return Err(Refusal::unsupported_query(
            "Request with $search query parameter only works through MSGraph with a special request header: \
             'ConsistencyLevel: eventual'",
        ));
    }
    if options.count && !eventual {
        return Err(Refusal::bad_request("$count is not currently supported."));
    }
    let allowed = eventual && options.count;
    if let Some(filter) = &options.filter
        && let Some(property) = filter.advanced_property()
        && !allowed
    {
        let type_name = kind.map_or("directoryObject", |kind| kind.resource().token);
        return Err(Refusal::unsupported_query(format!(
            "Unsupported or invalid query filter clause specified for property '{property}' of resource \
             '{type_name}'."
        )));
    }
    if options.order.is_some() && options.filter.is_some() && !allowed {
        return Err(Refusal::unsupported_query("Sorting not supported for current query."));
    }
    Ok(())
}

fn parse_order(text: &str) -> (String, bool) {
    let first = text.split(',').next().unwrap_or_default().trim();
    let (name, direction) = first.split_once(' ').unwrap_or((first, "asc"));
    (name.to_owned(), direction.trim().eq_ignore_ascii_case("desc"))
}

/// Entitlement management has nested expansions; the directory does not.
fn may_nest(kind: Option<Kind>) -> bool {
    kind.is_some_and(|kind| kind.resource().path.starts_with("identityGovernance/"))
}

/// Parses `manager($select=id,displayName),owners`.
fn parse_expand(text: &str, may_nest: bool) -> Result<Vec<Expand>, Refusal> {
    let mut expands = Vec::new();
    for item in split_outside_parentheses(text, ',') {
        let item = item.trim();
        let (name, inner) = match item.split_once('(') {
            Some((name, inner)) => (name, inner.strip_suffix(')').unwrap_or(inner)),
            None => (item, ""),
        };
        let mut select = None;
        for option in split_outside_parentheses(inner, ';') {
            match option.trim().split_once('=') {
                Some((option, names)) if option.trim_start_matches('$').eq_ignore_ascii_case("select") => {
                    select = Some(split_names(names));
                }
                Some((option, _))
                    if !may_nest && option.trim_start_matches('$').eq_ignore_ascii_case("expand") =>
                {
                    return Err(Refusal::bad_request("Nested $expand is not supported."));
                }
                _ => {}
            }
        }
        if !name.is_empty() {
            expands.push(Expand { name: name.to_owned(), select, inner: inner.to_owned() });
        }
    }
    Ok(expands)
}

fn split_outside_parentheses(text: &str, separator: char) -> Vec<&str> {
    let (mut parts, mut depth, mut start) = (Vec::new(), 0_usize, 0);
    for (offset, sign) in text.char_indices() {
        match sign {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ if sign == separator && depth == 0 => {
                parts.push(&text[start..offset]);
                start = offset + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}
