//! Kills the real program in the middle of backups and recoveries of a served tenant, again and again: what comes out in
//! the end is what comes out undisturbed, and nothing is made twice.

#![expect(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use serde_json::{Value, json};
use twin::{Actor, Options, Server, Twin};

/// How often at least; many more when this is asked of a long run: `ENTRASNAP_KILLS=200`.
const KILLS: &str = "ENTRASNAP_KILLS";
const KILL_COUNT: usize = 20;
/// How late replicas are, in milliseconds, in a long run.
const LAG_MS: &str = "ENTRASNAP_KILLS_LAG_MS";

#[expect(clippy::disallowed_methods, reason = "a long run is asked for by its variables")]
fn number(variable: &str) -> Option<usize> {
    std::env::var(variable).ok()?.parse().ok()
}

/// Numbers that look like chance, and are the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end
    }
}

/// The time of this machine, which the program that is killed goes by too.
struct Now;

impl twin::Clock for Now {
    fn now_ms(&self) -> i64 {
        jiff::Timestamp::now().as_millisecond()
    }
}

/// A tenant and the folder of its store.
struct Scene {
    server: Server,
    folder: tempfile::TempDir,
}

impl Scene {
    fn new(seed: u64) -> Self {
        let mut options = Options::new(Arc::new(Now), [7; 32]);
        options.replica_lag_ms = u32::try_from(number(LAG_MS).unwrap_or(0)).unwrap();
        let server = twin::serve(Twin::from_synthetic(400, seed), options).unwrap();
        let scene = Self { server, folder: tempfile::tempdir().unwrap() };
        // What lies in a restricted unit nobody here may change.
        for mut unit in scene.live("administrativeUnit") {
            unit["isMemberManagementRestricted"] = json!(false);
            assert!(scene.server.put(Actor::Caller, "administrativeUnit", &unit.to_string()));
        }
        scene
    }

    fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_entrasnap"));
        command.args(line.split(' ')).env_clear().current_dir(self.folder.path()).stdin(Stdio::null());
        command.env("AZURE_TENANT_ID", self.server.tenant_id());
        command.env("AZURE_CLIENT_ID", self.server.client_id());
        command.env("AZURE_CLIENT_SECRET", self.server.client_secret());
        command.env("AZURE_AUTHORITY_HOST", self.server.endpoint());
        command.env("ENTRASNAP_GRAPH_ENDPOINT", self.server.endpoint());
        command.env("ENTRASNAP_GRAPH_SPEED", "0");
        command.env("ENTRASNAP_SETTLE", format!("{}s", (4 * number(LAG_MS).unwrap_or(0)).div_ceil(1000)));
        command
    }

    #[track_caller]
    fn run(&self, line: &str) -> Vec<Value> {
        let output = self.command(line).output().unwrap();
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Runs a command and kills it once the tenant has seen so many calls; false when it ended well before.
    #[track_caller]
    fn kill(&self, line: &str, calls: u64, counted: impl Fn(&twin::Counts) -> u64) -> bool {
        let mut child = self.command(line).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        drop(self.server.take_counts());
        let mut seen = 0;
        loop {
            seen += counted(&self.server.take_counts());
            if seen >= calls {
                child.kill().unwrap();
                return !child.wait().unwrap().success();
            }
            if let Some(status) = child.try_wait().unwrap() {
                assert!(status.success(), "{line}: {status} {:#?}", self.troubled());
                return false;
            }
            std::thread::yield_now();
        }
    }

    /// The steps of the newest recovery that were neither done nor found done.
    fn troubled(&self) -> Vec<Value> {
        let Some(recovery) = self.run("recoveries -o ndjson").first().cloned() else { return Vec::new() };
        let shown = self.run(&format!("recovery show {} -o ndjson", recovery["id"].as_str().unwrap()));
        let mut steps = shown[0]["steps"].as_array().unwrap().clone();
        steps.retain(|step| step["status"] != "done" && step["status"] != "already");
        steps
    }

    fn objects(&self) -> Vec<(String, Value)> {
        let objects = self.server.objects().into_iter();
        objects.map(|(token, text)| (token, serde_json::from_str(&text).unwrap())).collect()
    }

    /// What the tenant is, whatever IDs its objects have: how often each object with names in the place of IDs is there.
    fn portrait(&self) -> BTreeMap<String, usize> {
        let objects = self.objects();
        let names: HashMap<&str, &str> = objects
            .iter()
            .filter_map(|(_, object)| Some((object["id"].as_str()?, object["displayName"].as_str()?)))
            .collect();
        let mut portrait = BTreeMap::new();
        for (token, object) in &objects {
            let mut object = object.clone();
            if object["groupTypes"].to_string().contains("DynamicMembership") {
                // Graph fills these by their rule; the twin does not.
                object["members"] = Value::Null;
            }
            if object["onPremisesSyncEnabled"] == true {
                // Whoever came back under a new ID is nobody's manager where that is synchronised from elsewhere.
                object["manager"] = Value::Null;
            }
            *portrait.entry(format!("{token} {}", shown(&object, &names))).or_default() += 1;
        }
        portrait
    }

    /// Live objects of a type that are not synchronised from elsewhere.
    fn live(&self, wanted: &str) -> Vec<Value> {
        let is_wanted = |(token, object): &(String, Value)| {
            token == wanted && object["deletedDateTime"].is_null() && object["onPremisesSyncEnabled"] != true
        };
        self.objects().into_iter().filter(is_wanted).map(|(_, object)| object).collect()
    }

    /// Attributes, members, objects in the bin, and objects that are gone for good.
    fn attack(&self) {
        let users = self.live("user");
        for user in &users[..30] {
            let mut user = user.clone();
            user["department"] = json!("Seized");
            assert!(self.server.put(Actor::Caller, "user", &user.to_string()));
        }
        let is_plain = |group: &&Value| {
            group["groupTypes"] == json!([])
                && group["mailEnabled"] == false
                && group["members"][1].is_string()
        };
        let groups = self.live("group");
        let groups: Vec<&Value> = groups.iter().filter(is_plain).collect();
        for group in &groups[..2] {
            assert!(self.server.delete(Actor::Caller, "group", id(group)));
            assert!(self.server.purge(Actor::Caller, "group", id(group)));
        }
        for group in &groups[2..] {
            assert!(self.server.unlink(
                Actor::Caller,
                id(group),
                "members",
                group["members"][0].as_str().unwrap()
            ));
        }
        for user in &users[30..40] {
            assert!(self.server.delete(Actor::Caller, "user", id(user)));
        }
        for user in &users[34..38] {
            assert!(self.server.purge(Actor::Caller, "user", id(user)));
        }
    }
}

fn id(object: &Value) -> &str {
    object["id"].as_str().unwrap()
}

/// A value with names in the place of IDs; of an object what somebody gave it, and who it is linked to.
fn shown(value: &Value, names: &HashMap<&str, &str>) -> String {
    const GIVEN: [&str; 11] = [
        "department",
        "description",
        "displayName",
        "jobTitle",
        "mailNickname",
        "manager",
        "members",
        "owners",
        "principalId",
        "resourceId",
        "userPrincipalName",
    ];
    match value {
        Value::String(text) => (*names.get(text.as_str()).unwrap_or(&text.as_str())).to_owned(),
        Value::Array(items) => {
            let mut items: Vec<String> = items.iter().map(|item| shown(item, names)).collect();
            items.sort();
            items.join(",")
        }
        Value::Object(members) => {
            let given =
                members.iter().filter(|(name, value)| GIVEN.contains(&name.as_str()) && !value.is_null());
            let given: Vec<String> =
                given.map(|(name, value)| format!("{name}={}", shown(value, names))).collect();
            let given = given.join("; ");
            let is_deleted = members.get("deletedDateTime").is_some_and(|time| !time.is_null());
            if is_deleted { format!("{given}; deleted") } else { given }
        }
        other => other.to_string(),
    }
}

fn verify(scene: &Scene) {
    scene.run("verify --deep");
    assert!(Path::new(&scene.folder.path().join("entrasnap.store/HEAD")).exists());
}

#[test]
fn what_is_killed_again_and_again_ends_as_if_it_never_was() {
    let kill_count_min = number(KILLS).unwrap_or(KILL_COUNT);
    let (mut kills, mut dice, mut seed) = ((0, 0), Dice(1), 1);
    while kills.0 + kills.1 < kill_count_min {
        let scene = Scene::new(seed);
        seed += 1;
        while scene.kill("backup --quiet", 1 + dice.below(60) as u64, |counts| counts.requests) {
            kills.0 += 1;
        }
        let before = scene.portrait();
        verify(&scene);
        scene.attack();
        std::thread::sleep(std::time::Duration::from_millis(2 * number(LAG_MS).unwrap_or(0) as u64));
        scene.run("backup --full --quiet");
        scene.run("plan latest~1 latest --recreate --out plan.json --quiet");
        let mut line = "apply plan.json --yes --reason test --allow too-many,grants-privilege,re-enables-account --quiet".to_owned();
        while scene.kill(&line, 1 + dice.below(15) as u64, |counts| counts.writes) {
            kills.1 += 1;
            let recoveries = scene.run("recoveries -o ndjson");
            if let Some(recovery) = recoveries.first() {
                line = format!("recovery resume {} --quiet", recovery["id"].as_str().unwrap());
            }
        }
        let recovery = &scene.run("recoveries -o ndjson")[0];
        assert_eq!(recovery["status"], "completed", "{recovery}");
        let after = scene.portrait();
        let wrong: Vec<_> =
            before.iter().filter(|(object, count)| after.get(*object) != Some(count)).collect();
        let extra: Vec<_> =
            after.iter().filter(|(object, count)| before.get(*object) != Some(count)).collect();
        assert!(wrong.is_empty() && extra.is_empty(), "seed {seed}: {wrong:#?} became {extra:#?}");
        verify(&scene);
    }
    assert!(kills.0 > 0 && kills.1 > 0, "killed {} backups and {} recoveries", kills.0, kills.1);
}
