//! Owns the JSON of directory roles, who holds them, and administrative units.

use engine::schema::TypeId;

use crate::synthetic::attribute::unit;
use crate::synthetic::draft::Draft;
use crate::synthetic::json::Json;
use crate::synthetic::layout::ObjectKind;
use crate::synthetic::pools::{CITIES, DEPARTMENTS};

/// Built-in roles: their IDs are the same in every tenant. Where a tenant has more, they are its own.
const BUILT_IN: &[(&str, &str)] = &[
    ("Global Administrator", "62e90394-69f5-4237-9190-012177145e10"),
    ("Global Reader", "f2ef992c-3afb-46b9-b7cf-a126ee74c451"),
    ("User Administrator", "fe930be7-5e62-47db-91af-98c3a49a38b1"),
    ("Helpdesk Administrator", "729827e3-9c14-49f7-bb1b-9608f156bbb8"),
    ("Security Administrator", "194ae4cb-b126-40b2-bd5b-6091b380977d"),
    ("Exchange Administrator", "29232cdf-9323-42fd-ade2-1d097af3e4de"),
    ("SharePoint Administrator", "f28a1f50-f6e7-4571-818b-6a12f2af6b6c"),
    ("Conditional Access Administrator", "b1be1c3e-b65d-4f19-8427-f6fa0d97feb9"),
    ("Application Administrator", "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3"),
    ("Cloud Application Administrator", "158c047a-c907-4556-b7ef-446551a6b5f7"),
    ("Privileged Role Administrator", "e8611ab8-c189-46e8-94e1-60213ab1f814"),
    ("Authentication Administrator", "c4e39bd9-1100-46d3-8c65-fb160da0071f"),
];

/// Gives the ID of a role.
pub(crate) fn definition_id(draft: &Draft<'_>, index: u32) -> String {
    match BUILT_IN.get(index as usize) {
        Some((_, id)) => (*id).to_owned(),
        None => draft.layout.id(ObjectKind::RoleDefinition, index).to_string(),
    }
}

/// Appends one role.
pub(crate) fn push_definition(out: &mut String, draft: &Draft<'_>) {
    let id = definition_id(draft, draft.key.index);
    let built_in = BUILT_IN.get(draft.key.index as usize);
    let own = ["Custom operator ", DEPARTMENTS[draft.key.index as usize % 30]].concat();
    let name = built_in.map_or(own.as_str(), |(name, _)| name);
    let mut json = Json::typed(out, TypeId::RoleDefinition);
    json.string("id", &id);
    json.string("displayName", name);
    json.parts("description", &["Can do what belongs to the role ", name, "."]);
    json.boolean("isBuiltIn", built_in.is_some());
    json.boolean("isEnabled", true);
    json.raw("resourceScopes", r#"["/"]"#);
    json.string("templateId", &id);
    json.raw("version", if built_in.is_some() { "\"1\"" } else { "null" });
    json.members(r#""rolePermissions":[{"allowedResourceActions":["microsoft.directory/users/standard/read","microsoft.directory/groups/standard/read"],"condition":null}]"#);
    json.close();
}

/// Appends one assignment of a role.
pub(crate) fn push_assignment(out: &mut String, draft: &Draft<'_>) {
    let roles = draft.layout.count(ObjectKind::RoleDefinition);
    // The first two are Global Administrators, so that every tenant has some.
    let role = if draft.key.index < 2 { 0 } else { draft.source.below(10, roles) };
    // Neighbours, so that no principal holds a role twice.
    let users = draft.layout.stable(ObjectKind::User).max(1);
    let user = (draft.layout.source.below(11, users) + draft.key.index) % users;
    let mut json = Json::typed(out, TypeId::RoleAssignment);
    json.guid("id", draft.id());
    json.string("roleDefinitionId", &definition_id(draft, role));
    json.guid("principalId", draft.layout.id(ObjectKind::User, user));
    json.string("directoryScopeId", "/");
    json.nulls(&["appScopeId", "condition"]);
    json.close();
}

/// Appends one administrative unit.
pub(crate) fn push_unit(out: &mut String, draft: &Draft<'_>) {
    let city = CITIES[draft.key.index as usize % CITIES.len()];
    let number = (draft.key.index as usize / CITIES.len() + 1).to_string();
    let mut json = Json::typed(out, TypeId::AdministrativeUnit);
    json.guid("id", draft.id());
    draft.deleted(&mut json);
    json.parts("displayName", &["Unit ", city.name, " ", &number]);
    let department = draft.pick(unit::DESCRIPTION, DEPARTMENTS);
    json.parts("description", &["People and devices that ", department, " looks after"]);
    json.boolean("isMemberManagementRestricted", draft.source.chance(10, 100));
    json.nulls(&["membershipRule", "membershipRuleProcessingState", "membershipType", "visibility"]);
    if draft.inline_links {
        json.guids("members", unit_members(draft).map(|user| draft.layout.id(ObjectKind::User, user)));
    }
    json.close();
}

/// Gives the users of an administrative unit.
pub(crate) fn unit_members(draft: &Draft<'_>) -> impl Iterator<Item = u32> {
    let pool = draft.layout.stable(ObjectKind::User);
    let start = draft.source.below(11, pool);
    let count = draft.source.below(12, 20).min(pool);
    (0..count).map(move |step| (start + step) % pool)
}
