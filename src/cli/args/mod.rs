//! The command line as types; what is written here is also the help.

mod commands;
mod explaining;
mod groups;
mod order;
mod rebuilding;
mod values;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use clap_complete::engine::{ArgValueCandidates, ArgValueCompleter};

pub(super) use commands::*;
pub(super) use explaining::*;
pub(super) use groups::*;
pub(super) use order::{command_first, flag_elsewhere, has_command, parse};
pub(super) use rebuilding::*;
pub(super) use values::Channels;

use super::completions;
use crate::base::bounds;
use values::within;

/// Look inside a convolutional network from the terminal: feature maps, kernels, explanations.
///
/// Without a command, the explorer opens, on the built-in photos if you name none.
#[derive(Parser, Debug)]
#[command(
    name = "convscope",
    version,
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true,
    max_term_width = 100
)]
pub(super) struct Line {
    /// Do not connect to the hub: use only what is on this machine
    #[arg(long, global = true, help_heading = "Network")]
    pub offline: bool,
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
    /// Photos, folders of photos, input tensors (.npy), or a checkpoint to open; - reads a photo from stdin
    #[arg(value_name = "PHOTO|FOLDER")]
    pub photos: Vec<PathBuf>,
    /// Open this view
    #[arg(long, value_name = "NAME", add = ArgValueCandidates::new(completions::views))]
    pub view: Option<String>,
    /// Open at this layer
    #[arg(long, value_name = "L", add = ArgValueCompleter::new(completions::layers))]
    pub layer: Option<String>,
    /// Open at this channel
    #[arg(long, value_name = "N", value_parser = within(&bounds::INDEX))]
    pub channel: Option<usize>,
    #[command(flatten)]
    network: NetworkFlags,
    #[command(flatten)]
    input: InputFlags,
    #[command(flatten)]
    compute: ComputeFlags,
    #[command(flatten)]
    edits: EditFlags,
    #[command(flatten)]
    look: LookFlags,
    #[command(flatten)]
    sort: SortFlags,
    #[command(flatten)]
    graphics: GraphicsFlags,
    #[command(flatten)]
    theme: ThemeFlags,
}

groups::offers! {
    Root: network input compute edits look sort graphics theme;
    LayersArgs: network input;
    PredictArgs: network input compute edits;
    MapsArgs: network input compute edits look sort graphics;
    KernelsArgs: network look sort graphics;
    StatsArgs: network input compute edits sort;
    ExplainArgs: network input compute edits look graphics;
    AblateArgs: network input compute edits sort;
    JudgeArgs: network input compute edits;
    InvertArgs: network input compute edits sort graphics;
    DreamArgs: network input compute edits graphics;
    ExportArgs: network input compute edits;
    BenchArgs: network input compute;
    ConfigArgs: compute look sort graphics theme;
    DoctorArgs: compute graphics theme;
}

/// What there is besides the explorer.
#[derive(Subcommand, Debug)]
pub(super) enum Command {
    /// List the layers with shape, parameters, multiply-adds and receptive field
    Layers(LayersArgs),
    /// Classify photos; on a folder of class folders, also measure the accuracy
    Predict(PredictArgs),
    /// Draw the feature maps of a layer, on the terminal or to a file
    Maps(MapsArgs),
    /// Draw the weights of a convolution, on the terminal or to a file
    Kernels(KernelsArgs),
    /// Print statistics of the activations of every layer and channel, over all photos
    Stats(StatsArgs),
    /// Show which parts of a photo a class, a channel or a unit responds to (Grad-CAM and others)
    Explain(ExplainArgs),
    /// Switch channels off and compare the classes, or rank the channels of a layer by their effect
    Ablate(AblateArgs),
    /// Test how faithful an explanation is: deletion, insertion, ROAD, randomization
    Judge(JudgeArgs),
    /// Reconstruct a photo from the activations of a layer (feature inversion)
    Invert(InvertArgs),
    /// Synthesize the input that maximizes a channel, unit or class; with a photo, DeepDream
    Dream(DreamArgs),
    /// Write the activations of layers to a .safetensors file
    Export(ExportArgs),
    /// Time the network on this machine
    Bench(BenchArgs),
    /// List the known networks, and the checkpoints in this folder
    Models(ModelsArgs),
    /// Download a network from the hub and print its path
    Fetch(FetchArgs),
    /// Check the terminal, the devices, the cache and the hub
    Doctor(DoctorArgs),
    /// Show the settings and their paths, or create the files
    Config(ConfigArgs),
    /// Print shell completions
    Completions(CompletionsArgs),
    /// Print the manual page
    Man,
    /// Print help for a command, or for the flags that commands share
    Help(HelpArgs),
}

impl Command {
    /// Every such word.
    pub const NAMES: [&'static str; 19] = [
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
        "help",
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
