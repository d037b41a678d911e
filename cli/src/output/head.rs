//! What stands at the top of a page or a document: which tenant it is of, which points in time, who made it and when,
//! and what was not read.

use engine::coverage::Unread;
use jiff::Timestamp;

use super::text::people_time;
use super::unread;
use crate::tenant::TenantIdentity;

/// The version of the program.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The top of a page or a document.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Head {
    pub(crate) title: String,
    pub(crate) tenant: TenantIdentity,
    /// What it is about: a label and what stands behind it.
    pub(crate) facts: Vec<(&'static str, String)>,
    pub(crate) unread: Vec<Unread>,
    /// When it was made; none where nothing says it.
    pub(crate) made: Option<Timestamp>,
}

impl Head {
    /// A title alone.
    pub(crate) fn titled(title: impl Into<String>) -> Self {
        Self { title: title.into(), ..Self::default() }
    }

    /// All facts, those of tenant and program among them, with what is unknown left out.
    pub(crate) fn all_facts(&self) -> Vec<(&'static str, String)> {
        let tenant = if self.tenant.is_unknown() { String::new() } else { self.tenant.to_string() };
        let mut facts = vec![("Tenant", tenant)];
        facts.extend(self.facts.iter().cloned());
        facts.push(("Made", self.made()));
        facts.retain(|(_, value)| !value.is_empty());
        facts
    }

    /// When and by which program the page was made.
    fn made(&self) -> String {
        let by = format!("entrasnap {VERSION}");
        self.made.map_or_else(|| by.clone(), |made| format!("{}, by {by}", people_time(made)))
    }

    /// What was not read, a sentence for each side.
    pub(crate) fn unread_sentences(&self) -> Vec<String> {
        unread::sentences(&self.unread, true)
    }

    /// The line at the top of each printed page.
    pub(crate) fn running(&self) -> String {
        let tenant = if self.tenant.name.is_empty() { &self.tenant.id } else { &self.tenant.name };
        let parts = [&self.title, tenant].into_iter().filter(|part| !part.is_empty());
        parts.map(String::as_str).collect::<Vec<_>>().join(" · ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_names_the_tenant_and_leaves_out_what_is_unknown() {
        let tenant = TenantIdentity { name: "Contoso".to_owned(), id: "t1".to_owned() };
        let facts = vec![("From", "monday".to_owned()), ("By", String::new())];
        let made = Some(Timestamp::UNIX_EPOCH);
        let head = Head { tenant, facts, made, ..Head::titled("What changed") };
        let all = head.all_facts();
        assert_eq!(all[0], ("Tenant", "Contoso (t1)".to_owned()));
        assert_eq!(all[1], ("From", "monday".to_owned()));
        assert!(all[2].1.starts_with("1970-01-01 00:00:00Z, by entrasnap "), "{all:?}");
        assert_eq!(all.len(), 3);
        assert_eq!(head.running(), "What changed · Contoso");
        let unknown = Head::titled("x");
        assert_eq!(unknown.all_facts().len(), 1);
    }
}
