//! Identifiers that cannot be mixed: backups and objects.
//!
//! Ordinals are dense for every ID of an object, whatever its form: a GUID is 16 bytes, any other ID its text.

use std::borrow::Cow;
use std::fmt;

/// Names a backup: 16 letters from `k` to `z`, so that it is never confused with a date or a GUID.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BackupId([u8; 16]);

impl BackupId {
    /// Makes the ID that the first eight bytes of a hash spell, four bits a letter.
    #[must_use]
    pub fn from_hash(hash: &[u8; 32]) -> Self {
        let mut letters = [0; 16];
        for (index, letter) in letters.iter_mut().enumerate() {
            let byte = hash[index / 2];
            let four_bits = if index % 2 == 0 { byte >> 4 } else { byte & 15 };
            *letter = b'k' + four_bits;
        }
        Self(letters)
    }

    /// Reads 16 letters from `k` to `z`.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let letters: [u8; 16] = text.as_bytes().try_into().ok()?;
        letters.iter().all(|letter| (b'k'..=b'z').contains(letter)).then_some(Self(letters))
    }

    /// The 16 letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl std::ops::Deref for BackupId {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl From<BackupId> for String {
    fn from(id: BackupId) -> Self {
        id.as_str().to_owned()
    }
}

impl From<&BackupId> for String {
    fn from(id: &BackupId) -> Self {
        id.as_str().to_owned()
    }
}

impl PartialEq<str> for BackupId {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for BackupId {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl PartialEq<String> for BackupId {
    fn eq(&self, other: &String) -> bool {
        self.as_str() == other
    }
}

impl serde::Serialize for BackupId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for BackupId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <Cow<'_, str> as serde::Deserialize>::deserialize(deserializer)?;
        let expected =
            || serde::de::Error::custom(format!("expected 16 letters from k to z, found {text:?}"));
        Self::from_text(&text).ok_or_else(expected)
    }
}

impl fmt::Display for BackupId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for BackupId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Identifies an object as Graph does: mostly a GUID, else any text.
///
/// `Guid` holds only texts that print as they were read (lower case, hyphens), so every text has one form. A GUID
/// with upper-case letters is a text, shown as it was first written, which names the same object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Id {
    /// A lower-case GUID with hyphens, as its 16 bytes in the order they are written.
    Guid([u8; 16]),
    /// Any other text.
    Text(Box<str>),
}

/// Where the hyphens of a GUID stand.
const HYPHENS: [usize; 4] = [8, 13, 18, 23];

/// Where the two digits of each byte of a GUID stand.
const DIGIT_PAIRS: [usize; 16] = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];

/// The value of each lower-case hexadecimal digit; 255 for every other byte.
const DIGIT_VALUES: [u8; 256] = {
    let mut values = [255; 256];
    let mut digit = 0;
    while digit < 16 {
        values[b"0123456789abcdef"[digit as usize] as usize] = digit;
        digit += 1;
    }
    values
};

impl Id {
    /// Reads any text.
    pub(crate) fn from_text(text: &str) -> Self {
        guid_from_text(text.as_bytes()).map_or_else(|| Self::Text(text.into()), Self::Guid)
    }

    /// A number for maps: the GUID's own bytes in whatever case it is written, or 16 bytes of the hash of the text in
    /// which GUIDs are lower-case.
    ///
    /// A GUID may be chosen to equal the hash of a text, so a found entry is compared by the ID itself, too.
    pub(crate) fn key(&self) -> u128 {
        match self {
            Self::Guid(bytes) => u128::from_be_bytes(*bytes),
            Self::Text(text) => match lower_guid(text.as_bytes()).and_then(|guid| guid_from_text(&guid)) {
                Some(guid) => u128::from_be_bytes(guid),
                None => text_key(&self.normal()),
            },
        }
    }

    /// Whether both name the same object: GUIDs, also those in the text of a natural key, have no case.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self == other || self.normal() == other.normal()
    }

    /// Appends the text with its GUIDs in lower case.
    pub(crate) fn write_normal(&self, out: &mut Vec<u8>) {
        match self {
            Self::Guid(_) => self.write_text(out),
            Self::Text(_) => out.extend_from_slice(&self.normal()),
        }
    }

    fn normal(&self) -> Cow<'_, [u8]> {
        let text = match self {
            Self::Guid(bytes) => return Cow::Owned(text_from_guid(bytes).to_vec()),
            Self::Text(text) => text.as_bytes(),
        };
        if !text.iter().any(u8::is_ascii_uppercase) {
            return Cow::Borrowed(text);
        }
        Cow::Owned(with_guids(text, |guid| guid))
    }

    /// The forms under which stores of table version 1, which took the case of GUIDs for a part of them, may know the
    /// object, and the keys they gave them.
    pub(crate) fn older_forms(&self) -> impl Iterator<Item = (Self, u128)> {
        let mut written = Vec::new();
        self.write_text(&mut written);
        let upper = with_guids(&written, |guid| {
            let mut guid = guid;
            guid.make_ascii_uppercase();
            guid
        });
        [written, upper].into_iter().filter_map(|text| {
            let text = String::from_utf8(text).ok()?;
            let key = text_key(text.as_bytes());
            Some((Self::Text(text.into()), key))
        })
    }

    /// The GUID as a number, if it is one; numbers compare as the texts do.
    pub(crate) fn guid(&self) -> Option<u128> {
        match self {
            Self::Guid(bytes) => Some(u128::from_be_bytes(*bytes)),
            Self::Text(_) => None,
        }
    }

    /// Compares the texts.
    pub(crate) fn cmp_text(&self, other: &Self) -> std::cmp::Ordering {
        let text = |id: &Self| match id {
            Self::Guid(bytes) => text_from_guid(bytes).to_vec(),
            Self::Text(text) => text.as_bytes().to_vec(),
        };
        match (self, other) {
            (Self::Guid(a), Self::Guid(b)) => a.cmp(b),
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            _ => text(self).cmp(&text(other)),
        }
    }

    /// Appends the text, without the detour over `Display`.
    pub(crate) fn write_text(&self, out: &mut Vec<u8>) {
        match self {
            Self::Guid(bytes) => out.extend_from_slice(&text_from_guid(bytes)),
            Self::Text(text) => out.extend_from_slice(text.as_bytes()),
        }
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Guid(bytes) => {
                let text = text_from_guid(bytes);
                f.write_str(std::str::from_utf8(&text).expect("GUID text is ASCII"))
            }
            Self::Text(text) => f.write_str(text),
        }
    }
}

fn guid_from_text(text: &[u8]) -> Option<[u8; 16]> {
    let text: &[u8; 36] = text.try_into().ok()?;
    if HYPHENS.iter().any(|&position| text[position] != b'-') {
        return None;
    }
    let mut bytes = [0; 16];
    let mut seen = 0;
    for (byte, &position) in bytes.iter_mut().zip(&DIGIT_PAIRS) {
        let high = DIGIT_VALUES[usize::from(text[position])];
        let low = DIGIT_VALUES[usize::from(text[position + 1])];
        seen |= high | low;
        *byte = (high << 4) | (low & 15);
    }
    (seen < 16).then_some(bytes)
}

/// The ID at the end of a link such as `https://graph.microsoft.com/v1.0/directoryObjects/{id}`.
#[must_use]
pub fn id_of_reference(reference: &str) -> Option<&str> {
    let last = reference.trim_end_matches('/').rsplit('/').next()?;
    let id =
        last.split_once("('").map_or(last, |(_, rest)| rest.trim_end_matches(')').trim_end_matches('\''));
    (!id.is_empty()).then_some(id)
}

/// The lower-case text of a GUID that is written in any case, if the whole text is one.
pub(crate) fn lower_guid(text: &[u8]) -> Option<[u8; 36]> {
    let mut lower: [u8; 36] = text.try_into().ok()?;
    lower.make_ascii_lowercase();
    guid_from_text(&lower).is_some().then_some(lower)
}

/// A text with each GUID between its bars, or the whole, in another case.
fn with_guids(text: &[u8], change: impl Fn([u8; 36]) -> [u8; 36]) -> Vec<u8> {
    let parts = text.split(|byte| *byte == b'|');
    let parts =
        parts.map(|part| lower_guid(part).map_or_else(|| part.to_vec(), |guid| change(guid).to_vec()));
    parts.collect::<Vec<_>>().join(&b'|')
}

fn text_key(text: &[u8]) -> u128 {
    let mut hasher = blake3::Hasher::new_derive_key("entrasnap object id text, version 1");
    hasher.update(text);
    let mut bytes = [0; 16];
    hasher.finalize_xof().fill(&mut bytes);
    u128::from_be_bytes(bytes)
}

fn text_from_guid(bytes: &[u8; 16]) -> [u8; 36] {
    let mut text = [b'-'; 36];
    for (byte, &position) in bytes.iter().zip(&DIGIT_PAIRS) {
        text[position] = b"0123456789abcdef"[usize::from(byte >> 4)];
        text[position + 1] = b"0123456789abcdef"[usize::from(byte & 15)];
    }
    text
}

/// An object's ID as Graph gives it. A GUID takes no memory of its own; its text is made on demand. IDs compare as
/// their texts do.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ObjectId(Id);

impl ObjectId {
    /// The GUID as a number, if it is one; numbers compare as the texts do.
    pub(crate) fn guid(&self) -> Option<u128> {
        self.0.guid()
    }
}

impl From<Id> for ObjectId {
    fn from(id: Id) -> Self {
        Self(id)
    }
}

impl From<&str> for ObjectId {
    fn from(text: &str) -> Self {
        Self(Id::from_text(text))
    }
}

impl Ord for ObjectId {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.cmp_text(&other.0)
    }
}

impl PartialOrd for ObjectId {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq<str> for ObjectId {
    fn eq(&self, other: &str) -> bool {
        match &self.0 {
            Id::Guid(bytes) => text_from_guid(bytes) == *other.as_bytes(),
            Id::Text(text) => **text == *other,
        }
    }
}

impl PartialEq<&str> for ObjectId {
    fn eq(&self, other: &&str) -> bool {
        self == *other
    }
}

impl serde::Serialize for ObjectId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl fmt::Debug for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.to_string())
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests;
