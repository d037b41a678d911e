//! Objects that come back, and objects that go.

use serde_json::{Value, json};

use super::super::{Identity, Phase, Step, StepKind};
use super::{Case, binned, changed, group, only, reasons, user};

fn application(id: &str) -> Value {
    json!({"id": id, "appId": format!("{id}-app"), "displayName": format!("App {id}")})
}

fn principal(id: &str, application: &str) -> Value {
    json!({"id": id, "appId": format!("{application}-app"), "displayName": format!("App {application}"),
        "servicePrincipalType": "Application"})
}

/// A user in the bin, so that the bin of users was read.
fn bystander() -> (&'static str, Value) {
    ("user", binned(user("zed")))
}

#[test]
fn a_deleted_user_is_restored_and_then_made_as_before() {
    let from = vec![
        ("user", changed(user("ann"), json!({"department": "Sales", "manager": "bob"}))),
        ("user", user("bob")),
        ("group", group("g", &["ann", "bob"])),
    ];
    let middle = vec![
        ("user", changed(user("ann"), json!({"department": "Gone"}))),
        ("user", user("bob")),
        ("group", group("g", &["ann", "bob"])),
    ];
    let to = vec![("user", binned(user("ann"))), ("user", user("bob")), ("group", group("g", &["bob"]))];
    let mut case = Case::new(from, to);
    case.middle = Some(middle);
    let plan = case.plan();
    let restore = only(&plan, StepKind::Restore, "ann");
    assert_eq!(restore.request.path, "/directory/deletedItems/ann/restore");
    let update = only(&plan, StepKind::Update, "ann");
    assert_eq!(json!(update.after), json!({"department": "Sales"}));
    assert_eq!(update.depends_on, [&*restore.id]);
    let manager = only(&plan, StepKind::AddLink, "ann");
    assert_eq!((&*manager.links[0].relation, &*manager.links[0].target_id), ("manager", "bob"));
    let member = only(&plan, StepKind::AddLink, "g");
    assert_eq!(member.links[0].target_id, "ann");
    assert_eq!(member.depends_on, [&*restore.id]);
    assert!(plan.permissions.contains(&"User.DeleteRestore.All".to_owned()));
}

#[test]
fn an_application_brings_its_service_principal_along() {
    let assignment = json!({
        "id": "x1", "principalId": "sp", "resourceId": "graph", "appRoleId": "role",
    });
    let graph = json!({"id": "graph", "appId": "graph-app", "displayName": "Graph",
        "appRoles": [{"id": "role", "value": "Mail.Read"}]});
    let from = vec![
        ("application", application("app")),
        ("servicePrincipal", principal("sp", "app")),
        ("servicePrincipal", graph.clone()),
        ("appRoleAssignment", assignment),
    ];
    let to = vec![
        ("application", binned(application("app"))),
        ("servicePrincipal", binned(principal("sp", "app"))),
        ("servicePrincipal", graph),
    ];
    let mut selection = super::super::Selection::default();
    selection.add("application", "app", super::super::ChosenRow::Whole);
    let mut case = Case::new(from, to);
    case.selection = Some(selection);
    let plan = case.plan();
    let first = only(&plan, StepKind::Restore, "app");
    let second = only(&plan, StepKind::Restore, "sp");
    assert_eq!(second.depends_on, [&*first.id]);
    let assignment = only(&plan, StepKind::AddLink, "sp|graph|role");
    assert_eq!(assignment.object.display_name, "App app → Graph: Mail.Read");
    assert_eq!(assignment.request.path, "/servicePrincipals/graph/appRoleAssignedTo");
    assert_eq!(assignment.depends_on, [&*second.id]);
}

#[test]
fn what_is_gone_for_good_needs_an_option() {
    let from = vec![("user", user("ann"))];
    let plan = Case::new(from, vec![bystander()]).plan();
    assert!(plan.steps.is_empty());
    assert_eq!(reasons(&plan, "ann"), [("", "gone for good; needs the option recreate")]);
    assert_eq!(reasons(&plan, "zed"), [("", "created and deleted")]);
}

#[test]
fn a_user_is_made_again_disabled_and_everything_names_the_new_one() {
    let policy = |users: Value| json!({"id": "ca", "displayName": "P", "state": "enabled", "conditions": {"users": users}});
    let users = json!({"includeUsers": ["All"], "excludeUsers": ["ann"]});
    let role = json!({"id": "r1", "principalId": "ann", "roleDefinitionId": "reader",
        "directoryScopeId": "/"});
    let from = vec![
        ("user", changed(user("ann"), json!({"department": "Sales", "manager": "bob"}))),
        ("user", changed(user("bob"), json!({"manager": "ann"}))),
        ("group", changed(group("g", &["ann"]), json!({"owners": ["ann"]}))),
        ("administrativeUnit", json!({"id": "au", "displayName": "AU", "members": ["ann"]})),
        ("roleAssignment", role),
        ("conditionalAccessPolicy", policy(users.clone())),
    ];
    let to = vec![
        bystander(),
        ("user", user("bob")),
        ("group", changed(group("g", &[]), json!({"owners": []}))),
        ("administrativeUnit", json!({"id": "au", "displayName": "AU", "members": []})),
        ("conditionalAccessPolicy", policy(users)),
    ];
    let plan = Case::new(from, to).with(|options| options.recreate = true).plan();
    let made = only(&plan, StepKind::Recreate, "ann");
    let new = format!("{{new:{}}}", made.id);
    assert_eq!(made.request.path, "/users");
    let body = &made.request.body;
    assert_eq!(body["accountEnabled"], false);
    assert_eq!(body["passwordProfile"]["password"], "{password}");
    assert_eq!(body["department"], "Sales");
    assert!(!made.after.contains_key("passwordProfile"));
    let target = |step: &Step| step.links[0].target_id.clone();
    assert_eq!(target(only(&plan, StepKind::AddLink, "bob")), new);
    assert_eq!(target(only(&plan, StepKind::AddLink, "au")), new);
    let own = only(&plan, StepKind::AddLink, "ann");
    assert_eq!(own.request.path, format!("/users/{new}/manager/$ref"));
    let of_group: Vec<_> = plan.steps.iter().filter(|step| step.object.id == "g").map(target).collect();
    assert_eq!(of_group, [new.clone(), new.clone()]);
    let role = only(&plan, StepKind::AddLink, "ann|reader|/");
    assert_eq!(role.request.body["principalId"], new);
    let policy = only(&plan, StepKind::Update, "ca");
    assert_eq!(policy.after["conditions"]["users"]["excludeUsers"], json!([new]));
    assert_eq!(policy.before["conditions"]["users"]["excludeUsers"], json!(["ann"]));
    assert_eq!(policy.depends_on, [&*made.id]);
}

#[test]
fn an_application_made_again_gives_its_principal_the_new_client_id() {
    let app = changed(
        application("app"),
        json!({
            "identifierUris": ["api://app-app"],
            "passwordCredentials": [{"keyId": "k", "displayName": "secret"}],
        }),
    );
    let from = vec![("application", app), ("servicePrincipal", principal("sp", "app"))];
    let other = json!({"id": "client", "appId": "client-app", "displayName": "Client",
        "requiredResourceAccess": [{"resourceAppId": "app-app", "resourceAccess": []}]});
    let mut from_all = from.clone();
    from_all.push(("application", other.clone()));
    let to = vec![
        ("application", other),
        ("application", binned(application("old"))),
        ("servicePrincipal", binned(principal("oldsp", "old"))),
    ];
    let plan = Case::new(from_all, to).with(|options| options.recreate = true).plan();
    let made = only(&plan, StepKind::Recreate, "app");
    assert!(made.request.body.get("identifierUris").is_none());
    let client_id = format!("{{new:{}.appId}}", made.id);
    let later = only(&plan, StepKind::Update, "app");
    assert_eq!(later.request.path, format!("/applications/{{new:{}}}", made.id));
    assert_eq!(later.after["identifierUris"], json!([format!("api://{client_id}")]));
    let principal = only(&plan, StepKind::Recreate, "sp");
    assert_eq!(principal.request.body["appId"], client_id);
    let client = only(&plan, StepKind::Update, "client");
    assert_eq!(client.after["requiredResourceAccess"][0]["resourceAppId"], client_id);
    assert_eq!(reasons(&plan, "app"), [("passwordCredentials", "issue anew")]);
    assert_eq!(plan.unfixable[0].reference, "the client ID app-app");
}

#[test]
fn a_policy_made_again_is_enabled_last() {
    let policy = json!({
        "id": "ca", "displayName": "P", "state": "enabled", "conditions": {"users": {"includeUsers": ["All"]},
        "locations": {"includeLocations": ["loc"]}},
        "grantControls": {"builtInControls": ["mfa"]},
    });
    let location = json!({"@odata.type": "#microsoft.graph.ipNamedLocation", "id": "loc",
        "displayName": "Office", "isTrusted": false, "ipRanges": [{"cidrAddress": "10.0.0.0/8"}]});
    let other = json!({"id": "old", "displayName": "Old", "state": "disabled"});
    let other_location = json!({"@odata.type": "#microsoft.graph.ipNamedLocation", "id": "oldloc",
        "displayName": "Old"});
    let plan = Case::new(
        vec![("conditionalAccessPolicy", policy), ("namedLocation", location)],
        vec![("conditionalAccessPolicy", binned(other)), ("namedLocation", binned(other_location))],
    )
    .with(|options| options.recreate = true)
    .plan();
    let location = only(&plan, StepKind::Recreate, "loc");
    assert_eq!(location.phase, Phase::Definitions);
    assert_eq!(location.request.body["@odata.type"], "#microsoft.graph.ipNamedLocation");
    let made = only(&plan, StepKind::Recreate, "ca");
    assert_eq!(made.request.body["state"], "disabled");
    let new = format!("{{new:{}}}", location.id);
    assert_eq!(made.request.body["conditions"]["locations"]["includeLocations"], json!([new]));
    let enabling = only(&plan, StepKind::Update, "ca");
    assert_eq!(enabling.phase, Phase::ConditionalAccess);
    assert_eq!(
        (&enabling.before["state"], &enabling.after["state"]),
        (&json!("disabled"), &json!("enabled"))
    );
    assert_eq!(enabling.depends_on, [&*made.id]);
}

#[test]
fn a_guest_is_invited_again() {
    let guest = json!({
        "id": "g1", "displayName": "Guest", "userPrincipalName": "g_x.com#EXT#@contoso.com", "mail": "g@x.com",
        "userType": "Guest", "creationType": "Invitation", "department": "Outside",
    });
    let plan =
        Case::new(vec![("user", guest)], vec![bystander()]).with(|options| options.recreate = true).plan();
    let invited = only(&plan, StepKind::Recreate, "g1");
    assert_eq!(invited.request.path, "/invitations");
    assert_eq!(invited.request.body["invitedUserEmailAddress"], "g@x.com");
    let later = only(&plan, StepKind::Update, "g1");
    assert_eq!(later.after["department"], "Outside");
    assert!(!later.after.contains_key("userPrincipalName"));
}

#[test]
fn what_was_added_goes_only_when_asked_for() {
    let policy = json!({"id": "ca", "displayName": "P", "state": "enabled"});
    let location = json!({"@odata.type": "#microsoft.graph.ipNamedLocation", "id": "loc",
        "displayName": "L", "isTrusted": true});
    let strength = json!({"id": "st", "displayName": "S", "policyType": "custom"});
    let to = || {
        vec![
            ("user", user("eve")),
            ("device", json!({"id": "dev", "displayName": "D"})),
            ("conditionalAccessPolicy", policy.clone()),
            ("namedLocation", location.clone()),
            ("authenticationStrengthPolicy", strength.clone()),
        ]
    };
    let from = || {
        vec![
            ("user", user("ann")),
            ("device", json!({"id": "d0", "displayName": "D"})),
            ("conditionalAccessPolicy", json!({"id": "c0"})),
            ("namedLocation", json!({"id": "l0"})),
            ("authenticationStrengthPolicy", json!({"id": "s0"})),
        ]
    };
    let both = |to: Vec<(&'static str, Value)>| [from(), to].concat();
    let plan = Case::new(from(), both(to())).plan();
    assert!(plan.steps.is_empty());
    assert_eq!(reasons(&plan, "eve"), [("", "it was not there; needs the option softDelete")]);
    assert_eq!(reasons(&plan, "st"), [("", "no bin; needs the option hardDelete")]);
    assert_eq!(reasons(&plan, "dev"), [("", "devices are never deleted")]);
    let plan = Case::new(from(), both(to()))
        .with(|options| (options.soft_delete, options.hard_delete) = (true, true))
        .plan();
    let off = only(&plan, StepKind::Update, "ca");
    assert_eq!((off.phase, &off.after["state"]), (Phase::Containment, &json!("disabled")));
    let policy = only(&plan, StepKind::SoftDelete, "ca");
    assert_eq!(policy.depends_on, [&*off.id]);
    assert_eq!(policy.phase, Phase::Deletion);
    let untrusted = only(&plan, StepKind::Update, "loc");
    let gone = only(&plan, StepKind::SoftDelete, "loc");
    assert!(gone.depends_on.contains(&untrusted.id) && gone.depends_on.contains(&policy.id));
    let strength = only(&plan, StepKind::HardDelete, "st");
    assert_eq!(strength.before["displayName"], "S");
    assert_eq!(only(&plan, StepKind::SoftDelete, "eve").request.path, "/users/eve");
    assert_eq!(reasons(&plan, "dev"), [("", "devices are never deleted")]);
}

#[test]
fn what_is_part_of_a_policy_below_it_is_written_element_by_element() {
    let strengths = "/policies/authenticationStrengthPolicies/st/combinationConfigurations";
    let grants = "/policies/permissionGrantPolicies/own";
    for (token, id, name, path) in [
        ("authenticationStrengthPolicy", "st", "combinationConfigurations", strengths.to_owned()),
        ("permissionGrantPolicy", "own", "includes", format!("{grants}/includes")),
        ("permissionGrantPolicy", "own", "excludes", format!("{grants}/excludes")),
    ] {
        let policy = |below: Value| {
            json!({"id": id, "displayName": "P", "policyType": "custom", "allowedCombinations": ["fido2"],
                name: below})
        };
        let element = |id: &str, key: &str| {
            json!({"@odata.type": "#microsoft.graph.fido2CombinationConfiguration", "id": id,
                "allowedAAGUIDs": [key], "appliesToCombinations": ["fido2"]})
        };
        let sent = |key: &str| {
            let mut sent = element("", key);
            sent.as_object_mut().unwrap().remove("id");
            sent
        };
        let plan_of =
            |from: Value, to: Value| Case::new(vec![(token, policy(from))], vec![(token, policy(to))]).plan();
        // One that went is made, one that came goes.
        let plan = plan_of(json!([element("c", "k")]), json!([]));
        let made = only(&plan, StepKind::AddLink, id);
        assert_eq!((&*made.request.method, &made.request.path), ("POST", &path));
        assert_eq!((&made.request.body.to_value(), &made.after[name]), (&sent("k"), &json!([sent("k")])));
        let plan = plan_of(json!([]), json!([element("c", "k")]));
        let gone = only(&plan, StepKind::RemoveLink, id);
        assert_eq!((&*gone.request.method, &gone.request.path), ("DELETE", &format!("{path}/c")));
        // A new ID alone is no change.
        assert!(plan_of(json!([element("c", "k")]), json!([element("d", "k")])).steps.is_empty());
        // Where an element can be changed it is, and what could be in its way never goes first.
        let plan = plan_of(json!([element("c", "k")]), json!([element("d", "evil")]));
        if token == "authenticationStrengthPolicy" {
            let changed = only(&plan, StepKind::Update, id);
            assert_eq!((&*changed.request.method, &changed.request.path), ("PATCH", &format!("{path}/d")));
            assert_eq!((plan.steps.len(), changed.request.body.to_value()), (1, sent("k")));
        } else {
            assert_eq!(only(&plan, StepKind::RemoveLink, id).request.path, format!("{path}/d"));
            assert_eq!(only(&plan, StepKind::AddLink, id).request.body, sent("k"));
        }
        // What is made again gets its elements too, when it is there.
        let other = json!({"id": "other", "displayName": "O"});
        let plan = Case::new(vec![(token, policy(json!([element("c", "k")])))], vec![(token, other)])
            .with(|options| options.recreate = true)
            .plan();
        let recreated = only(&plan, StepKind::Recreate, id);
        assert!(recreated.request.body.get(name).is_none(), "{token}.{name}");
        let made = only(&plan, StepKind::AddLink, id);
        assert_eq!(
            (&made.request.body.to_value(), &made.depends_on),
            (&sent("k"), &vec![recreated.id.clone()])
        );
        assert_eq!(reasons(&plan, id), [], "{token}.{name}");
    }
}

#[test]
fn an_application_makes_again_what_the_bin_of_conditional_access_keeps_from_it() {
    let policy = json!({"id": "ca", "displayName": "P", "state": "enabled",
        "conditions": {"users": {"includeUsers": ["All"]}}, "grantControls": {"builtInControls": ["mfa"]}});
    let application = Identity { app_id: Some("app".to_owned()), ..Identity::default() };
    let person = Identity { user_id: Some("ann".to_owned()), ..application.clone() };
    for (identity, recreate, kind) in [
        (application.clone(), true, StepKind::Recreate),
        (application, false, StepKind::Restore),
        (person, true, StepKind::Restore),
        (Identity::default(), true, StepKind::Restore),
    ] {
        let case = Case::new(
            vec![("conditionalAccessPolicy", policy.clone())],
            vec![("conditionalAccessPolicy", binned(policy.clone()))],
        );
        let case = Case { identity, ..case };
        let plan = case.with(|options| options.recreate = recreate).plan();
        let step = only(&plan, kind, "ca");
        let says_so = step.notes.iter().any(|note| note.contains("recycle bin"));
        assert_eq!(says_so, kind == StepKind::Recreate, "{:?}", step.notes);
    }
}
