//! `convscope maps`: the maps of a layer as a picture, as numbers, or on the terminal.

use anyhow::{Context as _, Result, bail};

use super::args::{Channels, Flags, MapsArgs};
use super::context::{Context, Keep, finite};
use super::failure::Usage;
use super::target;
use super::tiles::{Tiles, To, check_channels};
use crate::base::{LayerId, SortOrder};
use crate::session::ask::*;

/// Runs the command.
pub(super) fn run(flags: &Flags, args: &MapsArgs) -> Result<()> {
    let to = To::check(&args.to, "maps", (flags, Some(&args.photo)))?;
    if args.difference && flags.edits.knock_out.is_empty() {
        bail!(Usage("--difference shows what --knock-out changes: say what is knocked out".into()));
    }
    let context = Context::open(flags, Keep::Newest)?;
    let network = context.network()?;
    let layer = context.layer(&network, &args.layer)?;
    let known = network.layers.get(layer.0).context("the layer has no number")?;
    // Channels that do not exist are refused before the network runs.
    check_channels(args.channels.as_ref(), known)?;
    let outcome = context.run_one(&network, &args.photo)?;
    let run = RunKey { difference: args.difference, ..outcome.run };
    let maps = select(&context, (&network, &outcome), layer, args)?;
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
            maps,
            look: Look::in_files(&context.settings.display),
            over_photo: args.overlay,
        },
    };
    tiles.put(&to)?;
    finite(&outcome)
}

fn select(
    context: &Context,
    (network, outcome): (&NetworkInfo, &Outcome),
    layer: LayerId,
    args: &MapsArgs,
) -> Result<Vec<PlaneKind>> {
    if let Some(how) = args.combine {
        return Ok(vec![PlaneKind::Combined(how)]);
    }
    let sort = context.settings.display.sort_in_files();
    let (sort, most) = match &args.channels {
        Some(Channels::These(these)) => {
            return Ok(these.iter().copied().map(PlaneKind::Channel).collect());
        }
        // The first by index are no top.
        Some(Channels::Top(k)) if sort == SortOrder::Index => (SortOrder::Mean, *k),
        Some(Channels::Top(k)) => (sort, *k),
        Some(Channels::All) | None => (sort, usize::MAX),
    };
    let run = RunKey { difference: args.difference, ..outcome.run };
    let statistics = context.ask(&request::Statistics { run, layer })?;
    let weights = match sort {
        SortOrder::Norm => {
            let request = request::Kernels { network: outcome.run.network, layer };
            Some(context.ask(&request)?.norms.clone())
        }
        SortOrder::Effect => {
            let target = Target::Class(target::class(None, network, outcome)?);
            let rank = Rank { run: outcome.run, layer, target };
            let effects = context.work(&rank)?.what.effects;
            Some(effects.iter().map(|effect| *effect as f32).collect())
        }
        _ => None,
    };
    let order = statistics.order(sort, weights.as_deref());
    Ok(order.into_iter().take(most).map(PlaneKind::Channel).collect())
}
