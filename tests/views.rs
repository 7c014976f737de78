//! Kernels, Depth, the lists over the screen, and what is copied, written and printed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use convscope::base::{Array, Cancel, LayerId, Progress, SortOrder, Theme};
use convscope::explorer::{Msg, Overlay, views};
use convscope::screen::{NoPictures, draw};
use convscope::session::ask::{
    Answer, Export, ExportWhat, KernelRef, ModelRef, PhotoRef, Picture, Request, Seen, Slice,
};
use ratatui::buffer::Buffer;
use ratatui::style::Color;
use support::Explorer;

fn open() -> Explorer {
    Explorer::open((120, 40))
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn layer(explorer: &Explorer) -> String {
    explorer.state.layer_info().unwrap().name.clone()
}

fn message(explorer: &Explorer) -> String {
    explorer.state.message.clone().unwrap().text
}

fn ask(explorer: &Explorer, request: &Request) -> Answer {
    explorer.session.answer(request, &Cancel::new(), &mut Progress::none()).unwrap()
}

fn weights(explorer: &Explorer, layer: LayerId) -> Arc<Array> {
    let network = explorer.state.network.as_ref().unwrap().id;
    match ask(explorer, &Request::KernelValues { network, layer, kernels: None }) {
        Answer::Values(values) => values,
        other => panic!("{other:?}"),
    }
}

#[test]
fn kernels_are_those_of_the_convolution_before() {
    let mut explorer = open();
    explorer.press("3");
    assert_eq!(explorer.state.view().name(), "Kernels");
    let kernels = explorer.state.kernels().unwrap().clone();
    assert_eq!((kernels.shape, kernels.color), ([32, 3, 7, 7], true));
    assert_eq!(explorer.state.layers()[kernels.layer.0].name, "conv1");
    let values = weights(&explorer, kernels.layer);
    for (kernel, norm) in values.data.chunks(3 * 49).zip(&kernels.norms) {
        let expected = kernel.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>().sqrt();
        assert!((expected - f64::from(*norm)).abs() < 1e-5);
    }
    // Behind a block's sum they are those of its last convolution.
    explorer.press("}");
    let of = explorer.state.kernels().unwrap().layer;
    assert_eq!(explorer.state.layers()[of.0].name, "layer1.1.conv2");
}

#[test]
fn enter_shows_the_inputs_of_a_kernel_and_escape_goes_back() {
    let mut explorer = open();
    explorer.press("] ] 3 l l");
    assert_eq!((layer(&explorer).as_str(), explorer.state.channel), ("layer1.0.conv1", 2));
    explorer.press("Enter l l l");
    assert!(explorer.state.inputs);
    assert_eq!((explorer.state.slice, explorer.state.channel), (3, 2));
    let page = views::kernels::page(&explorer.state).unwrap();
    assert_eq!(page.tiles[page.chosen], (2, Slice::Input(3)));
    explorer.press("Esc");
    assert!(!explorer.state.inputs && explorer.state.view().name() == "Kernels");
    explorer.press(":").type_text("slice 31").press("Enter");
    assert_eq!(explorer.state.slice, 31);
    explorer.press(":").type_text("slice 32").press("Enter");
    assert!(message(&explorer).contains("0 to 31"), "{}", message(&explorer));
}

#[test]
fn the_norm_is_an_order_of_maps_too() {
    let mut explorer = open();
    explorer.press(":").type_text("sort norm").press("Enter");
    assert_eq!(explorer.state.sort, SortOrder::Norm);
    let norms = explorer.state.kernels().unwrap().norms.clone();
    let order = explorer.state.order();
    assert!(order.windows(2).all(|pair| norms[pair[0]] >= norms[pair[1]]));
    assert_ne!(order, (0..32).collect::<Vec<_>>());
}

#[test]
fn grey_is_zero_in_a_kernel_in_colours() {
    let explorer = open();
    let network = explorer.state.network.as_ref().unwrap().id;
    let layer = LayerId(0);
    let seen = Seen::Kernels {
        network,
        layer,
        kernels: vec![(0, Slice::Color)],
        look: explorer.state.look,
    };
    let Answer::Picture(picture) = ask(&explorer, &Request::Sheet { seen, scale: Some(1) }) else {
        panic!("no picture")
    };
    let values = weights(&explorer, layer);
    let kernel = &values.data[..3 * 49];
    let most = kernel.iter().fold(0f32, |most, v| most.max(v.abs()));
    for (at, pixel) in picture.rgb.iter().enumerate() {
        for (c, byte) in pixel.iter().enumerate() {
            let unit = 0.5 + kernel[c * 49 + at] / (2.0 * most);
            assert!((f32::from(*byte) - 255.0 * unit).abs() <= 1.0);
        }
    }
    let missing = KernelRef { network, layer, kernel: 99, slice: Slice::Color };
    let request = Request::Kernel { kernel: missing, size: (3, 3), look: explorer.state.look };
    let refused = explorer.session.answer(&request, &Cancel::new(), &mut Progress::none());
    assert!(refused.unwrap_err().to_string().contains("no kernel 99"));
}

#[test]
fn depth_moves_the_chosen_layer() {
    let mut explorer = open();
    explorer.press("4 l l");
    assert_eq!(layer(&explorer), "layer1.0.conv1");
    explorer.press("j");
    assert_eq!(layer(&explorer), "layer2.1.relu_1");
    explorer.press("G");
    assert_eq!(layer(&explorer), "fc");
    let table = views::depth::table(&explorer.state);
    assert!(table.starts_with("layer,zeros,mean,max,dead,size\nconv1,"));
    assert_eq!(table.lines().count(), 1 + explorer.state.layers().len());
    explorer.press("g Enter");
    assert_eq!((layer(&explorer).as_str(), explorer.state.view().name()), ("conv1", "Maps"));
}

#[test]
fn another_network_keeps_layer_and_channel() {
    let mut explorer = open();
    explorer.press("} l");
    let before = explorer.state.network.clone().unwrap();
    let path = fixture("checkpoints/zip_f16.pt");
    explorer.press("m").type_text(path.to_str().unwrap()).press("Enter");
    let state = &explorer.state;
    assert_eq!(state.model, ModelRef::File(path));
    assert!(state.network.as_ref().unwrap().id != before.id && state.overlay.is_none());
    // It has one block in a stage: layer1.1 is not there, so the first layer is shown.
    assert_eq!((layer(&explorer).as_str(), state.channel), ("relu", 1));
    explorer.press("] ] m").type_text("builtin").press("Enter");
    assert_eq!((layer(&explorer).as_str(), explorer.state.channel), ("layer1.0.conv1", 1));
}

#[test]
fn a_network_that_fails_changes_nothing() {
    let mut explorer = open();
    explorer.press("} l");
    let before = explorer.state.network.clone();
    explorer.press("m").type_text("./no/such.pth").press("Enter");
    assert!(message(&explorer).contains("no such file"));
    assert_eq!((explorer.state.network.clone(), explorer.state.channel), (before, 1));
    explorer.press("Esc").press("m").type_text("resnet5o").press("Enter");
    assert!(message(&explorer).contains("did you mean resnet5"), "{}", message(&explorer));
    assert!(matches!(explorer.state.overlay, Some(Overlay::Picker(_))));
}

#[test]
fn a_pasted_path_is_opened_and_a_wrong_one_takes_nothing_away() {
    let mut explorer = open();
    explorer.send(Msg::Paste("'no/such photo.png'\n".into()));
    assert!(message(&explorer).contains("no/such photo.png: no such file"));
    assert_eq!(explorer.state.photos, (0..3).map(PhotoRef::Sample).collect::<Vec<_>>());
    let photo = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/photos/chelsea.png");
    explorer.send(Msg::Paste(format!("file://{} ", photo.display())));
    assert_eq!(explorer.state.input.as_ref().unwrap().name, "chelsea.png");
    assert_eq!(explorer.state.photos, [PhotoRef::File(photo)]);
    explorer.send(Msg::Paste(fixture("checkpoints/zip_f32.pth").display().to_string()));
    assert_eq!(explorer.state.network.as_ref().unwrap().source, "zip_f32.pth");
}

#[test]
fn photos_are_found_in_folders() {
    let mut explorer = open();
    explorer.state.folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets");
    explorer.press("p").type_text("photos").press("Enter");
    assert!(explorer.state.folder.ends_with("assets/photos"));
    explorer.type_text("chelsea.p").press("Enter");
    assert_eq!(explorer.state.input.as_ref().unwrap().name, "chelsea.png");
    assert_eq!(explorer.state.photos.len(), 3);
}

#[test]
fn every_view_is_a_command() {
    let mut explorer = open();
    let mut copied = |keys: &str| {
        explorer.press(keys).press("y");
        explorer.copied.pop().unwrap()
    };
    let maps = "convscope maps builtin:china.jpg --layer";
    assert_eq!(copied("]"), format!("{maps} maxpool --channels 0-15 --print"));
    assert_eq!(copied("a"), format!("{maps} maxpool --combine sum --print"));
    assert_eq!(copied("A 2 l o"), format!("{maps} maxpool --channels 0 --overlay --print"));
    let coloured = copied("o [ [ r r C");
    assert_eq!(
        coloured,
        format!("{maps} bn1 --channels 0 --print --colormap puor --range symmetric")
            .replace("puor", "jet")
    );
    assert!(copied("3").starts_with("convscope kernels --layer conv1 --channels 0-15 --print"));
    assert!(copied("4").starts_with("convscope stats builtin:china.jpg"));
}

#[test]
fn devices_are_changed_while_it_runs() {
    let mut explorer = open();
    assert_eq!(explorer.state.device, "cpu 2 threads f32");
    explorer.press(":").type_text("device cpu").press("Enter");
    assert!(explorer.state.outcome.is_some() && explorer.state.progress.is_none());
    explorer.press(":").type_text("device gpu").press("Enter");
    assert!(message(&explorer).contains("is none of auto, cpu"));
}

#[test]
fn files_are_written_under_free_names() {
    let mut explorer = open();
    explorer.press("2");
    let folder = tempfile::tempdir().unwrap();
    let seen = explorer.state.view().seen(&explorer.state).unwrap();
    let caption = vec!["relu, channel 0".to_string()];
    let whats = [
        ExportWhat::Picture { seen: seen.clone(), caption },
        ExportWhat::Picture { seen: seen.clone(), caption: Vec::new() },
        ExportWhat::Values(seen.clone()),
        ExportWhat::Layer(seen),
        ExportWhat::Text { text: "a,b\n".into(), ending: "csv" },
    ];
    for what in whats {
        let export = Export { what, stem: folder.path().join("seen") };
        let answer = ask(&explorer, &Request::Export(Box::new(export)));
        assert!(matches!(answer, Answer::Exported(_)));
    }
    let read = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
    let size = |name: &str| image::load_from_memory(&read(name)).unwrap().to_rgb8().dimensions();
    let (captioned, plain) = (size("seen.png"), size("seen-2.png"));
    assert!(captioned.0 == plain.0 && captioned.1 > plain.1);
    assert!(read("seen.npy").starts_with(b"\x93NUMPY"));
    let file = read("seen.safetensors");
    let tensors = safetensors::SafeTensors::deserialize(&file).unwrap();
    assert_eq!(tensors.tensor("relu").unwrap().shape(), [1, 32, 80, 80]);
    assert_eq!(tensors.tensor("input").unwrap().shape(), [1, 3, 160, 160]);
    assert_eq!(read("seen.csv"), b"a,b\n");
}

#[test]
fn the_scrollback_gets_the_picture_and_the_command() {
    let mut explorer = open();
    explorer.press("v");
    let printed = explorer.printed.pop().unwrap();
    let picture: Arc<Picture> = printed.picture.unwrap();
    assert!(picture.width > 300 && picture.rgb.len() == picture.width * picture.height);
    assert!(printed.words.last().unwrap().starts_with("convscope maps builtin:china.jpg"));
    explorer.press("4 v");
    let printed = explorer.printed.pop().unwrap();
    assert!(printed.picture.is_none() && printed.words[0] == "layer,zeros,mean,max,dead,size");
}

#[test]
fn real_pictures_are_asked_for_when_the_keys_rest() {
    let mut explorer = open();
    explorer.state.real = Some((10, 20));
    explorer.press("l");
    let spots = explorer.state.spots();
    assert!(spots.len() > 4 && spots.iter().all(|spot| explorer.state.pixels(spot).is_none()));
    explorer.send(Msg::Settled);
    assert!(spots.iter().all(|spot| explorer.state.pixels(spot).is_some()));
    // They stay while the cursor moves over them; what stands over the screen takes them away.
    explorer.press("l");
    assert!(explorer.state.spots().iter().all(|spot| explorer.state.pixels(spot).is_some()));
    explorer.press("?");
    assert!(explorer.state.spots().is_empty());
}

#[test]
fn without_colours_the_heatmaps_keep_theirs() {
    let mut explorer = open();
    explorer.state.theme = Theme::None;
    let mut buffer = Buffer::empty(ratatui::layout::Rect::new(0, 0, 120, 40));
    draw(&explorer.state, &NoPictures, &mut buffer);
    let slot = explorer.state.grid().unwrap().slot(0);
    let inside = |x: u16, y: u16| slot.contains(x, y);
    assert!(matches!(buffer[(slot.x, slot.y)].bg, Color::Rgb(..)));
    for x in 0..30 {
        for y in 0..40 {
            let cell = &buffer[(x, y)];
            assert!(inside(x, y) || (cell.fg, cell.bg) == (Color::Reset, Color::Reset), "{x} {y}");
        }
    }
    let mut light = buffer.clone();
    explorer.state.theme = Theme::Light;
    draw(&explorer.state, &NoPictures, &mut light);
    assert!(light.content.iter().any(|cell| cell.fg == Color::Rgb(175, 85, 0)));
}
