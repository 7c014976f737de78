//! What guides: hints in the last row, help, the palette.

use std::path::Path;
use std::sync::Arc;

use convscope::base::{Key, SortOrder};
use convscope::explorer::{COMMANDS, Group, HelpLine, Hint, Msg, Overlay, load_keys};

use crate::support::Explorer;
use crate::{layer, open};

fn hints(explorer: &Explorer) -> Vec<Hint> {
    explorer.state.footer().unwrap().hints
}

fn has(explorer: &Explorer, key: &str) -> bool {
    let key: Key = key.parse().unwrap();
    hints(explorer).iter().any(|hint| hint.keys.contains(&key))
}

fn complaint(explorer: &Explorer) -> String {
    explorer.state.message.clone().filter(|m| m.error).expect("a complaint").text
}

/// Lines of the list of keys that are on the screen, and how many lists there are.
fn lines(explorer: &Explorer) -> (Vec<HelpLine>, usize) {
    let Some(Overlay::Help(help)) = &explorer.state.overlay else { panic!("no help") };
    let page = help.page(&explorer.state).unwrap();
    let count = page.lists.len();
    (page.lists.into_iter().flat_map(|(_, lines)| lines).collect(), count)
}

fn names(lines: &[HelpLine]) -> Vec<&str> {
    let name = |line: &'_ HelpLine| match line {
        HelpLine::Command { name, .. } if !name.is_empty() => Some(name.len()),
        _ => None,
    };
    let named = lines.iter().filter(|line| name(line).is_some());
    named
        .map(|line| match line {
            HelpLine::Command { name, .. } => name.split(' ').next().unwrap(),
            _ => "",
        })
        .collect()
}

#[test]
fn the_way_to_help_is_hinted_at_in_every_view_and_width() {
    let mut explorer = open();
    for view in ["1", "2", "3", "4", "5", "6", "1 Tab"] {
        explorer.press(view);
        for columns in (40..=200).step_by(8) {
            explorer.send(Msg::Resize(columns, 24, 2.0));
            assert!(has(&explorer, "?"), "{view} at {columns}");
            assert_eq!(has(&explorer, ":"), columns >= 60, "{view} at {columns}");
            let mut places: Vec<_> = hints(&explorer).iter().map(|hint| hint.rect).collect();
            places.sort_by_key(|rect| rect.x);
            let apart = places.windows(2).all(|pair| pair[0].x + pair[0].width < pair[1].x);
            let last = places.last().unwrap();
            assert!(apart && last.x + last.width <= columns, "{view} at {columns}: {places:?}");
        }
    }
}

#[test]
fn each_view_hints_at_its_own_keys_and_only_where_they_do_something() {
    let mut explorer = Explorer::open((200, 60));
    for (view, own, others) in [
        ("1", ["s", "x", "w"], ["J", "Space"]),
        ("2", [",", "o", "W"], ["s", "J"]),
        ("3", ["Enter", "s", "#"], ["x", "J"]),
        ("4", ["h", "k", "e"], ["s", "a"]),
        ("5", ["f", "J", "B"], ["s", "x"]),
        ("6", ["Enter", "h", "#"], ["s", "J"]),
    ] {
        explorer.press(view);
        assert!(own.iter().all(|key| has(&explorer, key)), "{view}: {:?}", hints(&explorer));
        assert!(!others.iter().any(|key| has(&explorer, key)), "{view}: {:?}", hints(&explorer));
    }
    // The difference is that of a knock-out.
    assert!(!has(explorer.press("1"), "d"));
    explorer.press("x").state.message = None;
    assert!(has(&explorer, "d"));
    // A slow method waits for Enter.
    assert!(!has(explorer.press("X 5"), "Enter"));
    explorer.press(":").type_text("method occlusion").press("Enter");
    assert!(has(&explorer, "Enter"));
}

#[test]
fn hints_have_the_keys_of_the_user() {
    let mut explorer = open();
    let user = (Path::new("keys.toml"), "[keys]\nsort = [\"Z\"]\nhelp = [\"H\"]\n");
    explorer.state.setup.keys = Arc::new(load_keys(Some(user)).unwrap());
    assert!(has(&explorer, "Z") && has(&explorer, "H"));
    assert!(!has(&explorer, "s") && !has(&explorer, "?"));
}

#[test]
fn help_lists_every_command_in_its_group() {
    let mut explorer = Explorer::open((200, 200));
    explorer.press("?");
    let (lines, lists) = lines(&explorer);
    assert_eq!((names(&lines).len(), lists), (COMMANDS.len(), 2));
    for command in COMMANDS {
        let title = command.group.title();
        let at = lines.iter().position(|line| *line == HelpLine::Heading(title)).expect(title);
        let group: Vec<HelpLine> = lines[at + 1..]
            .iter()
            .take_while(|l| !matches!(l, HelpLine::Heading(_)))
            .cloned()
            .collect();
        assert!(names(&group).contains(&command.name), "{} is not below {title}", command.name);
    }
    // The view on the screen comes first.
    let first = |explorer: &mut Explorer, keys: &str| {
        let (lines, _) = self::lines(explorer.press(keys));
        lines[0].clone()
    };
    assert_eq!(first(&mut explorer, "Esc 5 ?"), HelpLine::Heading(Group::Explain.title()));
}

#[test]
fn help_is_filtered_as_one_types_and_scrolls() {
    let mut explorer = Explorer::open((80, 24));
    explorer.press("?");
    let all = lines(&explorer).0;
    explorer.press("j");
    assert_eq!(lines(&explorer).0[..4], all[1..5]);
    explorer.press("g PgDn");
    assert_ne!(lines(&explorer).0, all);
    explorer.press("/").type_text("knock");
    let (found, _) = lines(&explorer);
    assert_eq!(names(&found), ["knock-out", "clear-knock-outs", "undo", "difference"]);
    // Letters are text until Enter, then keys again.
    explorer.press("Enter q");
    assert_eq!(explorer.state.overlay, None);
    explorer.press("? / q Backspace").type_text("zzz");
    assert!(lines(&explorer).0.is_empty());
    explorer.press("Esc");
    assert_eq!(lines(&explorer).0, all);
    explorer.press("Esc");
    assert_eq!(explorer.state.overlay, None);
}

#[test]
fn the_palette_offers_what_is_wanted_most_and_takes_names_of_flags() {
    let mut explorer = open();
    explorer.press(":");
    let Some(Overlay::Picker(list)) = explorer.state.overlay.clone() else { panic!("no list") };
    let items = list.items(&explorer.state);
    assert_eq!(items.len(), COMMANDS.len());
    let moves: Vec<&str> =
        COMMANDS.iter().filter(|c| c.group == Group::Moving).map(|c| c.name).collect();
    let last: Vec<&str> =
        items[items.len() - moves.len()..].iter().map(|item| item.name.as_str()).collect();
    assert_eq!(last, moves);
    assert_eq!(items[0].name, "find-layer");
    explorer.type_text("layer layer3").press("Enter");
    assert_eq!(layer(&explorer), "layer3.1.relu_1");
    assert!(explorer.state.display.layers);
    explorer.press(":").type_text("photo builtin:rocket.jpg").press("Enter");
    assert_eq!(explorer.state.shown.input.as_ref().unwrap().name, "rocket.jpg");
}

#[test]
fn a_wrong_order_is_refused_and_the_old_one_stays() {
    let mut explorer = open();
    explorer.press("s");
    let before = explorer.state.display.sort;
    explorer.press(":").type_text("sort foo").press("Enter");
    assert!(complaint(&explorer).contains("foo") && complaint(&explorer).contains("sparsity"));
    assert_eq!(explorer.state.display.sort, before);
    explorer.press(":").type_text("sort norm").press("Enter");
    assert_eq!(explorer.state.display.sort, SortOrder::Norm);
}

#[test]
fn channels_are_stepped_through_in_every_view() {
    let mut explorer = open();
    explorer.press("2");
    let order = explorer.state.order();
    let start = order.iter().position(|c| *c == explorer.state.cursor.channel).unwrap();
    explorer.press(". .");
    assert_eq!(explorer.state.cursor.channel, order[start + 2]);
    explorer.press(",");
    assert_eq!(explorer.state.cursor.channel, order[start + 1]);
    explorer.press("a .");
    assert!(explorer.state.message.as_ref().unwrap().text.contains("combine off"));
}
