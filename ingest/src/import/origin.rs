//! Tells from where a file lies what it holds: the type of its objects, or links of one object.

use std::collections::HashMap;
use std::fmt::Write;
use std::path::Path;
use std::sync::LazyLock;

use engine::schema::{self, Type, TypeId};

pub(crate) mod layout;
#[cfg(test)]
mod tests;

/// The type of the partners of the cross-tenant access policy, whose key is `tenantId`.
pub(crate) const PARTNER: &str = TypeId::CrossTenantAccessPolicyConfigurationPartner.token();

/// What is known of a file before it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin {
    /// The file as messages name it.
    pub(crate) file: String,
    /// The type of objects that do not say theirs.
    pub(crate) hint: Option<String>,
    /// The unknown folder that the hint was guessed from.
    pub(crate) guessed_from: Option<String>,
    /// Whether the objects lie in the recycle bin.
    pub(crate) is_deleted: bool,
    /// The ID of an object that has none, when it is alone in its file.
    pub(crate) id: Option<String>,
    pub(crate) meaning: Meaning,
}

/// What the objects of a file mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Meaning {
    Objects,
    /// Each is a target of one relation of one object.
    Link {
        type_token: String,
        source: String,
        relation: String,
    },
}

impl Origin {
    /// A file that was named itself: its name, or else its folder's, may be that of a type.
    pub(crate) fn of_file(path: &Path, type_hint: Option<&str>) -> Self {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let folder = path.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
        let named = type_of_name(&stem).or_else(|| type_of_name(&folder));
        let is_bin = |name: &str| name.eq_ignore_ascii_case(BIN);
        Self {
            is_deleted: is_bin(&folder) || is_bin(&stem),
            ..Self::of_text(&path.to_string_lossy(), named.as_deref().or(type_hint))
        }
    }

    /// A stream that has no name.
    pub(crate) fn of_text(file: &str, type_hint: Option<&str>) -> Self {
        Self {
            file: file.to_owned(),
            hint: type_hint.map(str::to_owned),
            guessed_from: None,
            is_deleted: false,
            id: None,
            meaning: Meaning::Objects,
        }
    }

    /// A file inside a folder that was named. `inside` is its path there, `above` the folder's own.
    pub(crate) fn in_folder(above: &Path, inside: &Path, type_hint: Option<&str>) -> Self {
        let mut origin = Self::of_text(&above.join(inside).to_string_lossy(), type_hint);
        let mut segments = segments_of(inside);
        origin.is_deleted = segments.iter().any(|segment| segment.eq_ignore_ascii_case(BIN));
        segments.retain(|segment| !segment.eq_ignore_ascii_case(BIN));
        // An exporter writes `{id}/{id}.json`, so the last segment says nothing that its folder does not.
        if let [.., folder, stem] = &segments[..]
            && folder == stem
        {
            segments.pop();
        }
        let above = segments_of_folder(above);
        let found = find_across(&above, &segments, |behind| behind > 0)
            .or_else(|| find_entry(&segments))
            .or_else(|| find_across(&above, &segments, |behind| behind == 0));
        // A list is named after its type, and lends that name to none of its objects.
        let is_list = found.is_none_or(|(_, behind)| behind == segments.len());
        origin.id = segments.last().filter(|last| !is_list || type_of_name(last).is_none()).cloned();
        match found {
            Some((type_token, behind)) => origin.descend(type_token, &segments[behind..]),
            None => origin.guess(&segments, &above, type_hint),
        }
        origin
    }

    /// Follows the children below an entry: `{id}`, `{id}/Child/{id}`, and so on.
    fn descend(&mut self, type_token: &str, mut below: &[String]) {
        let mut type_token = type_token.to_owned();
        while let [source, child, rest @ ..] = below {
            if layout::DEEP.contains(&type_token.as_str()) {
                break;
            }
            if let Some(relation) = relation_of(&type_token, child) {
                let relation = relation.to_owned();
                self.meaning = Meaning::Link { type_token, source: decode_name(source), relation };
                return;
            }
            if type_token == layout::ACCESS_REVIEW {
                "accessReviewInstance".clone_into(&mut type_token);
                below = &below[1..];
                continue;
            }
            type_token = CHILDREN.get(&child.to_lowercase()).map_or_else(
                || {
                    self.guessed_from = Some(child.clone());
                    singular(child)
                },
                |known| (*known).to_owned(),
            );
            below = rest;
        }
        self.hint = Some(type_token);
    }

    /// Takes the type from a name that is not in the layout.
    fn guess(&mut self, segments: &[String], above: &[String], type_hint: Option<&str>) {
        let relation_at = segments.iter().position(|segment| relation_of("", segment).is_some());
        if let Some(at) = relation_at.filter(|at| *at >= 2) {
            let type_token = type_of_name(&segments[at - 2]).unwrap_or_else(|| singular(&segments[at - 2]));
            let relation = relation_of(&type_token, &segments[at]).unwrap_or_default().to_owned();
            let source = decode_name(&segments[at - 1]);
            self.meaning = Meaning::Link { type_token, source, relation };
            return;
        }
        let nearest_first = segments.iter().rev().chain(above.last());
        let known = nearest_first.map(String::as_str).find_map(type_of_name);
        self.hint = known.or_else(|| type_hint.map(str::to_owned));
        if let ([.., folder, _], None) = (segments, &self.hint) {
            self.hint = Some(singular(folder));
            self.guessed_from = Some(folder.clone());
        }
    }
}

const BIN: &str = "deletedItems";

/// The type that a name stands for: a token, a table, a type of Graph.
pub(crate) fn type_of_name(name: &str) -> Option<String> {
    let name = name.trim_start_matches('#').to_lowercase();
    let name = name.strip_prefix("microsoft.graph.").unwrap_or(&name);
    NAMES.get(name).map(|token| (*token).to_owned())
}

/// The type that an `@odata.context` names.
pub(crate) fn type_of_context(context: &str) -> Option<String> {
    let fragment = context.rsplit_once('#').map_or(context, |(_, fragment)| fragment);
    let inner = fragment.strip_prefix("Collection(").and_then(|rest| rest.strip_suffix(')'));
    let plain = without_parentheses(inner.unwrap_or(fragment)).to_lowercase();
    let is_name = |segment: &&str| {
        !segment.is_empty() && !segment.starts_with(['$', '@']) && *segment != "deleteditems"
    };
    let segments: Vec<&str> = plain.split('/').filter(is_name).collect();
    let paths = [segments.join("/"), segments[segments.len().saturating_sub(2)..].join("/")];
    let known = paths.iter().find_map(|path| CONTEXTS.get(path));
    known.map(|token| (*token).to_owned()).or_else(|| type_of_name(segments.last()?))
}

/// Whether an `@odata.context` names the recycle bin.
pub(crate) fn is_context_deleted(context: &str) -> bool {
    context.split('/').any(|segment| segment.trim_end_matches(['#', '(']).ends_with(BIN))
}

/// The longest name in bytes; most systems take 255, with the ending.
const NAME_BYTES_MAX: usize = 240;
/// Stands between the beginning of a long ID and its hash; no other name has it.
const LONG: &str = "%~";
/// Names that Windows keeps for devices, whatever the ending.
const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "conin$", "conout$"];

/// An ID as the name of a file or folder, on every system. Of one that is too long only the beginning is told, so what
/// lies in such a file must say its ID itself.
pub(crate) fn encode_name(id: &str) -> String {
    let mut name = encode_whole(id);
    if name.len() > NAME_BYTES_MAX {
        let hash = blake3::hash(id.as_bytes()).to_hex();
        name.truncate(name.floor_char_boundary(NAME_BYTES_MAX - LONG.len() - 32));
        name.extend([LONG, &hash[..32]]);
    }
    name
}

/// Whether an ID can be told from its name.
pub(crate) fn is_told(id: &str) -> bool {
    encode_whole(id).len() <= NAME_BYTES_MAX
}

fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or(name).trim_end().to_lowercase();
    let numbered = ["com", "lpt"].iter().find_map(|port| stem.strip_prefix(port));
    let is_port = numbered.is_some_and(|rest| {
        let mut letters = rest.chars();
        letters.next().is_some_and(|digit| "0123456789¹²³".contains(digit)) && letters.next().is_none()
    });
    is_port || DEVICES.contains(&stem.as_str())
}

fn encode_whole(id: &str) -> String {
    let mut name = String::with_capacity(id.len());
    for character in id.chars() {
        if character.is_ascii_control() || "<>:\"/\\|?*%".contains(character) {
            push_encoded(&mut name, character);
        } else {
            name.push(character);
        }
    }
    // Windows drops these at the end of a name.
    if name.ends_with(['.', ' '])
        && let Some(last) = name.pop()
    {
        push_encoded(&mut name, last);
    }
    // The same at its beginning, where a dot hides a file and a blank is lost.
    if is_device(&name) || name.starts_with(['.', ' ']) {
        let first = name.remove(0);
        let mut encoded = String::with_capacity(name.len() + 3);
        push_encoded(&mut encoded, first);
        name.insert_str(0, &encoded);
    }
    name
}

fn push_encoded(name: &mut String, character: char) {
    write!(name, "%{:02X}", u32::from(character)).expect("a string takes all text");
}

/// The ID that a file or folder is named after.
pub(crate) fn decode_name(name: &str) -> String {
    let mut id = String::with_capacity(name.len());
    let mut rest = name;
    while let Some((before, after)) = rest.split_once('%') {
        id.push_str(before);
        let digits = after.get(..2).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let code = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()).filter(u8::is_ascii);
        id.push(code.map_or('%', char::from));
        rest = if code.is_some() { &after[2..] } else { after };
    }
    id.push_str(rest);
    id
}

/// The relation whose links lie in this folder below an object.
fn relation_of(type_token: &str, folder: &str) -> Option<&'static str> {
    let own = schema::by_token(type_token).map_or(&[][..], |found| found.relations);
    let mut names = own.iter().map(|relation| relation.name).chain(layout::RELATIONS.iter().copied());
    names.find(|name| name.eq_ignore_ascii_case(folder))
}

/// The folder below an object that holds the links of a relation, if there is one.
pub(crate) fn folder_of_relation(type_token: &str, relation: &str) -> Option<String> {
    relation_of(type_token, relation).filter(|known| *known == relation).map(capitalized)
}

/// The folder of a type in an export.
pub(crate) fn folder_of_type(type_token: &str) -> String {
    let entry = layout::ENTRIES.iter().find(|(_, token)| *token == type_token);
    let known = schema::by_token(type_token);
    let folders = known.map_or(&[][..], |found| found.folders);
    let own = folders.iter().find(|folder| !folder.contains('*'));
    let path = entry.map(|(path, _)| path).or(own);
    let name = known.map_or(type_token, |found| found.table);
    path.map_or_else(|| encode_name(&capitalized(name)), |path| (*path).to_owned())
}

/// The first entry of the layout in a path, the longest one there, and the index behind it.
fn find_entry(segments: &[String]) -> Option<(&'static str, usize)> {
    (0..segments.len()).find_map(|start| {
        (1..=layout::ENTRY_SEGMENTS_MAX.min(segments.len() - start)).rev().find_map(|count| {
            let path = segments[start..start + count].join("/").to_lowercase();
            ENTRIES.get(&path).map(|token| (*token, start + count))
        })
    })
}

/// An entry that begins in the named folder's own path, and the index behind it in `segments`.
fn find_across(
    above: &[String],
    segments: &[String],
    is_wanted: impl Fn(usize) -> bool,
) -> Option<(&'static str, usize)> {
    (1..=layout::ENTRY_SEGMENTS_MAX.min(above.len())).rev().find_map(|count| {
        let longer = [&above[above.len() - count..], segments].concat();
        let (type_token, behind) = find_entry(&longer)?;
        let behind = behind.checked_sub(count)?;
        is_wanted(behind).then_some((type_token, behind))
    })
}

fn segments_of(path: &Path) -> Vec<String> {
    let mut segments = segments_of_folder(path.parent().unwrap_or(Path::new("")));
    segments.extend(path.file_stem().map(|stem| stem.to_string_lossy().into_owned()));
    segments
}

fn segments_of_folder(path: &Path) -> Vec<String> {
    let normal = path.components().filter_map(|component| match component {
        std::path::Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
        _ => None,
    });
    normal.collect()
}

/// `FooPolicies` as the name of one: `fooPolicy`.
fn singular(folder: &str) -> String {
    let folder = decode_name(folder);
    let one = match &folder[..] {
        name if name.ends_with("ies") => format!("{}y", &name[..name.len() - 3]),
        name if name.ends_with("sses") => name[..name.len() - 2].to_owned(),
        name if name.ends_with('s') && !name.ends_with("ss") => name[..name.len() - 1].to_owned(),
        name => name.to_owned(),
    };
    let mut characters = one.chars();
    characters.next().map_or_else(String::new, |first| first.to_lowercase().chain(characters).collect())
}

fn capitalized(name: &str) -> String {
    let mut letters = name.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

fn without_parentheses(text: &str) -> String {
    let mut depth = 0_usize;
    let mut plain = String::new();
    for character in text.chars() {
        match character {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ if depth == 0 => plain.push(character),
            _ => {}
        }
    }
    plain
}

type Names = LazyLock<HashMap<String, &'static str>>;

fn lower(pairs: impl IntoIterator<Item = (&'static str, &'static str)>) -> HashMap<String, &'static str> {
    pairs.into_iter().map(|(name, token)| (name.to_lowercase(), token)).collect()
}

static ENTRIES: Names = LazyLock::new(|| {
    let of_type = |found: &'static Type| found.folders.iter().map(|path| (*path, found.token));
    // The name of a file that repeats its folder's was dropped from the path.
    let known = schema::types().flat_map(of_type).filter(|(path, _)| *path != "Organization/Organization");
    lower(known.filter(|(path, _)| !path.contains('*')).chain(layout::ENTRIES.iter().copied()))
});
static CHILDREN: Names = LazyLock::new(|| {
    let of_type = |found: &'static Type| found.folders.iter().map(|path| (*path, found.token));
    let below = |(path, token): (&'static str, &'static str)| Some((path.split_once("/*/")?.1, token));
    let known = schema::types().flat_map(of_type).filter_map(below);
    lower(known.chain(layout::CHILDREN.iter().copied()))
});
static CONTEXTS: Names = LazyLock::new(|| {
    let of_type = |found: &'static Type| found.contexts.iter().map(|path| (*path, found.token));
    lower(schema::types().flat_map(of_type).chain(layout::CONTEXTS.iter().copied()))
});
static NAMES: Names = LazyLock::new(|| {
    let of_graph = |found: &'static Type| {
        let plain = |name: &&'static str| name.strip_prefix("microsoft.graph.");
        found.odata_types.iter().filter_map(plain).map(|name| (name, found.token))
    };
    let own = |found: &'static Type| [(found.token, found.token), (found.table, found.token)];
    let known = schema::types().flat_map(of_graph).chain(schema::types().flat_map(own));
    let ours = layout::ENTRIES.iter().map(|(_, token)| (*token, *token));
    lower(ours.chain(layout::ALIASES.iter().copied()).chain(known))
});
