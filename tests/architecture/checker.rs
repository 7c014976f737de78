//! Applies the [`Rules`] to source files and names each place that breaks them.

use std::fmt;
use std::path::Path;

use proc_macro2::{TokenStream, TokenTree};

use crate::paths::{Meaning, Paths, Segments};
use crate::table::{Rules, Scope, Uses};

/// A source file: its path from the root of the package, and its text.
pub struct Source {
    /// With forward slashes: `src/base/array.rs`.
    pub path: String,
    /// The file's content.
    pub text: String,
}

/// A place in the code that breaks a rule.
#[derive(Debug, PartialEq, Eq)]
pub struct Violation {
    /// As in [`Source::path`].
    pub file: String,
    /// From 1.
    pub line: usize,
    /// The broken rule, in a sentence.
    pub rule: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.rule)
    }
}

/// Checks the imports of all files together: a `#[cfg(test)] mod x;` in one exempts another.
pub fn check_imports(rules: &Rules, sources: &[Source]) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut parsed = Vec::new();
    for source in sources {
        let module = module_of(&source.path);
        match syn::parse_file(&source.text) {
            Ok(file) => parsed.push((source, module.clone(), Paths::of(module, &file))),
            Err(error) => violations.push(Violation {
                file: source.path.clone(),
                line: error.span().start().line,
                rule: format!("does not parse: {error}"),
            }),
        }
    }
    let tests: Vec<Segments> =
        parsed.iter().flat_map(|(_, _, paths)| paths.test_modules.clone()).collect();
    for (source, module, paths) in &parsed {
        if !tests.iter().any(|test| module.starts_with(test)) {
            violations.extend(check_file(rules, source, paths));
        }
    }
    violations
}

/// Checks the imports of one file whose paths are known.
fn check_file(rules: &Rules, source: &Source, paths: &Paths) -> Vec<Violation> {
    let from = top_of(&source.path);
    let at = |line, rule| Violation { file: source.path.clone(), line, rule };
    let mut found = Vec::new();
    if !rules.modules.iter().any(|module| module.name == from) {
        return vec![at(1, format!("module `{from}` has no row in the import table"))];
    }
    for line in &paths.path_attributes {
        found.push(at(*line, "`#[path]` hides where a module lives".to_owned()));
    }
    for written in &paths.written {
        let (meaning, through) = paths.resolve(written);
        // What the alias itself breaks is reported once, where the alias is made.
        if !written.is_use && through.is_some_and(|alias| broken(rules, &from, &alias).is_some()) {
            continue;
        }
        if let Some(rule) = broken(rules, &from, &meaning) {
            let violation = at(written.line, rule);
            if !found.contains(&violation) {
                found.push(violation);
            }
        }
    }
    found
}

/// The rule that the module `from` breaks by using `meaning`, if it breaks one.
fn broken(rules: &Rules, from: &str, meaning: &Meaning) -> Option<String> {
    match meaning {
        Meaning::Internal(path) => broken_internal(rules, from, path),
        Meaning::External(path) => rules.external.iter().find_map(|rule| {
            if !is_below(path, rule.path) {
                return None;
            }
            let path = path.join("::");
            match &rule.scope {
                Scope::OnlyIn(modules) if !modules.contains(&from) => Some(format!(
                    "`{from}` must not use `{path}`: `{}` belongs to {}",
                    rule.path,
                    modules.join(", ")
                )),
                Scope::NeverIn(modules) if modules.contains(&from) => {
                    Some(format!("`{from}` must not use `{path}`: no `{}` there", rule.path))
                }
                _ => None,
            }
        }),
    }
}

fn broken_internal(rules: &Rules, from: &str, path: &[String]) -> Option<String> {
    let Uses::Only(allowed) = &rules.modules.iter().find(|m| m.name == from)?.may_use else {
        return None;
    };
    let full = [&["crate".to_owned()], path].concat().join("::");
    let Some(to) = path.first().filter(|to| rules.modules.iter().any(|m| m.name == **to)) else {
        return Some(format!(
            "`{from}` must not use `{full}`: name the module that defines it, not the crate root"
        ));
    };
    if to == from {
        return None;
    }
    if !allowed.contains(&to.as_str()) {
        let list = if allowed.is_empty() { "nothing".to_owned() } else { allowed.join(", ") };
        return Some(format!("`{from}` must not use `{full}`: it may use {list}"));
    }
    let narrow = rules.narrow.iter().find(|n| n.from == from && n.to == to)?;
    if narrow.only.iter().any(|allowed| is_below(path, allowed)) {
        return None;
    }
    Some(format!("`{from}` must not use `{full}`: of `{to}` only {}", narrow.only.join(", ")))
}

/// Whether `path` is `prefix` or lies below it.
fn is_below(path: &[String], prefix: &str) -> bool {
    let mut segments = path.iter();
    prefix.split("::").all(|wanted| segments.next().is_some_and(|s| s == wanted))
}

/// The module path of a file: `src/base/array.rs` is `[base, array]`, `src/main.rs` is `[]`.
pub fn module_of(file: &str) -> Segments {
    let inside = file.strip_prefix("src/").unwrap_or(file);
    let mut module: Segments =
        Path::new(inside).with_extension("").iter().map(|s| s.to_string_lossy().into()).collect();
    let root = module.len() == 1 && (module[0] == "main" || module[0] == "lib");
    if root || module.last().is_some_and(|last| last == "mod") {
        module.pop();
    }
    module
}

/// The row of the table that a file belongs to: `main` and `lib` stand for themselves.
pub fn top_of(file: &str) -> String {
    let inside = file.strip_prefix("src/").unwrap_or(file);
    inside.split('/').next().unwrap_or(inside).trim_end_matches(".rs").to_owned()
}

/// Every place in a file that says `unsafe` in code (comments and strings do not count).
pub fn find_unsafe(source: &Source) -> Vec<Violation> {
    fn lines(stream: TokenStream, found: &mut Vec<usize>) {
        for token in stream {
            match token {
                TokenTree::Group(group) => lines(group.stream(), found),
                TokenTree::Ident(word) if word == "unsafe" => found.push(word.span().start().line),
                _ => {}
            }
        }
    }
    let mut found = Vec::new();
    if let Ok(stream) = source.text.parse() {
        lines(stream, &mut found);
    }
    let rule = "`unsafe` is allowed only in engine/fast/kernels";
    found
        .into_iter()
        .map(|line| Violation { file: source.path.clone(), line, rule: rule.to_owned() })
        .collect()
}
