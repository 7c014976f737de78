//! What `config.json` says about the network's computation.

use super::architectures::{Architecture, named};
use super::fields::{ARGUMENTS, EPS};
use super::object::{Object, short, show};
use super::sift::sift;
use super::{RepoConfig, Trait};

/// Batch norms divide by a root of at least this.
const SMALLEST_EPS: f64 = 1e-12;

/// Reads strides, dilation and epsilon, and what can be compared with the tensors.
///
/// # Errors
/// A sentence, when a field asks for something that does not run or has the wrong type.
pub fn read(config: Object<'_>, says: &mut RepoConfig) -> Result<(), String> {
    let pretrained = config.object("pretrained_cfg")?;
    let pretrained =
        pretrained.map(|fields| Object { place: "config.json, pretrained_cfg", fields });
    transformers(config, says)?;
    let stated = match config.text("architecture")? {
        None => pretrained.map(|cfg| cfg.text("architecture")).transpose()?.flatten(),
        top => top,
    };
    if let Some(name) = stated {
        architecture(name, says)?;
    }
    if let Some(fields) = config.object("model_args")? {
        arguments(Object { place: "config.json, model_args", fields }, says)?;
    }
    counts(config, pretrained, says)
}

/// The fields of transformers' `ResNetConfig`.
fn transformers(config: Object<'_>, says: &mut RepoConfig) -> Result<(), String> {
    let bottleneck = config.flag("downsample_in_bottleneck")?;
    let first_stage = config.flag("downsample_in_first_stage")?;
    // What its configuration leaves out is the default, not unknown.
    let resnet = config.text("model_type")? == Some("resnet");
    if resnet || bottleneck.is_some() || first_stage.is_some() {
        says.strides = Some((bottleneck.unwrap_or(false), first_stage.unwrap_or(false)));
    }
    for name in EPS {
        let Some(eps) = config.number(name)? else { continue };
        if !(SMALLEST_EPS..=1.0).contains(&eps) {
            return Err(config.wrong(name, "a number between 1e-12 and 1"));
        }
        says.eps = Some(eps);
    }
    let text = |field| config.text(field).map(|text| text.map(str::to_string));
    for (field, about, value) in [
        ("depths", Trait::Blocks, dashed(config, "depths")),
        ("hidden_sizes", Trait::Widths, dashed(config, "hidden_sizes")),
        ("layer_type", Trait::Block, text("layer_type")),
        ("embedding_size", Trait::StemWidth, number(config, "embedding_size")),
        ("num_channels", Trait::InputChannels, number(config, "num_channels")),
        ("num_labels", Trait::Classes, number(config, "num_labels")),
    ] {
        says.claim(field, about, value);
    }
    Ok(())
}

/// timm's name of the network: a plain ResNet of timm has the stride in the 3x3 convolution.
fn architecture(name: &str, says: &mut RepoConfig) -> Result<(), String> {
    let shown = short(name);
    match named(name) {
        Architecture::Plain(plain) => {
            says.strides = Some(says.strides.unwrap_or((false, false)));
            says.output_stride = Some(32);
            let kind = if plain.bottleneck { "bottleneck" } else { "basic" };
            for (about, value) in [
                (Trait::Blocks, joined(&plain.blocks)),
                (Trait::Block, kind.to_string()),
                (Trait::Groups, plain.groups.to_string()),
            ] {
                says.claim(&format!("architecture {shown}"), about, Ok(Some(value)));
            }
        }
        Architecture::Other(parts) => {
            return Err(format!("config.json says {shown}: {parts} is not supported yet"));
        }
        Architecture::Unknown => says.notes.push(format!(
            "config.json: architecture \"{shown}\" is unknown: run as the plain ResNet that the tensors describe"
        )),
    }
    Ok(())
}

/// Keyword arguments of timm's class, which go before what the architecture says.
fn arguments(arguments: Object<'_>, says: &mut RepoConfig) -> Result<(), String> {
    let found = sift(arguments, &[&ARGUMENTS]);
    says.unknown.extend(found.unknown.iter().map(|name| format!("model_args.{name}")));
    says.notes.extend(found.notes);
    if let Some(why) = found.refused {
        return Err(why);
    }
    if let Some(stride) = arguments.whole("output_stride")? {
        if ![8, 16, 32].contains(&stride) {
            return Err(arguments.wrong("output_stride", "8, 16 or 32"));
        }
        says.output_stride = Some(stride);
    }
    if arguments.text("global_pool")? == Some("") {
        says.notes.push(
            "config.json, model_args: global_pool is empty: the network ends with layer4, the average pool is an addition"
                .into(),
        );
    }
    for (field, about, value) in [
        ("layers", Trait::Blocks, dashed(arguments, "layers")),
        ("cardinality", Trait::Groups, number(arguments, "cardinality")),
        ("in_chans", Trait::InputChannels, number(arguments, "in_chans")),
    ] {
        if matches!(value, Ok(Some(_))) {
            says.claims.retain(|claim| claim.about != about);
        }
        says.claim(&format!("model_args.{field}"), about, value);
    }
    Ok(())
}

/// Classes and input channels, as timm states them: `model_args` before the top before `pretrained_cfg`.
fn counts(
    config: Object<'_>,
    pretrained: Option<Object<'_>>,
    says: &mut RepoConfig,
) -> Result<(), String> {
    let arguments = config.object("model_args")?;
    let arguments = arguments.map(|fields| Object { place: "config.json, model_args", fields });
    let places = [arguments, Some(config), pretrained];
    for (place, prefix) in places.into_iter().zip(["model_args.", "", "pretrained_cfg."]) {
        let Some(place) = place.filter(|place| place.get("num_classes").is_some()) else {
            continue;
        };
        let classes = number(place, "num_classes");
        says.claim(&format!("{prefix}num_classes"), Trait::Classes, classes);
        break;
    }
    let stated = says.claims.iter().any(|claim| claim.about == Trait::InputChannels);
    let input_size = pretrained.and_then(|cfg| cfg.get("input_size")?.get(0));
    if let (Some(channels), false) = (input_size, stated) {
        let field = "pretrained_cfg.input_size";
        says.claim(field, Trait::InputChannels, Ok(Some(show(channels))));
    }
    Ok(())
}

/// A list of whole numbers, as [`joined`].
fn dashed(object: Object<'_>, name: &str) -> Result<Option<String>, String> {
    Ok(object.wholes(name)?.map(|numbers| joined(&numbers)))
}

/// A whole number.
fn number(object: Object<'_>, name: &str) -> Result<Option<String>, String> {
    Ok(object.whole(name)?.map(|number| number.to_string()))
}

/// `3-4-6-3`.
fn joined(numbers: &[usize]) -> String {
    numbers.iter().map(usize::to_string).collect::<Vec<_>>().join("-")
}
