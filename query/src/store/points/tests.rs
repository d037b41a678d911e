//! Points in time as arguments, and what a query resolves once.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::{PointArgument, PointLog, PointResolver};
use crate::error::TableError;
use crate::point::ResolvedPoint;
use crate::value::Value;

/// Answers every point, and counts how often it was asked.
#[derive(Default)]
struct Counting(AtomicUsize);

impl PointResolver for Counting {
    fn resolve(&self, point: &PointArgument) -> Result<ResolvedPoint, TableError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        if point.is_live() {
            return Err(TableError::NoTenant);
        }
        Ok(ResolvedPoint {
            written: point.to_string(),
            backup: engine::BackupId::from_hash(&[0; 32]),
            taken_at: jiff::Timestamp::UNIX_EPOCH,
        })
    }
}

#[test]
fn texts_and_datetimes_are_points_and_nothing_else_is() {
    let text = PointArgument::from_value(&Value::text("latest~1")).unwrap();
    assert_eq!(text, PointArgument::Text("latest~1".to_owned()));
    let time =
        PointArgument::from_value(&Value::Datetime(crate::time::ticks_of(crate::testing::NOW))).unwrap();
    assert_eq!(time.to_string(), "2026-11-20T12:00:00.0000000Z");
    assert!(time.is_time() && PointArgument::Text("2026-11-20".to_owned()).is_time() && !text.is_time());
    for (value, told) in [
        (Value::Long(5), "found the long 5"),
        (Value::Null, "found null"),
        (Value::Timespan(0), "found the timespan \"00:00:00\""),
    ] {
        let message = PointArgument::from_value(&value).unwrap_err().to_string();
        assert!(message.starts_with("expected a point in time") && message.ends_with(told), "{message}");
    }
}

#[test]
fn each_point_of_a_query_is_resolved_once_and_told_in_its_order() {
    let (log, resolver) = (PointLog::default(), Counting::default());
    let points = ["latest", "latest~1", "latest"].map(|text| PointArgument::Text(text.to_owned()));
    for point in &points {
        log.resolve(&resolver, point).unwrap();
    }
    assert!(log.resolve(&resolver, &PointArgument::Text("LIVE".to_owned())).is_err());
    assert_eq!(resolver.0.load(Ordering::Relaxed), 3, "two points and a failure");
    let told: Vec<String> = log.take_points().into_iter().map(|point| point.written).collect();
    assert_eq!(told, ["latest", "latest~1"]);
    assert!(log.take_points().is_empty(), "the next query begins anew");
}

#[test]
fn notes_are_kept_once() {
    let log = PointLog::default();
    for note in ["read backwards", "read backwards"] {
        log.note(note.to_owned());
    }
    assert_eq!(log.take_notes(), ["read backwards"]);
    assert!(log.take_notes().is_empty());
}
