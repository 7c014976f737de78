//! Every view can be said as a command: what is copied is run, and shows the same.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use convscope::base::{Cancel, Choice, Colormap, Progress, RangeMode};
use convscope::picture::Picture;
use convscope::session::ask::{ModelRef, PhotoRef, Seen, Slice, request};

use crate::open;
use crate::support::Explorer;

/// Runs a line in a shell, where `convscope` is the program and nothing of the user's is read.
fn shell(line: &str, folder: &Path) -> Output {
    let program = Path::new(env!("CARGO_BIN_EXE_convscope"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders =
        [program.parent().unwrap().to_path_buf()].into_iter().chain(std::env::split_paths(&path));
    Command::new("sh")
        .args(["-c", line])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("PATH", std::env::join_paths(folders).unwrap())
        .env("CONVSCOPE_CONFIG_DIR", folder.join("settings"))
        .env("XDG_STATE_HOME", folder)
        .output()
        .unwrap()
}

fn copied(explorer: &mut Explorer) -> String {
    explorer.press("y");
    explorer.copied.last().expect("a line").clone()
}

/// What the session shows for it.
fn sheet(explorer: &Explorer, seen: Seen) -> Picture {
    let request = request::Sheet { seen, scale: None };
    let sheet = explorer.session.ask(&request, &Cancel::new(), &mut Progress::none());
    sheet.unwrap().as_ref().clone()
}

/// What the command writes.
#[track_caller]
fn drawn(line: &str) -> Picture {
    let folder = tempfile::tempdir().unwrap();
    let file: PathBuf = folder.path().join("seen.png");
    let output = shell(&format!("{line} -o {}", file.display()), folder.path());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{line}: {said}");
    assert!(!output.stdout.is_empty(), "{line}: it also prints");
    let image = image::open(&file).unwrap().to_rgb8();
    let (width, height) = (image.width() as usize, image.height() as usize);
    Picture { width, height, rgb: image.pixels().map(|pixel| pixel.0).collect() }
}

#[track_caller]
fn says_the_same(explorer: &mut Explorer) -> String {
    let line = copied(explorer);
    let seen = explorer.state.view().seen(&explorer.state).expect("a picture");
    assert!(drawn(&line) == sheet(explorer, seen), "{line}: another picture");
    line
}

#[test]
fn maps_are_said() {
    let mut explorer = open();
    for (keys, words) in [
        ("", "--layer relu"),
        ("2 l l", "--channels 0 "),
        ("1 s", "--channels "),
        ("r", "--range layer"),
        ("c", "--colormap magma"),
        ("a", "--combine sum"),
        ("2 o", "--overlay"),
        ("1 a a a a o } } n", "rocket.jpg"),
        // Before a ReLU, in the colors of signed values.
        ("[ [ C", "--colormap jet"),
        // A layer with nothing to sort by norm.
        ("} } } } s s s s", "--layer fc"),
    ] {
        explorer.press(keys);
        let line = says_the_same(&mut explorer);
        assert!(line.contains(words), "{line:?} does not say {words:?}");
        assert_eq!(line.lines().count(), 1);
    }
}

#[test]
fn every_color_map_is_said() {
    let mut explorer = open();
    explorer.press("2");
    for layer in ["relu", "conv1"] {
        explorer.press("/").type_text(layer).press("Enter");
        let first = explorer.state.display.look;
        let mut seen = 0;
        for _ in 0..12 {
            says_the_same(&mut explorer);
            explorer.press("c");
            seen += 1;
            if explorer.state.display.look == first {
                break;
            }
        }
        // Diverging ones are for signed values.
        let signed = explorer.state.is_signed();
        let maps = Colormap::ALL.iter().filter(|map| signed || !map.is_diverging());
        assert_eq!((explorer.state.display.look, seen), (first, maps.count()), "all of them");
    }
    explorer
        .press("/")
        .type_text("relu")
        .press("Enter :")
        .type_text("colormap rdbu")
        .press("Enter");
    let message = explorer.state.message.clone().unwrap();
    assert!(message.error && message.text.contains("rdbu is a diverging"), "{message:?}");
}

#[test]
fn what_the_settings_have_is_not_said() {
    let mut explorer = open();
    explorer.state.setup.usual_look.range = RangeMode::Layer;
    explorer.state.setup.usual_look.colormap = Colormap::Magma;
    explorer.press("2");
    assert!(copied(&mut explorer).ends_with("--print --colormap viridis --range map"));
    explorer.press("r c");
    assert!(copied(&mut explorer).ends_with("--print"));
    explorer.state.setup.flags.run = vec!["--size".into(), "64x64".into()];
    assert!(copied(&mut explorer).ends_with("--print --size 64x64"));
}

#[test]
fn kernels_are_said() {
    let mut explorer = open();
    explorer.press("3");
    for keys in ["", "s", "s s s", "S S S S", "] ]", "r"] {
        explorer.press(keys);
        let line = says_the_same(&mut explorer);
        assert!(line.starts_with("convscope kernels --layer "), "{line}");
    }
    explorer.press(":").type_text("slice 7").press("Enter");
    assert!(says_the_same(&mut explorer).contains("--slice 7"));
    // All inputs of a kernel are no command; the chosen one of them is.
    explorer.press("l l Enter l");
    let line = copied(&mut explorer);
    let Some(Seen::Kernels { network, layer, look, .. }) =
        explorer.state.view().seen(&explorer.state)
    else {
        panic!("no kernels")
    };
    let kernels = vec![(2, Slice::Input(8))];
    assert_eq!((explorer.state.cursor.channel, explorer.state.cursor.slice), (2, 8));
    assert!(drawn(&line) == sheet(&explorer, Seen::Kernels { network, layer, kernels, look }));
}

#[test]
fn depth_is_said_as_the_statistics() {
    let mut explorer = open();
    explorer.press("4");
    let line = copied(&mut explorer);
    let folder = tempfile::tempdir().unwrap();
    let output = shell(&line, folder.path());
    assert!(output.status.success(), "{line}");
    let text = String::from_utf8(output.stdout).unwrap();
    for info in explorer.state.layers() {
        assert!(text.contains(&info.name), "{} is not in\n{text}", info.name);
    }
}

#[test]
fn networks_and_photos_are_said_as_a_shell_reads_them() {
    let folder = tempfile::tempdir().unwrap();
    let photo = folder.path().join("a cat's $HOME (1).png");
    std::fs::copy("tests/fixtures/photos/rgb_61x83.png", &photo).unwrap();
    let model = folder.path().join("my net.safetensors");
    std::fs::copy("tests/fixtures/net_basic.safetensors", &model).unwrap();
    let photos = vec![PhotoRef::File(photo)];
    let mut explorer = Explorer::with(ModelRef::File(model), photos, (120, 40));
    for keys in ["", "2", "3"] {
        explorer.press(keys);
        assert!(says_the_same(&mut explorer).contains("--model "));
    }
}
