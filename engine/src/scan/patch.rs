//! Reads the patches of a segment for one column: which versions change it, and which inherit it.

use super::FIRST_VALUE;
use super::block::{Block, Content, TextList, code_of_cell};
use crate::Result;
use crate::segment::column::Cell;
use crate::segment::footer::{PatchEntry, TableEntry};
use crate::segment::reader::Segment;

/// Reads the patches of a segment; `number` is the path's in this segment, if it has that path.
pub(super) fn read(segment: &Segment, table: &TableEntry, number: Option<u32>) -> Result<Block> {
    let first_version = table.first_version.saturating_add(table.whole_count);
    let all = segment.packed(table.predecessors)?;
    let expected = table.whole_count as usize + table.patch_count as usize;
    if all.len() != expected {
        let what = format!("expected {expected} predecessors, found {}", all.len());
        return Err(segment.footer_error(what));
    }
    let predecessors: Vec<u32> = all.iter().skip(table.whole_count as usize).collect();
    let broken =
        (first_version..).zip(&predecessors).find(|(version, before)| **before == 0 || **before >= *version);
    if let Some((version, _)) = broken {
        let what = format!("version {version} is a patch without a whole row to build on");
        return Err(segment.footer_error(what));
    }
    let (mut changed, mut values) = (Vec::new(), TextList::default());
    if let Some(number) = number {
        for patch in &table.patches {
            read_chunk(segment, patch, number, &mut changed, &mut values)?;
        }
    }
    if changed.last().is_some_and(|(index, _)| *index >= table.patch_count) {
        return Err(segment.footer_error("a patch chunk has more patches than its table"));
    }
    let content = Content::Patched { changed, predecessors, values };
    Ok(Block { first_version, count: table.patch_count, content })
}

/// Appends which patches of a chunk name the path: their indexes among all patches, and codes.
fn read_chunk(
    segment: &Segment,
    patch: &PatchEntry,
    number: u32,
    changed: &mut Vec<(u32, u32)>,
    values: &mut TextList,
) -> Result<()> {
    let paths = segment.packed(patch.paths)?;
    let ends = segment.packed(patch.ends)?;
    let texts = segment.column(patch.new_texts)?;
    if ends.len() != patch.patch_count as usize || texts.row_count() as usize != paths.len() {
        return Err(segment.footer_error("a patch reaches beyond its chunk"));
    }
    let mut index = 0;
    for (entry, path) in (0_u32..).zip(paths.iter()) {
        if path != number {
            continue;
        }
        while index < ends.len() && ends.get(index) <= entry {
            index += 1;
        }
        if index >= ends.len() {
            return Err(segment.footer_error("a patch reaches beyond its chunk"));
        }
        let start = values.bytes.len();
        let mut cell = texts.append(entry, &mut values.bytes);
        if cell == Cell::Value {
            cell = Cell::of(values.bytes.get(start..).unwrap_or_default());
        }
        let code = if cell == Cell::Value {
            values.close()?;
            FIRST_VALUE + u32::try_from(values.len() - 1).unwrap_or(0)
        } else {
            values.bytes.truncate(start);
            code_of_cell(cell)
        };
        let index = patch.first_patch.saturating_add(u32::try_from(index).unwrap_or(u32::MAX));
        if changed.last().is_some_and(|(before, _)| *before > index) {
            return Err(segment.footer_error("the patches are not in order"));
        }
        changed.push((index, code));
    }
    Ok(())
}
