//! Writes the folders of `EntraExporter`: a file per object, and a file per link.

use std::fmt::Write as _;
use std::path::Path;

use engine::disk::{create_private_folder, private_file};
use engine::schema::TypeId;

use super::{ExportCounts, Item, unwritable};
use crate::import::head::{self, Fields};
use crate::import::origin::{encode_name, folder_of_relation, folder_of_type, is_told};
use crate::import::{Error, Result};

/// Writes the objects of a type.
pub(super) fn write(
    folder: &Path,
    type_token: &str,
    items: impl Iterator<Item = Result<Item>>,
    counts: &mut ExportCounts,
) -> Result<()> {
    for item in items {
        let item = item?;
        let fields = head::fields(item.json.as_bytes()).map_err(|error| {
            unwritable(folder, std::io::Error::new(std::io::ErrorKind::InvalidData, error))
        })?;
        let parent = folder_of_object(type_token, &fields);
        let root = if item.is_deleted { folder.join("DeletedItems") } else { folder.to_owned() };
        let parent = root.join(parent);
        // Grants are known by what they relate; the ID that Graph gave them is an attribute.
        let id = head::text(&fields, "id").unwrap_or_else(|| item.id.clone());
        // A link knows its source by the name of a folder: where that cannot tell it, links stay inside the object.
        let apart = if is_told(&id) { relations_apart(type_token, &item) } else { Vec::new() };
        write_file(&parent, &id, &pretty(&fields, &apart), counts)?;
        let own = parent.join(encode_name(&id));
        for (relation, name) in &apart {
            let targets = item.links.iter().filter(|(known, _)| known == relation);
            for target in targets.flat_map(|(_, targets)| targets) {
                let stub = format!("{{\n  \"id\": {}\n}}\n", serde_json::Value::from(target.as_str()));
                write_file(&own.join(name), target, &stub, counts)?;
            }
        }
        counts.add(&item);
    }
    Ok(())
}

/// Grants and assignments lie below the service principal they belong to, everything else in a folder of its type.
fn folder_of_object(type_token: &str, fields: &Fields<'_>) -> String {
    let (key, name) = match TypeId::from_token(type_token) {
        Some(TypeId::AppRoleAssignment) => ("resourceId", "AppRoleAssignedTo"),
        Some(TypeId::Oauth2PermissionGrant) => ("clientId", "Oauth2PermissionGrants"),
        _ => return folder_of_type(type_token),
    };
    match head::text(fields, key).filter(|owner| !owner.is_empty() && is_told(owner)) {
        Some(owner) => format!("ServicePrincipals/{}/{name}", encode_name(&owner)),
        None => folder_of_type(type_token),
    }
}

/// The relations whose links get files of their own, and the folder; an empty one can only be shown inside.
fn relations_apart<'a>(type_token: &str, item: &'a Item) -> Vec<(&'a str, String)> {
    let links = item.links.iter().filter(|(_, targets)| !targets.is_empty());
    links
        .filter_map(|(relation, _)| Some((&relation[..], folder_of_relation(type_token, relation)?)))
        .collect()
}

/// The object with a property on each line; values stay byte for byte what the store gives.
fn pretty(fields: &Fields<'_>, apart: &[(&str, String)]) -> String {
    let mut text = String::from("{");
    let inside = fields.iter().filter(|(name, _)| apart.iter().all(|(known, _)| known != name));
    for (index, (name, value)) in inside.enumerate() {
        let separator = if index == 0 { "\n" } else { ",\n" };
        let name = serde_json::Value::from(name.as_str());
        write!(text, "{separator}  {name}: {}", value.get()).expect("a string takes all text");
    }
    text.push_str("\n}\n");
    text
}

/// Writes `{id}/{id}.json` below a folder.
fn write_file(parent: &Path, id: &str, text: &str, counts: &mut ExportCounts) -> Result<()> {
    let name = encode_name(id);
    let folder = parent.join(&name);
    let path = folder.join(format!("{name}.json"));
    let failed = |source| -> Error { unwritable(&path, source) };
    create_private_folder(&folder).map_err(failed)?;
    let mut file = private_file().write(true).create_new(true).open(&path).map_err(failed)?;
    std::io::Write::write_all(&mut file, text.as_bytes()).map_err(failed)?;
    counts.files += 1;
    counts.bytes += text.len() as u64;
    Ok(())
}
