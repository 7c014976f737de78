//! What a terminal sends besides keys.

use crate::session::Launch;
use crate::walk::open;

#[test]
fn mouse_focus_and_late_answers_never_become_text() {
    let mut s = open(Launch::new());
    s.press(":", "Command");
    for bytes in [
        "\x1b[I",
        "\x1b[O",
        "\x1b[<64;30;12M",
        "\x1b[<65;30;12M",
        "\x1b[<35;31;12M",
        "\x1b[<2;31;12M\x1b[<2;31;12m",
        "\x1b[<0;31;12m",
        "\x1b[M@++",
        "\x1b[96;30;12M",
        "\x1b[?62;4;22c",
        "\x1b[12;40R",
    ] {
        s.send(bytes);
    }
    s.press("sort", "› sort▏");
    s.press("\r", "by max");
}

#[test]
fn a_sequence_in_two_pieces_is_still_one() {
    let mut s = open(Launch::new());
    s.send("\x1b[<0;70");
    s.settle();
    s.send(";10M\x1b[<0;70;10m");
    s.hides("Channel 0 of 32");
    assert!(!s.text().contains("bound to nothing"));
}

#[test]
fn pasted_text_runs_no_commands() {
    let mut s = open(Launch::new().at_the_stem());
    s.send("\x1b[200~q?:]\r\x03\x1a\x1b[201~");
    s.press("l", "Channel 1 of 32");
    assert!(s.text().contains("relu · 32 maps of 80x80"));
}

#[test]
fn pasted_text_types_into_a_list_without_choosing() {
    let mut s = open(Launch::new());
    s.press("/", "Find a layer");
    s.press("\x1b[200~layer4.1\r\n\x07\x1b[201~.relu", "› layer4.1.relu▏");
    assert!(s.text().contains("Find a layer"));
}

#[test]
fn moves_of_the_mouse_are_reported_in_the_map_alone() {
    let mut s = open(Launch::new().at_the_stem().size(120, 40));
    let sent = |s: &crate::session::Session, what: &str| {
        s.raw().windows(what.len()).rposition(|bytes| bytes == what.as_bytes())
    };
    s.shows("Classes");
    assert_eq!(sent(&s, "\x1b[?1003h"), None);
    s.press("2", "channel 0 of 32");
    s.until("moves are reported", |s| sent(s, "\x1b[?1003h").is_some());
    // The middle of the map; what is read out there is not the cursor's.
    let before = s.text();
    s.send("\x1b[<35;60;20M");
    s.until("another unit is read out", |s| s.text() != before);
    s.send("\x1b[<35;2;2M");
    s.until("the cursor's again", |s| s.text() == before);
    s.press("1", "32 maps of 80x80");
    s.until("drags alone are reported", |s| {
        sent(s, "\x1b[?1003l\x1b[?1000h\x1b[?1002h")
            .is_some_and(|at| Some(at) > sent(s, "\x1b[?1003h"))
    });
    // Printing gives the mouse back, and takes it again as the view has it.
    s.press("2", "channel 0 of 32");
    s.press("v", "press any key to return");
    assert!(sent(&s, "\x1b[?1003l") > sent(&s, "\x1b[?1003h"));
    s.press(" ", "channel 0 of 32");
    s.until("moves are reported again", |s| sent(s, "\x1b[?1003h") > sent(s, "\x1b[?1003l"));
}
