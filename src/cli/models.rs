//! `convscope models`: the networks that have a name, and the checkpoints in this folder.

use anyhow::Result;
use serde::Serialize;

use super::args::{Flags, ModelsArgs};
use super::context::{Context, Keep};
use super::output;
use super::report::Head;
use super::table::{Align, Table};
use crate::base::{clean, short_count};
use crate::session::ask::{InCache, ModelRef, ModelRow, request};

#[derive(Serialize)]
struct Report<'a> {
    models: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    name: &'a str,
    title: &'a str,
    bytes: Option<u64>,
    parameters: Option<u64>,
    top1: Option<f64>,
    /// `builtin`, `file`, `whole`, `part` or `absent`.
    cached: &'static str,
    /// Of a part.
    cached_bytes: Option<u64>,
    place: &'a str,
    note: Option<&'a str>,
}

/// Runs the command.
pub(super) fn run(flags: &Flags, args: &ModelsArgs) -> Result<()> {
    let context = Context::open(flags, Keep::Newest)?;
    let mut rows = context.ask(&request::Models)?.as_ref().clone();
    for row in &mut rows {
        if let ModelRef::File(path) = &row.model {
            row.title = context.ask(&request::Summary(path.clone()))?.to_string();
        }
    }
    let text = if args.report.json {
        Head::alone().with(Report { models: rows.iter().map(row).collect() })?
    } else {
        human(&rows)
    };
    Ok(output::print(&text)?)
}

fn row(row: &ModelRow) -> Row<'_> {
    let (cached, cached_bytes) = match row.cache {
        InCache::Builtin => ("builtin", None),
        InCache::File => ("file", None),
        InCache::Whole => ("whole", None),
        InCache::Part(bytes) => ("part", Some(bytes)),
        InCache::Absent => ("absent", None),
    };
    Row {
        name: &row.name,
        title: &row.title,
        bytes: row.bytes,
        parameters: row.parameters,
        // The shortest decimal that means the same, not the float's own digits.
        top1: row.top1.and_then(|top1| top1.to_string().parse().ok()),
        cached,
        cached_bytes,
        place: &row.place,
        note: row.note.as_deref(),
    }
}

fn human(rows: &[ModelRow]) -> String {
    let mut table = Table::new(&[
        ("name", Align::Left),
        ("title", Align::Left),
        ("size", Align::Right),
        ("parameters", Align::Right),
        ("top-1", Align::Right),
        ("cached", Align::Left),
        ("place", Align::Left),
    ]);
    for row in rows {
        let cached = match row.cache {
            InCache::Builtin | InCache::File => String::new(),
            InCache::Whole => "yes".to_string(),
            InCache::Part(bytes) => format!("{}B", short_count(bytes)),
            InCache::Absent => "no".to_string(),
        };
        table.row([
            clean(&row.name),
            clean(&row.title),
            row.bytes.map_or(String::new(), |bytes| format!("{}B", short_count(bytes))),
            row.parameters.map_or(String::new(), short_count),
            row.top1.map_or(String::new(), |top1| format!("{top1:.1} %")),
            cached,
            clean(&row.place),
        ]);
    }
    table.text()
}
