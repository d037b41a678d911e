//! Owns the JSON of users: all properties a full selection returns, most of them null.

use engine::schema::TypeId;

use crate::synthetic::attribute::user as entry;
use crate::synthetic::draft::Draft;
use crate::synthetic::json::{FIRST_DAY, Json, push_moment, push_number, push_padded};
use crate::synthetic::layout::ObjectKind;
use crate::synthetic::link;
use crate::synthetic::pools::{CITIES, COMPANIES, DEPARTMENTS, EMPLOYMENTS, FAMILY, GIVEN, STREETS, TITLES};

/// Names of random numbers that never change.
const GIVEN_NAME: u64 = 10;
const GUEST: u64 = 11;
const SYNCED: u64 = 12;
const HIRED: u64 = 13;
const SPONSOR: u64 = 15;
const PHONE_GIVEN: u64 = 16;
const IMMUTABLE: u64 = 17;

/// What a person holds: the value of `assignedLicenses`, then that of `assignedPlans`.
///
/// Every pair differs from every other in both.
const LICENCES: &[(&str, &str)] = &[
    (
        r#"[{"disabledPlans":[],"skuId":"05e9a617-0261-4cee-bb44-138d3ef5d965"}]"#,
        r#"[{"assignedDateTime":"2025-03-04T09:12:44Z","capabilityStatus":"Enabled","service":"exchange","servicePlanId":"efb87545-963c-4e0d-99df-69c6916d9eb0"}]"#,
    ),
    (
        r#"[{"disabledPlans":[],"skuId":"66b55226-6b4f-492c-910c-a3b7a3c9d993"}]"#,
        r#"[{"assignedDateTime":"2025-06-11T07:40:02Z","capabilityStatus":"Enabled","service":"exchange","servicePlanId":"4a82b400-a79f-41a4-b4e2-e94f5787b113"}]"#,
    ),
    (
        r#"[{"disabledPlans":["a23b959c-7ce8-4e57-9140-b90eb88a9e97"],"skuId":"06ebc4ee-1bb5-47dd-8120-11324bc54e06"}]"#,
        r#"[{"assignedDateTime":"2024-11-19T15:03:21Z","capabilityStatus":"Warning","service":"exchange","servicePlanId":"efb87545-963c-4e0d-99df-69c6916d9eb0"}]"#,
    ),
    (
        r#"[{"disabledPlans":[],"skuId":"cbdc14ab-d96c-4c30-b9f4-6ada7cdc1d46"}]"#,
        r#"[{"assignedDateTime":"2026-01-08T11:55:10Z","capabilityStatus":"Enabled","service":"AADPremiumService","servicePlanId":"41781fb2-bc02-4b7c-bd55-b576c07bb09d"}]"#,
    ),
    ("[]", "[]"),
];

/// What an incident writes over the title and the department; no other object has these.
pub(crate) const SEIZED_TITLE: &str = "Former employee";
pub(crate) const SEIZED_DEPARTMENT: &str = "Offboarding";

/// Is true for people in the first department, which is Sales.
pub(crate) fn is_in_sales(draft: &Draft<'_>) -> bool {
    draft.choose(entry::DEPARTMENT, DEPARTMENTS.len() + 1) == 0
}

/// Appends what an export keeps of a user that is a member or an owner.
pub(crate) fn push_stub(out: &mut String, draft: &Draft<'_>) {
    let person = Person::of(draft);
    let mut json = Json::typed(out, TypeId::User);
    json.guid("id", draft.id());
    json.parts("userPrincipalName", &person.principal_name());
    json.parts("displayName", &[person.given.0, " ", person.family.0]);
    json.close();
}

/// Appends one user.
pub(crate) fn push(out: &mut String, draft: &Draft<'_>) {
    let person = Person::of(draft);
    let mut json = Json::typed(out, TypeId::User);
    json.guid("id", draft.id());
    draft.deleted(&mut json);
    push_identity(&mut json, draft, &person);
    push_work(&mut json, draft);
    push_address(&mut json, draft);
    push_on_premises(&mut json, draft, &person);
    push_account(&mut json, draft, &person);
    if draft.inline_links {
        push_links(&mut json, draft, &person);
    }
    json.close();
}

/// What several properties of a user are made of.
struct Person {
    given: (&'static str, &'static str),
    family: (&'static str, &'static str),
    /// The part of the address before the `@`: it keeps the first family name for ever.
    account: String,
    guest: bool,
    synced: bool,
}

impl Person {
    fn of(draft: &Draft<'_>) -> Self {
        let source = draft.source;
        let given = GIVEN[source.below(GIVEN_NAME, u32::try_from(GIVEN.len()).unwrap_or(1)) as usize];
        let first = source.below(1000 + entry::FAMILY_NAME as u64, u32::try_from(FAMILY.len()).unwrap_or(1));
        let mut account = String::with_capacity(40);
        account.push_str(given.1);
        account.push('.');
        account.push_str(FAMILY[first as usize].1);
        push_number(&mut account, u64::from(draft.key.index));
        let guest = source.chance(GUEST, 40);
        Self {
            given,
            family: draft.pick(entry::FAMILY_NAME, FAMILY),
            account,
            guest,
            synced: !guest && source.chance(SYNCED, 300),
        }
    }

    /// Gives the principal name; guests carry their home address inside.
    fn principal_name(&self) -> [&str; 2] {
        let domain = if self.guest { "_fabrikam.com#EXT#@contoso.onmicrosoft.com" } else { "@contoso.com" };
        [&self.account, domain]
    }

    fn mail(&self) -> [&str; 2] {
        [&self.account, if self.guest { "@fabrikam.com" } else { "@contoso.com" }]
    }
}

fn push_identity(json: &mut Json<'_>, draft: &Draft<'_>, person: &Person) {
    json.parts("displayName", &[person.given.0, " ", person.family.0]);
    json.string("givenName", person.given.0);
    json.string("surname", person.family.0);
    json.parts("userPrincipalName", &person.principal_name());
    json.parts("mail", &person.mail());
    json.string("mailNickname", &person.account);
    json.string("userType", if person.guest { "Guest" } else { "Member" });
    draft.created(json);
    json.optional("creationType", person.guest.then_some("Invitation"));
    if person.guest {
        json.string("externalUserState", "Accepted");
    }
    json.nulls(&["ageGroup"]);

    json.list("identities", [person.principal_name()], |json, name| {
        json.string("signInType", "userPrincipalName");
        json.string("issuer", "contoso.onmicrosoft.com");
        json.parts("issuerAssignedId", &name);
    });
}

fn push_work(json: &mut Json<'_>, draft: &Draft<'_>) {
    let title = draft.pick(entry::JOB_TITLE, TITLES);
    json.string("jobTitle", if draft.hostile().is_some() { SEIZED_TITLE } else { title });
    // One choice more than there are departments: people without one.
    let department = draft.choose(entry::DEPARTMENT, DEPARTMENTS.len() + 1);
    let department = DEPARTMENTS.get(department).copied();
    let seized = draft.hostile().map(|_| SEIZED_DEPARTMENT);
    json.optional("department", seized.or(department));
    json.string("companyName", draft.pick(entry::COMPANY, COMPANIES));
    json.string("employeeType", draft.pick(entry::EMPLOYMENT, EMPLOYMENTS));
    let out = json.name("employeeId");
    out.push('"');
    push_padded(out, draft.key.index, 7);
    out.push_str("\",");
    let out = json.name("employeeHireDate");
    push_moment(out, FIRST_DAY - 1 - draft.source.below(HIRED, 6000), 0);
    out.push(',');
    json.nested("employeeOrgData", |json| {
        json.string("division", DIVISIONS[draft.source.below(18, 4) as usize]);
        let out = json.name("costCenter");
        out.push('"');
        push_padded(out, draft.number(entry::COST_CENTER, 9000) + 1000, 4);
        out.push_str("\",");
    });
}

fn push_address(json: &mut Json<'_>, draft: &Draft<'_>) {
    let home = &CITIES
        [draft.source.below(1000 + entry::CITY as u64, u32::try_from(CITIES.len()).unwrap_or(1)) as usize];
    json.string("city", draft.pick(entry::CITY, CITIES).name);
    json.string("state", home.state);
    json.string("country", home.country);
    json.string("usageLocation", home.code);
    json.string("preferredLanguage", draft.pick(entry::LANGUAGE, LANGUAGES));
    let out = json.name("streetAddress");
    out.push('"');
    let street = draft.number(entry::STREET, 4000);
    out.push_str(STREETS[street as usize % STREETS.len()]);
    out.push(' ');
    push_number(out, u64::from(street / 20 + 1));
    out.push_str("\",");
    let out = json.name("postalCode");
    out.push('"');
    push_padded(out, draft.number(entry::POSTAL_CODE, 100_000), 5);
    out.push_str("\",");
    let out = json.name("officeLocation");
    out.push('"');
    let office = draft.number(entry::OFFICE, 6000);
    push_number(out, u64::from(office / 150 + 1));
    out.push('/');
    push_number(out, u64::from(1000 + office % 150));
    out.push_str("\",");
    let out = json.name("businessPhones");
    let listed = draft.revision(entry::PHONES) > 0 || draft.source.chance(PHONE_GIVEN, 700);
    out.push('[');
    if listed {
        draft.push_phone(out, entry::PHONES, "+1 425 ");
    }
    out.push_str("],");
    let out = json.name("mobilePhone");
    if draft.revision(entry::MOBILE) > 0 || draft.source.chance(PHONE_GIVEN + 100, 400) {
        draft.push_phone(out, entry::MOBILE, "+44 7700 ");
    } else {
        out.push_str("null");
    }
    out.push(',');
    json.nulls(&["faxNumber"]);
}

/// Parts of the company.
const DIVISIONS: [&str; 4] = ["EMEA", "Americas", "Asia Pacific", "Corporate"];

/// Languages people prefer.
const LANGUAGES: &[&str] = &["en-US", "en-GB", "de-DE", "fr-FR", "es-ES", "pl-PL", "ja-JP", "pt-BR"];

fn push_on_premises(json: &mut Json<'_>, draft: &Draft<'_>, person: &Person) {
    if person.synced {
        json.raw("onPremisesSyncEnabled", "true");
        json.parts("onPremisesDistinguishedName", &["CN=", &person.account, ",OU=Staff,DC=contoso,DC=com"]);
        let out = json.name("onPremisesImmutableId");
        out.push('"');
        push_base64(out, draft.source.guid(IMMUTABLE).0);
        out.push_str("\",");
        json.string("onPremisesLastSyncDateTime", "2026-11-01T22:10:05Z");
        json.string("onPremisesSamAccountName", &person.account);
        let out = json.name("onPremisesSecurityIdentifier");
        out.push_str("\"S-1-5-21-2499188511-2905385804-3446143336-");
        push_number(out, u64::from(draft.key.index) + 1104);
        out.push_str("\",");
    } else {
        json.nulls(&[
            "onPremisesSyncEnabled",
            "onPremisesDistinguishedName",
            "onPremisesImmutableId",
            "onPremisesLastSyncDateTime",
            "onPremisesSamAccountName",
            "onPremisesSecurityIdentifier",
        ]);
    }
    json.nested("onPremisesExtensionAttributes", |json| {
        json.nulls(&["extensionAttribute1"]);
        let out = json.name("extensionAttribute3");
        // Few people have one, until it is changed.
        if draft.revision(entry::EXTENSION) > 0 || draft.source.chance(19, 100) {
            out.push_str("\"ring-");
            push_number(out, u64::from(draft.number(entry::EXTENSION, 12)));
            out.push('"');
        } else {
            out.push_str("null");
        }
        out.push(',');
    });
}

fn push_account(json: &mut Json<'_>, draft: &Draft<'_>, person: &Person) {
    json.boolean("accountEnabled", draft.truth(entry::ENABLED, 930));
    let (licences, plans) = draft.pick(entry::LICENCE, LICENCES);
    json.raw("assignedLicenses", licences);
    json.raw("assignedPlans", plans);
    draft.moment(json, "lastPasswordChangeDateTime", entry::PASSWORD_CHANGED);
    draft.moment(json, "signInSessionsValidFromDateTime", entry::SESSIONS_VALID);
    draft.security_identifier(json);
    let out = json.name("proxyAddresses");
    out.push_str("[\"SMTP:");
    for part in person.mail() {
        out.push_str(part);
    }
    if !person.guest && draft.source.chance(20, 400) {
        out.push_str("\",\"smtp:");
        out.push_str(&person.account);
        out.push_str("@contoso.onmicrosoft.com");
    }
    out.push_str("\"],");
    json.empties(&["otherMails"]);
}

fn push_links(json: &mut Json<'_>, draft: &Draft<'_>, person: &Person) {
    let revision = draft.history.map_or(0, |history| history.manager);
    if let Some(manager) = link::manager(draft.layout, draft.key.index, revision) {
        json.nested("manager", |json| json.guid("id", draft.layout.id(ObjectKind::User, manager)));
    }
    if person.guest {
        let sponsor = draft.source.below(SPONSOR, draft.layout.stable(ObjectKind::User));
        let id = draft.layout.id(ObjectKind::User, sponsor);
        json.guids("sponsors", std::iter::once(id));
    }
}

/// Appends sixteen bytes as base64 with its padding.
fn push_base64(out: &mut String, bytes: [u8; 16]) {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let number = u128::from_be_bytes(bytes);
    for letter in 0..21_u32 {
        let bits = (number >> (122 - 6 * letter)) & 63;
        out.push(char::from(LETTERS[usize::try_from(bits).unwrap_or(0)]));
    }
    // Two bits are left for the last letter, which is filled up with zeros.
    out.push(char::from(LETTERS[usize::try_from((number & 3) << 4).unwrap_or(0)]));
    out.push_str("==");
}
