//! Owns what an access token says of itself: whose it is, and in which tenant.
//!
//! Graph's documentation calls tokens opaque, and so nothing here decides what Graph allows; it only tells who is
//! signed in where Graph does not answer that.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use super::client::Client;
use super::error::Result;

impl Client {
    /// The claims of the token that requests go with; null when it holds none that can be read.
    ///
    /// # Errors
    /// `SignIn`, `Unreachable` or `Cancelled`.
    pub async fn claims(&self) -> Result<Value> {
        let token = self.token(None).await?;
        Ok(claims_of(token.secret.reveal()))
    }
}

fn claims_of(token: &str) -> Value {
    let Some(middle) = token.split('.').nth(1) else { return Value::Null };
    let bytes = URL_SAFE_NO_PAD.decode(middle.trim_end_matches('=')).unwrap_or_default();
    serde_json::from_slice(&bytes).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_are_read_from_the_middle_and_anything_else_has_none() {
        let middle = URL_SAFE_NO_PAD.encode(br#"{"tid":"t","oid":"o"}"#);
        assert_eq!(claims_of(&format!("head.{middle}.tail"))["tid"], "t");
        for odd in ["", "opaque", "a.b.c", "..", "a.e30"] {
            assert!(claims_of(odd).get("tid").is_none(), "{odd}");
        }
    }
}
