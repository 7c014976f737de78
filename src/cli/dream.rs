//! `convscope dream`: the input that maximizes a channel, a unit or a class, and DeepDream.

use anyhow::{Context as _, Result, bail};

use super::args::{DreamArgs, EffortArgs, Flags, TargetArgs};
use super::context::{Context, Keep, finite};
use super::failure::Usage;
use super::making::{Made, Out, Step};
use super::photos::is_tensor;
use super::target::{self, Place};
use crate::session::ask::*;

/// Runs the command.
pub(super) fn run(flags: &Flags, args: &DreamArgs) -> Result<()> {
    let out = Out::check(&args.making, flags, args.photo.as_deref())?;
    let has_place = args.channel.is_some() || args.unit.is_some();
    if args.layer.is_none() && args.class.is_none() {
        bail!(Usage(
            "nothing to maximize: add --class C, --layer L with --channel or --unit, or a PHOTO with --layer L"
                .into(),
        ));
    }
    if args.photo.is_none() && !has_place && args.class.is_none() {
        bail!(Usage(
            "a whole layer needs a photo to start from: add a PHOTO, --channel or --unit".into(),
        ));
    }
    if args.variants > 1 && args.photo.is_some() {
        bail!(Usage("--variants makes pictures from noise: leave out PHOTO".into()));
    }
    let context = Context::open(flags, Keep::Newest)?;
    let network = context.network()?;
    let outcome = match &args.photo {
        Some(photo) => context.run_one(&network, photo)?,
        None => context.run_ref(&network, &PhotoRef::Blank)?,
    };
    finite(&outcome)?;
    let (iterations, seed) = (args.making.iterations, args.making.seed);
    let target = target(&context, (&network, &outcome), args)?;
    let words = match target {
        Some(target) => target::words(target, &network),
        None => {
            let layer = context.layer(&network, args.layer.as_deref().unwrap_or_default())?;
            network.layers.get(layer.0).map_or(String::new(), |info| info.name.clone())
        }
    };
    let wish = match (&args.photo, target) {
        (None, Some(target)) => {
            let variants = args.variants;
            Wish::Maximize(Maximization { target, iterations, seed, variants })
        }
        (_, Some(target)) => Wish::Dream(Dream { goal: Goal::Target(target), iterations, seed }),
        (_, None) => {
            let layer = context.layer(&network, args.layer.as_deref().unwrap_or_default())?;
            Wish::Dream(Dream { goal: Goal::Layer(layer), iterations, seed })
        }
    };
    let rebuild = Rebuild { run: outcome.run, wish };
    let found = context.work(&rebuild)?;
    let photo = args.photo.as_deref().map(is_tensor).transpose()?.is_some_and(|tensor| !tensor);
    let made = Made {
        context: &context,
        network: &network,
        path: args.photo.as_deref(),
        steps: vec![Step { rebuild, found, words }],
        photo,
        several: false,
    };
    made.put(&args.making, &out)
}

/// The class, channel or unit; `None` for a whole layer.
fn target(
    context: &Context,
    known: (&NetworkInfo, &Outcome),
    args: &DreamArgs,
) -> Result<Option<Target>> {
    let place = Place { channel: args.channel, unit: args.unit.as_deref() };
    if place == Place::default() && args.class.is_none() {
        return Ok(None);
    }
    // Saliency reads no layer of its own: what is left is the question what is meant.
    let any = Method::named("saliency").ok().context("there is no saliency")?;
    let (layer, class) = (args.layer.clone(), args.class.clone());
    let target = TargetArgs { method: None, layer, class };
    let effort = EffortArgs { steps: None, samples: None, seed: None };
    Ok(Some(target::question(context, known, any, &target, place, &effort)?.target))
}
