//! `convscope invert`: what a layer still knows of a photo.

use anyhow::{Context as _, Result};

use super::ablate::select_channels;
use super::args::{Channels, Flags, InvertArgs};
use super::context::{Context, Keep, finite};
use super::making::{Made, Out};
use super::tiles::check_channels;
use crate::session::ask::*;

/// Runs the command.
pub(super) fn run(flags: &Flags, args: &InvertArgs) -> Result<()> {
    let out = Out::check(&args.making, flags, Some(&args.photo))?;
    let context = Context::open(flags, Keep::Newest)?;
    let network = context.network()?;
    let layer = context.layer(&network, &args.layer)?;
    let info = network.layers.get(layer.0).context("the layer has no number")?;
    check_channels(args.channels.as_ref(), info)?;
    let outcome = context.run_one(&network, &args.photo)?;
    finite(&outcome)?;
    let channels = match &args.channels {
        None | Some(Channels::All) => None,
        Some(channels) => Some(select_channels(&context, &outcome, layer, Some(channels))?),
    };
    let (iterations, seed) = (args.making.iterations, args.making.seed);
    let wish = Wish::Invert(Inversion { layer, channels, iterations, seed });
    let rebuild = Rebuild { run: outcome.run, wish };
    let found = context.work(&rebuild)?;
    let photo = !crate::source::is_input_array(&args.photo);
    let made = Made {
        context: &context,
        network: &network,
        path: Some(&args.photo),
        rebuild,
        found: &found,
        photo,
        words: info.name.clone(),
    };
    made.put(&args.making, &out)
}
