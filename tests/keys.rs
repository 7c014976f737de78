//! These keys, that state: the explorer without a terminal.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "keys/copying.rs"]
mod copying;
#[path = "keys/explaining.rs"]
mod explaining;
#[path = "keys/guiding.rs"]
mod guiding;
#[path = "keys/knocking.rs"]
mod knocking;
#[path = "keys/lists.rs"]
mod lists;
#[path = "keys/pointing.rs"]
mod pointing;
#[path = "keys/rebuilding.rs"]
mod rebuilding;
mod support;
#[path = "keys/typing.rs"]
mod typing;
#[path = "keys/views.rs"]
mod views;

use std::time::Duration;

use convscope::base::{
    Cancel, Colormap, Combine, LayerId, Mouse, MouseKind, Progress, RangeMode, SortOrder,
};
use convscope::explorer::views::ViewId;
use convscope::explorer::{
    COMMANDS, Effect, Help, Msg, Overlay, Pane, load_keys, markdown_tables, update,
};
use convscope::session::ask::{ModelRef, PhotoRef, Request, SessionError, request};
use support::Explorer;

fn open() -> Explorer {
    Explorer::open((120, 40))
}

fn layer(explorer: &Explorer) -> &str {
    &explorer.state.layer_info().unwrap().name
}

#[test]
fn it_opens_on_the_strongest_channel_of_a_layer_with_structure() {
    let mut explorer = Explorer::shipped((120, 40));
    let strongest = |explorer: &Explorer| {
        let statistics = explorer.state.statistics().unwrap();
        statistics.order(SortOrder::Mean, None)[0]
    };
    assert_eq!(layer(&explorer), "layer1.1.relu_1");
    assert_eq!(explorer.state.cursor.channel, strongest(&explorer));
    explorer.press("}");
    assert_eq!(explorer.state.cursor.channel, strongest(&explorer));
    // A channel that was chosen stays chosen.
    let chosen = explorer.press("l").state.cursor.channel;
    assert_eq!(explorer.press("{").state.cursor.channel, chosen);
}

#[test]
fn it_opens_on_maps_of_the_first_relu() {
    let explorer = open();
    assert_eq!(layer(&explorer), "relu");
    assert_eq!(explorer.state.view, ViewId::Maps);
    assert!(explorer.state.waiting.progress.is_none() && explorer.state.message.is_none());
    assert_eq!(explorer.state.shown.outcome.as_ref().unwrap().ranked.len(), 10);
}

#[test]
fn brackets_walk_layers_and_braces_stages() {
    let mut explorer = open();
    let mut at = |keys| layer(explorer.press(keys)).to_string();
    assert_eq!(at("]"), "maxpool");
    assert_eq!(at("]"), "layer1.0.conv1");
    assert_eq!(at("[ ["), "relu");
    assert_eq!(at("}"), "layer1.1.relu_1");
    assert_eq!(at("} } }"), "layer4.1.relu_1");
    assert_eq!(at("}"), "fc");
    assert_eq!(at("} ]"), "fc");
    assert_eq!(at("{"), "layer4.1.relu_1");
}

#[test]
fn moving_in_the_grid_stays_on_channels() {
    let mut explorer = open();
    let columns = explorer.state.grid().unwrap().columns;
    let mut at = |keys| explorer.press(keys).state.cursor.channel;
    assert_eq!(at("h"), 0);
    assert_eq!(at("l"), 1);
    assert_eq!(at("j"), 1 + columns);
    assert_eq!(at("k k"), 1);
    assert_eq!(at("G"), 31);
    assert_eq!(at("l j PgDn"), 31);
    assert_eq!(at("g"), 0);
}

#[test]
fn arrows_and_letters_do_the_same() {
    let after = |keys| {
        let mut state = open().press(keys).state.clone();
        // How long the run took is not the keys' doing.
        state.shown.outcome = None;
        state
    };
    assert_eq!(after("l l j h ] Tab j"), after("Right Right Down Left ] Tab Down"));
}

#[test]
fn sorting_reorders_and_keeps_the_channel() {
    let mut explorer = open();
    explorer.press("l l l s");
    assert_eq!((explorer.state.display.sort, explorer.state.cursor.channel), (SortOrder::Mean, 3));
    let statistics = explorer.state.statistics().unwrap().clone();
    let means: Vec<f64> =
        explorer.state.order().iter().map(|c| statistics.channels[*c].mean).collect();
    assert!(means.is_sorted_by(|a, b| a >= b));
    explorer.press("g");
    assert_eq!(explorer.state.cursor.channel, explorer.state.order()[0]);
    explorer.press("S");
    assert_eq!(explorer.state.order()[0], 0);
}

#[test]
fn combining_steps_through_all_and_off() {
    let mut explorer = open();
    let mut at = |keys| explorer.press(keys).state.display.combine;
    assert_eq!(at("a"), Some(Combine::Sum));
    assert_eq!(at("a a a"), Some(Combine::Rms));
    assert_eq!(at("a"), None);
    assert_eq!(at("A"), Some(Combine::Rms));
    assert_eq!(at("Esc"), None);
}

#[test]
fn colors_are_kept_apart_for_signed_layers() {
    let mut explorer = open();
    explorer.press("c");
    assert_eq!(explorer.state.display.look.colormap, Colormap::Magma);
    explorer.press("[ C");
    assert_eq!(layer(&explorer), "bn1");
    assert_eq!(explorer.state.display.look.signed_colormap, Colormap::Jet);
    assert_eq!(explorer.state.display.look.colormap, Colormap::Magma);
    explorer.press("r r");
    assert_eq!(explorer.state.display.look.range, RangeMode::Symmetric);
}

#[test]
fn the_map_has_a_cursor_that_stays_inside() {
    let mut explorer = open();
    explorer.press("Enter");
    assert_eq!(explorer.state.view, ViewId::Map);
    let mut at = |keys| explorer.press(keys).state.cursor.unit;
    assert_eq!(at("g h k"), (0, 0));
    assert_eq!(at("j l l"), (1, 2));
    assert_eq!(at("G"), (79, 79));
    assert_eq!(at("l j"), (79, 79));
    assert_eq!(at("}"), (39, 39));
    assert_eq!(explorer.press("Esc").state.view, ViewId::Maps);
}

#[test]
fn the_list_of_layers_folds_and_opens() {
    let mut explorer = open();
    explorer.press("Tab");
    assert_eq!(explorer.state.cursor.pane, Pane::Layers);
    let folded = explorer.state.tree().len();
    explorer.press("j j j");
    assert_eq!(
        (layer(&explorer), explorer.state.cursor.group.as_deref()),
        ("layer1.0.relu_1", Some("layer1.0"))
    );
    explorer.press("l");
    assert_eq!(explorer.state.tree().len(), folded + 7);
    explorer.press("j");
    assert_eq!(layer(&explorer), "layer1.0.conv1");
    explorer.press("h h");
    assert_eq!(explorer.state.tree().len(), folded);
    explorer.press("g h");
    assert_eq!(explorer.state.tree().len(), folded - 4);
    explorer.press("S-Tab");
    assert_eq!(explorer.state.cursor.pane, Pane::View);
}

#[test]
fn layers_and_commands_are_found_by_parts_of_their_names() {
    let mut explorer = open();
    explorer.press("/").type_text("l31r1").press("Enter");
    assert_eq!(layer(&explorer), "layer3.1.relu_1");
    assert_eq!(explorer.state.overlay, None);
    explorer.press(":").type_text("channel 37").press("Enter");
    assert_eq!(explorer.state.cursor.channel, 37);
    explorer.press("#").type_text("5").press("Enter");
    assert_eq!(explorer.state.cursor.channel, 5);
    explorer.press(":").type_text("find-layer layer2").press("Enter");
    assert_eq!(layer(&explorer), "layer2.1.relu_1");
    explorer.press(":").type_text("colormap jet").press("Enter");
    assert_eq!(explorer.state.display.look.colormap, Colormap::Jet);
}

#[test]
fn what_does_not_exist_is_said() {
    let complaint = |keys: &str, text: &str| {
        let mut explorer = open();
        explorer.press(keys).type_text(text).press("Enter");
        explorer.state.message.filter(|m| m.error).expect("a complaint").text
    };
    assert!(complaint(":", "channel 99").contains("0 to 31"));
    assert!(complaint(":", "channel -1").contains("no channel -1"));
    assert!(complaint(":", "colormap hot").contains("viridis"));
    assert!(complaint(":", "combine median").contains("off"));
    assert!(complaint("/", "zzzz").contains("nothing matches"));
    let mut explorer = open();
    explorer.press("Delete");
    assert!(explorer.state.message.as_ref().unwrap().text.contains("? shows all keys"));
}

#[test]
fn esc_closes_then_cancels_then_goes_back() {
    let mut explorer = open();
    explorer.press("2 ?");
    assert_eq!(explorer.state.overlay, Some(Overlay::Help(Help::default())));
    explorer.press("Esc");
    assert_eq!((&explorer.state.overlay, explorer.state.view), (&None, ViewId::Map));
    explorer.press("Esc");
    assert_eq!(explorer.state.view, ViewId::Maps);
    let layer = explorer.state.cursor.layer;
    explorer.press("Esc Esc");
    assert_eq!(explorer.state.cursor.layer, layer);
}

#[test]
fn photos_go_around_and_keep_the_place() {
    let mut explorer = open();
    explorer.press("} l n");
    assert_eq!(explorer.state.shown.input.as_ref().unwrap().name, "rocket.jpg");
    assert_eq!((layer(&explorer), explorer.state.cursor.channel), ("layer1.1.relu_1", 1));
    explorer.press("n n");
    assert_eq!(explorer.state.shown.input.as_ref().unwrap().name, "china.jpg");
    explorer.press("N");
    assert_eq!(explorer.state.shown.input.as_ref().unwrap().name, "chelsea.png");
}

#[test]
fn a_cancelled_photo_does_not_come_back() {
    let mut explorer = open();
    let before = explorer.state.clone();
    let key = |text: &str| Msg::Key(text.parse().unwrap());
    let effects = update(&mut explorer.state, key("n"));
    let Some(Effect::Transfer(request)) = effects.last().cloned() else { panic!("{effects:?}") };
    assert!(explorer.state.waiting.progress.is_some());
    assert_eq!(update(&mut explorer.state, key("Esc")), [Effect::Cancel]);
    let answer = explorer.session.answer(&request, &Cancel::new(), &mut Progress::none());
    assert_eq!(update(&mut explorer.state, Msg::Answered(request, answer)), []);
    let state = &explorer.state;
    assert_eq!(
        (&state.shown.input, &state.shown.outcome),
        (&before.shown.input, &before.shown.outcome)
    );
    assert!(state.waiting.progress.is_none() && state.wanted.photo == before.wanted.photo);
}

#[test]
fn the_screen_shows_one_photo_until_the_next_has_run() {
    let mut explorer = open();
    let shown = explorer.state.shown.input.clone();
    let request = |effects: Vec<Effect>| match effects.last().cloned() {
        Some(Effect::Transfer(request) | Effect::Run(request)) => request,
        _ => panic!("{effects:?}"),
    };
    let first = request(update(&mut explorer.state, Msg::Key("n".parse().unwrap())));
    let second = request(update(&mut explorer.state, Msg::Key("n".parse().unwrap())));
    let mut answer = |request: Request| {
        let answer = explorer.session.answer(&request, &Cancel::new(), &mut Progress::none());
        let effects = update(&mut explorer.state, Msg::Answered(request, answer));
        (effects, explorer.state.shown.input.clone(), explorer.state.shown.photo)
    };
    // Older answers, also failures, change nothing.
    assert_eq!(answer(first), (vec![], shown.clone(), 0));
    let (effects, input, place) = answer(second);
    assert_eq!((input, place), (shown, 0));
    let (_, input, place) = answer(request(effects));
    assert_eq!((input.unwrap().name.as_str(), place), ("chelsea.png", 2));
}

#[test]
fn a_broken_photo_is_said_and_the_last_one_stays() {
    let photos = vec![PhotoRef::Sample(0), PhotoRef::File("no/such.jpg".into())];
    let mut explorer = Explorer::with(ModelRef::Builtin, photos, (120, 40));
    explorer.press("n");
    let message = explorer.state.message.clone().unwrap();
    assert!(message.error && message.text.contains("no such file"), "{message:?}");
    assert!(explorer.state.shown.outcome.is_some() && explorer.state.waiting.progress.is_none());
    explorer.press("n");
    assert!(explorer.state.message.is_none());
}

#[test]
fn a_missing_network_is_said() {
    let model = ModelRef::File("no/such.safetensors".into());
    let explorer = Explorer::with(model, vec![PhotoRef::Sample(0)], (120, 40));
    assert!(explorer.state.message.as_ref().unwrap().text.contains("no such file"));
}

#[test]
fn a_dropped_capture_is_computed_again() {
    let mut explorer = open();
    let run = explorer.state.run().unwrap();
    let request = request::Statistics { run, layer: LayerId(9) }.into();
    explorer.send(Msg::Answered(request, Err(SessionError::NotReady)));
    assert!(explorer.state.waiting.progress.is_none() && explorer.state.run() == Some(run));
}

#[test]
fn quitting_and_suspending_are_effects() {
    let mut explorer = open();
    assert!(explorer.press("C-z").suspended && !explorer.ended);
    assert!(explorer.press("q").ended);
    assert!(open().press("C-c").ended);
}

#[test]
fn the_mouse_chooses_opens_pages_and_drags() {
    let mut explorer = open();
    let grid = explorer.state.grid().unwrap();
    let at = |slot: usize| (grid.slot(slot).x + 1, grid.slot(slot).y + 1);
    let mut time = Duration::ZERO;
    let mut mouse = |explorer: &mut Explorer, kind, (column, row), wait| {
        time += Duration::from_millis(wait);
        explorer.send(Msg::Mouse(Mouse { kind, column, row, time }));
    };
    mouse(&mut explorer, MouseKind::Press, at(2), 0);
    assert_eq!((explorer.state.cursor.channel, explorer.state.view), (2, ViewId::Maps));
    mouse(&mut explorer, MouseKind::WheelDown, at(2), 900);
    assert_eq!(explorer.state.cursor.channel, 2 + grid.page());
    mouse(&mut explorer, MouseKind::Press, at(0), 900);
    mouse(&mut explorer, MouseKind::Press, at(0), 100);
    assert_eq!(explorer.state.view, ViewId::Map);
    mouse(&mut explorer, MouseKind::Drag, (60, 20), 900);
    assert_ne!(explorer.state.cursor.unit, (0, 0));
    mouse(&mut explorer, MouseKind::Press, (5, 6), 900);
    assert_eq!((explorer.state.cursor.pane, layer(&explorer)), (Pane::Layers, "maxpool"));
}

#[test]
fn tiles_grow_and_shrink_by_a_column() {
    let mut explorer = open();
    let before = explorer.state.grid().unwrap().columns;
    assert_eq!(explorer.press("+").state.grid().unwrap().columns, before - 1);
    assert_eq!(explorer.press("- -").state.grid().unwrap().columns, before + 1);
    explorer.press(&"- ".repeat(80));
    assert!(explorer.state.grid().unwrap().tile.0 >= 1);
    explorer.press(&"+ ".repeat(90));
    assert_eq!(explorer.state.grid().unwrap().columns, 1);
}

#[test]
fn every_command_has_a_row_a_key_and_a_sentence() {
    let keys = load_keys(None).unwrap();
    for command in COMMANDS {
        // What takes a number or a name needs none: `:` asks for it.
        let bound = !keys.keys_of(command.name).is_empty();
        assert!(bound || !command.argument.is_empty(), "{} has no key", command.name);
        assert!(!command.doc.is_empty() && !command.doc.ends_with('.'));
    }
    let mut names: Vec<_> = COMMANDS.iter().map(|c| c.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), COMMANDS.len());
}

#[test]
fn wrong_key_files_are_refused_with_file_and_line() {
    let refuse = |text: &str| {
        let path = std::path::Path::new("my/keys.toml");
        load_keys(Some((path, text))).expect_err("a refusal").to_string()
    };
    assert!(refuse("[keys]\nnext-layr = [\"x\"]\n").starts_with("my/keys.toml:2: "));
    assert!(refuse("[keys]\nsort = [\"Entre\"]\n").contains("Entre"));
    assert!(refuse("[keys]\nsort = [\"x\"]\ncombine = [\"x\"]\n").starts_with("my/keys.toml:3: "));
    assert!(refuse("[keys]\nsort = [\"q\"]\n").contains("quit"));
    let path = std::path::Path::new("my/keys.toml");
    let keys = load_keys(Some((path, "[keys]\nquit = []\nsort = [\"q\"]\n"))).unwrap();
    assert_eq!(keys.command("q".parse().unwrap()), Some("sort"));
}

/// `UPDATE_README=1 cargo test --test keys` writes the table.
#[test]
fn the_readme_has_the_table_of_keys() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    let readme = std::fs::read_to_string(path).unwrap();
    let (begin, end) = ("<!-- keys: begin -->\n", "<!-- keys: end -->");
    let (before, rest) = readme.split_once(begin).expect("the table's begin");
    let (now, after) = rest.split_once(end).expect("the table's end");
    let table = markdown_tables(&load_keys(None).unwrap());
    if std::env::var_os("UPDATE_README").is_some() {
        std::fs::write(path, format!("{before}{begin}{table}{end}{after}")).unwrap();
        return;
    }
    assert_eq!(now, table, "run UPDATE_README=1 cargo test --test keys");
}
