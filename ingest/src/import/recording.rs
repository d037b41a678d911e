//! A sink that writes down what it gets, as strict about objects as the store.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use engine::{ObjectKey, Warning};
use serde_json::Value;

use super::blocks::Limits;
use super::error::Result;
use super::origin::Origin;
use super::pipeline::{self, PipelineOptions};
use super::sink::{Sink, Worker};
use super::walk::{self, Input};

/// What came, in order.
#[derive(Debug, Default)]
pub(super) struct Recording {
    pub(super) objects: Vec<Recorded>,
    pub(super) links: BTreeMap<String, Vec<String>>,
    pub(super) warnings: Vec<Warning>,
}

/// One object.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Recorded {
    pub(super) type_token: String,
    pub(super) id: String,
    pub(super) is_deleted: bool,
    pub(super) value: Value,
}

#[derive(Debug, Default)]
pub(super) struct RecordingWorker {
    pushed: Vec<Recorded>,
}

impl Recording {
    /// `type id` of each object, with a `-` before what is deleted.
    pub(super) fn names(&self) -> Vec<String> {
        let name = |object: &Recorded| {
            let mark = if object.is_deleted { "-" } else { "" };
            format!("{mark}{} {}", object.type_token, object.id)
        };
        self.objects.iter().map(name).collect()
    }
}

impl Worker for RecordingWorker {
    type Parts = Vec<Recorded>;

    fn met_delta_name(&self) -> bool {
        true
    }

    fn push(&mut self, raw: &[u8], hint: Option<&str>, is_deleted: bool) -> engine::Result<()> {
        let refuse = |reason: &str| engine::Error::Object {
            offset: 0,
            problem: engine::error::ObjectProblem::Malformed,
            reason: reason.to_owned(),
        };
        let value: Value = serde_json::from_slice(raw).map_err(|error| refuse(&error.to_string()))?;
        let id = value["id"].as_str().ok_or_else(|| refuse("no id"))?.to_owned();
        let own = value["@odata.type"].as_str().and_then(|name| name.rsplit('.').next());
        let type_token = own.or(hint).ok_or_else(|| refuse("no type"))?.to_owned();
        self.pushed.push(Recorded { type_token, id, is_deleted, value });
        Ok(())
    }

    fn take(&mut self) -> Vec<Recorded> {
        std::mem::take(&mut self.pushed)
    }
}

impl Sink for Recording {
    type Worker = RecordingWorker;

    fn worker(&self) -> RecordingWorker {
        RecordingWorker::default()
    }

    fn put(&mut self, parts: Vec<Recorded>) -> engine::Result<()> {
        self.objects.extend(parts);
        Ok(())
    }

    fn put_links(&mut self, source: &ObjectKey, relation: &str, targets: &[&str]) -> engine::Result<()> {
        let name = format!("{} {} {relation}", source.type_token, source.id);
        let targets = targets.iter().map(|target| (*target).to_owned()).collect();
        assert_eq!(self.links.insert(name, targets), None, "a set is put whole, once");
        Ok(())
    }

    fn warn(&mut self, warning: Warning) {
        self.warnings.push(warning);
    }
}

/// Imports a text under a name, with blocks of this size.
pub(super) fn import_text(name: &str, text: &[u8], block_bytes: usize) -> Result<Recording> {
    let origin = Origin::of_file(Path::new(name), None);
    let reader = Box::new(std::io::Cursor::new(text.to_vec()));
    run(vec![Input::Stream { reader, origin }], 0, limits(block_bytes))
}

/// Imports a file or folder.
pub(super) fn import_path(path: &Path, block_bytes: usize) -> Result<Recording> {
    let mut inputs = Vec::new();
    let found = walk::find(path, None, &mut inputs)?;
    run(inputs, found.ignored_count, limits(block_bytes))
}

fn limits(block_bytes: usize) -> Limits {
    Limits { block_bytes, head_bytes: 256, object_bytes: 4096 }
}

fn run(inputs: Vec<Input<'_>>, ignored_count: u64, limits: Limits) -> Result<Recording> {
    let mut sink = Recording::default();
    let cancel = AtomicBool::new(false);
    let setting = PipelineOptions { limits, progress: &(), cancel: &cancel };
    let harvest = pipeline::run(inputs, &mut sink, &setting)?;
    super::finish(harvest, ignored_count, &mut sink)?;
    Ok(sink)
}
