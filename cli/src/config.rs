//! Owns `config.json` in the folder of the store: what a team agreed on for all runs.

use std::path::Path;
use std::time::Duration;

use engine::{BackupId, Store};
use ingest::plan::{GuardLimits, SignatureRule};
use jiff::SignedDuration;
use serde::Deserialize;

use crate::args::tenant::parse_duration;
use crate::error::{Failure, Outcome};

/// The file's name.
const FILE: &str = "config.json";

/// What the file may say; everything may be left out.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct Config {
    /// IDs or user principal names of accounts that no conditional access policy may cover.
    break_glass_accounts: Vec<String>,
    /// When a plan is too large or too old.
    limits: Limits,
    /// `reader` may plan, and not apply.
    profile: Option<PermittedUse>,
    /// What plans need before they are applied.
    plan: PlanRules,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct PlanRules {
    /// Whose signatures.
    signatures: Signatures,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Signatures {
    /// How many of the keys must have signed.
    required: usize,
    /// Public keys, `ssh-ed25519 …`.
    keys: Vec<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Limits {
    /// Objects that a plan may touch.
    too_many_objects: Option<usize>,
    /// Of a type, in percent.
    too_many_percent: Option<f64>,
    /// How old the newest state may be, such as `1d`.
    stale_after: Option<String>,
}

/// What runs with this store may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum PermittedUse {
    Reader,
    Administrator,
}

impl Config {
    /// Reads the file; nothing is agreed on where there is none.
    ///
    /// # Errors
    /// When it cannot be read, is no JSON, or has unknown keys.
    pub(crate) fn read(store: &Path) -> Outcome<Self> {
        let path = store.join(FILE);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(Failure::file("cannot read", &path, &error)),
        };
        serde_json::from_str(&text).map_err(|error| {
            let help = "it may hold breakGlassAccounts, limits (tooManyObjects, tooManyPercent, staleAfter), profile (reader, administrator) and plan (signatures: required, keys)";
            let failure = Failure::usage(format!("{}: {error}", path.display())).with_help(help);
            Failure { file: Some(path.display().to_string().into()), line: Some(error.line() as u64), ..failure }
        })
    }

    /// Whether runs with this store must not change the tenant.
    pub(crate) fn is_reader(&self) -> bool {
        self.profile == Some(PermittedUse::Reader)
    }

    /// The IDs of the break-glass accounts.
    ///
    /// # Errors
    /// When one names no object at this backup: a guard without an account would be a false comfort.
    pub(crate) fn break_glass_ids(&self, store: &Store, backup: &BackupId) -> Outcome<Vec<String>> {
        self.break_glass_accounts.iter().map(|name| Ok(store.find(name, backup)?.id)).collect()
    }

    /// Whose signatures a plan needs.
    pub(crate) fn signatures(&self) -> SignatureRule {
        let Signatures { required, keys } = &self.plan.signatures;
        SignatureRule { required: *required, keys: keys.clone() }
    }

    /// When a plan is too large or too old.
    pub(crate) fn limits(&self, otherwise: GuardLimits) -> GuardLimits {
        GuardLimits {
            object_count_max: self.limits.too_many_objects.unwrap_or(otherwise.object_count_max),
            type_share_max: self
                .limits
                .too_many_percent
                .map_or(otherwise.type_share_max, |percent| percent / 100.0),
            age_max: self.age_max().unwrap_or(otherwise.age_max),
            ..otherwise
        }
    }

    fn age_max(&self) -> Option<SignedDuration> {
        let age: Duration = parse_duration(self.limits.stale_after.as_deref()?).ok()?;
        SignedDuration::try_from(age).ok()
    }
}
