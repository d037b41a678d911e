//! Tests of where requests may go.

use super::{Address, Plain};
use crate::graph::error::{Error, Setting};

fn host(text: &str) -> Result<Address, Error> {
    Address::host(text, Setting::Endpoint, Plain::Loopback)
}

#[test]
fn plain_http_stays_on_this_machine() {
    for good in [
        "https://graph.microsoft.com",
        "https://graph.microsoft.com/",
        "http://127.0.0.1:8080",
        "http://127.9.9.9",
        "http://[::1]:80",
        "http://localhost:1",
    ] {
        assert!(host(good).is_ok(), "{good}");
    }
    for bad in [
        "http://graph.microsoft.com",
        "http://10.0.0.1",
        "http://169.254.169.254",
        "http://localhost.evil.example",
        "http://127.0.0.1.evil.example",
        "ftp://127.0.0.1",
        "https://graph.microsoft.com/v1.0",
        "https://graph.microsoft.com?x",
        "https://name:word@graph.microsoft.com",
        "graph.microsoft.com",
        "",
    ] {
        assert!(matches!(host(bad), Err(Error::Settings { .. })), "{bad}");
    }
    assert!(Address::host("http://169.254.169.254", Setting::Endpoint, Plain::LinkLocal).is_ok());
}

#[test]
fn links_lead_to_the_same_scheme_host_and_port() {
    let base = host("https://graph.microsoft.com").unwrap();
    for good in [
        "https://graph.microsoft.com/v1.0/users?$skiptoken=m~AQAn",
        "https://GRAPH.microsoft.com:443/beta/groups",
    ] {
        assert!(base.follow(good).is_ok(), "{good}");
    }
    for bad in [
        "http://graph.microsoft.com/v1.0/users",
        "https://graph.microsoft.com:8443/v1.0/users",
        "https://graph.microsoft.us/v1.0/users",
        "https://graph.microsoft.com.evil.example/",
        "https://graph.microsoft.com@evil.example/",
        "https://evil@graph.microsoft.com/",
        "//graph.microsoft.com/",
        "users",
    ] {
        assert!(matches!(base.follow(bad), Err(Error::ForeignLink { .. })), "{bad}");
    }
    // A path that would name another host, once it stands behind ours.
    assert!(base.join("", "@evil.example/").is_err());
    assert!(base.join("", ".evil.example/").is_err());
}

#[test]
fn a_link_is_sent_as_it_came() {
    let base = host("https://graph.microsoft.com").unwrap();
    let link = "https://graph.microsoft.com/v1.0/users?$top=5&$filter=a%20eq%20%27b%27&$skiptoken=m~A_Q-An.*";
    assert_eq!(base.follow(link).unwrap().to_text(), link);
    let address = base.join("/v1.0", "/users?$filter=displayName eq 'Zoë'").unwrap();
    assert_eq!(address.path_and_query(), "/v1.0/users?$filter=displayName%20eq%20%27Zo%C3%AB%27");
}
