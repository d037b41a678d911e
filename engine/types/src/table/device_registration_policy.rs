//! The device registration policy: who may register and join devices, how many, and with which authentication.
//!
//! Sources: the [resource](https://learn.microsoft.com/graph/api/resources/deviceregistrationpolicy) and its
//! [update](https://learn.microsoft.com/graph/api/deviceregistrationpolicy-update), read 2026-11-30. An update replaces the
//! whole policy: what it leaves out falls back to a default.

use crate::property::{dynamic, int32, string};
use crate::{Graph, Recovery, Type, TypeId};

pub(crate) const TYPE: Type = Type {
    id: TypeId::DeviceRegistrationPolicy,
    token: "deviceRegistrationPolicy",
    table: "deviceRegistrationPolicy",
    odata_types: &["microsoft.graph.deviceRegistrationPolicy"],
    contexts: &["policies/deviceRegistrationPolicy"],
    folders: &["Policies/DeviceRegistrationPolicy"],
    properties: &[
        dynamic("azureADJoin"),
        dynamic("azureADRegistration"),
        string("description").read_only(),
        string("displayName").read_only(),
        dynamic("localAdminPassword"),
        string("multiFactorAuthConfiguration"),
        int32("userDeviceQuota"),
    ],
    first: &["azureADJoin", "azureADRegistration", "multiFactorAuthConfiguration", "userDeviceQuota"],
    nested_collections: &[
        "azureADJoin/allowedToJoin/groups",
        "azureADJoin/allowedToJoin/users",
        "azureADJoin/localAdmins/registeringUsers/groups",
        "azureADJoin/localAdmins/registeringUsers/users",
        "azureADRegistration/allowedToRegister/groups",
        "azureADRegistration/allowedToRegister/users",
    ],
    is_singleton: true,
    initial: include_str!("../../examples/device_registration_policy.json"),
    graph: Graph {
        list: Some("/policies/deviceRegistrationPolicy"),
        get: "/policies/deviceRegistrationPolicy",
        read: &["Policy.Read.DeviceConfiguration"],
        ..Graph::NONE
    },
    recovery: Recovery { update: "PUT", write: &["Policy.ReadWrite.DeviceConfiguration"], ..Recovery::NONE },
    ..Type::NONE
};
