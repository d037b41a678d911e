//! Writes a file per type, an object per line.

use std::io::{BufWriter, Write};
use std::path::Path;

use engine::disk::private_file;

use super::{ExportCounts, Item, unwritable};
use crate::import::Result;
use crate::import::origin::encode_name;

const BUFFER_BYTES: usize = 1 << 20;

/// Writes the objects of a type, unless there are none.
pub(super) fn write(
    folder: &Path,
    type_token: &str,
    items: impl Iterator<Item = Result<Item>>,
    counts: &mut ExportCounts,
) -> Result<()> {
    let mut items = items.peekable();
    if items.peek().is_none() {
        return Ok(());
    }
    let path = folder.join(format!("{}.ndjson", encode_name(type_token)));
    let failed = |source| unwritable(&path, source);
    let file = private_file().write(true).create_new(true).open(&path).map_err(failed)?;
    let mut writer = BufWriter::with_capacity(BUFFER_BYTES, file);
    counts.files += 1;
    for item in items {
        let item = item?;
        writeln!(writer, "{}", item.json).map_err(failed)?;
        counts.bytes += item.json.len() as u64 + 1;
        counts.add(&item);
    }
    writer.flush().map_err(failed)
}
