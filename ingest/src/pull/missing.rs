//! Owns what a list lacks although the store has it: it is looked for before it is recorded as deleted.

use std::collections::BTreeSet;

use engine::Snapshot;
use engine::coverage::BinExtent;

use super::asked::Asked;
use super::changes;
use super::error::Result;
use super::event::key;
use super::reader::{Doubt, Reader};
use super::whole::{self, BATCH_LENGTH};
use super::{below, has_ids};

/// Whether a list holds all there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Listed {
    /// What it lacks was looked for.
    All,
    /// It could not be read a second time.
    Perhaps,
}

/// Looks for the objects of a type that the store has and its list lacks: by their IDs where they have some that Graph
/// knows, below the object that they were known to live below, or in the list read again. What is found is told and
/// warned of; what is not, is looked for once more at the end of the run.
pub(super) async fn look(
    reader: &Reader,
    asked: &Asked,
    bin: BinExtent,
    previous: Option<&Snapshot>,
) -> Result<Listed> {
    let token = asked.token();
    let missing = reader.missing(token, bin).await?;
    if missing.is_empty() || asked.resource.is_singleton {
        return Ok(Listed::All);
    }
    if asked.resource.graph.parent.is_some() {
        let parents = parents_of(asked, &missing, previous)?;
        let read = below::read_below(&reader.unstaged(), asked, &parents, "below again").await?;
        return Ok(read.map_or(Listed::Perhaps, |_| Listed::All));
    }
    if !has_ids(asked) {
        let read = whole::read_list_as(&reader.unstaged(), asked, "list again").await?;
        return Ok(read.map_or(Listed::Perhaps, |_| Listed::All));
    }
    let reader = &reader.unstaged();
    let ids: Vec<&String> = missing.iter().collect();
    for ids in ids.chunks(BATCH_LENGTH) {
        let found = changes::read_objects(reader, asked, ids).await?;
        for id in &found.live {
            let reason = "the list leaves it out, asking for it by its ID finds it";
            reader.tell(changes::contradiction(token, id, reason)).await?;
        }
        whole::read_all_links_of(reader, asked, &found.live).await?;
        for id in found.missing() {
            reader.doubt(token, id, Doubt::Absent);
        }
    }
    Ok(Listed::All)
}

/// The objects that some others lived below when they were read last.
fn parents_of(asked: &Asked, ids: &[String], previous: Option<&Snapshot>) -> Result<Vec<String>> {
    let Some(previous) = previous else { return Ok(Vec::new()) };
    // The path of one names the property that holds the ID of what it lives below.
    let names = ["parentId", "resourceId"];
    let name = names.into_iter().find(|name| asked.resource.graph.get.contains(&format!("{{{name}}}")));
    let mut parents = BTreeSet::new();
    for id in ids {
        let Some(object) = previous.object(&key(asked.token(), id))? else { continue };
        let attributes = object.attributes();
        let parent = name.and_then(|name| attributes.get(name)).and_then(serde_json::Value::as_str);
        parents.extend(parent.map(str::to_owned));
    }
    Ok(parents.into_iter().collect())
}
