//! Texts in one buffer.

use super::Texts;

fn of(texts: &[&str]) -> Texts {
    let ends = texts.iter().scan(0, |end, text| {
        *end += u32::try_from(text.len()).unwrap();
        Some(*end)
    });
    Texts::new(texts.concat().into_bytes(), ends.collect()).unwrap()
}

#[test]
fn texts_come_back_as_they_went_in() {
    let words = ["Ada", "", "Zoë", "ÅNGSTRÖM", "İ", "Ⱥ"];
    let texts = of(&words);
    assert_eq!((texts.len(), texts.is_empty()), (6, false));
    let got: Vec<&str> = (0..texts.len()).map(|index| texts.get(index)).collect();
    assert_eq!(got, words);
    let folded: Vec<&str> = (0..texts.len()).map(|index| texts.folded().unwrap().get(index)).collect();
    assert_eq!(folded, ["ada", "", "zoë", "ångström", "İ", "ⱥ"]);
    assert!(of(&[]).is_empty());
}

#[test]
fn what_is_no_list_of_texts_is_refused() {
    let refused = |bytes: &[u8], ends: &[u32]| Texts::new(bytes.to_vec(), ends.to_vec()).unwrap_err();
    assert!(refused(&[0xff], &[1]).to_string().starts_with("the texts are not UTF-8"));
    assert_eq!(refused("ë".as_bytes(), &[1, 2]).to_string(), "text 0 of 2 ends inside another, at byte 1");
    assert_eq!(refused(b"ab", &[2, 1]).to_string(), "text 1 of 2 ends inside another, at byte 1");
    assert_eq!(refused(b"ab", &[1]).to_string(), "the texts end at byte 1, their buffer at 2");
    assert_eq!(refused(b"ab", &[3]).to_string(), "text 0 of 1 ends inside another, at byte 3");
}
