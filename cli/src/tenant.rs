//! Owns how a tenant is called wherever it is printed: the name and ID of the tenant that a store holds.

use engine::schema::TypeId;
use engine::{BackupId, Snapshot, Store};

/// Letters of a name in a prompt.
const PROMPT_NAME_MAX: usize = 24;

/// The name and ID of a tenant; what is unknown is empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct TenantIdentity {
    pub(crate) id: String,
    pub(crate) name: String,
}

impl TenantIdentity {
    /// The tenant of a store, by the name that its newest backup has. A backup that cannot be read gives no name: what
    /// reads the store besides says why.
    pub(crate) fn of(store: &Store) -> Self {
        match store.backups().last() {
            Some(newest) => Self::at(store, &newest.id),
            None => Self { id: store.tenant().unwrap_or_default().to_owned(), name: String::new() },
        }
    }

    /// The tenant of a store, by the name that it had at a backup.
    pub(crate) fn at(store: &Store, backup: &BackupId) -> Self {
        let organization = store.snapshot(backup).ok().and_then(|snapshot| organization(&snapshot));
        let (id, name) = organization.unwrap_or_default();
        Self { id: store.tenant().map_or(id, str::to_owned), name }
    }

    /// Whether neither name nor ID is known.
    pub(crate) fn is_unknown(&self) -> bool {
        self.id.is_empty() && self.name.is_empty()
    }

    /// The name for a prompt: short, else the beginning of the ID; empty when nothing is known.
    pub(crate) fn short(&self) -> String {
        match (self.name.as_str(), self.id.get(..8)) {
            ("", start) => start.unwrap_or_default().to_owned(),
            (name, _) if name.chars().count() <= PROMPT_NAME_MAX => name.to_owned(),
            (name, _) => name.chars().take(PROMPT_NAME_MAX - 1).chain(['…']).collect(),
        }
    }
}

impl std::fmt::Display for TenantIdentity {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.name.as_str(), self.id.as_str()) {
            ("", "") => formatter.write_str("of unknown ID"),
            ("", id) => formatter.write_str(id),
            (name, "") => formatter.write_str(name),
            (name, id) => write!(formatter, "{name} ({id})"),
        }
    }
}

/// ID and name of the only organization of a snapshot.
fn organization(snapshot: &Snapshot) -> Option<(String, String)> {
    let object = snapshot.objects(TypeId::Organization.token()).ok()?.next()?.ok()?;
    Some((object.key.id.clone(), object.display_name()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(id: &str, name: &str) -> TenantIdentity {
        TenantIdentity { id: id.to_owned(), name: name.to_owned() }
    }

    #[test]
    fn a_tenant_is_called_by_what_is_known() {
        let id = "3f0e7a52-7a0c-4a6e-9d5c-2b8f1c9d0a11";
        assert_eq!(identity(id, "Contoso").to_string(), format!("Contoso ({id})"));
        assert_eq!(identity(id, "").to_string(), id);
        assert_eq!(identity("", "Contoso").to_string(), "Contoso");
        assert!(identity("", "").is_unknown());
    }

    #[test]
    fn a_prompt_has_a_short_name() {
        assert_eq!(identity("3f0e7a52-7a0c", "").short(), "3f0e7a52");
        assert_eq!(identity("", "Contoso").short(), "Contoso");
        let long = identity("", "A corporation with a name of many letters").short();
        assert_eq!(long, "A corporation with a na…");
        assert_eq!(identity("", "").short(), "");
    }
}
