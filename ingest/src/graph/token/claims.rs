//! Owns what a token says of itself, as far as it can be read: who is signed in, in which tenant, with which permissions.
//!
//! Graph's documentation calls tokens opaque, so nothing here decides what Graph allows: this tells beforehand what it
//! will give as null, and who is signed in where Graph does not answer that.

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
    /// The tenant.
    #[serde(default, rename = "tid")]
    pub tenant_id: Option<String>,
    /// The user, or the service principal of an application.
    #[serde(default, rename = "oid")]
    pub object_id: Option<String>,
    /// The application.
    #[serde(default, rename = "appid", alias = "azp")]
    pub app_id: Option<String>,
    /// `app` or `user`, where the token says so.
    #[serde(default, rename = "idtyp")]
    kind: Option<String>,
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

    /// Whether a person is signed in.
    #[must_use]
    pub fn is_person(&self) -> bool {
        !self.scp.is_empty() || self.kind.as_deref() == Some("user")
    }

    /// Whether an application is signed in as itself.
    #[must_use]
    pub fn is_application(&self) -> bool {
        !self.is_person() && (self.kind.is_some() || !self.roles.is_empty())
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
        assert!(application.is_application() && application.tenant_id.as_deref() == Some("t"));
        let person = claims(r#"{"scp":"User.Read.All openid","oid":"o","azp":"a"}"#).unwrap();
        assert!(person.is_person() && !person.is_application());
        assert_eq!((person.object_id.as_deref(), person.app_id.as_deref()), (Some("o"), Some("a")));
        assert!(person.is_decisive() && person.has("openid"));
        let as_person = claims(r#"{"scp":"Directory.AccessAsUser.All openid"}"#).unwrap();
        assert!(!as_person.is_decisive());
        assert!(!claims("{}").unwrap().is_decisive());
        assert_eq!(claims("[1"), None);
        assert_eq!(Claims::of("opaque"), None);
    }
}
