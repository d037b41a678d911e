//! Writes the simulated tenant of the benchmarks as it is on a day, so that other programs can be tried on the same data.

#![forbid(unsafe_code)]

use std::io::{BufWriter, Error, Write, stdout};

use twin::synthetic::Tenant;

fn main() -> std::io::Result<()> {
    let typed: Vec<String> = std::env::args().skip(1).collect();
    let numbers: Option<Vec<u32>> = typed.iter().map(|text| text.replace('_', "").parse().ok()).collect();
    let Some([objects, day]) = numbers.as_deref() else {
        return Err(Error::other("expected the number of objects and the day, such as 100000 0"));
    };
    let mut out = BufWriter::with_capacity(1 << 20, stdout().lock());
    Tenant::new(u64::from(*objects), benches::SEED).write_ndjson(*day, &mut out)?;
    out.flush()
}
