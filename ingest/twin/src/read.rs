//! Owns reading: collections page by page, objects, paths behind an object, counts.

mod inside;
mod page;

use engine::schema::TypeId;
use serde_json::Value;

use crate::navigate::{Found, navigate};
use crate::query::{Expand, QueryOptions, QueryScope, options};
use crate::render::{Form, Forms, close, push_object};
use crate::replica::View;
use crate::resource::Kind;
use crate::route::{Id, cast_kind};
use crate::rules::Refusal;
use crate::seal::Seal;
use crate::state::{AlternateKey, Handle, Life, Relation};
use crate::wire::{Reply, Request};
pub(crate) use page::{PageSource, push_page};

/// The most related objects that `$expand` shows.
const EXPANDED_MAX: usize = 20;
/// The most IDs of one `getByIds`.
const IDS_MAX: usize = 1000;

/// A read being answered.
pub(crate) struct Read<'a> {
    pub(crate) request: &'a Request,
    pub(crate) view: &'a View<'a>,
    pub(crate) seal: &'a Seal,
    pub(crate) now_ms: i64,
}

impl Read<'_> {
    /// Finds a live object by its name in a path.
    pub(crate) fn resolve(&self, kind: Kind, id: &Id) -> Result<Handle, Refusal> {
        resolve(self.view, kind, id)
    }

    /// Finds a live directory object of any type.
    pub(crate) fn directory_object(&self, id: &str) -> Result<Handle, Refusal> {
        let found = self.view.state.find_directory_object(id).filter(|&handle| self.view.is_live(handle));
        found.ok_or_else(|| Refusal::not_found(id))
    }

    /// Finds an object in the bin.
    pub(crate) fn binned(&self, id: &str) -> Result<Handle, Refusal> {
        let kinds = Kind::all().filter(|kind| kind.resource().has_bin());
        let found = { kinds }.find_map(|kind| self.view.state.find(kind, id));
        found.filter(|&handle| self.view.life(handle) == Life::Binned).ok_or_else(|| Refusal::not_found(id))
    }

    /// Answers a list of live objects.
    pub(crate) fn collection(&self, kind: Kind) -> Result<Reply, Refusal> {
        self.list(kind, Life::Live)
    }

    /// Answers the bin of a type.
    pub(crate) fn bin(&self, kind: Kind) -> Result<Reply, Refusal> {
        if self.request.option("$orderby").is_some() && !self.request.is_eventual() {
            return Err(Refusal::unsupported_query("Sorting not supported for current query."));
        }
        self.list(kind, Life::Binned)
    }

    fn list(&self, kind: Kind, life: Life) -> Result<Reply, Refusal> {
        let options = options(self.request, Some(kind), QueryScope::List)?;
        let chosen = options.filter.as_ref().and_then(crate::filter::Filter::ids).map(|ids| {
            let found: Vec<Handle> =
                ids.into_iter().filter_map(|id| self.view.state.find(kind, id)).collect();
            found
        });
        let candidates = chosen.as_deref().unwrap_or_else(|| self.view.state.handles(kind));
        let fits = |handle: Handle| self.view.life(handle) == life && self.fits(&options, kind, handle);
        let context = self.context(kind.resource().path, options.select.as_deref());
        let page = PageSource { candidates, fits: &fits, options: &options, context };
        let mut form = Form::new(kind, options.select.as_deref(), false);
        push_page(self, &page, |out, handle| {
            push_object(out, self.view, &mut form, handle, |out| self.push_expanded(out, handle, &options));
        })
    }

    fn fits(&self, options: &QueryOptions, kind: Kind, handle: Handle) -> bool {
        let odata = kind.resource().odata[0];
        let body = self.view.body(handle);
        let derived = if kind.resource().is_abstract() { body.text("@odata.type") } else { None };
        let odata = derived.as_deref().map_or(odata, |name| name.trim_start_matches('#'));
        options.filter.as_ref().is_none_or(|filter| filter.matches(body, odata))
            && options.search.as_ref().is_none_or(|search| search.matches(body, odata))
    }

    /// Gives the context of a collection.
    fn context(&self, fragment: &str, select: Option<&[String]>) -> String {
        let selected = select.map(|names| format!("({})", names.join(","))).unwrap_or_default();
        format!("{}{fragment}{selected}", self.request.metadata())
    }

    /// Answers how many objects there are, as plain text.
    pub(crate) fn count(&self, kind: Kind, life: Life) -> Result<Reply, Refusal> {
        if kind.is_directory_object() && !self.request.is_eventual() {
            return Err(Refusal::bad_request("$count is not currently supported."));
        }
        let mut counting = self.request.clone();
        counting.query.push(("$count".into(), "true".into()));
        let options = options(&counting, Some(kind), QueryScope::List)?;
        let handles = self.view.state.handles(kind).iter();
        let count = handles
            .filter(|&&handle| self.view.life(handle) == life && self.fits(&options, kind, handle))
            .count();
        Ok(Self::plain(count))
    }

    fn plain(count: usize) -> Reply {
        let headers = vec![("content-type", "text/plain".to_owned())];
        Reply { status: 200, headers, body: count.to_string().into_bytes(), ..Reply::default() }
    }

    /// Answers one object.
    pub(crate) fn object(&self, kind: Kind, id: &Id) -> Result<Reply, Refusal> {
        if kind == TypeId::AuthorizationPolicy
            && self.request.version == "beta"
            && self.request.segments.len() == 2
        {
            return self.collection(kind);
        }
        let handle = self.resolve(kind, id)?;
        self.entity(handle, false)
    }

    /// Answers one object, whatever its life; `typed` says its type inside.
    pub(crate) fn entity(&self, handle: Handle, typed: bool) -> Result<Reply, Refusal> {
        let kind = self.view.state.record(handle).kind;
        let options = options(self.request, Some(kind), QueryScope::Object)?;
        Ok(Reply::json(self.entity_text(handle, typed, &options)))
    }

    fn entity_text(&self, handle: Handle, typed: bool, options: &QueryOptions) -> String {
        let kind = self.view.state.record(handle).kind;
        let resource = kind.resource();
        let fragment = if typed { "directoryObjects" } else { resource.path };
        let suffix = if resource.is_single() { "" } else { "/$entity" };
        let context = self.context(fragment, options.select.as_deref());
        let mut out = String::with_capacity(4096);
        out.push_str("{\"@odata.context\":");
        out.push_str(&Value::from(context + suffix).to_string());
        out.push(',');
        let mut form = Form::new(kind, options.select.as_deref(), typed);
        form.push_members(&mut out, self.view.body(handle));
        self.push_expanded(&mut out, handle, options);
        if kind == TypeId::AuthenticationMethodsPolicy && options.select.is_none() {
            let name = "authenticationMethodConfigurations";
            self.push_related(
                &mut out,
                handle,
                &Expand { name: name.into(), select: None, inner: String::new() },
                usize::MAX,
            );
        }
        close(&mut out, '}');
        // Certificates show in one object whose keys are selected, and nowhere else.
        if options.select.iter().flatten().any(|name| name == "keyCredentials") {
            out = out.replace("\"key\":null", "\"key\":\"TUlJQw==\"");
        }
        out
    }

    fn push_expanded(&self, out: &mut String, handle: Handle, options: &QueryOptions) {
        for expand in &options.expand {
            self.push_related(out, handle, expand, EXPANDED_MAX);
        }
    }

    fn push_related(&self, out: &mut String, handle: Handle, expand: &Expand, most: usize) {
        if self.view.state.record(handle).kind.resource().is_hidden(&expand.name) {
            return self.push_hidden(out, handle, expand);
        }
        let Some(found) = navigate(self.view, handle, &expand.name) else { return };
        let mut forms = Forms::new(expand.select.as_deref());
        let name = Value::from(expand.name.as_str()).to_string();
        if found.to_one {
            if let Some(&target) = found.handles.first() {
                out.push_str(&name);
                out.push(':');
                self.push_typed(out, &mut forms, target);
                out.push(',');
            }
            return;
        }
        out.push_str(&name);
        out.push_str(":[");
        for &target in found.handles.iter().take(most) {
            self.push_typed(out, &mut forms, target);
            out.push(',');
        }
        close(out, ']');
        out.push(',');
    }

    fn push_typed(&self, out: &mut String, forms: &mut Forms, handle: Handle) {
        let form = forms.of(self.view.state.record(handle).kind);
        push_object(out, self.view, form, handle, |_| ());
    }

    /// Answers a path behind an object: a relation, or a collection inside it.
    pub(crate) fn under(&self, source: Handle, rest: &[String]) -> Result<Reply, Refusal> {
        let segments: Vec<&str> = rest.iter().map(String::as_str).collect();
        let name = segments[0];
        if self.view.state.record(source).kind.resource().inside.contains(&name) {
            return self.inside(source, name, &segments[1..]);
        }
        let found = navigate(self.view, source, name).ok_or_else(|| Refusal::no_segment(name))?;
        match &segments[1..] {
            [] if found.to_one => self.only(&found, name, false),
            ["$ref"] if found.to_one => self.only(&found, name, true),
            [] => self.related(source, name, &found, None, false),
            ["$ref"] => self.related(source, name, &found, None, true),
            ["$count"] => {
                if found.kind.is_none() && !self.request.is_eventual() {
                    return Err(Refusal::bad_request("$count is not currently supported."));
                }
                Ok(Self::plain(found.handles.len()))
            }
            [cast] if cast_kind(cast).is_some() => self.related(source, name, &found, cast_kind(cast), false),
            [cast, "$count"] if cast_kind(cast).is_some() => {
                let kind = cast_kind(cast);
                let of_kind = |handle: &&Handle| Some(self.view.state.record(**handle).kind) == kind;
                Ok(Self::plain(found.handles.iter().filter(of_kind).count()))
            }
            [id] => {
                let target = found.handles.iter().copied().find(|&handle| {
                    let record = self.view.state.record(handle);
                    record.id.eq_ignore_ascii_case(id)
                        || record.body.text("name").is_some_and(|name| format!("name='{name}'") == *id)
                });
                self.entity(target.ok_or_else(|| Refusal::not_found(id))?, found.kind.is_none())
            }
            [_, behind, ..] => Err(Refusal::no_segment(behind)),
        }
    }

    fn only(&self, found: &Found, name: &str, reference: bool) -> Result<Reply, Refusal> {
        let Some(&target) = found.handles.first() else { return Err(Refusal::not_found(name)) };
        if reference {
            let context = format!("{}$ref", self.request.metadata());
            let body = serde_json::json!({"@odata.context": context, "@odata.id": self.address(target)});
            return Ok(Reply::json(body.to_string()));
        }
        self.entity(target, true)
    }

    fn address(&self, handle: Handle) -> String {
        let Request { base, version, .. } = self.request;
        format!("{base}/{version}/directoryObjects/{}", self.view.state.record(handle).id)
    }

    fn related(
        &self,
        source: Handle,
        name: &str,
        found: &Found,
        cast: Option<Kind>,
        references: bool,
    ) -> Result<Reply, Refusal> {
        let kind = found.kind.or(cast);
        let options = options(self.request, kind, QueryScope::List)?;
        let fits = |handle: Handle| {
            let record = self.view.state.record(handle);
            cast.is_none_or(|kind| record.kind == kind) && self.fits(&options, record.kind, handle)
        };
        let fragment = match (found.kind, cast) {
            _ if references => "Collection($ref)".to_owned(),
            (Some(_), _) => {
                let record = self.view.state.record(source);
                format!("{}('{}')/{name}", record.kind.resource().path, record.id)
            }
            (None, Some(cast)) => cast.resource().path.to_owned(),
            (None, None) => "directoryObjects".to_owned(),
        };
        let context = self.context(&fragment, options.select.as_deref());
        let page = PageSource { candidates: &found.handles, fits: &fits, options: &options, context };
        let mut forms = Forms::new(options.select.as_deref());
        let typed = found.kind.is_none();
        push_page(self, &page, |out, handle| {
            if references {
                out.push_str(&serde_json::json!({"@odata.id": self.address(handle)}).to_string());
                return;
            }
            if typed {
                self.push_typed(out, &mut forms, handle);
                return;
            }
            let mut form = Form::new(self.view.state.record(handle).kind, options.select.as_deref(), false);
            push_object(out, self.view, &mut form, handle, |out| {
                self.push_expanded(out, handle, &options);
            });
        })
    }

    /// Answers the objects in the bin that a user owns.
    pub(crate) fn owned_in_bin(&self) -> Result<Reply, Refusal> {
        let body: Value = serde_json::from_slice(&self.request.body)
            .map_err(|_| Refusal::new(400, "BadRequest", "Unable to read JSON request payload."))?;
        let user = body["userId"].as_str().ok_or_else(|| Refusal::bad_request("userId is required."))?;
        let kind = body["type"].as_str().and_then(Kind::from_name).unwrap_or_else(|| Kind::of(TypeId::Group));
        let user = self.directory_object(user)?;
        let incoming = self.view.state.record(user).incoming.iter();
        let handles: Vec<Handle> = incoming
            .filter(|(relation, source)| {
                *relation == Relation::OWNERS && self.view.state.record(*source).kind == kind
            })
            .map(|(_, source)| *source)
            .filter(|&source| self.view.life(source) == Life::Binned)
            .collect();
        let options = options(self.request, Some(kind), QueryScope::List)?;
        let context = self.context("directoryObjects", options.select.as_deref());
        let page = PageSource { candidates: &handles, fits: &|_| true, options: &options, context };
        let mut forms = Forms::new(options.select.as_deref());
        push_page(self, &page, |out, handle| self.push_typed(out, &mut forms, handle))
    }

    /// Answers the directory extensions of all applications, in one page.
    pub(crate) fn available_extensions(&self) -> Result<Reply, Refusal> {
        let kind = Kind::of(TypeId::ExtensionProperty);
        let options =
            QueryOptions { page_size: usize::MAX, ..options(self.request, Some(kind), QueryScope::List)? };
        let context = self.context("directoryObjects", None);
        let candidates = self.view.state.handles(kind);
        let fits = |handle: Handle| self.view.is_live(handle);
        let page = PageSource { candidates, fits: &fits, options: &options, context };
        let mut form = Form::new(kind, None, false);
        push_page(self, &page, |out, handle| push_object(out, self.view, &mut form, handle, |_| ()))
    }

    /// Answers an empty collection.
    pub(crate) fn nothing(&self) -> Reply {
        let context = Value::from(self.context(&self.request.segments.join("/"), None));
        Reply::json(format!("{{\"@odata.context\":{context},\"value\":[]}}"))
    }

    /// Answers the objects of a list of IDs; unknown ones are left out.
    pub(crate) fn get_by_ids(&self) -> Result<Reply, Refusal> {
        let body: Value = serde_json::from_slice(&self.request.body)
            .map_err(|_| Refusal::new(400, "BadRequest", "Unable to read JSON request payload."))?;
        let ids = body["ids"].as_array().ok_or_else(|| Refusal::bad_request("ids is required."))?;
        if ids.len() > IDS_MAX {
            return Err(Refusal::bad_request("Too many identifiers: at most 1000 are allowed."));
        }
        let types: Vec<&str> =
            body["types"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let handles: Vec<Handle> = ids
            .iter()
            .filter_map(|id| self.view.state.find_directory_object(id.as_str()?))
            .filter(|&handle| {
                let token = self.view.state.record(handle).kind.resource().token;
                self.view.is_live(handle)
                    && (types.is_empty()
                        || types.iter().any(|name| *name == "directoryObject" || *name == token))
            })
            .collect();
        let options =
            QueryOptions { page_size: usize::MAX, ..options(self.request, None, QueryScope::List)? };
        let context = self.context("directoryObjects", options.select.as_deref());
        let page = PageSource { candidates: &handles, fits: &|_| true, options: &options, context };
        let mut forms = Forms::new(options.select.as_deref());
        push_page(self, &page, |out, handle| self.push_typed(out, &mut forms, handle))
    }
}

/// Finds a live object by its name in a path.
pub(crate) fn resolve(view: &View<'_>, kind: Kind, id: &Id) -> Result<Handle, Refusal> {
    let state = view.state;
    let (found, name) = match id {
        Id::Only => (state.single(kind), kind.resource().token),
        Id::Plain(id) => {
            let by_name = || state.find_by_key(kind, AlternateKey::UserPrincipalName, id);
            (state.find(kind, id).or_else(by_name), id.as_str())
        }
        Id::By(property, value) => {
            let known = [AlternateKey::AppId, AlternateKey::UniqueName]
                .into_iter()
                .find(|key| key.name() == property);
            let found = match known {
                Some(key) => state.find_by_key(kind, key, value),
                None => state.handles(kind).iter().copied().find(|&handle| {
                    view.is_live(handle) && view.body(handle).text(property).as_deref() == Some(value)
                }),
            };
            (found, value.as_str())
        }
    };
    found.filter(|&handle| view.is_live(handle)).ok_or_else(|| Refusal::not_found(name))
}
