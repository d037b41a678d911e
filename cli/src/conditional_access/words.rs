//! The words for what conditional access policies hold. What Graph adds later is shown as Graph writes it.
//!
//! Sources: <https://learn.microsoft.com/graph/api/resources/conditionalaccesspolicy> and the resources it links to.

use serde_json::Value;

use super::members::{Members, item};
use super::{Directory, Item, ReferenceKind};

/// The word of the control that lets nobody in.
pub(super) const BLOCK: &str = "block";

/// The state in the table.
pub(super) fn state_label(state: &str) -> String {
    match state {
        "enabled" => "On".to_owned(),
        "disabled" => "Off".to_owned(),
        "enabledForReportingButNotEnforced" => "Report-only: nothing is enforced".to_owned(),
        other => other.to_owned(),
    }
}

/// The state in front of the sentence.
pub(super) fn state_sentence(state: &str) -> String {
    match state {
        "enabled" => "On".to_owned(),
        "disabled" => "Off, so nothing of this holds".to_owned(),
        "enabledForReportingButNotEnforced" => "Report-only, so nothing of this is enforced".to_owned(),
        other => format!("In state \"{other}\""),
    }
}

/// An action that users take.
pub(super) fn user_action(action: &str) -> String {
    match action {
        "urn:user:registersecurityinfo" => "the registration of security information".to_owned(),
        "urn:user:registerdevice" => "the registration of a device".to_owned(),
        other => format!("user action {other}"),
    }
}

/// Guests and external users by their kinds and tenants.
pub(super) fn guests(value: &Value) -> String {
    let flags = value["guestOrExternalUserTypes"].as_str().unwrap_or_default();
    let kinds: Vec<&str> = flags.split(',').map(str::trim).map(guest).collect();
    let tenants = &value["externalTenants"];
    let members: Vec<&str> =
        tenants["members"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let of = match (tenants["membershipKind"].as_str(), members.is_empty()) {
        (_, false) => format!(" of the tenants {}", members.join(", ")),
        (Some("all") | None, true) => " of any tenant".to_owned(),
        (Some(other), true) => format!(" of tenants: {other}"),
    };
    format!("{}{of}", kinds.join(", "))
}

fn guest(kind: &str) -> &str {
    match kind {
        "internalGuest" => "internal guests",
        "b2bCollaborationGuest" => "B2B collaboration guests",
        "b2bCollaborationMember" => "B2B collaboration members",
        "b2bDirectConnectUser" => "B2B direct connect users",
        "otherExternalUser" => "other external users",
        "serviceProvider" => "service providers' users",
        other => other,
    }
}

/// A filter by a rule, and whether it excludes.
pub(super) fn filter(of: &str, value: &Value) -> (Item, bool) {
    let rule = value["rule"].as_str().unwrap_or_default();
    (Item::plain(format!("{of} with {rule}")), value["mode"] == "exclude")
}

/// Everything under which a policy holds besides who, what and where.
pub(super) fn conditions(conditions: &mut Members, directory: &mut dyn Directory) -> Vec<Item> {
    let mut texts = Vec::new();
    for (path, words) in [
        ("userRiskLevels", "the user risk is"),
        ("signInRiskLevels", "the sign-in risk is"),
        ("servicePrincipalRiskLevels", "the risk of the service principal is"),
        ("insiderRiskLevels", "the insider risk is"),
        ("agentIdRiskLevels", "the risk of the agent is"),
    ] {
        either(&conditions.list(path), words, &mut texts);
    }
    let platforms = conditions.list("platforms/includePlatforms");
    let platforms: Vec<String> =
        platforms.into_iter().map(|name| if name == "all" { "any".to_owned() } else { name }).collect();
    either(&platforms, "the platform is", &mut texts);
    either(&conditions.list("platforms/excludePlatforms"), "the platform is not", &mut texts);
    let clients = conditions.list("clientAppTypes");
    if clients != ["all"] {
        let clients: Vec<String> = clients.iter().map(|name| client(name)).collect();
        either(&clients, "the client is", &mut texts);
    }
    if let Some(filter) = conditions.take("devices/deviceFilter") {
        let rule = filter["rule"].as_str().unwrap_or_default();
        let verb = if filter["mode"] == "exclude" { "does not fit" } else { "fits" };
        texts.push(format!("the device {verb} {rule}"));
    }
    either(&conditions.list("devices/includeDevices"), "the device is", &mut texts);
    either(&conditions.list("devices/excludeDevices"), "the device is not", &mut texts);
    let flows = conditions.list("authenticationFlows/transferMethods");
    let flows: Vec<String> = flows.iter().filter(|name| *name != "none").map(|name| flow(name)).collect();
    either(&flows, "the sign-in uses", &mut texts);
    let mut items: Vec<Item> = texts.into_iter().map(Item::plain).collect();
    for (path, words) in
        [("times/includedRanges", "the time is in"), ("times/excludedRanges", "the time is not in")]
    {
        items.extend(conditions.take(path).map(|ranges| Item::plain(format!("{words} {ranges}"))));
    }
    let contexts = conditions.named("authenticationContext", ReferenceKind::Context, directory);
    items.extend(contexts);
    items
}

/// Adds that one of some values holds.
fn either(values: &[String], words: &str, texts: &mut Vec<String>) {
    if !values.is_empty() {
        texts.push(format!("{words} {}", values.join(" or ")));
    }
}

fn client(name: &str) -> String {
    match name {
        "browser" => "a browser",
        "mobileAppsAndDesktopClients" => "a mobile app or desktop client",
        "exchangeActiveSync" => "Exchange ActiveSync",
        "easSupported" => "Exchange ActiveSync on a supported platform",
        "other" => "one with legacy authentication",
        other => other,
    }
    .to_owned()
}

fn flow(name: &str) -> String {
    match name {
        "deviceCodeFlow" => "a device code",
        "authenticationTransfer" => "authentication transfer",
        other => other,
    }
    .to_owned()
}

/// What is required.
pub(super) fn required(grant: &mut Members, directory: &mut dyn Directory) -> Vec<Item> {
    let controls = grant.list("builtInControls");
    let mut items: Vec<Item> = controls.iter().map(|name| Item::plain(control(name))).collect();
    if let Some(strength) = grant.take("authenticationStrength") {
        let id = strength["id"].as_str().unwrap_or_default();
        items.push(item(ReferenceKind::Strength, id, directory));
    }
    items.extend(grant.named("termsOfUse", ReferenceKind::Terms, directory));
    let factors = grant.list("customAuthenticationFactors");
    items.extend(factors.iter().map(|name| Item::plain(format!("custom factor {name}"))));
    items
}

fn control(name: &str) -> String {
    match name {
        "block" => BLOCK,
        "mfa" => "multifactor authentication",
        "compliantDevice" => "a compliant device",
        "domainJoinedDevice" => "a hybrid joined device",
        "approvedApplication" => "an approved client app",
        "compliantApplication" => "an app protection policy",
        "passwordChange" => "a password change",
        "riskRemediation" => "remediation of the risk",
        other => other,
    }
    .to_owned()
}

/// What holds for sessions. Controls that are switched off say nothing.
pub(super) fn session(session: &mut Members) -> Vec<Item> {
    let mut items = Vec::new();
    let mut add = |name: &str, words: fn(&Value) -> String| {
        let Some(value) = session.take(name) else { return };
        if value["isEnabled"] != false && value != Value::Bool(false) {
            items.push(Item::plain(words(&value)));
        }
    };
    add("signInFrequency", frequency);
    add("persistentBrowser", |value| format!("persistent browser sessions: {}", text(value, "mode")));
    add("applicationEnforcedRestrictions", |_| "restrictions that the application enforces".to_owned());
    add("cloudAppSecurity", |value| {
        format!("Defender for Cloud Apps: {}", text(value, "cloudAppSecurityType"))
    });
    add("continuousAccessEvaluation", |value| {
        format!("continuous access evaluation: {}", text(value, "mode"))
    });
    add("disableResilienceDefaults", |_| "resilience defaults switched off".to_owned());
    add("secureSignInSession", |_| "token protection".to_owned());
    add("globalSecureAccessFilteringProfile", |value| {
        format!("filtering profile {}", text(value, "profileId"))
    });
    items
}

fn frequency(value: &Value) -> String {
    let secondary = match value["authenticationType"].as_str() {
        Some("secondaryAuthentication") => " by the second factor",
        _ => "",
    };
    if value["frequencyInterval"] == "everyTime" {
        return format!("a sign-in{secondary} every time");
    }
    format!("a sign-in{secondary} every {} {}", value["value"], text(value, "type"))
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_default()
}
