//! Settings of groups, for the tenant or for one group.

use crate::property::{dynamic, string};
use crate::{Graph, Limit, Recovery, Rule, Type, TypeId};

pub(crate) const TYPE: Type = Type {
    id: TypeId::GroupSetting,
    token: "groupSetting",
    table: "groupSettings",
    odata_types: &["microsoft.graph.groupSetting", "microsoft.graph.directorySetting"],
    contexts: &["groupSettings", "settings"],
    folders: &["GroupSettings"],
    properties: &[string("displayName"), string("templateId").immutable(), dynamic("values").collection()],
    first: &["templateId", "values"],
    rules: &[Rule::unordered(&["values"], "the settings are pairs of name and value")],
    graph: Graph {
        list: Some("/groupSettings"),
        get: "/groupSettings/{id}",
        limit: Limit::Identity,
        read: &["GroupSettings.Read.All"],
        ..Graph::NONE
    },
    recovery: Recovery {
        create_required: &["templateId", "values"],
        write: &["GroupSettings.ReadWrite.All"],
        ..Recovery::NONE
    },
    ..Type::NONE
};
