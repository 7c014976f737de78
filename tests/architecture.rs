//! Keeps the house in order: who may use whom (`architecture/table.rs`), also inside a room, how long a file may grow,
//! what ARCHITECTURE.md must speak of, and where `unsafe` may stand.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "architecture/checker.rs"]
mod checker;
#[path = "architecture/circles.rs"]
mod circles;
#[path = "architecture/paths.rs"]
mod paths;
#[path = "architecture/self_tests.rs"]
mod self_tests;
#[path = "architecture/table.rs"]
mod table;
#[path = "architecture/words.rs"]
mod words;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use checker::{Source, Violation, check_imports, find_unsafe};
use circles::circles;

/// A file of `src/` longer than this has two subjects.
const MOST_LINES: usize = 400;

#[test]
fn imports_follow_the_table() {
    report(&check_imports(&table::HOUSE, &sources()));
}

#[test]
fn files_of_a_room_use_each_other_in_no_circle() {
    let found = circles(&sources());
    let allowed = |file: &str| table::CIRCLES.iter().find(|circle| circle.contains(&file));
    let is_allowed = |circle: &BTreeSet<String>| {
        let known = circle.iter().find_map(|file| allowed(file));
        known.is_some_and(|known| circle.iter().all(|file| known.contains(&file.as_str())))
    };
    let lines: Vec<String> = found
        .iter()
        .filter(|circle| !is_allowed(circle))
        .map(|circle| circle.iter().cloned().collect::<Vec<_>>().join(", "))
        .collect();
    assert!(lines.is_empty(), "circles of files:\n{}", lines.join("\n"));
    for file in table::CIRCLES.iter().flat_map(|circle| circle.iter()) {
        let stays = found.iter().any(|circle| circle.contains(*file));
        assert!(stays, "{file} is in no circle any more: take it out of CIRCLES");
    }
}

#[test]
fn unsafe_stays_in_its_places() {
    let places =
        ["src/engine/fast/kernels/", "src/engine/fast/kernels.rs", "src/terminal/fatal.rs"];
    let found: Vec<Violation> = sources()
        .iter()
        .filter(|source| !places.iter().any(|place| source.path.starts_with(place)))
        .flat_map(find_unsafe)
        .collect();
    report(&found);
}

#[test]
fn visible_strings_are_plain_english() {
    report(&words::avoided(&sources()));
}

/// `tools/visible_strings.sh` prints them.
#[test]
#[ignore = "prints every string that a user can see"]
fn every_visible_string() {
    for words::Visible { file, line, text } in sources().iter().flat_map(words::visible) {
        println!("{file}:{line}: {text}");
    }
}

#[test]
fn no_file_is_too_long() {
    let mut found = Vec::new();
    for source in sources() {
        let lines = source.text.lines().count();
        if lines > MOST_LINES {
            let rule = format!("{lines} lines, at most {MOST_LINES}: split it by subject");
            found.push(Violation { file: source.path, line: MOST_LINES + 1, rule });
        }
    }
    report(&found);
}

#[test]
fn architecture_md_mentions_every_module_directory() {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    let mut directories = Vec::new();
    walk(&root().join("src"), &mut Vec::new(), &mut directories);
    let missing: Vec<String> = directories
        .iter()
        .filter(|directory| !mentions(&text, &name_of(directory)))
        .map(|directory| relative(directory))
        .collect();
    assert!(missing.is_empty(), "ARCHITECTURE.md does not mention (as `name/`): {missing:?}");
}

/// Whether `text` speaks of a directory as `name/`, not as the end of a longer name.
fn mentions(text: &str, name: &str) -> bool {
    text.match_indices(&format!("{name}/")).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
    })
}

/// Fails with one line per violation.
#[track_caller]
fn report(found: &[Violation]) {
    let lines: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert!(found.is_empty(), "{} violations:\n{}", found.len(), lines.join("\n"));
}

/// Every Rust file below `src/`.
fn sources() -> Vec<Source> {
    let mut files = Vec::new();
    walk(&root().join("src"), &mut files, &mut Vec::new());
    let read = |file: &PathBuf| Source {
        path: relative(file),
        text: fs::read_to_string(file).expect("source file"),
    };
    files.iter().map(read).collect()
}

/// Adds the Rust files and the directories below `directory`, sorted by path.
fn walk(directory: &Path, files: &mut Vec<PathBuf>, directories: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(directory)
        .expect("directory of sources")
        .map(|entry| entry.expect("directory entry").path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            walk(&path, files, directories);
            directories.push(path);
        } else if path.extension().is_some_and(|e| e == "rs") {
            files.push(path);
        }
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn name_of(path: &Path) -> String {
    path.file_name().expect("named directory").to_string_lossy().into_owned()
}

/// The path from the root of the package, with forward slashes.
fn relative(path: &Path) -> String {
    let inside = path.strip_prefix(root()).expect("path below the package");
    inside.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/")
}
