//! Tests of names: the tables of IDs that every tenant has, and what is known without a store.

use std::collections::HashSet;

use super::*;

#[test]
fn tables_of_common_ids_can_be_searched_and_hold_no_id_twice() {
    let tables =
        [roles::ROLES, applications::APPLICATIONS, policies::POLICIES, graph_permissions::PERMISSIONS];
    let mut ids = HashSet::new();
    for table in tables {
        assert!(table.is_sorted_by(|a, b| a.0 < b.0));
        for (id, name) in table {
            assert!(is_guid(id) && *id == id.to_ascii_lowercase() && !name.is_empty(), "{id}");
            assert!(ids.insert(*id), "{id} stands in two tables");
        }
    }
}

#[test]
fn what_every_tenant_has_is_known_without_a_store() {
    let mut names = Names::none();
    for (id, name) in [
        ("62e90394-69f5-4237-9190-012177145e10", "Global Administrator"),
        ("00000003-0000-0000-C000-000000000000", "Microsoft Graph"),
        ("00000000-0000-0000-0000-000000000004", "Phishing-resistant MFA"),
        ("9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8", "RoleManagement.ReadWrite.Directory"),
        ("11111111-2222-4333-8444-555555555555", ""),
        ("All", ""),
    ] {
        assert_eq!(names.get(id), Known { name: name.to_owned(), ..Known::default() }, "{id}");
    }
}

#[test]
fn a_renamed_object_has_the_name_of_the_side() {
    let mut changes = crate::change::tests::example();
    changes[0].attributes[0].name = "displayName".to_owned();
    let mut names = Names::none();
    names.learn(&changes);
    assert_eq!(names.get_at(Side::From, "g1").name, "old");
    assert_eq!(names.get_at(Side::To, "g1").name, "Sales");
}
