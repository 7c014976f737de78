//! Files that are written, and that nothing is lost by it.

use std::fs;
use std::path::{Path, PathBuf};

use convscope::picture::npy;
use convscope::session::ask::{Export, ExportWhat, Exported, PlaneKind, Seen, Slice, request};

use crate::{BUILTIN, Desk, LOOK, flat, tensors};

fn maps(desk: &Desk, channels: &[usize]) -> Seen {
    Seen::Maps {
        run: desk.outcome.run,
        layer: desk.layer("maxpool"),
        maps: channels.iter().copied().map(PlaneKind::Channel).collect(),
        look: LOOK,
        over_photo: None,
    }
}

fn kernels(desk: &Desk, layer: &str, kernels: Vec<(usize, Slice)>) -> Seen {
    Seen::Kernels { network: desk.network.id, layer: desk.layer(layer), kernels, look: LOOK }
}

fn write(desk: &Desk, what: ExportWhat, stem: PathBuf) -> Exported {
    desk.know(&Export { what, stem }).as_ref().clone()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_picture_has_a_strip_of_words_or_none() {
    let (desk, folder) = (Desk::builtin(), tempfile::tempdir().unwrap());
    let stem = folder.path().join("a");
    let seen = maps(&desk, &[1, 2]);
    let caption: Vec<String> =
        ["builtin, chelsea.png", "maxpool, 2 channels"].map(String::from).into();
    let plain = ExportWhat::Picture { seen: seen.clone(), caption: Vec::new() };
    let worded = ExportWhat::Picture { seen: seen.clone(), caption };
    let plain = write(&desk, plain, stem.clone());
    let worded = write(&desk, worded, stem);
    assert_eq!(names(folder.path()), ["a-2.png", "a.png"]);
    assert_eq!(plain.path, folder.path().join("a.png"));
    assert_eq!(plain.bytes as u64, fs::metadata(&plain.path).unwrap().len());
    let open = |path: &Path| image::open(path).unwrap().to_rgb8();
    let (plain, worded) = (open(&plain.path), open(&worded.path));
    let sheet = desk.know(&request::Sheet { seen, scale: None });
    assert_eq!(plain.as_raw().as_slice(), sheet.rgb.as_flattened());
    assert!(worded.height() > plain.height() && worded.width() == plain.width());
    // The picture itself is untouched, and something stands below it.
    assert_eq!(&worded.as_raw()[..plain.as_raw().len()], plain.as_raw().as_slice());
    let below = &worded.as_raw()[plain.as_raw().len()..];
    assert!(below.iter().any(|byte| *byte != below[0]));
}

#[test]
fn values_are_those_of_the_run_and_of_the_checkpoint() {
    let (desk, folder) = (Desk::builtin(), tempfile::tempdir().unwrap());
    let written = |seen| {
        let file = write(&desk, ExportWhat::Values(seen), folder.path().join("v"));
        fs::read(file.path).unwrap()
    };
    let all = desk.values("maxpool");
    let map = |c: usize| all.data[c * 1600..(c + 1) * 1600].to_vec();
    assert!(written(maps(&desk, &[5, 0])) == npy(&[2, 40, 40], &[map(5), map(0)].concat()));
    let weight = tensors(BUILTIN)["layer1.0.conv1.weight"].clone();
    let kernel = |i: usize| flat(&weight.get(i).unwrap());
    let some = kernels(&desk, "layer1.0.relu", vec![(9, Slice::Input(4)), (2, Slice::Input(4))]);
    assert!(written(some) == npy(&[2, 32, 3, 3], &[kernel(9), kernel(2)].concat()));
    // All inputs of one kernel are that kernel, once.
    let inputs = (0..32).map(|input| (7, Slice::Input(input))).collect();
    assert!(written(kernels(&desk, "layer1.0.conv1", inputs)) == npy(&[1, 32, 3, 3], &kernel(7)));
}

#[test]
fn a_layer_is_written_with_its_input_and_a_convolution_with_its_weights() {
    let (desk, folder) = (Desk::builtin(), tempfile::tempdir().unwrap());
    let written = |seen| {
        let file = write(&desk, ExportWhat::Layer(seen), folder.path().join("l"));
        tensors(file.path)
    };
    let layer = written(maps(&desk, &[3]));
    assert_eq!(layer.len(), 2);
    assert_eq!(layer["maxpool"].dims(), [1, 32, 40, 40]);
    assert_eq!(flat(&layer["maxpool"]), desk.values("maxpool").data);
    let input = desk.know(&request::InputValues(desk.input.id));
    assert_eq!(layer["input"].dims(), input.shape.dims());
    assert_eq!(flat(&layer["input"]), input.data);
    let convolution = written(kernels(&desk, "relu", vec![(0, Slice::Color)]));
    assert_eq!(convolution.len(), 1);
    assert_eq!(flat(&convolution["conv1.weight"]), flat(&tensors(BUILTIN)["conv1.weight"]));
}

#[test]
fn nothing_is_overwritten() {
    let (desk, folder) = (Desk::builtin(), tempfile::tempdir().unwrap());
    let stem = folder.path().join("t");
    fs::write(folder.path().join("t.csv"), "precious").unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("nowhere", folder.path().join("t-2.csv")).unwrap();
    for text in ["a,b\n", "c,d\n"] {
        let file =
            write(&desk, ExportWhat::Text { text: text.into(), ending: "csv" }, stem.clone());
        assert_eq!(fs::read_to_string(file.path).unwrap(), text);
    }
    assert_eq!(fs::read_to_string(folder.path().join("t.csv")).unwrap(), "precious");
    #[cfg(unix)]
    {
        assert_eq!(names(folder.path()), ["t-2.csv", "t-3.csv", "t-4.csv", "t.csv"]);
        assert!(!folder.path().join("nowhere").exists());
    }
}

#[test]
fn a_folder_that_is_not_there_is_said() {
    let (desk, folder) = (Desk::builtin(), tempfile::tempdir().unwrap());
    let stem = folder.path().join("none/x");
    let what = ExportWhat::Values(maps(&desk, &[0]));
    let refused = desk.refusal(&Export { what, stem });
    assert!(refused.contains("none/x.npy: cannot be written"), "{refused}");
    assert!(names(folder.path()).is_empty());
}
