//! Owns delta queries: rounds of pages, and the changes since a token.
//!
//! *Shape.* A token holds all of a round: its start in the log, the start of the next page, and what is selected.
//!
//! ```text
//!   first round:  all objects, page by page ──> deltaLink(start of the round)
//!   later rounds: log[start..now], by object ──> deltaLink(now)
//! ```

mod collate;
mod token;

use serde_json::{Value, json};

use crate::body::Body;
use crate::clock::to_iso;
use crate::faults::CallFaults;
use crate::filter;
use crate::render::Append as _;
use crate::replica::{Lag, Reader, View};
use crate::resource::Kind;
use crate::rules::Refusal;
use crate::seal::Seal;
use crate::state::{Handle, Life, Relation, State};
use crate::wire::{Reply, Request};
use collate::{BinnedLinks, Entry, collate};
use token::{DeltaToken, Phase};

/// The most objects of a page.
const PAGE_SIZE: usize = 200;
/// The most links of a page; an object with more is reported in slices.
const PAGE_LINKS: usize = 1000;
/// How long a token lasts.
const TOKEN_LIFE_MS: i64 = 7 * 86_400_000;
/// The most IDs of a filter.
const IDS_MAX: usize = 50;

/// A delta query being answered.
pub(crate) struct Delta<'a> {
    pub(crate) request: &'a Request,
    pub(crate) state: &'a State,
    pub(crate) seal: &'a Seal,
    pub(crate) lag: Lag,
    pub(crate) faults: &'a CallFaults,
    pub(crate) now_ms: i64,
}

/// A page while it is filled.
struct DeltaPage {
    values: Vec<String>,
    links: usize,
}

impl DeltaPage {
    fn is_full(&self) -> bool {
        self.values.len() >= PAGE_SIZE || self.links >= PAGE_LINKS
    }
}

impl Delta<'_> {
    /// Answers a delta query about one type, or about directory objects of several.
    pub(crate) fn answer(&self, kind: Option<Kind>) -> Result<Reply, Refusal> {
        let mut token = match (self.given("$skiptoken"), self.given("$deltatoken")) {
            (Some(_), _) if self.request.option("$select").is_some() => {
                return Err(Refusal::bad_request("$select is not supported together with $skiptoken."));
            }
            (Some(sealed), _) => self.open(sealed)?,
            (None, Some("latest")) => {
                let token = self.first(kind)?;
                return Ok(self.finish(&token, &[], None));
            }
            (None, Some(sealed)) => self.later(sealed)?,
            (None, None) => self.first(kind)?,
        };
        if token.kinds.is_empty() || kind.is_some_and(|kind| token.kinds != [kind]) {
            return Err(Refusal::bad_request("The token belongs to another query."));
        }
        if self.faults.empty_pages() && !token.paused {
            token.paused = true;
            return Ok(self.finish(&token, &[], Some(&token)));
        }
        let mut page = DeltaPage { values: Vec::new(), links: 0 };
        let next = match token.phase {
            Phase::All => self.fill_all(&token, &mut page),
            Phase::Changes => self.fill_changes(&token, &mut page),
        };
        self.faults.disturb(&mut page.values);
        Ok(self.finish(&token, &page.values, next.as_ref()))
    }

    fn given(&self, name: &str) -> Option<&str> {
        self.request.option(name).filter(|value| !value.is_empty())
    }

    fn open(&self, sealed: &str) -> Result<DeltaToken, Refusal> {
        let token = self.seal.open(sealed).as_deref().and_then(DeltaToken::parse);
        let token = token.ok_or_else(|| Refusal::bad_request("Badly formed token."))?;
        if self.now_ms - token.issued_ms > TOKEN_LIFE_MS || self.faults.expires_tokens(token.issued_ms) {
            return Err(Refusal::new(
                400,
                "syncStateNotFound",
                "The sync state generation is not found. The delta token is expired and data must be synchronized \
                 again.",
            ));
        }
        Ok(token)
    }

    /// Begins a first round, which reports all objects.
    fn first(&self, kind: Option<Kind>) -> Result<DeltaToken, Refusal> {
        let filter = self.request.option("$filter").map(filter::parse).transpose()?;
        let mut kinds: Vec<Kind> = kind.into_iter().collect();
        let mut ids = Vec::new();
        if let Some(filter) = &filter {
            if kind.is_none() {
                kinds.extend(
                    filter
                        .types()
                        .into_iter()
                        .filter_map(|name| Kind::from_name(name.trim_start_matches("microsoft.graph."))),
                );
            }
            ids = filter.ids().unwrap_or_default().into_iter().map(str::to_owned).collect();
            if ids.is_empty() && filter.types().is_empty() {
                return Err(Refusal::bad_request("$filter of a delta query can only compare id."));
            }
        }
        if kind.is_none() && kinds.is_empty() {
            kinds
                .extend(Kind::all().filter(|kind| kind.is_directory_object() && kind.resource().has_delta()));
        }
        if ids.len() > IDS_MAX {
            return Err(Refusal::bad_request("$filter of a delta query can name at most 50 objects."));
        }
        let select = self.request.option("$select").map(|text| {
            let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
            names.map(str::to_owned).collect::<Vec<_>>()
        });
        Self::check_select(&kinds, select.as_deref())?;
        Ok(DeltaToken {
            phase: Phase::All,
            kinds,
            start: self.visible_sequence(),
            until: 0,
            position: 0,
            offset: 0,
            issued_ms: self.now_ms,
            minimal: false,
            paused: false,
            select,
            ids,
        })
    }

    fn check_select(kinds: &[Kind], select: Option<&[String]>) -> Result<(), Refusal> {
        for name in select.into_iter().flatten() {
            if kinds.iter().any(|kind| kind.resource().outside.contains(&name.as_str())) {
                return Err(Refusal::new(
                    501,
                    "NotImplemented",
                    "This operation target is not yet supported.",
                ));
            }
        }
        Ok(())
    }

    /// Begins a later round, which reports the changes since a token.
    fn later(&self, sealed: &str) -> Result<DeltaToken, Refusal> {
        let token = self.open(sealed)?;
        if self.faults.resyncs() {
            let fresh = format!("{}{}?$deltatoken=", self.request.base, self.request.raw_path);
            return Err(
                Refusal::new(410, "resyncRequired", "Resync required.").with_header("location", fresh)
            );
        }
        let prefer = self.request.header("prefer").unwrap_or_default();
        Ok(DeltaToken {
            phase: Phase::Changes,
            until: self.visible_sequence().max(token.start),
            position: 0,
            offset: 0,
            issued_ms: self.now_ms,
            minimal: prefer.contains("return=minimal"),
            paused: false,
            ..token
        })
    }

    /// Gives the sequence number up to which the log has reached the replica that delta queries read.
    fn visible_sequence(&self) -> usize {
        let log = self.state.changes_since(0);
        let recent = log.partition_point(|change| change.at_ms + 2 * self.lag.max_ms <= self.now_ms);
        let hidden =
            log[recent..].iter().position(|change| !self.lag.has_reached(change, Reader::Delta, self.now_ms));
        hidden.map_or(log.len(), |index| recent + index)
    }

    /// Fills a page of a first round; gives where the next one begins.
    fn fill_all(&self, token: &DeltaToken, page: &mut DeltaPage) -> Option<DeltaToken> {
        let view = View::new(self.state, self.lag, Reader::Delta, self.now_ms);
        let handles = token.kinds.iter().flat_map(|&kind| self.state.handles(kind).iter().copied());
        let (mut position, mut offset) = (token.position, token.offset);
        for handle in handles.skip(token.position) {
            if page.is_full() {
                return Some(DeltaToken { position, offset, paused: false, ..token.clone() });
            }
            if view.is_live(handle) && token.names(&self.state.record(handle).id) {
                let links = self.links_of(&view, handle, token);
                let end = links.len().min(offset + PAGE_LINKS - page.links);
                page.values.push(self.present(&view, handle, token, &[], &links[offset..end]));
                page.links += end - offset;
                if end < links.len() {
                    return Some(DeltaToken { position, offset: end, paused: false, ..token.clone() });
                }
            }
            position += 1;
            offset = 0;
        }
        None
    }

    /// Fills a page of a later round; gives where the next one begins.
    fn fill_changes(&self, token: &DeltaToken, page: &mut DeltaPage) -> Option<DeltaToken> {
        let view = View::new(self.state, self.lag, Reader::Delta, self.now_ms);
        let omits = self.faults.omits_binned_links();
        let binned_links = if omits { BinnedLinks::Omitted } else { BinnedLinks::Reported };
        let entries = collate(self.state, token, binned_links);
        let (mut position, mut offset) = (token.position, token.offset);
        for entry in entries.iter().skip(token.position) {
            if page.is_full() {
                return Some(DeltaToken { position, offset, paused: false, ..token.clone() });
            }
            if let Entry::Removed { handle, reason } = entry {
                page.values.push(self.removed(*handle, reason, token));
            }
            if let Entry::Present { handle, names, links, full } = entry
                && (view.life(*handle) == Life::Live || !full)
            {
                let end = links.len().min(offset + PAGE_LINKS - page.links);
                let slice = &links[offset..end];
                page.links += slice.len();
                let text = if token.minimal && !full {
                    self.minimal(&view, *handle, token, names, slice)
                } else {
                    self.present(&view, *handle, token, names, slice)
                };
                page.values.push(text);
                if end < links.len() {
                    return Some(DeltaToken { position, offset: end, paused: false, ..token.clone() });
                }
            }
            position += 1;
            offset = 0;
        }
        None
    }

    /// Gives the links of an object that a first round reports.
    fn links_of(&self, view: &View<'_>, handle: Handle, token: &DeltaToken) -> Vec<(Relation, Handle, bool)> {
        let kind = self.state.record(handle).kind;
        let mut links = Vec::new();
        for relation in token.relations(kind) {
            links.extend(view.targets(handle, relation).into_iter().map(|target| (relation, target, true)));
        }
        links
    }

    fn push_type(&self, out: &mut String, handle: Handle, token: &DeltaToken) {
        if token.kinds.len() > 1 {
            let odata = self.state.record(handle).kind.resource().odata[0];
            out.append(format_args!("\"@odata.type\":\"#{odata}\","));
        }
    }

    /// Writes all selected properties; those never set are left out, those cleared are null.
    fn present(
        &self,
        view: &View<'_>,
        handle: Handle,
        token: &DeltaToken,
        changed: &[std::sync::Arc<str>],
        links: &[(Relation, Handle, bool)],
    ) -> String {
        let kind = self.state.record(handle).kind;
        let mut out = String::from("{");
        self.push_type(&mut out, handle, token);
        let body: &Body = view.body(handle);
        for (name, value) in body.members() {
            let is_reported = value != "null" || changed.contains(name);
            if &**name != "@odata.type" && is_reported && (&**name == "id" || token.tracks(kind, name)) {
                out.append(format_args!("\"{name}\":{value},"));
            }
        }
        self.push_links(&mut out, links);
        crate::render::close(&mut out, '}');
        out
    }

    /// Writes the changed properties only.
    fn minimal(
        &self,
        view: &View<'_>,
        handle: Handle,
        token: &DeltaToken,
        changed: &[std::sync::Arc<str>],
        links: &[(Relation, Handle, bool)],
    ) -> String {
        let mut out = String::from("{");
        self.push_type(&mut out, handle, token);
        out.append(format_args!("\"id\":{},", Value::from(&*self.state.record(handle).id)));
        let body = view.body(handle);
        for name in changed {
            out.append(format_args!("\"{name}\":{},", body.value(name).unwrap_or("null")));
        }
        self.push_links(&mut out, links);
        crate::render::close(&mut out, '}');
        out
    }

    fn push_links(&self, out: &mut String, links: &[(Relation, Handle, bool)]) {
        let mut rest = links;
        while let Some(&(relation, _, _)) = rest.first() {
            let end = rest.iter().position(|(found, _, _)| *found != relation).unwrap_or(rest.len());
            out.append(format_args!("\"{}@delta\":[", relation.name()));
            for &(_, target, added) in &rest[..end] {
                let record = self.state.record(target);
                let odata = record.kind.resource().odata[0];
                out.append(format_args!("{{\"@odata.type\":\"#{odata}\",\"id\":\"{}\"", record.id));
                out.push_str(if added { "}," } else { ",\"@removed\":{\"reason\":\"deleted\"}}," });
            }
            crate::render::close(out, ']');
            out.push(',');
            rest = &rest[end..];
        }
    }

    fn removed(&self, handle: Handle, reason: &str, token: &DeltaToken) -> String {
        let mut out = String::from("{");
        self.push_type(&mut out, handle, token);
        let record = self.state.record(handle);
        if reason == "changed" && record.deleted_ms > 0 && token.tracks(record.kind, "deletedDateTime") {
            out.append(format_args!("\"deletedDateTime\":\"{}\",", to_iso(record.deleted_ms)));
        }
        out.append(format_args!("\"id\":{},", Value::from(&*record.id)));
        out.append(format_args!("\"@removed\":{{\"reason\":\"{reason}\"}}}}"));
        out
    }

    /// Puts a page together, with the link to the next page or to the next round.
    fn finish(&self, token: &DeltaToken, values: &[String], next: Option<&DeltaToken>) -> Reply {
        let Request { base, raw_path, .. } = self.request;
        let (name, option, text) = match next {
            Some(next) => ("@odata.nextLink", "$skiptoken", next.to_text()),
            None => ("@odata.deltaLink", "$deltatoken", token.next_round(self.now_ms).to_text()),
        };
        let link = format!("{base}{raw_path}?{option}={}", self.seal.seal(&text));
        let fragment = match token.kinds.as_slice() {
            [kind] => kind.resource().path,
            _ => "directoryObjects",
        };
        let selected =
            token.select.as_ref().map(|names| format!("({})", names.join(","))).unwrap_or_default();
        let context = json!(format!("{}{fragment}{selected}", self.request.metadata()));
        let body = format!(
            "{{\"@odata.context\":{context},\"{name}\":{},\"value\":[{}]}}",
            json!(link),
            values.join(",")
        );
        Reply::json(body)
    }
}
