//! Owns what a token says of who asks: its permissions, as far as it can be read. Nobody else's word is taken for it, and
//! Graph alone decides; this only tells beforehand what it will give as null.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

/// With this scope a person may read what the roles of that person allow, which no token tells.
const AS_PERSON: &str = "Directory.AccessAsUser.All";

/// What a token says of who asks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Claims {
    /// Permissions of an application.
    #[serde(default)]
    roles: Vec<String>,
    /// Permissions that a person gave, with blanks between them.
    #[serde(default)]
    scp: String,
}

impl Claims {
    /// Reads a token's claims; none when it is not in the readable form.
    pub(crate) fn of(token: &str) -> Option<Self> {
        let mut parts = token.split('.');
        let (_, claims, _) = (parts.next()?, parts.next()?, parts.next()?);
        let bytes = URL_SAFE_NO_PAD.decode(claims.trim_end_matches('=')).ok()?;
        serde_json::from_slice(&bytes).ok()
    }

    /// Whether they name every permission that counts.
    #[must_use]
    pub fn is_decisive(&self) -> bool {
        let mut scopes = self.scp.split_ascii_whitespace();
        !self.roles.is_empty() || (!self.scp.is_empty() && !scopes.any(|scope| scope == AS_PERSON))
    }

    /// Whether they name a permission.
    #[must_use]
    pub fn has(&self, permission: &str) -> bool {
        let is_it = |name: &str| name.eq_ignore_ascii_case(permission);
        self.roles.iter().any(|role| is_it(role)) || self.scp.split_ascii_whitespace().any(is_it)
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::Claims;

    fn claims(json: &str) -> Option<Claims> {
        Claims::of(&format!("{}.{}.x", URL_SAFE_NO_PAD.encode("{}"), URL_SAFE_NO_PAD.encode(json)))
    }

    #[test]
    fn permissions_are_read_from_roles_and_scopes_and_nothing_is_made_of_other_tokens() {
        let application = claims(r#"{"roles":["User.Read.All"],"tid":"t"}"#).unwrap();
        assert!(
            application.is_decisive() && application.has("user.read.all") && !application.has("User.Read")
        );
        let person = claims(r#"{"scp":"User.Read.All openid"}"#).unwrap();
        assert!(person.is_decisive() && person.has("openid"));
        let as_person = claims(r#"{"scp":"Directory.AccessAsUser.All openid"}"#).unwrap();
        assert!(!as_person.is_decisive());
        assert!(!claims("{}").unwrap().is_decisive());
        assert_eq!(claims("[1"), None);
        assert_eq!(Claims::of("opaque"), None);
    }
}
