//! `convscope export`: the values of layers as a `.safetensors` file.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Result, bail};

use super::args::{ExportArgs, Flags};
use super::context::{Context, Keep, finite};
use super::failure::Usage;
use super::output::{Spared, Target, shown};
use crate::base::{Array, LayerId};
use crate::session::ask::{NetworkInfo, request};
use crate::session::{made_by, serialize};

/// The key of the input tensor; it is no layer and always there.
const INPUT: &str = "input";

/// Runs the command.
pub(super) fn run(flags: &Flags, args: &ExportArgs) -> Result<()> {
    let known = args.output.extension().is_some_and(|e| e.eq_ignore_ascii_case("safetensors"));
    let spared = Spared::new(flags, args.write.no_clobber, Some(&args.photo.path));
    let target = Target::check(&args.output, &spared)?;
    if !target.is_stdout() && !known {
        let file = shown(&args.output);
        bail!(Usage(format!("{file}: activations are written as .safetensors")));
    }
    let context = Context::open(flags, Keep::Newest)?;
    let network = context.network()?;
    let layers = layers(&context, &network, &args.layers)?;
    let outcome = context.run_one(&network, &args.photo.path)?;
    let mut tensors: BTreeMap<String, Arc<Array>> = BTreeMap::new();
    for (name, layer) in layers {
        let request = request::Values { run: outcome.run, layer, maps: None };
        tensors.insert(name, context.ask(&request)?);
    }
    let input = context.ask(&request::InputValues(outcome.run.input))?;
    tensors.insert(INPUT.to_string(), input);
    target.write(&serialize(&tensors, &made_by(&network))?)?;
    finite(&outcome)
}

/// Each name as it was given, with its layer. A name of `input` asks for what is there anyway.
fn layers(
    context: &Context,
    network: &NetworkInfo,
    names: &[String],
) -> Result<Vec<(String, LayerId)>> {
    let mut layers = Vec::new();
    for name in names.iter().map(|name| name.trim()) {
        match name {
            "all" => layers.extend(network.layers.iter().map(|l| (l.name.clone(), l.id))),
            INPUT => {}
            _ => layers.push((name.to_string(), context.layer(network, name)?)),
        }
    }
    Ok(layers)
}
