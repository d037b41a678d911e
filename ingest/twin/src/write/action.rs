//! Owns actions: passwords, licences, checks of membership, invitations, schedules of roles.

use engine::schema::TypeId;
use serde_json::{Map, Value, json};

use super::Write;
use crate::clock::to_iso;
use crate::resource::Kind;
use crate::rules::Refusal;
use crate::state::{Handle, Relation, end_schedule, show_schedule};
use crate::wire::Reply;

impl Write<'_> {
    /// Answers an action on an object.
    pub(super) fn action(&mut self, source: Handle, name: &str) -> Result<Reply, Refusal> {
        if self.request.method != "POST" {
            return Err(Refusal::no_segment(name));
        }
        let short = name.rsplit('.').next().unwrap_or(name);
        match (self.state.record(source).kind.id(), short) {
            (Some(TypeId::Application | TypeId::ServicePrincipal), "addPassword") => {
                self.add_password(source)
            }
            (Some(TypeId::Application | TypeId::ServicePrincipal), "removePassword") => {
                self.remove_password(source)
            }
            (Some(TypeId::User), "assignLicense") => self.assign_license(source),
            (Some(TypeId::User), "revokeSignInSessions" | "invalidateAllRefreshTokens") => {
                self.set(source, "signInSessionsValidFromDateTime", to_iso(self.now_ms).into());
                Ok(self.value("Edm.Boolean", &json!(true)))
            }
            (Some(TypeId::AuthenticationStrengthPolicy), "updateAllowedCombinations") => {
                let combinations = self.values()?.remove("allowedCombinations").unwrap_or_default();
                let previous = self.state.record(source).body.tree("allowedCombinations");
                self.set(source, "allowedCombinations", combinations.clone());
                let body = json!({"currentCombinations": combinations, "previousCombinations": previous});
                Ok(Reply::json(body.to_string()))
            }
            (Some(TypeId::CrossTenantAccessPolicyConfigurationDefault), "resetToSystemDefault") => {
                Ok(Reply::nothing())
            }
            (_, "checkMemberGroups" | "checkMemberObjects") => self.check_members(source),
            (_, "getMemberGroups" | "getMemberObjects") => {
                let ids = self.groups_of(source);
                Ok(self.value("Collection(Edm.String)", &json!(ids)))
            }
            _ => Err(Refusal::no_segment(name)),
        }
    }

    fn set(&mut self, handle: Handle, name: &str, value: Value) {
        let values = Map::from_iter([(name.to_owned(), value)]);
        self.state.update(self.when(), handle, &values);
    }

    fn value(&self, fragment: &str, value: &Value) -> Reply {
        let context = format!("{}{fragment}", self.request.metadata());
        Reply::json(json!({"@odata.context": context, "value": value}).to_string())
    }

    /// Gives all groups an object is in, through other groups too.
    fn groups_of(&self, source: Handle) -> Vec<String> {
        let (mut seen, mut next) = (vec![source], vec![source]);
        while let Some(handle) = next.pop() {
            for group in self.state.sources(handle, Relation::MEMBERS, None) {
                if !seen.contains(&group) {
                    seen.push(group);
                    next.push(group);
                }
            }
        }
        seen[1..].iter().map(|&group| self.state.record(group).id.to_string()).collect()
    }

    fn check_members(&mut self, source: Handle) -> Result<Reply, Refusal> {
        let values = self.values()?;
        let wanted = values.get("groupIds").or_else(|| values.get("ids")).cloned().unwrap_or_default();
        let wanted: Vec<&str> = wanted.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        if wanted.len() > 20 {
            return Err(Refusal::bad_request("At most 20 groups can be checked in one request."));
        }
        let mut groups = self.groups_of(source);
        groups.retain(|id| wanted.contains(&id.as_str()));
        Ok(self.value("Collection(Edm.String)", &json!(groups)))
    }

    fn add_password(&mut self, source: Handle) -> Result<Reply, Refusal> {
        const TWO_YEARS_MS: i64 = 2 * 365 * 86_400_000;
        let credential = self.values()?.remove("passwordCredential").unwrap_or_default();
        let (key_id, secret) = (self.state.new_id(), self.state.new_id());
        let given = |name: &str| credential.get(name).cloned();
        let mut kept = json!({
            "customKeyIdentifier": null,
            "displayName": given("displayName"),
            "endDateTime": given("endDateTime").unwrap_or_else(|| to_iso(self.now_ms + TWO_YEARS_MS).into()),
            "hint": &secret[..3],
            "keyId": key_id,
            "secretText": null,
            "startDateTime": given("startDateTime").unwrap_or_else(|| to_iso(self.now_ms).into()),
        });
        let mut list = self.credentials(source);
        list.push(kept.clone());
        self.set(source, "passwordCredentials", list.into());
        kept["secretText"] = secret.into();
        kept["@odata.context"] =
            format!("{}microsoft.graph.passwordCredential", self.request.metadata()).into();
        Ok(Reply::json(kept.to_string()))
    }

    fn credentials(&self, source: Handle) -> Vec<Value> {
        match self.state.record(source).body.tree("passwordCredentials") {
            Value::Array(list) => list,
            _ => Vec::new(),
        }
    }

    fn remove_password(&mut self, source: Handle) -> Result<Reply, Refusal> {
        let key_id = self.values()?.remove("keyId").unwrap_or_default();
        let mut list = self.credentials(source);
        let Some(index) = list.iter().position(|found| found["keyId"] == key_id) else {
            return Err(Refusal::bad_request("No password credential found with keyId."));
        };
        list.remove(index);
        self.set(source, "passwordCredentials", list.into());
        Ok(Reply::nothing())
    }

    fn assign_license(&mut self, source: Handle) -> Result<Reply, Refusal> {
        let body = &self.state.record(source).body;
        if body.text("usageLocation").is_none() {
            return Err(Refusal::bad_request(
                "License assignment cannot be done for user with invalid usage location.",
            ));
        }
        let values = self.values()?;
        let mut licenses = body.tree("assignedLicenses").as_array().cloned().unwrap_or_default();
        let given = |name: &str| values.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
        let (added, removed) = (given("addLicenses"), given("removeLicenses"));
        licenses.retain(|license| {
            let sku = &license["skuId"];
            !removed.contains(sku) && !added.iter().any(|found| found["skuId"] == *sku)
        });
        for license in added {
            let plans = license.get("disabledPlans").cloned().unwrap_or_else(|| json!([]));
            licenses.push(json!({"disabledPlans": plans, "skuId": license["skuId"]}));
        }
        self.set(source, "assignedLicenses", licenses.into());
        let reply = self.created(source)?;
        Ok(Reply { status: 200, ..reply })
    }

    /// An invitation makes a guest.
    pub(super) fn invite(&mut self) -> Result<Reply, Refusal> {
        let values = self.values()?;
        let address = values.get("invitedUserEmailAddress").and_then(Value::as_str);
        let address = address.ok_or_else(|| Refusal::bad_request("invitedUserEmailAddress is required."))?;
        if values.get("inviteRedirectUrl").and_then(Value::as_str).is_none() {
            return Err(Refusal::bad_request("inviteRedirectUrl is required."));
        }
        let mut domains = self.state.handles(Kind::of(TypeId::Domain)).iter().copied();
        let domain = domains.find(|&domain| self.state.record(domain).body.is_true("isInitial"));
        let domain = domain.map_or("contoso.onmicrosoft.com", |domain| &*self.state.record(domain).id);
        let nickname = format!("{}#EXT#", address.replace('@', "_"));
        let name = values.get("invitedUserDisplayName").cloned().unwrap_or_else(|| address.into());
        let guest = json!({"accountEnabled": true, "displayName": name, "mail": address, "mailNickname": nickname,
            "userPrincipalName": format!("{nickname}@{domain}"), "userType": "Guest",
            "creationType": "Invitation", "externalUserState": "PendingAcceptance",
            "createdDateTime": to_iso(self.now_ms)});
        let guest = guest.as_object().cloned().unwrap_or_default();
        let id = self.state.new_id();
        self.state.create(self.when(), Kind::of(TypeId::User), &id, &guest);
        let body = json!({"@odata.context": format!("{}invitations/$entity", self.request.metadata()),
            "id": self.state.new_id(), "invitedUserEmailAddress": address, "status": "PendingAcceptance",
            "inviteRedirectUrl": values.get("inviteRedirectUrl"), "invitedUser": {"id": id}});
        Ok(Reply::with(201, body.to_string()))
    }

    /// A request for a schedule makes, changes or removes it at once.
    pub(super) fn schedule(&mut self, kind: Kind) -> Result<Reply, Refusal> {
        let mut values = self.values()?;
        let action = values.remove("action").unwrap_or_default();
        let keys = ["principalId", "roleDefinitionId", "directoryScopeId"];
        if let Some(name) = keys.iter().find(|name| !values.get(**name).is_some_and(Value::is_string)) {
            return Err(Refusal::bad_request(format!("A value is required for property '{name}'.")));
        }
        let found = self.state.handles(kind).iter().copied().find(|&handle| {
            let body = &self.state.record(handle).body;
            // An activated role is another schedule of the same role.
            self.state.is_live(handle)
                && body.text("assignmentType").as_deref() != Some("Activated")
                && keys.iter().all(|name| body.tree(name) == values[*name])
        });
        let target = match (action.as_str(), found) {
            (Some("adminAssign"), None) => {
                check_schedule(&values, self.now_ms)?;
                self.add_schedule(kind, &values)
            }
            (Some("adminAssign"), Some(_)) => {
                return Err(Refusal::new(400, "RoleAssignmentExists", "The Role assignment already exists."));
            }
            (Some("adminRemove"), Some(handle)) => {
                end_schedule(self.state, self.when(), handle);
                handle
            }
            (Some("adminUpdate"), Some(handle)) => {
                values.retain(|name, _| name == "scheduleInfo");
                self.state.update(self.when(), handle, &values);
                show_schedule(self.state, self.when(), handle);
                handle
            }
            (Some("adminRemove" | "adminUpdate"), None) => {
                let what = "The Role assignment does not exist.";
                return Err(Refusal::new(400, "RoleAssignmentDoesNotExist", what));
            }
            _ => return Err(Refusal::bad_request("Unsupported action.")),
        };
        let context = format!("{}{}Requests/$entity", self.request.metadata(), kind.resource().path);
        let body = json!({"@odata.context": context, "id": self.state.new_id(), "action": action,
            "status": "Provisioned", "targetScheduleId": self.state.record(target).id.as_ref()});
        Ok(Reply::with(201, body.to_string()))
    }

    fn add_schedule(&mut self, kind: Kind, values: &Map<String, Value>) -> Handle {
        let mut schedule = values.clone();
        schedule.retain(|name, _| name != "justification" && !name.contains('@'));
        schedule.insert("status".into(), "Provisioned".into());
        schedule.insert("memberType".into(), "Direct".into());
        schedule.insert("createdDateTime".into(), to_iso(self.now_ms).into());
        if kind == TypeId::RoleAssignmentSchedule {
            schedule.insert("assignmentType".into(), "Assigned".into());
        }
        let id = self.state.new_id();
        let handle = self.state.create(self.when(), kind, &id, &schedule);
        show_schedule(self.state, self.when(), handle);
        handle
    }
}

/// Refuses a schedule that is over.
fn check_schedule(values: &Map<String, Value>, now_ms: i64) -> Result<(), Refusal> {
    let end = values.get("scheduleInfo").and_then(|info| info["expiration"]["endDateTime"].as_str());
    let is_over = end.and_then(|end| end.parse::<jiff::Timestamp>().ok());
    if is_over.is_some_and(|end| end.as_millisecond() <= now_ms) {
        return Err(Refusal::new(
            400,
            "InvalidScheduleInfo",
            "The expiration of the schedule is in the past.",
        ));
    }
    Ok(())
}
