//! What stands on the screen, at every size.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "screens/answers.rs"]
mod answers;
#[path = "screens/storm.rs"]
mod storm;
mod support;
#[path = "screens/themes.rs"]
mod themes;

use std::sync::Arc;
use std::time::Duration;

use convscope::base::Rect;
use convscope::explorer::{Layout, Msg, State, Work};
use convscope::screen::{NoPictures, draw};
use convscope::session::ask::{
    Answer, Found, InCache, LaneName, ModelRef, ModelRow, PhotoRef, request,
};
use proptest::prelude::*;
use ratatui::buffer::Buffer;
use ratatui::style::Color;
use sha2::{Digest, Sha256};
use support::Explorer;

fn render(state: &State) -> Buffer {
    let (columns, rows) = state.terminal.size;
    let mut buffer = Buffer::empty(ratatui::layout::Rect::new(0, 0, columns, rows));
    draw(state, &NoPictures, &mut buffer);
    buffer
}

/// The symbols alone. The time of the run, which changes, is left out.
fn text(state: &State) -> String {
    let mut state = state.clone();
    if let Some(outcome) = &mut state.shown.outcome {
        Arc::make_mut(outcome).milliseconds = 21.0;
    }
    let known: Vec<_> = state.answers.known().map(|(r, a)| (r.clone(), a.clone())).collect();
    for (request, answer) in known {
        if let Answer::Found(found) = answer {
            let found = Found { seconds: 0.3, ..(*found).clone() };
            state.answers.put(request, Answer::Found(Arc::new(found)));
        }
    }
    let buffer = render(&state);
    let width = usize::from(buffer.area.width);
    let rows = buffer.content.chunks(width).map(|row| {
        let line: String = row.iter().map(|cell| cell.symbol()).collect();
        line.trim_end().to_string()
    });
    rows.collect::<Vec<_>>().join("\n")
}

/// Only what is no picture: the half blocks of pictures depend on the last bits of a run.
fn frame_text(state: &State) -> String {
    text(state).replace('▀', " ").lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

#[test]
fn maps_map_and_lists_at_three_sizes() {
    for (columns, rows) in SIZES {
        let mut explorer = Explorer::shipped((columns, rows));
        for (name, keys) in [
            ("maps", ""),
            ("map", "} 2 j l"),
            ("layers", "Tab"),
            ("command", ":"),
            ("help", "Esc ?"),
        ] {
            explorer.press(keys);
            if name == "command" {
                explorer.type_text("so");
            }
            insta::assert_snapshot!(
                format!("{name}_{columns}x{rows}"),
                frame_text(&explorer.state)
            );
        }
    }
}

#[test]
fn kernels_depth_and_their_lists_at_three_sizes() {
    for (columns, rows) in SIZES {
        let mut explorer = Explorer::shipped((columns, rows));
        explorer.state.wanted.folder = "tests/fixtures/photos".into();
        for (name, keys) in [
            ("kernels", "3 l"),
            ("kernel_slices", "] ] Enter l l"),
            ("depth", "Esc 4 }"),
            ("models", "m Down"),
            ("photos", "Esc p Down Down"),
            ("devices", "Esc D"),
            ("export_depth", "Esc e"),
            ("export", "Esc 1 e"),
            ("no_kernels", "Esc 3 G } } } } }"),
        ] {
            explorer.press(keys);
            if name == "models" {
                let rows = rows_of(&explorer);
                let answers = &mut explorer.state.answers;
                answers.put(request::Models.into(), Answer::Models(rows));
                for (name, words) in [
                    ("birds_finetuned_resnet18.pth", "ResNet-18, 7 classes"),
                    ("vgg16.pth", "looks like a VGG; only ResNets are supported"),
                ] {
                    answers
                        .put(request::Summary(name.into()).into(), Answer::Summary(words.into()));
                }
            }
            insta::assert_snapshot!(
                format!("{name}_{columns}x{rows}"),
                frame_text(&explorer.state)
            );
        }
    }
}

#[test]
fn explanations_knock_outs_and_rebuilding_at_three_sizes() {
    for (columns, rows) in SIZES {
        let mut explorer = Explorer::shipped((columns, rows));
        for (name, keys) in [
            ("explain", "5 j"),
            ("methods", "M Down"),
            ("explain_waits", "Esc l l l l l l l l"),
            ("knocked_out", "1 } } x l x"),
            ("difference", "d"),
            ("rebuild", "6 l"),
        ] {
            explorer.press(keys);
            insta::assert_snapshot!(
                format!("{name}_{columns}x{rows}"),
                frame_text(&explorer.state)
            );
        }
    }
}

#[test]
fn pictures_of_the_readme_show_the_screens_as_they_are() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let list = std::fs::read_to_string(root.join("docs/pictures.tsv")).unwrap();
    for row in list.lines().filter(|row| !row.starts_with('#')) {
        let [picture, _, _, snapshot, made] = row.split('\t').collect::<Vec<_>>()[..] else {
            panic!("{row}")
        };
        let file = root.join(format!("tests/snapshots/screens__{snapshot}.snap"));
        let hash = Sha256::digest(std::fs::read(file).unwrap());
        let now: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(made, now, "docs/{picture} is old: run tools/render_screens.sh");
        assert!(root.join("docs").join(picture).is_file(), "{picture}");
    }
}

/// The networks, whatever this machine's cache has of them.
fn rows_of(explorer: &Explorer) -> Arc<Vec<ModelRow>> {
    let Some(Answer::Models(rows)) = explorer.state.answers.get(&request::Models.into()) else {
        panic!("no list of networks")
    };
    let mut rows = rows.as_ref().clone();
    for row in &mut rows {
        row.cache = match row.name.as_str() {
            "builtin" => InCache::Builtin,
            "resnet34" => InCache::Whole,
            "resnet50" => InCache::Part(12_300_000),
            _ => InCache::Absent,
        };
    }
    let file = |name: &str, bytes: u64| ModelRow {
        model: ModelRef::File(name.into()),
        name: name.into(),
        bytes: Some(bytes),
        cache: InCache::File,
        ..rows[0].clone()
    };
    let files = [file("birds_finetuned_resnet18.pth", 44_800_000), file("vgg16.pth", 31)];
    rows.splice(1..1, files);
    Arc::new(rows)
}

#[test]
fn a_network_on_its_way_has_a_bar_in_its_row() {
    let mut explorer = Explorer::open((120, 40));
    explorer.press("m");
    let rows = rows_of(&explorer);
    let row = rows.iter().find(|row| row.name == "resnet50").unwrap();
    explorer.state.waiting.request = Some(request::Network(row.model.clone()).into());
    explorer.state.waiting.progress = Some(Work {
        lane: LaneName::Transfer,
        done: 25_000_000,
        total: 100_000_000,
        elapsed: Duration::from_secs(5),
    });
    explorer.state.answers.put(request::Models.into(), Answer::Models(rows));
    let screen = text(&explorer.state);
    let line = screen.lines().find(|line| line.contains("resnet50 ")).unwrap();
    assert!(line.contains("25 %") && line.contains('█'), "{line}");
    // At 5 MB a second.
    assert!(screen.contains("25.0 MB of 100 MB") && screen.contains("15 s left"), "{screen}");
}

#[test]
fn the_inspector_folds_into_a_line_and_comes_as_an_overlay() {
    let mut explorer = Explorer::open((80, 24));
    assert!(text(&explorer.state).lines().nth(1).unwrap().starts_with(" church"));
    assert!(!text(&explorer.state).contains("Classes"));
    assert!(text(&explorer.press("i").state).contains("Classes"));
    assert!(!text(&explorer.press("Esc").state).contains("Classes"));
    assert!(text(&Explorer::open((100, 30)).state).contains("Classes"));
}

#[test]
fn a_tile_shows_the_colors_of_its_channel() {
    let explorer = Explorer::open((120, 40));
    let buffer = render(&explorer.state);
    let place = explorer.state.grid().unwrap().slot(3);
    let colors: std::collections::HashSet<Color> = (place.y..place.y + place.height)
        .flat_map(|y| (place.x..place.x + place.width).map(move |x| (x, y)))
        .map(|at| buffer[at].bg)
        .collect();
    let viridis = |c: &Color| matches!(c, Color::Rgb(..));
    assert!(colors.iter().all(viridis) && colors.len() > 8, "{colors:?}");
}

#[test]
fn the_chosen_tile_is_framed_and_no_other() {
    let mut explorer = Explorer::open((120, 40));
    for keys in ["", "l", "j"] {
        let state = &explorer.press(keys).state;
        let (buffer, grid) = (render(state), state.grid().unwrap());
        let framed: Vec<usize> = (0..grid.page())
            .filter(|slot| {
                let place = grid.slot(*slot);
                buffer[(place.x - 1, place.y - 1)].symbol() == "╭"
            })
            .collect();
        assert_eq!(framed, [state.cursor.channel]);
    }
}

#[test]
fn values_that_are_no_numbers_are_marked() {
    let path = std::env::temp_dir().join(format!("convscope-nan-{}.npy", std::process::id()));
    let mut values = vec![0.5f32; 3 * 64 * 64];
    values[64 * 10 + 10] = f32::NAN;
    std::fs::write(&path, convscope::picture::npy(&[3, 64, 64], &values)).unwrap();
    let photos = vec![PhotoRef::File(path.clone())];
    let mut explorer = Explorer::with(ModelRef::Builtin, photos, (120, 40));
    std::fs::remove_file(path).unwrap();
    assert!(explorer.state.message.as_ref().unwrap().text.contains("first in conv1"));
    explorer.press("[ [");
    let screen = text(&explorer.state);
    assert!(screen.contains('×') && screen.contains("× NaN/inf"), "{screen}");
}

#[test]
fn file_names_cannot_send_control_bytes() {
    let path = std::env::temp_dir().join("evil\u{1b}[2Jname.png");
    std::fs::copy("assets/photos/chelsea.png", &path).unwrap();
    let photos = vec![PhotoRef::File(path.clone())];
    let explorer = Explorer::with(ModelRef::Builtin, photos, (120, 40));
    std::fs::remove_file(path).unwrap();
    assert!(text(&explorer.state).contains("evil"));
    assert!(!text(&explorer.state).chars().any(|c| c.is_control() && c != '\n'));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_size_and_no_keys_overlap_or_panic(
        columns in 0u16..220,
        rows in 0u16..70,
        aspect in 1.0f32..4.0,
        keys in proptest::collection::vec(0usize..KEYS.len(), 0..12),
    ) {
        EXPLORER.with_borrow_mut(|explorer| {
            explorer.send(Msg::Resize(columns, rows, aspect));
            for key in keys {
                explorer.press(KEYS[key]);
            }
            render(&explorer.state);
            let Some(layout) = Layout::of(&explorer.state) else { return };
            let panes = [
                layout.title, layout.strip, layout.layers, layout.view, layout.inspector, layout.footer,
            ];
            for (i, a) in panes.iter().enumerate() {
                assert!(a.x + a.width <= columns && a.y + a.height <= rows, "{a:?}");
                assert!(panes[i + 1..].iter().all(|b| !overlap(*a, *b)), "{panes:?}");
            }
            if let Some(grid) = explorer.state.grid() {
                let last = grid.slot(grid.page() - 1);
                assert!(last.x + last.width < grid.area.x + grid.area.width + 1, "{grid:?}");
                assert!(last.y + last.height < grid.area.y + grid.area.height + 1, "{grid:?}");
            }
        });
    }
}

const KEYS: [&str; 28] = [
    "l", "j", "G", "]", "}", "{", "1", "2", "3", "4", "s", "a", "c", "r", "+", "-", "o", "i", "L",
    "Tab", "?", "Esc", "Enter", "v", "m", "p", "D", "e",
];

thread_local! {
    static EXPLORER: std::cell::RefCell<Explorer> = std::cell::RefCell::new(Explorer::open((120, 40)));
}

fn overlap(a: Rect, b: Rect) -> bool {
    !a.is_empty()
        && !b.is_empty()
        && a.x < b.x + b.width
        && b.x < a.x + a.width
        && a.y < b.y + b.height
        && b.y < a.y + a.height
}
