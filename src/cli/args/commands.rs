//! What each command takes besides the flags that stand everywhere.

use std::path::PathBuf;

use clap::{ArgGroup, Args, ValueEnum};
use clap_complete::engine::ArgValueCompleter;

use super::values::{Channels, Works, at_least_one, choice, works};
use crate::base::Combine;
use crate::cli::completions;

/// `layers`
#[derive(Args, Debug)]
pub(in crate::cli) struct LayersArgs {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `predict`
#[derive(Args, Debug)]
pub(in crate::cli) struct PredictArgs {
    /// Photos, folders of photos, or input tensors (.npy)
    #[arg(value_name = "PHOTO|FOLDER", required = true)]
    pub photos: Vec<PathBuf>,
    /// How many classes to name
    #[arg(long, value_name = "K", default_value = "5", value_parser = at_least_one)]
    pub top: usize,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `maps`
#[derive(Args, Debug)]
pub(in crate::cli) struct MapsArgs {
    /// A photo or an input tensor (.npy)
    #[arg(value_name = "PHOTO")]
    pub photo: PathBuf,
    /// The layer, its block or stage, or the file's name for it
    #[arg(long, value_name = "L", add = ArgValueCompleter::new(completions::layers))]
    pub layer: String,
    /// Channels: 0,3-7 or top:K or all
    #[arg(long, value_name = "LIST", conflicts_with = "combine")]
    pub channels: Option<Channels>,
    /// All channels as one map
    #[arg(long, value_name = "HOW", value_parser = choice::<Combine>())]
    pub combine: Option<Combine>,
    /// Blend the maps with the photo
    #[arg(long)]
    pub overlay: bool,
    /// Show what --knock-out changes of the maps, not the maps
    #[arg(long)]
    pub difference: bool,
    /// Where the tiles go.
    #[command(flatten)]
    pub to: ToArgs,
}

/// `kernels`
#[derive(Args, Debug)]
pub(in crate::cli) struct KernelsArgs {
    /// The convolution: its name, or the file's name for it
    #[arg(long, value_name = "L", add = ArgValueCompleter::new(completions::convolutions))]
    pub layer: String,
    /// Output channels: 0,3-7 or top:K (by norm) or all
    #[arg(long, value_name = "LIST")]
    pub channels: Option<Channels>,
    /// Only this input of each kernel; by default all three as colours where there are three, else 0
    #[arg(long, value_name = "N")]
    pub slice: Option<usize>,
    /// Where the tiles go.
    #[command(flatten)]
    pub to: ToArgs,
}

/// Where tiles go: what `maps` and `kernels` share.
#[derive(Args, Debug)]
pub(in crate::cli) struct ToArgs {
    /// Write a picture (.png) or the values (.npy, float32: maps [C,H,W], kernels [N,C/groups,KH,KW]);
    /// - is .npy to stdout
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Draw on the terminal, as --graphics says (also without -o)
    #[arg(long)]
    pub print: bool,
    /// Columns to draw in; by default all of the terminal
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub width: Option<u16>,
    /// Pixels for each value of a .png; by default the sheet gets about 1000 pixels wide
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub scale: Option<u16>,
}

/// `stats`
#[derive(Args, Debug)]
#[command(group = ArgGroup::new("format").multiple(false))]
pub(in crate::cli) struct StatsArgs {
    /// Photos, folders of photos, or input tensors (.npy); the statistics are over all of them
    #[arg(value_name = "PHOTO|FOLDER", required = true)]
    pub photos: Vec<PathBuf>,
    /// Only this layer, with a row for each channel
    #[arg(long, value_name = "L", add = ArgValueCompleter::new(completions::layers))]
    pub layer: Option<String>,
    /// Print JSON, every channel
    #[arg(long, group = "format")]
    pub json: bool,
    /// Print CSV, every channel
    #[arg(long, group = "format")]
    pub csv: bool,
}

/// `export`
#[derive(Args, Debug)]
pub(in crate::cli) struct ExportArgs {
    /// A photo or an input tensor (.npy)
    #[arg(value_name = "PHOTO")]
    pub photo: PathBuf,
    /// Layers by name, or all
    #[arg(long, value_name = "L,L", default_value = "all", value_delimiter = ',',
        add = ArgValueCompleter::new(completions::layers))]
    pub layers: Vec<String>,
    /// The .safetensors file; - is stdout
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
}

/// `bench`
#[derive(Args, Debug)]
pub(in crate::cli) struct BenchArgs {
    /// A photo or an input tensor (.npy)
    #[arg(value_name = "PHOTO")]
    pub photo: PathBuf,
    /// What is timed
    #[arg(long, value_name = "WORK", default_value = "all", value_parser = works())]
    pub work: Works,
    /// How often, besides twice that do not count
    #[arg(long, value_name = "N", default_value = "10", value_parser = at_least_one)]
    pub runs: usize,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `models`
#[derive(Args, Debug)]
pub(in crate::cli) struct ModelsArgs {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `fetch`
#[derive(Args, Debug)]
pub(in crate::cli) struct FetchArgs {
    /// The network: a name of `convscope models`, or OWNER/NAME[@REVISION][:FILE]
    #[arg(value_name = "M", add = ArgValueCompleter::new(completions::models))]
    pub network: PathBuf,
}

/// `doctor`
#[derive(Args, Debug)]
pub(in crate::cli) struct DoctorArgs {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `completions`
#[derive(Args, Debug)]
pub(in crate::cli) struct CompletionsArgs {
    /// For which shell; bash: `source <(convscope completions bash)`
    #[arg(value_name = "SHELL", value_parser = completions::shells())]
    pub shell: String,
}

/// `config`
#[derive(Args, Debug)]
pub(in crate::cli) struct ConfigArgs {
    /// What to do
    #[arg(value_enum, value_name = "path|show|init")]
    pub what: ConfigWhat,
}

/// What `config` does.
#[derive(ValueEnum, Debug, Clone, Copy)]
pub(in crate::cli) enum ConfigWhat {
    /// Say where the settings, the keys and the networks are read from
    Path,
    /// Show the settings in force, as they would stand in the file
    Show,
    /// Write such files with all defaults in comments; those that are there stay as they are
    Init,
}
