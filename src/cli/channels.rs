//! Channels that a command line names, and the order that `top:K` follows.

use anyhow::{Result, bail};

use super::args::{Channels, Flags};
use super::context::{Context, known_channels};
use super::failure::Usage;
use super::target;
use crate::base::{LayerId, SortOrder};
use crate::session::ask::*;

/// Refuses channels that a layer does not have.
///
/// # Errors
/// With the first of them.
pub(super) fn check_channels(channels: Option<&Channels>, layer: &LayerInfo) -> Result<()> {
    match channels {
        Some(Channels::These(these)) => known_channels(layer, these),
        _ => Ok(()),
    }
}

/// Refuses `--sort` where no order is asked for.
///
/// # Errors
/// When it was given, with what it is for.
pub(super) fn refuse_sort(flags: &Flags, is_used: bool, used_by: &str) -> Result<()> {
    if flags.sort.sort.is_some() && !is_used {
        bail!(Usage(format!("--sort is for {used_by}: leave it out")));
    }
    Ok(())
}

/// The channels of a layer as the command line names them; all of them, in the order of `--sort`, when it does not.
/// The first by index are not a top: without an order, `top:K` goes by the mean.
///
/// # Errors
/// The session's.
pub(super) fn select(
    context: &Context,
    (network, outcome): (&NetworkInfo, &Outcome),
    (run, layer): (RunKey, LayerId),
    channels: Option<&Channels>,
) -> Result<Vec<usize>> {
    let sort = context.settings.display.sort_in_files();
    let (sort, most) = match channels {
        Some(Channels::These(these)) => return Ok(these.clone()),
        Some(Channels::Top(most)) if sort == SortOrder::Index => (SortOrder::Mean, *most),
        Some(Channels::Top(most)) => (sort, *most),
        Some(Channels::All) | None => (sort, usize::MAX),
    };
    let statistics = context.ask(&request::Statistics { run, layer })?;
    let weights = match sort {
        SortOrder::Norm => {
            let request = request::Kernels { network: run.network, layer };
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
    Ok(statistics.order(sort, weights.as_deref()).into_iter().take(most).collect())
}
