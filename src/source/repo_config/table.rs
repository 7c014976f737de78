//! The table of fields as `docs/models.md` shows it.

use super::architectures::{PLAIN, VARIANTS};
use super::fields::{ALL, Does, Table};
use super::processors;

const BEGIN: &str = "<!-- fields: written by src/source/repo_config/table.rs -->\n\n";
const END: &str = "\n<!-- end of fields -->\n";

fn code(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn row(does: Does) -> Option<String> {
    Some(match does {
        Does::Obeyed(how) => format!("obeyed: {how}"),
        Does::Compared(what) => format!("compared with the tensors, which count: {what}"),
        Does::Only([], what) => format!("refused: {what}"),
        Does::Only(values, what) => format!("{}, else refused: {what}", code(values)),
        Does::Noted([], remark) => format!("noted: {remark}"),
        Does::Noted(values, remark) => format!("other than {} is noted: {remark}", code(values)),
        Does::NoEffect => return None,
    })
}

fn fields(table: &Table) -> String {
    let mut text = format!("### {}\n\n| field | what becomes of it |\n|---|---|\n", table.title);
    for (name, does) in table.fields {
        if let Some(row) = row(*does) {
            text += &format!("| `{name}` | {row} |\n");
        }
    }
    let without = |(_, does): &&(&str, Does)| matches!(does, Does::NoEffect);
    let names: Vec<&str> = table.fields.iter().filter(without).map(|(name, _)| *name).collect();
    text + &format!("| {} | no effect on the numbers |\n\n", code(&names))
}

/// All tables.
fn documentation() -> String {
    let mut text = ALL.map(fields).concat();
    text += "### `architecture` of timm\n\n| name | what becomes of it |\n|---|---|\n";
    text += &format!("| {} | runs |\n", code(&PLAIN.each_ref().map(|plain| plain.name)));
    for (parts, names) in VARIANTS {
        text += &format!("| {} | refused: {parts} |\n", code(names));
    }
    text += "\n### `image_processor_type` of transformers\n\n| class | what becomes of it |\n|---|---|\n";
    let classes = processors::ALL.map(|known| format!("`{}ImageProcessor`", known.name));
    text + &format!("| {} | runs |\n| any other | photos are refused |\n", classes.join(", "))
}

#[test]
fn the_page_shows_the_table() {
    let page = include_str!("../../../docs/models.md");
    let shown = page.split_once(BEGIN).and_then(|(_, rest)| rest.split_once(END));
    let shown = shown.map_or("", |(shown, _)| shown);
    let expected = documentation();
    // What to paste between the two marks, when a field was added.
    assert!(shown == expected, "docs/models.md should have:\n{BEGIN}{expected}{END}");
}

#[test]
fn no_field_stands_twice() {
    for table in ALL {
        let mut names: Vec<&str> = table.fields.iter().map(|(name, _)| *name).collect();
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{}", table.title);
    }
}
