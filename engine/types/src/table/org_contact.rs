//! Contacts of the organization.

use crate::property::{boolean, date_time, dynamic, string};
use crate::rule::{DIRECTORY_SETS, PROVISIONING_ERRORS, SYNC_TIMES};
use crate::{Graph, Limit, Recovery, Relation, Type, TypeId};

pub(crate) const TYPE: Type = Type {
    id: TypeId::OrgContact,
    token: "orgContact",
    table: "orgContacts",
    odata_types: &["microsoft.graph.orgContact"],
    contexts: &["contacts"],
    properties: &[
        dynamic("addresses").collection(),
        string("companyName"),
        date_time("deletedDateTime").read_only(),
        string("department"),
        string("displayName"),
        string("givenName"),
        string("jobTitle"),
        string("mail"),
        string("mailNickname"),
        date_time("onPremisesLastSyncDateTime"),
        dynamic("onPremisesProvisioningErrors").collection(),
        boolean("onPremisesSyncEnabled"),
        dynamic("phones").collection(),
        dynamic("proxyAddresses").collection(),
        dynamic("serviceProvisioningErrors").collection(),
        string("surname"),
    ],
    first: &["mail", "companyName", "department"],
    relations: &[Relation {
        name: "manager",
        to_one: true,
        read: Some("/contacts/{id}/manager"),
        targets: &[TypeId::User, TypeId::OrgContact],
        ..Relation::NONE
    }],
    rules: &[SYNC_TIMES, PROVISIONING_ERRORS, DIRECTORY_SETS],
    has_unique_ids: true,
    graph: Graph {
        list: Some("/contacts"),
        get: "/contacts/{id}",
        delta: Some("/contacts/delta"),
        limit: Limit::Identity,
        read: &["OrgContact.Read.All"],
        ..Graph::NONE
    },
    recovery: Recovery { is_undeletable: true, ..Recovery::NONE },
    ..Type::NONE
};
