//! Arguments of the tenant, which several verbs take: how it is reached, and whether others are waited for.

use std::time::Duration;

use clap::ValueEnum;

use super::Expected;
use crate::error::{Failure, Outcome};

/// How the tenant is reached; the rest comes from the environment, as the Azure SDKs name it.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Tenant (AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET, ...)")]
pub(crate) struct Tenant {
    /// How to sign in [env: `ENTRASNAP_AUTH`] [default: by the variables that are set]
    #[arg(long, value_enum, value_name = "WAY")]
    pub(crate) auth: Option<Auth>,
    /// Scheme and host of Graph [env: `ENTRASNAP_GRAPH_ENDPOINT`]
    #[arg(long, value_name = "URL")]
    pub(crate) graph_endpoint: Option<String>,
    /// Which of Microsoft's clouds [env: `ENTRASNAP_CLOUD`] [default: global]
    #[arg(long, value_enum, value_name = "CLOUD")]
    pub(crate) cloud: Option<Cloud>,
    /// How long replicas are given to settle, such as 5m [env: `ENTRASNAP_SETTLE`] [default: 5m; 0 on loopback]
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub(crate) settle: Option<Duration>,
}

/// Whether another process is waited for.
#[derive(Debug, Clone, Copy, Default, clap::Args)]
pub(crate) struct Waiting {
    /// Waits for another process that does the same with this store, an hour at most unless another time is given
    #[arg(long, value_name = "TIME", num_args = 0..=1, require_equals = true, default_missing_value = "1h", value_parser = parse_duration)]
    pub(crate) wait: Option<Duration>,
}

/// How to sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Auth {
    /// `AZURE_CLIENT_SECRET`
    Secret,
    /// `AZURE_CLIENT_CERTIFICATE_PATH`, a PEM file with certificate and key
    Certificate,
    /// `AZURE_FEDERATED_TOKEN_FILE`
    Workload,
    /// The identity of the machine
    ManagedIdentity,
    /// Whoever is signed in to the Azure CLI
    AzureCli,
    /// A code typed on another device
    DeviceCode,
    #[value(hide = true)]
    Browser,
}

/// Microsoft's clouds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Cloud {
    Global,
    Usgov,
    UsgovDod,
    China,
}

/// The value of an option that a variable gives; nothing when it is not set.
///
/// # Errors
/// When it is none of the option's values.
pub(crate) fn value_of_variable<T: ValueEnum>(
    name: &str,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Outcome<Option<T>> {
    let Some(text) = variable(name) else { return Ok(None) };
    T::from_str(&text, true).map(Some).map_err(|_| {
        let values = T::value_variants().iter().filter_map(ValueEnum::to_possible_value);
        let values: Vec<String> =
            values.filter(|value| !value.is_hide_set()).map(|value| value.get_name().to_owned()).collect();
        Failure::usage(format!("{name} is \"{text}\": expected one of {}", values.join(", ")))
    })
}

/// Reads a time such as `90s`, `5m`, `1h`, `7d`, or a number of seconds.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, Expected> {
    let expected = Expected("a time such as 90s, 5m, 1h or 7d");
    let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let number: u64 = number.parse().map_err(|_| expected)?;
    let factor = match unit.trim() {
        "" | "s" => 1,
        "m" | "min" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err(expected),
    };
    number.checked_mul(factor).map(Duration::from_secs).ok_or(expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_is_read_as_the_option_is() {
        let cloud = |value: Option<&str>| {
            value_of_variable::<Cloud>("ENTRASNAP_CLOUD", &|_| value.map(str::to_owned))
        };
        assert_eq!(cloud(None).unwrap(), None);
        assert_eq!(cloud(Some("USGov")).unwrap(), Some(Cloud::Usgov));
        let failure = cloud(Some("moon")).unwrap_err();
        assert!(failure.message.contains("usgov-dod"), "{}", failure.message);
        let auth = value_of_variable::<Auth>("ENTRASNAP_AUTH", &|_| Some("x".to_owned())).unwrap_err();
        assert!(!auth.message.contains("browser"), "what is hidden is not offered: {}", auth.message);
    }
}
