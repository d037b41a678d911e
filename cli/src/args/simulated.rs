//! What was typed about simulated tenants: the demo, and the one that is served.

#[derive(Debug, clap::Args)]
pub(crate) struct Demo {
    /// Objects in the simulated tenant
    #[arg(long, value_name = "N", default_value_t = 5_000, value_parser = clap::value_parser!(u32).range(100..=2_000_000))]
    pub(crate) objects: u32,
    /// The same seed gives the same tenant
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub(crate) seed: u64,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Twin {
    /// Serves this backup of the store instead of a made-up tenant
    #[arg(long, value_name = "POINT", conflicts_with = "objects")]
    pub(crate) from: Option<String>,
    /// Objects in the made-up tenant
    #[arg(long, value_name = "N", default_value_t = 5_000, value_parser = clap::value_parser!(u32).range(100..=2_000_000))]
    pub(crate) objects: u32,
    /// The same seed gives the same tenant, lags and faults
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub(crate) seed: u64,
    /// The port on 127.0.0.1; 0 takes a free one
    #[arg(long, value_name = "P", default_value_t = 0)]
    pub(crate) port: u16,
    /// How fast Graph's limits refill: 1 is Graph's own pace, 10 ten times it, 0 is without limits
    #[arg(long, value_name = "F", default_value_t = 0.0, value_parser = parse_speed)]
    pub(crate) speed: f64,
    /// How far replicas may lag behind writes, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 0)]
    pub(crate) replica_lag: u32,
    /// What goes wrong, such as 429=5,503,slow=200; an unknown name lists all
    #[arg(long, value_name = "LIST", default_value = "")]
    pub(crate) faults: String,
}

fn parse_speed(text: &str) -> Result<f64, String> {
    let speed = text.parse::<f64>().ok().filter(|speed| speed.is_finite() && *speed >= 0.0);
    speed.ok_or_else(|| "expected a number that is not negative, such as 1".to_owned())
}
