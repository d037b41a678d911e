//! Owns the JSON of devices.

use engine::schema::TypeId;

use crate::synthetic::attribute::device as entry;
use crate::synthetic::draft::Draft;
use crate::synthetic::json::{Json, push_number, push_padded};

/// Names of random numbers that never change.
const SYSTEM: u64 = 10;
const DEVICE_ID: u64 = 11;

/// System, maker, model, version prefix.
const SYSTEMS: &[(&str, &str, &str, &str)] = &[
    ("Windows", "LENOVO", "ThinkPad X1", "10.0.22631."),
    ("Windows", "Microsoft Corporation", "Surface Laptop 6", "10.0.26100."),
    ("IPhone", "Apple", "iPhone 15", "18.1."),
    ("Android", "samsung", "SM-S921B", "15.0."),
    ("MacMDM", "Apple", "MacBook Pro", "15.2."),
];

/// Appends one device.
pub(crate) fn push(out: &mut String, draft: &Draft<'_>) {
    let (system, maker, model, version) = SYSTEMS[draft.source.below(SYSTEM, 5) as usize];
    let mut json = Json::typed(out, TypeId::Device);
    json.guid("id", draft.id());
    draft.deleted(&mut json);
    json.boolean("accountEnabled", draft.truth(entry::ENABLED, 970));
    draft.moment(&mut json, "approximateLastSignInDateTime", entry::SIGN_IN);
    json.guid("deviceId", draft.source.guid(DEVICE_ID));
    let out = json.name("displayName");
    out.push_str("\"DEVICE-");
    push_padded(out, draft.key.index, 7);
    out.push_str("\",");
    json.boolean("isCompliant", draft.truth(entry::COMPLIANT, 850));
    json.boolean("isManaged", true);
    json.boolean("isRooted", false);
    json.string("managementType", "mdm");
    json.string("deviceOwnership", "company");
    json.string("manufacturer", maker);
    json.string("model", model);
    json.string("operatingSystem", system);
    let out = json.name("operatingSystemVersion");
    out.push('"');
    out.push_str(version);
    push_number(out, u64::from(draft.number(entry::VERSION, 5000)));
    out.push_str("\",");
    json.string("trustType", if draft.source.chance(12, 600) { "AzureAd" } else { "Workplace" });
    json.string("profileType", "RegisteredDevice");
    json.nulls(&["deviceCategory", "onPremisesSyncEnabled"]);
    json.empties(&["physicalIds", "systemLabels"]);
    draft.created(&mut json);
    json.close();
}
