//! What to do about each kind of error of plans and their signatures.

use ingest::plan::{Error, ErrorKind};

use super::super::{Failure, Status};

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let message = error.to_string();
        let failed = |code, help: &str| Self::new(code, Status::Failed, message.as_str()).with_help(help);
        let refused = |code, help: &str| Self::new(code, Status::Refused, message.as_str()).with_help(help);
        match error.kind() {
            ErrorKind::Store => match error {
                Error::Store(error) => error.into(),
                _ => failed("ingest", ""),
            },
            ErrorKind::Text => failed("plan", "make the plan again"),
            ErrorKind::NewerFormat => {
                failed("newerFormat", "make the plan again, or apply it with the program that made it")
            }
            ErrorKind::Edited => refused("planEdited", "make a new plan that has what is wanted"),
            ErrorKind::OtherTenant => refused("otherTenant", "name the store of that tenant"),
            ErrorKind::Step => refused("planStep", "make the plan anew"),
            ErrorKind::Seal => refused("planSeal", &help_of_seal(&error)),
            ErrorKind::PrivateKey => failed(
                "invalid",
                "any other signs with `ssh-keygen -Y sign -n entrasnap-plan` a file that holds the hash, and \
                 `--signature` takes that",
            ),
            ErrorKind::PublicKey | ErrorKind::SignatureRule | ErrorKind::Signature => failed("invalid", ""),
            ErrorKind::Unsigned => refused(
                "refused",
                "config.json lists whose: read the plan, then `entrasnap plan sign FILE --key KEY`",
            ),
        }
    }
}

fn help_of_seal(error: &Error) -> String {
    let Error::Seal { hash, .. } = error else { return String::new() };
    format!(
        "apply it with the store that made it, or make it anew; after reading it, `--accept-unsealed --hash {hash}` \
         applies it all the same"
    )
}
