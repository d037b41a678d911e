//! A scan of many texts against a look at each.

use std::sync::Arc;

use proptest::prelude::*;

use super::{Truth, holder, scan};
use crate::ast::{TextTest, TextTestKind};
use crate::batch::Texts;
use crate::function::operator::{fold, passes};

const KINDS: [TextTestKind; 7] = [
    TextTestKind::Equal,
    TextTestKind::Has,
    TextTestKind::HasPrefix,
    TextTestKind::HasSuffix,
    TextTestKind::Contains,
    TextTestKind::StartsWith,
    TextTestKind::EndsWith,
];

fn texts(words: &[String]) -> Arc<Texts> {
    let ends = words.iter().scan(0, |end, word| {
        *end += u32::try_from(word.len()).unwrap();
        Some(*end)
    });
    Arc::new(Texts::new(words.concat().into_bytes(), ends.collect()).unwrap())
}

proptest! {
    #[test]
    fn a_scan_finds_what_a_look_at_each_finds(
        words in proptest::collection::vec("[aAbB ëËİK-]{0,5}", 0..12),
        wanted in "[aAbBëËİk -]{0,3}",
        cut in 0_u32..12,
    ) {
        let (list, count) = (texts(&words), u32::try_from(words.len()).unwrap());
        let range = cut.min(count)..count;
        for (kind, case_sensitive) in KINDS.into_iter().flat_map(|kind| [(kind, true), (kind, false)]) {
            let test = TextTest { kind, case_sensitive, negated: false };
            let prepare = |text: &str| if case_sensitive { text.to_owned() } else { fold(text) };
            let each: Vec<Truth> = words[range.start as usize..]
                .iter()
                .map(|word| Truth::when(passes(&prepare(word), &prepare(&wanted), kind)))
                .collect();
            prop_assert_eq!(scan(&list, &range, test, &wanted).unwrap(), each, "{:?} {:?} {:?}", kind, words, wanted);
        }
    }

    #[test]
    fn the_holder_of_a_byte_is_found_from_any_text_before_it(sizes in proptest::collection::vec(0_u32..4, 1..40), from in 0_usize..40) {
        let mut end = 0;
        let ends: Vec<u32> = sizes.iter().map(|size| { end += size; end }).collect();
        for byte in 0..end as usize {
            let index = ends.iter().position(|end| *end as usize > byte).unwrap();
            prop_assert_eq!(holder(&ends, from.min(index), byte), index);
        }
    }
}
