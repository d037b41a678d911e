//! Tests of the command line against a real store: every verb, every format, every exit status.

use std::ffi::OsString;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use cli::{Interrupt, Io};
use engine::disk::{Disk, RealDisk};
use jiff::Timestamp;
use serde_json::Value;
use tempfile::TempDir;

mod program;

const MONDAY: &str = r##"{"@odata.type":"#microsoft.graph.user","id":"u1","displayName":"Ann","userPrincipalName":"ann@example.org","department":"Sales","accountEnabled":true}
{"@odata.type":"#microsoft.graph.user","id":"u2","displayName":"Bob","department":"=HYPERLINK(1)"}
{"@odata.type":"#microsoft.graph.group","id":"g1","displayName":"Staff","members":["u1","u2"]}
"##;
const TUESDAY: &str = r##"{"@odata.type":"#microsoft.graph.user","id":"u1","displayName":"Ann","userPrincipalName":"ann@example.org","department":"Marketing","accountEnabled":true}
{"@odata.type":"#microsoft.graph.user","id":"u3","displayName":"Cid"}
{"@odata.type":"#microsoft.graph.group","id":"g1","displayName":"Staff","members":["u1","u3"]}
"##;

/// A folder to work in, and what is typed there.
pub(crate) struct Shell {
    pub(crate) folder: TempDir,
    pub(crate) is_terminal: bool,
    pub(crate) interrupt: Interrupt,
    /// Where its store is, and its plans.
    pub(crate) disk: Arc<dyn Disk>,
    /// What is set besides `NO_COLOR`.
    pub(crate) variables: Vec<(&'static str, String)>,
    /// How many lines were run: the seed of each is another.
    count: AtomicU8,
}

/// What a command answered.
pub(crate) struct Answer {
    pub(crate) status: u8,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Shell {
    pub(crate) fn new() -> Self {
        Self {
            folder: TempDir::new().unwrap(),
            is_terminal: false,
            interrupt: Interrupt::new(),
            disk: Arc::new(RealDisk),
            variables: Vec::new(),
            count: AtomicU8::new(7),
        }
    }

    /// A store with two backups.
    pub(crate) fn with_two_days() -> Self {
        let shell = Self::new();
        shell.write("monday.ndjson", MONDAY);
        shell.write("tuesday.ndjson", TUESDAY);
        shell.run("import monday.ndjson --taken-at 2026-11-16").expect(0);
        shell.run("import tuesday.ndjson --taken-at 2026-11-17 --note second").expect(0);
        shell
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).unwrap();
    }

    pub(crate) fn run(&self, line: &str) -> Answer {
        self.run_with(line, "")
    }

    pub(crate) fn run_with(&self, line: &str, stdin: &str) -> Answer {
        self.run_words(line.split(' '), stdin)
    }

    pub(crate) fn run_words<'word>(&self, words: impl Iterator<Item = &'word str>, stdin: &str) -> Answer {
        let mut stdout = Vec::new();
        let answer = self.run_onto(words, stdin, &mut stdout);
        Answer { stdout: String::from_utf8(stdout).unwrap(), ..answer }
    }

    /// As [`Shell::run_words`], with the data going somewhere else.
    pub(crate) fn run_onto<'word>(
        &self,
        words: impl Iterator<Item = &'word str>,
        stdin: &str,
        stdout: &mut (dyn Write + Send),
    ) -> Answer {
        let mut stderr = Vec::new();
        let is_alone = self.variables.is_empty();
        let seed = self.count.load(Ordering::Relaxed);
        if !is_alone {
            self.count.store(seed.wrapping_add(1), Ordering::Relaxed);
        }
        let mut io = Io {
            stdin: &mut stdin.as_bytes(),
            stdout,
            stderr: &mut stderr,
            stdin_is_terminal: false,
            stdout_is_terminal: self.is_terminal,
            stderr_is_terminal: false,
            width: 100,
            height: 40,
            current_dir: self.folder.path().to_owned(),
            disk: Arc::clone(&self.disk),
            // Who talks to a tenant lives in its time.
            now: &|| if is_alone { Timestamp::from_second(1_795_000_000).unwrap() } else { Timestamp::now() },
            environment: &|name| {
                let set = self.variables.iter().find(|(known, _)| *known == name);
                set.map(|(_, value)| value.into()).or_else(|| (name == "NO_COLOR").then(|| "1".into()))
            },
            seed: &|| [seed; 32],
            interrupt: &self.interrupt,
        };
        let args = std::iter::once("entrasnap").chain(words).map(OsString::from);
        let status = cli::run(args, &mut io);
        Answer { status, stdout: String::new(), stderr: String::from_utf8(stderr).unwrap() }
    }

    /// The bytes of every file of the store, so that tests can say it is as before.
    pub(crate) fn store(&self) -> Vec<(String, Vec<u8>)> {
        let mut files = Vec::new();
        collect(&self.folder.path().join("entrasnap.store"), &mut files);
        files.retain(|(name, _)| !name.contains("holder") && !name.contains("catalog"));
        files.sort();
        files
    }
}

fn collect(folder: &Path, files: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.push((path.display().to_string(), std::fs::read(&path).unwrap()));
        }
    }
}

impl Answer {
    /// The answer, when it has this exit status.
    #[track_caller]
    pub(crate) fn expect(self, status: u8) -> Self {
        assert_eq!(self.status, status, "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        self
    }

    #[track_caller]
    pub(crate) fn lines(&self) -> Vec<Value> {
        self.stdout.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
    }

    #[track_caller]
    pub(crate) fn error(&self) -> Value {
        let last = self.stderr.lines().last().expect("something on stderr");
        serde_json::from_str::<Value>(last).expect(last)["error"].clone()
    }
}

#[test]
fn importing_twice_gives_two_backups() {
    let shell = Shell::with_two_days();
    let backups = shell.run("backups").expect(0).lines();
    assert_eq!(backups.len(), 2);
    assert_eq!(backups[0]["takenAt"], "2026-11-16T00:00:00Z");
    assert_eq!(backups[0]["objects"], 3);
    assert_eq!(backups[0]["links"], 2);
    assert_eq!(backups[0]["added"], 3);
    assert_eq!(backups[1]["note"], "second");
    assert_eq!(backups[1]["source"], "import");
    let counts = ["added", "updated", "deleted"].map(|key| backups[1][key].as_u64());
    assert_eq!(counts, [Some(1), Some(2), Some(1)]);
}

#[test]
fn a_backup_comes_from_stdin_too() {
    let shell = Shell::new();
    let summary = shell.run_with("import - --note piped -o json", MONDAY).expect(0);
    let summary: Value = serde_json::from_str(&summary.stdout).unwrap();
    assert_eq!(summary["note"], "piped");
    assert_eq!(summary["id"].as_str().map(str::len), Some(16));
    assert_eq!(summary["warnings"], serde_json::json!([]));
}

#[test]
fn an_object_is_shown_as_graph_json() {
    let shell = Shell::with_two_days();
    for name in ["u1", "Ann", "ann@example.org"] {
        let shown = shell.run(&format!("show {name}")).expect(0).lines();
        assert_eq!(shown[0]["department"], "Marketing", "{name}");
        assert_eq!(shown[0]["@odata.type"], "#microsoft.graph.user");
    }
    let before = shell.run("show Ann --at latest~1").expect(0).lines();
    assert_eq!(before[0]["department"], "Sales");
    let group = shell.run("show g1 -o json").expect(0);
    let group: Value = serde_json::from_str(&group.stdout).unwrap();
    assert_eq!(group["members"], serde_json::json!(["u1", "u3"]));
}

#[test]
fn an_object_that_is_not_there_says_so() {
    let shell = Shell::with_two_days();
    let nobody = shell.run("show Anm").expect(1);
    assert_eq!(nobody.error()["code"], "noObject");
    assert!(nobody.stdout.is_empty());
    assert_eq!(shell.run("show u3 --at latest~1").expect(1).error()["code"], "noObject");
}

#[test]
fn a_history_begins_with_the_first_appearance() {
    let shell = Shell::with_two_days();
    let rows = shell.run("history Ann").expect(0).lines();
    let kinds: Vec<&str> = rows.iter().filter_map(|row| row["kind"].as_str()).collect();
    assert_eq!(kinds, ["object", "object", "attribute"]);
    assert_eq!(rows[0]["change"], "added");
    assert_eq!(rows[2]["name"], "department");
    assert_eq!(rows[2]["fromValue"], "Sales");
    assert_eq!(rows[2]["toValue"], "Marketing");
    assert_eq!(rows[2]["takenAt"], "2026-11-17T00:00:00Z");
    let links = shell.run("history g1").expect(0).lines();
    let came = links.iter().find(|row| row["targetId"] == "u3").expect("a link to Cid");
    assert_eq!((&came["action"], &came["targetName"]), (&"added".into(), &"Cid".into()));
}

#[test]
fn a_difference_has_the_columns_of_the_contract() {
    let shell = Shell::with_two_days();
    let answer = shell.run("diff latest~1").expect(0);
    let rows = answer.lines();
    let ids: Vec<&str> = rows.iter().filter_map(|row| row["id"].as_str()).collect();
    assert_eq!(ids, ["g1", "u1", "u2", "u3"]);
    // Bob went, and with him his membership: that is one change, not two.
    assert_eq!(rows[0]["linkCount"], 1);
    assert_eq!(
        rows[0]["links"][0],
        serde_json::json!({"relation": "members", "targetId": "u3", "change": "added"})
    );
    assert_eq!(
        rows[1]["attributes"],
        serde_json::json!([{"name": "department", "fromValue": "Sales", "toValue": "Marketing"}])
    );
    assert_eq!(rows[1]["recoveryAction"], "update");
    assert_eq!(rows[3]["change"], "added");
    assert!(answer.stderr.contains("from ") && answer.stderr.contains("2026-11-16"));
    assert_eq!(answer.stdout, shell.run("diff latest~1").stdout, "the same question, other bytes");
}

#[test]
fn a_difference_comes_in_every_format() {
    let shell = Shell::with_two_days();
    let json = shell.run("diff latest~1 -o json").expect(0).stdout;
    assert_eq!(serde_json::from_str::<Vec<Value>>(&json).unwrap().len(), 4);
    let csv = shell.run("diff latest~1 -o csv").expect(0).stdout;
    assert!(csv.starts_with("id,type,displayName,change,"), "{csv}");
    assert!(csv.contains("g1,group,Staff,updated,link,members,added,,,u3,user,Cid,,,update,"), "{csv}");
    let counted = shell.run("query changes('latest~1')|count").expect(0).lines();
    let count = usize::try_from(counted[0]["Count"].as_u64().unwrap()).unwrap();
    assert_eq!(csv.matches("\r\n").count(), count + 1, "{csv}");
    assert_eq!(shell.run("diff latest~1 -o tsv").expect(0).stdout.lines().count(), count + 1);
    let markdown = shell.run("diff latest~1 -o md").expect(0).stdout;
    assert!(markdown.contains("department: \"Sales\" → \"Marketing\""), "{markdown}");
    let tree = shell.run("diff latest~1 -o table").expect(0).stdout;
    assert!(tree.contains("    ~ department: \"Sales\" -> \"Marketing\"\n"), "{tree}");
    assert!(tree.contains("+ members: user Cid (u3)"), "{tree}");
    let html = shell.run("diff latest~1 -o html").expect(0).stdout;
    assert!(html.contains("<td>department</td>") && html.contains("user Cid (u3)"), "{html}");
}

#[test]
fn a_terminal_gets_a_table_and_a_pipe_gets_lines() {
    let mut shell = Shell::with_two_days();
    assert!(shell.run("backups").stdout.starts_with('{'));
    shell.is_terminal = true;
    let table = shell.run("backups").expect(0).stdout;
    assert!(table.contains("takenAt") && table.lines().all(|line| line.chars().count() <= 100));
    assert!(shell.run("show Ann").expect(0).stdout.starts_with("user Ann (u1)\n"));
}

#[test]
fn differences_are_filtered_summed_and_told_by_exit_status() {
    let shell = Shell::with_two_days();
    let summary = shell.run("diff latest~1 --summary").expect(0).lines();
    let group =
        serde_json::json!({"type": "group", "change": "updated", "objects": 1, "attributes": 0, "links": 1});
    assert_eq!(summary[0], group);
    assert_eq!(shell.run("diff latest~1 --types group").lines().len(), 1);
    assert_eq!(shell.run("diff latest~1 --ids u1,u3").lines().len(), 2);
    shell.run("diff latest~1 --exit-code").expect(10);
    shell.run("diff latest --exit-code").expect(0);
    shell.run("diff latest~1 --types usr").expect(2);
}

#[test]
fn a_difference_explains_what_it_leaves_out() {
    let shell = Shell::with_two_days();
    let answer = shell.run("diff latest~1 --types user --explain").expect(0);
    assert!(answer.stderr.contains("user: not compared: "), "{}", answer.stderr);
    let all = shell.run("diff latest~1 --types user --explain --all").expect(0);
    assert!(!all.stderr.contains("not compared"), "{}", all.stderr);
}

#[test]
fn a_difference_read_backwards_is_said() {
    let shell = Shell::with_two_days();
    let answer = shell.run("diff latest latest~1 --ids u1").expect(0);
    assert!(answer.stderr.contains("backwards"), "{}", answer.stderr);
    assert_eq!(answer.lines()[0]["attributes"][0]["toValue"], "Sales");
}

#[test]
fn points_that_name_no_backup_are_told_apart() {
    let shell = Shell::with_two_days();
    assert_eq!(shell.run("diff latest~9").expect(1).error()["code"], "noBackup");
    shell.run("diff latest~x").expect(2);
    let live = shell.run("diff latest live").expect(2);
    assert!(live.stderr.contains("AZURE_TENANT_ID is not set"), "{}", live.stderr);
}

#[test]
fn a_report_lives_until_it_is_deleted() {
    let shell = Shell::with_two_days();
    let created = shell.run("report create latest~1 --name friday --types user").expect(0).lines();
    let id = created[0]["id"].as_str().expect("an ID").to_owned();
    assert_eq!(created[0]["objects"], 3);
    assert_eq!(created[0]["filter"]["types"], serde_json::json!(["user"]));
    let listed = shell.run("report list").expect(0).lines();
    assert_eq!(listed[0]["name"], "friday");
    for name in [&id, "friday"] {
        let shown = shell.run(&format!("report show {name}")).expect(0).lines();
        let fresh = shell.run("diff latest~1 --types user").lines();
        assert_eq!(shown[0]["changes"], Value::Array(fresh));
    }
    shell.run("report create latest~1 --name friday").expect(2);
    shell.run("report delete friday").expect(0);
    assert!(shell.run("report list").expect(0).stdout.is_empty());
    assert_eq!(shell.run("report show friday").expect(1).error()["code"], "noReport");
}

#[test]
fn an_export_imports_again_with_no_change() {
    let shell = Shell::with_two_days();
    shell.run("export latest out --format ndjson").expect(0);
    shell.run("import out --taken-at 2026-11-18").expect(0);
    assert!(shell.run("diff latest~1").expect(0).stdout.is_empty());
    let parquet = shell.run("export latest other --format parquet").expect(1);
    assert!(parquet.stderr.contains("not built yet"));
}

#[test]
fn bad_input_leaves_the_store_as_it_was() {
    let shell = Shell::with_two_days();
    let before = shell.store();
    shell.write("bad.ndjson", "{\"@odata.type\":\"#microsoft.graph.user\",\"id\":\"u9\"}\n{\"id\":\n");
    let error = shell.run("import bad.ndjson").expect(1).error();
    assert!(error["file"].as_str().is_some_and(|file| file.ends_with("bad.ndjson")), "{error}");
    assert_eq!(error["line"], 2);
    assert_eq!(shell.store(), before);
    assert_eq!(shell.run("import missing.ndjson").expect(1).error()["code"], "disk");
    assert_eq!(shell.store(), before);
}

#[test]
fn read_only_refuses_to_write() {
    let shell = Shell::with_two_days();
    let before = shell.store();
    for line in ["import monday.ndjson", "report create latest~1", "report delete x", "reindex"] {
        let answer = shell.run(&format!("--read-only {line}")).expect(3);
        assert_eq!(answer.error()["code"], "readOnly", "{line}");
    }
    assert_eq!(shell.store(), before);
    shell.run("--read-only diff latest~1").expect(0);
}

#[test]
fn a_store_is_verified_and_counted() {
    let shell = Shell::with_two_days();
    for line in ["verify", "verify --deep"] {
        let found = shell.run(line).expect(0).lines();
        assert_eq!(found[0]["errors"], serde_json::json!([]), "{line}");
        assert!(found[0]["checked"].as_u64() > Some(0));
    }
    let stats = shell.run("stats").expect(0).lines();
    assert_eq!(stats[0]["backups"], 2);
    assert_eq!(stats[0]["perBackup"].as_array().map(Vec::len), Some(2));
    shell.run("reindex").expect(0);
}

#[test]
fn no_store_is_an_error_that_helps() {
    let shell = Shell::new();
    for line in ["backups", "show x", "history x", "diff latest", "report list", "stats", "verify"] {
        assert_eq!(shell.run(line).expect(1).error()["code"], "noStore", "{line}");
    }
    assert!(shell.store().is_empty());
}

#[test]
fn cells_cannot_run_in_a_spreadsheet() {
    let shell = Shell::with_two_days();
    let csv = shell.run("show Bob --at latest~1 -o csv").expect(0).stdout;
    assert!(csv.contains("department,'=HYPERLINK(1)\r\n"), "{csv}");
    let raw = shell.run("show Bob --at latest~1 -o csv --raw").expect(0).stdout;
    assert!(raw.contains("department,=HYPERLINK(1)\r\n"), "{raw}");
}

#[test]
fn a_second_writer_is_refused_while_readers_go_on() {
    let shell = Shell::with_two_days();
    let mut store = engine::Store::open(&shell.folder.path().join("entrasnap.store")).unwrap();
    let later = store.backups()[1].taken_at;
    let writing = store.begin(engine::BackupDetails::new("test", later));
    let refused = shell.run("import monday.ndjson").expect(3);
    assert_eq!(refused.error()["code"], "locked");
    shell.run("diff latest~1").expect(0);
    drop(writing.unwrap());
    shell.run("import monday.ndjson").expect(0);
}
