//! Keys and pastes that are long, early, or meant to leave.

use convscope::explorer::views::ViewId;
use convscope::explorer::{Effect, LONGEST_INPUT, LONGEST_PATH, Msg, Overlay, update};
use convscope::session::ask::{ModelRef, PhotoRef};

use crate::support::Explorer;
use crate::{layer, open};

fn input(explorer: &Explorer) -> &str {
    match &explorer.state.overlay {
        Some(Overlay::Picker(list)) => &list.input,
        other => panic!("no list: {other:?}"),
    }
}

fn paste(explorer: &mut Explorer, text: &str) -> Vec<Effect> {
    update(&mut explorer.state, Msg::Paste(text.to_string()))
}

#[test]
fn a_long_paste_fills_an_input_line_and_says_so() {
    for (keys, most) in [("/", LONGEST_INPUT), (":", LONGEST_INPUT), ("p", LONGEST_PATH)] {
        let mut explorer = open();
        explorer.press(keys);
        assert!(paste(&mut explorer, &"ab\u{7}\n".repeat(5_000)).is_empty());
        assert_eq!(input(&explorer), "ab".repeat(most / 2));
        let message = explorer.state.message.clone().unwrap();
        assert!(message.error && message.text.contains(&most.to_string()), "{message:?}");
        // A key finds no room either, and the line can still be mended.
        explorer.press("x");
        assert_eq!(input(&explorer).len(), most);
        assert!(explorer.state.message.is_some());
        explorer.press("Backspace c");
        assert!(input(&explorer).ends_with("bac") && explorer.state.message.is_none());
    }
}

#[test]
fn what_is_pasted_over_no_list_is_a_path_of_sane_length() {
    let mut explorer = open();
    assert!(paste(&mut explorer, &"x".repeat(1 << 20)).is_empty());
    let message = explorer.state.message.clone().unwrap();
    assert!(message.error && message.text.len() < 100, "{message:?}");
    assert!(explorer.state.waiting.request.is_none());
}

#[test]
fn control_c_leaves_from_everywhere() {
    for keys in ["/", ":", "?", "p", "5"] {
        let mut explorer = open();
        explorer.press(keys);
        paste(&mut explorer, &"q".repeat(LONGEST_INPUT));
        assert!(explorer.press("C-c").ended, "{keys}");
    }
}

/// The explorer before its network is there, and what has to be done for it.
fn starting() -> (Explorer, Vec<Effect>) {
    let photos = (0..3).map(PhotoRef::Sample).collect();
    Explorer::starting(ModelRef::Builtin, photos, (120, 40))
}

#[test]
fn keys_before_the_first_run_wait_for_it_in_their_order() {
    let (mut explorer, effects) = starting();
    for key in ["]", "l", "l", "/", "c", "o", "n", "v", "Enter", "2"] {
        update(&mut explorer.state, Msg::Key(key.parse().unwrap()));
    }
    assert!(explorer.state.overlay.is_none() && explorer.state.view == ViewId::Maps);
    explorer.perform(effects);
    assert!(layer(&explorer).contains("conv") && explorer.state.cursor.channel == 2);
    assert_eq!((explorer.state.view, explorer.state.waiting.early_keys.len()), (ViewId::Map, 0));
}

#[test]
fn keys_before_the_first_run_that_need_none_work_at_once() {
    let (mut explorer, _) = starting();
    let mut press = |key: &str| update(&mut explorer.state, Msg::Key(key.parse().unwrap()));
    press("?");
    press("Esc");
    press("]");
    assert_eq!(press("q"), [Effect::Quit]);
    assert_eq!(press("Esc"), [Effect::Cancel]);
    assert!(explorer.state.waiting.early_keys.is_empty(), "what was canceled is not waited for");
}
