//! `config.json` and `preprocessor_config.json`, mutated with fixed seeds: no panic, and no input that is not finite.

use convscope::base::Random;
use convscope::source::{Fit, Overrides, Photo, Recipe, RepoConfig, prepare};
use serde_json::{Value, json};

/// Values that a field may be surprised by.
fn odd(random: &mut Random) -> Value {
    let odd = [
        json!(null),
        json!(true),
        json!(-1),
        json!(0),
        json!(1e308),
        json!(5e-324),
        json!(0.3),
        json!(7),
        json!(8193),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(""),
        json!("\u{1b}[2J\n\u{202e}"),
        json!("x".repeat(5000)),
        json!([]),
        json!([1, "a", null]),
        json!([3, 0, 9]),
        json!({}),
        json!({"height": 0, "width": 9}),
        json!({"shortest_edge": 3, "longest_edge": 1}),
        json!({"max_height": 5, "max_width": 1e9}),
    ];
    odd[random.below(odd.len())].clone()
}

/// Replaces, adds or removes one field, at any depth.
fn mutate(value: &mut Value, random: &mut Random) {
    let Some(fields) = value.as_object_mut() else { return };
    let names: Vec<String> = fields.keys().cloned().collect();
    let Some(name) = names.get(random.below(names.len().max(1))) else { return };
    match random.below(6) {
        0 => drop(fields.remove(name)),
        1 => drop(fields.insert(format!("{name}\u{7}"), odd(random))),
        2 | 3 if fields[name].is_object() => mutate(&mut fields[name], random),
        _ => drop(fields.insert(name.clone(), odd(random))),
    }
}

/// What the files lead to: a sentence, or an input of finite numbers.
fn follow(config: &str, preprocessor: &str, photo: &Photo) {
    let Ok(says) = RepoConfig::parse(Some(config), Some(preprocessor)) else { return };
    let sentences = says.notes.iter().chain(&says.refused);
    for sentence in sentences {
        assert!(!sentence.contains(char::is_control) && sentence.len() < 2000, "{sentence:?}");
    }
    for channels in [1, 3] {
        let recipe = Recipe::choose([224; 2], channels, says.recipe.clone(), &Overrides::default());
        let small = |side: usize| (1..=40).contains(&side);
        let quick = match recipe.fit {
            Fit::Shorter(side) | Fit::ShorterWithin(side, _) => small(side),
            Fit::Inside(to) | Fit::Exact(to) | Fit::KeepRatio { to, .. } => {
                to.into_iter().all(small)
            }
            Fit::Photo | Fit::Cover | Fit::Warp => true,
        };
        if !quick || !recipe.size.into_iter().all(small) {
            continue;
        }
        match prepare(photo, &recipe, channels, "a.png") {
            Ok(prepared) => assert!(prepared.input.data.iter().all(|value| value.is_finite())),
            Err(error) => assert!(recipe.refused.is_some(), "{error}"),
        }
    }
}

#[test]
fn mutated_files_give_a_sentence_or_finite_numbers() {
    let timm = json!({
        "architecture": "resnet18", "num_classes": 5, "global_pool": "avg", "model_args": {"output_stride": 16, "layers": [1, 1, 1, 1]},
        "pretrained_cfg": {"input_size": [3, 12, 14], "crop_pct": 0.9, "crop_mode": "border", "interpolation": "bicubic",
            "mean": [0.5, 0.4, 0.3], "std": [0.2, 0.2, 0.2], "label_names": ["a", "b"], "num_classes": 5}});
    let resnet = json!({
        "model_type": "resnet", "depths": [1, 1, 1, 1], "hidden_act": "relu", "id2label": {"0": "a", "1": "b"},
        "downsample_in_bottleneck": false, "problem_type": "regression", "batch_norm_eps": 1e-5});
    let processor = json!({
        "image_processor_type": "BitImageProcessor", "size": {"shortest_edge": 14}, "crop_size": {"height": 12, "width": 13},
        "do_center_crop": true, "resample": 3, "rescale_factor": 0.004, "image_mean": [0.5, 0.5, 0.5], "image_std": 0.5,
        "do_resize": true, "do_rescale": true, "do_normalize": true, "crop_pct": 0.9, "do_pad": false});
    let photo = Photo {
        width: 9,
        height: 7,
        rgb: (0..9 * 7 * 3).map(|i| i as u8).collect(),
        hash: 0,
        notes: Vec::new(),
    };
    let mut random = Random::new(12);
    for round in 0..2000 {
        let mut config = if round % 2 == 0 { timm.clone() } else { resnet.clone() };
        let mut preprocessor = processor.clone();
        for _ in 0..=random.below(4) {
            mutate(&mut config, &mut random);
            mutate(&mut preprocessor, &mut random);
        }
        follow(&config.to_string(), &preprocessor.to_string(), &photo);
    }
    for text in [timm, resnet, processor].map(|value| value.to_string()) {
        for _ in 0..700 {
            let mut bytes = text.clone().into_bytes();
            for _ in 0..=random.below(3) {
                let at = random.below(bytes.len());
                match random.below(3) {
                    0 => bytes[at] = random.below(256) as u8,
                    1 => bytes.truncate(at.max(1)),
                    _ => bytes.insert(at, b"\"{[0-e,:"[random.below(8)]),
                }
            }
            let mutated = String::from_utf8_lossy(&bytes);
            follow(&mutated, &mutated, &photo);
        }
    }
}
