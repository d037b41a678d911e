//! Tests of journals against damaged bytes; crashes are tested with the faulty disk, in `tests`.

use super::*;
use crate::disk::RealDisk;
use proptest::prelude::*;

const STORE: &str = "kzxwvutsrqponmlk";

fn journal<'a>(folder: &'a Path, name: &'a str) -> JournalFile<'a> {
    JournalFile { disk: &RealDisk, folder, store: STORE, name }
}

fn records(count: u64) -> Vec<Value> {
    (0..count).map(|number| json!({ "step": number, "text": "é\u{0}x" })).collect()
}

/// The bytes of a journal of three records appended by two calls, and the heads on the way.
fn sample() -> (Vec<u8>, [JournalHead; 2]) {
    let folder = tempfile::tempdir().unwrap();
    let file = journal(folder.path(), "reports");
    let heads = [1, 2].map(|count| file.append(&records(count)).unwrap());
    (std::fs::read(file.path().unwrap()).unwrap(), heads)
}

fn parse(bytes: &[u8], known: Option<&JournalHead>) -> Result<(Journal, bool), (u64, String)> {
    journal(Path::new("journals"), "reports").parse(bytes, known)
}

#[test]
fn records_come_back_in_order_with_their_head() {
    let folder = tempfile::tempdir().unwrap();
    let file = journal(folder.path(), "recovery-1");
    let empty = file.read().unwrap();
    assert_eq!((empty.records.len(), empty.head), (0, JournalHead::default()));
    assert_eq!(file.append(&[]).unwrap(), JournalHead::default());
    let mut writer = file.writer().unwrap();
    let first = writer.append(&records(2)).unwrap();
    let second = writer.append(&records(3)).unwrap();
    assert_eq!((first.count, second.count, writer.head()), (2, 5, second));
    let journal = file.read().unwrap();
    assert_eq!(journal.records, [records(2), records(3)].concat());
    assert_eq!((journal.head, journal.torn_tail), (second, None));
    for known in [JournalHead::default(), first, second] {
        assert_eq!(file.verify(&known).unwrap(), journal);
    }
}

#[test]
fn the_layout_is_as_documented_and_its_bytes_stay() {
    let mut bytes = Vec::new();
    let hash = push_record(&mut bytes, &[7; 32], &json!({"b": 1, "a": null})).unwrap();
    assert_eq!(bytes[..8], [16, 0, 0, 0, 239, 255, 255, 255]);
    assert_eq!(bytes[8..40], [7; 32]);
    assert_eq!(bytes[40..72], hash);
    assert_eq!(&bytes[72..], br#"{"a":null,"b":1}"#);
    let golden = "3c47485256aa59ea13f26775b271b8c60a46a07e11ea325406802362f467c88f";
    assert_eq!(blake3::Hash::from_bytes(hash).to_hex().as_str(), golden);
}

#[test]
fn every_flipped_bit_is_detected() {
    let (bytes, [_, head]) = sample();
    for bit in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let (offset, _) = parse(&flipped, None).expect_err("a flipped bit");
        assert!(offset <= bit as u64 / 8 && offset < head.length);
    }
}

#[test]
fn every_shorter_file_is_a_shorter_journal_and_the_head_tells() {
    let (bytes, [first, head]) = sample();
    let whole = parse(&bytes, Some(&head)).unwrap();
    assert!(whole.1);
    for length in 0..bytes.len() {
        let (journal, reached) = parse(&bytes[..length], Some(&head)).unwrap();
        assert!(!reached);
        assert_eq!(journal.records[..], whole.0.records[..journal.records.len()]);
        let torn = journal.head.length < length as u64;
        assert_eq!(journal.torn_tail, torn.then_some(journal.head.length));
        assert_eq!(parse(&bytes[..length], Some(&first)).unwrap().1, length as u64 >= first.length);
    }
}

#[test]
fn a_tail_of_unwritten_sectors_is_torn_and_a_hole_before_content_is_damage() {
    let (bytes, [_, head]) = sample();
    let length = bytes.len();
    let mut next = Vec::new();
    push_record(&mut next, &head.hash, &json!("x".repeat(2000))).unwrap();
    for written in (length.next_multiple_of(SECTOR_BYTES)..length + next.len()).step_by(SECTOR_BYTES) {
        let mut torn = [&bytes[..], &next].concat();
        torn[written..].fill(0);
        assert_eq!(parse(&torn, None).unwrap().0.torn_tail, Some(length as u64));
    }
    let mut all_lost = bytes.clone();
    all_lost.resize(length + 1024, 0);
    assert_eq!(parse(&all_lost, None).unwrap().0.torn_tail, Some(length as u64));
    let mut damaged = [&bytes[..], &next].concat();
    damaged[512..1024].fill(0);
    parse(&damaged, None).unwrap_err();
}

#[test]
fn appended_garbage_is_damage_once_it_is_longer_than_a_length() {
    let (bytes, _) = sample();
    for count in 1..200 {
        let garbage: Vec<u8> = (1..=u8::MAX).cycle().take(count).collect();
        let result = parse(&[&bytes[..], &garbage].concat(), None);
        if count < PREVIOUS.start {
            assert_eq!(result.unwrap().0.torn_tail, Some(bytes.len() as u64));
        } else {
            assert_eq!(result.unwrap_err().0, bytes.len() as u64);
        }
    }
}

#[test]
fn the_next_append_cuts_off_a_torn_tail_and_refuses_damage() {
    let folder = tempfile::tempdir().unwrap();
    let file = journal(folder.path(), "reports");
    file.append(&records(2)).unwrap();
    let path = file.path().unwrap();
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() - 1]).unwrap();
    file.append(&records(1)).unwrap();
    assert_eq!(file.read().unwrap().records, [records(1), records(1)].concat());
    let mut damaged = whole.clone();
    damaged[100] ^= 1;
    std::fs::write(&path, &damaged).unwrap();
    let error = file.append(&records(1)).unwrap_err();
    assert!(matches!(error, Error::Damaged { offset: 0, .. }), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), damaged);
}

#[test]
fn another_store_name_or_history_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = journal(folder.path(), "reports");
    let head = file.append(&records(2)).unwrap();
    let other_store = JournalFile { store: "other", ..file };
    assert!(matches!(other_store.read(), Err(Error::Damaged { offset: 0, .. })));
    std::fs::copy(file.path().unwrap(), folder.path().join("other.log")).unwrap();
    assert!(matches!(journal(folder.path(), "other").read(), Err(Error::Damaged { offset: 0, .. })));
    std::fs::remove_file(file.path().unwrap()).unwrap();
    let missing = file.verify(&head).unwrap_err();
    assert!(matches!(missing, Error::Damaged { offset: 0, .. }), "{missing}");
    file.append(&[json!(1), json!(2)]).unwrap();
    file.verify(&head).unwrap_err();
}

#[test]
fn names_that_leave_the_folder_are_refused() {
    for name in ["", "../x", "a/b", "A", "a.b", "é", &"a".repeat(101)] {
        let file = journal(Path::new("journals"), name);
        assert!(matches!(file.read(), Err(Error::Invalid(InvalidReason::JournalName { .. }))), "{name}");
    }
}

#[test]
fn a_record_that_could_not_be_read_again_is_refused_and_the_writer_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let file = journal(folder.path(), "reports");
    let mut writer = file.writer().unwrap();
    let deep = (0..200).fold(Value::Null, |inner, _| json!([inner]));
    let refused = writer.append(&[json!(1), deep]);
    assert!(matches!(refused, Err(Error::Invalid(InvalidReason::RecordNotReadable { .. }))));
    writer.append(&[json!(2)]).unwrap();
    assert_eq!(file.read().unwrap().records, [json!(2)]);
}

static SAMPLE: std::sync::LazyLock<(Vec<u8>, [JournalHead; 2])> = std::sync::LazyLock::new(sample);

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let _unused = parse(&bytes, None);
        let _unused = parse(&[&SAMPLE.0[..], &bytes].concat(), None);
    }
}
