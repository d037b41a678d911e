//! What of an object differs: attributes by path, links by target.
//!
//! A removed link is shown even if its target was deleted later. An added link is not shown while its target was or is
//! deleted: it is dormant, or returned with its target.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::candidates::Candidate;
use super::view::TypeView;
use super::{Comparison, action_of};
use crate::backup::top_of;
use crate::change::{AttributeChange, Change, LinkAction, LinkChange, Text};
use crate::link_sets::compare_sets;
use crate::paths::PathId;
use crate::rows::{DifferingCells, RowCells, RowCursor, Rows};
use crate::same::{self, Comparer, moved};
use crate::value;
use crate::vector::Slot;
use crate::{ObjectId, Result};

/// What one thread keeps open while it compares candidates of a type.
pub(super) struct Cursors<'v, 's> {
    core: RowCursor<'v, 's>,
    volatile: RowCursor<'v, 's>,
    differing: DifferingCells,
    text: Vec<u8>,
    pub(super) names: Names,
}

/// Names that changes share. Each thread has its own: counting who holds one name would make all threads wait for one
/// another.
pub(super) struct Names {
    pub(super) token: Arc<str>,
    relations: BTreeMap<Arc<str>, Arc<str>>,
    /// By path.
    paths: Vec<Option<KnownPath>>,
}

/// What a comparison needs to know of an attribute path.
struct KnownPath {
    shown: Arc<str>,
    comparer: Comparer,
    /// Whether one side was not observed.
    is_unknown: bool,
    /// Whether it takes part where Graph moves a value.
    takes_part: bool,
}

impl<'v, 's> Cursors<'v, 's> {
    pub(super) fn new(view: &'v TypeView<'s>) -> Self {
        let (core, volatile) = (RowCursor::new(&view.core), RowCursor::new(&view.volatile));
        let relations = view.relations.keys().map(|name| (Arc::clone(name), Arc::from(&**name)));
        let names =
            Names { token: Arc::from(&*view.token), relations: relations.collect(), paths: Vec::new() };
        Self { core, volatile, differing: DifferingCells::default(), text: Vec::new(), names }
    }
}

impl Cursors<'_, '_> {
    /// Whether an object belongs to one of which the earlier side could not read what belongs to it.
    pub(super) fn is_below_unread(
        &mut self,
        view: &TypeView<'_>,
        (early, late): (Slot, Slot),
    ) -> Result<bool> {
        let version = if late.version() > 0 { late.version() } else { early.version() };
        self.text.clear();
        self.core.read_cell(version, view.parent, &mut self.text)?;
        Ok(view.observed.is_parent_unread(&plain_text(&self.text)))
    }
}

impl Names {
    fn path(&mut self, comparison: &Comparison<'_>, path: PathId) -> &KnownPath {
        let index = path.index();
        if self.paths.len() <= index {
            self.paths.resize_with(index + 1, || None);
        }
        let token = &self.token;
        self.paths[index].get_or_insert_with(|| {
            let names = &comparison.state.paths;
            let text = names.text(path);
            KnownPath {
                shown: Arc::from(&*names.shown(path)),
                comparer: Comparer::new(token, &text),
                is_unknown: comparison.coverage.is_unknown(token, top_of(&text)),
                takes_part: moved::can_move(token) && moved::takes_part(&text),
            }
        })
    }

    pub(super) fn relation(&self, name: &Arc<str>) -> Arc<str> {
        Arc::clone(self.relations.get(name).unwrap_or(name))
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
        let Cursors { core: cursor, volatile, differing, names, .. } = cursors;
        compare_versions(&view.core, cursor, core.0.version(), core.1.version(), differing)?;
        if differing.len() == 1 && view.is_plain_step(core) {
            self.add_sole_attribute(names, differing, change);
        } else {
            self.add_attributes(names, differing, (&view.core, core), change)?;
        }
        if let Some(slots) = candidate.volatile {
            compare_versions(&view.volatile, volatile, slots.0.version(), slots.1.version(), differing)?;
            self.add_attributes(names, differing, (&view.volatile, slots), change)?;
        }
        if change.attributes.len() > 1 {
            change.attributes.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        }
        change.unknown.clone_from(&view.unobserved);
        for (relation, from, to) in &candidate.links {
            self.compare_links(view, names, candidate.ordinal, (relation, *from, *to), change)?;
        }
        change.links.sort_unstable_by(|a, b| (&a.relation, &a.target_id).cmp(&(&b.relation, &b.target_id)));
        Ok(())
    }

    /// Adds the only cell in which two versions differ that are known to differ in what is compared.
    fn add_sole_attribute(&self, names: &mut Names, differing: &DifferingCells, change: &mut Change) {
        for (path, from, to) in differing.iter() {
            let name = Arc::clone(&names.path(self, path).shown);
            change.attributes.push(AttributeChange { name, from: to_text(from), to: to_text(to) });
        }
    }

    fn add_attributes(
        &self,
        names: &mut Names,
        differing: &DifferingCells,
        (rows, slots): (&Rows<'_>, (Slot, Slot)),
        change: &mut Change,
    ) -> Result<()> {
        change.attributes.reserve_exact(differing.len());
        let cells = differing.iter().map(|(path, from, to)| (self.state.paths.text(path), from, to));
        let is_move = moved::can_move(&names.token) && moved::is_move(cells);
        for (path, from, to) in differing.iter() {
            let known = names.path(self, path);
            if is_move && known.takes_part {
                continue;
            }
            if known.is_unknown || known.comparer.is_same(from, to) {
                continue;
            }
            if known.comparer.is_start()
                && !same::has_end(rows, slots.0.version(), path)?
                && !same::has_end(rows, slots.1.version(), path)?
            {
                continue;
            }
            let name = Arc::clone(&known.shown);
            change.attributes.push(AttributeChange { name, from: to_text(from), to: to_text(to) });
        }
        Ok(())
    }

    /// Names the object and says what would undo the change.
    pub(super) fn describe(
        &self,
        view: &TypeView<'_>,
        cursors: &mut Cursors<'_, '_>,
        candidate: &Candidate,
        (from, to): (Slot, Slot),
        change: &mut Change,
    ) -> Result<()> {
        let line = view.line(candidate, to);
        change.id = self.shown_id(view, candidate, to)?;
        let version = if to.version() > 0 { to.version() } else { from.version() };
        let Cursors { core, text, .. } = cursors;
        text.clear();
        let named = line.filter(|line| line.name(text));
        if named.is_none() {
            core.read_cell(version, view.display_name, text)?;
        }
        if !text.is_empty() {
            change.display_name = plain_text(text);
        }
        let is_synced = if let Some(line) = named {
            line.is_synced()
        } else {
            text.clear();
            core.read_cell(version, view.synced, text)? && text == b"true"
        };
        (change.action, change.reason) = action_of(view.info, change.kind, is_synced);
        Ok(())
    }

    /// The ID as Graph gives it: of relation objects the one that moves, of all others the one they are known by.
    fn shown_id(&self, view: &TypeView<'_>, candidate: &Candidate, to: Slot) -> Result<ObjectId> {
        if view.is_relation_object {
            let side = if to.is_absent() { self.from } else { self.to };
            let version = side.volatile_slot(view.volatile.key(), candidate.ordinal)?.version();
            if version > 0
                && let Some(id) = view.volatile.read_cell(version, view.id)?
            {
                return Ok(plain_text(&id).as_str().into());
            }
        }
        Ok(view.id(candidate)?.into())
    }

    /// Links that were added or removed. A dormant link stays in its set while its target is gone and when it is back,
    /// so a link in which the sets differ was added or removed by itself. An added link is not shown while its target
    /// is gone: it is dormant; a removed link is not shown when both sides are without its target.
    fn compare_links(
        &self,
        view: &TypeView<'_>,
        names: &Names,
        source: u32,
        (relation, from, to): (&Arc<str>, u32, u32),
        change: &mut Change,
    ) -> Result<()> {
        let Some(key) = view.relations.get(relation) else { return Ok(()) };
        if from == 0 || to == 0 {
            change.unknown.push(relation.to_string());
            return Ok(());
        }
        let is_forward = self.is_forward();
        let count = change.links.len();
        let (early, late) = if is_forward { (self.from, self.to) } else { (self.to, self.from) };
        let (early_set, late_set) = if is_forward { (from, to) } else { (to, from) };
        let (came, went) = if early_set < late_set {
            compare_sets(self.state, key, early_set, late_set)?
        } else {
            let (went, came) = compare_sets(self.state, key, late_set, early_set)?;
            (came, went)
        };
        let actions = if is_forward {
            [LinkAction::Added, LinkAction::Removed]
        } else {
            [LinkAction::Removed, LinkAction::Added]
        };
        for (targets, action, is_late) in [(came, actions[0], true), (went, actions[1], false)] {
            for target in targets {
                if (is_late || early.gone()?.contains(target)) && late.gone()?.contains(target) {
                    continue;
                }
                let target_id = match self.targets()?.id(target)? {
                    Some(id) => id.into(),
                    None => view.ids.id(target)?.into(),
                };
                let relation = names.relation(relation);
                change.links.push(LinkChange { relation, target_id, action, cascade: None });
            }
        }
        let is_told = change.unknown.iter().any(|name| **name == **relation);
        if change.links.len() > count && !is_told && !view.observed.has_links(source, relation) {
            change.unknown.push(relation.to_string());
        }
        Ok(())
    }
}

/// Finds the cells in which two versions of one object differ. Versions that patches lead between are not rebuilt.
fn compare_versions(
    rows: &Rows<'_>,
    cursor: &mut RowCursor<'_, '_>,
    from: u32,
    to: u32,
    differing: &mut DifferingCells,
) -> Result<()> {
    differing.clear();
    if cursor.read_chain(from.min(to), from.max(to), differing)? {
        if from > to {
            differing.swap();
        }
        return Ok(());
    }
    differing.clear();
    let (mut old, mut new) = (RowCells::default(), RowCells::default());
    for (version, cells) in [(from, &mut old), (to, &mut new)] {
        if version > 0 {
            rows.read_cells(version, cells)?;
        }
    }
    compare_cells(&old, &new, differing);
    Ok(())
}

fn compare_cells(old: &RowCells, new: &RowCells, differing: &mut DifferingCells) {
    for (path, text) in old.iter() {
        let other = new.get(path).unwrap_or_default();
        if other != text {
            differing.push(path, text, other);
        }
    }
    for (path, text) in new.iter().filter(|(path, _)| old.get(*path).is_none()) {
        differing.push(path, b"", text);
    }
}

fn to_text(text: &[u8]) -> Option<Text> {
    (!text.is_empty()).then(|| match std::str::from_utf8(text) {
        Ok(text) => Text::new(text),
        Err(_) => String::from_utf8_lossy(text).into(),
    })
}

/// The text of a JSON string; of anything else its JSON.
fn plain_text(json: &[u8]) -> Text {
    if let [b'"', text @ .., b'"'] = json
        && !text.contains(&b'\\')
        && let Ok(text) = std::str::from_utf8(text)
    {
        return Text::new(text);
    }
    match value::decode(json) {
        serde_json::Value::String(text) => text.into(),
        serde_json::Value::Null => Text::default(),
        other => other.to_string().into(),
    }
}
