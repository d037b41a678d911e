//! Tests of retry.
