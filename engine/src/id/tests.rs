//! Tests of IDs.

use proptest::prelude::*;

use super::*;

#[test]
fn a_lower_case_guid_is_sixteen_bytes() {
    let id = Id::from_text("00112233-4455-6677-8899-aabbccddeeff");
    assert_eq!(id.key(), 0x0011_2233_4455_6677_8899_aabb_ccdd_eeff);
    assert_eq!(id.to_string(), "00112233-4455-6677-8899-aabbccddeeff");
}

#[test]
fn whatever_would_not_print_the_same_stays_text() {
    for text in [
        "00112233-4455-6677-8899-AABBCCDDEEFF",
        "00112233445566778899aabbccddeeff",
        "00112233-4455-6677-8899-aabbccddeef",
        "00112233-4455-6677-8899-aabbccddeefg",
        "00112233-4455-6677-8899aaabbccddeeff",
        "contoso.com",
        "",
    ] {
        assert_eq!(Id::from_text(text), Id::Text(text.into()));
        assert_eq!(Id::from_text(text).to_string(), text);
    }
}

#[test]
fn texts_have_keys_that_differ() {
    assert_ne!(Id::from_text("a").key(), Id::from_text("b").key());
}

proptest! {
    #[test]
    fn every_text_comes_back(text in "[0-9a-fA-F-]{36}|.{0,40}") {
        let id = Id::from_text(&text);
        prop_assert_eq!(id.to_string(), text.clone());
        let mut bytes = Vec::new();
        id.write_text(&mut bytes);
        prop_assert_eq!(bytes, text.into_bytes());
    }

    #[test]
    fn every_guid_comes_back(bytes: [u8; 16]) {
        let id = Id::Guid(bytes);
        prop_assert_eq!(Id::from_text(&id.to_string()), id);
    }
}
