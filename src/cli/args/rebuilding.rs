//! What the commands that make pictures take.

use std::path::PathBuf;

use clap::Args;
use clap_complete::engine::ArgValueCompleter;

use super::groups::*;
use super::values::{Channels, within};
use crate::base::bounds;
use crate::cli::completions;

/// `invert`
#[derive(Args, Debug)]
pub(in crate::cli) struct InvertArgs {
    #[command(flatten)]
    pub photo: PhotoArg,
    /// The layer
    #[arg(long, value_name = "L", add = ArgValueCompleter::new(completions::layers))]
    pub layer: Option<String>,
    /// Several layers, separated by commas: one picture of each, beside each other
    #[arg(long, value_name = "L,L", value_delimiter = ',', conflicts_with_all = ["layer", "channels"],
        add = ArgValueCompleter::new(completions::layers))]
    pub layers: Vec<String>,
    /// Use only these channels: 0,3-7, or top:K (the first K by --sort, by default by mean), or all
    #[arg(long, value_name = "LIST")]
    pub channels: Option<Channels>,
    /// How it is made, and where it goes.
    #[command(flatten)]
    pub making: MakingArgs,
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
    #[command(flatten)]
    pub(super) graphics: GraphicsFlags,
}

/// `dream`
#[derive(Args, Debug)]
pub(in crate::cli) struct DreamArgs {
    /// Start from this photo (DeepDream), - reads it from stdin; without a photo, start from noise
    #[arg(value_name = "PHOTO")]
    pub photo: Option<PathBuf>,
    /// The layer
    #[arg(long, value_name = "L", add = ArgValueCompleter::new(completions::layers))]
    pub layer: Option<String>,
    /// A channel of --layer; with a photo, the default is the whole layer
    #[arg(long, value_name = "N", value_parser = within(&bounds::INDEX))]
    pub channel: Option<usize>,
    /// One unit of --layer: channel, row, column
    #[arg(long, value_name = "C,Y,X", conflicts_with = "channel")]
    pub unit: Option<String>,
    /// A class, by its index or its name
    #[arg(long, value_name = "C|NAME", conflicts_with_all = ["layer", "channel", "unit"])]
    pub class: Option<String>,
    /// From noise: the number of pictures, 1 to 9, which are made to differ from each other
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = within(&bounds::VARIANTS))]
    pub variants: usize,
    /// How it is made, and where it goes.
    #[command(flatten)]
    pub making: MakingArgs,
    #[command(flatten)]
    pub(super) network: NetworkFlags,
    #[command(flatten)]
    pub(super) input: InputFlags,
    #[command(flatten)]
    pub(super) compute: ComputeFlags,
    #[command(flatten)]
    pub(super) edits: EditFlags,
    #[command(flatten)]
    pub(super) graphics: GraphicsFlags,
}

/// How a picture is made, and where it goes.
#[derive(Args, Debug)]
pub(in crate::cli) struct MakingArgs {
    /// Number of iterations, 1 to 100000; by default 300 for invert, 256 for dream from noise, 10 in each of the four
    /// octaves of DeepDream
    #[arg(long, value_name = "N", value_parser = within(&bounds::ITERATIONS))]
    pub iterations: Option<usize>,
    /// Seed of the random numbers
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    #[command(flatten)]
    pub file: FileFlags,
    #[command(flatten)]
    pub draw: DrawFlags,
    #[command(flatten)]
    pub report: JsonFlag,
}
