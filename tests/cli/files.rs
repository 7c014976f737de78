//! `maps` and `export`: what is in the files, and that a failure leaves none.

use std::fs;

use crate::bench::{Bench, photo};

#[test]
fn values_come_in_the_chosen_order() {
    let (bench, photo) = (Bench::new(), photo());
    let maps = |more: &[&str]| {
        let line = [&["maps", photo.as_str(), "--layer", "relu", "-o", "-"], more].concat();
        bench.on("basic", &line).npy()
    };
    let (shape, all) = maps(&[]);
    let area = 17 * 21;
    assert_eq!((shape.as_str(), all.len()), ("(6, 17, 21)", 6 * area));
    let channel = |c: usize| &all[c * area..(c + 1) * area];
    let (shape, some) = maps(&["--channels", "4,1-2"]);
    assert_eq!(shape, "(3, 17, 21)");
    assert_eq!(some, [channel(4), channel(1), channel(2)].concat());

    let mut by_mean: Vec<usize> = (0..6).collect();
    by_mean.sort_by(|a, b| channel(*b).iter().sum::<f32>().total_cmp(&channel(*a).iter().sum()));
    assert_eq!(
        maps(&["--channels", "top:2"]).1,
        [channel(by_mean[0]), channel(by_mean[1])].concat()
    );
    let sorted = maps(&["--sort", "mean"]).1;
    assert_eq!(&sorted[5 * area..], channel(by_mean[5]));

    let (shape, largest) = maps(&["--combine", "max"]);
    assert_eq!(shape, "(1, 17, 21)");
    let expected = (0..area).map(|i| (0..6).map(|c| channel(c)[i]).fold(f32::MIN, f32::max));
    assert_eq!(largest, expected.collect::<Vec<f32>>());
}

#[test]
fn pictures_are_sheets_of_tiles() {
    let (bench, photo) = (Bench::new(), photo());
    let line = ["maps", &photo, "--layer", "layer1", "--scale", "3", "-o", "sheet.PNG"];
    bench.on("basic", &line).ok();
    let picture = image::open(bench.path("sheet.PNG")).unwrap();
    // Six maps of 9 x 11: three in a row, two pixels between them.
    assert_eq!((picture.width(), picture.height()), (3 * 33 + 4, 2 * 27 + 2));
    let one = ["maps", &photo, "--layer", "layer1", "--channels", "0", "-o", "one.png"];
    bench.on("basic", &one).ok();
    assert!(image::open(bench.path("one.png")).unwrap().width() >= 11 * 32);
}

#[test]
fn printing_needs_no_terminal() {
    let (bench, photo) = (Bench::new(), photo());
    let printed = bench
        .on("basic", &["maps", &photo, "--layer", "relu", "--channels", "0", "--print"])
        .ok()
        .out;
    let mut lines = printed.lines();
    assert_eq!(lines.next().unwrap().matches('▄').count(), 80);
    assert!(printed.contains("\u{1b}[38;5;") && !printed.contains("\u{1b}[38;2;"));
    let caption = printed.lines().last().unwrap();
    assert!(caption.starts_with("relu · channel 0 of 6 · 17x21 · viridis · 0 to "), "{caption}");
    let line = ["maps", &photo, "--layer", "relu", "--print", "--width", "30", "-o", "m.npy"];
    let printed = bench.on("basic", &line).ok().out;
    assert_eq!(printed.lines().next().unwrap().matches('▄').count(), 28);
    assert!(bench.path("m.npy").is_file());
}

#[test]
fn exports_hold_what_was_named() {
    let (bench, photo) = (Bench::new(), photo());
    let shapes = |bytes: &[u8]| {
        let file = safetensors::SafeTensors::deserialize(bytes).unwrap();
        let mut shapes: Vec<(String, Vec<usize>)> = file
            .tensors()
            .iter()
            .map(|(name, view)| (name.clone(), view.shape().to_vec()))
            .collect();
        assert!(file.tensors().iter().all(|(_, view)| view.dtype() == safetensors::Dtype::F32));
        shapes.sort();
        shapes
    };
    let line = ["export", &photo, "--layers", "layer1,fc,layer2.0.downsample.0.weight", "-o", "-"];
    let expected = [
        ("fc", vec![1, 10]),
        ("input", vec![1, 3, 33, 41]),
        ("layer1", vec![1, 6, 9, 11]),
        ("layer2.0.downsample.0.weight", vec![1, 12, 5, 6]),
    ];
    let expected = expected.map(|(name, shape)| (name.to_string(), shape));
    assert_eq!(shapes(&bench.on("basic", &line).ok().bytes), expected);

    for dtype in ["f32", "f64"] {
        let file = format!("{dtype}.safetensors");
        bench.on("basic", &["export", &photo, "-o", &file, "--dtype", dtype]).ok();
        assert_eq!(shapes(&fs::read(bench.path(&file)).unwrap()).len(), 56);
    }
    let again = ["export", &photo, "-o", "again.safetensors"];
    bench.on("basic", &again).ok();
    assert_eq!(
        fs::read(bench.path("again.safetensors")).unwrap(),
        fs::read(bench.path("f32.safetensors")).unwrap()
    );
}

#[test]
fn an_exported_input_may_stand_for_a_photo() {
    let (bench, photo) = (Bench::new(), photo());
    bench.on("basic", &["export", &photo, "--layers", "fc", "-o", "a.safetensors"]).ok();
    let bytes = fs::read(bench.path("a.safetensors")).unwrap();
    let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let values: Vec<f32> = file
        .tensor("input")
        .unwrap()
        .data()
        .chunks_exact(4)
        .map(|v| f32::from_le_bytes(v.try_into().unwrap()))
        .collect();
    fs::write(bench.path("x.npy"), convscope::picture::npy(&[1, 3, 33, 41], &values)).unwrap();
    let top = |photo: &str| {
        bench.on("basic", &["predict", photo, "--json"]).json()["photos"][0]["top"].clone()
    };
    assert_eq!(top("x.npy"), top(&photo));
}

#[test]
fn a_failure_leaves_files_as_they_were() {
    let bench = Bench::new();
    fs::write(bench.path("old.npy"), "old").unwrap();
    fs::write(bench.path("bad.png"), "no picture").unwrap();
    let before = fs::read_dir(bench.0.path()).unwrap().count();
    for line in [
        &["maps", "bad.png", "--layer", "relu", "-o", "old.npy"][..],
        &["maps", "bad.png", "--layer", "relu", "-o", "new.npy"],
        &["export", "bad.png", "-o", "new.safetensors"],
    ] {
        bench.on("basic", line).refused(1, "bad.png: ");
    }
    let missing = ["maps", &photo(), "--layer", "relu", "-o", "none/new.npy"];
    bench.on("basic", &missing).refused(1, "the folder none does not exist");
    assert_eq!(fs::read_to_string(bench.path("old.npy")).unwrap(), "old");
    // The log's folder is new.
    assert_eq!(fs::read_dir(bench.0.path()).unwrap().count(), before + 1);
}
