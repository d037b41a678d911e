//! Owns the form of a plan in a file: JSON for people, hashed in a form that does not depend on the layout.

mod written;

use std::io::Write;

use engine::Store;
use rayon::prelude::*;
use serde::Serialize;
use serde_json::Value;

use super::{
    Body, FORMAT_VERSION, Named, Phase, Plan, PlanObject, RequestTemplate, Step, StepKind, StepLink, check,
};
use crate::plan::{Error, Result};
use engine::schema::Version;

/// What is not hashed: the hash, and what is made of it.
const UNHASHED: [&str; 3] = ["hash", "seal", "signatures"];

/// What the seals of plans are for.
const SEAL_PURPOSE: &str = "recovery plan";

impl Plan {
    /// Writes the file: indented JSON. Its text is never whole in memory.
    ///
    /// # Errors
    /// What the writer says.
    pub fn write_file(&self, out: &mut dyn Write) -> std::io::Result<()> {
        serde_json::to_writer_pretty(&mut *out, self)?;
        out.write_all(b"\n")
    }

    /// The file: see [`Plan::write_file`].
    ///
    /// # Panics
    /// Never: a plan is made of texts, numbers and maps with text keys, and memory takes everything.
    #[must_use]
    pub fn to_file_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.write_file(&mut bytes).expect("a plan is JSON");
        bytes
    }

    /// Reads a file, and checks its format version, its hash and its steps.
    ///
    /// # Errors
    /// `Text` when it is no plan in JSON, `NewerFormat` when a newer version wrote it, `Edited` when its hash
    /// is not that of its content, `Step` when a step cannot run or sends something else than it shows.
    pub fn from_file_bytes(bytes: &[u8]) -> Result<Self> {
        let text = |error: serde_json::Error| Error::Text {
            line: error.line(),
            column: error.column(),
            what: what_of(&error),
        };
        let frame = written::frame(bytes).map_err(text)?;
        let version = frame.get("formatVersion").and_then(Value::as_u64).unwrap_or_default();
        if version > u64::from(FORMAT_VERSION) {
            return Err(Error::NewerFormat { found: version, known: FORMAT_VERSION });
        }
        let plan: Self = serde_json::from_slice(bytes).map_err(text)?;
        // The hash is over the content of the file, so that nothing can be added that this program does not read.
        let expected = written::hash(bytes, &frame).map_err(text)?;
        if expected != plan.hash {
            return Err(Error::Edited { expected, found: plan.hash });
        }
        plan.check_steps()?;
        Ok(plan)
    }

    /// Checks that every step can run, and that what each sends is what its kind, object, values and links say.
    ///
    /// # Errors
    /// `Step`, naming the step.
    pub fn check_steps(&self) -> Result<()> {
        check::steps(&self.steps)
    }

    /// Computes the hash, and seals it with the key of a store.
    pub fn seal(&mut self, store: &Store) {
        self.hash = self.compute_hash();
        self.seal = store.seal(SEAL_PURPOSE, &self.hash);
    }

    /// Checks that a store made the plan.
    ///
    /// # Errors
    /// `Seal`.
    pub fn check_seal(&self, store: &Store) -> Result<()> {
        if store.is_sealed(SEAL_PURPOSE, &self.hash, &self.seal) {
            return Ok(());
        }
        let found = if self.seal.is_empty() { "none" } else { "the seal of another store" };
        Err(Error::Seal { found, hash: self.hash.clone() })
    }

    /// The hash of everything but `hash`, `seal` and `signatures`.
    ///
    /// # Panics
    /// Never: see [`Plan::to_file_bytes`].
    #[must_use]
    pub fn compute_hash(&self) -> String {
        let frame = serde_json::to_value(self.frame()).expect("a plan is JSON");
        let Value::Object(members) = frame else { return String::new() };
        let mut hasher = blake3::Hasher::new();
        let mut separator = "{";
        for (name, value) in members.iter().filter(|(name, _)| !UNHASHED.contains(&name.as_str())) {
            write!(hasher, "{separator}\"{name}\":").expect("a hasher takes everything");
            separator = ",";
            if name == "steps" {
                hash_steps(&self.steps, &mut hasher);
            } else {
                serde_json::to_writer(&mut hasher, value).expect("a hasher takes everything");
            }
        }
        hasher.update(b"}");
        hasher.finalize().to_hex().to_string()
    }

    /// Everything but the steps.
    fn frame(&self) -> Self {
        Self {
            format_version: self.format_version,
            plan_id: self.plan_id.clone(),
            tenant_id: self.tenant_id.clone(),
            created_at: self.created_at,
            from: self.from.clone(),
            to: self.to.clone(),
            query: self.query.clone(),
            options: self.options.clone(),
            steps: Vec::new(),
            skipped: self.skipped.clone(),
            unfixable: self.unfixable.clone(),
            unread: self.unread.clone(),
            guards: self.guards.clone(),
            permissions: self.permissions.clone(),
            estimate: self.estimate,
            hash: String::new(),
            seal: String::new(),
            signatures: Vec::new(),
        }
    }

    /// Checks that the plan is as it was made.
    ///
    /// # Errors
    /// `Edited`.
    pub fn verify_hash(&self) -> Result<()> {
        let expected = self.compute_hash();
        if expected == self.hash {
            return Ok(());
        }
        Err(Error::Edited { expected, found: self.hash.clone() })
    }
}

/// The parser's words without line and column, which are facts of their own.
fn what_of(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let end = text.rfind(" at line ").unwrap_or(text.len());
    text[..end].to_owned()
}

/// The steps' canonical texts, made in parallel: they are nearly all of a plan.
fn hash_steps(steps: &[Step], hasher: &mut blake3::Hasher) {
    let text = |step: &Step| serde_json::to_vec(&CanonicalStep::of(step)).expect("a step is JSON");
    hasher.update(b"[");
    let mut separator: &[u8] = b"";
    for steps in steps.chunks(STEP_COUNT_MAX) {
        let texts: Vec<Vec<u8>> = steps.par_iter().with_min_len(64).map(text).collect();
        for text in texts {
            hasher.update(separator).update(&text);
            separator = b",";
        }
    }
    hasher.update(b"]");
}

/// Steps whose texts are held at a time.
const STEP_COUNT_MAX: usize = 4096;

/// A step with its members in order, so that no tree is made of it first.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CanonicalStep<'s> {
    after: &'s Named,
    before: &'s Named,
    depends_on: &'s [String],
    id: &'s str,
    kind: StepKind,
    links: Vec<CanonicalLink<'s>>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    notes: &'s [String],
    object: CanonicalObject<'s>,
    phase: Phase,
    request: CanonicalRequest<'s>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CanonicalLink<'s> {
    relation: &'s str,
    target_id: &'s str,
    target_name: &'s str,
    target_type: &'s str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CanonicalObject<'s> {
    display_name: &'s str,
    id: &'s str,
    #[serde(rename = "type")]
    type_token: &'s str,
}

#[derive(Serialize)]
struct CanonicalRequest<'s> {
    body: &'s Body,
    method: &'s str,
    path: &'s str,
    version: Version,
}

impl<'s> CanonicalStep<'s> {
    fn of(step: &'s Step) -> Self {
        let Step { id, kind, phase, object, before, after, links, depends_on, request, notes } = step;
        let link = |link: &'s StepLink| {
            let StepLink { relation, target_id, target_type, target_name } = link;
            CanonicalLink { relation, target_id, target_name, target_type }
        };
        let PlanObject { id: object_id, type_token, display_name } = object;
        let RequestTemplate { method, version, path, body } = request;
        Self {
            after,
            before,
            depends_on,
            id,
            kind: *kind,
            links: links.iter().map(link).collect(),
            notes,
            object: CanonicalObject { display_name, id: object_id, type_token },
            phase: *phase,
            request: CanonicalRequest { body, method, path, version: *version },
        }
    }
}
