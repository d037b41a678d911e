//! `setup`: the commands that register a reader and a recovery application, and run backups every night.

mod schedule;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use clap::ValueEnum;
use engine::schema;

use super::permissions::{Need, needed};
use crate::error::{Outcome, Status};
use crate::session::Session;

/// Writes the commands that register a reader and a recovery application, or that run backups every night
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  entrasnap setup --shell bash\n  entrasnap setup --schedule systemd\n\nNothing is done yet: it prints a script to read, and then to run. None of them holds a secret."
)]
pub(crate) struct Options {
    /// For which shell
    #[arg(long, value_enum, value_name = "SHELL", default_value_t = SetupShell::Bash)]
    pub(crate) shell: SetupShell,
    /// Writes what runs a backup every night and tells what changed instead
    #[arg(long, value_enum, value_name = "SCHEDULER", conflicts_with = "shell")]
    pub(crate) schedule: Option<Scheduler>,
}

/// What runs a program at a time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Scheduler {
    /// A service and a timer of the user, by systemd
    Systemd,
    /// A line for crontab
    Cron,
    /// Windows Task Scheduler, by `PowerShell`
    #[value(name = "task-scheduler")]
    Windows,
}

/// The shell that `setup` writes for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SetupShell {
    /// The Azure CLI in bash
    Bash,
    /// Microsoft Graph `PowerShell`
    Powershell,
}

/// Prints the commands; they hold no secret.
///
/// # Errors
/// When the output cannot be written.
pub(super) fn run(session: &mut Session<'_, '_>, options: &Options) -> Outcome {
    let text = match (options.schedule, options.shell) {
        (Some(scheduler), _) => schedule::script(scheduler).to_owned(),
        (None, SetupShell::Bash) => bash(),
        (None, SetupShell::Powershell) => powershell(),
    };
    session.print_text(&text)?;
    Ok(Status::Done)
}

fn names(need: Need) -> Vec<String> {
    let all: Vec<_> = schema::types().collect();
    let names: BTreeSet<String> = needed(&all, need).into_iter().map(|(name, _, _)| name).collect();
    names.into_iter().collect()
}

fn bash() -> String {
    let mut text = String::from(
        "#!/usr/bin/env bash
# Registers two applications with the least permissions: a reader for backups, and one for recoveries.
# Needs the Azure CLI, signed in as a Global Administrator or Privileged Role Administrator: az login
set -euo pipefail
graph=00000003-0000-0000-c000-000000000000

register() { # NAME PERMISSION...
  local name=$1 app role permission; shift
  app=$(az ad app create --display-name \"$name\" --sign-in-audience AzureADMyOrg --query appId -o tsv)
  az ad sp create --id \"$app\" > /dev/null
  for permission in \"$@\"; do
    role=$(az ad sp show --id $graph --query \"appRoles[?value=='$permission'].id | [0]\" -o tsv)
    if [ -n \"$role\" ]; then
      az ad app permission add --id \"$app\" --api $graph --api-permissions \"$role=Role\" 2> /dev/null
    else
      echo \"no such permission in this cloud: $permission\" >&2
    fi
  done
  az ad app permission admin-consent --id \"$app\"
  echo \"$name: AZURE_CLIENT_ID=$app\"
}

",
    );
    for (name, need) in [("entrasnap reader", Need::Read), ("entrasnap recovery", Need::Write)] {
        write!(text, "register '{name}'").ok();
        for permission in names(need) {
            write!(text, " \\\n  {permission}").ok();
        }
        text.push_str("\n\n");
    }
    text.push_str(
        "# A certificate is better than a secret; this prints a PEM file with both halves, kept by you:
#   az ad app credential reset --id CLIENT_ID --create-cert --append
# Users who hold roles are changed only by an application that holds a role itself:
#   Privileged Authentication Administrator, given for the time of a recovery.

# Every night, and a message when something changed (a systemd timer, or a line for crontab):
#   entrasnap setup --schedule systemd > schedule.sh
#   entrasnap setup --schedule cron > schedule.sh
",
    );
    text
}

fn powershell() -> String {
    let mut text = String::from(
        "# Registers two applications with the least permissions: a reader for backups, and one for recoveries.
# Needs Microsoft Graph PowerShell: Install-Module Microsoft.Graph
Connect-MgGraph -Scopes 'Application.ReadWrite.All', 'AppRoleAssignment.ReadWrite.All'
$graph = Get-MgServicePrincipal -Filter \"appId eq '00000003-0000-0000-c000-000000000000'\"

function Register-Entrasnap([string] $Name, [string[]] $Permissions) {
  $app = New-MgApplication -DisplayName $Name -SignInAudience AzureADMyOrg
  $principal = New-MgServicePrincipal -AppId $app.AppId
  foreach ($permission in $Permissions) {
    $role = $graph.AppRoles | Where-Object Value -eq $permission
    if (-not $role) { Write-Warning \"no such permission in this cloud: $permission\"; continue }
    New-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $principal.Id -PrincipalId $principal.Id `
      -ResourceId $graph.Id -AppRoleId $role.Id | Out-Null
  }
  Write-Output \"${Name}: AZURE_CLIENT_ID=$($app.AppId)\"
}

",
    );
    for (name, need) in [("entrasnap reader", Need::Read), ("entrasnap recovery", Need::Write)] {
        let quoted: Vec<String> = names(need).iter().map(|name| format!("  '{name}'")).collect();
        write!(text, "Register-Entrasnap '{name}' @(\n{}\n)\n\n", quoted.join(",\n")).ok();
    }
    text.push_str(
        "# Every night, and a message when something changed, by Task Scheduler:
#   entrasnap setup --schedule task-scheduler > schedule.ps1
",
    );
    text
}
