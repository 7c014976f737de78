//! `convscope stats`: what the values of layers and channels are like, over some photos.

use anyhow::{Result, bail};
use serde::Serialize;

use super::args::{Flags, StatsArgs};
use super::channels::refuse_sort;
use super::context::{Context, Keep};
use super::failure::Usage;
use super::output;
use super::photos::Photos;
use super::report::{Head, Numbers};
use super::table::{Align, Table};
use crate::base::{Choice, LayerId, SortOrder, bar, count, percent, significant};
use crate::session::ask::*;

/// Columns of a bar of zeros only.
const BAR: usize = 12;

/// The orders that statistics alone decide.
const ORDERS: [SortOrder; 4] =
    [SortOrder::Index, SortOrder::Mean, SortOrder::Max, SortOrder::Sparsity];

/// A layer with its statistics over all photos.
struct Layer {
    id: LayerId,
    name: String,
    statistics: Option<LayerStatistics>,
}

#[derive(Serialize)]
struct Report<'a> {
    photos: usize,
    layers: Vec<LayerReport<'a>>,
}

#[derive(Serialize)]
struct LayerReport<'a> {
    name: &'a str,
    dead: usize,
    #[serde(flatten)]
    total: Numbers,
    channels: Vec<ChannelReport>,
}

#[derive(Serialize)]
struct ChannelReport {
    channel: usize,
    dead: bool,
    #[serde(flatten)]
    numbers: Numbers,
}

/// Runs the command.
pub(super) fn run(flags: &Flags, args: &StatsArgs) -> Result<()> {
    let sort = flags.sort.sort.unwrap_or(SortOrder::Index);
    refuse_sort(flags, args.layer.is_some(), "the channels of one layer (--layer)")?;
    if !ORDERS.contains(&sort) {
        let orders: Vec<_> = ORDERS.iter().map(|order| order.name()).collect();
        bail!(Usage(format!("stats sorts by {}, not by {sort}", orders.join(", "))));
    }
    let photos = Photos::find(&args.photos.paths)?;
    let context = Context::open(flags, Keep::Newest)?;
    let network = context.network()?;
    let only = args.layer.as_deref().map(|name| context.layer(&network, name)).transpose()?;
    let wanted = network.layers.iter().filter(|layer| only.is_none_or(|only| layer.id == only));
    let mut layers: Vec<Layer> = wanted
        .map(|layer| Layer { id: layer.id, name: layer.name.clone(), statistics: None })
        .collect();
    let batch = context.run_each(
        &network,
        &photos,
        |_| Ok(()),
        |_, outcome, (), _| {
            for layer in &mut layers {
                let request = request::Statistics { run: outcome.run, layer: layer.id };
                let new = context.ask(&request)?;
                layer.statistics = Some(match &layer.statistics {
                    Some(seen) => seen.merge(&new),
                    None => new.as_ref().clone(),
                });
            }
            Ok(())
        },
    )?;
    let seen: Vec<(&str, &LayerStatistics)> =
        layers.iter().filter_map(|l| Some((l.name.as_str(), l.statistics.as_ref()?))).collect();
    let photos = batch.photos - batch.failed;
    let listed = |layer: &LayerStatistics| {
        let order = layer.order(sort, None).into_iter();
        order.take(args.top.unwrap_or(usize::MAX)).collect::<Vec<usize>>()
    };
    let text = if args.report.json {
        Head::of(&context, &network, None)?.without_photo().with(report(photos, &seen, listed))?
    } else if args.csv {
        csv(&seen, listed)
    } else {
        let table = match (only, seen.first()) {
            (Some(_), Some((_, layer))) => by_channel(layer, &listed(layer)),
            _ => by_layer(&seen),
        };
        let of = seen
            .first()
            .filter(|_| only.is_some())
            .map_or(String::new(), |l| format!(" · {}", l.0));
        format!("{} · {}{of} · {}\n\n{table}", network.name, network.source, count(photos, "photo"))
    };
    output::print(&text)?;
    batch.finish()?;
    let invalid: usize = seen.iter().map(|(_, layer)| layer.total.invalid).sum();
    if invalid > 0 {
        bail!("{} not finite: NaN or infinity", count(invalid, "value"));
    }
    Ok(())
}

fn report<'a>(
    photos: usize,
    layers: &[(&'a str, &LayerStatistics)],
    listed: impl Fn(&LayerStatistics) -> Vec<usize>,
) -> Report<'a> {
    let layer = |(name, layer): &(&'a str, &LayerStatistics)| {
        let channel = |channel: usize| ChannelReport {
            channel,
            dead: layer.is_dead(channel),
            numbers: (&layer.channels[channel]).into(),
        };
        LayerReport {
            name,
            dead: layer.dead(),
            total: (&layer.total).into(),
            channels: listed(layer).into_iter().map(channel).collect(),
        }
    };
    Report { photos, layers: layers.iter().map(layer).collect() }
}

fn csv(
    layers: &[(&str, &LayerStatistics)],
    listed: impl Fn(&LayerStatistics) -> Vec<usize>,
) -> String {
    let mut text = "layer,channel,min,max,mean,std,sparsity,dead,invalid\n".to_string();
    for (name, layer) in layers {
        for channel in listed(layer) {
            let of = &layer.channels[channel];
            let Numbers { min, max, mean, std, sparsity, invalid } = of.into();
            let dead = layer.is_dead(channel);
            text +=
                &format!("{name},{channel},{min},{max},{mean},{std},{sparsity},{dead},{invalid}\n");
        }
    }
    text
}

/// The columns that rows of layers and of channels share.
fn table(first: &str, second: &str, invalid: bool) -> Table {
    let mut columns = vec![
        (first, Align::Left),
        (second, Align::Right),
        ("mean", Align::Right),
        ("std", Align::Right),
        ("min", Align::Right),
        ("max", Align::Right),
    ];
    if invalid {
        columns.push(("invalid", Align::Right));
    }
    columns.extend([("zeros", Align::Right), ("", Align::Left)]);
    Table::new(&columns)
}

fn row(first: String, second: String, of: &ChannelStatistics, invalid: bool) -> Vec<String> {
    let mut cells = vec![
        first,
        second,
        significant(of.mean as f32),
        significant(of.std as f32),
        significant(of.min),
        significant(of.max),
    ];
    if invalid {
        cells.push(of.invalid.to_string());
    }
    cells.extend([percent(of.sparsity()), bar(of.sparsity(), BAR)]);
    cells
}

fn by_layer(layers: &[(&str, &LayerStatistics)]) -> String {
    let invalid = layers.iter().any(|(_, layer)| layer.total.invalid > 0);
    let mut table = table("layer", "dead", invalid);
    for (name, layer) in layers {
        let dead = format!("{}/{}", layer.dead(), layer.channels.len());
        table.row(row((*name).to_string(), dead, &layer.total, invalid));
    }
    table.text()
}

fn by_channel(layer: &LayerStatistics, listed: &[usize]) -> String {
    let invalid = layer.total.invalid > 0;
    let mut table = table("channel", "dead", invalid);
    for channel in listed {
        let (channel, of) = (*channel, &layer.channels[*channel]);
        let dead = if layer.is_dead(channel) { "dead" } else { "" };
        table.row(row(channel.to_string(), dead.to_string(), of, invalid));
    }
    table.rule();
    let dead = format!("{}/{}", layer.dead(), layer.channels.len());
    table.row(row("all".to_string(), dead, &layer.total, invalid));
    table.text()
}
