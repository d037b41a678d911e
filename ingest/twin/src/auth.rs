//! Owns authentication: the token endpoint, the secret of the client, and the access tokens.

use serde_json::json;

use crate::clock::to_iso;
use crate::rules::Refusal;
use crate::seal::{Seal, decode_basic, encode};
use crate::wire::{Reply, Request, pairs};

/// How long an access token lasts, in seconds; the answer says one second less, as Entra does.
const LIFE_S: i64 = 3600;

/// The only client, and its credentials.
pub(crate) struct Auth {
    pub(crate) tenant_id: String,
    pub(crate) client_id: String,
    secret: String,
    seal: Seal,
}

impl Auth {
    /// Makes client and secret.
    pub(crate) fn new(tenant_id: &str, client_id: String, entropy: &[u8; 32]) -> Self {
        let secret = encode(&blake3::derive_key("entrasnap twin 2026 client secret", entropy));
        let seal = Seal::new(&blake3::derive_key("entrasnap twin 2026 access tokens", entropy));
        Self { tenant_id: tenant_id.to_owned(), client_id, secret, seal }
    }

    /// Gives the secret; whoever calls this must not log it.
    pub(crate) fn secret(&self) -> &str {
        &self.secret
    }

    /// Answers under the login host: tokens and metadata; none for every other path.
    pub(crate) fn answer(
        &self,
        request: &Request,
        path: &str,
        permissions: &[&str],
        now_ms: i64,
    ) -> Option<Reply> {
        let lower = path.to_ascii_lowercase();
        let segments: Vec<&str> = lower.trim_matches('/').split('/').collect();
        match segments.as_slice() {
            [tenant, "oauth2", "v2.0", "token"] => Some(self.token(request, tenant, permissions, now_ms)),
            [tenant, "v2.0", ".well-known", "openid-configuration"] => {
                Some(Self::metadata(request, tenant, &self.tenant_id))
            }
            ["common", "discovery", "instance"] => {
                let endpoint =
                    format!("{}/{}/v2.0/.well-known/openid-configuration", request.base, self.tenant_id);
                let body =
                    json!({"tenant_discovery_endpoint": endpoint, "api-version": "1.1", "metadata": []});
                Some(Reply::json(body.to_string()))
            }
            _ => None,
        }
    }

    fn metadata(request: &Request, tenant: &str, tenant_id: &str) -> Reply {
        let base = &request.base;
        let body = json!({
            "issuer": format!("{base}/{tenant_id}/v2.0"),
            "token_endpoint": format!("{base}/{tenant}/oauth2/v2.0/token"),
            "authorization_endpoint": format!("{base}/{tenant}/oauth2/v2.0/authorize"),
            "device_authorization_endpoint": format!("{base}/{tenant}/oauth2/v2.0/devicecode"),
            "jwks_uri": format!("{base}/{tenant}/discovery/v2.0/keys"),
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic", "private_key_jwt"],
            "tenant_region_scope": "EU",
            "cloud_instance_name": "microsoftonline.com",
        });
        Reply::json(body.to_string())
    }

    fn token(&self, request: &Request, tenant: &str, permissions: &[&str], now_ms: i64) -> Reply {
        let form = pairs(&String::from_utf8_lossy(&request.body), str::to_owned);
        let field =
            |name: &str| form.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str());
        let basic = request.header("authorization").and_then(|value| value.strip_prefix("Basic "));
        let basic = basic.and_then(decode_basic).and_then(|pair| {
            pair.split_once(':').map(|(client, secret)| (client.to_owned(), secret.to_owned()))
        });
        let client = field("client_id").or(basic.as_ref().map(|(client, _)| client.as_str()));
        let secret = field("client_secret").or(basic.as_ref().map(|(_, secret)| secret.as_str()));
        if !tenant.eq_ignore_ascii_case(&self.tenant_id) {
            let what = format!("AADSTS90002: Tenant '{tenant}' not found.");
            return refuse(400, "invalid_request", 90002, &what, now_ms);
        }
        if field("grant_type") != Some("client_credentials") {
            let what = "AADSTS70003: The app requested an unsupported grant type.";
            return refuse(400, "unsupported_grant_type", 70003, what, now_ms);
        }
        if !client.is_some_and(|client| client.eq_ignore_ascii_case(&self.client_id)) {
            let what = format!(
                "AADSTS700016: Application with identifier '{}' was not found in the directory.",
                client.unwrap_or_default()
            );
            return refuse(400, "unauthorized_client", 700_016, &what, now_ms);
        }
        if !secret.is_some_and(|secret| is_same(secret, &self.secret)) && field("client_assertion").is_none()
        {
            let what = "AADSTS7000215: Invalid client secret provided.";
            return refuse(401, "invalid_client", 7_000_215, what, now_ms);
        }
        if !field("scope").is_some_and(|scope| scope.ends_with("/.default")) {
            let what = "AADSTS1002012: The provided value for scope is not valid; it must end in /.default.";
            return refuse(400, "invalid_scope", 1_002_012, what, now_ms);
        }
        let body = json!({"token_type": "Bearer", "expires_in": LIFE_S - 1, "ext_expires_in": LIFE_S - 1,
            "access_token": self.access_token(permissions, now_ms)});
        let headers = vec![("content-type", "application/json; charset=utf-8".to_owned())];
        Reply { status: 200, headers, body: body.to_string().into_bytes(), ..Reply::default() }
    }

    /// Makes a token that looks like Entra's: three parts, the middle one readable.
    pub(crate) fn access_token(&self, permissions: &[&str], now_ms: i64) -> String {
        let header = encode(br#"{"typ":"JWT","alg":"RS256"}"#);
        let issued = now_ms / 1000;
        let claims = json!({"aud": "https://graph.microsoft.com", "iss": format!("https://sts.windows.net/{}/",
            self.tenant_id), "iat": issued, "nbf": issued, "exp": issued + LIFE_S, "appid": self.client_id,
            "idtyp": "app", "tid": self.tenant_id, "ver": "1.0", "roles": permissions});
        let signature = self.seal.seal(&format!("{}", issued + LIFE_S));
        format!("{header}.{}.{signature}", encode(claims.to_string().as_bytes()))
    }

    /// Checks the token of a call.
    pub(crate) fn check(&self, request: &Request, now_ms: i64) -> Result<(), Refusal> {
        let refuse = |message: &str| {
            Refusal::new(401, "InvalidAuthenticationToken", message)
                .with_header("www-authenticate", "Bearer realm=\"\", authorization_uri=\"\"")
        };
        let header = request.header("authorization").ok_or_else(|| refuse("Access token is empty."))?;
        let token = header.split_once(' ').map_or("", |(_, token)| token.trim());
        let sealed = token.rsplit('.').next().and_then(|sealed| self.seal.open(sealed));
        let expires = sealed.and_then(|text| text.parse::<i64>().ok());
        match expires {
            Some(expires) if now_ms / 1000 < expires => Ok(()),
            Some(_) => Err(refuse("Lifetime validation failed, the token is expired.")),
            None => Err(refuse("IDX14100: JWT is not well formed.")),
        }
    }
}

/// Compares without revealing by its duration where two texts differ.
fn is_same(left: &str, right: &str) -> bool {
    blake3::hash(left.as_bytes()) == blake3::hash(right.as_bytes())
}

fn refuse(status: u16, error: &str, code: u32, description: &str, now_ms: i64) -> Reply {
    let body = json!({"error": error, "error_description": description, "error_codes": [code],
        "timestamp": to_iso(now_ms).replace('T', " "), "trace_id": "00000000-0000-0000-0000-000000000000",
        "correlation_id": "00000000-0000-0000-0000-000000000000"});
    let headers = vec![("content-type", "application/json; charset=utf-8".to_owned())];
    Reply { status, headers, body: body.to_string().into_bytes(), ..Reply::default() }
}
