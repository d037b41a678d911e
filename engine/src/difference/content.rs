//! What of an object differs: attributes by path, links by target.

use std::sync::Arc;

use super::candidates::Candidate;
use super::{Comparison, action_of};
use crate::backup::top_of;
use crate::change::{AttributeChange, Change, LinkAction, LinkChange};
use crate::content::is_unordered;
use crate::paths::PathId;
use crate::rows::{Cells, Place};
use crate::schema::SYNCED_MARKER;
use crate::state::{Part, TableKey};
use crate::value;
use crate::vector::Slot;
use crate::{Result, schema};

/// Path, text on the from side, text on the to side; an empty text is an absent cell.
type Differing = (PathId, Vec<u8>, Vec<u8>);

impl Comparison<'_> {
    pub(super) fn compare_content(
        &self,
        token: &Arc<str>,
        candidate: &Candidate,
        core: (Slot, Slot),
        change: &mut Change,
    ) -> Result<()> {
        let key = TableKey { type_token: Arc::clone(token), part: Part::Core };
        let mut differing = self.compare_versions(&key, core.0.version(), core.1.version())?;
        if let Some((from, to)) = candidate.volatile {
            let key = TableKey { type_token: Arc::clone(token), part: Part::Volatile };
            differing.append(&mut self.compare_versions(&key, from.version(), to.version())?);
        }
        for (path, from, to) in differing {
            let text = self.state.paths.text(path);
            let is_unknown = self.coverage.is_unknown(token, top_of(&text));
            if is_unknown || value::semantically_equal(&from, &to, is_unordered(token, &text)) {
                continue;
            }
            let name = value::path_to_display(&text).into();
            change.attributes.push(AttributeChange { name, from: to_text(from), to: to_text(to) });
        }
        change.attributes.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        change.unknown = self.coverage.unobserved(token);
        for (relation, from, to) in &candidate.links {
            self.compare_links(token, relation, *from, *to, change)?;
        }
        change.links.sort_unstable_by(|a, b| (&a.relation, &a.target_id).cmp(&(&b.relation, &b.target_id)));
        Ok(())
    }

    /// Names the object and says what would undo the change.
    pub(super) fn describe(
        &self,
        token: &Arc<str>,
        ordinal: u32,
        (from, to): (Slot, Slot),
        change: &mut Change,
    ) -> Result<()> {
        let key = TableKey { type_token: Arc::clone(token), part: Part::Core };
        let version = if to.version() > 0 { to.version() } else { from.version() };
        let name = self.state.read_cell(&key, version, self.state.paths.id("displayName"))?;
        change.display_name = name.as_deref().map(plain_text).unwrap_or_default();
        change.id = self.shown_id(token, ordinal, to)?;
        let synced = self.state.read_cell(&key, version, self.state.paths.id(SYNCED_MARKER))?;
        let is_synced = synced.as_deref() == Some(b"true");
        (change.action, change.reason) = action_of(token, change.kind, is_synced);
        Ok(())
    }

    /// The ID as Graph gives it: of relation objects the one that moves, of all others the one they are known by.
    fn shown_id(&self, token: &Arc<str>, ordinal: u32, to: Slot) -> Result<String> {
        if schema::by_token(token).is_some_and(|info| info.is_relation_object) {
            let key = TableKey { type_token: Arc::clone(token), part: Part::Volatile };
            let side = if to.is_absent() { self.from } else { self.to };
            let version = side.volatile_slot(&key, ordinal)?.version();
            if version > 0
                && let Some(id) = self.state.read_cell(&key, version, self.state.paths.id("id"))?
            {
                return Ok(plain_text(&id));
            }
        }
        Ok(self.state.id(ordinal)?.to_string())
    }

    /// The cells in which two versions of one object differ. Neighbours are not rebuilt: their patch says it.
    fn compare_versions(&self, key: &TableKey, from: u32, to: u32) -> Result<Vec<Differing>> {
        if from == to {
            return Ok(Vec::new());
        }
        if let Some(differing) = self.read_patch(key, from, to)? {
            return Ok(differing);
        }
        if let Some(mut differing) = self.read_patch(key, to, from)? {
            for (_, old, new) in &mut differing {
                std::mem::swap(old, new);
            }
            return Ok(differing);
        }
        let (mut old, mut new) = (Cells::default(), Cells::default());
        for (version, cells) in [(from, &mut old), (to, &mut new)] {
            if version > 0 {
                self.state.read_cells(key, version, cells)?;
            }
        }
        Ok(compare_cells(&old, &new))
    }

    /// The patch that leads from a version to its successor, if `to` is kept as one.
    fn read_patch(&self, key: &TableKey, from: u32, to: u32) -> Result<Option<Vec<Differing>>> {
        if to <= from {
            return Ok(None);
        }
        match self.state.place(key, to)? {
            Place::Patched { segment, patch, entries, predecessor } if predecessor == from => {
                let mut differing = Vec::with_capacity(entries.len());
                self.state.for_each_patch_cell(segment, patch, entries, |cell| {
                    differing.push((cell.path, cell.old.to_vec(), cell.new.to_vec()));
                })?;
                Ok(Some(differing))
            }
            _ => Ok(None),
        }
    }

    /// Links that came or went; those to objects that are gone on a side are dormant there and say nothing.
    fn compare_links(
        &self,
        token: &Arc<str>,
        relation: &Arc<str>,
        from: u32,
        to: u32,
        change: &mut Change,
    ) -> Result<()> {
        if from == 0 || to == 0 {
            change.unknown.push(relation.to_string());
            return Ok(());
        }
        let key = TableKey { type_token: Arc::clone(token), part: Part::Links(Arc::clone(relation)) };
        let (added, removed) = if from < to {
            self.state.compare_sets(&key, from, to)?
        } else {
            let (removed, added) = self.state.compare_sets(&key, to, from)?;
            (added, removed)
        };
        for (targets, action) in [(added, LinkAction::Added), (removed, LinkAction::Removed)] {
            for target in targets {
                if !self.from.gone()?.contains(target) && !self.to.gone()?.contains(target) {
                    let target_id = self.state.id(target)?.to_string();
                    change.links.push(LinkChange { relation: Arc::clone(relation), target_id, action });
                }
            }
        }
        Ok(())
    }
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
    (!text.is_empty()).then(|| String::from_utf8_lossy(&text).into_owned())
}

/// The text of a JSON string; of anything else its JSON.
fn plain_text(json: &[u8]) -> String {
    match value::decode(json) {
        serde_json::Value::String(text) => text,
        serde_json::Value::Null => String::new(),
        other => other.to_string(),
    }
}
