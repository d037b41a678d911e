//! The fixed bytes of a segment, as data: header and trailer, field by field.
//!
//! | header | bytes | | trailer | bytes |
//! |--|--|--|--|--|
//! | magic `ESNAPSEG` | 0..8 | | footer offset u64 | 0..8 |
//! | format version u32 | 8..12 | | footer length u64 | 8..16 |
//! | cipher u32 (0: none) | 12..16 | | BLAKE3 of the footer | 16..48 |
//! | store ID | 16..32 | | cipher u32 | 48..52 |
//! | sequence u64 | 32..40 | | CRC32C of bytes 0..52 | 52..56 |
//! | zero | 40..60 | | magic `GESPANSE` | 56..64 |
//! | CRC32C of bytes 0..60 | 60..64 | | | |
//!
//! All integers are little-endian. A cipher other than 0 means that chunks and footer are sealed; this
//! version refuses to read such files, later ones will not have to change the layout for it.

/// The format version this program writes, and the newest it reads. Version 2 added checksums of blocks
/// (`sums.rs`), so that one ID of millions is read without the checksum of all.
pub(crate) const FORMAT_VERSION: u32 = 2;
/// The first format version whose segments end with checksums of blocks.
pub(crate) const BLOCK_SUMS_SINCE: u32 = 2;
/// Bytes of the header.
pub(crate) const HEADER_SIZE: usize = 64;
/// Bytes of the trailer.
pub(crate) const TRAILER_SIZE: usize = 64;
/// Chunks begin at multiples of this. Every decoder reads unaligned, so this only keeps words whole.
pub(crate) const CHUNK_ALIGNMENT: usize = 8;
/// The footer begins at a multiple of this, as rkyv asks.
pub(crate) const FOOTER_ALIGNMENT: usize = 16;
/// Rows in one row group, at most.
pub(crate) const GROUP_ROW_COUNT_MAX: usize = 65_536;

pub(super) const HEADER_MAGIC: [u8; 8] = *b"ESNAPSEG";
pub(super) const TRAILER_MAGIC: [u8; 8] = *b"GESPANSE";

/// A field: name, first byte, size in bytes.
pub(super) type FieldLayout = (&'static str, usize, usize);

pub(super) const HEADER_FIELDS: [FieldLayout; 7] = [
    ("magic", 0, 8),
    ("format version", 8, 4),
    ("cipher", 12, 4),
    ("store ID", 16, 16),
    ("sequence", 32, 8),
    ("zero", 40, 20),
    ("checksum", 60, 4),
];

pub(super) const TRAILER_FIELDS: [FieldLayout; 6] = [
    ("footer offset", 0, 8),
    ("footer length", 8, 8),
    ("footer hash", 16, 32),
    ("cipher", 48, 4),
    ("checksum", 52, 4),
    ("magic", 56, 8),
];

const fn is_gapless(fields: &[FieldLayout], size: usize) -> bool {
    let mut next = 0;
    let mut index = 0;
    while index < fields.len() {
        if fields[index].1 != next {
            return false;
        }
        next += fields[index].2;
        index += 1;
    }
    next == size
}

const _: () = assert!(is_gapless(&HEADER_FIELDS, HEADER_SIZE));
const _: () = assert!(is_gapless(&TRAILER_FIELDS, TRAILER_SIZE));

/// What a header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) format_version: u32,
    pub(crate) cipher: u32,
    pub(crate) store_id: [u8; 16],
    pub(crate) sequence: u64,
}

/// What a trailer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Trailer {
    pub(crate) footer_offset: u64,
    pub(crate) footer_length: u64,
    pub(crate) footer_hash: [u8; 32],
    pub(crate) cipher: u32,
}

impl Header {
    pub(crate) fn to_bytes(self) -> [u8; HEADER_SIZE] {
        let mut bytes = [0; HEADER_SIZE];
        bytes[0..8].copy_from_slice(&HEADER_MAGIC);
        bytes[8..12].copy_from_slice(&self.format_version.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.cipher.to_le_bytes());
        bytes[16..32].copy_from_slice(&self.store_id);
        bytes[32..40].copy_from_slice(&self.sequence.to_le_bytes());
        let checksum = crc32c::crc32c(&bytes[..60]);
        bytes[60..64].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    /// Reads a header; the error says what was expected.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, (usize, String)> {
        let Some(bytes) = bytes.first_chunk::<HEADER_SIZE>() else {
            return Err((0, format!("expected a {HEADER_SIZE}-byte header, found {} bytes", bytes.len())));
        };
        if bytes[0..8] != HEADER_MAGIC {
            return Err((0, "expected the magic of a segment, ESNAPSEG".into()));
        }
        if crc32c::crc32c(&bytes[..60]) != word(bytes, 60) {
            return Err((60, "the header's checksum does not match its bytes".into()));
        }
        let mut store_id = [0; 16];
        store_id.copy_from_slice(&bytes[16..32]);
        Ok(Self {
            format_version: word(bytes, 8),
            cipher: word(bytes, 12),
            store_id,
            sequence: long(bytes, 32),
        })
    }
}

impl Trailer {
    pub(crate) fn to_bytes(self) -> [u8; TRAILER_SIZE] {
        let mut bytes = [0; TRAILER_SIZE];
        bytes[0..8].copy_from_slice(&self.footer_offset.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.footer_length.to_le_bytes());
        bytes[16..48].copy_from_slice(&self.footer_hash);
        bytes[48..52].copy_from_slice(&self.cipher.to_le_bytes());
        let checksum = crc32c::crc32c(&bytes[..52]);
        bytes[52..56].copy_from_slice(&checksum.to_le_bytes());
        bytes[56..64].copy_from_slice(&TRAILER_MAGIC);
        bytes
    }

    /// Reads the trailer of a whole file; the error says where and what was expected.
    pub(crate) fn from_file(file: &[u8]) -> Result<Self, (usize, String)> {
        let Some(bytes) = file.last_chunk::<TRAILER_SIZE>() else {
            return Err((0, format!("expected a {TRAILER_SIZE}-byte trailer, found {} bytes", file.len())));
        };
        let start = file.len() - TRAILER_SIZE;
        if bytes[56..64] != TRAILER_MAGIC {
            return Err((
                start + 56,
                "expected the magic of a trailer, GESPANSE; the file is cut short or longer than written"
                    .into(),
            ));
        }
        if crc32c::crc32c(&bytes[..52]) != word(bytes, 52) {
            return Err((start, "the trailer's checksum does not match its bytes".into()));
        }
        let mut footer_hash = [0; 32];
        footer_hash.copy_from_slice(&bytes[16..48]);
        let trailer = Self {
            footer_offset: long(bytes, 0),
            footer_length: long(bytes, 8),
            footer_hash,
            cipher: word(bytes, 48),
        };
        let end = trailer.footer_offset.checked_add(trailer.footer_length);
        if trailer.footer_offset < HEADER_SIZE as u64 || end != Some(start as u64) {
            return Err((start, "the footer does not end where the trailer begins".into()));
        }
        Ok(trailer)
    }
}

fn word(bytes: &[u8; 64], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

fn long(bytes: &[u8; 64], at: usize) -> u64 {
    u64::from(word(bytes, at)) | u64::from(word(bytes, at + 4)) << 32
}
