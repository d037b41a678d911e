//! The twin as a process: what it prints, that it answers, that it ends.

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
