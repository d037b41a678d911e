//! The twin as a process: what it prints, that it answers, that it ends; in the background, and for one command.

#![expect(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

/// Ends the process when a test fails.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

fn twin(args: &[&str]) -> Running {
    let mut command = Command::new(env!("CARGO_BIN_EXE_entrasnap"));
    command.arg("twin").args(args).env_clear().current_dir(env!("CARGO_TARGET_TMPDIR"));
    Running(command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
}

fn call(endpoint: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(endpoint.strip_prefix("http://").unwrap()).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn it_prints_how_to_reach_it_and_answers_whoever_has_a_token() {
    let mut running = twin(&["--objects", "100", "--seed", "3"]);
    let stdout = BufReader::new(running.0.stdout.take().unwrap());
    let variables: BTreeMap<String, String> = stdout
        .lines()
        .take(5)
        .map(|line| line.unwrap().split_once('=').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap())
        .collect();
    let endpoint = &variables["ENTRASNAP_GRAPH_ENDPOINT"];
    assert_eq!(endpoint, &variables["AZURE_AUTHORITY_HOST"]);
    let stranger = call(endpoint, "GET /v1.0/users HTTP/1.1\r\nHost: twin\r\nConnection: close\r\n\r\n");
    assert!(stranger.starts_with("HTTP/1.1 401"), "{stranger}");

    let form = format!(
        "grant_type=client_credentials&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default&client_id={}&client_secret={}",
        variables["AZURE_CLIENT_ID"], variables["AZURE_CLIENT_SECRET"]
    );
    let answer = call(
        endpoint,
        &format!(
            "POST /{}/oauth2/v2.0/token HTTP/1.1\r\nHost: twin\r\nConnection: close\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
            variables["AZURE_TENANT_ID"],
            form.len()
        ),
    );
    let token = answer.split("\"access_token\":\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    let users = call(
        endpoint,
        &format!(
            "GET /v1.0/users?$top=1 HTTP/1.1\r\nHost: twin\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\r\n"
        ),
    );
    assert!(users.starts_with("HTTP/1.1 200") && users.contains("@odata.nextLink"), "{users}");
}

#[test]
fn an_unknown_fault_is_a_usage_error_that_names_those_there_are() {
    let mut running = twin(&["--faults", "gremlins"]);
    let mut stderr = String::new();
    running.0.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert_eq!(running.0.wait().unwrap().code(), Some(2));
    assert!(stderr.contains("gremlins") && stderr.contains("truncate"), "{stderr}");
}

/// Runs the program to its end.
fn entrasnap(folder: &std::path::Path, args: &[&str]) -> std::process::Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_entrasnap"));
    command.args(args).env_clear().current_dir(folder).stdin(Stdio::null()).output().unwrap()
}

/// The variables of a file.
fn variables(path: &std::path::Path) -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(path).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.split_once('=').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap()).collect()
}

fn is_served(endpoint: &str) -> bool {
    TcpStream::connect(endpoint.strip_prefix("http://").unwrap()).is_ok()
}

#[test]
fn in_the_background_it_listens_when_it_returns_and_ends_when_told() {
    let folder = tempfile::tempdir().unwrap();
    let started = entrasnap(folder.path(), &["twin", "--objects", "100", "--env", "twin.env"]);
    assert_eq!(started.status.code(), Some(0), "{}", String::from_utf8_lossy(&started.stderr));
    assert!(started.stdout.is_empty());
    let path = folder.path().join("twin.env");
    let set = variables(&path);
    let endpoint = &set["ENTRASNAP_GRAPH_ENDPOINT"];
    assert!(String::from_utf8_lossy(&started.stderr).contains(&format!("listens on {endpoint}")));
    assert!(is_served(endpoint));
    assert!(set["ENTRASNAP_TWIN_PROCESS"].parse::<u32>().is_ok());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let backup = Command::new(env!("CARGO_BIN_EXE_entrasnap"))
        .arg("backup")
        .env_clear()
        .envs(&set)
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(backup.status.code(), Some(0), "{}", String::from_utf8_lossy(&backup.stderr));
    let stopped = entrasnap(folder.path(), &["twin", "--stop", "twin.env"]);
    assert_eq!(stopped.status.code(), Some(0), "{}", String::from_utf8_lossy(&stopped.stderr));
    assert!(!path.exists() && !is_served(endpoint));
    let again = entrasnap(folder.path(), &["twin", "--stop", "twin.env"]);
    assert_eq!(again.status.code(), Some(1));
}

#[test]
fn a_twin_whose_file_is_replaced_ends() {
    let folder = tempfile::tempdir().unwrap();
    let line = ["twin", "--objects", "100", "--env", "twin.env"];
    assert_eq!(entrasnap(folder.path(), &line).status.code(), Some(0));
    let path = folder.path().join("twin.env");
    let first = variables(&path);
    assert_eq!(entrasnap(folder.path(), &line).status.code(), Some(0));
    let second = variables(&path);
    assert_ne!(first["ENTRASNAP_TWIN_PROCESS"], second["ENTRASNAP_TWIN_PROCESS"]);
    // The first one looks for its file a few times a second.
    let mut looks = 0;
    while is_served(&first["ENTRASNAP_GRAPH_ENDPOINT"]) {
        looks += 1;
        assert!(looks < 600, "the first one still serves");
        std::thread::park_timeout(std::time::Duration::from_millis(50));
    }
    assert!(is_served(&second["ENTRASNAP_GRAPH_ENDPOINT"]));
    assert_eq!(entrasnap(folder.path(), &["twin", "--stop", "twin.env"]).status.code(), Some(0));
}

#[test]
fn what_cannot_be_served_in_the_background_says_why_and_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let answer = entrasnap(folder.path(), &["twin", "--faults", "gremlins", "--env", "twin.env"]);
    assert_eq!(answer.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&answer.stderr).contains("gremlins"));
    assert!(!folder.path().join("twin.env").exists());
    // A file of other variables is neither replaced nor removed.
    std::fs::write(folder.path().join("production.env"), "AZURE_TENANT_ID=contoso\n").unwrap();
    for option in ["--env", "--stop"] {
        let answer = entrasnap(folder.path(), &["twin", option, "production.env"]);
        assert_eq!(answer.status.code(), Some(2), "{option}");
        let text = std::fs::read_to_string(folder.path().join("production.env")).unwrap();
        assert_eq!(text, "AZURE_TENANT_ID=contoso\n");
    }
}

#[test]
fn a_command_has_a_tenant_of_its_own_and_its_exit_status_counts() {
    let folder = tempfile::tempdir().unwrap();
    let program = env!("CARGO_BIN_EXE_entrasnap");
    let backup = entrasnap(folder.path(), &["twin", "--objects", "100", "-q", "--", program, "backup"]);
    assert_eq!(backup.status.code(), Some(0), "{}", String::from_utf8_lossy(&backup.stderr));
    assert!(String::from_utf8_lossy(&backup.stdout).contains("\"source\":\"graph\""));
    let wrong = entrasnap(folder.path(), &["twin", "--objects", "100", "--", program, "dif"]);
    assert_eq!(wrong.status.code(), Some(2));
    let missing = entrasnap(folder.path(), &["twin", "--objects", "100", "--", "./no-such-program"]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&missing.stderr).contains("no-such-program"));
}

#[cfg(unix)]
#[test]
fn a_command_sees_no_way_to_sign_in_to_another_tenant() {
    let folder = tempfile::tempdir().unwrap();
    let script = "test -z \"$AZURE_CLIENT_CERTIFICATE_PATH\" && test -n \"$AZURE_CLIENT_SECRET\" && exit 7";
    let answer = Command::new(env!("CARGO_BIN_EXE_entrasnap"))
        .args(["twin", "--objects", "100", "--", "/bin/sh", "-c", script])
        .env_clear()
        .env("AZURE_CLIENT_CERTIFICATE_PATH", "/etc/real.pem")
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert_eq!(answer.status.code(), Some(7), "{}", String::from_utf8_lossy(&answer.stderr));
}
