//! What is explained, from the command line to a question.

use anyhow::{Context as _, Result, bail};

use super::args::{EffortArgs, TargetArgs};
use super::context::{Context, known_channels};
use super::failure::Usage;
use crate::session::ask::*;

/// A method, and what there is to say about why it is that one.
pub(super) struct Chosen {
    /// The method.
    pub method: Method,
    /// Sentences.
    pub notes: Vec<String>,
}

/// The method of that name; without one, the usual method for a class, or for the place.
///
/// # Errors
/// When there is none, with similar names.
pub(super) fn method(name: Option<&str>, place: Place<'_>) -> Result<Chosen> {
    let named = |name: &str| Method::named(name).map_err(Usage);
    let Some(name) = name else {
        if place == Place::default() {
            return Ok(Chosen { method: named(OF_CLASSES)?, notes: Vec::new() });
        }
        let what = if place.channel.is_some() { "a channel" } else { "a unit" };
        let note = format!(
            "the method is {OF_PLACES}: {OF_CLASSES}, the default, does not explain {what}"
        );
        return Ok(Chosen { method: named(OF_PLACES)?, notes: vec![note] });
    };
    Ok(Chosen { method: named(name)?, notes: Vec::new() })
}

/// The usual method for a class.
const OF_CLASSES: &str = "grad-cam";
/// The usual method for a channel or a unit.
const OF_PLACES: &str = "guided-backprop";

/// The class that a text names; the top class without one.
///
/// # Errors
/// When no class or several fit.
pub(super) fn class(text: Option<&str>, network: &NetworkInfo, outcome: &Outcome) -> Result<usize> {
    match (text, outcome.ranked.first()) {
        (Some(text), _) => Ok(find_class(&network.classes, text)?),
        (None, Some((top, _))) => Ok(*top),
        (None, None) => bail!(Usage(format!(
            "{} has no classes: explain a channel or a unit of a layer",
            network.source
        ))),
    }
}

/// A channel or a unit of `--layer` instead of a class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place<'a> {
    /// The channel.
    pub channel: Option<usize>,
    /// Channel, row and column.
    pub unit: Option<&'a str>,
}

/// The question that the command line asks of a method.
///
/// # Errors
/// When a layer, class, channel or unit does not exist, or the method reads no such thing.
pub(super) fn question(
    context: &Context,
    (network, outcome): (&NetworkInfo, &Outcome),
    method: Method,
    args: &TargetArgs,
    place: Place<'_>,
    effort: &EffortArgs,
) -> Result<Question> {
    let named = args.layer.as_deref().map(|name| context.layer(network, name)).transpose()?;
    let is_class = place == Place::default();
    let usual = Parameters::default();
    let parameters = Parameters {
        steps: effort.steps.unwrap_or(usual.steps),
        samples: effort.samples.unwrap_or(usual.samples),
        seed: effort.seed.unwrap_or(usual.seed),
    };
    let last = last_map(&outcome.layers).context("no layer of this network has a map")?;
    if is_class {
        if method.kind() == Kind::Map
            && named.is_some_and(|named| named != last)
            && !method.takes_layer()
        {
            bail!(Usage(format!(
                "{} always reads the layer before the global average pool: leave out --layer",
                method.name()
            )));
        }
        if method.kind() != Kind::Map && !method.takes_layer() && named.is_some() {
            bail!(Usage(format!(
                "{} does not read a layer for a class: leave out --layer, or add --channel or --unit",
                method.name()
            )));
        }
        let target = Target::Class(class(args.class.as_deref(), network, outcome)?);
        return Ok(Question { layer: named.unwrap_or(last), target, parameters });
    }
    if method.takes_layer() {
        bail!(Usage(format!(
            "{} explains classes; for a channel or a unit use saliency, guided-backprop, deconvnet, smoothgrad, integrated-gradients or occlusion",
            method.name()
        )));
    }
    let Some(layer) = named else {
        bail!(Usage("--channel and --unit need --layer".into()));
    };
    let info = outcome.layers.get(layer.0).context("the layer has no number")?;
    let target = match (place.channel, place.unit) {
        (Some(channel), _) => {
            known_channels(info, &[channel])?;
            Target::Channel { layer, channel }
        }
        (None, unit) => {
            let numbers: Option<Vec<usize>> =
                unit.unwrap_or_default().split(',').map(|n| n.trim().parse().ok()).collect();
            let Some([channel, row, column]) = numbers.as_deref() else {
                bail!(Usage("--unit takes channel, row and column: 5,3,4".into()));
            };
            Target::Unit { layer, channel: *channel, row: *row, column: *column }
        }
    };
    Ok(Question { layer: last, target, parameters })
}

/// The target in words: `tabby`, `channel 5 of layer2`, `unit (5, 3, 4) of layer2`.
pub(super) fn words(target: Target, network: &NetworkInfo) -> String {
    let name = |layer: crate::base::LayerId| {
        network.layers.get(layer.0).map_or("", |info| info.name.as_str())
    };
    match target {
        Target::Class(class) => {
            let label = network.classes.get(class).map_or("", |label| label.name.as_str());
            format!("{label} (class {class})")
        }
        Target::Channel { layer, channel } => format!("channel {channel} of {}", name(layer)),
        Target::Unit { layer, channel, row, column } => {
            format!("unit ({channel}, {row}, {column}) of {}", name(layer))
        }
    }
}
