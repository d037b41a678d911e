//! Tests of paging: what goes to the pager, what does not, and what is left when the user has seen enough.

use super::*;

const SCREEN: Screen = Screen { lines: 3, width: 20 };

#[test]
fn without_a_pager_everything_goes_straight_on() {
    let (mut out, interrupt) = (Vec::<u8>::new(), Interrupt::new());
    let mut pager = Pager::new(&mut out, &interrupt, None, SCREEN, Rest::Dropped);
    for line in 0..5 {
        writeln!(pager, "{line}").unwrap();
    }
    pager.finish().unwrap();
    assert_eq!(out, b"0\n1\n2\n3\n4\n");
}

#[cfg(unix)]
#[test]
fn long_output_goes_to_the_pager_and_short_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let shown = folder.path().join("shown");
    let command = OsString::from(format!("cat > '{}'", shown.display()));
    let wide = "x".repeat(19) + " y\n";
    for (text, in_pager) in [("line\n".repeat(3), false), (wide.repeat(2), true), ("line\n".repeat(9), true)]
    {
        std::fs::remove_file(&shown).ok();
        let (mut out, interrupt) = (Vec::<u8>::new(), Interrupt::new());
        let mut pager = Pager::new(&mut out, &interrupt, Some(command.clone()), SCREEN, Rest::Dropped);
        pager.write_all(text.as_bytes()).unwrap();
        pager.finish().unwrap();
        assert_eq!(shown.exists(), in_pager, "{text}");
        let read =
            if in_pager { std::fs::read_to_string(&shown).unwrap() } else { String::from_utf8(out).unwrap() };
        assert_eq!(read, text);
    }
}

#[cfg(unix)]
#[test]
fn a_pager_that_is_left_early_is_no_failure_and_stops_a_stream() {
    for (rest, is_stopped) in [(Rest::Dropped, false), (Rest::Stopped, true)] {
        let (mut out, interrupt) = (Vec::<u8>::new(), Interrupt::new());
        let mut pager = Pager::new(&mut out, &interrupt, Some("head -n 1 >/dev/null".into()), SCREEN, rest);
        // More than a pipe holds, so that the last of it finds the pager gone.
        let written = (0..10_000).try_for_each(|_| pager.write_all(&[b'\n'; 1000]));
        assert_eq!(written.is_err(), is_stopped);
        pager.finish().unwrap();
    }
}

#[test]
fn the_pager_has_ctrl_c_for_itself() {
    let interrupt = Interrupt::new();
    assert!(!interrupt.ask(), "nobody hears it, so the process ends");
    interrupt.clear();
    interrupt.begin_of_pager();
    assert!(interrupt.ask() && interrupt.ask());
    interrupt.end_of_pager();
    assert!(!interrupt.is_asked() && !interrupt.ask());
}
