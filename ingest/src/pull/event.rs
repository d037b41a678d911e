//! Owns what readers tell the one who writes the backup, and how it is written.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use engine::content::Shredder;
use engine::coverage::{BinExtent, Gap, GapScope};
use engine::{Backup, ObjectKey, Observation};

use super::error::Result;
use engine::schema::{Type, by_token};

/// Something that was read.
#[derive(Debug)]
pub(super) enum Event {
    /// Objects as Graph gave them.
    Objects { token: &'static str, texts: Vec<Bytes>, is_deleted: bool },
    /// All links of one relation of an object.
    Links { source: ObjectKey, relation: &'static str, targets: Vec<String> },
    /// Links that came and went.
    ChangedLinks { source: ObjectKey, relation: &'static str, added: Vec<String>, removed: Vec<String> },
    /// An object is gone for good.
    Removed(ObjectKey),
    /// An object went into the bin, and no more is known.
    Binned(ObjectKey),
    /// An object could not be read, and stays.
    Kept(ObjectKey),
    /// The links of one relation of an object could not be read, and stay.
    KeptLinks(ObjectKey, &'static str),
    /// Something could not be read.
    Gap(Gap),
    /// Asks for the IDs of what the store has of a type and did not come until now.
    Missing { token: &'static str, bin: BinExtent, reply: tokio::sync::oneshot::Sender<Vec<String>> },
    /// Asks for the IDs of what came of a type, had links of a relation, and got none until now.
    Unlinked { token: &'static str, relation: &'static str, reply: tokio::sync::oneshot::Sender<Vec<String>> },
    /// Graph wants to be left alone until then.
    Waits(jiff::Timestamp),
}

/// Writes what was read into the backup.
pub(super) struct Writer<'b, 's> {
    backup: &'b mut Backup<'s>,
    shredder: Shredder,
    /// Types of which an object could not be understood.
    broken: Broken,
}

/// Types of which an object could not be understood, each with the reason.
pub(super) type Broken = BTreeMap<&'static str, String>;

impl<'b, 's> Writer<'b, 's> {
    pub(super) fn new(backup: &'b mut Backup<'s>) -> Self {
        Self { shredder: backup.shredder(), backup, broken: Broken::new() }
    }

    pub(super) fn take(&mut self, event: Event) -> Result<()> {
        match event {
            Event::Objects { token, texts, is_deleted } => {
                let mut shredded = texts
                    .iter()
                    .map(|text| self.shredder.push(&without_context(text), Some(token), is_deleted));
                if shredded.all(|pushed| pushed.is_ok()) {
                    let parts = self.shredder.take();
                    self.observe(Observation::Objects(parts))?;
                } else {
                    self.take_one_by_one(token, &texts, is_deleted)?;
                }
            }
            Event::Links { source, relation, targets } => {
                let targets: Vec<&str> = targets.iter().map(String::as_str).collect();
                self.observe(Observation::Links { source: &source, relation, targets: &targets })?;
            }
            Event::ChangedLinks { source, relation, added, removed } => {
                let added: Vec<&str> = added.iter().map(String::as_str).collect();
                let removed: Vec<&str> = removed.iter().map(String::as_str).collect();
                let (added, removed) = (added.as_slice(), removed.as_slice());
                self.observe(Observation::LinkChanges { source: &source, relation, added, removed })?;
            }
            Event::Removed(key) => self.observe(Observation::Gone(&key))?,
            Event::Binned(key) => self.observe(Observation::InBin { object: &key, deleted_at: None })?,
            Event::Kept(key) => self.observe(Observation::UnreadObject(&key))?,
            Event::KeptLinks(source, relation) => {
                self.observe(Observation::UnreadLinks { source: &source, relation })?;
            }
            Event::Gap(gap) => self.observe(Observation::Unread(gap))?,
            Event::Missing { token, bin, reply } => {
                // The receiver is dropped when the run ends; the answer is not needed then.
                let _outcome = reply.send(self.backup.missing(token, bin)?);
            }
            Event::Unlinked { token, relation, reply } => {
                let _outcome = reply.send(self.backup.unlinked(token, relation)?);
            }
            Event::Waits(_) => {}
        }
        Ok(())
    }

    fn observe(&mut self, observation: Observation<'_>) -> Result<()> {
        Ok(self.backup.observe(observation)?)
    }

    /// Takes the objects of a page of which one cannot be parsed; the type of that one is unknown.
    fn take_one_by_one(&mut self, token: &'static str, texts: &[Bytes], is_deleted: bool) -> Result<()> {
        self.shredder = self.backup.shredder();
        for text in texts {
            let mut shredder = self.backup.shredder();
            match shredder.push(&without_context(text), Some(token), is_deleted) {
                Ok(()) => self.observe(Observation::Objects(shredder.take()))?,
                Err(error) => {
                    self.broken.insert(token, format!("an object of the list cannot be understood: {error}"));
                }
            }
        }
        Ok(())
    }

    /// The types of which an object could not be understood: what did not come of them is not gone.
    pub(super) fn broken(self) -> Broken {
        self.broken
    }
}

/// What is unknown of a type when an object of its list could not be understood: of a list that several types share,
/// the type of that one is unknown.
pub(super) fn gap_of_broken(broken: &Broken, token: &str) -> Option<Gap> {
    if let Some(reason) = broken.get(token) {
        let (type_token, reason) = (token.to_owned(), reason.clone());
        return Some(Gap { type_token, scope: GapScope::Type, reason, count: 1 });
    }
    let resource = by_token(token)?;
    let list = resource.graph.list.as_ref()?;
    let shares = |other: &&str| by_token(other).is_some_and(|found| found.graph.list.as_ref() == Some(list));
    broken.keys().any(shares).then(|| list_gap(resource))
}

/// What is unknown of a type whose objects come in the list of another one, when that could not be read.
pub(super) fn list_gap(resource: &Type) -> Gap {
    let list = resource.graph.list.unwrap_or_default();
    let reason = format!("its objects come with others in {list}, which could not be read whole");
    Gap { type_token: resource.token.to_owned(), scope: GapScope::Type, reason, count: 1 }
}

/// An object without the `@odata.context` with which the answer begins when it is asked for alone: in a list it has none,
/// and it is the same object.
fn without_context(text: &[u8]) -> Cow<'_, [u8]> {
    let behind = || {
        let value = text.strip_prefix(b"{\"@odata.context\":\"")?;
        value[memchr::memchr(b'"', value)? + 1..].strip_prefix(b",")
    };
    behind().map_or(Cow::Borrowed(text), |rest| Cow::Owned([b"{", rest].concat()))
}

pub(super) fn key(token: &str, id: &str) -> ObjectKey {
    ObjectKey { type_token: Arc::from(token), id: id.to_owned() }
}

#[cfg(test)]
mod tests {
    use engine::coverage::GapScope;

    use super::{Broken, gap_of_broken};

    #[test]
    fn an_object_that_nobody_understands_may_be_of_any_type_of_its_list() {
        let first = "emailAuthenticationMethodConfiguration";
        let broken = Broken::from([(first, "expected an ID".to_owned())]);
        for token in
            [first, "fido2AuthenticationMethodConfiguration", "externalAuthenticationMethodConfiguration"]
        {
            let gap = gap_of_broken(&broken, token).expect(token);
            assert_eq!((gap.type_token.as_str(), &gap.scope), (token, &GapScope::Type));
        }
        // What lives below others has no list to share.
        let below = Broken::from([("appRoleAssignment", "expected an ID".to_owned())]);
        for token in ["user", "authenticationMethodsPolicy"] {
            assert_eq!(gap_of_broken(&broken, token), None, "{token}");
        }
        assert_eq!(gap_of_broken(&below, "federatedIdentityCredential"), None);
    }
}
