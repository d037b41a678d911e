//! Owns the JSON of groups, with the IDs of their members and owners inside.

use engine::schema::TypeId;

use crate::synthetic::attribute::group as entry;
use crate::synthetic::draft::Draft;
use crate::synthetic::json::{Json, push_number};
use crate::synthetic::link::{MemberSequence, PRIVILEGED};
use crate::synthetic::pools::{DEPARTMENTS, PURPOSES, THEMES};

/// Names of random numbers that never change.
const SHAPE: u64 = 10;
const ROLE: u64 = 11;
const RULE: u64 = 12;

/// Appends one group.
pub(crate) fn push(out: &mut String, draft: &Draft<'_>) {
    let mut json = Json::typed(out, TypeId::Group);
    let (unified, dynamic) = (is_unified(draft), is_dynamic(draft));
    json.guid("id", draft.id());
    draft.deleted(&mut json);
    push_names(&mut json, draft, unified);
    push_kind(&mut json, draft, unified, dynamic);
    json.nulls(&[
        "onPremisesLastSyncDateTime",
        "onPremisesSamAccountName",
        "onPremisesSyncEnabled",
        "preferredLanguage",
        "theme",
    ]);
    draft.created(&mut json);
    draft.moment(&mut json, "renewedDateTime", entry::RENEWED);
    draft.security_identifier(&mut json);
    if draft.inline_links {
        let window = draft.history.map(|history| history.window).unwrap_or_default();
        json.guids("members", MemberSequence::of(draft.layout, draft.key.index).ids(window));
    }
    draft.owners(&mut json);
    json.close();
}

/// Four tenths are Microsoft 365 groups.
fn is_unified(draft: &Draft<'_>) -> bool {
    draft.key.index != PRIVILEGED && draft.source.chance(SHAPE, 400)
}

/// One tenth is filled by a rule.
pub(crate) fn is_dynamic(draft: &Draft<'_>) -> bool {
    let plain = draft.key.index != PRIVILEGED && !is_unified(draft);
    plain && draft.source.chance(SHAPE + 100, 160)
}

fn push_names(json: &mut Json<'_>, draft: &Draft<'_>, unified: bool) {
    let theme = draft.pick(entry::NAME, THEMES);
    let purpose = PURPOSES[draft.source.below(20, 16) as usize];
    let mut number = String::new();
    push_number(&mut number, u64::from(draft.key.index));
    if draft.key.index == 0 {
        json.parts("displayName", &["All staff (", theme, ")"]);
    } else if draft.key.index == PRIVILEGED {
        json.parts("displayName", &["Tier 0 administrators (", theme, ")"]);
    } else {
        json.parts("displayName", &[theme, " ", purpose, " ", &number]);
    }
    let department = draft.pick(entry::DESCRIPTION, DEPARTMENTS);
    json.parts("description", &["Owned by ", department, ": ", purpose]);
    let account = ["team", number.as_str()];
    json.parts("mailNickname", &account);
    if unified {
        json.parts("mail", &["team", &number, "@contoso.com"]);
        let out = json.name("proxyAddresses");
        out.push_str("[\"SMTP:team");
        out.push_str(&number);
        out.push_str("@contoso.com\"],");
    } else {
        json.nulls(&["mail"]);
        json.empties(&["proxyAddresses"]);
    }
}

fn push_kind(json: &mut Json<'_>, draft: &Draft<'_>, unified: bool, dynamic: bool) {
    json.boolean("mailEnabled", unified);
    json.boolean("securityEnabled", !unified || draft.source.chance(SHAPE + 200, 300));
    let kinds = match (unified, dynamic) {
        (true, _) => "[\"Unified\"]",
        (false, true) => "[\"DynamicMembership\"]",
        (false, false) => "[]",
    };
    json.raw("groupTypes", kinds);
    if dynamic {
        let department = DEPARTMENTS[draft.source.below(RULE, 30) as usize];
        json.parts("membershipRule", &["(user.department -eq \"", department, "\")"]);
        json.string("membershipRuleProcessingState", "On");
    } else {
        json.nulls(&["membershipRule", "membershipRuleProcessingState"]);
    }
    let role = !unified && !dynamic && (draft.key.index == PRIVILEGED || draft.source.chance(ROLE, 10));
    json.boolean("isAssignableToRole", role);
    json.string("visibility", draft.pick(entry::VISIBILITY, &["Public", "Private"]));
    let class = draft.choose(entry::CLASSIFICATION, 4);
    json.optional("classification", ["Low", "Medium", "High"].get(class).copied());
    json.raw("resourceProvisioningOptions", if unified { "[\"Team\"]" } else { "[]" });
    json.empties(&["assignedLicenses"]);
}
