//! What of an object differs: attributes by path, links by target.

use std::sync::Arc;

use super::candidates::Candidate;
use super::view::TypeView;
use super::{Comparison, action_of};
use crate::Result;
use crate::backup::top_of;
use crate::change::{AttributeChange, Change, LinkAction, LinkChange};
use crate::content::is_unordered;
use crate::paths::PathId;
use crate::rows::{Cells, Cursor, Differing, Rows};
use crate::value;
use crate::vector::Slot;

/// What one thread keeps open while it compares candidates of a type.
pub(super) struct Cursors<'v, 's> {
    core: Cursor<'v, 's>,
    volatile: Cursor<'v, 's>,
    text: Vec<u8>,
}

impl<'v, 's> Cursors<'v, 's> {
    pub(super) fn new(view: &'v TypeView<'s>) -> Self {
        Self { core: Cursor::new(&view.core), volatile: Cursor::new(&view.volatile), text: Vec::new() }
    }
}

impl Comparison<'_> {
    pub(super) fn compare_content(
        &self,
        view: &TypeView<'_>,
        cursors: &mut Cursors<'_, '_>,
        candidate: &Candidate,
        core: (Slot, Slot),
        change: &mut Change,
    ) -> Result<()> {
        let mut differing =
            compare_versions(&view.core, &mut cursors.core, core.0.version(), core.1.version())?;
        if let Some((from, to)) = candidate.volatile {
            let (from, to) = (from.version(), to.version());
            differing.append(&mut compare_versions(&view.volatile, &mut cursors.volatile, from, to)?);
        }
        for (path, from, to) in differing {
            if !self.is_same(view, path, &from, &to) {
                let name = self.state.paths.shown(path);
                change.attributes.push(AttributeChange { name, from: to_text(from), to: to_text(to) });
            }
        }
        if change.attributes.len() > 1 {
            change.attributes.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        }
        change.unknown = self.coverage.unobserved(&view.token);
        for (relation, from, to) in &candidate.links {
            self.compare_links(view, relation, *from, *to, change)?;
        }
        change.links.sort_unstable_by(|a, b| (&a.relation, &a.target_id).cmp(&(&b.relation, &b.target_id)));
        Ok(())
    }

    /// Whether two texts of an attribute say the same, or one side was not observed.
    fn is_same(&self, view: &TypeView<'_>, path: PathId, from: &[u8], to: &[u8]) -> bool {
        let is_plain = self.coverage.is_plain(&view.token);
        let may_be_set = from.first() == Some(&b'[') && to.first() == Some(&b'[');
        if is_plain && !may_be_set {
            return value::semantically_equal(from, to, false);
        }
        let text = self.state.paths.text(path);
        self.coverage.is_unknown(&view.token, top_of(&text))
            || value::semantically_equal(from, to, is_unordered(&view.token, &text))
    }

    /// Names the object and says what would undo the change.
    pub(super) fn describe(
        &self,
        view: &TypeView<'_>,
        cursors: &mut Cursors<'_, '_>,
        ordinal: u32,
        (from, to): (Slot, Slot),
        change: &mut Change,
    ) -> Result<()> {
        let version = if to.version() > 0 { to.version() } else { from.version() };
        cursors.text.clear();
        if cursors.core.read_cell(version, view.display_name, &mut cursors.text)? {
            change.display_name = plain_text(&cursors.text);
        }
        change.id = self.shown_id(view, ordinal, to)?;
        cursors.text.clear();
        let is_synced =
            cursors.core.read_cell(version, view.synced, &mut cursors.text)? && cursors.text == b"true";
        (change.action, change.reason) = action_of(&view.token, change.kind, is_synced);
        Ok(())
    }

    /// The ID as Graph gives it: of relation objects the one that moves, of all others the one they are known by.
    fn shown_id(&self, view: &TypeView<'_>, ordinal: u32, to: Slot) -> Result<String> {
        if view.is_relation_object {
            let side = if to.is_absent() { self.from } else { self.to };
            let version = side.volatile_slot(view.volatile.key(), ordinal)?.version();
            if version > 0
                && let Some(id) = view.volatile.read_cell(version, view.id)?
            {
                return Ok(plain_text(&id));
            }
        }
        view.ids.text(ordinal)
    }

    /// Links that came or went; those to objects that are gone on a side are dormant there and say nothing.
    fn compare_links(
        &self,
        view: &TypeView<'_>,
        relation: &Arc<str>,
        from: u32,
        to: u32,
        change: &mut Change,
    ) -> Result<()> {
        let Some(key) = view.relations.get(relation) else { return Ok(()) };
        if from == 0 || to == 0 {
            change.unknown.push(relation.to_string());
            return Ok(());
        }
        let (added, removed) = if from < to {
            self.state.compare_sets(key, from, to)?
        } else {
            let (removed, added) = self.state.compare_sets(key, to, from)?;
            (added, removed)
        };
        for (targets, action) in [(added, LinkAction::Added), (removed, LinkAction::Removed)] {
            for target in targets {
                if !self.from.gone()?.contains(target) && !self.to.gone()?.contains(target) {
                    let target_id = view.ids.text(target)?;
                    change.links.push(LinkChange { relation: Arc::clone(relation), target_id, action });
                }
            }
        }
        Ok(())
    }
}

/// The cells in which two versions of one object differ. Versions that patches lead between are not rebuilt.
fn compare_versions(
    rows: &Rows<'_>,
    cursor: &mut Cursor<'_, '_>,
    from: u32,
    to: u32,
) -> Result<Vec<Differing>> {
    if let Some(mut differing) = cursor.read_chain(from.min(to), from.max(to))? {
        if from > to {
            for (_, old, new) in &mut differing {
                std::mem::swap(old, new);
            }
        }
        return Ok(differing);
    }
    let (mut old, mut new) = (Cells::default(), Cells::default());
    for (version, cells) in [(from, &mut old), (to, &mut new)] {
        if version > 0 {
            rows.read_cells(version, cells)?;
        }
    }
    Ok(compare_cells(&old, &new))
}

fn compare_cells(old: &Cells, new: &Cells) -> Vec<Differing> {
    let mut differing = Vec::new();
    for (path, text) in old.iter() {
        let other = new.get(path).unwrap_or_default();
        if other != text {
            differing.push((path, text.to_vec(), other.to_vec()));
        }
    }
    let added = new.iter().filter(|(path, _)| old.get(*path).is_none());
    differing.extend(added.map(|(path, text)| (path, Vec::new(), text.to_vec())));
    differing
}

fn to_text(text: Vec<u8>) -> Option<String> {
    if text.is_empty() {
        return None;
    }
    Some(
        String::from_utf8(text)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()),
    )
}

/// The text of a JSON string; of anything else its JSON.
fn plain_text(json: &[u8]) -> String {
    if let [b'"', text @ .., b'"'] = json
        && !text.contains(&b'\\')
        && let Ok(text) = std::str::from_utf8(text)
    {
        return text.to_owned();
    }
    match value::decode(json) {
        serde_json::Value::String(text) => text,
        serde_json::Value::Null => String::new(),
        other => other.to_string(),
    }
}
