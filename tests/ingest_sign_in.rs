//! Signing in to Graph in every way there is, against a token endpoint that answers what a test tells it to.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ingest::graph::{
    Call, Client, Clock, Cloud, Credential, DevicePrompt, Error, IdentitySource, Program, ProgramError,
    Secret, Setting, Settings, SignInCause, Sleep,
};

const START_S: i64 = 1_795_341_600;

/// A clock that moves on when somebody sleeps.
#[derive(Default)]
struct Hands(Arc<AtomicU64>);

impl Clock for Hands {
    fn now(&self) -> jiff::Timestamp {
        let passed_ms = i64::try_from(self.0.load(Ordering::SeqCst)).unwrap();
        jiff::Timestamp::from_millisecond(START_S * 1000 + passed_ms).unwrap()
    }

    fn monotonic(&self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::SeqCst))
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        let (passed, by_ms) = (Arc::clone(&self.0), u64::try_from(duration.as_millis()).unwrap());
        Box::pin(async move {
            passed.fetch_add(by_ms, Ordering::SeqCst);
        })
    }
}

/// Answers requests one after another; keeps what was asked. Graph's own paths get an empty page.
struct Desk {
    address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Desk {
    fn new(answers: Vec<(u16, &'static str)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&asked);
        std::thread::spawn(move || {
            let mut answers = answers.into_iter();
            while let Ok((stream, _)) = listener.accept() {
                let request = read(&stream);
                let is_graph = request.starts_with("GET /v1.0/");
                let answer = if is_graph { Some((200, "{\"value\":[]}")) } else { answers.next() };
                kept.lock().unwrap().push(request);
                let Some((status, body)) = answer else { continue };
                let length = body.len();
                write!(
                    &stream,
                    "HTTP/1.1 {status} x\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
                )
                .unwrap();
            }
        });
        Self { address, asked }
    }

    /// What was asked, requests to Graph apart.
    fn asked(&self) -> Vec<String> {
        let asked = self.asked.lock().unwrap();
        asked.iter().filter(|request| !request.starts_with("GET /v1.0/")).cloned().collect()
    }

    fn client(&self, credential: Credential, clock: Hands) -> Client {
        let settings = Settings {
            endpoint: self.address.clone(),
            authority: self.address.clone(),
            ..Settings::new(Cloud::Global, "tenant.example", credential, 1)
        };
        Client::new(settings, Arc::new(clock)).unwrap()
    }

    /// Asks once with a new client.
    fn ask(&self, credential: Credential) -> Result<(), Error> {
        ask(&self.client(credential, Hands::default()))
    }

    /// The token that Graph was asked with.
    fn token(&self) -> String {
        let asked = self.asked.lock().unwrap();
        let request = asked.iter().rfind(|request| request.starts_with("GET /v1.0/")).unwrap();
        let line = request.lines().find(|line| line.to_ascii_lowercase().starts_with("authorization:"));
        line.unwrap().rsplit(' ').next().unwrap().to_owned()
    }
}

fn cause(error: &Error) -> Option<SignInCause> {
    if let Error::SignIn(sign_in) = error { Some(sign_in.cause) } else { None }
}

fn ask(client: &Client) -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(client.send(&Call::get("/users"))).map(drop)
}

/// Reads a request whole: head, and a body of the length it announces.
fn read(stream: &TcpStream) -> String {
    let mut reader = BufReader::new(stream);
    let (mut text, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        text.push_str(&line);
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    text + str::from_utf8(&body).unwrap()
}

const GRANTED: (u16, &str) = (200, r#"{"token_type":"Bearer","expires_in":3599,"access_token":"granted"}"#);
const BUSY: (u16, &str) = (503, "");

fn secret() -> Credential {
    Credential::Secret { client_id: "client".to_owned(), secret: Secret::new("s&cret=%") }
}

#[test]
fn a_secret_goes_into_the_form_and_nowhere_else() {
    let desk = Desk::new(vec![BUSY, (200, "no"), GRANTED]);
    let error = desk.ask(secret()).unwrap_err();
    assert!(matches!(error, Error::SignIn(_)), "{error}");
    desk.ask(secret()).unwrap();
    assert_eq!(desk.token(), "granted");
    let asked = desk.asked();
    assert_eq!(asked.len(), 3, "the first answer was busy");
    assert!(asked[2].starts_with("POST /tenant.example/oauth2/v2.0/token HTTP/1.1"), "{}", asked[2]);
    let form = asked[2].lines().last().unwrap();
    let scope = desk.address.replace(':', "%3A").replace('/', "%2F");
    let expected = format!(
        "grant_type=client_credentials&scope={scope}%2F.default&client_id=client&client_secret=s%26cret%3D%25"
    );
    assert_eq!(form, expected);
    let graph = desk.asked.lock().unwrap().last().unwrap().to_ascii_lowercase();
    assert!(
        graph.contains("\naccept-encoding: gzip") && graph.contains("\nuser-agent: entrasnap/"),
        "{graph}"
    );
    assert!(graph.contains("\nclient-request-id: ") && !graph.contains("cret"), "{graph}");
}

#[test]
fn the_clouds_of_microsoft_are_reached_by_tls_only() {
    for cloud in [Cloud::Global, Cloud::UsGov, Cloud::UsGovDod, Cloud::China] {
        // A machine without a trust store has nobody to trust; every other one can make connections.
        match Client::new(Settings::new(cloud, "tenant.example", secret(), 1), Arc::new(Hands::default())) {
            Ok(client) => assert!(client.settings().endpoint.starts_with("https://")),
            Err(error) => assert!(error.to_string().starts_with("no connections can be made"), "{error}"),
        }
        let settings = Settings::new(cloud, "tenant.example", secret(), 1);
        let plain = settings.endpoint.replace("https:", "http:");
        let refused = Client::new(Settings { endpoint: plain, ..settings }, Arc::new(Hands::default()));
        assert!(matches!(refused.err(), Some(Error::Settings { .. })));
    }
}

#[test]
fn a_token_endpoint_that_stays_away_ends_in_an_error() {
    let desk = Desk::new(vec![BUSY; 20]);
    let error = desk.ask(secret()).unwrap_err();
    assert!(error.to_string().starts_with("no access token: the sign-in answered 503"), "{error}");
    assert_eq!(desk.asked().len(), 12);
    let desk = Desk::new(vec![]);
    let error = desk.ask(secret()).unwrap_err();
    assert!(matches!(error, Error::Unreachable { tries: 6, .. }), "{error}");
    assert!(!error.to_string().contains("cret"), "{error}");
}

#[test]
fn a_certificate_signs_an_assertion() {
    let path =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../ingest/src/graph/token/assertion/certificate.pem");
    let desk = Desk::new(vec![GRANTED]);
    desk.ask(Credential::Certificate { client_id: "client".to_owned(), path }).unwrap();
    let asked = desk.asked().pop().unwrap();
    let kind = "client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer";
    assert!(asked.contains(kind) && asked.contains("&client_assertion=eyJ"), "{asked}");
    assert!(!asked.contains("client_secret"));
}

#[test]
fn a_federated_token_is_read_again_at_each_renewal() {
    let folder = tempfile::tempdir().unwrap();
    let token_file = folder.path().join("token");
    std::fs::write(&token_file, "first\n").unwrap();
    let desk = Desk::new(vec![GRANTED, GRANTED]);
    let clock = Arc::new(AtomicU64::new(0));
    let credential = Credential::Workload { client_id: "client".to_owned(), token_file: token_file.clone() };
    let client = desk.client(credential, Hands(Arc::clone(&clock)));
    ask(&client).unwrap();
    std::fs::write(&token_file, "second").unwrap();
    clock.store(3_590_000, Ordering::SeqCst);
    ask(&client).unwrap();
    let asked = desk.asked();
    assert!(asked[0].ends_with("&client_assertion=first") && asked[1].ends_with("&client_assertion=second"));
}

#[test]
fn a_missing_file_is_named_with_its_setting() {
    let missing = || PathBuf::from("missing/file");
    let desk = Desk::new(vec![]);
    let client_id = || "client".to_owned();
    let error = desk.ask(Credential::Workload { client_id: client_id(), token_file: missing() }).unwrap_err();
    assert!(matches!(error, Error::Settings { setting: Setting::TokenFile, .. }), "{error}");
    assert!(error.to_string().contains(": expected a token in missing/file"), "{error}");
    let error = desk.ask(Credential::Certificate { client_id: client_id(), path: missing() }).unwrap_err();
    assert!(matches!(error, Error::Settings { setting: Setting::Certificate, .. }), "{error}");
    assert!(error.to_string().contains(": expected a PEM file at missing/file"), "{error}");
}

#[test]
fn a_machine_gives_its_identity_after_a_while() {
    let granted = (200, r#"{"access_token":"of the machine","expires_in":"3599","expires_on":"1795345199"}"#);
    let desk = Desk::new(vec![(404, ""), (410, ""), granted]);
    let source = IdentitySource::Machine { host: desk.address.clone() };
    desk.ask(Credential::ManagedIdentity { source, client_id: Some("own one".to_owned()) }).unwrap();
    assert_eq!(desk.asked().len(), 3);
    let asked = desk.asked().pop().unwrap();
    let path = "GET /metadata/identity/oauth2/token?api-version=2018-02-01&resource=http%3A%2F%2F127.0.0.1";
    assert!(asked.starts_with(path) && asked.contains("&client_id=own%20one"), "{asked}");
    assert!(asked.to_ascii_lowercase().contains("\nmetadata: true"), "{asked}");
}

#[test]
fn a_service_gives_its_identity_for_its_header() {
    let desk = Desk::new(vec![(200, r#"{"access_token":"granted","expires_on":"1795345199"}"#)]);
    let endpoint = format!("{}/msi/token", desk.address);
    let source = IdentitySource::Service { endpoint, header: Secret::new("mine") };
    desk.ask(Credential::ManagedIdentity { source, client_id: None }).unwrap();
    let asked = desk.asked().pop().unwrap();
    assert!(asked.starts_with("GET /msi/token?api-version=2019-08-01&resource="), "{asked}");
    assert!(asked.to_ascii_lowercase().contains("\nx-identity-header: mine"), "{asked}");
}

#[test]
fn where_no_machine_gives_an_identity_it_is_said_at_once() {
    // A port that nobody listens on any more.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let desk = Desk::new(vec![]);
    let credential = |host: String| {
        let source = IdentitySource::Machine { host };
        Credential::ManagedIdentity { source, client_id: None }
    };
    let error = desk.ask(credential(host)).unwrap_err();
    assert!(error.to_string().contains("expected a managed identity at"), "{error}");
    assert_eq!(cause(&error), Some(SignInCause::NoManagedIdentity));
    let error = desk.ask(credential("http://identity.example".to_owned())).unwrap_err();
    assert!(matches!(error, Error::Settings { .. }), "{error}");
}

/// An Azure CLI that prints one thing, and keeps its arguments.
struct Printing(Result<&'static str, &'static str>, Mutex<Vec<String>>);

impl Program for Printing {
    fn run(&self, arguments: &[&str]) -> Result<Secret, ProgramError> {
        *self.1.lock().unwrap() = arguments.iter().map(|&argument| argument.to_owned()).collect();
        self.0.map(Secret::new).map_err(|stderr| ProgramError::Failed { stderr: stderr.to_owned() })
    }
}

#[test]
fn the_azure_cli_gives_the_token_of_who_is_signed_in() {
    let desk = Desk::new(vec![]);
    let printed =
        r#"{"accessToken":"of-a-person","expiresOn":"2026-11-22 11:00:00","expires_on":1795345199}"#;
    let program = Arc::new(Printing(Ok(printed), Mutex::default()));
    desk.ask(Credential::AzureCli { program: program.clone() }).unwrap();
    assert_eq!(desk.token(), "of-a-person");
    let arguments = program.1.lock().unwrap().join(" ");
    assert!(arguments.starts_with("account get-access-token --resource http://127.0.0.1:"), "{arguments}");
    assert!(arguments.ends_with("--tenant tenant.example --output json"), "{arguments}");
    let program = Printing(Err("ERROR: Please run 'az login' to setup account."), Mutex::default());
    let error = desk.ask(Credential::AzureCli { program: Arc::new(program) }).unwrap_err();
    assert!(error.to_string().contains("az login"), "{error}");
    assert_eq!(cause(&error), Some(SignInCause::AzureCli));
}

#[test]
fn a_device_code_is_shown_asked_about_and_renewed_without_the_person() {
    let begun = (
        200,
        r#"{"device_code":"d","user_code":"ABC","verification_uri":"https://page","expires_in":900,
            "interval":5,"message":"open the page"}"#,
    );
    let pending = (400, r#"{"error":"authorization_pending"}"#);
    let slower = (400, r#"{"error":"slow_down"}"#);
    let granted = (200, r#"{"access_token":"first","expires_in":3599,"refresh_token":"kept"}"#);
    let renewed = (200, r#"{"access_token":"second","expires_in":3599,"refresh_token":"kept2"}"#);
    let desk = Desk::new(vec![begun, pending, slower, pending, granted, renewed]);
    let shown = Arc::new(Mutex::new(Vec::<DevicePrompt>::new()));
    let keep = Arc::clone(&shown);
    let show = Arc::new(move |prompt: &DevicePrompt| keep.lock().unwrap().push(prompt.clone()));
    let clock = Arc::new(AtomicU64::new(0));
    let credential = Credential::DeviceCode { client_id: "client".to_owned(), show };
    let client = desk.client(credential, Hands(Arc::clone(&clock)));
    ask(&client).unwrap();
    assert_eq!(desk.token(), "first");
    assert_eq!(clock.load(Ordering::SeqCst), 30_000, "5 and 5 seconds, then 10 and 10");
    clock.fetch_add(3_500_000, Ordering::SeqCst);
    ask(&client).unwrap();
    assert_eq!(desk.token(), "second");
    assert!(desk.asked()[5].contains("grant_type=refresh_token"));
    let shown = shown.lock().unwrap();
    assert_eq!(
        (shown.len(), shown[0].message.as_str(), shown[0].user_code.as_str()),
        (1, "open the page", "ABC")
    );
}

#[test]
fn a_device_code_that_nobody_types_in_expires() {
    let begun = (200, r#"{"device_code":"d","user_code":"ABC","verification_uri":"u","expires_in":12}"#);
    let desk = Desk::new(vec![
        begun,
        (400, r#"{"error":"authorization_pending"}"#),
        (400, r#"{"error":"authorization_pending"}"#),
        (400, r#"{"error":"authorization_pending"}"#),
    ]);
    let show = Arc::new(|_: &DevicePrompt| {});
    let error = desk.ask(Credential::DeviceCode { client_id: "client".to_owned(), show }).unwrap_err();
    assert!(error.to_string().contains("nobody signed in"), "{error}");
    assert_eq!(cause(&error), Some(SignInCause::ExpiredCode));
}
