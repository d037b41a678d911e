//! All tests that need more than one package or a fake, as one program.
#![expect(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]

mod cli_acceptance;
mod cli_commands;
mod cli_files;
mod cli_foreign;
mod cli_query;
mod cli_recovery;
mod cli_repl;
mod cli_unread;
mod engine_corruption;
mod engine_crash;
mod engine_exact;
mod engine_golden;
mod engine_journal;
mod engine_links;
mod engine_many;
mod engine_model;
mod engine_reading;
mod engine_unread;
mod incident;
mod ingest_apply;
mod ingest_backup;
mod ingest_client;
mod ingest_harm;
mod ingest_hostile;
mod ingest_recovery;
mod ingest_sign_in;
mod query_cases;
mod query_changes;
mod query_corpus;
mod query_random;
mod query_rows;
mod query_sequence;
mod query_store;
mod tenant;
mod tidy;
