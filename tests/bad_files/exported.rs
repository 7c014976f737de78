//! Programs of torch.export that lie, are cut off, or ask for something that is not read.

use std::collections::HashMap;

use candle_core::Tensor;
use convscope::base::Random;
use convscope::import::pt2;
use convscope::model::{Graph, ModelError};
use convscope::source::Checkpoint;

fn file(name: &str) -> Vec<u8> {
    let path = format!("{}/tests/fixtures/exported/{name}.pt2", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(path).unwrap()
}

fn read(name: &str) -> (String, HashMap<String, Tensor>) {
    let checkpoint = Checkpoint::parse(file(name), name).unwrap();
    let program = checkpoint.program.clone().unwrap();
    let listing = checkpoint.listing();
    let names = pt2::tensors(&program).unwrap();
    let float = names.iter().map(String::as_str).filter(|name| listing[*name].float);
    (program, checkpoint.load(float).unwrap().tensors)
}

fn says(result: Result<Graph, ModelError>, words: &[&str]) {
    let text = result.map(|graph| graph.nodes.len()).unwrap_err().to_string();
    for word in words {
        assert!(text.contains(word), "{text:?} does not say {word:?}");
    }
    assert!(!text.contains('\n') && text.len() < 400, "{text}");
}

#[test]
fn what_a_program_says_and_is_not_read_is_one_sentence() {
    let (program, tensors) = read("heads");
    let with = |old: &str, new: &str| {
        assert!(program.contains(old), "{old}");
        pt2::build(&program.replace(old, new), &tensors)
    };
    says(with("\"major\":8", "\"major\":9"), &["the schema 9.", "8.x is read"]);
    says(
        with("aten.max_pool2d.default", "aten.fft_fft2.default"),
        &["down", "aten.fft_fft2", "not supported"],
    );
    says(with("aten.conv_transpose2d.input", "higher_order.cond"), &["up", "higher_order.cond"]);
    // A value that nobody makes, and one that is made of itself.
    says(
        with(
            "\"self\",\"arg\":{\"as_tensor\":{\"name\":\"conv2d\"}}",
            "\"self\",\"arg\":{\"as_tensor\":{\"name\":\"nobody\"}}",
        ),
        &["relu"],
    );
    says(pt2::build("{}", &tensors), &["cannot be read"]);
    says(pt2::build(&"[".repeat(100_000), &tensors), &["cannot be read"]);
    says(pt2::build(&program, &HashMap::new()), &["conv.weight is missing"]);
    let wide = program.replace("{\"as_int\":24}", "{\"as_int\":9007199254740993}");
    says(pt2::build(&wide, &tensors), &["pictures [N, C, H, W]"]);
    let flat = program.replace(
        "\"sizes\":[{\"as_int\":1},{\"as_int\":3},{\"as_int\":24},{\"as_int\":16}]",
        "\"sizes\":[{\"as_int\":72}]",
    );
    says(pt2::build(&flat, &tensors), &["pictures [N, C, H, W]"]);
}

#[test]
fn numbers_that_do_not_fit_are_refused_and_never_a_panic() {
    for name in ["heads", "blocks", "small", "heads_core"] {
        let (program, tensors) = read(name);
        let mut random = Random::new(5);
        let digits: Vec<usize> = program
            .bytes()
            .enumerate()
            .filter(|(_, b)| b.is_ascii_digit())
            .map(|(i, _)| i)
            .collect();
        for _ in 0..400 {
            let mut bytes = program.clone().into_bytes();
            for _ in 0..=random.below(3) {
                let at = digits[random.below(digits.len())];
                bytes[at] = b'0' + random.below(10) as u8;
            }
            let text = String::from_utf8(bytes).unwrap();
            if let Err(why) = pt2::build(&text, &tensors) {
                assert!(!why.to_string().contains('\n'), "{why}");
            }
        }
        // Any byte, in names, brackets and numbers alike.
        for _ in 0..400 {
            let mut bytes = program.clone().into_bytes();
            let at = random.below(bytes.len());
            bytes[at] = b" {}[],:\"0x-"[random.below(11)];
            let text = String::from_utf8(bytes).unwrap();
            let _ = pt2::build(&text, &tensors);
        }
    }
}

#[test]
fn archives_that_are_cut_off_or_changed_are_refused_and_never_a_panic() {
    let whole = file("heads");
    let mut random = Random::new(6);
    for _ in 0..300 {
        let mut bytes = whole.clone();
        match random.below(3) {
            0 => bytes.truncate(random.below(whole.len())),
            _ => {
                for _ in 0..4 {
                    let at = random.below(bytes.len());
                    bytes[at] = random.below(256) as u8;
                }
            }
        }
        let Ok(checkpoint) = Checkpoint::parse(bytes, "changed") else { continue };
        let (Some(program), listing) = (&checkpoint.program, checkpoint.listing()) else {
            continue;
        };
        let Ok(names) = pt2::tensors(program) else { continue };
        let float = names.iter().map(String::as_str);
        let float = float.filter(|name| listing.get(*name).is_some_and(|info| info.float));
        if let Ok(loaded) = checkpoint.load(float) {
            let _ = pt2::build(program, &loaded.tensors);
        }
    }
}

/// More calls than any network has, of which each is small.
#[test]
fn a_program_without_end_is_refused() {
    let (program, tensors) = read("heads");
    let start = program.find("{\"target\":").unwrap();
    let end = program[start + 1..].find("{\"target\":").unwrap() + start + 1;
    let call = program[start..end].repeat(100_001);
    let with = |calls: &str| format!("{}{calls}{}", &program[..start], &program[start..]);
    says(pt2::build(&with(&call), &tensors), &["MiB of text, which is not read"]);
    let small = r#"{"target":"a"},"#.repeat(100_001);
    says(pt2::build(&with(&small), &tensors), &["more than 100000 calls"]);
}
