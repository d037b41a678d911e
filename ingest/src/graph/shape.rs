//! Owns what an answer has to be: a broken one is told apart from a state of the tenant, and asked again.

use bytes::Bytes;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::error::{AnswerFault, read_error};
use super::page::Page;

#[cfg(test)]
mod tests;

/// How much of what came is shown.
const SHOWN_MAX: usize = 40;

/// What the answer to a call has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Shape {
    /// Whatever comes.
    #[default]
    Any,
    /// An object in JSON that is no error.
    Object,
    /// The same, or nothing with status 204, which says that there is none.
    ObjectOrNone,
    /// A page with an array `value` of objects.
    Page,
    /// A page of a delta query, which leads to the next page or to the next round.
    Round,
}

/// What may stand in an object and tells an error apart from it.
#[derive(Deserialize)]
struct Head {
    error: Option<IgnoredAny>,
    id: Option<IgnoredAny>,
}

impl Shape {
    /// Takes an answer with a status below 300 for what it has to be; gives the page, where it is one.
    ///
    /// # Errors
    /// What was expected and found.
    pub(crate) fn check(
        self,
        status: u16,
        content_type: Option<&str>,
        body: &Bytes,
    ) -> Result<Option<Page>, AnswerFault> {
        let found = || found(status, content_type, body);
        match self {
            Self::Any => Ok(None),
            Self::ObjectOrNone if status == 204 && body.is_empty() => Ok(None),
            Self::Object | Self::ObjectOrNone => {
                if is_object(body) {
                    Ok(None)
                } else {
                    Err(AnswerFault::NotObject { found: found() })
                }
            }
            Self::Page | Self::Round => {
                let page = begins_object(body).then(|| Page::read(body.clone(), None).ok()).flatten();
                let page = page.ok_or_else(|| AnswerFault::NotPage { found: found() })?;
                if !page.items().all(|item| item.starts_with('{')) {
                    return Err(AnswerFault::OtherItems);
                }
                if page.next_link.as_deref() == Some("") {
                    return Err(AnswerFault::EmptyLink);
                }
                if self == Self::Round && page.next_link.is_none() && page.delta_link.is_none() {
                    return Err(AnswerFault::NoLink);
                }
                Ok(Some(page))
            }
        }
    }
}

fn begins_object(body: &[u8]) -> bool {
    body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{')
}

fn is_object(body: &[u8]) -> bool {
    begins_object(body)
        && serde_json::from_slice::<Head>(body).is_ok_and(|head| head.error.is_none() || head.id.is_some())
}

/// Says what came instead, with nothing in it that a terminal would act on.
fn found(status: u16, content_type: Option<&str>, body: &[u8]) -> String {
    if body.is_empty() {
        return format!("nothing (status {status})");
    }
    let code = read_error(body).code;
    if !code.is_empty() {
        return format!("the error {} under status {status}", disarmed(&code));
    }
    let kind = content_type.and_then(|kind| kind.split(';').next()).unwrap_or("no content type").trim();
    let text = String::from_utf8_lossy(&body[..body.len().min(4 * SHOWN_MAX)]);
    format!("{} of {} bytes that begins with \"{}\"", disarmed(kind), body.len(), disarmed(&text))
}

fn disarmed(text: &str) -> String {
    let shown =
        text.chars().map(|sign| if sign.is_ascii_graphic() || sign.is_alphanumeric() { sign } else { ' ' });
    shown.take(SHOWN_MAX).collect::<String>().trim().to_owned()
}
