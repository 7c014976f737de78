//! What the screen says of outputs that are no classes, and what was assumed about them.

use std::path::Path;

use candle_core::{Device, safetensors};
use convscope::session::ask::{ModelRef, PhotoRef};
use tempfile::TempDir;

use crate::support::Explorer;
use crate::text;

/// The network `basic` with this many outputs, for small photos, in a folder whose `config.json` has these fields too.
fn network(outputs: usize, more: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/net_basic.safetensors");
    let mut tensors = safetensors::load(file, &Device::Cpu).unwrap();
    for (_, tensor) in tensors.iter_mut().filter(|(name, _)| name.starts_with("fc.")) {
        *tensor = tensor.narrow(0, 0, outputs).unwrap().contiguous().unwrap();
    }
    safetensors::save(&tensors, folder.path().join("model.safetensors")).unwrap();
    let config = format!("{{\"input_size\": [3, 48, 48]{more}}}");
    std::fs::write(folder.path().join("config.json"), config).unwrap();
    folder
}

fn open(folder: &TempDir) -> Explorer {
    let photos = (0..2).map(PhotoRef::Sample).collect();
    Explorer::with(ModelRef::File(folder.path().into()), photos, (200, 60))
}

/// The rows of the inspector between the title of a section and the next.
fn section(screen: &str, title: &str) -> String {
    let rows = screen.lines().skip_while(|row| !row.contains(&format!("─ {title}"))).skip(1);
    let rows = rows.take_while(|row| !row.contains("├─"));
    rows.filter_map(|row| row.rsplit("││").next()).collect::<Vec<_>>().join("\n")
}

const REGRESSION: &str = ", \"problem_type\": \"regression\"";
const ASSUMED: &str = "assumed: the single output is a yes or no";

#[test]
fn a_single_output_is_a_probability_and_what_was_assumed_is_said_once() {
    let folder = network(1, "");
    let mut explorer = open(&folder);
    let score = explorer.state.shown.outcome.as_ref().unwrap().ranked[0].1;
    assert!((0.0..1.0).contains(&score), "{score}");
    let screen = text(&explorer.state);
    let classes = section(&screen, "Classes");
    let percent = format!(" {:.0} ", 100.0 * score);
    assert!(classes.starts_with(" output ") && classes.contains(&percent), "{classes}");
    // In the footer once, in the inspector for good.
    assert!(explorer.state.message.as_ref().is_some_and(|m| m.text.starts_with(ASSUMED)));
    explorer.press("n");
    assert_eq!(explorer.state.message, None);
    let network = section(&text(&explorer.state), "Network");
    assert!(network.contains("assumed: the single"), "{network}");
}

#[test]
fn numbers_have_no_percent_signs_and_no_bars() {
    let folder = network(4, REGRESSION);
    let mut explorer = open(&folder);
    assert_eq!(explorer.state.message, None);
    let (class, value) = explorer.state.shown.outcome.as_ref().unwrap().ranked[0];
    let screen = text(&explorer.state);
    let classes = section(&screen, "Classes");
    let shown = convscope::base::significant(value);
    let first = classes.lines().next().unwrap();
    assert!(first.contains(&format!("class {class}")) && first.contains(&shown), "{classes}");
    assert!(!classes.contains(['%', '█', '▏']), "{classes}");
    explorer.press("f");
    let list = text(&explorer.state);
    assert!(
        list.lines().any(|row| row.contains(&format!("class {class}")) && row.contains(&shown))
    );
    // What a knock-out changes is a number too.
    explorer.press("Esc } } } x");
    let changed = section(&text(&explorer.state), "Classes");
    let first = changed.lines().next().unwrap();
    assert!(first.contains(['+', '-']) && !changed.contains('%'), "{changed}");
}

#[test]
fn curves_of_numbers_fill_their_rows() {
    let folder = network(4, REGRESSION);
    let mut explorer = open(&folder);
    explorer.press("5 J");
    let screen = text(&explorer.state);
    let row = |name: &str| screen.lines().find(|row| row.contains(name)).unwrap_or_default();
    for name in ["deletion  ", "insertion "] {
        assert!(row(name).contains(['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█']), "{screen}");
    }
}
