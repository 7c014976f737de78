//! `predict`: classes, accuracy, and what happens to photos that fail.

use crate::bench::{Bench, photo};

#[test]
fn the_top_classes_come_in_order() {
    let bench = Bench::new();
    let found = bench.on("basic", &["predict", &photo(), "--top", "3", "--json"]).json();
    assert_eq!(found["photos"][0]["path"], photo().as_str());
    let top = found["photos"][0]["top"].as_array().unwrap();
    let probability = |i: usize| top[i]["probability"].as_f64().unwrap();
    assert_eq!(top.len(), 3);
    assert!(probability(0) >= probability(1) && probability(1) >= probability(2));
    let index = &top[0]["index"];
    assert_eq!(top[0]["label"], format!("class {index}").as_str());
    assert!(found.get("accuracy").is_none(), "{found}");
    let all = bench.on("basic", &["predict", &photo(), "--top", "99", "--json"]).json();
    let all = all["photos"][0]["top"].as_array().unwrap().clone();
    let sum: f64 = all.iter().map(|guess| guess["probability"].as_f64().unwrap()).sum();
    assert!(all.len() == 10 && (sum - 1.0).abs() < 1e-5, "{sum}");
    let text = bench.on("basic", &["predict", &photo()]).ok().out;
    assert_eq!(text.lines().count(), 6, "{text}");
}

#[test]
fn class_folders_give_an_accuracy() {
    let bench = Bench::new();
    let found = bench.on("basic", &["predict", &photo(), "--top", "1", "--json"]).json();
    let right = found["photos"][0]["top"][0]["index"].as_u64().unwrap();
    let wrong = (right + 1) % 10;
    bench.put_photo(&format!("val/{right}/a.png"));
    bench.put_photo(&format!("val/class_{right}/b.png"));
    bench.put_photo(&format!("val/Class {right}/c.png"));
    bench.put_photo(&format!("val/{wrong}/d.png"));
    let found = bench.on("basic", &["predict", "val", "--json"]).json();
    assert_eq!((found["photos"].as_array().unwrap().len(), &found["accuracy"]), (4, &0.75.into()));

    bench.put_photo("val/elsewhere/e.png");
    let text = bench.on("basic", &["predict", "val", "--top", "1"]);
    assert_eq!(text.code, 0);
    assert!(
        text.out.contains("top 1  75.00 %  3 of 4") && text.out.contains("top 5"),
        "{}",
        text.out
    );
    assert!(text.err.contains("1 photo not scored"), "{}", text.err);
}

#[test]
fn wordnet_ids_name_the_builtin_networks_classes() {
    let bench = Bench::new();
    for folder in ["n01440764", "tench", "0"] {
        bench.put_photo(&format!("{folder}/{folder}/a.png"));
        let found = bench.run(&["predict", folder, "--json"]).json();
        assert!(found["accuracy"].is_number(), "{folder}: {found}");
    }
}

#[test]
fn a_broken_photo_does_not_stop_the_others() {
    let bench = Bench::new();
    bench.put_photo("some/a.png");
    bench.put_photo("some/c.png");
    std::fs::write(bench.path("some/b.png"), b"\x89PNG\r\n\x1a\nbroken").unwrap();
    for command in ["predict", "stats"] {
        let ran = bench.on("basic", &[command, "some", "--json"]);
        assert_eq!(ran.code, 1);
        assert!(serde_json::from_str::<serde_json::Value>(&ran.out).is_ok(), "{}", ran.out);
        assert!(
            ran.err.contains("some/b.png: ") && ran.err.contains("1 of 3 photos"),
            "{}",
            ran.err
        );
    }
    bench.on("basic", &["predict", "some/b.png", "--json"]).refused(1, "some/b.png: ");
}

#[cfg(unix)]
#[test]
fn hostile_file_names_are_harmless() {
    let bench = Bench::new();
    let name = "a\u{1b}[2J\u{9b}31m\n.png";
    bench.put_photo(name);
    std::fs::write(bench.path("x\u{1b}]0;y\u{7}.png"), "no picture").unwrap();
    let safe = |text: &str| text.chars().all(|c| !c.is_control() || c == '\n');
    for line in [&["predict", name][..], &["predict", name, "--json"], &["predict", "."]] {
        let ran = bench.on("basic", line);
        assert!(safe(&ran.out) && safe(&ran.err), "{:?} {:?}", ran.out, ran.err);
    }
    let found = bench.on("basic", &["predict", name, "--json"]).json();
    assert_eq!(found["photos"][0]["path"], name);
    let ran = bench.run(&["layers", "--m\u{1b}[2J", "x"]);
    assert!(ran.code == 2 && safe(&ran.err), "{:?}", ran.err);
}
