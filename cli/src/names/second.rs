//! The IDs besides their own that objects of a snapshot go by: application IDs, templates of roles, licences, the IDs that
//! Graph gives relation objects for now; and the permissions that a resource offers.
//!
//! Each index is made once, when it is first needed, of whole columns, over a bounded number of objects.

use std::collections::HashMap;

use engine::Snapshot;
use engine::scan::Space;
use engine::schema::{self, TypeId};
use serde_json::Value;

use super::Known;

/// Objects of one type that an index holds at most.
const ROW_COUNT_MAX: usize = 200_000;

/// Types with a second ID: the property that holds it, and the one that names the object. Later ones yield.
const SECOND: &[(TypeId, &str, &str)] = &[
    (TypeId::ServicePrincipal, "appId", "displayName"),
    (TypeId::Application, "appId", "displayName"),
    (TypeId::RoleDefinition, "templateId", "displayName"),
    (TypeId::DirectoryRole, "roleTemplateId", "displayName"),
    (TypeId::SubscribedSku, "skuId", "skuPartNumber"),
];

/// Where resources hold the permissions that they offer.
const PERMISSIONS: [&str; 3] = ["appRoles", "oauth2PermissionScopes", "api/oauth2PermissionScopes"];

/// An object that was found by a second ID.
#[derive(Debug, Clone)]
pub(super) struct SecondIdMatch {
    pub(super) id: String,
    pub(super) known: Known,
}

/// The indexes of one snapshot.
#[derive(Debug, Default)]
pub(super) struct SecondIds {
    objects: Option<HashMap<String, SecondIdMatch>>,
    /// Natural keys of relation objects by type and by the ID that Graph gives them.
    relations: HashMap<String, HashMap<String, String>>,
}

impl SecondIds {
    /// The object that goes by an ID.
    pub(super) fn object(&mut self, snapshot: &Snapshot, id: &str) -> Option<SecondIdMatch> {
        let objects = self.objects.get_or_insert_with(|| {
            let mut objects = HashMap::new();
            for (type_id, property, name) in SECOND {
                // A type that cannot be read gives no names.
                read_objects(snapshot, *type_id, [property, name], &mut objects).ok();
            }
            objects
        });
        objects.get(&id.to_ascii_lowercase()).cloned()
    }

    /// The natural key of a relation object.
    pub(super) fn natural_key(&mut self, snapshot: &Snapshot, type_token: &str, id: &str) -> Option<String> {
        schema::by_token(type_token).filter(|known| known.is_relation_object)?;
        if !self.relations.contains_key(type_token) {
            let keys = read_relations(snapshot, type_token).unwrap_or_default();
            self.relations.insert(type_token.to_owned(), keys);
        }
        self.relations.get(type_token)?.get(id).cloned()
    }
}

fn text(cell: &[u8]) -> Option<String> {
    serde_json::from_slice::<String>(cell).ok().filter(|text| !text.is_empty())
}

fn read_objects(
    snapshot: &Snapshot,
    type_id: TypeId,
    [property, name]: [&str; 2],
    objects: &mut HashMap<String, SecondIdMatch>,
) -> engine::Result<()> {
    let scan = snapshot.scan(type_id.token());
    for is_deleted in [false, true] {
        let rows = scan.first(ROW_COUNT_MAX, is_deleted)?;
        let ids = scan.ids(&rows.ordinals)?;
        let second = scan.cells(Space::Core, property, &rows.versions)?;
        let names = scan.cells(Space::Core, name, &rows.versions)?;
        for ((id, second), name) in ids.iter().zip(second.iter()).zip(names.iter()) {
            let Some(second) = text(second) else { continue };
            objects.entry(second.to_ascii_lowercase()).or_insert_with(|| SecondIdMatch {
                id: String::from_utf8_lossy(id).into_owned(),
                known: Known { type_token: type_id.token().to_owned(), name: text(name).unwrap_or_default() },
            });
        }
    }
    Ok(())
}

fn read_relations(snapshot: &Snapshot, type_token: &str) -> engine::Result<HashMap<String, String>> {
    let scan = snapshot.scan(type_token);
    let mut keys = HashMap::new();
    for is_deleted in [false, true] {
        let rows = scan.first(ROW_COUNT_MAX, is_deleted)?;
        let versions = scan.volatile(&rows.ordinals)?;
        let given = scan.cells(Space::Volatile, "id", &versions)?;
        let natural = scan.ids(&rows.ordinals)?;
        let pairs = given.iter().zip(natural.iter());
        keys.extend(pairs.filter_map(|(given, natural)| {
            Some((text(given)?, String::from_utf8_lossy(natural).into_owned()))
        }));
    }
    Ok(keys)
}

/// IDs and values of the permissions that an object offers; none when it cannot be read.
pub(super) fn permissions(snapshot: &Snapshot, id: &str) -> Vec<(String, String)> {
    let of = |type_id: TypeId| -> engine::Result<Vec<(String, String)>> {
        let scan = snapshot.scan(type_id.token());
        let mut found = Vec::new();
        let rows = scan.named(&[id], false)?;
        for path in PERMISSIONS {
            for cell in scan.cells(Space::Core, path, &rows.versions)?.iter() {
                let list: Vec<Value> = serde_json::from_slice(cell).unwrap_or_default();
                found.extend(list.iter().filter_map(permission));
            }
        }
        Ok(found)
    };
    let types = [TypeId::ServicePrincipal, TypeId::Application];
    types.into_iter().flat_map(|type_id| of(type_id).unwrap_or_default()).collect()
}

fn permission(entry: &Value) -> Option<(String, String)> {
    let text = |name: &str| entry.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let name = text("value").or_else(|| text("displayName"))?;
    Some((text("id")?.to_ascii_lowercase(), name.to_owned()))
}
