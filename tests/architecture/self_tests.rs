//! Does the checker see what it should? Small sources against a small table.

use crate::checker::{Source, Violation, check_imports, find_unsafe};
use crate::circles::circles;
use crate::table::Scope::{NeverIn, OnlyIn};
use crate::table::Uses::{Everything, Only};
use crate::table::{HOUSE, Narrow, Rules, Uses, fence, row};

const RULES: Rules = Rules {
    modules: &[
        row("base", Only(&[])),
        row("engine", Only(&["base"])),
        row("session", Only(&["base", "engine"])),
        row("explorer", Only(&["base", "session"])),
        row("main", Everything),
        row("lib", Everything),
    ],
    narrow: &[Narrow {
        from: "explorer",
        to: "session",
        only: &["session::ask", "session::Progress"],
    }],
    external: &[
        fence("image", OnlyIn(&["session"])),
        fence("tui", OnlyIn(&["explorer", "main"])),
        fence("tui::raw", OnlyIn(&["main"])),
        fence("std::fs", NeverIn(&["explorer"])),
    ],
};

fn check(path: &str, text: &str) -> Vec<Violation> {
    check_imports(&RULES, &[Source { path: path.to_owned(), text: text.to_owned() }])
}

/// The source breaks exactly one rule, in the given line, and the message holds `says`.
#[track_caller]
fn caught(path: &str, text: &str, line: usize, says: &str) {
    let found = check(path, text);
    assert_eq!(found.len(), 1, "{text}\n{found:?}");
    assert_eq!(found[0].line, line, "{text}\n{found:?}");
    assert!(found[0].to_string().contains(says), "{}", found[0]);
}

#[track_caller]
fn passes(path: &str, text: &str) {
    let found = check(path, text);
    assert!(found.is_empty(), "{text}\n{found:?}");
}

#[test]
fn a_use_is_caught() {
    caught(
        "src/base/array.rs",
        "\nuse crate::engine::Plan;",
        2,
        "`base` must not use `crate::engine::Plan`",
    );
    caught("src/base.rs", "use crate::engine::*;", 1, "crate::engine");
    caught("src/base.rs", "use crate::engine as e;\nfn f() { e::run() }", 1, "crate::engine");
    caught("src/base.rs", "fn f() {\n use crate::engine::run; run() }", 2, "crate::engine::run");
    caught("src/base.rs", "pub use crate::r#engine;", 1, "crate::engine");
}

#[test]
fn an_inline_path_is_caught() {
    caught("src/base.rs", "fn f() {\n    crate::engine::run()\n}", 2, "crate::engine::run");
    caught("src/base.rs", "struct S(Vec<crate::engine::Plan>);", 1, "crate::engine::Plan");
    caught(
        "src/base.rs",
        "fn f(x: u8) { match x { crate::engine::A => 1, _ => 2 }; }",
        1,
        "engine::A",
    );
    caught("src/base.rs", "impl<T: crate::engine::Run> S for T {}", 1, "engine::Run");
    caught("src/base.rs", "type A = <u8 as crate::engine::Run>::Out;", 1, "engine::Run");
    caught("src/base.rs", "#[derive(crate::engine::Run)] struct S;", 1, "engine::Run");
}

#[test]
fn a_path_in_macro_tokens_is_caught() {
    caught("src/base.rs", "fn f() { println!(\"{}\",\n crate::engine::NAME) }", 2, "engine::NAME");
    caught("src/base.rs", "fn f() { vec![::image::open()]; }", 1, "image");
    caught("src/base.rs", "macro_rules! m { () => { $crate::engine::run() } }", 1, "engine::run");
    caught("src/base.rs", "m! { use crate::{engine::run, base::x}; }", 1, "engine::run");
    passes("src/base.rs", "macro_rules! m { ($image:ident) => { $image::new() } }");
    passes("src/base.rs", "fn f() { m!(a.image, x::<image>(), Self::image::<u8>()) }");
}

#[test]
fn super_and_self_are_followed() {
    caught("src/base/array.rs", "use super::super::engine::run;", 1, "crate::engine::run");
    caught("src/base/mod.rs", "use super::engine;", 1, "crate::engine");
    caught("src/base.rs", "fn f() { super::engine::run() }", 1, "crate::engine::run");
    caught(
        "src/base.rs",
        "mod a { mod b { use super::super::super::engine; } }",
        1,
        "crate::engine",
    );
    passes("src/base/array.rs", "use super::engine; use self::engine as e; fn f() { e::run() }");
    passes("src/base.rs", "mod engine {} use engine::run; mod a { use super::engine; }");
}

#[test]
fn a_grouped_use_is_caught() {
    caught(
        "src/base.rs",
        "use crate::{\n    base::A,\n    engine::{self, },\n};",
        3,
        "`crate::engine`",
    );
    assert_eq!(check("src/base.rs", "use crate::{engine::{A, B as C}, session};").len(), 3);
}

#[test]
fn an_external_crate_is_caught() {
    caught(
        "src/base.rs",
        "use image::RgbImage;\nfn f(p: RgbImage) { RgbImage::new() }",
        1,
        "image",
    );
    caught("src/base.rs", "use image;", 1, "`image` belongs to session");
    caught("src/base.rs", "use ::image as pixels;", 1, "image");
    caught("src/base.rs", "extern crate image as pixels;", 1, "image");
    caught(
        "src/base.rs",
        "fn f() -> image::RgbImage { let image = 1; image }",
        1,
        "image::RgbImage",
    );
    caught("src/explorer.rs", "use std::{fmt, fs::File};", 1, "no `std::fs` there");
    caught("src/explorer.rs", "use std as s;\nfn f() { s::fs::read() }", 2, "std::fs::read");
    caught("src/explorer.rs", "use tui;\nfn f() { tui::raw::mode() }", 2, "tui::raw");
    passes("src/session.rs", "use image::RgbImage; use std::fs;");
    passes("src/base.rs", "mod image; fn f(image: u8) -> u8 { image::load(image) }");
}

#[test]
fn a_narrow_edge_lets_only_its_paths_through() {
    passes("src/explorer/mod.rs", "use crate::session::{ask::{self, Request}, Progress};");
    passes("src/explorer/mod.rs", "use crate::session::ask; fn f() { ask::Request::new() }");
    caught("src/explorer/mod.rs", "use crate::session::lanes::Run;", 1, "only session::ask");
    caught("src/explorer/mod.rs", "use crate::session;", 1, "only session::ask");
    caught("src/explorer/mod.rs", "use crate::session::*;", 1, "only session::ask");
    caught("src/explorer/mod.rs", "use crate::session::asking;", 1, "session::asking");
}

#[test]
fn the_crate_root_is_for_those_who_may_use_everything() {
    caught("src/base.rs", "use crate::*;", 1, "crate root");
    caught("src/base.rs", "use super::VERSION;", 1, "crate::VERSION");
    caught("src/base.rs", "use convscope::engine;", 1, "crate::engine");
    passes("src/main.rs", "use convscope::{engine, session::lanes}; mod x; use crate::x::y;");
    passes("src/lib.rs", "pub mod base; pub use base::Array; pub use crate::session::*;");
    caught("src/main.rs", "use image::RgbImage;", 1, "image");
}

#[test]
fn what_is_allowed_passes() {
    passes("src/engine/plan.rs", "use crate::base::{Array, Rect as R}; use crate::engine::x;");
    passes("src/session/mod.rs", "use super::engine::Plan; fn f() { crate::base::g() }");
    passes("src/base.rs", "//! See [`crate::engine`].\nconst NAME: &str = \"crate::engine\";");
}

#[test]
fn tests_are_exempt_and_the_rest_of_their_file_is_not() {
    passes("src/base.rs", "#[cfg(test)]\nmod tests { use crate::engine::*; }");
    passes(
        "src/base.rs",
        "#[cfg(test)] use crate::engine; #[cfg(all(test, unix))] fn f() { image::x() }",
    );
    caught("src/base.rs", "#[cfg(not(test))] use crate::engine;", 1, "crate::engine");
    let file = |path: &str, text: &str| Source { path: path.to_owned(), text: text.to_owned() };
    let sources = [
        file("src/base/mod.rs", "mod a;\n#[cfg(test)]\nmod tests;"),
        file("src/base/tests.rs", "use crate::engine;"),
        file("src/base/a.rs", "use crate::engine;"),
    ];
    let found = check_imports(&RULES, &sources);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].file, "src/base/a.rs");
}

#[test]
fn what_the_table_cannot_place_is_caught() {
    caught("src/extra.rs", "fn f() {}", 1, "no row in the import table");
    caught("src/base.rs", "\n#[path = \"../engine/x.rs\"]\nmod x;", 2, "#[path]");
    caught("src/base.rs", "fn f( {", 1, "does not parse");
}

#[test]
fn unsafe_is_found_in_code_only() {
    let text = "// unsafe\nconst A: &str = \"unsafe\";\nfn f() {\n    unsafe { g() }\n}\n";
    let source = Source { path: "src/base.rs".to_owned(), text: text.to_owned() };
    let lines: Vec<usize> = find_unsafe(&source).iter().map(|v| v.line).collect();
    assert_eq!(lines, [4]);
}

/// The circles among files of a room `a`, by their names.
fn circles_of(files: &[(&str, &str)]) -> Vec<Vec<String>> {
    let source = |(name, text): &(&str, &str)| Source {
        path: format!("src/a/{name}.rs"),
        text: (*text).to_owned(),
    };
    let sources: Vec<Source> = files.iter().map(source).collect();
    let name = |path: String| path.trim_start_matches("src/a/").trim_end_matches(".rs").to_owned();
    circles(&sources).into_iter().map(|circle| circle.into_iter().map(name).collect()).collect()
}

#[test]
fn circles_of_files_are_found() {
    let root = ("mod", "mod b; mod c; mod d; pub use b::B;");
    let none: [Vec<String>; 0] = [];
    assert_eq!(circles_of(&[root, ("b", "use super::c;"), ("c", ""), ("d", "")]), none);
    let pair = [root, ("b", "use super::c::C;"), ("c", "fn f() { crate::a::b::g() }")];
    assert_eq!(circles_of(&pair), [["b", "c"]]);
    let three = [("b", "use super::c;"), ("c", "use crate::a::d;"), ("d", "use super::b;")];
    assert_eq!(circles_of(&three), [["b", "c", "d"]]);
    // By a name that the root re-exports, and by all of them.
    let named = [root, ("b", "use super::c;"), ("c", "use super::B;")];
    assert_eq!(circles_of(&named), [["b", "c"]]);
    let all = [root, ("b", "use super::c;"), ("c", "use super::*;")];
    assert_eq!(circles_of(&all), [["b", "c"]]);
    // The root uses what stands in its code, not what it passes on.
    let user = [("mod", "mod b; pub use b::B; struct A(B);"), ("b", "use super::A;")];
    assert_eq!(circles_of(&user), [["b", "mod"]]);
    let passes = [("mod", "mod b; pub use b::B; pub struct A;"), ("b", "use super::A;")];
    assert_eq!(circles_of(&passes), none);
    let tests = [("b", "#[cfg(test)] mod tests { use super::super::c; }"), ("c", "use super::b;")];
    assert_eq!(circles_of(&tests), none);
}

#[test]
fn the_table_has_no_circle_and_no_unknown_name() {
    let mut below: Vec<&str> = Vec::new();
    for module in HOUSE.modules {
        if let Uses::Only(allowed) = &module.may_use {
            for name in *allowed {
                assert!(below.contains(name), "{}: {name} is not a module above it", module.name);
            }
        }
        below.push(module.name);
    }
    for edge in HOUSE.narrow {
        assert!(below.contains(&edge.from) && below.contains(&edge.to));
        assert!(edge.only.iter().all(|path| path.split("::").next() == Some(edge.to)));
    }
    for rule in HOUSE.external {
        let (OnlyIn(modules) | NeverIn(modules)) = &rule.scope;
        assert!(modules.iter().all(|name| below.contains(name)), "{}", rule.path);
    }
}
