//! Answers that have neither a size nor an end: what they may take is bounded, in bytes as they are unpacked and in time.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ingest::graph::{AnswerFault, Call, Client, Cloud, Credential, Error, Secret, Settings, Shape};
use twin::ManualClock;

use super::run;
use crate::tenant::{Hands, START_MS};

/// Gzip of 4 MB of blanks, in three parts: what begins it, zeros, what ends it.
const PACKED_BEGIN: &[u8] = &[
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xed, 0xc1, 0x81, 0x00, 0x00, 0x00, 0x00,
    0xc3, 0x20, 0x95, 0xf9, 0x53, 0x1e, 0xe4, 0x55, 0x01,
];
const PACKED_ZEROS: usize = 4063;
const PACKED_END: &[u8] = &[0x7c, 0x1b, 0x15, 0x3e, 0xfa, 0xfc, 0x00, 0x00, 0x40, 0x00];

/// Serves tokens, and what `answer` writes to everything else, one connection after another.
fn serve(answer: impl Fn(&str, &mut TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        // Those that were never answered to their end stay open until the test is over.
        let mut open = Vec::new();
        while let Ok((mut stream, _)) = listener.accept() {
            let head = read_head(&stream);
            answer(&head, &mut stream);
            open.push(stream);
        }
    });
    address
}

fn read_head(stream: &TcpStream) -> String {
    let mut reader = BufReader::new(stream);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap() == 0 || line == "\r\n" {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        head.push_str(&line);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    head
}

fn write_whole(stream: &mut TcpStream, kind: &str, body: &[u8]) {
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n{kind}content-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    // Whoever had enough has gone.
    let _outcome = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
    let _outcome = stream.shutdown(std::net::Shutdown::Write);
}

const TOKEN: &[u8] = br#"{"token_type":"Bearer","expires_in":3599,"access_token":"opaque"}"#;

fn client(address: &str, exchange_max: Duration) -> Client {
    let credential = Credential::Secret { client_id: "client".to_owned(), secret: Secret::new("secret") };
    let settings = Settings {
        endpoint: address.to_owned(),
        authority: address.to_owned(),
        speed: 0.0,
        exchange_max,
        ..Settings::new(Cloud::Global, "tenant.example", credential, 1)
    };
    Client::new(settings, Arc::new(Hands(Arc::new(ManualClock::at_ms(START_MS))))).unwrap()
}

#[test]
fn what_is_longer_than_anything_that_is_asked_for_is_a_broken_answer() {
    let tries = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&tries);
    let address = serve(move |head, stream| {
        if head.contains("oauth2") {
            write_whole(stream, "", TOKEN);
        } else {
            *counted.lock().unwrap() += 1;
            write_whole(stream, "", &vec![b' '; 65 << 20]);
        }
    });
    let client = client(&address, Duration::from_mins(5));
    let error = run(client.send(&Call::get("/users").shape(Shape::Page))).unwrap_err();
    assert!(matches!(&error, Error::Malformed { fault: AnswerFault::TooLong { .. }, .. }), "{error}");
    assert!(error.to_string().contains("at most 64 MB"), "{error}");
    assert_eq!(*tries.lock().unwrap(), 6, "it is tried again as other broken answers are");
    assert!(client.counts().body_bytes < 1 << 20);
}

#[test]
fn a_token_that_unpacks_to_more_than_any_token_is_none() {
    let packed = [PACKED_BEGIN, &[0; PACKED_ZEROS], PACKED_END].concat();
    let address = serve(move |_, stream| write_whole(stream, "content-encoding: gzip\r\n", &packed));
    let error = run(client(&address, Duration::from_mins(5)).send(&Call::get("/users"))).unwrap_err();
    assert!(error.to_string().contains("at most 1 MB"), "{error}");
}

#[test]
fn an_answer_that_never_ends_is_given_up_after_the_time_of_one_exchange() {
    let address = serve(|head, stream| {
        if head.contains("oauth2") {
            write_whole(stream, "", TOKEN);
        } else {
            let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{";
            stream.write_all(head.as_bytes()).unwrap();
        }
    });
    let client = client(&address, Duration::from_secs(1));
    let error = run(client.send(&Call::get("/users").shape(Shape::Page))).unwrap_err();
    assert!(matches!(&error, Error::Unreachable { what, .. } if what.contains("timed out")), "{error}");
}
