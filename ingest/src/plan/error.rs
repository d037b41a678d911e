//! Owns what can go wrong while a plan is made, read, checked or signed.

use super::StepFault;

/// The result of making, reading or signing a plan.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong while a plan is made, read, checked or signed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The store refused.
    #[error(transparent)]
    Store(#[from] engine::Error),
    /// A file is no plan.
    #[error("line {line}, column {column}: expected a recovery plan in JSON: {what}")]
    Text {
        /// Line, from 1.
        line: usize,
        /// Column in bytes, from 1.
        column: usize,
        /// What the parser found.
        what: String,
    },
    /// A newer version of the program made the plan.
    #[error("the plan has format version {found}, this program knows {known}")]
    NewerFormat {
        /// The version in the file.
        found: u64,
        /// The newest version that is known.
        known: u32,
    },
    /// The plan is not as it was made.
    #[error("the plan was edited: its content has the hash {expected}, it says {found}")]
    Edited {
        /// The hash of its content.
        expected: String,
        /// The hash that it says.
        found: String,
    },
    /// The backups are of another tenant than the one the plan is for.
    #[error("expected backups of the tenant {expected}, found those of {found}")]
    OtherTenant {
        /// The tenant that the plan is for.
        expected: String,
        /// The tenant of the backups.
        found: String,
    },
    /// A step of a plan cannot run, or does not send what it shows.
    #[error("step {step} of the plan: {fault}")]
    Step {
        /// The step's ID.
        step: String,
        /// What was expected and found.
        fault: Box<StepFault>,
    },
    /// Another store made the plan, or it has no seal.
    #[error("expected a plan with the seal of this store, found {found}")]
    Seal {
        /// What was found instead.
        found: &'static str,
        /// The plan's hash.
        hash: String,
    },
    /// A text that should be a public key is none.
    #[error("\"{key}\": expected a public key, such as \"ssh-ed25519 AAAA…\"")]
    PublicKey {
        /// The text.
        key: String,
    },
    /// A text that should be a private key is none, or is of another kind, or has a passphrase.
    #[error("expected a private Ed25519 key without a passphrase, as `ssh-keygen -t ed25519` makes it")]
    PrivateKey,
    /// More signatures are required than keys may give.
    #[error(
        "expected no more signatures than keys, found {required} required signatures and {keys} listed keys"
    )]
    SignatureRule {
        /// How many are required.
        required: usize,
        /// How many keys are listed.
        keys: usize,
    },
    /// A signature is none of this plan.
    #[error("a signature of the plan: {0}")]
    Signature(SignatureProblem),
    /// Too few people signed the plan.
    #[error("the plan needs {required} of the signatures that are listed, and has {found}")]
    Unsigned {
        /// How many it needs.
        required: usize,
        /// How many of the listed keys signed it.
        found: usize,
    },
}

/// The kind of an error: one for each way in which callers go on, and the same name as the variant of [`Error`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the variants of `Error` say what they are")]
pub enum ErrorKind {
    Store,
    Text,
    NewerFormat,
    Edited,
    OtherTenant,
    Step,
    Seal,
    PublicKey,
    PrivateKey,
    SignatureRule,
    Signature,
    Unsigned,
}

impl Error {
    /// The kind of this error.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Store(_) => ErrorKind::Store,
            Self::Text { .. } => ErrorKind::Text,
            Self::NewerFormat { .. } => ErrorKind::NewerFormat,
            Self::Edited { .. } => ErrorKind::Edited,
            Self::OtherTenant { .. } => ErrorKind::OtherTenant,
            Self::Step { .. } => ErrorKind::Step,
            Self::Seal { .. } => ErrorKind::Seal,
            Self::PublicKey { .. } => ErrorKind::PublicKey,
            Self::PrivateKey => ErrorKind::PrivateKey,
            Self::SignatureRule { .. } => ErrorKind::SignatureRule,
            Self::Signature(_) => ErrorKind::Signature,
            Self::Unsigned { .. } => ErrorKind::Unsigned,
        }
    }
}

/// What was expected of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureProblem {
    /// The text is not base64.
    #[error("expected base64")]
    NotBase64,
    /// It is in another form.
    #[error("expected one of an Ed25519 key, as OpenSSH makes it")]
    OtherForm,
    /// It was made for another purpose.
    #[error("expected the namespace entrasnap-plan")]
    OtherNamespace,
    /// Its key is of another kind.
    #[error("expected an Ed25519 key")]
    OtherKey,
    /// It is of another plan.
    #[error("expected one of this plan's hash, found another's")]
    OtherHash,
}
