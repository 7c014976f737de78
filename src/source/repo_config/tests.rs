//! What two JSON files say.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::source::{Crop, Fit, Interpolation, Overrides, Recipe};

fn config(text: &str) -> RepoConfig {
    RepoConfig::parse(Some(text), None).unwrap()
}

fn processor(text: &str) -> RepoConfig {
    RepoConfig::parse(None, Some(text)).unwrap()
}

/// The recipe for three channels.
fn recipe(says: RepoConfig) -> Recipe {
    Recipe::choose([224; 2], 3, says.recipe, &Overrides::default())
}

/// Why photos are refused.
fn refused(says: RepoConfig) -> String {
    recipe(says).refused.unwrap_or_default()
}

#[test]
fn timms_words_are_understood() {
    let text = r#"{"architecture": "resnet50", "num_classes": 1000, "pretrained_cfg": {
        "input_size": [3, 224, 224], "interpolation": "bicubic", "crop_pct": 0.95,
        "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}}"#;
    let says = config(text);
    assert_eq!((says.strides, says.output_stride), (Some((false, false)), Some(32)));
    assert_eq!((&says.refused, &says.notes), (&None, &vec![]));
    let recipe = recipe(says);
    assert_eq!((recipe.size, recipe.fit), ([224, 224], Fit::Shorter(235)));
    assert_eq!(recipe.interpolation, Interpolation::Bicubic);
    assert_eq!(recipe.mean, [0.485, 0.456, 0.406]);
    let named = r#"{"label_names": ["n01", "n02"], "label_descriptions": {"n01": "cat"}}"#;
    let labels = config(named).labels.unwrap();
    let cat = Label { id: Some("n01".into()), name: "cat".into() };
    assert_eq!(labels, [cat, Label { id: None, name: "n02".into() }]);
}

#[test]
fn pretrained_cfg_goes_before_the_top_as_in_timm() {
    let both = r#"{"architecture": "resnet18", "mean": [0.5, 0.5, 0.5],
        "pretrained_cfg": {"input_size": [3, 64, 96], "crop_mode": "squash"}}"#;
    let says = config(both);
    assert_eq!(says.notes.len(), 1, "{:?}", says.notes);
    assert!(says.notes[0].contains("mean at the top level is not used"), "{:?}", says.notes);
    let of_both = recipe(says);
    assert_eq!((of_both.size, of_both.fit), ([64, 96], Fit::Exact([73, 109])));
    assert_eq!(
        (of_both.mean, of_both.interpolation),
        (vec![0.485, 0.456, 0.406], Interpolation::Bicubic)
    );
    let top = recipe(config(r#"{"architecture": "resnet18", "mean": [0.5, 0.5, 0.5]}"#));
    assert_eq!((top.mean, top.fit), (vec![0.5; 3], Fit::Shorter(256)));
}

#[test]
fn transformers_words_are_understood() {
    let text = r#"{"downsample_in_first_stage": false, "downsample_in_bottleneck": true,
        "id2label": {"0": "tench, Tinca tinca", "1": "goldfish"}, "problem_type": "multi_label_classification"}"#;
    let says = config(text);
    assert_eq!(says.strides, Some((true, false)));
    assert_eq!(says.labels.unwrap()[0].name, "tench, Tinca tinca");
    assert_eq!(says.problem_type.as_deref(), Some("multi_label_classification"));
    assert_eq!(config(r#"{"model_type": "resnet"}"#).strides, Some((false, false)));

    let of_resnet = r#"{"feature_extractor_type": "ConvNextFeatureExtractor", "crop_pct": 0.875, "size": 224, "resample": 3,
        "image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225]}"#;
    let says = processor(of_resnet);
    assert_eq!(says.notes, [""; 0]);
    let of_resnet = recipe(says);
    assert_eq!(
        (of_resnet.size, of_resnet.fit, of_resnet.crop),
        ([224; 2], Fit::Shorter(256), Crop::Down)
    );
    assert_eq!(of_resnet.interpolation, Interpolation::Bicubic);

    let large = r#"{"image_processor_type": "ConvNextImageProcessorFast", "size": {"shortest_edge": 384}, "resample": 1}"#;
    let large = recipe(processor(large));
    assert_eq!((large.fit, large.interpolation), (Fit::Exact([384; 2]), Interpolation::Lanczos));
    let unnamed =
        processor(r#"{"size": {"shortest_edge": 256}, "crop_size": 224, "do_center_crop": true}"#);
    assert!(unnamed.notes[0].contains("read as BitImageProcessor"), "{:?}", unnamed.notes);
    assert_eq!(recipe(unnamed).fit, Fit::Shorter(256));
}

#[test]
fn what_scales_or_keeps_the_photo() {
    let bit = |fields: &str| {
        let text = format!("{{\"image_processor_type\": \"BitImageProcessor\", {fields}}}");
        recipe(processor(&text))
    };
    let whole = bit(r#""do_resize": false, "do_center_crop": false"#);
    assert_eq!((whole.fit, whole.crop, whole.size), (Fit::Photo, Crop::None, [224; 2]));
    assert_eq!(whole.describe(), "the photo's own size");
    let within =
        bit(r#""size": {"shortest_edge": 200, "longest_edge": 300}, "do_center_crop": false"#);
    assert_eq!((within.fit, within.crop), (Fit::ShorterWithin(200, 300), Crop::None));
    let inside = bit(r#""size": {"max_height": 100, "max_width": 200}, "crop_size": [64, 32]"#);
    assert_eq!((inside.fit, inside.size), (Fit::Inside([100, 200]), [64, 32]));
    assert_eq!(inside.describe(), "scaled to fit into 100x200, crop 64x32, bicubic");
    // Pixels in -1..1, and in 0..255: as mean and deviation of pixels in 0..1.
    let centered = bit(r#""rescale_factor": 0.00784313725490196, "image_mean": 1, "image_std": 1"#);
    assert_eq!((centered.mean, centered.std), (vec![0.5; 3], vec![0.5; 3]));
    let raw = bit(r#""do_rescale": false, "do_normalize": false"#);
    assert_eq!((raw.mean, raw.std), (vec![0.0; 3], vec![1.0 / 255.0; 3]));
}

#[test]
fn what_computes_something_else_is_refused_by_name() {
    for (text, words) in [
        (r#"{"architecture": "resnetaa50"}"#, ["resnetaa50", "anti-aliased"]),
        (
            r#"{"pretrained_cfg": {"architecture": "resnet50d.a1_in1k"}}"#,
            ["resnet50d", "deep stem"],
        ),
        (r#"{"architecture": "resnet50_gn"}"#, ["resnet50_gn", "group norm"]),
        (r#"{"architecture": "resnetv2_50x1_bit"}"#, ["resnetv2_50x1_bit", "another kind"]),
        (
            r#"{"architecture": "resnet18", "model_args": {"global_pool": "max"}}"#,
            ["global_pool", "\"max\""],
        ),
        (
            r#"{"architecture": "resnet18", "model_args": {"output_stride": 4}}"#,
            ["output_stride", "8, 16 or 32"],
        ),
        (
            r#"{"architecture": "resnet18", "model_args": {"act_layer": "silu"}}"#,
            ["act_layer", "silu"],
        ),
        (
            r#"{"architecture": "resnet18", "model_args": {"block_args": {"attn_layer": "se"}}}"#,
            ["block_args", "attention"],
        ),
        (r#"{"pretrained_cfg": {"label_offset": 1}}"#, ["label_offset", "first outputs"]),
        (r#"{"model_type": "resnet", "hidden_act": "gelu"}"#, ["hidden_act", "gelu"]),
        (r#"{"downsample_in_bottleneck": "yes"}"#, ["downsample_in_bottleneck", "true or false"]),
        (r#"{"batch_norm_eps": 0}"#, ["batch_norm_eps", "between"]),
    ] {
        let why = config(text).refused.unwrap_or_default();
        assert!(words.iter().all(|word| why.contains(word)), "{text}: {why:?}");
    }
    let plain = r#"{"architecture": "resnet18", "model_args": {"global_pool": "avg", "output_stride": 8, "drop_rate": 0.2,
        "aa_layer": null, "norm_layer": "BatchNorm2d", "block_args": {"attn_layer": null}, "down_kernel_size": 1.0}}"#;
    let says = config(plain);
    assert_eq!((says.refused, says.output_stride, says.notes), (None, Some(8), vec![]));
}

#[test]
fn what_photos_need_is_refused_by_name() {
    for (text, words) in [
        (
            r#"{"image_processor_type": "PerceiverImageProcessor"}"#,
            ["PerceiverImageProcessor", "supported"],
        ),
        (
            r#"{"image_processor_type": "ViTImageProcessor", "size": {"longest_edge": 9}}"#,
            ["size is", "shortest_edge"],
        ),
        (r#"{"image_processor_type": "ViTImageProcessor", "size": 100000}"#, ["100000 px", "8192"]),
        (r#"{"image_processor_type": "ViTImageProcessor", "size": 0}"#, ["0 px", "8192"]),
        (
            r#"{"image_processor_type": "ViTImageProcessor", "resample": 6}"#,
            ["resample is 6", "0 to 5"],
        ),
        (
            r#"{"image_processor_type": "ViTImageProcessor", "image_std": 0}"#,
            ["standard deviation", "range"],
        ),
        (
            r#"{"image_processor_type": "ViTImageProcessor", "image_mean": [1, 2]}"#,
            ["2 values", "3 channels"],
        ),
        (
            r#"{"image_processor_type": "ViTImageProcessor", "do_resize": "no"}"#,
            ["do_resize", "true or false"],
        ),
        (
            r#"{"image_processor_type": "ViTImageProcessor", "do_grayscale": true}"#,
            ["do_grayscale", "gray"],
        ),
        (
            r#"{"image_processor_type": "ViTImageProcessor", "rescale_factor": 1e-300}"#,
            ["rescale_factor", "above 0"],
        ),
        (
            r#"{"image_processor_type": "ViTImageProcessor", "do_pad": true, "pad_size": 9}"#,
            ["pad_size", "padding"],
        ),
        (
            r#"{"image_processor_type": "ConvNextImageProcessor", "size": {"height": 9, "width": 9}}"#,
            ["size", "this class"],
        ),
    ] {
        let why = refused(processor(text));
        assert!(why.starts_with("preprocessor_config.json: "), "{text}: {why:?}");
        assert!(words.iter().all(|word| why.contains(word)), "{text}: {why:?}");
    }
    for (text, words) in [
        (r#"{"pretrained_cfg": {"interpolation": "random"}}"#, ["interpolation", "lanczos"]),
        (
            r#"{"pretrained_cfg": {"input_size": [224, 224]}}"#,
            ["input_size", "channels, height and width"],
        ),
        (r#"{"pretrained_cfg": {"crop_pct": -1}}"#, ["crop_pct", "0.001"]),
        (r#"{"pretrained_cfg": {"std": [1e-45, 1, 1]}}"#, ["standard deviation", "range"]),
        (r#"{"pretrained_cfg": {"mean": ["a"]}}"#, ["mean", "numbers"]),
    ] {
        let why = refused(config(text));
        assert!(words.iter().all(|word| why.contains(word)), "{text}: {why:?}");
    }
    // The command line says all that the file would.
    let (size, mean, std) = (Some([9, 9]), Some(vec![0.0]), Some(vec![1.0]));
    let overrides = Overrides { size, mean, std, crop: None };
    let says = processor(r#"{"image_processor_type": "PerceiverImageProcessor"}"#);
    assert_eq!(Recipe::choose([224; 2], 3, says.recipe, &overrides).refused, None);
}

#[test]
fn what_is_not_followed_is_noted() {
    for (text, note) in [
        (
            r#"{"foo": 1, "bar": {}, "baz": null, "license": "mit"}"#,
            "config.json: unknown fields bar, foo: not used",
        ),
        (
            r#"{"architecture": "resnet18", "model_args": {"foo": 1}}"#,
            "config.json: unknown field model_args.foo: not used",
        ),
        (
            r#"{"model_type": "vit", "hidden_act": "gelu"}"#,
            "config.json says vit, not resnet: only its labels and problem_type are used",
        ),
        (
            r#"{"architecture": "resnet18", "global_pool": "max"}"#,
            "config.json: global_pool is \"max\": timm does not read it here, only in model_args: average pooling",
        ),
        (
            r#"{"depths": "many"}"#,
            "config.json: depths is \"many\": expected a list of integers: not compared",
        ),
        (r#"{"problem_type": 1}"#, "config.json: problem_type is 1: expected a string: not used"),
        (r#"["resnet18"]"#, "config.json is [\"resnet18\"], not an object: not used"),
        (
            r#"{"id2label": {"1": "dog"}}"#,
            "id2label in config.json has 1 classes, but none with the index 0: not used",
        ),
    ] {
        assert_eq!(config(text).notes, [note], "{text}");
        assert_eq!(config(text).refused, None, "{text}");
    }
    let unread = r#"{"image_processor_type": "BitImageProcessor", "crop_pct": 0.9, "odd": [1]}"#;
    assert_eq!(
        processor(unread).notes,
        [
            "preprocessor_config.json: BitImageProcessor does not read crop_pct: not used",
            "preprocessor_config.json: unknown field odd: not used",
        ]
    );
    let many: String = (0..12).map(|i| format!("\"f{i:02}\": 1,")).collect();
    let note = &config(&format!("{{{many} \"f99\": 1}}")).notes[0];
    assert!(note.ends_with("f07 and 5 others: not used"), "{note}");
}

#[test]
fn labels_that_only_count_say_nothing() {
    let text = r#"{"id2label": {"0": "LABEL_0", "1": "LABEL_1"}}"#;
    assert_eq!(config(text), RepoConfig::default());
    assert_eq!(RepoConfig::parse(None, None).unwrap(), RepoConfig::default());
}

#[test]
fn files_are_read_from_their_folder() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(RepoConfig::read(folder.path()).unwrap(), RepoConfig::default());
    let write = |text: &str| std::fs::write(folder.path().join("config.json"), text).unwrap();
    write("\u{feff}{\"downsample_in_bottleneck\": true}");
    assert_eq!(RepoConfig::read(folder.path()).unwrap().strides, Some((true, false)));
    for broken in ["{", "{\"a\": NaN}", &"[".repeat(100_000)] {
        write(broken);
        let error = RepoConfig::read(folder.path()).unwrap_err().to_string();
        let path = folder.path().join("config.json");
        assert!(error.starts_with(&*path.to_string_lossy()), "{error}");
        assert!(error.contains("is broken JSON"), "{error}");
    }
}
