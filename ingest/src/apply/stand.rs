//! Owns reading what stands before a step: is it as the plan found it, as it is wanted already, or something else?

use std::collections::{BTreeMap, BTreeSet};

use engine::same::is_same;
use engine::schema::{self, Relation, Type, TypeId};
use serde_json::{Value, json};

use super::element;
use super::error::Result;
use super::standing::{Image, Standing};
use super::template::{Filling, is_of_new, meter};
use crate::graph::{self, Answer, Call, Client, Identified, Page};
use crate::plan::{Named, Step, StepKind, is_replacement, written_value};

/// What has to be asked for a step.
enum Question {
    /// Nothing: what it is about is made by the plan itself.
    Nothing,
    /// One object.
    Object(Call),
    /// The targets of a relation.
    Targets(Call, bool),
    /// Relation objects among which one with these values may be.
    Related(Call, Named),
    /// The elements of a collection below an object, as a list or inside the object.
    Elements(Call, Option<&'static str>),
    /// Whether it is live, else whether it is in the bin.
    Return(Call, Call),
}

/// A step before which is looked at what stands.
#[derive(Clone, Copy)]
pub(super) struct Look<'a> {
    pub(super) step: &'a Step,
    /// Its request has perhaps left already.
    pub(super) is_again: bool,
}

/// Reads what stands before some steps.
pub(super) async fn read(
    client: &Client,
    looks: &[Look<'_>],
    filling: &Filling<'_>,
) -> Result<Vec<Standing>> {
    let questions: Vec<Question> = looks.iter().map(|look| question(*look, filling)).collect();
    let mut calls: Vec<Call> = Vec::new();
    let mut indexes: Vec<Vec<usize>> = Vec::new();
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    for question in &questions {
        let asked: Vec<&Call> = match question {
            Question::Nothing => Vec::new(),
            Question::Object(call)
            | Question::Targets(call, _)
            | Question::Related(call, _)
            | Question::Elements(call, _) => vec![call],
            Question::Return(live, binned) => vec![live, binned],
        };
        let index = asked.into_iter().map(|call| {
            *known.entry(format!("{:?}{}", call.version, call.path)).or_insert_with(|| {
                calls.push(call.clone());
                calls.len() - 1
            })
        });
        indexes.push(index.collect());
    }
    let answers: Vec<graph::Result<Answer>> = client.batch(calls).await;
    if answers.iter().any(|answer| matches!(answer, Err(graph::Error::Cancelled))) {
        return Err(graph::Error::Cancelled.into());
    }
    let mut standings = Vec::with_capacity(looks.len());
    for ((Look { step, .. }, question), indexes) in looks.iter().zip(&questions).zip(&indexes) {
        let answers: Vec<&graph::Result<Answer>> = indexes.iter().map(|index| &answers[*index]).collect();
        standings.push(match judge(client, step, question, &answers, filling).await? {
            // What was just made may not show yet.
            Standing::Unread(_, true) if is_of_new(step) => untouched(step, filling),
            standing => standing,
        });
    }
    Ok(standings)
}

fn question(look: Look<'_>, filling: &Filling<'_>) -> Question {
    let step = look.step;
    let Some(resource) = schema::by_token(&step.object.type_token) else { return Question::Nothing };
    // What the plan itself has just made has no other values yet.
    if step.kind == StepKind::Recreate || (is_of_new(step) && !look.is_again) {
        return Question::Nothing;
    }
    let call = |path: String| Call::get(path).version(resource.graph.version).meter(meter(Some(resource)));
    let id = graph::escape(&filling.own_id(step));
    let own = filled(resource.graph.get, &id);
    if let Some(link) = step.links.first().and_then(|link| resource.link(&link.relation))
        && let Some(read) = link.read
    {
        let path = format!("{}?$select=id", filled(read, &id));
        let path = if link.to_one { path } else { format!("{path}&$top=999") };
        return Question::Targets(call(path), link.to_one);
    }
    if let Some((inside, element)) = element::about(resource, step) {
        let path = element::path(resource, inside, &id, element);
        return Question::Elements(call(path), inside.is_expanded.then_some(inside.name));
    }
    match step.kind {
        StepKind::Restore => {
            let Some(bin) = &resource.graph.bin else { return Question::Nothing };
            let path = filled(bin.restore.trim_end_matches("/restore"), &id);
            Question::Return(call(own), call(path).version(bin.version))
        }
        StepKind::AddLink | StepKind::RemoveLink if resource.is_relation_object => {
            let values = if step.kind == StepKind::AddLink { &step.after } else { &step.before };
            related(resource, values, filling)
                .map_or(Question::Nothing, |(path, key)| Question::Related(call(path), key))
        }
        // A schedule is changed by a request, and read among the others of its holder.
        StepKind::Update
            if resource.is_relation_object && step.request.path.ends_with("ScheduleRequests") =>
        {
            let body = step.request.body.as_object().into_iter().flat_map(Named::iter);
            let values = body.map(|(name, value)| (name.clone(), value.clone())).collect();
            related(resource, &values, filling)
                .map_or(Question::Nothing, |(path, key)| Question::Related(call(path), key))
        }
        _ => {
            let own = if own.contains('{') || resource.is_relation_object {
                filling.text(&step.request.path)
            } else {
                own
            };
            // Of a service principal `$select` shows more of its keys than a backup has, so it only names what needs it.
            let is_guarded = || resource.graph.guarded.iter().any(|it| step.before.contains_key(it.property));
            let is_whole = resource.id == TypeId::ServicePrincipal && !is_guarded();
            let path = if !resource.graph.is_partial || is_whole {
                own
            } else {
                let mut names: BTreeSet<&str> = step.before.keys().map(String::as_str).collect();
                names.insert("id");
                format!("{own}?$select={}", names.into_iter().collect::<Vec<_>>().join(","))
            };
            Question::Object(call(path))
        }
    }
}

fn filled(template: &str, id: &str) -> String {
    template.replace("{id}", id).replace("{tenantId}", id)
}

/// Where relation objects are listed among which one may be, and what it is known by.
fn related(resource: &Type, values: &Named, filling: &Filling<'_>) -> Option<(String, Named)> {
    let text = |name: &str| filling.text(values.get(name).and_then(Value::as_str).unwrap_or_default());
    let key = resource.natural_key.iter().filter(|part| part.only.is_none());
    let key = key.map(|part| (part.name.to_owned(), Value::String(text(part.name))));
    let (list, name) = match resource.id {
        TypeId::AppRoleAssignment => {
            let id = graph::escape(&text("resourceId"));
            return Some((format!("/servicePrincipals/{id}/appRoleAssignedTo?$top=999"), key.collect()));
        }
        TypeId::Oauth2PermissionGrant => (resource.graph.list?, "clientId"),
        _ => (resource.graph.list?, "principalId"),
    };
    let filter = graph::escape(&format!("{name} eq '{}'", text(name)));
    Some((format!("{list}?$filter={filter}"), key.collect()))
}

async fn judge(
    client: &Client,
    step: &Step,
    question: &Question,
    answers: &[&graph::Result<Answer>],
    filling: &Filling<'_>,
) -> Result<Standing> {
    Ok(match (question, answers) {
        (Question::Object(_), [answer]) => judge_object(step, answer, filling),
        (Question::Targets(call, to_one), [answer]) => match answer {
            Ok(answer) if *to_one => judge_to_one(step, &targets_of(&answer.body), filling),
            Err(error) if *to_one && error.status() == Some(404) => judge_to_one(step, &[], filling),
            Ok(answer) => match all_targets(client, call, answer).await {
                Ok(targets) => judge_targets(step, &targets, filling),
                Err(error) => unread(&error),
            },
            Err(error) => unread(error),
        },
        (Question::Related(call, key), [answer]) => match answer {
            Ok(answer) => judge_related(step, &all_items(client, call, answer).await?, key, filling),
            Err(error) if error.status() == Some(404) => judge_related(step, &[], key, filling),
            Err(error) => unread(error),
        },
        (Question::Elements(call, shown), [answer]) => match answer {
            Ok(answer) => {
                let items = elements(client, call, *shown, answer).await?;
                judge_elements(step, items, filling)
            }
            Err(error) => unread(error),
        },
        (Question::Return(..), [live, binned]) => match (live, binned) {
            (Ok(_), _) => Standing::AsWanted,
            (_, Ok(_)) => Standing::AsBefore(Image::default()),
            (_, Err(error)) if error.status() == Some(404) => {
                Standing::Other(Image::default(), "it is not in the recycle bin".to_owned())
            }
            (_, Err(error)) => unread(error),
        },
        _ => untouched(step, filling),
    })
}

/// Nothing of a step was done.
fn untouched(step: &Step, filling: &Filling<'_>) -> Standing {
    let targets = step.links.iter().map(|link| filling.text(&link.target_id)).collect();
    Standing::AsBefore(Image { targets, ..Image::default() })
}

fn unread(error: &graph::Error) -> Standing {
    Standing::Unread(error.to_string(), error.status() == Some(404))
}

fn judge_object(step: &Step, answer: &graph::Result<Answer>, filling: &Filling<'_>) -> Standing {
    let is_removal = matches!(step.kind, StepKind::SoftDelete | StepKind::HardDelete | StepKind::RemoveLink);
    let body = match answer {
        Ok(answer) => &answer.body,
        Err(error) if error.status() == Some(404) && is_removal => return Standing::AsWanted,
        Err(error) => return unread(error),
    };
    let object: Value = serde_json::from_slice(body).unwrap_or_default();
    // Of what is deleted only its presence counts, and of a credential only that it is still there.
    if matches!(step.kind, StepKind::SoftDelete | StepKind::HardDelete) {
        return Standing::AsBefore(Image::default());
    }
    if let Some(other) = other_relation(step, &object) {
        return Standing::Other(Image::default(), other);
    }
    if let Some(standing) = judge_credential(step, &object) {
        return standing;
    }
    judge_values(step, &object, filling)
}

/// Whether an object has the values that the plan found, or those that it wants.
fn judge_values(step: &Step, object: &Value, filling: &Filling<'_>) -> Standing {
    let names = step.before.keys().chain(step.after.keys()).collect::<BTreeSet<_>>();
    if names.is_empty() {
        return Standing::AsBefore(Image::default());
    }
    let (mut image, mut others) = (serde_json::Map::new(), Vec::new());
    let mut is_wanted = true;
    for name in names {
        let standing = value_of(step, name, object);
        let before = step.before.get(name).cloned().unwrap_or_default();
        let after = filling.value(step.after.get(name).unwrap_or(&Value::Null));
        let is_after = is_same(&step.object.type_token, name, &standing, &after);
        is_wanted &= is_after;
        if !is_after && !is_same(&step.object.type_token, name, &standing, &before) {
            others.push(format!("{name} is {}", shown(&standing)));
        }
        image.insert(name.clone(), standing);
    }
    others.extend(changed_around(step, object, filling));
    let image = Image { values: Value::Object(image), ..Image::default() };
    if is_wanted {
        Standing::AsWanted
    } else if others.is_empty() {
        Standing::AsBefore(image)
    } else {
        Standing::Other(image, others.join(", "))
    }
}

/// What differs from the request of a step that replaces its object whole, besides the values that it shows: it would be
/// overwritten, or reset where the request leaves it out.
fn changed_around(step: &Step, object: &Value, filling: &Filling<'_>) -> Vec<String> {
    let resource =
        schema::by_token(&step.object.type_token).filter(|resource| is_replacement(resource, step));
    let (Some(resource), Some(sent), Some(members)) =
        (resource, step.request.body.as_object(), object.as_object())
    else {
        return Vec::new();
    };
    let is_shown = |name: &str| step.before.contains_key(name) || step.after.contains_key(name);
    let is_around = |name: &str| !is_shown(name) && !name.contains('@') && resource.is_writable(name);
    let mut changed = Vec::new();
    for name in members.keys().filter(|name| is_around(name)) {
        let standing = value_of(step, name, object);
        let kept = sent.get(name).map(|value| filling.value(value)).unwrap_or_default();
        if !is_same(resource.token, name, &standing, &kept) {
            changed.push(format!("{name} is {}", shown(&standing)));
        }
    }
    changed
}

/// How what stands at the address of a relation object's update relates something else than its ID says, if it does.
fn other_relation(step: &Step, object: &Value) -> Option<String> {
    let known = engine::schema::by_token(&step.object.type_token).filter(|found| found.is_relation_object)?;
    let own: Vec<&str> = step.object.id.split('|').collect();
    let said = |name: &str| object.get(name).and_then(Value::as_str).unwrap_or_default();
    let odd =
        known.natural_key.iter().zip(own).find(|(part, own)| !said(part.name).eq_ignore_ascii_case(own));
    odd.map(|(part, own)| format!("{} is {}, not {own}", part.name, shown(&json!(said(part.name)))))
}

/// A secret or certificate that is taken away stands among those of its object.
fn judge_credential(step: &Step, object: &Value) -> Option<Standing> {
    if !step.request.path.ends_with("/removePassword") {
        return None;
    }
    let id = step.request.body.get("keyId")?;
    let standing = object.get("passwordCredentials").and_then(Value::as_array);
    let is_there =
        standing.is_none_or(|all| all.iter().any(|credential| credential.get("keyId") == Some(id)));
    Some(if is_there { Standing::AsBefore(Image::default()) } else { Standing::AsWanted })
}

fn value_of(step: &Step, name: &str, object: &Value) -> Value {
    written_value(&step.object.type_token, name, object.get(name).cloned().unwrap_or_default())
}

fn judge_to_one(step: &Step, targets: &[String], filling: &Filling<'_>) -> Standing {
    let standing = targets.first().map_or(Value::Null, |target| Value::String(target.clone()));
    let relation = step.links.first().map_or("", |link| link.relation.as_str());
    let of = |values: &Named| values.get(relation).cloned().unwrap_or_default();
    let linked = step.links.first().filter(|_| step.kind == StepKind::AddLink);
    let linked = linked.map_or(Value::Null, |link| Value::String(link.target_id.clone()));
    let links = step.links.iter().map(|link| link.target_id.clone()).collect();
    let image = Image { values: json!({ relation: standing.clone() }), targets: links, graph_id: None };
    // A step that only brings a link back says no more than the link.
    let after = filling.value(step.after.get(relation).unwrap_or(&linked));
    if is_same(&step.object.type_token, relation, &standing, &after) {
        Standing::AsWanted
    } else if is_same(&step.object.type_token, relation, &standing, &of(&step.before)) {
        Standing::AsBefore(image)
    } else {
        Standing::Other(image, format!("{relation} is {}", shown(&standing)))
    }
}

fn judge_targets(step: &Step, standing: &BTreeSet<String>, filling: &Filling<'_>) -> Standing {
    let is_wanted = step.kind == StepKind::AddLink;
    let targets = step.links.iter().map(|link| filling.text(&link.target_id));
    // Imported IDs may be written in another case than Graph's.
    let standing: BTreeSet<String> = standing.iter().map(|target| target.to_ascii_lowercase()).collect();
    let is_there = |target: &String| standing.contains(&target.to_ascii_lowercase());
    let left: Vec<String> = targets.filter(|target| is_there(target) != is_wanted).collect();
    if left.is_empty() {
        return Standing::AsWanted;
    }
    let values = json!({ "links": left });
    Standing::AsBefore(Image { values, targets: left, graph_id: None })
}

fn judge_related(step: &Step, items: &[Value], key: &Named, filling: &Filling<'_>) -> Standing {
    let says =
        |item: &Value, name: &str| item.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    // What was activated for a time is none of the assignments that a plan makes or takes away.
    let is_it = |item: &&Value| {
        let token = &step.object.type_token;
        says(item, "assignmentType") != "Activated"
            && key.iter().all(|(name, value)| is_same(token, name, &Value::String(says(item, name)), value))
    };
    let found = items.iter().find(is_it);
    match (found, step.kind) {
        (Some(item), StepKind::Update) => judge_values(step, item, filling),
        (None, StepKind::Update) => Standing::Unread("it is not there any more".to_owned(), true),
        (Some(_), StepKind::AddLink) | (None, StepKind::RemoveLink) => Standing::AsWanted,
        (found, _) => Standing::AsBefore(Image {
            values: found.cloned().unwrap_or_default(),
            targets: Vec::new(),
            graph_id: found.map(|item| says(item, "id")),
        }),
    }
}

fn targets_of(body: &[u8]) -> Vec<String> {
    serde_json::from_slice::<Identified>(body).map(|target| vec![target.id]).unwrap_or_default()
}

async fn all_targets(client: &Client, call: &Call, answer: &Answer) -> graph::Result<BTreeSet<String>> {
    let mut targets = BTreeSet::new();
    for item in items_of(client, call, answer).await? {
        if let Ok(target) = serde_json::from_str::<Identified>(&item) {
            targets.insert(target.id);
        }
    }
    Ok(targets)
}

async fn all_items(client: &Client, call: &Call, answer: &Answer) -> Result<Vec<Value>> {
    let items = items_of(client, call, answer).await?;
    Ok(items.iter().filter_map(|item| serde_json::from_str(item).ok()).collect())
}

/// The elements of a collection below an object.
async fn elements(client: &Client, call: &Call, shown: Option<&str>, answer: &Answer) -> Result<Vec<Value>> {
    let Some(name) = shown else { return all_items(client, call, answer).await };
    let object: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    Ok(object.get(name).and_then(Value::as_array).cloned().unwrap_or_default())
}

fn judge_elements(step: &Step, items: Vec<Value>, filling: &Filling<'_>) -> Standing {
    let items = written_value(&step.object.type_token, "", Value::Array(items));
    let items = items.as_array().map_or(&[][..], Vec::as_slice);
    let resource = schema::by_token(&step.object.type_token);
    let standing = resource.and_then(|resource| element::judge(step, resource, items, filling));
    standing.unwrap_or_else(|| untouched(step, filling))
}

/// The items of a page that came in a batch, and of those behind it.
async fn items_of(client: &Client, call: &Call, answer: &Answer) -> graph::Result<Vec<String>> {
    let malformed = |fault| {
        let asked = call.path.clone();
        graph::Error::Malformed { asked, fault, tries: None, request_id: None }
    };
    let page = Page::read(answer.body.clone(), None).map_err(malformed)?;
    let mut items: Vec<String> = page.items().map(str::to_owned).collect();
    if let Some(link) = page.next_link {
        let mut pages = client.pages(Call { path: link, ..call.clone() });
        while let Some(page) = pages.next().await {
            items.extend(page?.items().map(str::to_owned));
        }
    }
    Ok(items)
}

fn shown(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= 80 { text } else { text.chars().take(79).chain(['…']).collect() }
}

/// The relation of a step's links.
pub(super) fn link_of(step: &Step) -> Option<&'static Relation> {
    let resource = schema::by_token(&step.object.type_token)?;
    resource.link(&step.links.first()?.relation)
}
