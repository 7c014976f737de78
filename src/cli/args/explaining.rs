//! What the commands that explain take.

use clap::Args;
use clap_complete::engine::{ArgValueCandidates, ArgValueCompleter};

use super::groups::*;
use super::values::{Channels, within};
use crate::base::bounds;
use crate::cli::completions;

/// What to explain, and how.
#[derive(Args, Debug)]
#[command(next_help_heading = "Explanation")]
pub(in crate::cli) struct TargetArgs {
    /// The method (`convscope help methods` lists them); by default grad-cam for a class, guided-backprop for a channel
    /// or a unit
    #[arg(long, value_name = "M", add = ArgValueCandidates::new(completions::methods))]
    pub method: Option<String>,
    /// The layer whose map is shown, by default the last one with rows and columns; or the layer of --channel and
    /// --unit
    #[arg(long, value_name = "L", add = ArgValueCompleter::new(completions::layers))]
    pub layer: Option<String>,
    /// Explain this class, by its index or its name; by default the top class
    #[arg(long, value_name = "C|NAME")]
    pub class: Option<String>,
}

/// Numbers of methods that repeat themselves.
#[derive(Args, Debug)]
#[command(next_help_heading = "Explanation")]
pub(in crate::cli) struct EffortArgs {
    /// Number of points on the path of integrated-gradients, 1 to 10000; by default 50
    #[arg(long, value_name = "N", value_parser = within(&bounds::STEPS))]
    pub steps: Option<usize>,
    /// Number of noisy inputs of smoothgrad, 1 to 10000; by default 25
    #[arg(long, value_name = "N", value_parser = within(&bounds::SAMPLES))]
    pub samples: Option<usize>,
    /// Seed of the noise of smoothgrad; by default 0
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
}

/// What `explain --help` ends with.
const FILES: &str = "\
With several photos or a folder, -o names a folder: one that exists, or a new one that ends with /. It gets a file per \
photo, named after the photo: a picture, or the values with --format npy.

A .png shows the map over the photo, or the gradient. A .npy holds a map [H,W] from 0 to 1, or a gradient [C,H,W] as \
computed.";

/// `explain`
#[derive(Args, Debug)]
#[command(after_help = FILES)]
pub(in crate::cli) struct ExplainArgs {
    #[command(flatten)]
    pub photos: PhotoArgs,
    #[command(flatten)]
    pub target: TargetArgs,
    /// Explain a channel of --layer: its sum over all positions
    #[arg(long, value_name = "N", help_heading = "Explanation", conflicts_with = "class", value_parser = within(&bounds::INDEX))]
    pub channel: Option<usize>,
    /// Explain one unit of --layer: channel, row, column
    #[arg(long, value_name = "C,Y,X", help_heading = "Explanation", conflicts_with_all = ["class", "channel"])]
    pub unit: Option<String>,
    #[command(flatten)]
    pub effort: EffortArgs,
    #[command(flatten)]
    pub file: FileFlags,
    /// Write the map as computed: at the size of the layer, before the ReLU (.npy only)
    #[arg(long, requires = "output", help_heading = "Output")]
    pub raw: bool,
    /// Write the map alone, not over the photo (.png only)
    #[arg(long, requires = "output", help_heading = "Output")]
    pub map: bool,
    #[command(flatten)]
    pub draw: DrawFlags,
    #[command(flatten)]
    pub report: JsonFlag,
    #[command(flatten)]
    pub(super) network: NetworkFlags,
    #[command(flatten)]
    pub(super) input: InputFlags,
    #[command(flatten)]
    pub(super) compute: ComputeFlags,
    #[command(flatten)]
    pub(super) edits: EditFlags,
    #[command(flatten)]
    pub(super) look: LookFlags,
    #[command(flatten)]
    pub(super) graphics: GraphicsFlags,
}

/// `ablate`
#[derive(Args, Debug)]
pub(in crate::cli) struct AblateArgs {
    #[command(flatten)]
    pub photo: PhotoArg,
    /// The layer
    #[arg(long, value_name = "L", add = ArgValueCompleter::new(completions::layers))]
    pub layer: String,
    /// Channels to switch off: 0,3-7, or top:K (the first K by --sort, by default by mean), or all
    #[arg(long, value_name = "LIST")]
    pub channels: Option<Channels>,
    /// Multiply the channels by X, -1000000 to 1000000, instead of switching them off
    #[arg(long, value_name = "X", conflicts_with = "rank", allow_hyphen_values = true,
        value_parser = within(&bounds::FACTOR))]
    pub scale: Option<f32>,
    /// Rank the channels of the layer by the drop in the --class logit without each of them
    #[arg(long, conflicts_with = "channels")]
    pub rank: bool,
    /// The class for --rank, by its index or its name; by default the top class
    #[arg(long, value_name = "C|NAME")]
    pub class: Option<String>,
    /// Number of classes, or of channels with --rank, to print, 1 to 1000000
    #[arg(long, value_name = "K", value_parser = within(&bounds::TOP))]
    pub top: Option<usize>,
    #[command(flatten)]
    pub report: JsonFlag,
    #[command(flatten)]
    pub(super) network: NetworkFlags,
    #[command(flatten)]
    pub(super) input: InputFlags,
    #[command(flatten)]
    pub(super) compute: ComputeFlags,
    #[command(flatten)]
    pub(super) edits: EditFlags,
    #[command(flatten)]
    pub(super) sort: SortFlags,
}

/// `judge`
#[derive(Args, Debug)]
pub(in crate::cli) struct JudgeArgs {
    #[command(flatten)]
    pub photo: PhotoArg,
    #[command(flatten)]
    pub target: TargetArgs,
    #[command(flatten)]
    pub effort: EffortArgs,
    #[command(flatten)]
    pub report: JsonFlag,
    #[command(flatten)]
    pub(super) network: NetworkFlags,
    #[command(flatten)]
    pub(super) input: InputFlags,
    #[command(flatten)]
    pub(super) compute: ComputeFlags,
    #[command(flatten)]
    pub(super) edits: EditFlags,
}
