//! The rules that are shipped, and the definitions that they share: texts of `query/rules`.

/// Definitions, in the order in which they build on one another.
pub(super) const SHARED: &[(&str, &str)] = &[
    ("shared/roles.kql", include_str!("../../rules/shared/roles.kql")),
    ("shared/permissions.kql", include_str!("../../rules/shared/permissions.kql")),
    ("shared/weaker.kql", include_str!("../../rules/shared/weaker.kql")),
];

/// Rules, those about the same thing beside one another.
pub(super) const RULES: &[(&str, &str)] = &[
    ("privileged-role-assigned.kql", include_str!("../../rules/privileged-role-assigned.kql")),
    ("privileged-role-eligible.kql", include_str!("../../rules/privileged-role-eligible.kql")),
    ("privileged-role-member.kql", include_str!("../../rules/privileged-role-member.kql")),
    ("privileged-through-group.kql", include_str!("../../rules/privileged-through-group.kql")),
    ("privileged-owner.kql", include_str!("../../rules/privileged-owner.kql")),
    ("privileged-account-changed.kql", include_str!("../../rules/privileged-account-changed.kql")),
    ("role-assignable-group-changed.kql", include_str!("../../rules/role-assignable-group-changed.kql")),
    ("role-widened.kql", include_str!("../../rules/role-widened.kql")),
    ("break-glass-touched.kql", include_str!("../../rules/break-glass-touched.kql")),
    ("application-permission-gained.kql", include_str!("../../rules/application-permission-gained.kql")),
    ("consent-gained.kql", include_str!("../../rules/consent-gained.kql")),
    ("credential-added.kql", include_str!("../../rules/credential-added.kql")),
    ("federated-credential-added.kql", include_str!("../../rules/federated-credential-added.kql")),
    ("application-added.kql", include_str!("../../rules/application-added.kql")),
    ("application-opened.kql", include_str!("../../rules/application-opened.kql")),
    ("credential-restrictions-off.kql", include_str!("../../rules/credential-restrictions-off.kql")),
    ("conditional-access-disabled.kql", include_str!("../../rules/conditional-access-disabled.kql")),
    ("conditional-access-deleted.kql", include_str!("../../rules/conditional-access-deleted.kql")),
    ("conditional-access-excluded.kql", include_str!("../../rules/conditional-access-excluded.kql")),
    (
        "conditional-access-excluded-group.kql",
        include_str!("../../rules/conditional-access-excluded-group.kql"),
    ),
    ("conditional-access-narrowed.kql", include_str!("../../rules/conditional-access-narrowed.kql")),
    (
        "conditional-access-requires-less.kql",
        include_str!("../../rules/conditional-access-requires-less.kql"),
    ),
    ("conditional-access-session.kql", include_str!("../../rules/conditional-access-session.kql")),
    ("security-defaults-off.kql", include_str!("../../rules/security-defaults-off.kql")),
    ("authentication-methods-weakened.kql", include_str!("../../rules/authentication-methods-weakened.kql")),
    (
        "authentication-strength-weakened.kql",
        include_str!("../../rules/authentication-strength-weakened.kql"),
    ),
    ("named-location-widened.kql", include_str!("../../rules/named-location-widened.kql")),
    ("domain-federated.kql", include_str!("../../rules/domain-federated.kql")),
    ("domain-added.kql", include_str!("../../rules/domain-added.kql")),
    ("invitations-opened.kql", include_str!("../../rules/invitations-opened.kql")),
    ("guest-added.kql", include_str!("../../rules/guest-added.kql")),
    ("user-consent-opened.kql", include_str!("../../rules/user-consent-opened.kql")),
    ("default-permissions-opened.kql", include_str!("../../rules/default-permissions-opened.kql")),
    ("cross-tenant-opened.kql", include_str!("../../rules/cross-tenant-opened.kql")),
    ("cross-tenant-partner-added.kql", include_str!("../../rules/cross-tenant-partner-added.kql")),
    ("device-registration-weakened.kql", include_str!("../../rules/device-registration-weakened.kql")),
    ("administrative-unit-opened.kql", include_str!("../../rules/administrative-unit-opened.kql")),
    ("mass-deletion.kql", include_str!("../../rules/mass-deletion.kql")),
    ("mass-overwrite.kql", include_str!("../../rules/mass-overwrite.kql")),
    ("group-emptied.kql", include_str!("../../rules/group-emptied.kql")),
];
