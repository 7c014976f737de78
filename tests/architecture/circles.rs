//! Finds files of one room that use each other in a circle.
//!
//! A file uses another one of its room when it names something in it, also by a name that a third one re-exports. A
//! re-export alone is not a use: the list of what a room has to offer (`mod.rs`) depends on nothing. A glob uses all that
//! it may bring in.
//!
//! Limits: methods are not followed. A file that calls a method of a type uses the file that defines the type.

use std::collections::{BTreeMap, BTreeSet};

use crate::checker::{Source, module_of, top_of};
use crate::paths::{Meaning, Paths, Segments, Written};

/// Files by name, each with those that it uses.
type Graph = BTreeMap<String, BTreeSet<String>>;

/// Every circle of files inside a room: files that reach each other, sorted.
pub fn circles(sources: &[Source]) -> Vec<BTreeSet<String>> {
    let graph = uses(sources);
    let reached: BTreeMap<&String, BTreeSet<&String>> =
        graph.keys().map(|file| (file, reach(&graph, file))).collect();
    let mut found: BTreeSet<BTreeSet<String>> = BTreeSet::new();
    for (file, targets) in &reached {
        if targets.contains(file) {
            let both = targets.iter().filter(|other| reached[**other].contains(*file));
            found.insert(both.map(|other| (*other).clone()).collect());
        }
    }
    found.into_iter().collect()
}

/// The files that a file reaches by one use or more.
fn reach<'g>(graph: &'g Graph, file: &String) -> BTreeSet<&'g String> {
    let mut found = BTreeSet::new();
    let mut next: Vec<&String> = graph[file].iter().collect();
    while let Some(file) = next.pop() {
        if found.insert(file) {
            next.extend(&graph[file]);
        }
    }
    found
}

/// The modules of a crate, each with its file.
struct House<'s> {
    files: BTreeMap<Segments, (&'s Source, Paths)>,
}

fn uses(sources: &[Source]) -> Graph {
    let mut files = BTreeMap::new();
    for source in sources.iter().filter(|source| source.path != "src/main.rs") {
        // What does not parse is another test's.
        if let Ok(file) = syn::parse_file(&source.text) {
            let module = module_of(&source.path);
            files.insert(module.clone(), (source, Paths::of(module, &file)));
        }
    }
    let tests: Vec<Segments> =
        files.values().flat_map(|(_, paths)| paths.test_modules.clone()).collect();
    files.retain(|module, _| !tests.iter().any(|test| module.starts_with(test)));
    let house = House { files };
    let mut graph = Graph::new();
    for (source, paths) in house.files.values() {
        let room = top_of(&source.path);
        let mut used = BTreeSet::new();
        for written in paths.written.iter().filter(|written| counts(paths, written)) {
            if let (Meaning::Internal(path), _) = paths.resolve(written) {
                used.extend(house.named(&path));
                if written.is_glob {
                    used.extend(house.exported(&path));
                }
            }
        }
        used.retain(|file| top_of(file) == room && *file != source.path);
        graph.insert(source.path.clone(), used);
    }
    graph
}

/// Whether a path is a use: a re-export is one where its name stands in the code of the same file.
fn counts(paths: &Paths, written: &Written) -> bool {
    let named = || written.path.last().is_some_and(|name| paths.names.contains(name));
    !written.is_reexport || named()
}

impl House<'_> {
    /// The file in which a path leads to something.
    fn named(&self, path: &[String]) -> Option<String> {
        let mut path = path.to_vec();
        for _ in 0..8 {
            let module = (0..=path.len()).rev().find(|n| self.files.contains_key(&path[..*n]))?;
            let (source, paths) = &self.files[&path[..module]];
            let through = path.get(..=module).and_then(|front| paths.through(front));
            let Some(front) = through else { return Some(source.path.clone()) };
            path = [&front, &path[module + 1..]].concat();
        }
        None
    }

    /// The files of everything that a module re-exports.
    fn exported(&self, module: &[String]) -> Vec<String> {
        let Some((_, paths)) = self.files.get(module) else { return Vec::new() };
        let exports = paths.written.iter().filter(|w| w.is_reexport && w.module == module);
        let path = |written: &Written| match paths.resolve(written).0 {
            Meaning::Internal(path) => self.named(&path),
            Meaning::External(_) => None,
        };
        exports.filter_map(path).collect()
    }
}
