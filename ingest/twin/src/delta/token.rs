//! Owns delta tokens: what one holds, and its text.

use engine::schema::TypeId;

use crate::resource::Kind;
use crate::state::Relation;

/// Which round a token belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// The first: all objects.
    All,
    /// A later one: the changed objects.
    Changes,
}

/// How far a client has read, and with which query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DeltaToken {
    pub(super) phase: Phase,
    pub(super) kinds: Vec<Kind>,
    /// The sequence number from which changes count: those of this round, or after a first round those of the next.
    pub(super) start: usize,
    /// The sequence number at which a later round ends.
    pub(super) until: usize,
    /// How many objects of the round earlier pages hold.
    pub(super) position: usize,
    /// How many links of the next object earlier pages hold.
    pub(super) offset: usize,
    pub(super) issued_ms: i64,
    pub(super) minimal: bool,
    /// Whether the page before is an empty one.
    pub(super) paused: bool,
    pub(super) select: Option<Vec<String>>,
    pub(super) ids: Vec<String>,
}

impl DeltaToken {
    /// Writes it.
    pub(super) fn to_text(&self) -> String {
        let kinds: Vec<String> = self.kinds.iter().map(|kind| kind.0.to_string()).collect();
        let numbers =
            [self.start, self.until, self.position, self.offset].map(|number| number.to_string()).join("|");
        let select = self.select.as_ref().map_or_else(|| "*".to_owned(), |names| names.join(","));
        let phase = if self.phase == Phase::All { 'a' } else { 'c' };
        let flags = u8::from(self.minimal) + 2 * u8::from(self.paused);
        format!(
            "delta|{phase}|{}|{numbers}|{}|{flags}|{select}|{}",
            kinds.join(","),
            self.issued_ms,
            self.ids.join(",")
        )
    }

    /// Reads it.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split('|').collect();
        let ["delta", phase, kinds, start, until, position, offset, issued, flags, select, ids] = parts[..]
        else {
            return None;
        };
        let flags: u8 = flags.parse().ok()?;
        let list = |text: &str| text.split(',').filter(|part| !part.is_empty()).map(str::to_owned).collect();
        Some(Self {
            phase: if phase == "a" { Phase::All } else { Phase::Changes },
            kinds: kinds.split(',').filter_map(|kind| kind.parse().ok()).map(Kind).collect(),
            start: start.parse().ok()?,
            until: until.parse().ok()?,
            position: position.parse().ok()?,
            offset: offset.parse().ok()?,
            issued_ms: issued.parse().ok()?,
            minimal: flags & 1 == 1,
            paused: flags & 2 == 2,
            select: (select != "*").then(|| list(select)),
            ids: list(ids),
        })
    }

    /// Gives the token of the round after this one.
    pub(super) fn next_round(&self, now_ms: i64) -> Self {
        let start = if self.phase == Phase::All { self.start } else { self.until };
        Self {
            phase: Phase::Changes,
            start,
            position: 0,
            offset: 0,
            paused: false,
            issued_ms: now_ms,
            ..self.clone()
        }
    }

    /// Says whether the query selects an object.
    pub(super) fn names(&self, id: &str) -> bool {
        self.ids.is_empty() || self.ids.iter().any(|wanted| wanted.eq_ignore_ascii_case(id))
    }

    /// Says whether the query selects a property, by name or by default.
    pub(super) fn tracks(&self, kind: Kind, name: &str) -> bool {
        let resource = kind.resource();
        match &self.select {
            Some(names) => names.iter().any(|wanted| wanted == name),
            None => resource.defaults.is_empty() || resource.defaults.contains(&name),
        }
    }

    /// Gives the relations whose links are reported: without `$select` members, else the selected ones.
    pub(super) fn relations(&self, kind: Kind) -> Vec<Relation> {
        let served = |name: &str| crate::navigate::served_relation(kind, name);
        match &self.select {
            None => served("members").into_iter().collect(),
            Some(names) => {
                let mut relations: Vec<Relation> = names.iter().filter_map(|name| served(name)).collect();
                relations.retain(|relation| is_tracked(kind, *relation));
                relations
            }
        }
    }
}

/// The relations that delta queries can report: all of groups, else members and the manager.
fn is_tracked(kind: Kind, relation: Relation) -> bool {
    kind == TypeId::Group || matches!(relation, Relation::MEMBERS | Relation::MANAGER)
}
