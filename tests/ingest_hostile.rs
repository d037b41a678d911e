//! Backups of a tenant that answers badly: one broken answer costs one thing, what is doubted is asked again, and the
//! next backup tells the truth.

use std::collections::BTreeSet;

use engine::coverage::GapScope;
use engine::{ChangeKind, DifferenceFilter, Store};
use ingest::apply::ApplyRequest;
use ingest::plan::PlanOptions;
use ingest::pull::{BackupReport, BackupRequest, backup};
use twin::Actor;

use crate::ingest_backup::{Keeper, ids, request};
use crate::ingest_recovery::{plan_with, recovered};
use crate::tenant::Tenant;

fn full() -> BackupRequest {
    BackupRequest { full: true, ..request() }
}

/// The gaps of the newest backup, as type and scope.
fn gaps(store: &Store) -> Vec<(String, GapScope)> {
    let newest = store.backups().last().unwrap().id;
    let coverage = store.coverage(&newest).unwrap();
    let gaps = coverage.types.into_values().flat_map(|of_type| of_type.gaps);
    gaps.map(|gap| (gap.type_token, gap.scope)).collect()
}

/// The types of which the newest backup says that they were not read.
fn unread_types(store: &Store) -> BTreeSet<String> {
    let gaps = gaps(store).into_iter().filter(|(_, scope)| *scope == GapScope::Type);
    gaps.map(|(token, _)| token).collect()
}

fn counts(report: &BackupReport) -> (u64, u64, u64) {
    (report.summary.added, report.summary.updated, report.summary.deleted)
}

/// Everything that an answer to a reading call was seen to be.
const BROKEN: [&str; 12] = [
    "status-500",
    "status-503",
    "status-401",
    "status-502",
    "html",
    "empty",
    "no-content",
    "cut",
    "error-body",
    "other-json",
    "no-value",
    "long-wait",
];

#[test]
fn a_list_that_is_broken_in_any_way_costs_its_type_alone_and_is_read_again() {
    for broken in BROKEN {
        let tenant = Tenant::new(300, 5);
        let mut keeper = Keeper::new();
        tenant.set_faults(&format!("{broken}=/policies/featureRolloutPolicies"));
        let report = keeper.back_up(&tenant);
        assert_eq!(
            unread_types(&keeper.store),
            BTreeSet::from(["featureRolloutPolicy".to_owned()]),
            "{broken}: {:?}",
            report.summary.warnings
        );
        assert!(report.summary.objects > 200, "{broken}");
        tenant.set_faults("");
        let report = keeper.back_up(&tenant);
        assert_eq!(report.summary.warnings, [], "{broken}");
        keeper.expect_equal(&tenant);
    }
}

#[test]
fn whatever_type_is_broken_keeps_what_was_known_and_the_others_are_read() {
    for (path, token) in [
        ("/users?", "user"),
        ("/groups?", "group"),
        ("/identity/conditionalAccess/policies", "conditionalAccessPolicy"),
        ("/roleManagement/directory/roleAssignments", "roleAssignment"),
        ("/oauth2PermissionGrants", "oauth2PermissionGrant"),
        ("/organization?", "organization"),
        ("$expand=federatedIdentityCredentials", "federatedIdentityCredential"),
        ("$expand=appRoleAssignedTo", "appRoleAssignment"),
    ] {
        let tenant = Tenant::new(300, 5);
        let mut keeper = Keeper::new();
        keeper.back_up(&tenant);
        let objects = keeper.store.backups()[0].objects;
        tenant.set_faults(&format!("html={path}"));
        let report = keeper.back_up_as(&tenant, &full());
        assert!(unread_types(&keeper.store).contains(token), "{path}: {:?}", report.summary.warnings);
        assert_eq!((counts(&report), report.summary.objects), ((0, 0, 0), objects), "{path}");
        tenant.set_faults("");
        let report = keeper.back_up(&tenant);
        assert_eq!((counts(&report), report.summary.warnings), ((0, 0, 0), Vec::new()), "{path}");
    }
}

#[test]
fn nothing_is_committed_of_a_tenant_that_gives_nothing_at_all() {
    for broken in ["html=/", "status-500=/", "status-401=/", "status-403=/", "empty=/"] {
        let tenant = Tenant::new(200, 5);
        let mut keeper = Keeper::new();
        tenant.set_faults(broken);
        let result = backup(&mut keeper.store, &tenant.client(), &request(), &());
        assert!(result.is_err(), "{broken}");
        assert_eq!(keeper.store.backups().len(), 0, "{broken}");
    }
}

#[test]
fn a_round_of_changes_that_is_broken_is_a_gap_and_the_next_backup_goes_on_from_it() {
    for broken in ["status-500", "html", "empty", "cut", "no-link", "circle", "endless", "no-value"] {
        let tenant = Tenant::new(300, 7);
        let mut keeper = Keeper::new();
        keeper.back_up(&tenant);
        let users = ids(&tenant, "user");
        assert!(tenant.server.put(
            Actor::Caller,
            "user",
            &format!(r#"{{"id": "{}", "department": "Moved"}}"#, users[0])
        ));
        tenant.set_faults(&format!("{broken}=/users/delta"));
        let report = keeper.back_up(&tenant);
        assert!(unread_types(&keeper.store).contains("user"), "{broken}: {:?}", report.summary.warnings);
        assert_eq!(counts(&report), (0, 0, 0), "{broken}");
        tenant.set_faults("");
        let report = keeper.back_up(&tenant);
        assert_eq!((counts(&report), report.summary.warnings), ((0, 1, 0), Vec::new()), "{broken}");
        keeper.expect_equal(&tenant);
    }
}

#[test]
fn links_in_a_circle_and_pages_without_end_end_everywhere() {
    for (fault, token) in [
        ("circle=/users?", "user"),
        ("circle=/directory/deletedItems/microsoft.graph.user", "user"),
        ("circle=/groups?$select=id&$top=999&$expand", "group"),
        ("circle=appRoleAssignedTo", "appRoleAssignment"),
        ("endless=/policies/featureRolloutPolicies", "featureRolloutPolicy"),
        ("endless=/groups?", "group"),
    ] {
        let tenant = Tenant::new(300, 5);
        let mut keeper = Keeper::new();
        tenant.set_faults(fault);
        let report = keeper.back_up(&tenant);
        assert!(
            gaps(&keeper.store).iter().any(|(of, _)| of == token),
            "{fault}: {:?}",
            report.summary.warnings
        );
        tenant.set_faults("");
        keeper.back_up_as(&tenant, &full());
        keeper.expect_equal(&tenant);
    }
}

#[test]
fn pages_that_expire_on_the_way_are_read_from_the_beginning() {
    let tenant = Tenant::new(3_000, 5);
    let mut keeper = Keeper::new();
    tenant.set_faults("expired-page=/users?*1");
    let report = keeper.back_up(&tenant);
    assert_eq!(report.summary.warnings, []);
    keeper.expect_equal(&tenant);
    tenant.set_faults("expired-page=/users?");
    let mut first = Keeper::new();
    first.back_up(&tenant);
    assert!(unread_types(&first.store).contains("user"), "a list that broke off is no whole reading");
    tenant.set_faults("");
    first.back_up(&tenant);
    first.expect_equal(&tenant);
}

#[test]
fn an_object_that_is_once_not_found_is_not_gone() {
    for token in ["user", "group", "application", "servicePrincipal", "device", "administrativeUnit"] {
        let tenant = Tenant::new(600, 3);
        let mut keeper = Keeper::new();
        keeper.back_up(&tenant);
        let id = ids(&tenant, token)[1].clone();
        let body = format!(r#"{{"id": "{id}", "displayName": "Renamed"}}"#);
        assert!(tenant.server.put(Actor::Caller, token, &body), "{token}");
        tenant.set_faults(&format!("status-404=s/{id}*1"));
        let report = keeper.back_up(&tenant);
        assert_eq!(counts(&report), (0, 1, 0), "{token}: {:?}", report.summary.warnings);
        keeper.expect_equal(&tenant);
    }
}

#[test]
fn an_object_that_is_once_not_found_is_not_in_a_bin_that_gives_no_answer() {
    let tenant = Tenant::new(600, 3);
    let mut keeper = Keeper::new();
    keeper.back_up(&tenant);
    let id = ids(&tenant, "user")[1].clone();
    assert!(tenant.server.put(Actor::Caller, "user", &format!(r#"{{"id": "{id}", "department": "Moved"}}"#)));
    tenant.set_faults(&format!("status-404=/users/{id}*1,status-503=/directory/deletedItems/{id}"));
    let report = keeper.back_up(&tenant);
    assert_eq!((counts(&report), report.summary.warnings), ((0, 1, 0), Vec::new()));
    keeper.expect_equal(&tenant);
}

#[test]
fn an_object_that_is_listed_and_never_found_is_kept_warned_of_and_asked_again() {
    let tenant = Tenant::new(600, 3);
    let mut keeper = Keeper::new();
    keeper.back_up(&tenant);
    let id = ids(&tenant, "user")[1].clone();
    assert!(tenant.server.put(Actor::Caller, "user", &format!(r#"{{"id": "{id}", "department": "Moved"}}"#)));
    for status in [404, 400, 403, 500] {
        tenant.set_faults(&format!("status-{status}=/users/{id}"));
        let report = keeper.back_up(&tenant);
        assert_eq!(counts(&report), (0, 0, 0), "{status}");
        assert_eq!(gaps(&keeper.store), [("user".to_owned(), GapScope::Object(id.clone()))], "{status}");
    }
    tenant.set_faults("");
    let report = keeper.back_up(&tenant);
    assert_eq!((counts(&report), report.summary.warnings), ((0, 1, 0), Vec::new()));
    keeper.expect_equal(&tenant);
    assert_eq!(gaps(&keeper.store), []);
}

#[test]
fn what_a_list_leaves_out_is_asked_for_before_it_is_called_gone() {
    for (path, token) in [
        ("/users", "user"),
        ("/groups", "group"),
        ("/applications", "application"),
        ("/servicePrincipals", "servicePrincipal"),
        ("/identity/conditionalAccess/policies", "conditionalAccessPolicy"),
        ("/roleManagement/directory/roleDefinitions", "roleDefinition"),
        ("/domains", "domain"),
    ] {
        let tenant = Tenant::new(400, 5);
        let mut keeper = Keeper::new();
        keeper.back_up(&tenant);
        tenant.set_faults(&format!("lacking={path}*5"));
        let report = keeper.back_up_as(&tenant, &full());
        assert_eq!(report.summary.deleted, 0, "{path}");
        let is_told =
            gaps(&keeper.store).iter().any(|(of, scope)| of == token && matches!(scope, GapScope::Object(_)));
        assert!(is_told, "{path}: {:?}", report.summary.warnings);
        tenant.set_faults("");
        let report = keeper.back_up(&tenant);
        assert_eq!(counts(&report), (0, 0, 0), "{path}");
        keeper.expect_equal(&tenant);
    }
}

#[test]
fn what_is_gone_is_still_called_gone() {
    let tenant = Tenant::new(600, 5);
    let mut keeper = Keeper::new();
    keeper.back_up(&tenant);
    let (users, groups) = (ids(&tenant, "user"), ids(&tenant, "group"));
    assert!(tenant.server.purge(Actor::Caller, "user", &users[0]));
    assert!(tenant.server.delete(Actor::Caller, "group", &groups[0]));
    let report = keeper.back_up(&tenant);
    // What was assigned to them is gone with them.
    assert!(report.summary.deleted >= 2);
    assert_eq!(report.summary.warnings, []);
    keeper.expect_equal(&tenant);
    assert!(tenant.server.purge(Actor::NativeRecovery, "user", &users[1]));
    let report = keeper.back_up_as(&tenant, &full());
    assert!(report.summary.deleted >= 1);
    assert_eq!(report.summary.warnings, []);
    keeper.expect_equal(&tenant);
}

#[test]
fn a_property_that_may_not_be_read_keeps_its_values_and_is_named() {
    for (permissions, property) in [
        (
            "no-permission=CustomSecAttributeAssignment.Read.All,no-permission=CustomSecAttributeAssignment.ReadWrite.All",
            "customSecurityAttributes",
        ),
        (
            "no-permission=User-LifeCycleInfo.Read.All,no-permission=User-LifeCycleInfo.ReadWrite.All",
            "employeeLeaveDateTime",
        ),
        ("unknown-property=faxNumber", "faxNumber"),
        ("unknown-property=state", "state"),
    ] {
        let tenant = Tenant::new(300, 5);
        let mut keeper = Keeper::new();
        keeper.back_up(&tenant);
        tenant.set_faults(permissions);
        // What nobody knows is found out when somebody asks for it.
        let unasked = if permissions.starts_with("unknown") { full() } else { request() };
        for request in [unasked, full()] {
            let report = keeper.back_up_as(&tenant, &request);
            assert_eq!(counts(&report), (0, 0, 0), "{property}");
            let expected = ("user".to_owned(), GapScope::Property(property.to_owned()));
            assert!(gaps(&keeper.store).contains(&expected), "{property}: {:?}", report.summary.warnings);
            assert!(!unread_types(&keeper.store).contains("user"), "{property}");
        }
        tenant.set_faults("");
        let report = keeper.back_up(&tenant);
        assert_eq!((counts(&report), report.summary.warnings), ((0, 0, 0), Vec::new()), "{property}");
        keeper.expect_equal(&tenant);
    }
}

#[test]
fn what_an_intruder_uses_to_stay_is_read_in_every_backup() {
    let tenant = Tenant::new(600, 5);
    let mut keeper = Keeper::new();
    keeper.back_up(&tenant);
    let application = ids(&tenant, "application")[0].clone();
    let (user, principal) = (ids(&tenant, "user")[3].clone(), ids(&tenant, "servicePrincipal")[0].clone());
    assert!(tenant.server.link(Actor::NativeRecovery, &application, "owners", &user));
    assert!(tenant.server.link(Actor::NativeRecovery, &principal, "owners", &user));
    let report = keeper.back_up(&tenant);
    assert!(!report.full);
    keeper.expect_equal(&tenant);
    for token in
        ["appRoleAssignment", "federatedIdentityCredential", "roleAssignment", "roleEligibilitySchedule"]
    {
        assert!(["swept", "polled"].contains(&report.ways[token]), "{token}: {}", report.ways[token]);
    }
}

/// What no delta query tells, and only a sweep would read again.
#[test]
fn after_a_recovery_the_next_backup_holds_what_the_recovery_left() {
    let tenant = Tenant::new(800, 11);
    let mut keeper = Keeper::new();
    keeper.back_up(&tenant);
    let users = ids(&tenant, "user");
    for (source, sponsor) in [(&users[2], &users[5]), (&users[3], &users[6])] {
        assert!(tenant.server.link(Actor::NativeRecovery, source, "sponsors", sponsor));
    }
    keeper.back_up_as(&tenant, &full());
    keeper.expect_equal(&tenant);
    let plan = plan_with(&keeper.store, &tenant, PlanOptions::default());
    assert!(plan.steps.iter().any(|step| step.links.iter().any(|link| link.relation == "sponsors")));
    recovered(&mut keeper, &tenant, &plan, &ApplyRequest::new([1; 32]));
    let report = keeper.back_up(&tenant);
    assert!(!report.full);
    keeper.expect_equal(&tenant);
    let report = keeper.back_up(&tenant);
    assert_eq!(counts(&report), (0, 0, 0), "what was read anew once is not read anew for ever");
}

#[test]
fn deleted_devices_are_in_the_bin_and_where_there_is_none_nobody_calls_it_empty() {
    let tenant = Tenant::new(800, 5);
    let mut keeper = Keeper::new();
    keeper.back_up(&tenant);
    let devices = ids(&tenant, "device");
    let hybrid = r#"{"id": "hybrid", "displayName": "H", "trustType": "ServerAd"}"#;
    assert!(tenant.server.put(Actor::Caller, "device", hybrid));
    keeper.back_up(&tenant);
    assert!(tenant.server.delete(Actor::Caller, "device", &devices[0]));
    assert!(tenant.server.delete(Actor::Caller, "device", "hybrid"));
    keeper.back_up(&tenant);
    keeper.expect_equal(&tenant);
    assert_eq!(kinds(&keeper.store), [ChangeKind::HardDeleted, ChangeKind::SoftDeleted]);
    assert!(tenant.server.restore(Actor::Caller, "device", &devices[0]));
    keeper.back_up(&tenant);
    keeper.expect_equal(&tenant);
    // Without the preview.
    tenant.set_faults("no-bin=device");
    keeper.back_up_as(&tenant, &full());
    assert!(tenant.server.purge(Actor::Caller, "device", &devices[1]));
    let report = keeper.back_up_as(&tenant, &full());
    assert!(report.summary.warnings.iter().all(ingest::is_harmless), "{:?}", report.summary.warnings);
    assert_eq!(gaps(&keeper.store), [("device".to_owned(), GapScope::Bin)]);
    assert_eq!(kinds(&keeper.store), [ChangeKind::Deleted]);
}

/// What kinds of changes the newest backup brought, sorted.
fn kinds(store: &Store) -> Vec<ChangeKind> {
    let [.., from, to] = store.backups() else { panic!("two backups are needed") };
    let difference = store.difference(&from.id, &to.id, &DifferenceFilter::default()).unwrap();
    let mut kinds: Vec<ChangeKind> = difference.into_iter().map(|change| change.kind).collect();
    kinds.sort_by_key(|kind| format!("{kind:?}"));
    kinds
}

#[test]
fn a_relation_that_a_list_shows_without_somebody_is_asked_of_them() {
    let tenant = Tenant::new(600, 5);
    let mut keeper = Keeper::new();
    keeper.back_up(&tenant);
    let owners = "expand=owners";
    for fault in [format!("lacking-in={owners}*20"), "lacking-in=expand=members*20".to_owned()] {
        tenant.set_faults(&fault);
        let report = keeper.back_up_as(&tenant, &full());
        assert_eq!((counts(&report), report.summary.warnings), ((0, 0, 0), Vec::new()), "{fault}");
        keeper.expect_equal(&tenant);
    }
}

/// Stops a backup at the first object of a type.
struct StopAt {
    cancel: ingest::graph::Cancel,
    token: &'static str,
}

impl ingest::pull::PullProgress for StopAt {
    fn objects(&self, type_token: &str, _count: u64) {
        if type_token == self.token {
            self.cancel.cancel();
        }
    }

    fn news(&self, _count: u64) {}
}

#[test]
fn what_was_read_before_a_recovery_is_read_again_by_the_run_that_goes_on() {
    let tenant = Tenant::new(400, 11);
    let mut keeper = Keeper::new();
    keeper.back_up(&tenant);
    let location = ids(&tenant, "namedLocation")[0].clone();
    let body = format!(r#"{{"id": "{location}", "displayName": "Spoilt"}}"#);
    assert!(tenant.server.put(Actor::Caller, "namedLocation", &body));
    keeper.back_up_as(&tenant, &full());
    let plan = plan_with(&keeper.store, &tenant, PlanOptions::default());
    let cancel = ingest::graph::Cancel::new();
    let client = tenant.client_with(|settings| settings.cancel = cancel.clone());
    let watch = StopAt { cancel, token: "namedLocation" };
    // Whether it stops in time or not: what it read is of before the recovery.
    let _stopped = backup(&mut keeper.store, &client, &full(), &watch);
    recovered(&mut keeper, &tenant, &plan, &ApplyRequest::new([1; 32]));
    keeper.back_up_as(&tenant, &full());
    keeper.expect_equal(&tenant);
}

#[test]
fn a_list_that_several_types_share_is_unread_for_each_of_them() {
    let tenant = Tenant::new(300, 5);
    let mut keeper = Keeper::new();
    keeper.back_up(&tenant);
    tenant.set_faults("html=/authenticationMethodConfigurations");
    let report = keeper.back_up(&tenant);
    assert_eq!(counts(&report), (0, 0, 0));
    let unread = unread_types(&keeper.store);
    let alike = engine::schema::types().filter(|found| {
        found.graph.list.is_some_and(|list| list.ends_with("/authenticationMethodConfigurations"))
    });
    let alike: BTreeSet<String> = alike.map(|found| found.token.to_owned()).collect();
    assert!(alike.len() > 1 && unread == alike, "{unread:?}");
    tenant.set_faults("");
    let report = keeper.back_up(&tenant);
    assert_eq!((counts(&report), report.summary.warnings), ((0, 0, 0), Vec::new()));
}
