//! `convscope layers`: what the network is made of.

use anyhow::Result;
use serde::Serialize;

use super::args::{Flags, LayersArgs};
use super::context::{Context, Keep};
use super::output;
use super::report::Head;
use super::table::{Align, Table};
use crate::base::{count, short_count};
use crate::session::ask::{LayerInfo, NetworkInfo};

#[derive(Serialize)]
struct Listing<'a> {
    input: Vec<usize>,
    parameters: u64,
    multiply_adds: u64,
    layers: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    name: &'a str,
    op: &'a str,
    shape: Vec<usize>,
    parameters: u64,
    multiply_adds: u64,
    /// Rows and columns of the input.
    receptive_field: [usize; 2],
}

/// Runs the command.
pub(super) fn run(flags: &Flags, args: &LayersArgs) -> Result<()> {
    let context = Context::open(flags, Keep::Newest)?;
    let network = context.network()?;
    let text = if args.report.json {
        Head::of(&context, &network, None)?.with(listing(&network))?
    } else {
        human(&network)
    };
    Ok(output::print(&text)?)
}

fn listing(network: &NetworkInfo) -> Listing<'_> {
    let rows = network.layers.iter().map(|layer| Row {
        name: &layer.name,
        op: &layer.op,
        shape: layer.shape.dims(),
        parameters: layer.parameters,
        multiply_adds: layer.multiply_adds,
        receptive_field: field(layer).unwrap_or([network.input.h, network.input.w]),
    });
    Listing {
        input: network.input.dims(),
        parameters: network.layers.iter().map(|l| l.parameters).sum(),
        multiply_adds: network.layers.iter().map(|l| l.multiply_adds).sum(),
        layers: rows.collect(),
    }
}

/// Rows and columns; `None` for the whole input.
fn field(layer: &LayerInfo) -> Option<[usize; 2]> {
    let field = layer.field;
    (!field.sees_everything()).then_some([field.rows.pixels(), field.columns.pixels()])
}

fn human(network: &NetworkInfo) -> String {
    let mut table = Table::new(&[
        ("layer", Align::Left),
        ("op", Align::Left),
        ("shape", Align::Right),
        ("parameters", Align::Right),
        ("multiply-adds", Align::Right),
        ("field", Align::Right),
    ]);
    let some = |n: u64| if n == 0 { String::new() } else { short_count(n) };
    for layer in network.layers.iter() {
        let field = match field(layer) {
            None => "all".to_string(),
            Some([rows, columns]) if rows == columns => rows.to_string(),
            Some([rows, columns]) => format!("{rows}x{columns}"),
        };
        table.row([
            layer.name.clone(),
            layer.op.clone(),
            layer.shape.to_string(),
            some(layer.parameters),
            some(layer.multiply_adds),
            field,
        ]);
    }
    table.rule();
    let all = listing(network);
    table.row([
        count(all.layers.len(), "layer"),
        String::new(),
        String::new(),
        short_count(all.parameters),
        short_count(all.multiply_adds),
        String::new(),
    ]);
    let mut text = format!(
        "{} · {} · input {} · {} ({})\n\n{}",
        network.name,
        network.source,
        network.input,
        network.recipe,
        network.recipe_origin,
        table.text()
    );
    let notes: Vec<&String> = network.warnings.iter().chain(&network.notes).collect();
    if !notes.is_empty() {
        text.push('\n');
    }
    for note in notes {
        text.push_str(note);
        text.push('\n');
    }
    text
}
