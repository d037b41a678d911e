//! Owns the folder tree that the `EntraExporter` PowerShell module writes: a file for each object.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::layout::{Key, ObjectKind};
use super::link::{self, MemberSequence};
use super::render::{self, access, group, role, user};
use super::{ObjectCounts, Snapshot};

impl Snapshot<'_> {
    /// Writes what is live, in the layout of the `EntraExporter` module.
    ///
    /// As in that module, members and owners are folders of short files below the object,
    /// the members of dynamic groups, managers and sponsors are left out, and so is the bin.
    ///
    /// # Errors
    /// Whatever the file system answers.
    pub fn write_entra_exporter(&self, directory: &Path) -> io::Result<ObjectCounts> {
        let mut counts = ObjectCounts::default();
        for kind in ObjectKind::ALL {
            for key in self.live_keys_of(kind) {
                let mut draft = self.draft(key);
                draft.inline_links = false;
                let mut text = String::with_capacity(4096);
                render::push_object(&mut text, &draft);
                let text = indented(&text);
                counts.add(key, true, text.len());
                let folder = self.write_object(directory, key, &text)?;
                self.write_links(&folder, key)?;
            }
        }
        Ok(counts)
    }

    /// Writes the file of one object and gives the folder it is in.
    fn write_object(&self, directory: &Path, key: Key, text: &str) -> io::Result<PathBuf> {
        let draft = self.draft(key);
        let id = match key.kind {
            ObjectKind::Organization => {
                let folder = directory.join("Organization");
                write(&folder, "Organization", text)?;
                return Ok(folder);
            }
            ObjectKind::AuthorizationPolicy => "authorizationPolicy".to_owned(),
            ObjectKind::RoleDefinition => role::definition_id(&draft, key.index),
            _ => draft.id().to_string(),
        };
        let principal = |index| {
            let id = self.layout.id(ObjectKind::ServicePrincipal, index).to_string();
            directory.join("ServicePrincipals").join(id)
        };
        let list = match key.kind {
            ObjectKind::AppRoleAssignment => {
                principal(access::assignment_principal(&draft)).join("AppRoleAssignments")
            }
            ObjectKind::PermissionGrant => {
                principal(access::grant_client(&draft)).join("Oauth2PermissionGrants")
            }
            kind => directory.join(list_folder(kind)),
        };
        let folder = list.join(&id);
        write(&folder, &id, text)?;
        Ok(folder)
    }

    /// Writes the short files of members and owners.
    fn write_links(&self, folder: &Path, key: Key) -> io::Result<()> {
        let draft = self.draft(key);
        match key.kind {
            ObjectKind::Group => {
                if !group::is_dynamic(&draft) {
                    let members = MemberSequence::of(self.layout, key.index);
                    let window = draft.history.map(|history| history.window).unwrap_or_default();
                    self.write_stubs(&folder.join("Members"), members.users(window))?;
                }
                self.write_stubs(&folder.join("Owners"), link::owners(self.layout, key))
            }
            ObjectKind::Application | ObjectKind::ServicePrincipal => {
                self.write_stubs(&folder.join("Owners"), link::owners(self.layout, key))
            }
            ObjectKind::AdministrativeUnit => {
                self.write_stubs(&folder.join("Members"), role::unit_members(&draft))
            }
            _ => Ok(()),
        }
    }

    fn write_stubs(&self, folder: &Path, users: impl Iterator<Item = u32>) -> io::Result<()> {
        for index in users {
            let draft = self.draft(Key { kind: ObjectKind::User, index });
            let mut text = String::new();
            user::push_stub(&mut text, &draft);
            let id = draft.id().to_string();
            write(&folder.join(&id), &id, &indented(&text))?;
        }
        Ok(())
    }
}

/// Gives the folder of a type's list.
fn list_folder(kind: ObjectKind) -> &'static str {
    match kind {
        ObjectKind::Organization => "Organization",
        ObjectKind::AuthorizationPolicy => "Policies/AuthorizationPolicy",
        ObjectKind::User => "Users",
        ObjectKind::Group => "Groups",
        ObjectKind::Application => "Applications",
        ObjectKind::ServicePrincipal | ObjectKind::AppRoleAssignment | ObjectKind::PermissionGrant => {
            "ServicePrincipals"
        }
        ObjectKind::Device => "Devices",
        ObjectKind::ConditionalAccessPolicy => "Identity/Conditional/AccessPolicies",
        ObjectKind::NamedLocation => "Identity/Conditional/NamedLocations",
        ObjectKind::RoleDefinition => "RoleManagement/Directory/RoleDefinitions",
        ObjectKind::RoleAssignment => "RoleManagement/Directory/RoleAssignments",
        ObjectKind::AdministrativeUnit => "AdministrativeUnits",
    }
}

fn write(folder: &Path, name: &str, text: &str) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    fs::write(folder.join(format!("{name}.json")), text)
}

/// Lays JSON out the way PowerShell 7 does: two spaces for each level, empty collections closed at once.
fn indented(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    let mut depth = 0;
    let mut in_string = false;
    let mut escaped = false;
    let mut previous = ' ';
    for character in text.chars() {
        if in_string {
            out.push(character);
            in_string = escaped || character != '"';
            escaped = !escaped && character == '\\';
            previous = character;
            continue;
        }
        let closes = matches!(character, '}' | ']');
        if closes {
            depth -= 1;
        }
        let opened = matches!(previous, '{' | '[');
        if (opened && !closes) || (closes && !opened) || previous == ',' {
            out.push('\n');
            out.extend(std::iter::repeat_n("  ", depth));
        }
        out.push(character);
        match character {
            ':' => out.push(' '),
            '{' | '[' => depth += 1,
            '"' => in_string = true,
            _ => {}
        }
        previous = character;
    }
    out.push('\n');
    out
}
