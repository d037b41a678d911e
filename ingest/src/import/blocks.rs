//! Reads one input and cuts it into blocks that hold whole objects.
//!
//! Shape: a form is found from the first bytes, then `read` gives blocks until the end.
//!
//! ```text
//! {..}\n{..}\n           one object per line     cut at the last line end
//! { .. } { .. }          objects over lines      cut behind the last object
//! [ {..}, {..} ]         an array                cut behind the last object
//! {"@odata.context": "…#users", "value": [ {..}, {..} ], "@odata.nextLink": … }     a Graph list page
//! ```
//!
//! Every byte of the input is in exactly one block, so line numbers add up.

use std::io::Read;

use super::error::InputProblem;
use super::fault::{Cause, Fault};
use super::head::{self, Start};
use super::split::{Separator, Span, Splitter, Unexpected};
use super::text::Decoded;

/// The limits of reading; tests choose tiny ones.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_field_names, reason = "a name of a size ends in its unit")]
pub(crate) struct Limits {
    /// How much is read at a time, in bytes.
    pub(crate) block_bytes: usize,
    /// How much tells what an input is, in bytes.
    pub(crate) head_bytes: usize,
    /// The longest object, in bytes.
    pub(crate) object_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { block_bytes: 2 << 20, head_bytes: 64 << 10, object_bytes: 256 << 20 }
    }
}

/// Some whole objects of an input.
#[derive(Debug)]
pub(crate) struct Block {
    /// Text of the objects and what stands between them.
    pub(crate) bytes: Vec<u8>,
    /// Where the objects stand.
    pub(crate) objects: Objects,
    /// The `@odata.context` of the page, if it is one.
    pub(crate) context: Option<String>,
    /// Whether the input has no other object than the one in this block.
    pub(crate) is_alone: bool,
    /// What the end of a page said, in its last block.
    pub(crate) page_end: Option<PageEnd>,
}

/// Where the objects of a block stand.
#[derive(Debug)]
pub(crate) enum Objects {
    /// One on each line that is not white.
    Lines,
    /// At these offsets.
    Spans(Vec<Span>),
}

/// Whether more pages follow a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PageEnd {
    /// It has `@odata.nextLink`.
    More,
    /// It is the last.
    Last,
}

/// Cuts one input into blocks.
#[derive(Debug)]
pub(crate) struct Blocks<R> {
    reader: Decoded<R>,
    limits: Limits,
    form: Option<Form>,
    /// Read, and not yet in a block.
    carry: Vec<u8>,
    is_ended: bool,
}

#[derive(Debug)]
enum Form {
    Lines,
    Spans { splitter: Splitter, page: Option<ListPage>, ended: bool },
    Done,
}

#[derive(Debug, Clone)]
struct ListPage {
    context: Option<String>,
    has_next: bool,
}

impl<R: Read> Blocks<R> {
    pub(crate) fn new(reader: R, limits: Limits) -> Self {
        let reader = Decoded::new(reader);
        Self { reader, limits, form: None, carry: Vec::new(), is_ended: false }
    }

    /// Gives the next block, or nothing at the end. `buffer` is taken for its memory.
    pub(crate) fn read(&mut self, mut buffer: Vec<u8>) -> Result<Option<Block>, Fault> {
        buffer.clear();
        buffer.append(&mut self.carry);
        let is_first = self.form.is_none();
        let mut fed = if is_first { self.begin(&mut buffer)? } else { 0 };
        match self.form.take() {
            None | Some(Form::Done) => Ok(None),
            Some(Form::Lines) => self.read_lines(buffer, is_first),
            Some(Form::Spans { ended: true, page, .. }) => self.read_tail(buffer, page),
            Some(Form::Spans { splitter, page, ended: _ }) => {
                // What was carried over was fed before it was carried.
                if !is_first {
                    fed = buffer.len();
                }
                self.read_spans(buffer, fed, Spans { splitter, page, is_first })
            }
        }
    }

    /// Finds the form; gives the offset at which the list of objects begins.
    fn begin(&mut self, buffer: &mut Vec<u8>) -> Result<usize, Fault> {
        self.fill(buffer)?;
        let first = loop {
            match buffer.iter().position(|byte| !byte.is_ascii_whitespace()) {
                Some(first) => break first,
                None if self.is_ended => return Err(Fault::at(buffer, 0, InputProblem::Empty)),
                None => self.check_length(buffer, 0)?,
            }
            self.fill(buffer)?;
        };
        let spans =
            |separator, page| Some(Form::Spans { splitter: Splitter::new(separator), page, ended: false });
        match buffer[first] {
            b'[' => {
                self.form = spans(Separator::Comma, None);
                Ok(first + 1)
            }
            b'{' => match self.look(buffer, first)? {
                Start::Page { list_at, context, has_next } => {
                    self.form = spans(Separator::Comma, Some(ListPage { context, has_next }));
                    Ok(first + list_at)
                }
                Start::OverLines => {
                    self.form = spans(Separator::White, None);
                    Ok(first)
                }
                Start::Line => {
                    self.form = Some(Form::Lines);
                    Ok(first)
                }
            },
            found => Err(Fault::at(buffer, first, InputProblem::NotJson { found })),
        }
    }

    /// Tells what the opening brace begins, from as many bytes as that takes.
    fn look(&mut self, buffer: &mut Vec<u8>, first: usize) -> Result<Start, Fault> {
        loop {
            let start = head::start(&buffer[first..]);
            let is_certain = matches!(start, Start::Page { .. }) || self.is_ended;
            if is_certain || buffer.len() - first >= self.limits.head_bytes {
                return Ok(start);
            }
            self.fill(buffer)?;
        }
    }

    /// Reads up to the size of a block more.
    fn fill(&mut self, buffer: &mut Vec<u8>) -> Result<(), Fault> {
        if self.is_ended {
            return Ok(());
        }
        let begun = buffer.len();
        let wanted = self.limits.block_bytes.max(1);
        buffer.reserve(wanted);
        let read = self.reader.append(wanted, buffer);
        let read = read.map_err(|source| Fault::at(buffer, buffer.len(), Cause::Read(source)))?;
        self.is_ended = read < wanted;
        debug_assert_eq!(buffer.len(), begun + read, "a read appends");
        Ok(())
    }

    fn read_lines(&mut self, mut buffer: Vec<u8>, is_first: bool) -> Result<Option<Block>, Fault> {
        let mut searched = 0;
        if !is_first {
            searched = buffer.len();
            self.fill(&mut buffer)?;
        }
        let end = loop {
            if self.is_ended {
                break buffer.len();
            }
            if let Some(last) = memchr::memrchr(b'\n', &buffer[searched..]) {
                break searched + last + 1;
            }
            self.check_length(&buffer, 0)?;
            searched = buffer.len();
            self.fill(&mut buffer)?;
        };
        self.carry.extend_from_slice(&buffer[end..]);
        buffer.truncate(end);
        self.form = Some(if self.is_ended { Form::Done } else { Form::Lines });
        let is_alone = is_first && self.is_ended && is_one_line(&buffer);
        let objects = Objects::Lines;
        Ok(Some(Block { bytes: buffer, objects, context: None, is_alone, page_end: None }))
    }

    fn read_spans(
        &mut self,
        mut buffer: Vec<u8>,
        mut fed: usize,
        state: Spans,
    ) -> Result<Option<Block>, Fault> {
        let Spans { mut splitter, page, is_first } = state;
        let mut spans = Vec::new();
        loop {
            splitter.feed(&buffer, fed, &mut spans).map_err(|wrong| unexpected(&buffer, &wrong))?;
            fed = buffer.len();
            if splitter.closed_at().is_some() || self.is_ended || !spans.is_empty() {
                break;
            }
            self.check_length(&buffer, splitter.kept_from(fed))?;
            self.fill(&mut buffer)?;
        }
        let closed_at = splitter.closed_at();
        if closed_at.is_none() && self.is_ended {
            check_end(&buffer, &splitter)?;
        }
        let end = closed_at.unwrap_or_else(|| splitter.kept_from(buffer.len()));
        self.carry.extend_from_slice(&buffer[end..]);
        buffer.truncate(end);
        splitter.rebase();
        let is_alone = is_first && page.is_none() && self.is_ended && spans.len() == 1;
        let context = page.as_ref().and_then(|page| page.context.clone());
        let is_done = closed_at.is_none() && self.is_ended;
        self.form = Some(if is_done {
            Form::Done
        } else {
            Form::Spans { splitter, page, ended: closed_at.is_some() }
        });
        let objects = Objects::Spans(spans);
        Ok(Some(Block { bytes: buffer, objects, context, is_alone, page_end: None }))
    }

    /// Reads what stands behind the closing bracket, up to the end of the input.
    fn read_tail(&mut self, mut buffer: Vec<u8>, page: Option<ListPage>) -> Result<Option<Block>, Fault> {
        while !self.is_ended {
            self.fill(&mut buffer)?;
            self.check_length(&buffer, 0)?;
        }
        self.form = Some(Form::Done);
        let Some(ListPage { context, has_next }) = page else {
            return match buffer.iter().position(|byte| !byte.is_ascii_whitespace()) {
                None => Ok(None),
                Some(offset) => Err(Fault::at(&buffer, offset, InputProblem::Behind)),
            };
        };
        let has_next = has_next
            || head::tail_has_next(&buffer)
                .map_err(|offset| Fault::at(&buffer, offset, InputProblem::PageTail))?;
        let page_end = Some(if has_next { PageEnd::More } else { PageEnd::Last });
        let objects = Objects::Spans(Vec::new());
        Ok(Some(Block { bytes: buffer, objects, context, is_alone: false, page_end }))
    }

    fn check_length(&self, buffer: &[u8], start: usize) -> Result<(), Fault> {
        let limit = self.limits.object_bytes;
        if buffer.len() - start <= limit {
            return Ok(());
        }
        Err(Fault::at(buffer, start, InputProblem::TooLong { limit_bytes: limit }))
    }
}

fn check_end(buffer: &[u8], splitter: &Splitter) -> Result<(), Fault> {
    if splitter.is_inside() {
        return Err(Fault::at(buffer, splitter.kept_from(buffer.len()), InputProblem::CutOff));
    }
    if splitter.needs_close() {
        return Err(Fault::at(buffer, buffer.len(), InputProblem::ListOpen));
    }
    Ok(())
}

/// The state of a form with spans while a block is read.
struct Spans {
    splitter: Splitter,
    page: Option<ListPage>,
    is_first: bool,
}

fn unexpected(buffer: &[u8], wrong: &Unexpected) -> Fault {
    let cause = InputProblem::Between { expected: wrong.expected, found: wrong.found };
    Fault::at(buffer, wrong.offset, cause)
}

fn is_one_line(bytes: &[u8]) -> bool {
    let trimmed = bytes.trim_ascii();
    memchr::memchr(b'\n', trimmed).is_none()
}
