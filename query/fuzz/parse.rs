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
    let script = query::Script::parse(text);
    match &script {
        Ok(script) => {
            let formatted = script.format();
            assert_eq!(query::Script::parse(&formatted).map(|again| again.format()), Ok(formatted), "{text}");
        }
        Err(diagnostics) => assert!(!diagnostics.is_empty(), "{text}"),
    }
    for diagnostic in script.and_then(|script| script.check()).err().into_iter().flatten() {
        assert!(text.get(diagnostic.span.start..diagnostic.span.end).is_some(), "{text}: {diagnostic:?}");
    }
});
