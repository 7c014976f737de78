//! What each command takes: its own arguments, and the groups of flags that it uses.

use std::path::PathBuf;

use clap::{ArgGroup, Args, ValueEnum};
use clap_complete::engine::ArgValueCompleter;

use super::groups::*;
use super::values::{Channels, Works, choice, within, works};
use crate::base::{Blending, Combine, bounds};
use crate::cli::completions;

/// `layers`
#[derive(Args, Debug)]
pub(in crate::cli) struct LayersArgs {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub(super) network: NetworkFlags,
    #[command(flatten)]
    pub(super) input: InputFlags,
}

/// `predict`
#[derive(Args, Debug)]
pub(in crate::cli) struct PredictArgs {
    /// Photos, folders of photos, or input tensors (.npy)
    #[arg(value_name = "PHOTO|FOLDER", required = true)]
    pub photos: Vec<PathBuf>,
    /// How many classes to name, 1 to 1000000
    #[arg(long, value_name = "K", default_value = "5", value_parser = within(&bounds::TOP))]
    pub top: usize,
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
    /// Draw the maps over the photo: their value is the opacity, or blend half and half [default: opacity]
    #[arg(long, value_name = "HOW", num_args = 0..=1, default_missing_value = "opacity", value_parser = choice::<Blending>())]
    pub overlay: Option<Blending>,
    /// Show what --knock-out changes of the maps, not the maps
    #[arg(long)]
    pub difference: bool,
    /// Where the tiles go.
    #[command(flatten)]
    pub to: ToArgs,
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
    pub(super) sort: SortFlags,
    #[command(flatten)]
    pub(super) graphics: GraphicsFlags,
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
    #[arg(long, value_name = "N", value_parser = within(&bounds::INDEX))]
    pub slice: Option<usize>,
    /// Where the tiles go.
    #[command(flatten)]
    pub to: ToArgs,
    #[command(flatten)]
    pub(super) network: NetworkFlags,
    #[command(flatten)]
    pub(super) look: LookFlags,
    #[command(flatten)]
    pub(super) sort: SortFlags,
    #[command(flatten)]
    pub(super) graphics: GraphicsFlags,
}

/// Where tiles go: what `maps` and `kernels` share.
#[derive(Args, Debug)]
pub(in crate::cli) struct ToArgs {
    /// Write a picture (.png) or the values (.npy, float32: maps [C,H,W], kernels [N,C/groups,KH,KW]);
    /// - is .npy to stdout
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    #[command(flatten)]
    pub write: WriteFlags,
    /// Draw on the terminal, as --graphics says (also without -o)
    #[arg(long)]
    pub print: bool,
    /// Columns to draw in, 1 to 1000; by default all of the terminal
    #[arg(long, value_name = "N", value_parser = within(&bounds::COLUMNS))]
    pub width: Option<u16>,
    /// Pixels for each value of a .png, 1 to 256; by default the sheet gets about 1000 pixels wide
    #[arg(long, value_name = "N", value_parser = within(&bounds::PIXELS_EACH))]
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
    #[command(flatten)]
    pub(super) network: NetworkFlags,
    #[command(flatten)]
    pub(super) input: InputFlags,
    #[command(flatten)]
    pub(super) compute: ComputeFlags,
    #[command(flatten)]
    pub(super) edits: EditFlags,
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
    #[command(flatten)]
    pub write: WriteFlags,
    #[command(flatten)]
    pub(super) network: NetworkFlags,
    #[command(flatten)]
    pub(super) input: InputFlags,
    #[command(flatten)]
    pub(super) compute: ComputeFlags,
    #[command(flatten)]
    pub(super) edits: EditFlags,
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
    /// Number of timed runs, 1 to 100000, after two warm-up runs
    #[arg(long, value_name = "N", default_value = "10", value_parser = within(&bounds::RUNS))]
    pub runs: usize,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub(super) network: NetworkFlags,
    #[command(flatten)]
    pub(super) input: InputFlags,
    #[command(flatten)]
    pub(super) compute: ComputeFlags,
}

/// `models`
#[derive(Args, Debug)]
pub(in crate::cli) struct ModelsArgs {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// What `fetch -h` ends with.
const FETCH: &str = "\
Other ways to write a repository:
  hf-hub:OWNER/NAME, hf://OWNER/NAME/FILE, models--OWNER--NAME, resnet50.a1_in1k (timm/...),
  https://huggingface.co/OWNER/NAME and its pages tree/REVISION and blob/REVISION/FILE

Environment: HF_ENDPOINT (a mirror), HF_TOKEN, HF_HOME or HF_HUB_CACHE (the cache), HTTPS_PROXY.
A mirror needs to serve OWNER/NAME/resolve/REVISION/FILE only. An interrupted download resumes.";

/// `fetch`
#[derive(Args, Debug)]
#[command(after_help = FETCH)]
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
    #[command(flatten)]
    pub(super) compute: ComputeFlags,
    #[command(flatten)]
    pub(super) graphics: GraphicsFlags,
    #[command(flatten)]
    pub(super) theme: ThemeFlags,
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
    #[command(flatten)]
    pub(super) compute: ComputeFlags,
    #[command(flatten)]
    pub(super) look: LookFlags,
    #[command(flatten)]
    pub(super) sort: SortFlags,
    #[command(flatten)]
    pub(super) graphics: GraphicsFlags,
    #[command(flatten)]
    pub(super) theme: ThemeFlags,
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
