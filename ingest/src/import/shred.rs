//! Gives the objects of a block to a worker, and says what is wrong with those it refuses.

use std::sync::LazyLock;

use engine::schema::TypeId;
use memchr::memmem::Finder;

use super::blocks::{Block, Objects, PageEnd};
use super::error::InputProblem;
use super::fault::{Cause, Fault, Position, number};
use super::head::{self, Fields};
use super::origin::{self, Meaning, Origin};
use super::sink::Worker;

/// What came of some input.
#[derive(Debug, Default)]
pub(crate) struct Yield {
    pub(crate) objects: u64,
    /// Bytes of text.
    pub(crate) bytes: u64,
    /// How far into its file the text reaches, seen from where it begins.
    pub(crate) position: Position,
    pub(crate) links: Vec<Link>,
    pub(crate) notices: Vec<Notice>,
    pub(crate) organizations: Vec<Organization>,
}

/// Where the object stands that says whose tenant the data is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Organization {
    pub(crate) id: String,
    pub(crate) file: String,
    /// Line ends before it, seen from where the text begins.
    pub(crate) lines_before: u64,
}

/// A link that stood in a file of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) type_token: String,
    pub(crate) source: String,
    pub(crate) relation: String,
    pub(crate) target: String,
}

/// Something to warn of, once it is counted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Notice {
    /// Objects whose type was guessed from the name of an unknown folder.
    Guessed { type_token: String, folder: String },
    /// A page that has a next one.
    MorePages { type_token: String },
    /// A page that has none.
    LastPage { type_token: String },
    /// All partners of the cross-tenant access policy in one file.
    Collapsed,
}

/// Gives the objects of a block to a worker.
pub(crate) fn shred<W: Worker>(
    block: &Block,
    origin: &Origin,
    worker: &mut W,
    yielded: &mut Yield,
) -> Result<(), Fault> {
    let bytes = &block.bytes[..];
    let from_context = block.context.as_deref().and_then(origin::type_of_context);
    let mut shredding = Shredding {
        block,
        origin,
        hint: from_context.or(origin.hint.clone()),
        is_deleted: origin.is_deleted || block.context.as_deref().is_some_and(origin::is_context_deleted),
        worker,
        yielded,
    };
    let mut passed = Position::default();
    match &block.objects {
        Objects::Spans(spans) => {
            for span in spans {
                shredding.object(span.start, span.end)?;
            }
            passed = passed.behind(bytes);
        }
        Objects::Lines => {
            let mut start = 0;
            for end in memchr::memchr_iter(b'\n', bytes) {
                shredding.line(start, end)?;
                start = end + 1;
                passed.lines += 1;
            }
            shredding.line(start, bytes.len())?;
            passed.bytes_in_line = number(bytes.len() - start);
        }
    }
    shredding.end();
    yielded.bytes += number(bytes.len());
    yielded.position = yielded.position.then(passed);
    Ok(())
}

static REMOVED: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\"@removed\""));
static TYPE: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\"@odata.type\""));
static DELTA: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("@delta\""));
static ORGANIZATION: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("graph.organization\""));

/// The type of the object that says whose tenant the data is of.
const ORGANIZATION_TYPE: &str = TypeId::Organization.token();

/// How far into an object its type is looked for; Graph puts it first.
const TYPE_WITHIN: usize = 256;

struct Shredding<'a, W> {
    block: &'a Block,
    origin: &'a Origin,
    hint: Option<String>,
    is_deleted: bool,
    worker: &'a mut W,
    yielded: &'a mut Yield,
}

impl<W: Worker> Shredding<'_, W> {
    fn line(&mut self, start: usize, end: usize) -> Result<(), Fault> {
        let line = &self.block.bytes[start..end];
        let lead = line.len() - line.trim_ascii_start().len();
        let length = line.trim_ascii().len();
        if length == 0 { Ok(()) } else { self.object(start + lead, start + lead + length) }
    }

    fn object(&mut self, start: usize, end: usize) -> Result<(), Fault> {
        let raw = &self.block.bytes[start..end];
        let wrong = |cause| Fault::at(&self.block.bytes, start, cause);
        if let Meaning::Link { type_token, source, relation } = &self.origin.meaning {
            check_delta(raw).map_err(wrong)?;
            self.check_text(start, raw)?;
            let target = link_target(raw).map_err(|error| self.locate(start, raw, error))?;
            self.yielded.links.push(Link {
                type_token: type_token.clone(),
                source: source.clone(),
                relation: relation.clone(),
                target,
            });
            return Ok(());
        }
        self.yielded.objects += 1;
        let own = own_context(raw);
        let named = own.as_deref().and_then(origin::type_of_context);
        let hint = named.as_deref().or(self.hint.as_deref());
        let is_deleted = self.is_deleted || own.as_deref().is_some_and(origin::is_context_deleted);
        if hint == Some(ORGANIZATION_TYPE) || ORGANIZATION.find(&raw[..raw.len().min(TYPE_WITHIN)]).is_some()
        {
            self.yielded.organizations.extend(self.organization(start, raw));
        }
        let notice = guess(self.origin, raw, hint);
        self.yielded.notices.extend(notice);
        let Err(refusal) = self.worker.push(raw, hint, is_deleted) else {
            return if self.worker.met_delta_name() { check_delta(raw).map_err(wrong) } else { Ok(()) };
        };
        let hint = hint.map(str::to_owned);
        let repaired = self.repair(start, raw, hint.as_deref(), refusal)?;
        let pushed = self.worker.push(repaired.as_bytes(), hint.as_deref(), is_deleted);
        pushed.map_err(|refusal| self.fault(start, Cause::Refused(Box::new(refusal))))
    }

    /// Supplies what the object does not say but its origin does, or says what is wrong with it.
    fn repair(
        &self,
        start: usize,
        raw: &[u8],
        hint: Option<&str>,
        refusal: engine::Error,
    ) -> Result<String, Fault> {
        check_delta(raw).map_err(|cause| self.fault(start, cause))?;
        self.check_text(start, raw)?;
        let fields = head::fields(raw).map_err(|error| self.locate(start, raw, error.into()))?;
        if let Some(answer) = graph_answer(&fields) {
            return Err(self.fault(start, answer));
        }
        let has_id = fields.get("id").is_some_and(|raw| raw.get() != "null");
        let id = if has_id { None } else { self.id_for(&fields, hint) };
        if !has_id && id.is_none() {
            return Err(self.fault(start, no_id(&fields)));
        }
        if hint.is_none() && head::text(&fields, "@odata.type").is_none() {
            return Err(self.fault(start, InputProblem::NoType));
        }
        let offset = if let engine::Error::Object { offset, .. } = refusal { offset } else { 0 };
        let refused = || self.fault(start + offset, Cause::Refused(Box::new(refusal)));
        id.map(|id| with_id(&fields, &id)).ok_or_else(refused)
    }

    /// Takes note of an organization, so that a tenant that is not the store's can be pointed at.
    fn organization(&self, start: usize, raw: &[u8]) -> Option<Organization> {
        let id = head::text(&head::fields(raw).ok()?, "id")?;
        let fault = self.fault(start, InputProblem::NoType);
        let lines_before = self.yielded.position.lines + fault.lines_before;
        Some(Organization { id, file: self.origin.file.clone(), lines_before })
    }

    fn check_text(&self, start: usize, raw: &[u8]) -> Result<(), Fault> {
        let not_text =
            |error: std::str::Utf8Error| self.fault(start + error.valid_up_to(), InputProblem::NotText);
        std::str::from_utf8(raw).map(drop).map_err(not_text)
    }

    /// The ID of an object that does not carry one.
    fn id_for(&self, fields: &Fields<'_>, hint: Option<&str>) -> Option<String> {
        if hint == Some(origin::PARTNER) {
            return head::text(fields, "tenantId");
        }
        self.origin.id.clone().filter(|_| self.block.is_alone)
    }

    fn end(&mut self) {
        let type_token = self.hint.clone().unwrap_or_default();
        let is_collapsed = self.block.is_alone
            && type_token == origin::PARTNER
            && self.origin.id.as_deref() == Some("Partners");
        self.yielded.notices.extend(is_collapsed.then_some(Notice::Collapsed));
        self.yielded.notices.extend(self.block.page_end.map(|end| match end {
            PageEnd::More => Notice::MorePages { type_token },
            PageEnd::Last => Notice::LastPage { type_token },
        }));
    }

    fn fault(&self, start: usize, cause: impl Into<Cause>) -> Fault {
        Fault::at(&self.block.bytes, start, cause)
    }

    /// Locates a fault inside an object that begins at `start`.
    fn locate(&self, start: usize, raw: &[u8], inner: Inner) -> Fault {
        let error = match inner {
            Inner::Json(error) => error,
            Inner::Cause(cause) => return self.fault(start, cause),
        };
        if error.is_eof() {
            return self.fault(start, InputProblem::CutOff);
        }
        let line_start = raw.split_inclusive(|byte| *byte == b'\n').take(error.line().max(1) - 1);
        let offset = line_start.map(<[u8]>::len).sum::<usize>() + error.column();
        let full = error.to_string();
        let reason = full.split(" at line ").next().unwrap_or(&full).to_owned();
        self.fault(start + offset.saturating_sub(1), InputProblem::Json { reason })
    }
}

/// What can be wrong inside an object.
enum Inner {
    Json(serde_json::Error),
    Cause(Cause),
}

impl From<serde_json::Error> for Inner {
    fn from(error: serde_json::Error) -> Self {
        Self::Json(error)
    }
}

/// Refuses an object of a delta answer, which says what changed and not what is.
fn check_delta(raw: &[u8]) -> Result<(), InputProblem> {
    if REMOVED.find(raw).is_none() && DELTA.find(raw).is_none() {
        return Ok(());
    }
    let Ok(fields) = head::fields(raw) else { return Ok(()) };
    let is_delta = |key: &&String| *key == "@removed" || key.ends_with("@delta");
    fields.keys().find(is_delta).map_or(Ok(()), |key| Err(InputProblem::Delta { key: key.clone() }))
}

/// A guess is only worth a word when the object does not say its type.
fn guess(origin: &Origin, raw: &[u8], hint: Option<&str>) -> Option<Notice> {
    let folder = origin.guessed_from.clone()?;
    let is_used = hint == origin.hint.as_deref() && TYPE.find(raw).is_none();
    is_used.then(|| Notice::Guessed { type_token: hint.unwrap_or_default().to_owned(), folder })
}

/// The object's own `@odata.context`, which Graph puts first.
fn own_context(raw: &[u8]) -> Option<String> {
    let rest = raw.strip_prefix(b"{")?.trim_ascii_start().strip_prefix(b"\"@odata.context\"")?;
    let value = rest.trim_ascii_start().strip_prefix(b":")?.trim_ascii_start();
    let end = memchr::memchr(b'"', value.strip_prefix(b"\"")?)?;
    serde_json::from_slice(&value[..end + 2]).ok()
}

fn link_target(raw: &[u8]) -> Result<String, Inner> {
    let fields = head::fields(raw)?;
    if let Some(id) = head::text(&fields, "id").filter(|id| !id.is_empty()) {
        return Ok(id);
    }
    let reference = head::text(&fields, "@odata.id");
    if let Some(id) = reference.as_deref().and_then(engine::content::id_of_reference) {
        return Ok(id.to_owned());
    }
    Err(Inner::Cause(graph_answer(&fields).unwrap_or(InputProblem::Link.into())))
}

/// Recognises what Graph answers in the origin of data.
fn graph_answer(fields: &Fields<'_>) -> Option<Cause> {
    if fields.contains_key("id") {
        return None;
    }
    let error = head::fields(fields.get("error")?.get().as_bytes()).ok()?;
    let code = head::text(&error, "code")?;
    Some(Cause::Answer { code, message: head::text(&error, "message").unwrap_or_default() })
}

fn no_id(fields: &Fields<'_>) -> InputProblem {
    if fields.get("value").is_some_and(|value| value.get().starts_with('[')) {
        return InputProblem::Page;
    }
    let names: Vec<&str> = fields.keys().take(3).map(String::as_str).collect();
    InputProblem::NoId {
        found: match names[..] {
            [] => "`{}`".into(),
            _ => format!("an object that begins with {}", names.join(", ")),
        },
    }
}

/// The object with an ID, and otherwise as it was.
fn with_id(fields: &Fields<'_>, id: &str) -> String {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let mut text = format!("{{\"id\":{}", quoted(id));
    for (name, value) in fields.iter().filter(|(name, _)| *name != "id") {
        text.extend([",", &quoted(name), ":", value.get()]);
    }
    text.push('}');
    text
}
