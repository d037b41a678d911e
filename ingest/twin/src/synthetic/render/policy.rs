//! Owns the JSON of conditional access policies and named locations.

use engine::schema::TypeId;

use crate::synthetic::attribute::{location, policy as entry};
use crate::synthetic::draft::Draft;
use crate::synthetic::json::{Json, push_number};
use crate::synthetic::layout::ObjectKind;
use crate::synthetic::random::Guid;

/// What policies demand, and of whom.
const DEMANDS: &[(&str, &str)] = &[
    ("Require multifactor authentication", "mfa"),
    ("Require a compliant device", "compliantDevice"),
    ("Block access", "block"),
    ("Require a joined device", "domainJoinedDevice"),
    ("Require an approved application", "approvedApplication"),
];
const AUDIENCES: &[&str] =
    &["administrators", "guests", "all users", "contractors", "Führungskräfte", "service desk"];
const STATES: &[&str] = &["enabled", "enabledForReportingButNotEnforced", "disabled"];

/// Directory roles that policies name, the same in every tenant.
const ROLES: &str = r#"["62e90394-69f5-4237-9190-012177145e10","e8611ab8-c189-46e8-94e1-60213ab1f814","194ae4cb-b126-40b2-bd5b-6091b380977d","f28a1f50-f6e7-4571-818b-6a12f2af6b6c","29232cdf-9323-42fd-ade2-1d097af3e4de","b1be1c3e-b65d-4f19-8427-f6fa0d97feb9","729827e3-9c14-49f7-bb1b-9608f156bbb8","b0f54661-2d74-4c50-afa3-1ec803f12efe","fe930be7-5e62-47db-91af-98c3a49a38b1","c4e39bd9-1100-46d3-8c65-fb160da0071f","9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3","158c047a-c907-4556-b7ef-446551a6b5f7","966707d0-3269-4727-9be2-8c3a10f19b9d","7be44c8a-adaf-4e2a-84d6-ab2649e08a13"]"#;

/// Appends one conditional access policy.
pub(crate) fn push(out: &mut String, draft: &Draft<'_>) {
    let (demand, control) = DEMANDS[draft.source.below(10, 5) as usize];
    let mut json = Json::typed(out, TypeId::ConditionalAccessPolicy);
    json.guid("id", draft.id());
    draft.deleted(&mut json);
    let mut name = String::from("CA");
    push_number(&mut name, u64::from(draft.key.index) + 1);
    let audience = AUDIENCES[draft.source.below(11, 6) as usize];
    json.parts("displayName", &[&name, " ", demand, " for ", audience]);
    json.nulls(&["description", "templateId"]);
    draft.created(&mut json);
    draft.moment(&mut json, "modifiedDateTime", entry::MODIFIED);
    json.string("state", draft.pick(entry::STATE, STATES));
    json.nested("conditions", |json| push_conditions(json, draft));
    json.nested("grantControls", |json| {
        json.string("operator", "OR");
        json.raw("builtInControls", &["[\"", control, "\"]"].concat());
        json.empties(&["customAuthenticationFactors", "termsOfUse"]);
        json.nulls(&["authenticationStrength"]);
    });
    json.nested("sessionControls", |json| {
        json.nulls(&["applicationEnforcedRestrictions", "cloudAppSecurity"]);
        json.nulls(&["disableResilienceDefaults", "persistentBrowser"]);
        json.nested("signInFrequency", |json| {
            json.number("value", draft.number(entry::FREQUENCY, 30) + 1);
            json.string("type", "days");
            json.string("authenticationType", "primaryAndSecondaryAuthentication");
            json.string("frequencyInterval", "timeBased");
            json.boolean("isEnabled", true);
        });
    });
    json.close();
}

fn push_conditions(json: &mut Json<'_>, draft: &Draft<'_>) {
    json.raw("clientAppTypes", r#"["all"]"#);
    json.empties(&["userRiskLevels", "signInRiskLevels", "servicePrincipalRiskLevels"]);
    json.nulls(&["insiderRiskLevels", "clientApplications", "devices", "authenticationFlows"]);
    json.nested("applications", |json| {
        json.raw("includeApplications", r#"["All"]"#);
        let ids = picks(draft, ObjectKind::Application, 100, 3).map(|index| draft.layout.client_id(index));
        json.guids("excludeApplications", ids);
        json.empties(&["includeUserActions", "includeAuthenticationContextClassReferences"]);
        json.nulls(&["applicationFilter"]);
    });
    json.nested("users", |json| {
        json.raw("includeUsers", r#"["All"]"#);
        // Every change excludes one more account.
        let excluded = 2 + u64::from(draft.revision(entry::EXCLUDED_USERS));
        json.guids("excludeUsers", ids(draft, ObjectKind::User, 200, excluded));
        json.guids("includeGroups", ids(draft, ObjectKind::Group, 5000, 6));
        json.guids("excludeGroups", ids(draft, ObjectKind::Group, 6000, 4));
        json.raw("includeRoles", ROLES);
        json.empties(&["excludeRoles"]);
        json.nulls(&["includeGuestsOrExternalUsers", "excludeGuestsOrExternalUsers"]);
    });
    json.nested("locations", |json| {
        json.raw("includeLocations", r#"["All"]"#);
        json.guids("excludeLocations", ids(draft, ObjectKind::NamedLocation, 7000, 2));
    });
    json.members(r#""platforms":{"includePlatforms":["all"],"excludePlatforms":["iOS","android"]}"#);
}

/// Chooses objects to point to: neighbours, so that nothing is named twice.
fn picks(draft: &Draft<'_>, kind: ObjectKind, name: u64, count: u64) -> impl Iterator<Item = u32> {
    let pool = u64::from(draft.layout.stable(kind));
    let start = draft.source.at(name) % pool.max(1);
    let index = move |number: u64| u32::try_from((start + number) % pool.max(1)).unwrap_or(0);
    (0..count.min(pool)).map(index)
}

fn ids<'a>(draft: &'a Draft<'_>, kind: ObjectKind, name: u64, count: u64) -> impl Iterator<Item = Guid> + 'a {
    picks(draft, kind, name, count).map(move |index| draft.layout.id(kind, index))
}

/// Appends one named location: two of three are lists of addresses.
pub(crate) fn push_location(out: &mut String, draft: &Draft<'_>) {
    let countries = draft.key.index % 3 == 2;
    let odata_type =
        if countries { "microsoft.graph.countryNamedLocation" } else { "microsoft.graph.ipNamedLocation" };
    let mut json = Json::derived(out, odata_type);
    json.guid("id", draft.id());
    draft.deleted(&mut json);
    let mut number = String::new();
    push_number(&mut number, u64::from(draft.key.index) + 1);
    let name = draft.pick(location::NAME, SITES);
    json.parts("displayName", &[name, " ", &number]);
    draft.created(&mut json);
    draft.moment(&mut json, "modifiedDateTime", location::MODIFIED);
    if countries {
        json.raw("countriesAndRegions", COUNTRIES);
        json.string("countryLookupMethod", "clientIpAddress");
        json.boolean("includeUnknownCountriesAndRegions", draft.source.chance(10, 500));
    } else {
        json.boolean("isTrusted", draft.source.chance(10, 700));
        json.list("ipRanges", 0..RANGE_COUNT, |json, range| {
            json.string("@odata.type", "#microsoft.graph.iPv4CidrRange");
            let out = json.name("cidrAddress");
            out.push('"');
            for byte in 0..3 {
                push_number(out, u64::from(1 + draft.source.below(20 + range * 3 + byte, 223)));
                out.push('.');
            }
            out.push_str("0/24\",");
        });
    }
    json.close();
}

/// Address ranges of one location.
const RANGE_COUNT: u64 = 7;

/// Names of locations.
const SITES: &[&str] =
    &["Head office", "Branch office", "Data centre", "Werk Süd", "Partner site", "VPN egress"];

/// Countries without sign-ins.
const COUNTRIES: &str = r#"["AF","AM","AO","AZ","BD","BF","BI","BJ","BN","BT","BW","BY","CD","CF","CG","CI","CM","CU","CV","DJ","DZ","ER","ET","GA","GH","GM","GN","GQ","GW","HT","IQ","IR","KE","KG","KH","KM","KP","KZ","LA","LB","LK","LR","LS","LY","MG","ML","MM","MN","MR","MW"]"#;
