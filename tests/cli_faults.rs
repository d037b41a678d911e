//! Every write of a command fails once, finds the disk full once, and is once where the process is killed: what the exit
//! status says is what was committed, the store is whole, and a second run ends as if nothing had happened.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use engine::disk::RealDisk;
use serde_json::{Value, json};
use tests::{FailingDisk, Trouble};
use twin::Actor;

use crate::cli_commands::{Answer, Shell};
use crate::cli_recovery::shell_of;
use crate::incident::{cloud_users, objects, set};
use crate::tenant::Tenant;

const TROUBLES: [Trouble; 3] = [Trouble::Failed, Trouble::Full, Trouble::Killed];
/// Operations of any command here are fewer.
const OPERATION_COUNT_MAX: usize = 500;

/// A copy of a store, to begin each run with.
struct Template {
    folder: tempfile::TempDir,
}

impl Template {
    fn of(shell: &Shell) -> Self {
        let folder = tempfile::tempdir().unwrap();
        copy(shell.folder.path(), folder.path());
        Self { folder }
    }

    /// Makes a shell's folder as it was, and its disk a sound one.
    fn lay(&self, shell: &mut Shell) {
        shell.disk = Arc::new(RealDisk);
        for entry in std::fs::read_dir(shell.folder.path()).unwrap() {
            let path = entry.unwrap().path();
            let removed =
                if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
            removed.unwrap();
        }
        copy(self.folder.path(), shell.folder.path());
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Runs a command with trouble in its first operation, then in its second, and so on until it ends without trouble, each
/// time in the state that `lay` makes; what came of it is looked at on a sound disk.
fn walk(shell: &mut Shell, line: &str, lay: impl Fn(&mut Shell), look: impl Fn(&Shell, &Answer, &Fall)) {
    for trouble in TROUBLES {
        let mut begins = 1;
        loop {
            lay(shell);
            let disk = FailingDisk::new(trouble, begins);
            shell.disk = Arc::new(disk.clone());
            let answer = shell.run(line);
            shell.disk = Arc::new(RealDisk);
            let Some(what) = disk.fault() else {
                answer.expect(0);
                break;
            };
            let fall = Fall { trouble, begins, what };
            fall.expect_sound(&shell.run("verify --deep"));
            look(shell, &answer, &fall);
            shell.run("verify --deep").expect_when(0, &fall);
            begins += 1;
            assert!(begins < OPERATION_COUNT_MAX, "{line} does not end");
        }
        assert!(begins > 3, "{line} writes, so that something can fail");
    }
}

/// What went wrong.
#[derive(Debug)]
struct Fall {
    trouble: Trouble,
    #[expect(dead_code, reason = "a failure of the test shows it")]
    begins: usize,
    #[expect(dead_code, reason = "a failure of the test shows it")]
    what: String,
}

impl Fall {
    /// Fails where a store is not whole. Whoever was killed in the middle of a record leaves the beginning of it behind,
    /// which the next record cuts off.
    #[track_caller]
    fn expect_sound(&self, verified: &Answer) {
        let of_tail =
            |error: &Value| error["what"].as_str().unwrap().contains("the next record cuts them off");
        let is_tail = || {
            let found: Value = serde_json::from_str(&verified.stdout).unwrap();
            found["errors"].as_array().unwrap().iter().all(of_tail)
        };
        let is_sound = verified.status == 0 || (self.trouble == Trouble::Killed && is_tail());
        assert!(is_sound, "{self:?}: {}{}", verified.stdout, verified.stderr);
    }

    /// Fails where the exit status does not say what was committed. Of a process that was killed there is none.
    #[track_caller]
    fn expect_told(&self, answer: &Answer, is_committed: bool) {
        let told = match answer.status {
            _ if self.trouble == Trouble::Killed => return,
            0 | 4 => true,
            1 => false,
            status => panic!("{self:?}: {status}: {}", answer.stderr),
        };
        assert_eq!(told, is_committed, "{self:?}: {}: {}", answer.status, answer.stderr);
    }
}

impl Answer {
    #[track_caller]
    fn expect_when(self, status: u8, fall: &Fall) -> Self {
        assert_eq!(self.status, status, "{fall:?}: {}{}", self.stdout, self.stderr);
        self
    }

    /// Fails where a command that is run again does not end well; it may only tell what the fall left beyond HEAD.
    #[track_caller]
    fn expect_again(&self, fall: &Fall) {
        let mut warnings = self.stderr.lines().filter(|line| line.starts_with("warning:"));
        let is_well = match self.status {
            0 => warnings.next().is_none(),
            4 => warnings.all(|warning| warning.contains("moved to trash/beyond")),
            _ => false,
        };
        assert!(is_well, "{fall:?}: {}: {}{}", self.status, self.stdout, self.stderr);
    }
}

/// What the tenant is; when something was deleted does not matter.
fn portrait(tenant: &Tenant) -> BTreeMap<String, Value> {
    let objects = tenant.server.objects().into_iter();
    objects
        .map(|(token, text)| {
            let mut object: Value = serde_json::from_str(&text).unwrap();
            let id = object["id"].to_string();
            if !object["deletedDateTime"].is_null() {
                object["deletedDateTime"] = json!("some time");
            }
            (format!("{token} {id}"), object)
        })
        .collect()
}

/// A tenant with a backup, some changes, a backup of these, and a plan that undoes them.
struct Scene {
    tenant: Tenant,
    shell: Shell,
}

const ALLOW: &str = "--allow too-many,grants-privilege,re-enables-account";

impl Scene {
    fn new() -> Self {
        let tenant = Tenant::new(150, 4);
        tenant.clock.advance_ms(60_000);
        for unit in objects(&tenant, "administrativeUnit") {
            // Who is in a restricted one, an application may not write to.
            let id = unit["id"].as_str().unwrap();
            set(&tenant, "administrativeUnit", id, &json!({"isMemberManagementRestricted": false}));
        }
        let shell = shell_of(&tenant);
        shell.run("backup").expect(0);
        let users = cloud_users(&tenant);
        for user in &users[..3] {
            set(&tenant, "user", user, &json!({"department": "Spoilt"}));
        }
        assert!(tenant.server.delete(Actor::Caller, "user", &users[3]));
        let groups = objects(&tenant, "group");
        let is_plain = |group: &&Value| {
            group["groupTypes"] == json!([])
                && group["mailEnabled"] == false
                && group["onPremisesSyncEnabled"] != true
                && group["members"][1].is_string()
        };
        let group = groups.iter().find(is_plain).expect("a group with two members");
        let (id, member) = (group["id"].as_str().unwrap(), group["members"][0].as_str().unwrap());
        assert!(tenant.server.unlink(Actor::Caller, id, "members", member));
        shell.run("backup").expect(0);
        let plan = shell.run("plan latest~1 latest --out plan.json").expect(0).lines().remove(0);
        let kinds: Vec<&Value> = plan["steps"].as_array().unwrap().iter().map(|step| &step["kind"]).collect();
        for kind in ["update", "restore", "addLink"] {
            assert!(kinds.iter().any(|other| *other == kind), "{kind} in {kinds:?}");
        }
        Self { tenant, shell }
    }

    /// The newest recovery, if there is any besides the first `known`.
    fn newest(shell: &Shell, known: usize) -> Option<Value> {
        let mut recoveries = shell.run("recoveries").expect(0).lines();
        if recoveries.len() > known { recoveries.pop() } else { None }
    }
}

/// Walks through a command that applies a plan. Whatever fails, the recovery ends in the same state of the tenant as without
/// a fault, and the tenant saw the same number of writes.
fn walk_recovery(scene: &mut Scene, line: &str, known: usize) {
    let Scene { tenant, shell } = scene;
    let (template, begun) = (Template::of(shell), tenant.server.objects());
    let lay = |shell: &mut Shell| {
        template.lay(shell);
        tenant.server.replace(Actor::Caller, begun.iter().cloned());
        let _counts = tenant.server.take_counts();
    };
    // What is laid anew has no links that wait for somebody who was deleted, so it is what all runs begin with.
    lay(shell);
    shell.run(line).expect(0);
    let (wanted, writes) = (portrait(tenant), tenant.server.take_counts().writes);
    assert!(writes > 3, "{writes}");
    walk(shell, line, lay, |shell, answer, fall| {
        let newest = Scene::newest(shell, known);
        let status = newest.as_ref().map(|newest| newest["status"].clone());
        let is_committed = status.as_ref().is_some_and(|status| status == "completed");
        fall.expect_told(answer, is_committed);
        match newest {
            Some(newest) if !is_committed => {
                assert_eq!(newest["status"], "interrupted", "{fall:?}");
                let id = newest["id"].as_str().unwrap();
                let is_told = answer.stderr.contains(&format!("recovery resume {id}"));
                assert!(is_told || fall.trouble == Trouble::Killed, "{fall:?}: {}", answer.stderr);
                shell.run(&format!("recovery resume {id} {ALLOW}")).expect_when(0, fall);
            }
            Some(_) => {}
            None => drop(shell.run(line).expect_when(0, fall)),
        }
        let ended = Scene::newest(shell, known).unwrap();
        assert_eq!(ended["status"], "completed", "{fall:?}");
        assert_eq!(tenant.server.take_counts().writes, writes, "{fall:?}: every step is done once");
        let now = portrait(tenant);
        let differing: Vec<_> =
            wanted.iter().filter(|(name, object)| now.get(*name) != Some(object)).collect();
        assert!(differing.is_empty() && now.len() == wanted.len(), "{fall:?}: {differing:#?}");
    });
    lay(shell);
    shell.run(line).expect(0);
}

#[test]
fn a_recovery_and_its_undoing_survive_every_fault_of_the_disk() {
    let mut scene = Scene::new();
    walk_recovery(&mut scene, &format!("apply plan.json --yes {ALLOW}"), 0);
    let id = Scene::newest(&scene.shell, 0).unwrap()["id"].as_str().unwrap().to_owned();
    walk_recovery(&mut scene, &format!("recovery undo {id} --yes {ALLOW}"), 1);
}

#[test]
fn a_backup_survives_every_fault_of_the_disk() {
    let Scene { tenant: _tenant, mut shell } = Scene::new();
    let template = Template::of(&shell);
    let count = |shell: &Shell| shell.run("backups").expect(0).lines().len();
    let before = count(&shell);
    walk(
        &mut shell,
        "backup",
        |shell| template.lay(shell),
        |shell, answer, fall| {
            let is_committed = count(shell) == before + 1;
            fall.expect_told(answer, is_committed);
            if !is_committed {
                assert_eq!(count(shell), before, "{fall:?}");
                shell.run("backup").expect_again(fall);
                assert_eq!(count(shell), before + 1, "{fall:?}");
            }
        },
    );
}

#[test]
fn imports_reports_and_plans_survive_every_fault_of_the_disk() {
    let mut shell = Shell::with_two_days();
    shell.run("plan latest~1 latest --types group --out plan.json").expect(0);
    let template = Template::of(&shell);
    let old = std::fs::read(shell.folder.path().join("plan.json")).unwrap();
    let import = "import monday.ndjson --taken-at 2026-11-18";
    for (line, list) in [(import, "backups"), ("report create latest~1 --name kept", "report list")] {
        let count = |shell: &Shell| shell.run(list).expect(0).lines().len();
        let before = count(&shell);
        walk(
            &mut shell,
            line,
            |shell| template.lay(shell),
            |shell, answer, fall| {
                let is_committed = count(shell) == before + 1;
                fall.expect_told(answer, is_committed);
                if !is_committed {
                    assert_eq!(count(shell), before, "{fall:?}");
                    shell.run(line).expect_again(fall);
                }
            },
        );
        template.lay(&mut shell);
    }
    let line = "plan latest~1 latest --out plan.json";
    shell.run(line).expect(0);
    let new = std::fs::read(shell.folder.path().join("plan.json")).unwrap();
    assert_ne!(old, new);
    walk(
        &mut shell,
        line,
        |shell| template.lay(shell),
        |shell, answer, fall| {
            let now = std::fs::read(shell.folder.path().join("plan.json")).unwrap();
            assert!(now == old || now == new, "{fall:?}: one plan or the other, whole");
            fall.expect_told(answer, now == new);
            let left = std::fs::read_dir(shell.folder.path()).unwrap();
            let left =
                left.filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().ends_with(".tmp"));
            assert_eq!(left.count(), 0, "{fall:?}");
        },
    );
}
