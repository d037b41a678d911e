//! What holds for every plan, whatever the two states are.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::{Plan, StepKind};
use super::{Case, Objects, binned, changed, only, user};

const PEOPLE: [&str; 4] = ["ann", "bob", "cid", "dan"];
const GROUPS: [&str; 3] = ["g1", "g2", "g3"];

/// Live, in the bin, or absent.
fn presence() -> impl Strategy<Value = u8> {
    prop_oneof![6 => Just(0_u8), 1 => Just(1_u8), 1 => Just(2_u8)]
}

fn state_of(token: &'static str, object: Value, presence: u8) -> Option<(&'static str, Value)> {
    match presence {
        0 => Some((token, object)),
        1 => Some((token, binned(object))),
        _ => None,
    }
}

fn some_of(names: &'static [&'static str]) -> impl Strategy<Value = Vec<&'static str>> {
    prop::sample::subsequence(names, 0..=names.len())
}

fn people() -> impl Strategy<Value = Objects> {
    let person = (presence(), any::<bool>(), 0..3_u8, prop::option::of(prop::sample::select(&PEOPLE[..])));
    prop::collection::vec(person, PEOPLE.len()).prop_map(|found| {
        let each = PEOPLE.iter().zip(found);
        let of = |(id, (presence, enabled, title, manager)): (&&str, (u8, bool, u8, Option<&str>))| {
            let more = json!({"accountEnabled": enabled, "jobTitle": title.to_string(), "manager": manager});
            state_of("user", changed(super::user(id), more), presence)
        };
        each.filter_map(of).collect()
    })
}

/// Presence, whether it holds roles, members, owners.
type Group = (u8, bool, Vec<&'static str>, Vec<&'static str>);

fn groups() -> impl Strategy<Value = Objects> {
    let one = (presence(), any::<bool>(), some_of(&PEOPLE), some_of(&PEOPLE));
    prop::collection::vec(one, GROUPS.len()).prop_map(|found| {
        let each = GROUPS.iter().zip(found);
        let of = |(id, (presence, role, members, owners)): (&&str, Group)| {
            let rule = format!("user.memberof -any (group.objectId -in ['{}'])", GROUPS[0]);
            let more = json!({"isAssignableToRole": role, "owners": owners, "membershipRule": rule});
            state_of("group", changed(super::group(id, &members), more), presence)
        };
        each.filter_map(of).collect()
    })
}

fn others() -> impl Strategy<Value = Objects> {
    let application = (presence(), presence(), some_of(&["k1", "k2", "k3"]), any::<bool>());
    let policy =
        (presence(), some_of(&PEOPLE), some_of(&GROUPS), prop::sample::select(&["enabled", "disabled"][..]));
    let roles = some_of(&PEOPLE);
    (application, policy, roles).prop_map(|((app, sp, keys, assigned), (ca, users, groups, state), roles)| {
        let keys: Vec<Value> = keys.into_iter().map(|key| json!({"keyId": key})).collect();
        let application = json!({"id": "app", "appId": "client", "displayName": "App", "passwordCredentials": keys,
            "identifierUris": ["api://client"]});
        let principal = json!({"id": "sp", "appId": "client", "displayName": "App"});
        let conditions = json!({"users": {"includeUsers": users, "excludeGroups": groups}});
        let policy = json!({"id": "ca", "displayName": "P", "state": state, "conditions": conditions,
            "grantControls": {"builtInControls": ["mfa"]}});
        let mut objects: Objects = [
            state_of("application", application, app),
            state_of("servicePrincipal", principal, sp),
            state_of("conditionalAccessPolicy", policy, ca),
        ]
        .into_iter()
        .flatten()
        .collect();
        objects.extend(roles.into_iter().map(|id| {
            let role = json!({"id": format!("r-{id}"), "principalId": id, "roleDefinitionId": "admin",
                "directoryScopeId": "/"});
            ("roleAssignment", role)
        }));
        if assigned {
            let assignment = json!({"id": "a1", "principalId": "ann", "resourceId": "sp", "appRoleId": "role"});
            objects.push(("appRoleAssignment", assignment));
        }
        objects
    })
}

fn state() -> impl Strategy<Value = Objects> {
    (people(), groups(), others()).prop_map(|(people, groups, others)| [people, groups, others].concat())
}

/// A request that takes something away takes away a link, a relation object, a credential, or what was to go.
fn check_deletions(plan: &Plan) {
    for step in plan.steps.iter().filter(|step| step.request.method == "DELETE") {
        let is_relation = step.object.id.contains('|');
        match step.kind {
            StepKind::RemoveLink => assert!(is_relation || step.request.path.ends_with("/$ref"), "{step:#?}"),
            StepKind::SoftDelete | StepKind::HardDelete => assert!(!step.request.path.contains("$ref")),
            _ => panic!("{step:#?}"),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    // The harness checks that dependencies point backwards, phases ascend and new IDs are waited for.
    #[test]
    fn every_plan_is_in_order_and_deletes_nothing_by_accident(
        from in state(), to in state(), recreate: bool, delete: bool,
    ) {
        let case = Case::new(from, to).with(|options| {
            options.recreate = recreate;
            (options.soft_delete, options.hard_delete) = (delete, delete);
        });
        let plan = case.plan();
        check_deletions(&plan);
        for step in &plan.steps {
            prop_assert!(recreate || step.kind != StepKind::Recreate);
            let is_deletion = matches!(step.kind, StepKind::SoftDelete | StepKind::HardDelete);
            prop_assert!(delete || !is_deletion);
        }
        prop_assert_eq!(&Plan::from_file_bytes(&plan.to_file_bytes()).unwrap(), &plan);
    }
}

#[test]
fn what_came_inside_a_complex_value_is_cleared_by_name() {
    let of = |value: serde_json::Value| {
        vec![("user", changed(user("ann"), json!({"onPremisesExtensionAttributes": value})))]
    };
    let plan = Case::new(
        of(json!({"extensionAttribute1": "x"})),
        of(json!({"extensionAttribute1": "x", "extensionAttribute2": "evil"})),
    )
    .plan();
    let step = only(&plan, StepKind::Update, "ann");
    let wanted = json!({"extensionAttribute1": "x", "extensionAttribute2": null});
    assert_eq!(step.request.body, json!({"onPremisesExtensionAttributes": wanted}));
    assert_eq!(step.after["onPremisesExtensionAttributes"], wanted);
}

#[test]
fn properties_that_may_be_refused_go_alone_and_their_permissions_are_named() {
    use engine::schema::Property;
    for resource in engine::schema::types() {
        let token = resource.token;
        let risky: Vec<&str> =
            resource.known().filter(|name| resource.has(name, Property::is_risky)).collect();
        for name in risky {
            // Credentials, and what follows from an application, have ways of their own.
            if !matches!(
                super::super::property::writing(resource, name),
                super::super::property::Writing::Alone
            ) {
                continue;
            }
            let of = |value: &str| {
                let value = match name {
                    "accountEnabled" => json!(value == "a"),
                    "identifierUris" | "replyUrls" | "servicePrincipalNames" => json!([value]),
                    "appRoles" => json!([{"id": value, "isEnabled": false}]),
                    "api" | "web" | "spa" | "publicClient" => json!({"x": [value]}),
                    "customSecurityAttributes" => json!({"Set": {"Level": value}}),
                    _ => json!(value),
                };
                vec![(
                    token_of(token),
                    json!({"id": "x", "displayName": value_name(&value), "notes": "n",
                    name: value}),
                )]
            };
            let plan = Case::new(of("a"), of("b")).plan();
            let own: Vec<_> = plan.steps.iter().filter(|step| step.after.contains_key(name)).collect();
            assert_eq!(own.len(), 1, "{token} {name}: {:#?}", plan.steps);
            assert_eq!(own[0].after.len(), 1, "{token} {name}");
            assert!(plan.steps.iter().any(|step| step.after.contains_key("displayName")), "{token} {name}");
            let needed = match name {
                "customSecurityAttributes" => "CustomSecAttributeAssignment.ReadWrite.All",
                "employeeLeaveDateTime" => "User-LifeCycleInfo.ReadWrite.All",
                _ => continue,
            };
            assert!(
                plan.permissions.iter().any(|found| found == needed),
                "{token} {name}: {:?}",
                plan.permissions
            );
        }
    }
}

/// The token as the table of types has it.
fn token_of(token: &str) -> &'static str {
    engine::schema::by_token(token).unwrap().token
}

/// A name that changes with a value.
fn value_name(value: &serde_json::Value) -> String {
    format!("named {value}")
}
