//! Any text is parsed or refused, with places that lie in it; what was parsed is formatted once and for all.
//!
//! `cargo install cargo-fuzz`, then in the folder `query`: `cargo fuzz run --sanitizer none parse`; with `-- -max_total_time=60`
//! it stops after a minute. `../../tests/queries` is a corpus to begin with.

#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    // Deep nesting is refused, but long texts cost the fuzzer more than they find.
    if text.len() > 4096 {
        return;
    }
    match query::format(text) {
        Ok(formatted) => assert_eq!(query::format(&formatted).as_ref(), Ok(&formatted), "{text}"),
        Err(diagnostics) => assert!(!diagnostics.is_empty(), "{text}"),
    }
    for diagnostic in query::check(text).err().into_iter().flatten() {
        assert!(text.get(diagnostic.span.start..diagnostic.span.end).is_some(), "{text}: {diagnostic:?}");
    }
});
