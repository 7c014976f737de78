//! `convscope invert`: a photo from the activations of a layer, or of several.

use anyhow::{Context as _, Result, bail};

use super::args::{Channels, Flags, InvertArgs};
use super::channels::{check_channels, refuse_sort, select};
use super::context::{Context, Keep, finite};
use super::failure::Usage;
use super::making::{Made, Out, Step};
use super::photos::is_tensor;
use crate::base::LayerId;
use crate::session::ask::*;

/// Runs the command.
pub(super) fn run(flags: &Flags, args: &InvertArgs) -> Result<()> {
    if args.layer.is_none() && args.layers.is_empty() {
        bail!(Usage("name a layer with --layer L, or several with --layers L,L".into()));
    }
    let out = Out::check(&args.making, flags, Some(&args.photo.path))?;
    refuse_sort(flags, matches!(args.channels, Some(Channels::Top(_))), "--channels top:K")?;
    let context = Context::open(flags, Keep::Newest)?;
    let network = context.network()?;
    let names = args.layer.iter().chain(&args.layers);
    let layers: Vec<LayerId> =
        names.map(|name| context.layer(&network, name)).collect::<Result<_>>()?;
    for layer in &layers {
        let info = network.layers.get(layer.0).context("the layer has no number")?;
        check_channels(args.channels.as_ref(), info)?;
    }
    let outcome = context.run_one(&network, &args.photo.path)?;
    finite(&outcome)?;
    if layers.len() > 1 {
        refuse_zeros(&context, &network, outcome.run, &layers)?;
    }
    let (iterations, seed) = (args.making.iterations, args.making.seed);
    let mut steps = Vec::with_capacity(layers.len());
    for layer in layers {
        let channels = match args.channels.as_ref() {
            None | Some(Channels::All) => None,
            some @ Some(_) => {
                let known = (network.as_ref(), outcome.as_ref());
                Some(select(&context, known, (outcome.run, layer), some)?)
            }
        };
        let wish = Wish::Invert(Inversion { layer, channels, iterations, seed });
        let rebuild = Rebuild { run: outcome.run, wish };
        let found = context.work(&rebuild)?;
        let words = network.layers.get(layer.0).map_or(String::new(), |info| info.name.clone());
        steps.push(Step { rebuild, found, words });
    }
    let photo = !is_tensor(&args.photo.path)?;
    let (network, path) = (network.as_ref(), Some(args.photo.path.as_path()));
    Made { context: &context, network, path, steps, photo, several: !args.layers.is_empty() }
        .put(&args.making, &out)
}

/// Refuses layers that cannot be inverted before the others are: that takes a while.
fn refuse_zeros(
    context: &Context,
    network: &NetworkInfo,
    run: RunKey,
    layers: &[LayerId],
) -> Result<()> {
    for layer in layers {
        let of = &context.ask(&request::Statistics { run, layer: *layer })?.total;
        if of.min == 0.0 && of.max == 0.0 {
            let name = network.layers.get(layer.0).map_or("", |info| info.name.as_str());
            bail!("the activations of {name} are 0 everywhere for this photo: leave it out");
        }
    }
    Ok(())
}
