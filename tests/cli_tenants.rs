//! Several tenants from one command line: profiles, verbs for one of them and for all.

use crate::cli_commands::Shell;
use crate::cli_recovery::shell_of;
use crate::tenant::Tenant;

/// A shell with profiles of two tenants, each with a store of its own; the variables lead to the second.
fn shell_of_two(first: &Tenant, second: &Tenant) -> Shell {
    let mut shell = shell_of(first);
    shell.variables.push(("ENTRASNAP_CONFIG_DIR", "profiles".to_owned()));
    shell.variables.push(("FIRST_SECRET", first.server.client_secret().to_owned()));
    shell.run("tenant add first --store first.store --secret-variable FIRST_SECRET").expect(0);
    let variables = std::mem::take(&mut shell.variables);
    shell.variables = shell_of(second).variables;
    shell.variables.extend(variables.into_iter().skip(5));
    shell.run("tenant add second --store second.store").expect(0);
    shell
}

fn tenants() -> [Tenant; 2] {
    [5, 6].map(|seed| {
        let tenant = Tenant::new(300, seed);
        tenant.clock.advance_ms(60_000);
        tenant
    })
}

#[test]
fn a_verb_runs_for_one_tenant_or_for_all() {
    let [first, second] = tenants();
    assert_ne!(first.server.tenant_id(), second.server.tenant_id());
    let shell = shell_of_two(&first, &second);
    let backups = shell.run("backup --all-tenants").expect(0).lines();
    assert_eq!([&backups[0]["tenant"], &backups[1]["tenant"]], ["first", "second"]);
    let listed = shell.run("tenant list").expect(0).lines();
    assert_eq!(listed[0]["tenantId"], first.server.tenant_id());
    assert_eq!(listed[1]["tenantId"], second.server.tenant_id());
    for row in &listed {
        assert_eq!([&row["state"], &row["backups"].to_string().into()], ["ok", "1"], "{row}");
    }
    let query = ["query", "organization | project id", "--all-tenants", "-o", "csv", "-q"];
    let ids = shell.run_words(query.into_iter(), "").expect(0).stdout;
    let expected = format!(
        "tenant,id\r\nfirst,{}\r\nsecond,{}\r\n",
        first.server.tenant_id(),
        second.server.tenant_id()
    );
    assert_eq!(ids, expected);
    let one = shell.run_words(["--tenant", "FIRST", "query", "organization | project id"].into_iter(), "");
    assert_eq!(one.expect(0).lines()[0]["id"], first.server.tenant_id());
    let none = ["query", "users | where displayName == 'nobody at all'", "--all-tenants", "-o", "json", "-q"];
    assert_eq!(shell.run_words(none.into_iter(), "").expect(0).stdout, "[]\n");
    let table = shell.run("verify --all-tenants -o table").expect(0).stdout;
    assert!(table.starts_with("== first\nchecked ") && table.contains("\n== second\nchecked "), "{table}");
}

#[test]
fn a_tenant_that_fails_does_not_stop_the_others() {
    let [first, second] = tenants();
    let shell = shell_of_two(&first, &second);
    shell.run("--tenant second backup").expect(0);
    let verified = shell.run("verify --all-tenants").expect(1);
    assert_eq!(verified.lines().len(), 1, "{}", verified.stdout);
    assert!(verified.stderr.contains("1 of 2 tenants: first: exit status 1"), "{}", verified.stderr);
    let listed = shell.run("tenant list").expect(0).lines();
    assert_ne!(listed[0]["state"], "ok");
    assert_eq!(listed[0]["backups"], 0);
}

#[test]
fn the_tenant_of_a_profile_is_never_mixed_with_that_of_the_environment() {
    let [first, second] = tenants();
    let shell = shell_of_two(&first, &second);
    shell.run("--tenant first backup").expect(0);
    let seen = shell.run_words(["--tenant", "first", "query", "organization | project id"].into_iter(), "");
    assert_eq!(seen.expect(0).lines()[0]["id"], first.server.tenant_id());
    // The store of one tenant takes no backup of another.
    let mixed = shell.run("backup --store first.store");
    assert_ne!(mixed.status, 0);
    assert!(mixed.stderr.contains(second.server.tenant_id()), "{}", mixed.stderr);
}

#[test]
fn profiles_hold_no_secret_and_say_what_is_wrong() {
    let [first, second] = tenants();
    let shell = shell_of_two(&first, &second);
    let file = std::fs::read_to_string(shell.folder.path().join("profiles/tenants.json")).unwrap();
    assert!(!file.contains(first.server.client_secret()) && !file.contains(second.server.client_secret()));
    shell.run("tenant add first --store other.store").expect(2);
    shell.run("tenant remove first").expect(0);
    let missing = shell.run("--tenant first backups").expect(2);
    assert!(missing.stderr.contains("there are: second"), "{}", missing.stderr);
    shell.run("export latest out --all-tenants").expect(2);
    shell.run("backups --all-tenants --tenant second").expect(2);
    std::fs::write(
        shell.folder.path().join("profiles/tenants.json"),
        "{\"tenants\":[{\"name\":\"a\",\"secret\":1}]}",
    )
    .unwrap();
    let broken = shell.run("tenant list").expect(2);
    assert!(broken.stderr.contains("unknown field `secret`"), "{}", broken.stderr);
}

#[test]
fn people_read_which_tenant_it_is() {
    let [first, _] = tenants();
    let shell = shell_of(&first);
    let id = first.server.tenant_id();
    for line in ["backup -o table", "backups -o table", "stats -o table", "diff latest latest -o table"] {
        let said = shell.run(line).expect(0).stderr;
        assert!(said.contains(&format!("({id})")), "{line}: {said}");
    }
    assert!(!shell.run("backups -o ndjson").expect(0).stderr.contains(id));
}
