//! How much memory a hostile checkpoint can take: measured in a process of its own, because the
//! peak of a process never falls and other tests run beside this one.
#![cfg(target_os = "linux")]

use std::path::Path;
use std::process::Command;

use convscope::source::Checkpoint;
use tempfile::TempDir;

use super::pickles::{archive, dict, int, stream, tensor, text};

/// Bytes above the file's own.
const BOUND: usize = 100 << 20;
/// Bytes of the larger bombs.
const SIZE: usize = 12 << 20;
/// Tells the child where the bombs are.
const FOLDER: &str = "CONVSCOPE_TEST_BOMBS";

#[test]
fn hostile_checkpoints_stay_below_a_bound() {
    let folder = TempDir::new().unwrap();
    for (name, value) in bombs() {
        std::fs::write(folder.path().join(format!("{name}.zip")), archive(&value)).unwrap();
        std::fs::write(folder.path().join(format!("{name}.old")), stream(&value)).unwrap();
    }
    std::fs::write(folder.path().join("entries.zip"), entries()).unwrap();
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "memory::child", "--ignored", "--nocapture"])
        .env(FOLDER, folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success(), "{said}{}", String::from_utf8_lossy(&child.stderr));
    assert!(said.contains("1 passed"), "{said}");
}

#[test]
#[ignore = "runs in the process that the test above starts"]
fn child() {
    let folder = std::env::var_os(FOLDER).expect("the folder of the bombs");
    let mut files: Vec<_> =
        std::fs::read_dir(Path::new(&folder)).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort_by_key(|file| std::fs::metadata(file).unwrap().len());
    let start = peak();
    for file in files {
        let length = std::fs::metadata(&file).unwrap().len() as usize;
        let read = Checkpoint::read(&file).and_then(|checkpoint| checkpoint.load_all());
        let error = read.expect_err("an error").to_string();
        // The smaller files come first, so that none hides behind the peak of a larger one.
        let more = (peak() - start) << 10;
        println!("{:?}: {} MiB at most: {error}", file.file_name().unwrap(), more >> 20);
        assert!(more < BOUND + length, "{} MiB after {file:?}", more >> 20);
    }
}

/// The most memory this process ever had, in KiB.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

fn bombs() -> Vec<(&'static str, Vec<u8>)> {
    let fill = |unit: &[u8]| unit.repeat(SIZE / unit.len());
    let list = |unit: &[u8]| [b"]".to_vec(), fill(unit)].concat();
    let puts: Vec<u8> =
        (0..SIZE as u32 / 6).flat_map(|i| [&b"Nr"[..], &i.to_le_bytes(), b"0"].concat()).collect();
    let tensors: Vec<u8> =
        (0..100_000).flat_map(|i| [text(&format!("w{i}")), b"h\x07".to_vec()].concat()).collect();
    let empty = tensor("FloatStorage", "0", 0, &[0, 3], &[3, 1]);
    vec![
        ("stride", dict(&[("w", tensor("FloatStorage", "0", 0, &[1 << 40], &[0]))])),
        ("ordered", ordered()),
        ("none", fill(b"N")),
        ("marks", fill(b"(")),
        ("tuples", fill(b")")),
        ("popped_tuples", fill(b")0")),
        ("lists", fill(b"]")),
        ("popped_lists", fill(b"]Na0")),
        ("dicts", fill(b"}")),
        ("popped_dicts", fill(b"}NNs0")),
        ("items", list(b"Na")),
        ("texts", fill(b"X\0\0\0\0")),
        ("globals", fill(b"ca\nb\n0")),
        ("storages", fill(&[super::pickles::storage("FloatStorage", "0"), b"0".to_vec()].concat())),
        ("memo", puts),
        ("many", [empty, b"q\x070}(".to_vec(), tensors, b"u".to_vec()].concat()),
        ("numbers", fill(&int(7))),
    ]
}

/// Ordered dicts that are made of one list again and again.
fn ordered() -> Vec<u8> {
    let pairs = [&b"]q\0("[..], &b"h\x01".repeat(400_000), b"e"].concat();
    let dicts = b"h\x02h\0\x85R0".repeat(1000);
    [b"NN\x86q\x010ccollections\nOrderedDict\nq\x020".to_vec(), pairs, dicts].concat()
}

/// A zip whose directory claims many more entries than it can use.
fn entries() -> Vec<u8> {
    let good = super::pickles::zip_of(&[("a", b"b")]);
    let at = good.windows(4).rposition(|w| w == b"PK\x01\x02").unwrap();
    let end = good.windows(4).rposition(|w| w == b"PK\x05\x06").unwrap();
    let count = SIZE / (end - at);
    let directory = good[at..end].repeat(count);
    let mut last = good[end..].to_vec();
    let few = (count.min(65_534) as u16).to_le_bytes();
    last[8..10].copy_from_slice(&few);
    last[10..12].copy_from_slice(&few);
    last[12..16].copy_from_slice(&(directory.len() as u32).to_le_bytes());
    [&good[..at], &directory, &last].concat()
}
