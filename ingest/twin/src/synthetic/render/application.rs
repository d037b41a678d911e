//! Owns the JSON of applications, and of the parts they share with service principals.

use engine::schema::TypeId;

use crate::synthetic::attribute::application as entry;
use crate::synthetic::draft::Draft;
use crate::synthetic::json::{FIRST_DAY, Json, push_moment, push_number};
use crate::synthetic::pools::{DEPARTMENTS, PRODUCTS, THEMES};
use crate::synthetic::random::{GRAPH_CLIENT, Source};

/// Names of random numbers that never change.
const ROLES: u64 = 10;
const SCOPES: u64 = 11;
const KEYS: u64 = 12;
const NAME: u64 = 13;

/// The name of the application that an incident plants.
pub(crate) const ROGUE_NAME: &str = "Mailbox Archive Sync";

/// The name of Microsoft Graph's service principal.
pub(crate) const GRAPH_NAME: &str = "Microsoft Graph";

/// Permissions of Microsoft Graph: application roles with their IDs.
pub(crate) const GRAPH_ROLES: &[(&str, &str)] = &[
    ("User.Read.All", "df021288-bdef-4463-88db-98f22de89214"),
    ("Group.Read.All", "5b567255-7703-4780-807c-7be8301ae99b"),
    ("Directory.Read.All", "7ab1d382-f21e-4acd-a863-ba3e13f7da61"),
    ("Mail.Send", "b633e1c5-b582-4048-a93e-9f11b44c7e96"),
    ("Sites.Read.All", "332a536c-c7ef-4017-ab91-336970924f0d"),
    ("AuditLog.Read.All", "b0afded3-3588-46d8-8b3d-9842eff778da"),
    ("Application.Read.All", "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30"),
];

/// Actions that roles and scopes are named after.
const ACTIONS: &[&str] = &["Read", "Write", "Approve", "Export", "Manage", "Audit", "Submit", "Review"];

/// Gives the name of an application; its service principal shows the same one.
pub(crate) fn display_name(source: Source, index: u32) -> String {
    let mut name = String::with_capacity(40);
    name.push_str(THEMES[source.below(NAME, 30) as usize]);
    name.push(' ');
    name.push_str(PRODUCTS[source.below(NAME + 100, 20) as usize]);
    name.push(' ');
    push_number(&mut name, u64::from(index));
    name
}

/// Appends one application.
pub(crate) fn push(out: &mut String, draft: &Draft<'_>) {
    let name = match draft.hostile() {
        Some(_) => ROGUE_NAME.to_owned(),
        None => display_name(draft.source, draft.key.index),
    };
    let mut json = Json::typed(out, TypeId::Application);
    json.guid("id", draft.id());
    draft.deleted(&mut json);
    json.guid("appId", draft.layout.client_id(draft.key.index));
    json.string("displayName", &name);
    let team = draft.pick(entry::DESCRIPTION, DEPARTMENTS);
    json.parts("description", &["Used by ", team, " to run ", &name]);
    let notes = draft.choose(entry::NOTES, DEPARTMENTS.len() + 1);
    json.optional("notes", DEPARTMENTS.get(notes).copied());
    draft.created(&mut json);
    json.string("publisherDomain", "contoso.com");
    json.string("signInAudience", "AzureADMyOrg");
    let out = json.name("serviceManagementReference");
    out.push_str("\"SVC-");
    push_number(out, u64::from(draft.number(entry::SERVICE_REFERENCE, 90_000)));
    out.push_str("\",");
    let out = json.name("tags");
    push_tags(out, draft.choose(entry::TAGS, 8));
    json.nulls(&["applicationTemplateId", "disabledByMicrosoftStatus", "groupMembershipClaims"]);
    json.nulls(&["isDeviceOnlyAuthSupported", "isFallbackPublicClient", "optionalClaims"]);
    json.nulls(&["samlMetadataUrl", "tokenEncryptionKeyId", "uniqueName", "defaultRedirectUri"]);
    json.empties(&["addIns"]);
    push_surface(&mut json, draft);
    push_access(&mut json, draft);
    push_credentials(&mut json, draft);
    json.raw("certification", "null");
    json.members(r#""parentalControlSettings":{"countriesBlockedForMinors":[],"legalAgeGroupRule":"Allow"}"#);
    json.members(VERIFIED_PUBLISHER);
    json.members(INFO);
    draft.owners(&mut json);
    json.close();
}

/// An unverified publisher.
pub(crate) const VERIFIED_PUBLISHER: &str =
    r#""verifiedPublisher":{"displayName":null,"verifiedPublisherId":null,"addedDateTime":null}"#;

/// Addresses without values.
pub(crate) const INFO: &str = r#""info":{"termsOfServiceUrl":null,"supportUrl":null,"privacyStatementUrl":null,"marketingUrl":null,"logoUrl":null}"#;

/// Appends one of eight lists of tags, and a comma.
pub(crate) fn push_tags(out: &mut String, choice: usize) {
    out.push('[');
    for (bit, tag) in ["WindowsAzureActiveDirectoryIntegratedApp", "HideApp", "Production"].iter().enumerate()
    {
        if choice >> bit & 1 == 1 {
            out.push('"');
            out.push_str(tag);
            out.push_str("\",");
        }
    }
    if out.ends_with(',') {
        out.pop();
    }
    out.push_str("],");
}

/// What the application offers: addresses, scopes and roles.
fn push_surface(json: &mut Json<'_>, draft: &Draft<'_>) {
    let mut uri = String::from("api://");
    draft.layout.client_id(draft.key.index).push(&mut uri);
    let out = json.name("identifierUris");
    out.push_str("[\"");
    out.push_str(&uri);
    out.push_str("\"],");
    json.nested("api", |json| {
        json.raw("requestedAccessTokenVersion", "2");
        json.nulls(&["acceptMappedClaims"]);
        json.empties(&["knownClientApplications", "preAuthorizedApplications"]);
        push_scopes(json, draft.source);
    });
    push_roles(json, draft.source);
    let mut home = String::from("https://app");
    push_number(&mut home, u64::from(draft.number(entry::HOME_PAGE, 1_000_000)));
    home.push_str(".contoso.com/");
    json.nested("web", |json| {
        json.string("homePageUrl", &home);
        json.nulls(&["logoutUrl"]);
        json.raw("redirectUris", r#"["https://localhost/signin-oidc"]"#);
        json.members(
            r#""implicitGrantSettings":{"enableIdTokenIssuance":false,"enableAccessTokenIssuance":false}"#,
        );
    });
    json.members(r#""publicClient":{"redirectUris":[]},"spa":{"redirectUris":[]}"#);
}

/// Writes delegated permissions that an application offers.
pub(crate) fn push_scopes(json: &mut Json<'_>, source: Source) {
    let count = 1 + source.below(SCOPES, 3);
    json.list("oauth2PermissionScopes", 0..count, |json, number| {
        let action = ACTIONS[(source.below(SCOPES + 200, 8) + number) as usize % 8];
        json.parts("adminConsentDescription", &["Allows to ", action, " on behalf of the signed-in user"]);
        json.parts("adminConsentDisplayName", &[action, " for the user"]);
        json.guid("id", source.guid(20 + u64::from(number)));
        json.boolean("isEnabled", true);
        json.string("type", "User");
        json.parts("userConsentDescription", &["Allows the application to ", action, " for you"]);
        json.parts("userConsentDisplayName", &[action, " for you"]);
        json.parts("value", &["Data.", action]);
    });
}

/// Writes application roles.
pub(crate) fn push_roles(json: &mut Json<'_>, source: Source) {
    let count = 1 + source.below(ROLES, 3);
    json.list("appRoles", 0..count, |json, number| {
        let action = ACTIONS[(source.below(ROLES + 200, 8) + number) as usize % 8];
        json.raw("allowedMemberTypes", r#"["User","Application"]"#);
        json.parts("description", &["May ", action, " everything in the application"]);
        json.parts("displayName", &[action, " all"]);
        json.guid("id", source.guid(40 + u64::from(number)));
        json.boolean("isEnabled", true);
        json.string("origin", "Application");
        json.parts("value", &["All.", action]);
    });
}

/// Writes the application roles of Microsoft Graph.
pub(crate) fn push_graph_roles(json: &mut Json<'_>) {
    json.list("appRoles", GRAPH_ROLES, |json, (value, id)| {
        json.raw("allowedMemberTypes", r#"["Application"]"#);
        json.parts("description", &["Allows the application to use ", value]);
        json.string("displayName", value);
        json.string("id", id);
        json.boolean("isEnabled", true);
        json.string("origin", "Application");
        json.string("value", value);
    });
}

/// The permissions that the application requires.
fn push_access(json: &mut Json<'_>, draft: &Draft<'_>) {
    // The first permission changes; those behind it follow in the order of the table.
    let first = draft.choose(entry::ACCESS, GRAPH_ROLES.len());
    let count = 1 + draft.source.below(50, 4) as usize;
    json.list("requiredResourceAccess", [()], |json, ()| {
        json.guid("resourceAppId", GRAPH_CLIENT);
        json.list("resourceAccess", 0..count, |json, number| {
            let (_, id) = GRAPH_ROLES[(first + number) % GRAPH_ROLES.len()];
            json.string("id", id);
            json.string("type", "Role");
        });
    });
}

fn push_credentials(json: &mut Json<'_>, draft: &Draft<'_>) {
    let source = draft.source;
    let keys = u32::from(source.chance(KEYS, 100));
    json.list("keyCredentials", 0..keys, |json, number| push_key(json, source, number));
    let passwords = u32::from(draft.revision(entry::PASSWORDS) > 0 || source.chance(51, 700));
    let rotation = u64::from(draft.revision(entry::PASSWORDS));
    json.list("passwordCredentials", 0..passwords, |json, _| {
        json.nulls(&["customKeyIdentifier", "secretText"]);
        json.string("displayName", "deployment");
        json.guid("keyId", source.guid(100 + rotation));
        let start = FIRST_DAY - 1 - source.below(52, 300);
        push_validity(json, start, 365 + u32::try_from(rotation).unwrap_or(0));
        json.string("hint", ["a8Q", "kW2", "x~9", "3Fz"][source.below(53 + rotation, 4) as usize]);
    });
}

/// Writes the metadata of a certificate.
pub(crate) fn push_key(json: &mut Json<'_>, source: Source, number: u32) {
    let number = u64::from(number);
    json.parts("displayName", &["CN=", "signing.contoso.com"]);
    json.guid("keyId", source.guid(60 + number));
    let out = json.name("customKeyIdentifier");
    out.push('"');
    for word in source.guid(80 + number).security_words() {
        push_number(out, u64::from(word));
    }
    out.push_str("\",");
    json.nulls(&["key"]);
    push_validity(json, FIRST_DAY - 1 - source.below(54 + number, 400), 730);
    json.string("type", "AsymmetricX509Cert");
    json.string("usage", "Verify");
}

fn push_validity(json: &mut Json<'_>, start: u32, days: u32) {
    for (name, day) in [("startDateTime", start), ("endDateTime", start + days)] {
        let out = json.name(name);
        push_moment(out, day, 32_400);
        out.push(',');
    }
}
