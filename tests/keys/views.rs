//! Kernels and depth.

use std::collections::HashMap;

use candle_core::{DType, Tensor};
use convscope::base::{Cancel, LayerId, Mouse, MouseKind, Progress, SortOrder};
use convscope::explorer::views::ViewId;
use convscope::explorer::views::{depth, kernels, map};
use convscope::explorer::{Msg, Slice};
use convscope::session::ask::{Seen, request};
use convscope::source::Checkpoint;

use crate::support::Explorer;
use crate::{layer, open};

/// The weights of the built-in network as they stand in its file.
pub fn weights(name: &str) -> Tensor {
    let checkpoint = Checkpoint::read("assets/builtin.safetensors".as_ref()).unwrap();
    checkpoint.load_all().unwrap().tensors[&format!("{name}.weight")].to_dtype(DType::F32).unwrap()
}

fn norms(name: &str) -> Vec<f64> {
    let weights = weights(name).flatten_from(1).unwrap().to_vec2::<f32>().unwrap();
    let norm = |kernel: &Vec<f32>| kernel.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>().sqrt();
    weights.iter().map(norm).collect()
}

fn command(explorer: &mut Explorer, line: &str) {
    explorer.press(":").type_text(line).press("Enter");
}

fn complaint(explorer: &Explorer) -> String {
    explorer.state.message.clone().filter(|m| m.error).expect("a complaint").text
}

fn shown(explorer: &Explorer) -> Vec<kernels::Tile> {
    kernels::page(&explorer.state).expect("a page of kernels").tiles
}

#[test]
fn three_shows_the_kernels_that_make_the_channels() {
    let mut explorer = open();
    explorer.press("3");
    assert_eq!((explorer.state.view, layer(&explorer)), (ViewId::Kernels, "relu"));
    let kernels = explorer.state.kernels().unwrap().clone();
    assert_eq!(explorer.state.layers()[kernels.layer.0].name, "conv1");
    assert_eq!(kernels.shape, [32, 3, 7, 7]);
    let tiles = shown(&explorer);
    assert!(tiles.iter().enumerate().all(|(i, tile)| *tile == (i, Slice::Color)));
    assert!(tiles.iter().all(|tile| kernels::tile(&explorer.state, *tile).is_some()));
    explorer.press("]");
    assert_eq!((layer(&explorer), explorer.state.kernels()), ("maxpool", Some(&kernels)));
    explorer.press("]");
    assert_eq!(explorer.state.kernels().unwrap().shape, [32, 32, 3, 3]);
    assert_eq!(shown(&explorer)[0], (0, Slice::Input(0)));
    let at = |explorer: &Explorer| explorer.state.kernels().unwrap().layer;
    assert_eq!(at(&explorer), explorer.state.cursor.layer);
    // A sum has the channels of its last convolution, not of the shortcut.
    command(&mut explorer, "find-layer layer2.0.add");
    assert_eq!(explorer.state.layers()[at(&explorer).0].name, "layer2.0.conv2");
}

#[test]
fn keys_move_between_kernels_and_pages() {
    let mut explorer = open();
    explorer.press("3");
    let grid = explorer.state.grid().unwrap();
    let mut at = |keys| explorer.press(keys).state.cursor.channel;
    assert_eq!(at("l"), 1);
    assert_eq!(at("j"), 1 + grid.columns);
    assert_eq!(at("g PgDn"), grid.page().min(31));
    assert_eq!(at("G l"), 31);
    explorer.press("g");
    let (x, y) = (grid.slot(2).x + 1, grid.slot(2).y + 1);
    let press = |seconds| Mouse {
        kind: MouseKind::Press,
        column: x,
        row: y,
        time: std::time::Duration::from_secs(seconds),
    };
    explorer.send(Msg::Mouse(press(5)));
    assert_eq!((explorer.state.cursor.channel, explorer.state.display.inputs), (2, false));
    explorer.send(Msg::Mouse(press(5)));
    assert!(explorer.state.display.inputs, "a double click opens");
}

#[test]
fn enter_shows_the_inputs_of_a_kernel_and_esc_goes_back() {
    let mut explorer = open();
    command(&mut explorer, "find-layer layer1.0.conv1");
    explorer.press("3 l l Enter");
    assert!(explorer.state.display.inputs);
    let tiles = shown(&explorer);
    assert!(tiles.iter().enumerate().all(|(i, tile)| *tile == (2, Slice::Input(i))));
    explorer.press("l l l");
    assert_eq!((explorer.state.cursor.channel, explorer.state.cursor.slice), (2, 3));
    explorer.press("Esc");
    assert_eq!((explorer.state.display.inputs, explorer.state.view), (false, ViewId::Kernels));
    // All kernels show the input that was chosen.
    assert_eq!(shown(&explorer)[4], (4, Slice::Input(3)));
    explorer.press("Esc");
    assert_eq!((explorer.state.view, explorer.state.cursor.channel), (ViewId::Maps, 2));
}

#[test]
fn a_slice_is_one_of_the_inputs() {
    let mut explorer = open();
    command(&mut explorer, "slice 1");
    assert!(complaint(&explorer).contains("press 3 first"));
    command(&mut explorer, "find-layer layer1.0.conv1");
    explorer.press("3");
    command(&mut explorer, "slice 31");
    assert_eq!(shown(&explorer)[0], (0, Slice::Input(31)));
    for wrong in ["slice 32", "slice -1", "slice x", "slice"] {
        command(&mut explorer, wrong);
        assert!(complaint(&explorer).contains("0 to 31"), "{wrong}");
        assert_eq!(explorer.state.cursor.slice, 31);
    }
    // A layer with fewer inputs shows its last one.
    command(&mut explorer, "find-layer conv1");
    explorer.press("Enter");
    assert_eq!(shown(&explorer).len(), 3);
    assert_eq!(kernels::page(&explorer.state).unwrap().chosen, 2);
}

#[test]
fn sorting_by_norm_goes_by_the_weights() {
    let mut explorer = open();
    for (name, of) in [("conv1", "relu"), ("layer3.0.conv2", "layer3.0.relu_1")] {
        command(&mut explorer, &format!("find-layer {of}"));
        for view in ["3", "1"] {
            explorer.press(view);
            command(&mut explorer, "sort norm");
            assert_eq!(explorer.state.display.sort, SortOrder::Norm);
            let norms = norms(name);
            let order = explorer.state.order();
            assert_eq!(order.len(), norms.len());
            assert!(order.is_sorted_by(|a, b| norms[*a] >= norms[*b] - 1e-5), "{of} {view}");
            assert_ne!(order[0], 0, "{of}: the network's order proves nothing");
        }
        explorer.press("3");
        let tiles: Vec<usize> = shown(&explorer).iter().map(|(kernel, _)| *kernel).collect();
        assert!(explorer.state.order().windows(tiles.len()).any(|part| part == tiles));
        let known = explorer.state.kernels().unwrap().norms.clone();
        let near = |(a, b): (&f32, &f64)| (f64::from(*a) - b).abs() <= 1e-5 * b;
        assert!(known.iter().zip(&norms(name)).all(near));
    }
}

#[test]
fn a_layer_without_a_convolution_has_no_kernels() {
    let mut explorer = open();
    command(&mut explorer, "find-layer fc");
    explorer.press("3 l j G Enter Esc");
    assert_eq!(explorer.state.view, ViewId::Maps);
    explorer.press("3");
    assert!(explorer.state.kernels().is_none() && kernels::page(&explorer.state).is_none());
    assert!(explorer.state.view().seen(&explorer.state).is_none());
    command(&mut explorer, "slice 0");
    assert!(complaint(&explorer).contains("fc"), "{}", complaint(&explorer));
}

#[test]
fn the_depth_view_walks_through_layers_and_stages() {
    let mut explorer = open();
    explorer.press("4");
    assert_eq!((explorer.state.view, layer(&explorer)), (ViewId::Depth, "relu"));
    let mut at = |keys| layer(explorer.press(keys)).to_string();
    assert_eq!(at("l"), "maxpool");
    assert_eq!(at("Right"), "layer1.0.conv1");
    assert_eq!(at("h h"), "relu");
    assert_eq!(at("g"), "conv1");
    assert_eq!(at("h k"), "conv1");
    assert_eq!(at("j"), "layer1.1.relu_1");
    assert_eq!(at("j"), "layer2.1.relu_1");
    assert_eq!(at("k k"), "maxpool");
    assert_eq!(at("G"), "fc");
    assert_eq!(at("l j"), "fc");
    assert_eq!(at("k"), "layer4.1.relu_1");
    let pages: Vec<String> = (0..10).map(|_| at("PgUp")).collect();
    assert_eq!(pages[9], "conv1");
    assert_eq!(at("} Enter"), "layer1.1.relu_1");
    assert_eq!(explorer.state.view, ViewId::Maps);
    assert_eq!(explorer.press("4 Esc").state.view, ViewId::Maps);
}

#[test]
fn a_press_on_a_bar_chooses_its_layer() {
    let mut explorer = open();
    explorer.press("4");
    let axis = depth::axis(&explorer.state).unwrap();
    let count = explorer.state.layers().len();
    for wanted in [0, 7, count - 1] {
        let (column, end) = axis.columns(wanted);
        assert!(column < end && end <= axis.rect.x + axis.rect.width);
        // Where several share a column, it is the first of them.
        let wanted = (0..count).find(|layer| axis.columns(*layer).0 == column).unwrap();
        let time = std::time::Duration::from_secs(wanted as u64 * 9);
        let (kind, row) = (MouseKind::Press, axis.rect.y + 1);
        explorer.send(Msg::Mouse(Mouse { kind, column, row, time }));
        assert_eq!(explorer.state.cursor.layer, LayerId(wanted));
    }
}

#[test]
fn the_table_has_the_numbers_of_every_layer() {
    let explorer = open();
    let table = depth::table(&explorer.state);
    let mut lines = table.lines();
    assert_eq!(lines.next(), Some("layer,zeros,mean,max,dead,values"));
    let rows: HashMap<&str, Vec<f64>> = lines
        .map(|line| {
            let (name, numbers) = line.split_once(',').unwrap();
            (name, numbers.split(',').map(|n| n.parse().unwrap()).collect())
        })
        .collect();
    assert_eq!(rows.len(), explorer.state.layers().len());
    let run = explorer.state.run().unwrap();
    for info in explorer.state.layers() {
        let request = request::Values { run, layer: info.id, maps: None };
        let answer = explorer.session.ask(&request, &Cancel::new(), &mut Progress::none());
        let values = answer.unwrap();
        let all = values.data.len() as f64;
        let zeros = values.data.iter().filter(|v| **v == 0.0).count() as f64 / all;
        let mean = values.data.iter().map(|v| f64::from(*v)).sum::<f64>() / all;
        let max = values.data.iter().copied().fold(f32::MIN, f32::max);
        let maps = values.data.chunks(info.shape.h * info.shape.w);
        let dead = maps.filter(|map| map.iter().all(|v| *v <= 0.0)).count() as f64;
        let signed = values.data.iter().any(|v| *v < 0.0);
        let dead = if signed { 0.0 } else { dead / info.shape.c as f64 };
        let expected = [zeros, mean, f64::from(max), dead, all];
        for (found, expected) in rows[info.name.as_str()].iter().zip(expected) {
            let near = (found - expected).abs() <= 1e-5 * expected.abs().max(0.1);
            assert!(near, "{}: {found} for {expected}", info.name);
        }
    }
}

#[test]
fn real_pictures_are_asked_for_when_the_keys_rest() {
    let mut explorer = open();
    explorer.state.terminal.cell_pixels = Some((10, 20));
    for keys in ["l", "2 j", "3 l", "Enter l"] {
        explorer.press(keys);
        let spots = explorer.state.spots();
        // The photo may be known from the view before.
        assert!(
            spots.iter().filter(|spot| explorer.state.pixels(spot).is_none()).count() > 0,
            "{keys}"
        );
        explorer.send(Msg::Settled);
        assert!(spots.iter().all(|spot| explorer.state.pixels(spot).is_some()), "{keys}");
    }
    // Those of tiles stay while the cursor moves over them.
    explorer.press("Esc 1").send(Msg::Settled).press("l");
    assert!(explorer.state.spots().iter().all(|spot| explorer.state.pixels(spot).is_some()));
    // What stands over the screen takes them away.
    explorer.press("?");
    assert!(explorer.state.spots().is_empty());
    // There are none of charts.
    explorer.press("Esc 4").send(Msg::Settled);
    assert_eq!(explorer.state.spots().len(), 1, "the photo");
}

#[test]
fn printing_shows_the_picture_that_is_seen() {
    let mut explorer = open();
    for keys in ["1", "2", "3", "3 Enter"] {
        explorer.press(keys).press("v");
        let printed = explorer.printed.last().unwrap().clone();
        let seen: Seen = explorer.state.view().seen(&explorer.state).unwrap();
        let request = request::Sheet { seen, scale: None };
        let answer = explorer.session.ask(&request, &Cancel::new(), &mut Progress::none());
        assert_eq!(Ok(printed.picture.unwrap()), answer);
        let words = printed.words.join("\n");
        assert!(words.contains("ResNet-18") && words.contains("convscope "), "{words}");
        assert!(explorer.state.waiting.print.is_none());
    }
    assert_eq!(explorer.printed.len(), 4);
    explorer.press("4 v");
    let printed = explorer.printed.last().unwrap();
    assert!(printed.picture.is_none());
    assert!(printed.words.join("\n").starts_with(depth::table(&explorer.state).trim_end()));
}

/// The value of the unit that is read out.
fn value(explorer: &Explorer) -> Option<f32> {
    map::value(&explorer.state, map::read_out(&explorer.state))
}

#[test]
fn the_map_opens_at_its_maximum_until_the_cursor_is_moved() {
    let mut explorer = open();
    let largest = |explorer: &Explorer| {
        let channel = explorer.state.cursor.channel;
        explorer.state.statistics().unwrap().channels[channel].max
    };
    explorer.press("2");
    assert_eq!(value(&explorer), Some(largest(&explorer)));
    explorer.press(".");
    assert_eq!(explorer.state.cursor.channel, 1);
    assert_eq!(value(&explorer), Some(largest(&explorer)));
    let unit = explorer.press("h").state.cursor.unit;
    assert_eq!(explorer.press(".").state.cursor.unit, unit);
    explorer.press("^");
    assert_eq!(value(&explorer), Some(largest(&explorer)));
}

#[test]
fn plus_and_minus_magnify_the_map_around_the_cursor() {
    let mut explorer = open();
    explorer.press("2 g");
    let whole = map::heatmap(&explorer.state).unwrap().clone();
    assert_eq!(map::magnified(&explorer.state), None);
    explorer.press("+ +");
    let part = map::magnified(&explorer.state).unwrap();
    assert_eq!((part.rows, part.columns), ((0, 20), (0, 20)));
    let magnified = map::heatmap(&explorer.state).unwrap();
    // The largest values are not averaged away any more.
    assert!(magnified.range.high > whole.range.high);
    assert_ne!(magnified.cells, whole.cells);
    // The cursor stays on the screen, wherever it goes.
    for keys in ["l", "j", "C-d", "G", "C-u", "k", "h", "^", "]", "}", "} }"] {
        explorer.press(keys);
        let part = map::part(&explorer.state).unwrap();
        assert!(part.contains(explorer.state.cursor.unit), "{keys}: {part:?}");
    }
    // layer4 has 5x5 values: too few to show half of them.
    assert_eq!(map::part(&explorer.state).unwrap().extent(), (5, 5));
    explorer.press("+ + + +").press("- - - - - -");
    assert_eq!(map::magnified(&explorer.state), None);
    assert!(explorer.state.message.as_ref().unwrap().text.contains("whole map"));
}
