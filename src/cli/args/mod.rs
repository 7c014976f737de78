//! The command line as types; what is written here is also the help.

mod commands;
mod explaining;
mod rebuilding;
mod values;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use clap_complete::engine::{ArgValueCandidates, ArgValueCompleter};

pub(super) use commands::*;
pub(super) use explaining::*;
pub(super) use rebuilding::*;
pub(super) use values::{Channels, Size, Values};
use values::{choice, threads};

use super::completions;
use crate::base::{Colormap, DeviceChoice, Dtype, Graphics, RangeMode, SortOrder, StrideIn, Theme};

/// See inside a convolutional network from the terminal.
///
/// Without a command, the explorer opens; without photos, on the built-in ones.
#[derive(Parser, Debug)]
#[command(
    name = "convscope",
    version,
    subcommand_precedence_over_arg = true,
    disable_help_subcommand = true,
    max_term_width = 100
)]
pub(super) struct Line {
    /// For every command.
    #[command(flatten)]
    pub flags: Flags,
    /// For the explorer.
    #[command(flatten)]
    pub root: Root,
    /// The command.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What the explorer is started with.
#[derive(Args, Debug)]
pub(super) struct Root {
    /// Photos, folders of photos, or input tensors (.npy), for the explorer
    #[arg(value_name = "PHOTO|FOLDER")]
    pub photos: Vec<PathBuf>,
    /// Open the explorer in this view
    #[arg(long, value_name = "NAME", add = ArgValueCandidates::new(completions::views))]
    pub view: Option<String>,
    /// Open the explorer at this layer
    #[arg(long, value_name = "L", add = ArgValueCompleter::new(completions::layers))]
    pub layer: Option<String>,
    /// Open the explorer at this channel
    #[arg(long, value_name = "N")]
    pub channel: Option<usize>,
}

/// Flags that every command takes.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Everywhere")]
pub(super) struct Flags {
    /// The network: "builtin", a name of `convscope models`, a checkpoint or its folder, or
    /// OWNER/NAME[@REVISION][:FILE] on the Hugging Face hub
    #[arg(long, global = true, value_name = "M", default_value = "builtin",
        add = ArgValueCompleter::new(completions::models))]
    pub model: PathBuf,
    /// Size of the input: HEIGHTxWIDTH, or one number for a square
    #[arg(long, global = true, value_name = "HxW")]
    pub size: Option<Size>,
    /// Scale the photo to cover the input and crop the centre
    #[arg(long, global = true, overrides_with = "no_crop")]
    pub crop: bool,
    /// Warp the whole photo to the input's size
    #[arg(long, global = true, overrides_with = "crop")]
    pub no_crop: bool,
    /// Subtracted from the pixels (0 to 1), one value for each channel
    #[arg(long, global = true, value_name = "A,B,C", allow_hyphen_values = true)]
    pub mean: Option<Values>,
    /// Then divided by, one value for each channel
    #[arg(long, global = true, value_name = "A,B,C")]
    pub std: Option<Values>,
    /// Names of the classes: a line each, or JSON
    #[arg(long, global = true, value_name = "FILE")]
    pub labels: Option<PathBuf>,
    /// Which convolution of a bottleneck has the stride; by default what config.json says, else 3x3
    #[arg(long, global = true, value_name = "1x1|3x3", value_parser = choice::<StrideIn>())]
    pub stride_in: Option<StrideIn>,
    /// Where the network runs: auto, cpu, cuda, cuda:N or metal
    #[arg(long, global = true, value_name = "DEVICE")]
    pub device: Option<DeviceChoice>,
    /// Precision of the run; f64 is the slow exact reference, f16 and bf16 are for GPUs
    #[arg(long, global = true, value_name = "TYPE", value_parser = choice::<Dtype>())]
    pub dtype: Option<Dtype>,
    /// Threads that compute; 0 is one for each core
    #[arg(long, global = true, value_name = "N", value_parser = threads)]
    pub threads: Option<usize>,
    /// Colours of maps; a diverging one is for signed values only
    #[arg(long, global = true, value_name = "NAME", value_parser = choice::<Colormap>())]
    pub colormap: Option<Colormap>,
    /// Which values the first and the last colour stand for
    #[arg(long, global = true, value_name = "MODE", value_parser = choice::<RangeMode>())]
    pub range: Option<RangeMode>,
    /// Order of the channels
    #[arg(long, global = true, value_name = "ORDER", value_parser = choice::<SortOrder>())]
    pub sort: Option<SortOrder>,
    /// How pictures get onto the terminal; auto asks it what it can show
    #[arg(long, global = true, value_name = "HOW", value_parser = choice::<Graphics>())]
    pub graphics: Option<Graphics>,
    /// Background that texts are coloured for; auto asks the terminal
    #[arg(long, global = true, value_name = "THEME", value_parser = choice::<Theme>())]
    pub theme: Option<Theme>,
    /// Switch channels off while the network runs (L:C,C), scale them (L:C*0.5) or replace them (L:C=mean, L:C=1.5);
    /// can be given several times
    #[arg(long, global = true, value_name = "L:C,C[*X]", add = ArgValueCompleter::new(completions::layers))]
    pub knock_out: Vec<String>,
    /// Never ask the hub: only what is on this machine
    #[arg(long, global = true)]
    pub offline: bool,
}

impl Flags {
    /// Those that change what is computed, as words of a command line.
    pub fn computing(&self) -> Vec<String> {
        let numbers =
            |values: &Values| values.0.iter().map(f32::to_string).collect::<Vec<_>>().join(",");
        let size = self.size.map(|Size([height, width])| format!("{height}x{width}"));
        let labels = self.labels.as_ref().map(|path| path.to_string_lossy().into_owned());
        let pairs = [
            ("--size", size),
            ("--mean", self.mean.as_ref().map(numbers)),
            ("--std", self.std.as_ref().map(numbers)),
            ("--labels", labels),
            ("--stride-in", self.stride_in.map(|s| s.to_string())),
            ("--device", self.device.map(|d| d.to_string())),
            ("--dtype", self.dtype.map(|d| d.to_string())),
        ];
        let given = pairs.into_iter().filter_map(|(flag, value)| Some((flag, value?)));
        let mut words: Vec<String> =
            given.flat_map(|(flag, value)| [flag.to_string(), value]).collect();
        words.extend(self.crop.then(|| "--crop".to_string()));
        words.extend(self.no_crop.then(|| "--no-crop".to_string()));
        words
    }
}

/// What there is besides the explorer.
#[derive(Subcommand, Debug)]
pub(super) enum Command {
    /// List the layers: shape, parameters, multiply-adds, receptive field
    Layers(LayersArgs),
    /// Name what is on photos; on a folder of class folders, also the accuracy
    Predict(PredictArgs),
    /// Draw the maps of a layer into a file or onto the terminal
    Maps(MapsArgs),
    /// Draw the weights of a convolution into a file or onto the terminal
    Kernels(KernelsArgs),
    /// Statistics of every layer and channel over some photos
    Stats(StatsArgs),
    /// Show which places of a photo, or of a layer, made a class, a channel or a unit
    Explain(ExplainArgs),
    /// Switch channels off and see what becomes of the classes, or rank a layer's channels by their effect
    Ablate(AblateArgs),
    /// Say whether an explanation is true: deletion, insertion, ROAD, randomisation
    Judge(JudgeArgs),
    /// Make a picture from what a layer still knows of a photo
    Invert(InvertArgs),
    /// Make a picture that a channel, a unit or a class answers most to, or put more of a layer into a photo
    Dream(DreamArgs),
    /// Write the values of layers to a .safetensors file
    Export(ExportArgs),
    /// Time the passes of a network on this machine
    Bench(BenchArgs),
    /// List the networks that have a name, and the checkpoints in this folder
    Models(ModelsArgs),
    /// Bring a network from the hub to this machine and print where it is
    Fetch(FetchArgs),
    /// Say what the terminal, the devices, the cache and the hub can do
    Doctor(DoctorArgs),
    /// Show the settings and where they lie, or begin with files of them
    Config(ConfigArgs),
    /// Print what makes a shell complete commands, networks and layers
    Completions(CompletionsArgs),
    /// Print the manual page
    Man,
}

impl Command {
    /// The word that calls it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Layers(_) => "layers",
            Self::Predict(_) => "predict",
            Self::Maps(_) => "maps",
            Self::Kernels(_) => "kernels",
            Self::Stats(_) => "stats",
            Self::Explain(_) => "explain",
            Self::Ablate(_) => "ablate",
            Self::Judge(_) => "judge",
            Self::Invert(_) => "invert",
            Self::Dream(_) => "dream",
            Self::Export(_) => "export",
            Self::Bench(_) => "bench",
            Self::Models(_) => "models",
            Self::Fetch(_) => "fetch",
            Self::Doctor(_) => "doctor",
            Self::Config(_) => "config",
            Self::Completions(_) => "completions",
            Self::Man => "man",
        }
    }

    /// Every such word.
    pub const NAMES: [&'static str; 18] = [
        "layers",
        "predict",
        "maps",
        "kernels",
        "stats",
        "explain",
        "ablate",
        "judge",
        "invert",
        "dream",
        "export",
        "bench",
        "models",
        "fetch",
        "doctor",
        "config",
        "completions",
        "man",
    ];
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_is_sound() {
        Line::command().debug_assert();
        let names: Vec<_> =
            Line::command().get_subcommands().map(|c| c.get_name().to_string()).collect();
        assert_eq!(names, Command::NAMES);
    }
}
