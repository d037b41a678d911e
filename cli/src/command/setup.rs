//! `setup`: the commands that register a reader and a recovery application, and run backups every night.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use clap::ValueEnum;
use engine::schema;

use super::permissions::{Need, needed};
use crate::error::{Outcome, Status};
use crate::session::Session;

/// Writes the commands that register a reader and a recovery application
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  entrasnap setup --shell bash")]
pub(crate) struct Options {
    /// For which shell
    #[arg(long, value_enum, value_name = "SHELL", default_value_t = SetupShell::Bash)]
    pub(crate) shell: SetupShell,
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
    let text = match options.shell {
        SetupShell::Bash => bash(),
        SetupShell::Powershell => powershell(),
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

# Every night, by cron (crontab -e):
#   15 2 * * *  . $HOME/.config/entrasnap.env && entrasnap --store $HOME/entrasnap.store backup -q
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
        "# Every night, by Task Scheduler:
# $action = New-ScheduledTaskAction -Execute 'entrasnap.exe' -Argument 'backup -q --store C:\\entrasnap.store'
# Register-ScheduledTask -TaskName 'entrasnap backup' -Action $action -Trigger (New-ScheduledTaskTrigger -Daily -At 2:15)
",
    );
    text
}
