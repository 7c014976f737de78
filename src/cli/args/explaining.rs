//! What the commands that explain take.

use std::path::PathBuf;

use clap::Args;
use clap_complete::engine::{ArgValueCandidates, ArgValueCompleter};

use super::groups::*;
use super::values::{Channels, within};
use crate::base::bounds;
use crate::cli::completions;

/// What is explained.
#[derive(Args, Debug)]
pub(in crate::cli) struct TargetArgs {
    /// The layer: the one that a class activation map is taken at (by default the last with rows and columns), or the
    /// one of --channel and --unit
    #[arg(long, value_name = "L", add = ArgValueCompleter::new(completions::layers))]
    pub layer: Option<String>,
    /// Explain this class, by its index or its name; by default the top class
    #[arg(long, value_name = "C|NAME")]
    pub class: Option<String>,
}

/// Numbers of methods that repeat themselves.
#[derive(Args, Debug)]
pub(in crate::cli) struct EffortArgs {
    /// Points on the path of integrated-gradients, 1 to 10000
    #[arg(long, value_name = "N", default_value = "50", value_parser = within(&bounds::STEPS))]
    pub steps: usize,
    /// Noisy inputs of smoothgrad, 1 to 10000
    #[arg(long, value_name = "N", default_value = "25", value_parser = within(&bounds::SAMPLES))]
    pub samples: usize,
    /// What random numbers start from
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
}

/// `explain`
#[derive(Args, Debug)]
pub(in crate::cli) struct ExplainArgs {
    /// A photo or an input tensor (.npy)
    #[arg(value_name = "PHOTO")]
    pub photo: PathBuf,
    /// The method: cam, grad-cam, saliency, ...
    #[arg(long, value_name = "M", default_value = "grad-cam",
        add = ArgValueCandidates::new(completions::methods))]
    pub method: String,
    /// What is explained.
    #[command(flatten)]
    pub target: TargetArgs,
    /// Explain a channel of --layer: its sum over all positions
    #[arg(long, value_name = "N", conflicts_with = "class", value_parser = within(&bounds::INDEX))]
    pub channel: Option<usize>,
    /// Explain one unit of --layer: channel, row, column
    #[arg(long, value_name = "C,Y,X", conflicts_with_all = ["class", "channel"])]
    pub unit: Option<String>,
    /// How long it takes.
    #[command(flatten)]
    pub effort: EffortArgs,
    /// Write a picture (.png: the map over the photo, or the gradient) or the values (.npy, float32: a map [H,W] from 0
    /// to 1, a gradient [C,H,W] unscaled); - is .npy to stdout
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    #[command(flatten)]
    pub write: WriteFlags,
    /// With .npy: a map as it is, at the layer's size, before the ReLU
    #[arg(long)]
    pub raw: bool,
    /// With .png: the map alone, not over the photo
    #[arg(long)]
    pub map: bool,
    /// Draw on the terminal, as --graphics says (also without -o and --json)
    #[arg(long)]
    pub print: bool,
    /// Columns to draw in, 1 to 1000; by default all of the terminal
    #[arg(long, value_name = "N", value_parser = within(&bounds::COLUMNS))]
    pub width: Option<u16>,
    /// Print the numbers as JSON
    #[arg(long)]
    pub json: bool,
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
    /// A photo or an input tensor (.npy)
    #[arg(value_name = "PHOTO")]
    pub photo: PathBuf,
    /// The layer
    #[arg(long, value_name = "L", add = ArgValueCompleter::new(completions::layers))]
    pub layer: String,
    /// Its channels: 0,3-7 or top:K or all
    #[arg(long, value_name = "LIST", required_unless_present = "rank")]
    pub channels: Option<Channels>,
    /// Multiply the channels by this, -1000000 to 1000000, instead of switching them off
    #[arg(long, value_name = "X", conflicts_with = "rank", allow_hyphen_values = true,
        value_parser = within(&bounds::FACTOR))]
    pub scale: Option<f32>,
    /// Rank the layer's channels by what --class loses without each of them
    #[arg(long, conflicts_with = "channels")]
    pub rank: bool,
    /// The class of the ranking, by its index or its name; by default the top class
    #[arg(long, value_name = "C|NAME")]
    pub class: Option<String>,
    /// How many classes, or channels, to name, 1 to 1000000
    #[arg(long, value_name = "K", value_parser = within(&bounds::TOP))]
    pub top: Option<usize>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
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
    /// A photo or an input tensor (.npy)
    #[arg(value_name = "PHOTO")]
    pub photo: PathBuf,
    /// The method: cam, grad-cam, saliency, ...
    #[arg(long, value_name = "M", default_value = "grad-cam",
        add = ArgValueCandidates::new(completions::methods))]
    pub method: String,
    /// What is explained.
    #[command(flatten)]
    pub target: TargetArgs,
    /// How long it takes.
    #[command(flatten)]
    pub effort: EffortArgs,
    /// Print JSON, with the curves
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub(super) network: NetworkFlags,
    #[command(flatten)]
    pub(super) input: InputFlags,
    #[command(flatten)]
    pub(super) compute: ComputeFlags,
    #[command(flatten)]
    pub(super) edits: EditFlags,
}
