//! Photos that come in numbers, through stdin, and as names of files.

use std::fs;

use assert_cmd::Command;

use crate::bench::{Bench, PHOTO, network_path, photo, photo_path};

/// Runs the program with a photo on stdin.
fn piped(line: &[&str], bytes: &[u8]) -> std::process::Output {
    let bench = Bench::new();
    let mut command = Command::new(env!("CARGO_BIN_EXE_convscope"));
    command.current_dir(bench.0.path()).env("HOME", bench.0.path());
    command.env("CONVSCOPE_CONFIG_DIR", bench.path("settings"));
    command.args(line).arg("--model").arg(network_path("basic")).args(["--size", "33x41"]);
    command.write_stdin(bytes).output().unwrap()
}

#[test]
fn a_photo_may_come_through_stdin() {
    let (bench, photo) = (Bench::new(), photo());
    let bytes = fs::read(photo_path(PHOTO)).unwrap();
    for line in [
        &["predict", "P", "--json"][..],
        &["stats", "P", "--json", "--layer", "fc"],
        &["maps", "P", "--layer", "layer2", "-o", "-"],
        &["export", "P", "--layers", "fc", "-o", "-"],
        &["explain", "P", "-o", "-"],
        &["invert", "P", "--layer", "layer1", "--iterations", "1", "-o", "-"],
        &["dream", "P", "--layer", "layer1", "--iterations", "1", "-o", "-"],
    ] {
        let with = |name: &'static str| {
            line.iter().map(move |word| if *word == "P" { name } else { word })
        };
        let named: Vec<&str> =
            line.iter().map(|word| if *word == "P" { photo.as_str() } else { word }).collect();
        let through = piped(&with("-").collect::<Vec<_>>(), &bytes);
        assert!(through.status.success(), "{line:?}: {}", String::from_utf8_lossy(&through.stderr));
        let file = bench.on("basic", &named).ok();
        if line.contains(&"--json") {
            let text = String::from_utf8(through.stdout).unwrap();
            assert_eq!(text.replace("\"-\"", &format!("\"{photo}\"")), file.out, "{line:?}");
        } else {
            assert_eq!(through.stdout, file.bytes, "{line:?}");
        }
    }
}

#[test]
fn an_input_tensor_may_come_through_stdin() {
    let bench = Bench::new();
    let dream = ["dream", "--class", "1", "--iterations", "1", "-o", "a.npy"];
    bench.on("basic", &dream).ok();
    let through = piped(&["explain", "-", "-o", "-"], &fs::read(bench.path("a.npy")).unwrap());
    let file = bench.on("basic", &["explain", "a.npy", "-o", "-"]).ok();
    assert!(!file.bytes.is_empty() && through.stdout == file.bytes);
}

#[test]
fn what_is_not_a_photo_on_stdin_is_refused() {
    for (bytes, words) in [(&b""[..], "stdin is empty"), (b"no photo", "stdin: is a text file")] {
        let ran = piped(&["predict", "-"], bytes);
        let said = String::from_utf8_lossy(&ran.stderr).into_owned();
        assert_eq!(ran.status.code(), Some(1), "{said}");
        assert!(said.starts_with("convscope: ") && said.contains(words), "{said}");
    }
}

#[test]
fn a_folder_gets_a_file_per_photo() {
    let bench = Bench::new();
    bench.put_photo("in/a.png");
    bench.put_photo("in/cats/a.png");
    fs::write(bench.path("in/broken.png"), "no photo").unwrap();
    let ran = bench.on("basic", &["explain", "in", "-o", "out/"]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert!(ran.err.contains("wrote 2 files into out/\n"), "{}", ran.err);
    assert!(ran.err.contains("1 of 3 photos could not be used"), "{}", ran.err);
    for name in ["out/a.png", "out/cats/a.png"] {
        let picture = image::open(bench.path(name)).unwrap();
        assert_eq!((picture.width(), picture.height()), (41, 33));
    }
    assert!(!bench.path("out/broken.png").exists());
    // A folder that exists needs no slash, and values may go there too, under the names of the photos.
    let line = ["explain", "in/a.png", "in/cats/a.png", "--format", "npy", "-o", "out"];
    bench.on("basic", &line).refused(2, "in/a.png and in/cats/a.png would both be written to");
    let line = ["explain", "in/a.png", "--format", "npy", "--raw", "-o", "out"];
    bench.on("basic", &line).ok();
    assert!(bench.path("out/a.npy").is_file());
}

#[test]
fn files_of_several_photos_never_take_the_place_of_others() {
    let bench = Bench::new();
    bench.put_photo("a.png");
    bench.put_photo("b.png");
    let before = fs::read(bench.path("a.png")).unwrap();
    let on = |line: &[&str]| bench.on("basic", line);
    on(&["explain", "a.png", "b.png", "-o", "c.png"]).refused(2, "c.png/ for a new one");
    on(&["explain", "a.png", "b.png", "-o", "."]).refused(1, "is an input of this command");
    assert_eq!(fs::read(bench.path("a.png")).unwrap(), before);
    on(&["explain", "a.png", "b.png", "-o", "out/"]).ok();
    on(&["explain", "a.png", "-o", "out/", "--no-clobber"]).refused(1, "already exists");
}

#[test]
fn without_a_terminal_there_are_words_alone() {
    let (bench, photo) = (Bench::new(), photo());
    let few = ["--iterations", "1"];
    for line in [
        &["explain", &photo][..],
        &["explain", &photo, "--layer", "layer2", "--channel", "3"],
        &["maps", &photo, "--layer", "layer2"],
        &["kernels", "--layer", "conv1"],
        &[&["invert", &photo, "--layer", "layer2"][..], &few].concat(),
        &[&["dream", "--class", "1"][..], &few].concat(),
    ] {
        let ran = bench.on("basic", line);
        assert_eq!(ran.code, 0, "{}", ran.err);
        assert!(!ran.out.is_empty() && !ran.out.contains('\u{1b}'), "{line:?}: {}", ran.out);
        let printed = bench.on("basic", &[line, &["--print"]].concat());
        assert!(printed.out.contains('\u{1b}'), "{line:?}: {}", printed.out);
    }
    let said = bench.on("basic", &["explain", &photo, "--layer", "layer2", "--channel", "3"]).err;
    assert!(said.contains("note: the method is guided-backprop"), "{said}");
}
