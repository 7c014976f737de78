//! `convscope kernels`: the weights of a convolution as a picture, as numbers, or on the terminal.

use anyhow::{Context as _, Result, bail};
use serde::Serialize;

use super::args::{Channels, Flags, KernelsArgs};
use super::channels::{check_channels, refuse_sort};
use super::context::{Context, Keep};
use super::failure::Usage;
use super::output;
use super::report::{Head, Numbers};
use super::tiles::{Tiles, To};
use super::unused::For;
use crate::base::SortOrder;
use crate::session::ask::*;

/// Runs the command.
pub(super) fn run(flags: &Flags, args: &KernelsArgs) -> Result<()> {
    let own = [("--slice", args.slice.is_some(), For::Pictures)];
    let to = To::check(&args.to, "kernels", (flags, None), &own)?;
    let in_order = !matches!(args.channels, Some(Channels::These(_)));
    refuse_sort(flags, in_order, "--channels all or top:K")?;
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
    let report = args
        .to
        .report
        .json
        .then(|| report(&context, &network, layer, (&info, &which)))
        .transpose()?;
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
    tiles.put(&to)?;
    if let Some(report) = report {
        output::print(&Head::of(&context, &network, None)?.with(report)?)?;
    }
    Ok(())
}

/// What `--json` says.
#[derive(Serialize)]
struct Report<'a> {
    layer: &'a str,
    shape: [usize; 4],
    kernels: Vec<KernelReport>,
}

#[derive(Serialize)]
struct KernelReport {
    kernel: usize,
    norm: f32,
    #[serde(flatten)]
    numbers: Numbers,
}

fn report<'a>(
    context: &Context,
    network: &NetworkInfo,
    layer: &'a LayerInfo,
    (info, which): (&KernelInfo, &[usize]),
) -> Result<Report<'a>> {
    let kernels = Some(which.to_vec());
    let request = request::KernelValues { network: network.id, layer: layer.id, kernels };
    let values = context.ask(&request)?;
    let each = info.shape.iter().skip(1).product::<usize>().max(1);
    let kernel = |(kernel, values): (&usize, &[f32])| KernelReport {
        kernel: *kernel,
        norm: info.norms.get(*kernel).copied().unwrap_or(0.0),
        numbers: (&ChannelStatistics::of(values)).into(),
    };
    let kernels = which.iter().zip(values.data.chunks(each)).map(kernel).collect();
    Ok(Report { layer: &layer.name, shape: info.shape, kernels })
}

/// The layer of that name, which must be a convolution itself.
fn convolution<'a>(
    context: &Context,
    network: &'a NetworkInfo,
    name: &str,
) -> Result<&'a LayerInfo> {
    let layer = context.layer(network, name)?;
    let found = network.layers.get(layer.0).context("the layer has no number")?;
    if found.is_convolution() {
        return Ok(found);
    }
    let before = found.makers();
    let names = before.iter().filter_map(|of| Some(network.layers.get(of.0)?.name.as_str()));
    let name = &found.name;
    bail!(Usage(match names.collect::<Vec<_>>().as_slice() {
        [] => format!("{name} is not a convolution; `convscope layers` says which layers are"),
        [one] => format!("{name} is not a convolution; the one before it is {one}"),
        [first, .., last] => format!(
            "{name} is not a convolution; its channels are made by {}, {first} to {last}",
            before.len()
        ),
    }))
}

/// All three inputs as colors where that is what they are, else one of them.
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
