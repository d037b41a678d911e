//! Tests of maps.

use super::*;
use std::io::Write;

#[test]
fn owned_bytes_are_aligned_whatever_their_length() {
    for length in [0, 1, 7, 63, 64, 65, 1000] {
        let content: Vec<u8> = (0..=250).cycle().take(length).collect();
        let map = Map::from_vec(content.clone());
        assert_eq!(&*map, &content[..]);
        if length > 0 {
            assert_eq!(map.as_ptr().align_offset(MAP_ALIGNMENT), 0);
        }
    }
}

#[test]
fn a_file_is_mapped_and_an_empty_one_too() {
    let mut file = tempfile::tempfile().unwrap();
    assert!(Map::of_file(&file).unwrap().is_empty());
    file.write_all(b"content").unwrap();
    let map = Map::of_file(&file).unwrap();
    let clone = map.clone();
    drop((map, file));
    assert_eq!(clone.as_ref(), b"content");
    assert_eq!(clone.as_ptr().align_offset(MAP_ALIGNMENT), 0);
    assert_eq!(format!("{clone:?}"), "Map(7 bytes, mapped)");
}
