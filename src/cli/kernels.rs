//! `convscope kernels`: the weights of a convolution as a picture, as numbers, or on the terminal.

use anyhow::{Context as _, Result, bail};

use super::args::{Channels, Flags, KernelsArgs};
use super::context::{Context, Keep};
use super::failure::Usage;
use super::tiles::{Tiles, To, check_channels};
use crate::base::SortOrder;
use crate::session::ask::*;

/// Runs the command.
pub(super) fn run(flags: &Flags, args: &KernelsArgs) -> Result<()> {
    let to = To::check(&args.to, "kernels", (flags, None))?;
    if to.is_values() && args.slice.is_some() {
        bail!(Usage("an .npy holds every input of a kernel: leave out --slice".into()));
    }
    if let Some(
        sort @ (SortOrder::Mean | SortOrder::Max | SortOrder::Sparsity | SortOrder::Effect),
    ) = flags.sort.sort
    {
        bail!(Usage(format!("kernels are sorted by index or norm: {sort} is for maps")));
    }
    let context = Context::open(flags, Keep::Newest)?;
    let network = context.network()?;
    let layer = convolution(&context, &network, &args.layer)?;
    check_channels(args.channels.as_ref(), layer)?;
    let info = context.ask(&request::Kernels { network: network.id, layer: layer.id })?;
    let [count, inside, ..] = info.shape;
    let is_matrix = info.is_matrix() && args.slice.is_none() && args.channels.is_none();
    let slice = match is_matrix {
        true => Slice::Matrix,
        false => slice(&layer.name, &info, args.slice)?,
    };
    let sort = context.settings.display.sort_in_files();
    let which = if is_matrix { vec![0] } else { select(&info, sort, args.channels.as_ref()) };
    let name = |kernel: &usize| if is_matrix { "all".to_string() } else { kernel.to_string() };
    let detail = match slice {
        Slice::Color => String::new(),
        Slice::Matrix => " · one matrix: kernels are rows, inputs columns".to_string(),
        Slice::Input(input) => format!(" · input {input} of {inside}"),
    };
    let tiles = Tiles {
        context: &context,
        names: which.iter().map(name).collect(),
        layer: &layer.name,
        noun: "kernel",
        of: count,
        extent: info.extent(slice),
        detail,
        chosen: args.channels.is_some(),
        seen: Seen::Kernels {
            network: network.id,
            layer: layer.id,
            kernels: which.into_iter().map(|kernel| (kernel, slice)).collect(),
            look: Look::in_files(&context.settings.display),
        },
    };
    tiles.put(&to)
}

/// The layer of that name, which must be a convolution itself.
fn convolution<'a>(
    context: &Context,
    network: &'a NetworkInfo,
    name: &str,
) -> Result<&'a LayerInfo> {
    let layer = context.layer(network, name)?;
    let found = network.layers.get(layer.0).context("the layer has no number")?;
    match found.kernels {
        Some(of) if of == layer => Ok(found),
        Some(of) => {
            let before = network.layers.get(of.0).map_or("", |layer| &layer.name);
            let name = &found.name;
            bail!(Usage(format!("{name} is no convolution; the one before it is {before}")))
        }
        None => {
            let name = &found.name;
            bail!(Usage(format!(
                "{name} is no convolution; `convscope layers` says which layers are"
            )))
        }
    }
}

/// All three inputs as colours where that is what they are, else one of them.
fn slice(layer: &str, info: &KernelInfo, wish: Option<usize>) -> Result<Slice> {
    let inside = info.shape[1];
    match wish {
        None if info.color => Ok(Slice::Color),
        None => Ok(Slice::Input(0)),
        Some(input) if input < inside => Ok(Slice::Input(input)),
        Some(input) => {
            let last = inside.saturating_sub(1);
            bail!(Usage(format!("{layer} has no input {input}; its inputs are 0 to {last}")))
        }
    }
}

/// Kernels have no values of a photo to go by: settings that sort by those leave the network's order.
fn select(info: &KernelInfo, sort: SortOrder, channels: Option<&Channels>) -> Vec<usize> {
    let mut all: Vec<usize> = (0..info.shape[0]).collect();
    let (by_norm, most) = match channels {
        Some(Channels::These(these)) => return these.clone(),
        // The first by index are no top.
        Some(Channels::Top(k)) => (true, *k),
        Some(Channels::All) | None => (sort == SortOrder::Norm, usize::MAX),
    };
    if by_norm {
        let norm = |kernel: &usize| info.norms.get(*kernel).copied().unwrap_or(0.0);
        all.sort_by(|a, b| norm(b).total_cmp(&norm(a)));
    }
    all.truncate(most);
    all
}
