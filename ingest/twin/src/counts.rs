//! Owns the counts of calls: how many, of which kind, with which answers.

use std::collections::BTreeMap;

use crate::wire::{Reply, Request};

/// How many calls were answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Calls to Graph, those inside batches one by one; calls for tokens are not among them.
    pub requests: u64,
    /// Batches.
    pub batches: u64,
    /// Calls that write.
    pub writes: u64,
    /// Resource units.
    pub units: u64,
    /// Answers by status.
    pub by_status: BTreeMap<u16, u64>,
    /// Calls by method and first segment of the path, such as `GET users`.
    pub by_path: BTreeMap<String, u64>,
}

impl Counts {
    /// Counts an answered call to Graph that is not a batch.
    pub(crate) fn add(&mut self, request: &Request, reply: &Reply, units: u32) {
        self.requests += 1;
        self.units += u64::from(units);
        self.writes += u64::from(request.method != "GET");
        *self.by_status.entry(reply.status).or_default() += 1;
        let first = request.segments.first().map_or("", String::as_str);
        *self.by_path.entry(format!("{} {first}", request.method)).or_default() += 1;
    }
}
