//! Owns `tenants.json` in the user's configuration folder: which tenants this user works with, each by a name.
//!
//! A profile says where the store of a tenant is and how the tenant is reached. It never holds a secret: it names the
//! environment variable that does. While a verb runs for a profile ([`Profile::variable`]), what decides which tenant is
//! reached (ID, endpoints, cloud) comes from the profile alone, so that variables of another tenant are never mixed in.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use engine::disk::create_private_folder;
use serde::{Deserialize, Serialize};

use crate::error::{Failure, Outcome, Status};
use crate::io::{Io, write_file};

/// The file's name.
const FILE: &str = "tenants.json";
/// Most letters of the name of a profile.
const NAME_MAX: usize = 64;

/// The profiles of a user, in the order of their names.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Profiles {
    #[serde(default)]
    tenants: Vec<Profile>,
}

/// Where the store of a tenant is, and how the tenant is reached. Empty texts are unknown.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Profile {
    pub(crate) name: String,
    pub(crate) store: PathBuf,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) tenant_id: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) client_id: String,
    /// A value of `--auth`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) auth: String,
    /// A value of `--cloud`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) cloud: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) graph_endpoint: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) authority: String,
    /// The name of the environment variable with the secret of the application.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) secret_variable: String,
    /// A PEM file with certificate and key of the application.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) certificate: Option<PathBuf>,
}

impl Profile {
    /// What a variable of the environment is while a verb runs for this profile.
    pub(crate) fn variable(
        &self,
        name: &str,
        environment: &dyn Fn(&str) -> Option<OsString>,
    ) -> Option<OsString> {
        let own = |text: &str| (!text.is_empty()).then(|| OsString::from(text));
        match name {
            "ENTRASNAP_STORE" => Some(self.store.clone().into_os_string()),
            "AZURE_TENANT_ID" => own(&self.tenant_id),
            "AZURE_CLIENT_ID" => own(&self.client_id),
            "ENTRASNAP_AUTH" => own(&self.auth),
            "ENTRASNAP_CLOUD" => own(&self.cloud),
            "ENTRASNAP_GRAPH_ENDPOINT" => own(&self.graph_endpoint),
            "AZURE_AUTHORITY_HOST" => own(&self.authority),
            "AZURE_CLIENT_SECRET" if !self.secret_variable.is_empty() => environment(&self.secret_variable),
            // A certificate of its own goes before a secret that the environment has for another tenant.
            "AZURE_CLIENT_SECRET" if self.certificate.is_some() => None,
            "AZURE_CLIENT_CERTIFICATE_PATH" if self.certificate.is_some() => {
                self.certificate.as_ref().map(|path| path.clone().into_os_string())
            }
            _ => environment(name),
        }
    }

    /// # Errors
    /// Which value is not what was expected. The value of `secretVariable` is not repeated: it may be a secret.
    fn check(&self) -> Outcome<()> {
        let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
        if self.name.is_empty() || self.name.len() > NAME_MAX || !self.name.chars().all(is_plain) {
            let message = format!(
                "the name of a tenant is \"{}\": expected 1 to {NAME_MAX} letters, digits, -, _ or .",
                self.name
            );
            return Err(Failure::usage(message));
        }
        let mut letters = self.secret_variable.chars();
        let is_variable = letters.next().is_none_or(|first| first.is_ascii_alphabetic() || first == '_')
            && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
        if !is_variable {
            let message = format!(
                "tenant {}: the variable of the secret is no name of a variable: expected letters, digits and _",
                self.name
            );
            let help =
                "it is the name of an environment variable, such as CONTOSO_SECRET, never the secret itself";
            return Err(Failure::usage(message).with_help(help));
        }
        if self.store.is_relative() {
            let message = format!(
                "tenant {}: the store is \"{}\": expected an absolute path",
                self.name,
                self.store.display()
            );
            return Err(Failure::usage(message));
        }
        Ok(())
    }
}

impl Profiles {
    /// Reads the file; there are no profiles where there is none.
    ///
    /// # Errors
    /// When it cannot be read, is no JSON, or holds what no profile has.
    pub(crate) fn read(io: &Io<'_>) -> Outcome<Self> {
        let Some(path) = path(io) else { return Ok(Self::default()) };
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(Failure::file("cannot read", &path, &error)),
        };
        let in_file = |failure: Failure, line| Failure {
            file: Some(path.display().to_string().into()),
            line,
            ..failure
        };
        let read: Self = serde_json::from_str(&text).map_err(|error| {
            let message = format!("{}: {error}", path.display());
            let help = "it holds {\"tenants\": [...]}; `entrasnap tenant add` writes it";
            in_file(Failure::usage(message).with_help(help), Some(error.line() as u64))
        })?;
        read.tenants.iter().try_for_each(Profile::check).map_err(|failure| in_file(failure, None))?;
        Ok(read)
    }

    /// Writes the file whole; only its owner may read it.
    ///
    /// # Errors
    /// When there is no folder for it, or it cannot be written.
    pub(crate) fn write(&self, io: &Io<'_>) -> Outcome<()> {
        let Some(path) = path(io) else {
            let help = "set ENTRASNAP_CONFIG_DIR to a folder of your own";
            return Err(
                Failure::usage("there is no folder for the configuration of this user").with_help(help)
            );
        };
        let folder = path.parent().unwrap_or(Path::new("."));
        create_private_folder(folder).map_err(|error| Failure::file("cannot create", folder, &error))?;
        let text = serde_json::to_string_pretty(self)
            .map_err(|error| Failure::new("io", Status::Failed, error.to_string()))?;
        let written = write_file(&*io.disk, &path, &|out| out.write_all(format!("{text}\n").as_bytes()));
        written.and_then(|durable| durable).map_err(|error| Failure::file("cannot write", &path, &error))
    }

    /// All profiles, by name.
    pub(crate) fn all(&self) -> &[Profile] {
        &self.tenants
    }

    /// The profile of a name; upper and lower case are the same.
    ///
    /// # Errors
    /// When there is none, with the names that there are.
    pub(crate) fn get(&self, name: &str) -> Outcome<&Profile> {
        let found = self.tenants.iter().find(|profile| profile.name.eq_ignore_ascii_case(name));
        found.ok_or_else(|| {
            let names: Vec<&str> = self.tenants.iter().map(|profile| profile.name.as_str()).collect();
            let help = match names.as_slice() {
                [] => "`entrasnap tenant add NAME --store DIR` adds one".to_owned(),
                names => format!("there are: {}", names.join(", ")),
            };
            Failure::usage(format!("there is no tenant \"{name}\"")).with_help(help)
        })
    }

    /// Adds a profile.
    ///
    /// # Errors
    /// When its name is taken, or it holds what no profile may.
    pub(crate) fn add(&mut self, profile: Profile) -> Outcome<()> {
        profile.check()?;
        if self.get(&profile.name).is_ok() {
            let help = "`entrasnap tenant remove` removes it; its store stays";
            let message = format!("there is already a tenant \"{}\"", profile.name);
            return Err(Failure::usage(message).with_help(help));
        }
        self.tenants.push(profile);
        self.tenants.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(())
    }

    /// Removes a profile; its store stays.
    ///
    /// # Errors
    /// When there is none.
    pub(crate) fn remove(&mut self, name: &str) -> Outcome<Profile> {
        let found = self.get(name)?.clone();
        self.tenants.retain(|profile| *profile != found);
        Ok(found)
    }
}

/// The file; nothing when the user has no folder for configuration.
fn path(io: &Io<'_>) -> Option<PathBuf> {
    if let Some(folder) = io.variable("ENTRASNAP_CONFIG_DIR") {
        return Some(io.current_dir.join(folder).join(FILE));
    }
    let absolute = |name: &str| io.variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = absolute("XDG_CONFIG_HOME").or_else(|| absolute("APPDATA"));
    let base = base.or_else(|| absolute("HOME").map(|home| home.join(".config")))?;
    Some(base.join("entrasnap").join(FILE))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile() -> Profile {
        Profile {
            name: "contoso".to_owned(),
            store: std::env::temp_dir().join("contoso.store"),
            tenant_id: "3f0e7a52-7a0c-4a6e-9d5c-2b8f1c9d0a11".to_owned(),
            secret_variable: "CONTOSO_SECRET".to_owned(),
            ..Profile::default()
        }
    }

    #[test]
    fn a_profile_decides_alone_which_tenant_is_reached() {
        let environment = |name: &str| Some(OsString::from(format!("other {name}")));
        let variable = |name: &str| profile().variable(name, &environment);
        assert_eq!(variable("AZURE_TENANT_ID"), Some(profile().tenant_id.into()));
        assert_eq!(variable("AZURE_CLIENT_ID"), None, "that of another tenant would sign in elsewhere");
        assert_eq!(variable("ENTRASNAP_GRAPH_ENDPOINT"), None);
        assert_eq!(variable("AZURE_CLIENT_SECRET"), Some("other CONTOSO_SECRET".into()));
        assert_eq!(variable("NO_COLOR"), Some("other NO_COLOR".into()));
    }

    #[test]
    fn a_certificate_goes_before_a_secret_of_another_tenant() {
        let with = Profile { secret_variable: String::new(), certificate: Some("c.pem".into()), ..profile() };
        let environment = |name: &str| Some(OsString::from(format!("other {name}")));
        assert_eq!(with.variable("AZURE_CLIENT_SECRET", &environment), None);
        assert_eq!(with.variable("AZURE_CLIENT_CERTIFICATE_PATH", &environment), Some("c.pem".into()));
    }

    #[test]
    fn what_is_no_name_is_refused_and_never_repeated() {
        let mut profiles = Profiles::default();
        let secret = "q8Q~with-letters.of_a-secret";
        let odd = Profile { secret_variable: secret.to_owned(), ..profile() };
        let failure = profiles.add(odd).unwrap_err();
        assert!(!failure.message.contains(secret) && !failure.help.contains(secret), "{failure:?}");
        profiles.add(Profile { name: "a b".to_owned(), ..profile() }).unwrap_err();
        profiles.add(Profile { store: "relative".into(), ..profile() }).unwrap_err();
        profiles.add(profile()).unwrap();
        let again = profiles.add(Profile { name: "Contoso".to_owned(), ..profile() }).unwrap_err();
        assert!(again.message.contains("already"), "{again:?}");
        assert_eq!(profiles.get("CONTOSO").unwrap(), &profile());
        assert_eq!(profiles.remove("contoso").unwrap(), profile());
        assert!(profiles.all().is_empty());
    }

    #[test]
    fn a_file_with_a_secret_in_it_is_refused() {
        let text = r#"{"tenants":[{"name":"a","store":"/s","clientSecret":"x"}]}"#;
        let error = serde_json::from_str::<Profiles>(text).unwrap_err().to_string();
        assert!(error.contains("unknown field `clientSecret`"), "{error}");
    }
}
