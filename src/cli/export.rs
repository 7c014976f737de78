//! `convscope export`: the values of layers as a `.safetensors` file.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use safetensors::Dtype;
use safetensors::tensor::TensorView;

use super::args::{ExportArgs, Flags};
use super::context::{Context, Keep, ask};
use super::failure::Usage;
use super::output::{Target, shown};
use crate::base::{Array, LayerId};
use crate::session::ask::{NetworkInfo, Request};

/// The key of the input tensor; it is no layer and always there.
const INPUT: &str = "input";

/// Runs the command.
pub(super) fn run(flags: &Flags, args: &ExportArgs) -> Result<()> {
    let known = args.output.extension().is_some_and(|e| e.eq_ignore_ascii_case("safetensors"));
    let target = Target::check(&args.output)?;
    if target != Target::Stdout && !known {
        let file = shown(&args.output);
        bail!(Usage(format!("{file}: values of layers are written as .safetensors")));
    }
    let context = Context::open(flags, Keep::Newest)?;
    let network = context.network()?;
    let layers = layers(&context, &network, &args.layers)?;
    let outcome = context.run_one(&network, &args.photo)?;
    let mut tensors: BTreeMap<String, Arc<Array>> = BTreeMap::new();
    for (name, layer) in layers {
        let request = Request::Values { run: outcome.run, layer, maps: None };
        tensors.insert(name, ask!(context, request, Values));
    }
    let input = ask!(context, Request::InputValues(outcome.run.input), Values);
    tensors.insert(INPUT.to_string(), input);
    // One entry only: the order of several would change from run to run.
    let made = format!(
        "convscope {}: {}, {}, {} ({})",
        env!("CARGO_PKG_VERSION"),
        network.name,
        network.source,
        network.recipe,
        network.recipe_origin
    );
    target.write(&serialize(&tensors, made)?)
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

fn serialize(tensors: &BTreeMap<String, Arc<Array>>, made: String) -> Result<Vec<u8>> {
    let bytes =
        |array: &Array| array.data.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>();
    let data: Vec<(&str, Vec<usize>, Vec<u8>)> = tensors
        .iter()
        .map(|(name, array)| (name.as_str(), array.shape.dims(), bytes(array)))
        .collect();
    let mut views = Vec::new();
    for (name, dims, bytes) in &data {
        let view = TensorView::new(Dtype::F32, dims.clone(), bytes);
        views.push((*name, view.with_context(|| format!("{name}: cannot be written"))?));
    }
    let about = HashMap::from([("made_by".to_string(), made)]);
    safetensors::serialize(views, Some(about)).context("the values cannot be written")
}
