//! Owns what is asked of each type: all stored properties, and the directory extensions of the tenant, as far as they
//! may be read.
//!
//! Graph gives some properties as null, or refuses the whole list, when their own permission is missing. So they are
//! asked for only where the token has it; of a token that does not tell, a question of one object finds out. So does one
//! of a property that Graph did not know when it was last asked for.

use std::collections::{BTreeMap, BTreeSet};

use engine::coverage::{Gap, GapScope};
use engine::schema::{Guarded, Type, TypeId};
use serde::Deserialize;

use super::asked::Asked;
use super::error::Result;
use super::reader::Unread;
use super::state::SourceState;
use crate::graph::{self, Call, Claims, Client, Shape};

/// What is asked of each type, and what cannot be asked for.
///
/// # Errors
/// `Graph` when the sign-in fails, or the run is cancelled.
pub(super) async fn select(
    client: &Client,
    resources: Vec<&'static Type>,
    state: &SourceState,
) -> Result<(Vec<Asked>, Vec<Gap>)> {
    let claims = client.claims().await?;
    let mut gaps = Vec::new();
    let extensions = match extensions(client).await? {
        Ok(names) => names,
        Err(unread) => {
            let is_one = |resource: &&Type| EXTENDED.iter().any(|(_, id)| *id == resource.id);
            gaps.extend(resources.iter().copied().filter(is_one).map(|resource| {
                gap(
                    resource,
                    "extension_…",
                    format!("the directory extensions cannot be listed: {}", unread.reason),
                )
            }));
            known_extensions(state)
        }
    };
    let mut all = Vec::new();
    for resource in resources {
        let mut select = resource.selected().into_iter().map(str::to_owned).collect::<Vec<_>>();
        if !select.is_empty() {
            select.extend(extensions.get(resource.token).into_iter().flatten().cloned());
            for guarded in resource.graph.guarded {
                if let Some(reason) =
                    unreadable(client, resource, guarded, &select, claims.as_ref(), state).await?
                {
                    select.retain(|name| *name != guarded.property);
                    gaps.push(gap(resource, guarded.property, reason));
                }
            }
            for (name, known) in state.again.properties.get(resource.token).into_iter().flatten() {
                if select.contains(name)
                    && let Some(reason) = refused(client, resource, name, known).await?
                {
                    select.retain(|other| other != name);
                    gaps.push(gap(resource, name, reason));
                }
            }
        }
        all.push(Asked { resource, select });
    }
    Ok((all, gaps))
}

fn gap(resource: &Type, property: &str, reason: String) -> Gap {
    Gap {
        type_token: resource.token.to_owned(),
        scope: GapScope::Property(property.to_owned()),
        reason,
        count: 1,
    }
}

/// What Graph calls the types that have directory extensions.
const EXTENDED: [(&str, TypeId); 2] = [("User", TypeId::User), ("Group", TypeId::Group)];

type Extensions = BTreeMap<String, BTreeSet<String>>;

/// The names of the directory extensions, by type.
async fn extensions(client: &Client) -> Result<Result<Extensions, Unread>> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Extension {
        name: String,
        #[serde(default)]
        target_objects: Vec<String>,
    }
    let call =
        Call::read_by_post("/directoryObjects/getAvailableExtensionProperties", "{}").shape(Shape::Page);
    let answer = match client.send(&call).await {
        Ok(answer) => answer,
        Err(error) => return Unread::or_end(error).map(Err),
    };
    let mut names = Extensions::new();
    for item in answer.page.iter().flat_map(graph::Page::items) {
        let Ok(extension) = serde_json::from_str::<Extension>(item) else { continue };
        for (target, id) in EXTENDED {
            if extension.target_objects.iter().any(|name| name == target) {
                names.entry(id.token().to_owned()).or_default().insert(extension.name.clone());
            }
        }
    }
    Ok(Ok(names))
}

/// The names that the last backup asked for.
fn known_extensions(state: &SourceState) -> Extensions {
    let mut names = Extensions::new();
    for (token, feed) in &state.delta {
        let known = feed.select.iter().filter(|name| name.starts_with("extension_")).cloned();
        names.entry(token.clone()).or_default().extend(known);
    }
    names
}

/// Why a property that needs a permission of its own cannot be read; nothing when it can.
async fn unreadable(
    client: &Client,
    resource: &'static Type,
    guarded: &Guarded,
    select: &[String],
    claims: Option<&Claims>,
    state: &SourceState,
) -> Result<Option<String>> {
    if !select.iter().any(|name| name == guarded.property) {
        return Ok(None);
    }
    let needed = guarded.read.first().copied().unwrap_or_default();
    if let Some(claims) = claims.filter(|claims| claims.is_decisive()) {
        let may = guarded.read.iter().any(|permission| claims.has(permission));
        return Ok((!may).then(|| format!("reading needs the permission {needed}")));
    }
    // What worked last time is not tried again.
    if state
        .delta
        .get(resource.token)
        .is_some_and(|feed| feed.select.iter().any(|name| name == guarded.property))
    {
        return Ok(None);
    }
    match client.send(&one_of(resource, guarded.property)).await {
        Ok(_) => Ok(None),
        Err(error) => {
            let unread = Unread::or_end(error)?;
            Ok(Some(format!("{} (reading needs the permission {needed})", unread.reason)))
        }
    }
}

/// Asks for a property of one object of a type.
fn one_of(resource: &Type, property: &str) -> Call {
    let list = resource.graph.list.unwrap_or_default();
    let path = format!("{list}?$select=id,{property}&$top=1");
    Call::get(path).version(resource.graph.version).meter(resource.graph.limit).shape(Shape::Page)
}

/// Why a property is still not read that Graph did not know, wherever it is asked for; nothing when it knows it now.
async fn refused(client: &Client, resource: &Type, property: &str, known: &str) -> Result<Option<String>> {
    let begin = resource.graph.delta.as_ref().map(|delta| {
        let path = format!("{delta}?$select=id,{property}&$deltatoken=latest");
        Call::get(path).version(resource.graph.version).meter(resource.graph.limit).shape(Shape::Round)
    });
    for call in std::iter::once(one_of(resource, property)).chain(begin) {
        if let Err(error) = client.send(&call).await {
            let unread = Unread::or_end(error)?;
            return Ok(Some(if unread.status == 400 { unread.reason } else { known.to_owned() }));
        }
    }
    Ok(None)
}
