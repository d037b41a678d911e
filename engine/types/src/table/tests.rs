//! Tests of the table: its names, paths, properties and rules agree with each other.

use std::collections::HashSet;

use crate::{GENERAL_RULES, PropertyType, Tier, Type, TypeId};

fn types() -> impl Iterator<Item = &'static Type> {
    TypeId::ALL.iter().map(|id| id.info())
}

#[test]
fn no_name_stands_twice_and_each_entry_is_the_one_its_name_says() {
    let (mut tokens, mut tables, mut names) = (HashSet::new(), HashSet::new(), HashSet::new());
    for id in TypeId::ALL {
        let found = id.info();
        assert_eq!(found.id, *id);
        assert_eq!(TypeId::from_token(found.token), Some(*id));
        assert!(tokens.insert(found.token), "{}", found.token);
        assert!(tables.insert(found.table), "{}", found.table);
        assert!(!found.odata_types.is_empty(), "{}", found.token);
        for name in found.odata_types {
            assert!(names.insert(*name), "{name}");
        }
    }
    assert_eq!(TypeId::from_token("nonsense"), None);
}

#[test]
fn every_file_of_a_type_is_in_the_list() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/table");
    let files =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let files: HashSet<String> = files.filter(|name| name != "tests.rs").collect();
    assert_eq!(files.len(), TypeId::ALL.len());
}

#[test]
fn properties_are_sorted_and_stand_once() {
    for found in types() {
        assert!(found.properties.is_sorted_by(|a, b| a.name < b.name), "{}", found.token);
        assert!(found.declared("id").is_none(), "{}: every object has an ID", found.token);
    }
}

#[test]
fn what_people_want_first_is_declared_of_every_type_and_stands_once() {
    for found in types() {
        assert!(!found.first.is_empty(), "{}: nothing says what matters of it", found.token);
        let mut names = HashSet::new();
        for name in found.first {
            assert!(found.declared(name).is_some() && names.insert(name), "{}.{name}", found.token);
        }
    }
}

#[test]
fn what_is_said_of_properties_is_said_of_known_ones() {
    for found in types() {
        let token = found.token;
        let is_known = |name: &str| name == "id" || found.declared(name).is_some();
        for part in found.natural_key {
            assert!(is_known(part.name), "{token}.{}", part.name);
        }
        for guarded in found.graph.guarded {
            assert!(is_known(guarded.property), "{token}.{}", guarded.property);
        }
        for write in found.recovery.writes {
            assert!(is_known(write.property), "{token}.{}", write.property);
        }
        for property in found.properties.iter().filter(|property| property.is_collection()) {
            assert_eq!(property.kind, PropertyType::Dynamic, "{token}.{}", property.name);
        }
        for path in found.nested_collections {
            assert!(found.declared(path).is_none(), "{token}.{path} says itself that it is a collection");
        }
    }
}

#[test]
fn paths_are_whole() {
    for found in types() {
        let graph = &found.graph;
        let bin = graph.bin.iter().flat_map(|bin| [Some(bin.list), Some(bin.restore), bin.purge]);
        let links = found.links().flat_map(|link| {
            let writes = [&link.add, &link.remove].map(|write| write.as_ref().map(|write| write.path));
            [link.read].into_iter().chain(writes)
        });
        let below = graph.inside.iter().map(|inside| Some(inside.path));
        let writes = found.recovery.writes.iter().map(|write| Some(write.path));
        let own = [graph.list, Some(graph.get), graph.delta, graph.parent.as_ref().map(|parent| parent.path)];
        for path in own.into_iter().chain(bin).chain(links).chain(below).chain(writes).flatten() {
            assert!(
                path.starts_with('/') && !path.starts_with("/v1.0") && !path.starts_with("/beta"),
                "{path}"
            );
        }
    }
}

#[test]
fn a_link_is_never_removed_without_ref() {
    let removals: Vec<&str> = types()
        .flat_map(Type::links)
        .filter_map(|link| link.remove.as_ref())
        .map(|removal| removal.path)
        .collect();
    assert!(removals.iter().all(|path| path.ends_with("/$ref")), "{removals:?}");
    assert!(removals.len() > 10);
}

#[test]
fn every_rule_has_a_reason_and_paths() {
    for rule in types().flat_map(|found| found.rules).chain(GENERAL_RULES) {
        assert!(!rule.why.is_empty() && !rule.paths.is_empty(), "{rule:?}");
    }
}

#[test]
fn tiers_follow_from_delta_and_parents() {
    assert_eq!(TypeId::User.info().tier(), Tier::Tracked);
    assert_eq!(TypeId::ConditionalAccessPolicy.info().tier(), Tier::Polled);
    assert_eq!(TypeId::AppRoleAssignment.info().tier(), Tier::Swept);
    assert_eq!(TypeId::Group.info().link("members").unwrap().tier(), Tier::Tracked);
    assert_eq!(TypeId::User.info().link("sponsors").unwrap().tier(), Tier::Swept);
}

#[test]
fn columns_have_static_types() {
    let user = TypeId::User.info();
    assert_eq!(user.column("displayName"), Some(PropertyType::String));
    assert_eq!(user.column("accountEnabled"), Some(PropertyType::Boolean));
    assert_eq!(user.column("createdDateTime"), Some(PropertyType::DateTime));
    assert_eq!(user.column("proxyAddresses"), Some(PropertyType::Dynamic));
    assert_eq!(user.column("id"), Some(PropertyType::String));
    assert_eq!(user.column("nonsense"), None);
    assert_eq!(user.odata_type(), "#microsoft.graph.user");
    assert!(user.columns().count() + 1 == user.properties.len() + 1);
}

#[test]
fn what_can_be_written_follows_from_what_is_said_of_a_property() {
    let user = TypeId::User.info();
    assert!(user.is_writable("displayName"));
    assert!(!user.is_writable("id") && !user.is_writable("createdDateTime"));
    let organization = TypeId::Organization.info();
    assert!(
        organization.is_writable("technicalNotificationMails") && !organization.is_writable("displayName")
    );
    let package = TypeId::AccessPackage.info();
    assert!(package.is_immutable("catalog") && !package.is_writable("catalog"));
    assert!(TypeId::AttributeSet.info().is_immutable("id"));
}

#[test]
fn the_only_object_of_a_type_is_given_as_a_new_tenant_has_it() {
    for found in types() {
        let initial: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(found.initial).unwrap();
        assert!(found.is_singleton || initial.is_empty(), "{}", found.token);
        for name in initial.keys() {
            assert!(found.declared(name).is_some(), "{}.{name}", found.token);
        }
    }
}
