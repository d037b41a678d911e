//! Owns who is signed in, and to which tenant: asked of Graph, and of the token where Graph does not say.

use serde_json::Value;

use super::error::{Error, Result};
use crate::graph::{Call, Client, Credential};
use crate::plan::Identity;

/// Whose tenant a client writes to, and who it writes as.
#[derive(Debug, Clone)]
pub(super) struct SignedIn {
    pub(super) tenant_id: String,
    pub(super) identity: Identity,
}

/// Asks who is signed in.
pub(super) async fn signed_in(client: &Client) -> Result<SignedIn> {
    let claims = client.claims().await?.unwrap_or_default();
    let organization = ask(client, "/organization?$select=id").await?;
    let tenant_id = organization.pointer("/value/0/id").and_then(Value::as_str).map(str::to_owned);
    let tenant_id = tenant_id.or_else(|| claims.tenant_id.clone()).ok_or(Error::UnknownTenant)?;
    let app_id = claims.app_id.clone().or_else(|| configured(client));
    let (mut user_id, mut service_principal_id) = (None, None);
    if claims.is_application() {
        service_principal_id = claims.object_id;
    } else {
        user_id = claims.object_id.clone().filter(|_| claims.is_person());
        if user_id.is_none() {
            let me = ask(client, "/me?$select=id").await?;
            user_id = me.get("id").and_then(Value::as_str).map(str::to_owned);
        }
    }
    let identity = Identity { app_id, service_principal_id, user_id };
    Ok(SignedIn { tenant_id, identity })
}

/// What Graph answers; nothing where it refuses.
async fn ask(client: &Client, path: &str) -> Result<Value> {
    match client.send(&Call::get(path)).await {
        Ok(answer) => Ok(serde_json::from_slice(&answer.body).unwrap_or_default()),
        Err(error) if error.refusal().is_some() => Ok(Value::Null),
        Err(error) => Err(error.into()),
    }
}

/// The application that was named for signing in.
fn configured(client: &Client) -> Option<String> {
    match &client.settings().credential {
        Credential::Secret { client_id, .. }
        | Credential::Certificate { client_id, .. }
        | Credential::Workload { client_id, .. }
        | Credential::DeviceCode { client_id, .. } => Some(client_id.clone()),
        Credential::ManagedIdentity { client_id, .. } => client_id.clone(),
        Credential::AzureCli { .. } => None,
    }
}
