//! Built-in authentication strengths, and templates of directory settings, by ID, the same in every tenant.
//!
//! Source: <https://learn.microsoft.com/graph/api/authenticationstrengthroot-list-policies> and
//! <https://learn.microsoft.com/graph/group-directory-settings>, read 2026-11-30.

/// IDs and names, ascending by ID.
pub(super) const POLICIES: &[(&str, &str)] = &[
    ("00000000-0000-0000-0000-000000000002", "Multifactor authentication"),
    ("00000000-0000-0000-0000-000000000003", "Passwordless MFA"),
    ("00000000-0000-0000-0000-000000000004", "Phishing-resistant MFA"),
    ("08d542b9-071f-4e16-94b0-74abb372e3d9", "Group.Unified.Guest"),
    ("4bc7f740-180e-4586-adb6-38b2e9024e6b", "Application"),
    ("5cf42378-d67d-4f36-ba46-e8b86229381d", "Password Rule Settings"),
    ("62375ab9-6b52-47ed-826b-58e47e0e304b", "Group.Unified"),
    ("80661d51-be2f-4d46-9713-98a2fcaec5bc", "Prohibited Names Settings"),
    ("898f1161-d651-43d1-805c-3b0b388a9fc2", "Custom Policy Settings"),
    ("aad3907d-1d1a-448b-b3ef-7bf7f63db63b", "Prohibited Names Restricted Settings"),
    ("dffd5d46-495d-40a9-8e21-954ff55e198a", "Consent Policy Settings"),
];
