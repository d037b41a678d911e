//! Owns the objects that every tenant has and a loaded one may lack: singletons, its domains, its activated roles.

use std::collections::BTreeMap;

use engine::schema::TypeId;
use serde_json::{Value, json};

use super::{Life, Relation, State};
use crate::resource::Kind;

/// The authentication methods that every tenant has: type, ID.
const METHODS: [(TypeId, &str); 8] = [
    (TypeId::Fido2AuthenticationMethodConfiguration, "Fido2"),
    (TypeId::MicrosoftAuthenticatorAuthenticationMethodConfiguration, "MicrosoftAuthenticator"),
    (TypeId::SmsAuthenticationMethodConfiguration, "Sms"),
    (TypeId::TemporaryAccessPassAuthenticationMethodConfiguration, "TemporaryAccessPass"),
    (TypeId::SoftwareOathAuthenticationMethodConfiguration, "SoftwareOath"),
    (TypeId::VoiceAuthenticationMethodConfiguration, "Voice"),
    (TypeId::EmailAuthenticationMethodConfiguration, "Email"),
    (TypeId::X509CertificateAuthenticationMethodConfiguration, "X509Certificate"),
];

/// The authentication strengths that every tenant has.
const STRENGTHS: [(&str, &str, &[&str]); 3] = [
    (
        "00000000-0000-0000-0000-000000000002",
        "Multifactor authentication",
        &["windowsHelloForBusiness", "fido2", "password,microsoftAuthenticatorPush", "password,sms"],
    ),
    (
        "00000000-0000-0000-0000-000000000003",
        "Passwordless MFA",
        &["windowsHelloForBusiness", "fido2", "deviceBasedPush"],
    ),
    ("00000000-0000-0000-0000-000000000004", "Phishing-resistant MFA", &["windowsHelloForBusiness", "fido2"]),
];

/// Adds what is missing.
pub(super) fn add_missing(state: &mut State) {
    add_singles(state);
    add_methods(state);
    add_domains(state);
    add_roles(state);
}

fn add(state: &mut State, kind: Kind, id: &str, values: Value) {
    if state.find(kind, id).is_some() {
        return;
    }
    let Value::Object(mut values) = values else { return };
    if kind.resource().key_name() == "id" {
        values.insert("id".into(), id.into());
    }
    let texts: Vec<(String, String)> =
        values.into_iter().map(|(name, value)| (name, value.to_string())).collect();
    let members = texts.iter().map(|(name, value)| (name.into(), value.as_str())).collect();
    let body = state.body(kind, &members);
    state.insert(kind, id, body, Life::Live);
}

fn add_singles(state: &mut State) {
    for kind in Kind::all().filter(|kind| kind.resource().is_single()) {
        if state.handles(kind).is_empty() {
            let resource = kind.resource();
            let initial = serde_json::from_str(resource.initial()).expect("a test of the table reads it");
            add(state, kind, resource.token, initial);
        }
    }
    let organization = Kind::of(TypeId::Organization);
    if state.handles(organization).is_empty() {
        let id = state.tenant_id.clone();
        let domains = json!([{"capabilities": "Email", "isDefault": true, "isInitial": true,
            "name": "contoso.onmicrosoft.com", "type": "Managed"}]);
        let values = json!({"displayName": "Contoso", "tenantType": "AAD", "verifiedDomains": domains});
        add(state, organization, &id, values);
    }
    for (id, name, combinations) in STRENGTHS {
        let values = json!({"displayName": name, "description": "", "policyType": "builtIn",
            "requirementsSatisfied": "mfa", "allowedCombinations": combinations,
            "createdDateTime": "2021-12-01T00:00:00Z", "modifiedDateTime": "2021-12-01T00:00:00Z"});
        add(state, Kind::of(TypeId::AuthenticationStrengthPolicy), id, values);
    }
}

fn add_methods(state: &mut State) {
    for (method, id) in METHODS {
        let values =
            json!({"@odata.type": method.info().odata_type(), "state": "enabled", "excludeTargets": []});
        add(state, Kind::method_configuration(), id, values);
    }
}

/// Every verified domain of the organization is a domain.
fn add_domains(state: &mut State) {
    let Some(organization) = state.single(Kind::of(TypeId::Organization)) else { return };
    let domains = state.record(organization).body.tree("verifiedDomains");
    for domain in domains.as_array().into_iter().flatten() {
        let Some(name) = domain["name"].as_str() else { continue };
        let values = json!({"authenticationType": domain["type"], "isAdminManaged": true,
            "isDefault": domain["isDefault"], "isInitial": domain["isInitial"], "isRoot": true,
            "isVerified": true, "supportedServices": ["Email", "OfficeCommunicationsOnline"],
            "passwordValidityPeriodInDays": null, "passwordNotificationWindowInDays": null});
        add(state, Kind::of(TypeId::Domain), name, values);
    }
}

/// Built-in roles with a tenant-wide assignment are activated; their members follow the assignments.
fn add_roles(state: &mut State) {
    let role = Kind::of(TypeId::DirectoryRole);
    if !state.handles(role).is_empty() {
        return;
    }
    let mut holders: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for &handle in state.handles(Kind::of(TypeId::RoleAssignment)) {
        let body = &state.record(handle).body;
        if body.text("directoryScopeId").as_deref() == Some("/")
            && let (Some(definition), Some(principal)) =
                (body.text("roleDefinitionId"), body.text("principalId"))
        {
            holders.entry(definition.into_owned()).or_default().push(principal.into_owned());
        }
    }
    for (definition, principals) in holders {
        let Some(found) = state.find(Kind::of(TypeId::RoleDefinition), &definition) else { continue };
        let body = std::sync::Arc::clone(&state.record(found).body);
        if !body.is_true("isBuiltIn") {
            continue;
        }
        let id = state.new_id();
        let values = json!({"deletedDateTime": null, "description": body.tree("description"),
            "displayName": body.tree("displayName"), "roleTemplateId": definition});
        add(state, role, &id, values);
        let handle = state.find(role, &id).expect("it was added");
        for principal in principals {
            if let Some(target) = state.find_directory_object(&principal) {
                state.attach(handle, Relation::MEMBERS, target);
            }
        }
    }
}
