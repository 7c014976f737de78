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
    /// A photo or an input tensor (.npy)
    #[arg(value_name = "PHOTO")]
    pub photo: PathBuf,
    /// The layer
    #[arg(long, value_name = "L", add = ArgValueCompleter::new(completions::layers))]
    pub layer: String,
    /// Only from these of its channels: 0,3-7 or top:K or all
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
    /// Begin with this photo, and put more into it; without one, with noise
    #[arg(value_name = "PHOTO")]
    pub photo: Option<PathBuf>,
    /// The layer
    #[arg(long, value_name = "L", add = ArgValueCompleter::new(completions::layers))]
    pub layer: Option<String>,
    /// A channel of --layer; with a photo the whole layer when neither is given
    #[arg(long, value_name = "N", value_parser = within(&bounds::INDEX))]
    pub channel: Option<usize>,
    /// One unit of --layer: channel, row, column
    #[arg(long, value_name = "C,Y,X", conflicts_with = "channel")]
    pub unit: Option<String>,
    /// A class, by its index or its name
    #[arg(long, value_name = "C|NAME", conflicts_with_all = ["layer", "channel", "unit"])]
    pub class: Option<String>,
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
    /// Iterations, 1 to 100000; by default 200 of an inversion, 256 from noise, 10 in each of four octaves of a
    /// photo's dream
    #[arg(long, value_name = "N", value_parser = within(&bounds::ITERATIONS))]
    pub iterations: Option<usize>,
    /// What random numbers start from
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// Write a picture (.png) or the input tensor (.npy, float32 [C,H,W]); - is .npy to stdout
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    #[command(flatten)]
    pub write: WriteFlags,
    /// Draw on the terminal, as --graphics says (also without -o and --json)
    #[arg(long)]
    pub print: bool,
    /// Columns to draw in, 1 to 1000; by default all of the terminal
    #[arg(long, value_name = "N", value_parser = within(&bounds::COLUMNS))]
    pub width: Option<u16>,
    /// Print the numbers as JSON
    #[arg(long)]
    pub json: bool,
}
