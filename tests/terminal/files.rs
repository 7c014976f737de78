//! What leaves the screen: files, the clipboard, the picture on the normal screen.

use std::path::Path;
use std::time::Duration;

use termwiz::escape::parser::Parser;
use termwiz::escape::{Action, KittyImage, OperatingSystemCommand};

use crate::session::{Launch, Session, find};
use crate::walk::open;

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| name.starts_with("convscope-")).collect();
    names.sort();
    names
}

/// Writes a file, and waits until the program says so.
#[track_caller]
fn export(s: &mut Session, what: &str, file: &str) {
    s.press("e", "Save");
    s.press(&format!("{what}\r"), &format!("wrote {file}"));
}

#[test]
fn what_is_seen_is_written_into_the_current_folder() {
    let mut s = open(Launch::new().at_the_stem());
    s.shows("Classes");
    export(&mut s, "png", "convscope-builtin-relu-maps.png");
    export(&mut s, "plain png", "convscope-builtin-relu-maps-2.png");
    export(&mut s, "npy", "convscope-builtin-relu-maps.npy");
    s.press("2", "channel 0 of 32");
    export(&mut s, "npy", "convscope-builtin-relu-0.npy");
    export(&mut s, "safetensors", "convscope-builtin-relu-0.safetensors");
    s.press("3", "32 kernels");
    export(&mut s, "png", "convscope-builtin-relu-kernels.png");
    s.press("4", "Depth");
    export(&mut s, "", "convscope-builtin-depth.csv");
    export(&mut s, "csv", "convscope-builtin-depth-2.csv");
    let folder = s.folder();
    assert_eq!(
        names(folder),
        [
            "convscope-builtin-depth-2.csv",
            "convscope-builtin-depth.csv",
            "convscope-builtin-relu-0.npy",
            "convscope-builtin-relu-0.safetensors",
            "convscope-builtin-relu-kernels.png",
            "convscope-builtin-relu-maps-2.png",
            "convscope-builtin-relu-maps.npy",
            "convscope-builtin-relu-maps.png",
        ]
    );
    let size = |name: &str| image::open(folder.join(name)).unwrap().to_rgb8().dimensions();
    let (captioned, plain) =
        (size("convscope-builtin-relu-maps.png"), size("convscope-builtin-relu-maps-2.png"));
    assert!(captioned.1 > plain.1 && captioned.0 == plain.0);
    let bytes = std::fs::read(folder.join("convscope-builtin-relu-0.npy")).unwrap();
    assert!(bytes.starts_with(b"\x93NUMPY") && bytes.len() > 4 * 80 * 80);
    let bytes = std::fs::read(folder.join("convscope-builtin-relu-0.safetensors")).unwrap();
    let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    assert_eq!(file.tensor("relu").unwrap().shape(), [1, 32, 80, 80]);
    assert_eq!(file.tensor("input").unwrap().shape(), [1, 3, 160, 160]);
    let table = std::fs::read_to_string(folder.join("convscope-builtin-depth.csv")).unwrap();
    assert!(
        table.starts_with("layer,zeros,mean,max,dead,values\nconv1,") && table.contains("\nfc,")
    );
    s.send("q");
    s.left(0);
}

#[test]
fn the_command_line_goes_to_the_clipboard() {
    let mut s = open(Launch::new().at_the_stem());
    s.shows("Classes");
    s.press("2", "channel 0 of 32");
    s.press("y", "sent to the clipboard: convscope maps");
    let actions = Parser::new().parse_as_vec(s.raw());
    let copied: Vec<String> = actions
        .into_iter()
        .filter_map(|action| match action {
            Action::OperatingSystemCommand(osc) => match *osc {
                OperatingSystemCommand::SetSelection(_, text) => Some(text),
                _ => None,
            },
            _ => None,
        })
        .collect();
    let [line] = copied.as_slice() else { panic!("{copied:?}") };
    assert!(line.starts_with("convscope maps builtin:") && line.contains("--channels 0"), "{line}");
    s.send("q");
    s.left(0);
}

/// Prints, looks at the normal screen, comes back and leaves.
fn prints(s: &mut Session, words: &[&str]) -> Vec<u8> {
    let from = s.raw().len();
    s.press("v", "press any key to return to convscope");
    assert!(!s.screen().alternate_screen());
    let printed = s.raw()[from..].to_vec();
    for word in words {
        s.shows(word);
    }
    // A key comes back and is no command.
    s.send("]");
    s.until("the screen is taken again", |s| s.screen().alternate_screen());
    s.shows("Layers");
    assert!(s.is_raw() && s.screen().hide_cursor());
    printed
}

#[test]
fn the_picture_stays_on_the_normal_screen() {
    let mut s = open(Launch::new().at_the_stem());
    s.shows("Classes");
    s.press("2", "channel 0 of 32");
    let printed = prints(&mut s, &["ResNet-18", "relu", "channel 0", "convscope maps builtin:"]);
    assert!(find(&printed, "▄".as_bytes()).is_some(), "half blocks");
    s.shows("channel 0 of 32");
    assert!(s.text().contains("relu"), "the key was no command");
    s.press("4", "Depth");
    prints(&mut s, &["layer4.1.relu_1,", "convscope stats builtin:"]);
    s.send("q");
    s.left(0);
    // What was seen stays after quitting.
    assert!(s.text().contains("convscope stats builtin:"), "{}", s.text());
}

#[test]
fn kitty_gets_a_real_picture_on_the_normal_screen() {
    let launch =
        Launch::new().at_the_stem().arg("--graphics").arg("kitty").arg("--theme").arg("dark");
    let mut s = open(launch);
    s.shows("Classes");
    s.press("2", "channel 0 of 32");
    s.within(Duration::from_millis(500), |_| false);
    let printed = prints(&mut s, &["ResNet-18"]);
    let left = find(&printed, b"\x1b[?1049l").expect("the screen is left");
    let after = Parser::new().parse_as_vec(&printed[left..]);
    let pictures = after.iter().filter(|action| match action {
        Action::KittyImage(image) => matches!(**image, KittyImage::TransmitDataAndDisplay { .. }),
        _ => false,
    });
    assert_eq!(pictures.count(), 1);
    assert!(find(&printed[left..], "▄".as_bytes()).is_none());
    s.send("q");
    s.left(0);
}

#[test]
fn a_signal_ends_it_from_the_normal_screen_too() {
    let mut s = open(Launch::new().at_the_stem());
    s.shows("Classes");
    s.press("v", "press any key to return to convscope");
    s.signal(rustix::process::Signal::TERM);
    s.left(128 + rustix::process::Signal::TERM.as_raw());
}
