//! Signatures: made here, made by OpenSSH, and taken for one plan, one purpose and one key each.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{Ed25519KeyPair, KeyPair as _};

use super::super::{Plan, SignatureRule};
use super::{Case, user};
use crate::plan::Error;

fn plan() -> Plan {
    let changed = super::changed(user("ann"), serde_json::json!({"jobTitle": "Boss"}));
    Case::new(vec![("user", user("ann"))], vec![("user", changed)]).plan()
}

fn part(bytes: &[u8]) -> Vec<u8> {
    [&u32::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat()
}

/// A private key as OpenSSH writes it, and the line of its public half.
fn key(number: u8) -> (String, String) {
    let seed = [number; 32];
    let pair = Ed25519KeyPair::from_seed_unchecked(&seed).unwrap();
    let public = pair.public_key().as_ref();
    let blob = [part(b"ssh-ed25519"), part(public)].concat();
    let secret = [&seed, public].concat();
    let private =
        [vec![7; 8], part(b"ssh-ed25519"), part(public), part(&secret), part(b"a comment"), vec![1, 2, 3]]
            .concat();
    let whole = [
        b"openssh-key-v1\0".to_vec(),
        part(b"none"),
        part(b"none"),
        part(b""),
        1_u32.to_be_bytes().to_vec(),
        part(&blob),
        part(&private),
    ];
    let text = STANDARD.encode(whole.concat());
    let (first, second) = text.split_at(70);
    let dashes = |word: &str| format!("-----{word} OPENSSH PRIVATE KEY-----");
    let armored = format!("{}\n{first}\n{second}\n{}\n", dashes("BEGIN"), dashes("END"));
    (armored, format!("ssh-ed25519 {} somebody@somewhere", STANDARD.encode(blob)))
}

fn rule(required: usize, numbers: &[u8]) -> SignatureRule {
    SignatureRule { required, keys: numbers.iter().map(|number| key(*number).1).collect() }
}

#[test]
fn as_many_listed_keys_must_have_signed_as_the_rule_says() {
    let mut signed = plan();
    assert!(signed.check_signatures(&SignatureRule::default()).is_ok());
    let refused = |plan: &Plan, rule: &SignatureRule| {
        let refused = plan.check_signatures(rule).unwrap_err();
        assert!(matches!(refused, Error::Unsigned { .. }), "{refused}");
    };
    refused(&signed, &rule(1, &[1, 2]));
    signed.sign(&key(1).0).unwrap();
    signed.sign(&key(1).0).unwrap();
    assert_eq!(signed.signatures.len(), 1, "who signs twice signed once");
    signed.check_signatures(&rule(1, &[1, 2])).unwrap();
    refused(&signed, &rule(2, &[1, 2]));
    refused(&signed, &rule(1, &[2, 3]));
    refused(
        &signed,
        &SignatureRule { keys: [rule(2, &[1]).keys, rule(2, &[1, 2]).keys].concat(), required: 2 },
    );
    signed.sign(&key(2).0).unwrap();
    signed.check_signatures(&rule(2, &[1, 2])).unwrap();
    let read = Plan::from_file_bytes(&signed.to_file_bytes()).unwrap();
    assert_eq!(read, signed, "signing does not change what is signed");
    let mut other = signed.clone();
    other.hash = "0".repeat(64);
    refused(&other, &rule(1, &[1, 2]));
    let mut renamed = signed.clone();
    renamed.signatures[1].signature = renamed.signatures[0].signature.clone();
    refused(&renamed, &rule(2, &[1, 2]));
}

#[test]
fn a_rule_that_nobody_can_meet_or_read_is_refused() {
    let plan = plan();
    let odd = |rule: &SignatureRule| {
        assert!(
            matches!(plan.check_signatures(rule), Err(Error::PublicKey { .. } | Error::SignatureRule { .. })),
            "{rule:?}"
        );
    };
    odd(&rule(3, &[1, 2]));
    odd(&rule(2, &[1, 1]));
    odd(&SignatureRule { required: 0, keys: vec!["ssh-rsa AAAA".to_owned()] });
    odd(&SignatureRule { required: 0, keys: vec!["ssh-ed25519 AAAA".to_owned()] });
}

/// What OpenSSH 9 made of a file with this hash in it.
const HASH: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIK+7dTinEa9GD/H4p32GKFDH9kRaxMLji6iYV4sreK97";
const SIGNATURE: &str = "\
-----BEGIN SSH SIGNATURE-----
U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAgr7t1OKcRr0YP8finfYYoUMf2RF
rEwuOLqJhXiyt4r3sAAAAOZW50cmFzbmFwLXBsYW4AAAAAAAAABnNoYTUxMgAAAFMAAAAL
c3NoLWVkMjU1MTkAAABA+F17n7jhrYCcH50W2oT0z7uPK2sIIC84vuq6Pj6FyLSOOZYgWP
0ElQp1jDKqHXJ1jPXZNbU7jGV3ofQVzoMVAA==
-----END SSH SIGNATURE-----
";

#[test]
fn signatures_of_openssh_are_taken_and_changed_ones_are_not() {
    let mut plan = plan();
    assert!(plan.add_signature(SIGNATURE).is_err(), "it is of another hash");
    HASH.clone_into(&mut plan.hash);
    assert_eq!(plan.add_signature(SIGNATURE).unwrap(), KEY);
    plan.check_signatures(&SignatureRule { required: 1, keys: vec![KEY.to_owned()] }).unwrap();
    let blob = STANDARD.decode(&plan.signatures[0].signature).unwrap();
    for offset in 0..blob.len() {
        let mut changed = blob.clone();
        changed[offset] ^= 1;
        assert!(plan.add_signature(&STANDARD.encode(&changed)).is_err(), "byte {offset}");
        assert!(plan.add_signature(&STANDARD.encode(&blob[..offset])).is_err(), "cut at {offset}");
    }
}

#[test]
fn what_is_no_private_key_says_what_is_expected() {
    let mut plan = plan();
    for odd in ["", "nonsense", "AAAA", &key(1).1, SIGNATURE] {
        let refused = plan.sign(odd).unwrap_err().to_string();
        assert!(refused.contains("ssh-keygen"), "{refused}");
    }
    assert!(plan.signatures.is_empty());
}
