//! `convscope maps`: the feature maps of a layer as a picture, as numbers, or on the terminal.

use anyhow::{Context as _, Result, bail};
use serde::Serialize;

use super::args::{Channels, Flags, MapsArgs};
use super::channels::{check_channels, refuse_sort, select};
use super::context::{Context, Keep, finite};
use super::failure::Usage;
use super::output;
use super::report::{Head, Numbers};
use super::tiles::{Tiles, To};
use super::unused::For;
use crate::base::Choice;
use crate::session::ask::*;

/// Runs the command.
pub(super) fn run(flags: &Flags, args: &MapsArgs) -> Result<()> {
    let overlay = [("--overlay", args.overlay.is_some(), For::Pictures)];
    let to = To::check(&args.to, "maps", (flags, Some(&args.photo.path)), &overlay)?;
    let in_order = args.combine.is_none() && !matches!(args.channels, Some(Channels::These(_)));
    refuse_sort(flags, in_order, "--channels all or top:K")?;
    if args.difference && flags.edits.knock_out.is_empty() {
        bail!(Usage("--difference shows what --knock-out changes: add --knock-out".into()));
    }
    let context = Context::open(flags, Keep::Newest)?;
    let network = context.network()?;
    let layer = context.layer(&network, &args.layer)?;
    let known = network.layers.get(layer.0).context("the layer has no number")?;
    // Channels that do not exist are refused before the network runs.
    check_channels(args.channels.as_ref(), known)?;
    let outcome = context.run_one(&network, &args.photo.path)?;
    let run = RunKey { difference: args.difference, ..outcome.run };
    let maps = match args.combine {
        Some(how) => vec![PlaneKind::Combined(how)],
        None => {
            let known = (network.as_ref(), outcome.as_ref());
            let channels = select(&context, known, (run, layer), args.channels.as_ref())?;
            channels.into_iter().map(PlaneKind::Channel).collect()
        }
    };
    let info = outcome.layers.get(layer.0).context("the layer has no number")?;
    let name = |what: &PlaneKind| match what {
        PlaneKind::Channel(channel) => channel.to_string(),
        PlaneKind::Combined(how) => how.to_string(),
    };
    let tiles = Tiles {
        context: &context,
        names: maps.iter().map(name).collect(),
        layer: &info.name,
        noun: "channel",
        of: info.shape.c,
        extent: [info.shape.h, info.shape.w],
        detail: String::new(),
        chosen: args.channels.is_some(),
        seen: Seen::Maps {
            run,
            layer,
            maps: maps.clone(),
            look: Look::in_files(&context.settings.display),
            over_photo: args.overlay,
        },
    };
    tiles.put(&to)?;
    if args.to.report.json {
        let own = report(&context, run, info, &maps)?;
        output::print(&Head::of(&context, &network, Some(&args.photo.path))?.with(own)?)?;
    }
    finite(&outcome)
}

/// What `--json` says.
#[derive(Serialize)]
struct Report<'a> {
    layer: &'a str,
    shape: Vec<usize>,
    maps: Vec<MapReport>,
}

#[derive(Serialize)]
struct MapReport {
    channel: Option<usize>,
    combine: Option<&'static str>,
    #[serde(flatten)]
    numbers: Numbers,
    /// Row and column.
    peak: Option<[usize; 2]>,
}

fn report<'a>(
    context: &Context,
    run: RunKey,
    info: &'a LayerInfo,
    maps: &[PlaneKind],
) -> Result<Report<'a>> {
    let request = request::Values { run, layer: info.id, maps: Some(maps.to_vec()) };
    let values = context.ask(&request)?;
    let (area, columns) = (info.shape.area().max(1), info.shape.w.max(1));
    let map = |(what, values): (&PlaneKind, &[f32])| {
        let (channel, combine) = match what {
            PlaneKind::Channel(channel) => (Some(*channel), None),
            PlaneKind::Combined(how) => (None, Some(how.name())),
        };
        let numbers = Numbers::from(&ChannelStatistics::of(values));
        let at = values.iter().position(|value| *value == numbers.max);
        let peak = at.map(|at| [at / columns, at % columns]);
        MapReport { channel, combine, numbers, peak }
    };
    let maps = maps.iter().zip(values.data.chunks(area)).map(map).collect();
    Ok(Report { layer: &info.name, shape: info.shape.dims(), maps })
}
