//! Owns the JSON of service principals: of the tenant's own applications first, then of others'.

use engine::schema::TypeId;

use super::application::{
    GRAPH_NAME, INFO, ROGUE_NAME, VERIFIED_PUBLISHER, display_name, push_graph_roles, push_key, push_roles,
    push_scopes, push_tags,
};
use crate::synthetic::attribute::principal as entry;
use crate::synthetic::draft::Draft;
use crate::synthetic::json::{Json, push_guid, push_number};
use crate::synthetic::layout::{Key, ObjectKind};
use crate::synthetic::pools::DEPARTMENTS;
use crate::synthetic::random::GRAPH_CLIENT;

/// Names of random numbers that never change.
const CLIENT: u64 = 1;
const KEYS: u64 = 12;

/// Appends one service principal.
pub(crate) fn push(out: &mut String, draft: &Draft<'_>) {
    // A planted principal goes with a planted application.
    let rogue = draft.hostile();
    let index = rogue.unwrap_or(draft.key.index);
    let own = rogue.is_some() || index < draft.layout.count(ObjectKind::Application);
    // The application's numbers give its principal the same name, roles and scopes.
    let source =
        if own { draft.layout.source(Key { kind: ObjectKind::Application, index }) } else { draft.source };
    let graph = draft.key.index == draft.layout.graph_index();
    let client = if graph { GRAPH_CLIENT } else { source.guid(CLIENT) };
    let name = match (rogue, graph) {
        (Some(_), _) => ROGUE_NAME.to_owned(),
        (None, true) => GRAPH_NAME.to_owned(),
        (None, false) => display_name(source, index),
    };
    let mut json = Json::typed(out, TypeId::ServicePrincipal);
    json.guid("id", draft.id());
    draft.deleted(&mut json);
    json.guid("appId", client);
    json.string("displayName", &name);
    json.string("appDisplayName", &name);
    json.boolean("accountEnabled", draft.truth(entry::ENABLED, 960));
    json.boolean("appRoleAssignmentRequired", draft.truth(entry::ASSIGNMENT_REQUIRED, 200));
    let owner = if own { draft.layout.tenant_id() } else { draft.source.guid(2) };
    json.guid("appOwnerOrganizationId", owner);
    draft.created(&mut json);
    push_texts(&mut json, draft);
    json.string("servicePrincipalType", "Application");
    json.string("signInAudience", if own { "AzureADMyOrg" } else { "AzureADMultipleOrgs" });
    let out = json.name("servicePrincipalNames");
    out.push('[');
    push_guid(out, client);
    out.push_str(",\"api://");
    client.push(out);
    out.push_str("\"],");
    json.empties(&["addIns", "alternativeNames", "resourceSpecificApplicationPermissions"]);
    json.empties(&["passwordCredentials"]);
    json.nulls(&["applicationTemplateId", "disabledByMicrosoftStatus", "tokenEncryptionKeyId"]);
    json.nulls(&["preferredTokenSigningKeyThumbprint", "samlSingleSignOnSettings"]);
    json.raw("replyUrls", r#"["https://localhost/signin-oidc"]"#);
    if graph {
        push_graph_roles(&mut json);
    } else {
        push_roles(&mut json, source);
    }
    push_scopes(&mut json, source);
    json.list("keyCredentials", 0..=draft.source.below(KEYS, 3), |json, number| {
        push_key(json, draft.source, number);
    });
    json.members(VERIFIED_PUBLISHER);
    json.members(INFO);
    draft.owners(&mut json);
    json.close();
}

fn push_texts(json: &mut Json<'_>, draft: &Draft<'_>) {
    json.nulls(&["appDescription", "description", "logoutUrl"]);
    let notes = draft.choose(entry::NOTES, DEPARTMENTS.len() + 1);
    json.optional("notes", DEPARTMENTS.get(notes).copied());
    let out = json.name("tags");
    push_tags(out, draft.choose(entry::TAGS, 8));
    for (name, number) in [("homepage", entry::HOME_PAGE), ("loginUrl", entry::LOGIN_URL)] {
        let out = json.name(name);
        out.push_str("\"https://app");
        push_number(out, u64::from(draft.number(number, 1_000_000)));
        out.push_str(".contoso.com/start\",");
    }
    let out = json.name("notificationEmailAddresses");
    out.push_str("[\"team");
    push_number(out, u64::from(draft.number(entry::NOTIFICATION, 10_000)));
    out.push_str("@contoso.com\"],");
    json.string("preferredSingleSignOnMode", "oidc");
}
