//! Values that only one object may have: whoever holds one goes first, gives it up first, or keeps it and is named.

use serde_json::{Value, json};

use super::super::{Phase, Plan, StepKind};
use super::{Case, Objects, binned, changed, group, only, reasons, user};

/// A type whose objects hold something that only one may have: type, what it was, who took it meanwhile, and the property.
fn takings() -> Vec<(&'static str, Value, Value, &'static str)> {
    let mail = |object: Value| changed(object, json!({"mail": "Box@contoso.com"}));
    let proxies = |object: Value, address: &str| changed(object, json!({"proxyAddresses": [address]}));
    let unified = |id: &str| {
        changed(
            group(id, &[]),
            json!({"groupTypes": ["Unified"], "mailEnabled": true, "mailNickname": "team"}),
        )
    };
    let named = |id: &str| changed(user(id), json!({"userPrincipalName": "Box@contoso.com"}));
    let principal = |id: &str| json!({"id": id, "appId": "client", "displayName": id});
    let application =
        |id: &str, uri: &str| json!({"id": id, "appId": id, "displayName": id, "identifierUris": [uri]});
    vec![
        (
            "user",
            named("old"),
            changed(named("new"), json!({"userPrincipalName": "box@contoso.com"})),
            "userPrincipalName",
        ),
        ("user", mail(user("old")), proxies(user("new"), "SMTP:box@contoso.com"), "proxyAddresses"),
        (
            "user",
            proxies(user("old"), "smtp:a@contoso.com"),
            proxies(user("new"), "SMTP:A@contoso.com"),
            "proxyAddresses",
        ),
        ("group", unified("old"), unified("new"), "mailNickname"),
        ("servicePrincipal", principal("old"), principal("new"), "appId"),
        ("application", application("old", "api://x"), application("new", "api://X"), "identifierUris"),
    ]
}

fn taken(token: &'static str, old: &Value, new: &Value) -> (Objects, Objects) {
    (vec![(token, old.clone())], vec![(token, binned(old.clone())), (token, new.clone())])
}

#[test]
fn who_took_a_value_goes_before_its_owner_comes_back() {
    for (token, old, new, property) in takings() {
        let (from, to) = taken(token, &old, &new);
        let plan = Case::new(from, to).with(|options| options.soft_delete = true).plan();
        let removal = only(&plan, StepKind::SoftDelete, "new");
        let restore = only(&plan, StepKind::Restore, "old");
        assert!(restore.depends_on.contains(&removal.id), "{token} {property}: {:#?}", plan.steps);
        assert_eq!((removal.phase, restore.phase), (Phase::Objects, Phase::Objects), "{token} {property}");
        assert!(
            removal.notes[0].contains("goes first") && removal.notes[0].contains("(old)"),
            "{:?}",
            removal.notes
        );
    }
}

#[test]
fn what_cannot_come_back_is_named_with_who_holds_its_value_and_nothing_is_deleted() {
    for (token, old, new, property) in takings() {
        let (from, to) = taken(token, &old, &new);
        let plan = Case::new(from.clone(), to.clone()).plan();
        assert!(plan.steps.is_empty(), "{token} {property}: {:#?}", plan.steps);
        let reason = reasons(&plan, "old")[0].1;
        assert!(reason.starts_with(&format!("its {property}")) && reason.contains("(new)"), "{reason}");
        assert!(reason.ends_with("the option softDelete moves it away first"), "{reason}");
        // Who was there before is not moved away at all.
        let mut before = from;
        before.push((token, changed(new, json!({property: null, "mail": null}))));
        let plan = Case::new(before, to).with(|options| options.soft_delete = true).plan();
        let holder_goes = plan.steps.iter().any(|step| step.kind == StepKind::SoftDelete);
        assert!(!holder_goes, "{token} {property}: {:#?}", plan.steps);
    }
}

#[test]
fn who_gives_a_name_up_does_so_before_its_owner_comes_back() {
    let named = |id: &str, name: &str| changed(user(id), json!({"userPrincipalName": name}));
    let from = vec![("user", named("old", "box@contoso.com")), ("user", named("new", "own@contoso.com"))];
    let to =
        vec![("user", binned(named("old", "box@contoso.com"))), ("user", named("new", "box@contoso.com"))];
    let plan = Case::new(from, to).plan();
    let update = only(&plan, StepKind::Update, "new");
    assert_eq!(
        (update.phase, update.request.body.to_value()),
        (Phase::Objects, json!({"userPrincipalName": "own@contoso.com"}))
    );
    assert_eq!(only(&plan, StepKind::Restore, "old").depends_on, std::slice::from_ref(&update.id));
}

#[test]
fn a_user_whose_name_is_taken_comes_back_under_another_when_that_is_asked_for() {
    let named = |id: &str, mail: &str| {
        changed(user(id), json!({"userPrincipalName": "box@contoso.com", "mail": mail}))
    };
    // The one who has the name now had it before, under another ID of no interest: it stays.
    let from = vec![
        ("user", named("old", "box@contoso.com")),
        ("user", changed(named("new", "x@contoso.com"), json!({"userPrincipalName": "n@contoso.com"}))),
    ];
    let to =
        vec![("user", binned(named("old", "box@contoso.com"))), ("user", named("new", "box@contoso.com"))];
    let mut case = Case::new(from, to);
    let mut selection = super::super::Selection::default();
    selection.add("user", "old", super::super::ChosenRow::Whole);
    case.selection = Some(selection);
    let plan = case.with(|options| options.reconcile = true).plan();
    let restore = only(&plan, StepKind::Restore, "old");
    let name = "box.restored-old@contoso.com";
    assert_eq!(
        restore.request.body,
        json!({"autoReconcileProxyConflict": true, "newUserPrincipalName": name})
    );
    assert_eq!(restore.after["userPrincipalName"], name);
    assert_eq!(plan.steps.len(), 1, "{:#?}", plan.steps);
    assert_eq!(restore.notes.len(), 2);
}

fn names(plan: &Plan) -> Vec<(&str, &Value)> {
    plan.steps.iter().map(|step| (step.object.id.as_str(), &step.request.body["userPrincipalName"])).collect()
}

#[test]
fn swapped_names_go_through_one_that_nobody_has() {
    let named = |id: &str, name: &str| {
        ("user", changed(user(id), json!({"userPrincipalName": format!("{name}@contoso.com")})))
    };
    let people =
        |names: [&str; 3]| vec![named("ann", names[0]), named("bob", names[1]), named("cid", names[2])];
    for (from, to) in [
        (["a", "b", "c"], ["b", "a", "c"]),
        (["a", "b", "c"], ["b", "c", "a"]),
        (["a", "b", "c"], ["c", "a", "b"]),
        (["a", "b", "c"], ["b", "c", "d"]),
    ] {
        let plan = Case::new(people(from), people(to)).plan();
        // Done one after the other, no name is ever held twice, and all end as they were.
        let mut held: Vec<String> = to.iter().map(|name| format!("{name}@contoso.com")).collect();
        for (id, name) in names(&plan) {
            let index = ["ann", "bob", "cid"].iter().position(|known| *known == id).unwrap();
            let name = name.as_str().unwrap().to_owned();
            assert!(!held.contains(&name), "{from:?} {to:?}: {:#?}", names(&plan));
            held[index] = name;
        }
        let wanted: Vec<String> = from.iter().map(|name| format!("{name}@contoso.com")).collect();
        assert_eq!(held, wanted);
        let moving =
            plan.steps.iter().filter(|step| step.notes.iter().any(|note| note.contains("swapped"))).count();
        assert_eq!(moving, usize::from(to != ["b", "c", "d"]), "{from:?} {to:?}");
        // Each waits for whom it has to.
        let mut chained = plan.steps.iter().skip(1).filter(|step| step.depends_on.is_empty());
        assert!(chained.next().is_none(), "{:#?}", plan.steps);
    }
}
