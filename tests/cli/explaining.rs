//! `explain`, `ablate`, `judge`, `invert`, `dream`, and `--knock-out` everywhere.

use serde_json::Value;

use crate::bench::{Bench, photo};

const METHODS: [&str; 17] = [
    "cam",
    "grad-cam",
    "grad-cam++",
    "hirescam",
    "layer-cam",
    "xgrad-cam",
    "grad-cam-elementwise",
    "eigen-cam",
    "score-cam",
    "ablation-cam",
    "saliency",
    "smoothgrad",
    "integrated-gradients",
    "guided-backprop",
    "deconvnet",
    "guided-grad-cam",
    "occlusion",
];

fn json(out: &str) -> Value {
    serde_json::from_str(out).unwrap()
}

#[test]
fn every_method_says_its_numbers_and_writes_its_values() {
    let (bench, photo) = (Bench::new(), photo());
    let photo = photo.as_str();
    for method in METHODS {
        let effort: &[&str] = match method {
            "integrated-gradients" => &["--steps", "3"],
            "smoothgrad" => &["--samples", "2", "--seed", "7"],
            _ => &[],
        };
        let line = [&["explain", photo, "--method", method, "--json"][..], effort].concat();
        let ran = bench.on("basic", &line);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{method}: {}", ran.err);
        let report = json(&ran.out);
        assert_eq!(report["method"], method);
        assert!(report["value"].as_f64().unwrap().is_finite());
        let values = bench.on(
            "basic",
            &[&["explain", photo, "--method", method, "-o", "-"][..], effort].concat(),
        );
        let (shape, data) = values.npy();
        let map = method.ends_with("cam") && method != "guided-grad-cam"
            || method.starts_with("grad-cam");
        assert_eq!(shape, if map { "(33, 41)" } else { "(3, 33, 41)" }, "{method}");
        assert!(data.iter().all(|v| v.is_finite()) && data.iter().any(|v| *v != 0.0), "{method}");
        if map {
            let most = data.iter().copied().fold(0.0, f32::max);
            assert!(data.iter().all(|v| *v >= 0.0) && (most - 1.0).abs() < 1e-4, "{method} {most}");
        }
    }
}

#[test]
fn a_raw_map_has_the_layers_size() {
    let (bench, photo) = (Bench::new(), photo());
    let photo = photo.as_str();
    let raw = bench.on("basic", &["explain", photo, "--layer", "layer2", "--raw", "-o", "-"]);
    assert_eq!(raw.npy().0, "(5, 6)");
    let png = bench.on("basic", &["explain", photo, "-o", "a.png"]);
    assert_eq!((png.code, png.out.as_str()), (0, ""));
    let picture = image::open(bench.path("a.png")).unwrap();
    assert_eq!((picture.width(), picture.height()), (41, 33));
}

#[test]
fn channels_and_units_are_explained_too() {
    let (bench, photo) = (Bench::new(), photo());
    let photo = photo.as_str();
    let line = ["explain", photo, "--method", "saliency", "--layer", "layer2", "--json"];
    let channel = json(&bench.on("basic", &[&line[..], &["--channel", "3"]].concat()).out);
    assert_eq!(channel["target"], "channel 3 of layer2.0.relu_1");
    let unit = json(&bench.on("basic", &[&line[..], &["--unit", "3,1,2"]].concat()).out);
    assert_eq!(unit["target"], "unit (3, 1, 2) of layer2.0.relu_1");
    assert_eq!(unit["class"], Value::Null);
}

#[test]
fn knock_outs_hold_for_every_command_that_runs_a_network() {
    let (bench, photo) = (Bench::new(), photo());
    let photo = photo.as_str();
    let off = ["--knock-out", "layer2.0.relu:0-11"];
    for line in [
        &["predict", photo, "--json"][..],
        &["stats", photo, "--json"],
        &["explain", photo, "--json"],
        &["maps", photo, "--layer", "layer4", "-o", "-"],
    ] {
        let plain = bench.on("basic", line);
        let edited = bench.on("basic", &[line, &off].concat());
        assert_eq!((plain.code, edited.code), (0, 0), "{}", edited.err);
        assert_ne!(plain.bytes, edited.bytes, "{line:?}");
    }
    // What it changes is the one less the other; before the change nothing.
    let maps = |layer: &str, more: &[&str]| {
        bench.on("basic", &[&["maps", photo, "--layer", layer, "-o", "-"], more].concat()).npy().1
    };
    let (plain, edited) = (maps("layer3", &[]), maps("layer3", &off));
    let difference = maps("layer3", &[&off[..], &["--difference"]].concat());
    for ((a, b), d) in edited.iter().zip(&plain).zip(&difference) {
        assert_eq!(a - b, *d);
    }
    assert!(maps("layer1", &[&off[..], &["--difference"]].concat()).iter().all(|v| *v == 0.0));
}

#[test]
fn ablating_says_what_becomes_of_the_classes() {
    let (bench, photo) = (Bench::new(), photo());
    let photo = photo.as_str();
    let line = ["ablate", photo, "--layer", "layer3", "--channels", "0-5", "--json"];
    let report = json(&bench.on("basic", &line).out);
    assert_eq!(report["knock_out"], "layer3.0.relu_1:0-5");
    let before = json(&bench.on("basic", &["predict", photo, "--json"]).out);
    let first = &report["classes"][0];
    assert_eq!(first["index"], before["photos"][0]["top"][0]["index"]);
    assert_eq!(first["before"], before["photos"][0]["top"][0]["probability"]);
    assert_ne!(first["before"], first["after"]);
    // Scaled by 1, nothing changes.
    let same = json(&bench.on("basic", &[&line[..], &["--scale", "1"]].concat()).out);
    for class in same["classes"].as_array().unwrap() {
        assert_eq!(class["before"], class["after"]);
    }
    let text = bench.on("basic", &["ablate", photo, "--layer", "layer3", "--channels", "0-5"]).out;
    assert!(text.contains("before") && text.contains("change"), "{text}");
}

#[test]
fn a_ranking_names_the_channels_by_their_effect() {
    let (bench, photo) = (Bench::new(), photo());
    let photo = photo.as_str();
    let line = ["ablate", photo, "--layer", "layer3", "--rank", "--class", "2", "--json"];
    let report = json(&bench.on("basic", &line).out);
    let drops: Vec<f64> = report["channels"]
        .as_array()
        .unwrap()
        .iter()
        .map(|effect| effect["drop"].as_f64().unwrap())
        .collect();
    assert_eq!(drops.len(), 24);
    assert!(drops.is_sorted_by(|a, b| a >= b));
    // The first is what one knock-out does to the logit.
    let first = report["channels"][0]["channel"].as_u64().unwrap();
    let off = format!("layer3:{first}");
    let line = ["explain", photo, "--class", "2", "--json"];
    let plain = json(&bench.on("basic", &line).out)["value"].as_f64().unwrap();
    let edited = bench.on("basic", &[&line[..], &["--knock-out", &off]].concat());
    let edited = json(&edited.out)["value"].as_f64().unwrap();
    assert!((plain - edited - drops[0]).abs() < 1e-5, "{plain} {edited} {}", drops[0]);
}

#[test]
fn judging_gives_every_score() {
    let (bench, photo) = (Bench::new(), photo());
    let report = bench.on("basic", &["judge", photo.as_str(), "--json"]);
    assert_eq!(report.code, 0, "{}", report.err);
    let report = json(&report.out);
    for part in ["deletion", "insertion", "random_deletion"] {
        let area = report[part]["area"].as_f64().unwrap();
        assert!((0.0..=1.0).contains(&area), "{part} {area}");
    }
    assert_eq!(report["road"]["most"].as_array().unwrap().len(), 9);
    let stages: Vec<&str> = report["randomization"]
        .as_array()
        .unwrap()
        .iter()
        .map(|stage| stage["down_to"].as_str().unwrap())
        .collect();
    assert_eq!(stages, ["fc", "layer4", "layer3", "layer2", "layer1", "stem"]);
    let text = bench.on("basic", &["judge", photo.as_str()]).out;
    assert!(text.contains("random weights down to stem"), "{text}");
}

#[test]
fn pictures_are_made_and_written() {
    let (bench, photo) = (Bench::new(), photo());
    let photo = photo.as_str();
    let few = ["--iterations", "2", "--seed", "7"];
    for line in [
        &["invert", photo, "--layer", "layer1"][..],
        &["invert", photo, "--layer", "layer2", "--channels", "1,3"],
        &["dream", "--layer", "layer2", "--channel", "1"],
        &["dream", "--layer", "layer2", "--unit", "1,0,2"],
        &["dream", "--class", "3"],
        &["dream", photo, "--layer", "layer2"],
        &["dream", photo, "--layer", "layer2", "--channel", "1"],
    ] {
        let npy = bench.on("basic", &[line, &few, &["-o", "-"]].concat());
        assert_eq!(npy.code, 0, "{line:?}: {}", npy.err);
        let bytes = npy.bytes.clone();
        assert_eq!(npy.npy().0, "(3, 33, 41)", "{line:?}");
        let again = bench.on("basic", &[line, &few, &["-o", "-"]].concat());
        assert_eq!(bytes, again.bytes, "{line:?}: the same seed is the same picture");
        let report = bench.on("basic", &[line, &few, &["-o", "a.png", "--json"]].concat());
        assert!(json(&report.out)["loss"].as_f64().unwrap().is_finite());
        assert_eq!(image::open(bench.path("a.png")).unwrap().height(), 33);
    }
}

#[test]
fn what_does_not_exist_or_fit_is_refused() {
    let (bench, photo) = (Bench::new(), photo());
    for (line, words) in [
        (&["explain", "P", "--method", "gradcm"][..], "did you mean grad-cam"),
        (&["explain", "P", "--class", "99"], "classes 0 to 9"),
        (&["explain", "P", "--class", "teapot"], "there is no class \"teapot\""),
        (&["explain", "P", "--class", "class"], "fits several classes: 0 class 0, 1 class 1"),
        (&["explain", "P", "--layer", "fc"], "fc has no feature map"),
        (&["explain", "P", "--layer", "layr4"], "layer4"),
        (
            &["explain", "P", "--method", "cam", "--layer", "layer4", "--class", "-1"],
            "no class \"-1\"",
        ),
        (&["explain", "P", "--method", "saliency", "--channel", "1"], "need --layer"),
        (
            &["explain", "P", "--method", "saliency", "--layer", "layer1", "--channel", "6"],
            "its channels are 0 to 5",
        ),
        (
            &["explain", "P", "--method", "saliency", "--layer", "layer4", "--unit", "1,9,0"],
            "there is no unit at row 9, column 0",
        ),
        (&["explain", "P", "--method", "saliency", "--layer", "layer4"], "leave out --layer"),
        (&["explain", "P", "--method", "saliency", "--raw", "-o", "-"], "--raw"),
        (&["explain", "P", "-o", "a.gif"], ".png (a picture) or .npy"),
        (&["explain", "P", "--unit", "1,2", "--method", "saliency", "--layer", "relu"], "5,3,4"),
        (&["explain", "P", "--steps", "0"], "a number from 1"),
        (&["explain", "P", "--steps", "-1"], "a number from 1"),
        (&["explain", "P", "--steps", "10"], "--steps is for integrated-gradients"),
        (&["judge", "P", "--samples", "10"], "--samples is for smoothgrad"),
        (&["judge", "P", "--method", "saliency", "--seed", "1"], "--seed is for smoothgrad"),
        (&["explain", "P", "--raw", "-o", "a.png"], "-o FILE.npy"),
        (&["explain", "P", "--map", "-o", "a.npy"], "-o FILE.png"),
        (&["explain", "P", "--map", "-o", "a.png", "--method", "saliency"], "--map is for maps"),
        (&["explain", "P", "--json", "--colormap", "jet"], "add --print"),
        (&["explain", "P", "--width", "9", "-o", "a.png"], "add --print"),
        (&["explain", "P", "-o", "a.png", "--method", "saliency", "--range", "map"], "in gray"),
        (&["explain", "P", "-o", "a.png", "--format", "npy"], "does not match the file extension"),
        (&["invert", "P", "--layer", "fc", "--sort", "max"], "--sort is for --channels top:K"),
        (&["ablate", "P", "--layer", "fc", "--rank", "--sort", "max"], "--sort is for"),
        (&["dream", "--class", "1", "-o", "a.png", "--graphics", "sixel"], "add --print"),
        (&["ablate", "P", "--layer", "layer1"], "--channels"),
        (&["ablate", "P", "--layer", "layer1", "--channels", "6"], "its channels are 0 to 5"),
        (&["ablate", "P", "--layer", "layer1", "--channels", "1", "--class", "1"], "--rank"),
        (&["judge", "P", "--method", "gradcm"], "did you mean grad-cam"),
        (&["dream", "--layer", "layer1"], "add a PHOTO"),
        (&["dream", "--channel", "1"], "nothing to maximize"),
        (&["dream"], "nothing to maximize"),
        (&["dream", "P", "--layer", "layer1", "--variants", "2"], "leave out PHOTO"),
        (&["dream", "--class", "1", "--variants", "10"], "1 to 9"),
        (&["explain", "P", "--method", "cam", "--layer", "layer3"], "leave out --layer"),
        (&["dream", "--layer", "layer1", "--channel", "77"], "its channels are 0 to 5"),
        (&["invert", "P", "--layer", "layer1", "--channels", "6"], "its channels are 0 to 5"),
        (&["invert", "P"], "--layer"),
        (&["invert", "P", "--layers", "layer1,layer7"], "did you mean"),
        (&["invert", "P", "--layers", "layer1", "--channels", "1"], "cannot be used with"),
        (&["invert", "P", "--layer", "layer1", "-o", "a.gif"], ".png (a picture) or .npy"),
        (&["predict", "P", "--knock-out", "layer1"], "is not a knock-out"),
        (&["predict", "P", "--knock-out", "layer1:6"], "its channels are 0 to 5"),
        (&["predict", "P", "--knock-out", "layr1:0"], "did you mean"),
        (&["maps", "P", "--layer", "relu", "--difference"], "--knock-out"),
    ] {
        let line: Vec<&str> =
            line.iter().map(|word| if *word == "P" { photo.as_str() } else { word }).collect();
        bench.on("basic", &line).refused(2, words);
    }
}

/// The pictures of several layers stand in a row behind the photo; their values are stacked.
#[test]
fn several_layers_make_one_strip() {
    let (bench, photo) = (Bench::new(), photo());
    let line = ["invert", &photo, "--iterations", "3", "--layers", "layer1,layer2"];
    let strip = bench.on("basic", &[&line[..], &["-o", "strip.png"]].concat()).ok();
    assert!(strip.out.is_empty(), "{}", strip.out);
    let size = image::image_dimensions(bench.path("strip.png")).unwrap();
    let alone = ["invert", &photo, "--iterations", "3", "--layer", "layer2", "-o", "one.png"];
    bench.on("basic", &alone).ok();
    let one = image::open(bench.path("one.png")).unwrap().to_rgb8();
    // Two pixels between neighbors.
    assert_eq!(size, (3 * one.width() + 4, one.height()));
    let strip = image::open(bench.path("strip.png")).unwrap().to_rgb8();
    let (x, y) = (one.width() / 3, one.height() / 2);
    assert_eq!(strip.get_pixel(2 * (one.width() + 2) + x, y), one.get_pixel(x, y));
    bench.on("basic", &[&line[..], &["-o", "all.npy"]].concat()).ok();
    let header = std::fs::read(bench.path("all.npy")).unwrap();
    let shape = format!("(2, 3, {}, {})", one.height(), one.width());
    assert!(String::from_utf8_lossy(&header[..128]).contains(&shape), "{shape}");
    let text = bench.on("basic", &line).ok().out;
    assert!(text.lines().filter(|line| line.contains("SSIM")).count() == 2, "{text}");
}

/// Pictures that are made together stand in a row; their values are stacked, and each says what it reaches.
#[test]
fn variants_make_one_strip() {
    let bench = Bench::new();
    let line = ["dream", "--layer", "layer2", "--channel", "1", "--iterations", "2"];
    let (one, three) = (&line[..], [&line[..], &["--variants", "3"]].concat());
    bench.on("basic", &[one, &["-o", "one.png"]].concat()).ok();
    bench.on("basic", &[&three[..], &["-o", "strip.png"]].concat()).ok();
    let [one, strip] =
        ["one.png", "strip.png"].map(|name| image::image_dimensions(bench.path(name)).unwrap());
    assert_eq!(strip, (3 * one.0 + 4, one.1));
    bench.on("basic", &[&three[..], &["-o", "all.npy"]].concat()).ok();
    let header = std::fs::read(bench.path("all.npy")).unwrap();
    let shape = format!("(3, 3, {}, {})", one.1, one.0);
    assert!(String::from_utf8_lossy(&header[..128]).contains(&shape), "{shape}");
    let json = bench.on("basic", &[&three[..], &["--json"]].concat()).json();
    assert_eq!(json["reached_each"].as_array().unwrap().len(), 3);
    assert!(json["likeness"].as_f64().is_some_and(|likeness| (0.0..=1.0001).contains(&likeness)));
    let text = bench.on("basic", &three).ok().out;
    assert!(text.contains("on average · likeness of the textures"), "{text}");
}
