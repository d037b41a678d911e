//! Owns what Graph's answers to the requests of a step mean, and looking for what a lost answer may have made.

use std::collections::BTreeMap;

use engine::schema::{self, Type, TypeId};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::template::Filling;
use crate::graph::{self, Answer, Call};
use crate::plan::{Body, Step, StepKind};

/// How far the clocks of Graph and of this machine may be apart.
const CLOCK_SLACK: SignedDuration = SignedDuration::from_secs(120);

/// What became of the requests of a step.
#[derive(Debug)]
pub(super) enum Sent {
    /// It took effect; IDs of what was made.
    Done { created: BTreeMap<String, String>, request_id: Option<String> },
    /// It was refused; Graph's words, and of several links the ends of those that were made or taken away all the same.
    Refused { error: Value, request_id: Option<String>, status: u16, made: Vec<String> },
    /// Of its properties some were written, and some refused.
    Partly { written: Vec<String>, error: Value, request_id: Option<String> },
    /// It may have taken effect.
    Unanswered,
    /// The run was cancelled before it was sent.
    Held,
}

/// Puts the answers of a step's calls together.
pub(super) fn read_answers(step: &Step, answers: Vec<graph::Result<Answer>>) -> Sent {
    let (mut created, mut request_id) = (BTreeMap::new(), None);
    let mut is_unsent = false;
    for answer in answers {
        match answer {
            Ok(answer) => {
                request_id = answer.request_id.or(request_id);
                if step.kind == StepKind::Recreate {
                    created = made_by(&answer.body);
                }
            }
            Err(graph::Error::Cancelled) => is_unsent = true,
            Err(graph::Error::Unanswered { .. }) => return Sent::Unanswered,
            Err(error) if is_as_wanted(step, &error) => {}
            Err(error) => {
                let refusal = error.refusal();
                let request_id = refusal.and_then(|refusal| refusal.request_id.clone());
                let status = error.status().unwrap_or_default();
                let error = match refusal {
                    Some(refusal) => {
                        json!({ "status": status, "code": refusal.code, "message": refusal.message })
                    }
                    None => json!({ "message": error.to_string() }),
                };
                return Sent::Refused { error, request_id, status, made: Vec::new() };
            }
        }
    }
    if is_unsent { Sent::Held } else { Sent::Done { created, request_id } }
}

/// As [`read_answers`], of a step with a call for each of its links.
pub(super) fn read_link_answers(
    step: &Step,
    targets: &[String],
    answers: Vec<graph::Result<Answer>>,
) -> Sent {
    let is_made = |answer: &graph::Result<Answer>| match answer {
        Ok(_) => true,
        Err(error) => is_as_wanted(step, error),
    };
    let mut done: Vec<String> = Vec::new();
    if answers.len() == targets.len() && targets.len() > 1 {
        let made = targets.iter().zip(&answers).filter(|(_, answer)| is_made(answer));
        done.extend(made.map(|(target, _)| target.clone()));
    }
    match read_answers(step, answers) {
        Sent::Refused { error, request_id, status, .. } => {
            Sent::Refused { error, request_id, status, made: done }
        }
        sent => sent,
    }
}

/// IDs in the answer to a create.
fn made_by(body: &[u8]) -> BTreeMap<String, String> {
    let value: Value = serde_json::from_slice(body).unwrap_or_default();
    // An invitation answers with the user that it made inside.
    let object = value.get("invitedUser").filter(|user| user.is_object()).unwrap_or(&value);
    let id = |name: &str| Some((name.to_owned(), object.get(name)?.as_str()?.to_owned()));
    ["id", "appId"].into_iter().filter_map(id).collect()
}

/// Whether a refusal says that nothing was left to do.
fn is_as_wanted(step: &Step, error: &graph::Error) -> bool {
    let Some(refusal) = error.refusal() else { return false };
    let says = |text: &str| refusal.message.to_ascii_lowercase().contains(text);
    match step.kind {
        StepKind::AddLink => {
            refusal.status == 400 && (says("already exist") || says("permission entry already exists"))
        }
        StepKind::RemoveLink => {
            let is_gone = says("do not exist") || says("no password credential found");
            refusal.status == 404 || (refusal.status == 400 && is_gone)
        }
        StepKind::SoftDelete | StepKind::HardDelete => refusal.status == 404,
        StepKind::Update | StepKind::Restore | StepKind::Recreate => false,
    }
}

/// What was refused, with what helps where Graph's words do not say it.
pub(super) fn explained(step: &Step, status: u16, mut error: Value) -> Value {
    let is_for_people = schema::by_token(&step.object.type_token)
        .is_some_and(|resource| resource.recovery.is_restored_by_people);
    if step.kind == StepKind::Restore && is_for_people && matches!(status, 401 | 403) {
        let words = error["message"].as_str().unwrap_or_default().trim_end_matches('.');
        let help = "Graph may refuse this restore to applications: restore it in the admin centre, or plan with the option \
                    recreate, which makes it again under a new ID when an application applies it";
        error["message"] = json!(format!("{words}; {help}"));
    }
    error
}

/// Whether a refusal may only mean that a replica does not know yet what an earlier step made.
pub(super) fn may_be_lag(status: u16, error: &Value) -> bool {
    let message = error["message"].as_str().unwrap_or_default();
    match status {
        404 => true,
        400 => message.contains("exist") || message.contains("valid application object"),
        // A service principal whose application did not get there yet.
        403 => message.contains("backing application"),
        _ => false,
    }
}

/// The calls that add links one by one, where adding them together was refused.
pub(super) fn one_by_one(step: &Step, targets: &[String], filling: &Filling<'_>) -> Option<Vec<Call>> {
    let link = super::stand::link_of(step)?;
    let (add, reference) = (link.add.as_ref()?, bulk_reference(&step.request.body)?);
    let mut single = step.clone();
    add.method.clone_into(&mut single.request.method);
    single.request.path = add.path.replace("{id}", &graph::escape(&step.object.id));
    single.request.body = json!({ "@odata.id": reference }).into();
    Some(filling.calls(&single, targets))
}

fn bulk_reference(body: &Body) -> Option<&str> {
    body.as_object()?.values().find_map(|value| match value.as_array()?.as_slice() {
        [Value::String(only)] => Some(only.as_str()),
        _ => None,
    })
}

/// What a search for something that may have been made found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum SearchResult {
    One(BTreeMap<String, String>),
    None,
    /// More than one that it could be, or no way to look.
    Unclear(String),
}

/// The call that looks for what a create may have made, by what it is known by.
pub(super) fn search_call(step: &Step, body: &Value) -> Result<Call, SearchResult> {
    let unclear = |what: &str| SearchResult::Unclear(what.to_owned());
    let resource =
        schema::by_token(&step.object.type_token).ok_or_else(|| unclear("its type is not known"))?;
    let path = search_path(resource, body).ok_or_else(|| unclear("it has no name to look for"))?;
    Ok(Call::get(path).version(resource.graph.version).meter(super::template::meter(Some(resource))))
}

/// What a search found that may have been made since `since`.
pub(super) fn read_search(answer: &graph::Result<Answer>, since: Timestamp) -> SearchResult {
    match answer {
        Ok(answer) => candidates(&answer.body, since),
        Err(error) if error.status() == Some(404) => SearchResult::None,
        Err(error) => SearchResult::Unclear(error.to_string()),
    }
}

fn search_path(resource: &Type, body: &Value) -> Option<String> {
    let text = |name: &str| body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let list = resource.graph.list?;
    let quoted = |text: &str| text.replace('\'', "''");
    match resource.id {
        TypeId::User => {
            let filter = match (text("userPrincipalName"), text("invitedUserEmailAddress")) {
                (Some(name), _) => format!("userPrincipalName eq '{}'", quoted(name)),
                (None, Some(mail)) => format!("mail eq '{}'", quoted(mail)),
                (None, None) => return None,
            };
            Some(format!("{list}?$filter={}&$select=id,createdDateTime", graph::escape(&filter)))
        }
        TypeId::ServicePrincipal => {
            let filter = format!("appId eq '{}'", quoted(text("appId")?));
            Some(format!("{list}?$filter={}", graph::escape(&filter)))
        }
        _ => {
            let filter = format!("displayName eq '{}'", quoted(text("displayName")?));
            Some(format!("{list}?$filter={}", graph::escape(&filter)))
        }
    }
}

fn candidates(body: &[u8], since: Timestamp) -> SearchResult {
    let page: Value = serde_json::from_slice(body).unwrap_or_default();
    let is_new = |item: &&Value| {
        let created = item.get("createdDateTime").and_then(Value::as_str);
        let created = created.and_then(|text| text.parse::<Timestamp>().ok());
        created.is_none_or(|created| created.saturating_add(CLOCK_SLACK).is_ok_and(|latest| latest >= since))
    };
    let items: Vec<&Value> = page["value"].as_array().into_iter().flatten().filter(is_new).collect();
    match items.as_slice() {
        [] => SearchResult::None,
        [only] => SearchResult::One(made_by(only.to_string().as_bytes())),
        several => SearchResult::Unclear(format!("{} objects could be it", several.len())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Named, Phase, PlanObject, RequestTemplate};

    #[test]
    fn a_restore_that_only_people_may_do_says_what_helps() {
        let step = |kind: StepKind, token: &str| Step {
            id: "s1".to_owned(),
            kind,
            phase: Phase::ConditionalAccess,
            object: PlanObject {
                id: "p".to_owned(),
                type_token: token.to_owned(),
                display_name: String::new(),
            },
            before: Named::new(),
            after: Named::new(),
            links: Vec::new(),
            depends_on: Vec::new(),
            request: RequestTemplate {
                method: "POST".to_owned(),
                version: schema::Version::Beta,
                path: String::new(),
                body: Body::NULL,
            },
            notes: Vec::new(),
        };
        let refused = json!({"status": 403, "code": "Forbidden", "message": "Insufficient privileges."});
        for (kind, token, status, is_helped) in [
            (StepKind::Restore, "conditionalAccessPolicy", 403, true),
            (StepKind::Restore, "namedLocation", 403, true),
            (StepKind::Restore, "conditionalAccessPolicy", 409, false),
            (StepKind::Restore, "user", 403, false),
            (StepKind::Update, "conditionalAccessPolicy", 403, false),
        ] {
            let told = explained(&step(kind, token), status, refused.clone());
            let message = told["message"].as_str().unwrap();
            assert!(message.starts_with("Insufficient privileges"), "{message}");
            assert_eq!(message.contains("recreate"), is_helped, "{kind:?} {token} {status}");
            assert_eq!(told["code"], "Forbidden");
        }
    }
}
