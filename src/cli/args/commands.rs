//! What each command takes: its own arguments, and the groups of flags that it uses.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use clap_complete::engine::{ArgValueCandidates, ArgValueCompleter};

use super::groups::*;
use super::values::{Channels, Works, choice, within, works};
use crate::base::{Blending, Combine, bounds};
use crate::cli::completions;

/// `layers`
#[derive(Args, Debug)]
pub(in crate::cli) struct LayersArgs {
    #[command(flatten)]
    pub report: JsonFlag,
    #[command(flatten)]
    pub(super) network: NetworkFlags,
    #[command(flatten)]
    pub(super) input: InputFlags,
}

/// `predict`
#[derive(Args, Debug)]
pub(in crate::cli) struct PredictArgs {
    #[command(flatten)]
    pub photos: PhotoArgs,
    /// Number of classes to print per photo, 1 to 1000000
    #[arg(long, value_name = "K", default_value = "5", value_parser = within(&bounds::TOP))]
    pub top: usize,
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

/// `maps`
#[derive(Args, Debug)]
pub(in crate::cli) struct MapsArgs {
    #[command(flatten)]
    pub photo: PhotoArg,
    /// The layer, block or stage
    #[arg(long, value_name = "L", add = ArgValueCompleter::new(completions::layers))]
    pub layer: String,
    /// Channels: 0,3-7, or top:K (the first K by --sort, by default by mean), or all
    #[arg(long, value_name = "LIST", conflicts_with = "combine")]
    pub channels: Option<Channels>,
    /// Combine all channels into one map
    #[arg(long, value_name = "HOW", value_parser = choice::<Combine>())]
    pub combine: Option<Combine>,
    /// Overlay the maps on the photo: opacity (the value sets the opacity) or blend (half of each); by default opacity
    #[arg(long, value_name = "HOW", num_args = 0..=1, default_missing_value = "opacity", value_parser = choice::<Blending>())]
    pub overlay: Option<Blending>,
    /// Show the change that --knock-out causes instead of the maps
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
    /// The convolution
    #[arg(long, value_name = "L", add = ArgValueCompleter::new(completions::convolutions))]
    pub layer: String,
    /// Output channels: 0,3-7, or top:K (the K largest norms), or all
    #[arg(long, value_name = "LIST")]
    pub channels: Option<Channels>,
    /// Input channel to show of each kernel; by default red, green and blue in color in the first layer, else 0
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
#[command(next_help_heading = "Output")]
pub(in crate::cli) struct ToArgs {
    #[command(flatten)]
    pub file: FileFlags,
    /// Pixels per value of a .png, 1 to 256; by default the picture gets about 1000 pixels wide
    #[arg(long, value_name = "N", value_parser = within(&bounds::PIXELS_EACH))]
    pub scale: Option<u16>,
    #[command(flatten)]
    pub draw: DrawFlags,
    #[command(flatten)]
    pub report: JsonFlag,
}

/// `stats`
#[derive(Args, Debug)]
pub(in crate::cli) struct StatsArgs {
    #[command(flatten)]
    pub photos: PhotoArgs,
    /// Only this layer, with a row per channel
    #[arg(long, value_name = "L", add = ArgValueCompleter::new(completions::layers))]
    pub layer: Option<String>,
    /// Number of channels to print, with --layer, 1 to 1000000
    #[arg(long, value_name = "K", requires = "layer", value_parser = within(&bounds::TOP))]
    pub top: Option<usize>,
    /// Print CSV with a row per channel
    #[arg(long, conflicts_with = "json", help_heading = "Output")]
    pub csv: bool,
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

/// `export`
#[derive(Args, Debug)]
pub(in crate::cli) struct ExportArgs {
    #[command(flatten)]
    pub photo: PhotoArg,
    /// Layers, separated by commas, or all
    #[arg(long, value_name = "L,L", default_value = "all", value_delimiter = ',',
        add = ArgValueCompleter::new(completions::layers))]
    pub layers: Vec<String>,
    /// Write to FILE (.safetensors); - is stdout
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
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
    #[command(flatten)]
    pub photo: PhotoArg,
    /// What to time
    #[arg(long, value_name = "WORK", default_value = "all", value_parser = works())]
    pub work: Works,
    /// Number of timed runs, 1 to 100000, after two warm-up runs
    #[arg(long, value_name = "N", default_value = "10", value_parser = within(&bounds::RUNS))]
    pub runs: usize,
    #[command(flatten)]
    pub report: JsonFlag,
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
    #[command(flatten)]
    pub report: JsonFlag,
}

/// What `fetch -h` ends with.
const FETCH: &str = "\
Repositories can also be written as:
  hf-hub:OWNER/NAME, hf://OWNER/NAME/FILE, models--OWNER--NAME, resnet50.a1_in1k (timm/...),
  https://huggingface.co/OWNER/NAME and its pages tree/REVISION and blob/REVISION/FILE

Environment: HF_ENDPOINT (a mirror), HF_TOKEN, HF_HOME or HF_HUB_CACHE (the cache), HTTPS_PROXY.
A mirror only has to serve OWNER/NAME/resolve/REVISION/FILE. An interrupted download resumes.";

/// `fetch`
#[derive(Args, Debug)]
#[command(after_help = FETCH)]
pub(in crate::cli) struct FetchArgs {
    /// The network: a name from `convscope models`, or OWNER/NAME[@REVISION][:FILE]
    #[arg(value_name = "M", add = ArgValueCompleter::new(completions::models))]
    pub network: PathBuf,
}

/// `doctor`
#[derive(Args, Debug)]
pub(in crate::cli) struct DoctorArgs {
    #[command(flatten)]
    pub report: JsonFlag,
    #[command(flatten)]
    pub(super) compute: ComputeFlags,
    #[command(flatten)]
    pub(super) graphics: GraphicsFlags,
    #[command(flatten)]
    pub(super) theme: ThemeFlags,
}

/// `help`
#[derive(Args, Debug)]
pub(in crate::cli) struct HelpArgs {
    /// A command, or `flags` for the flags that commands share
    #[arg(value_name = "COMMAND|flags", add = ArgValueCandidates::new(completions::topics))]
    pub topic: Option<String>,
}

/// `completions`
#[derive(Args, Debug)]
pub(in crate::cli) struct CompletionsArgs {
    /// The shell. For bash: `source <(convscope completions bash)`
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
    /// Print the paths of the files: settings, keys, networks
    Path,
    /// Print the settings in effect, in the form of the file
    Show,
    /// Create the files, with all defaults commented out; existing files are kept
    Init,
}
