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
pub(super) use order::{command_first, flag_elsewhere, has_command};
pub(super) use rebuilding::*;
pub(super) use values::Channels;

use super::completions;
use crate::base::bounds;
use values::within;

/// See inside a convolutional network from the terminal.
///
/// Without a command, the explorer opens; without photos, on the built-in ones.
#[derive(Parser, Debug)]
#[command(
    name = "convscope",
    version,
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true,
    max_term_width = 100
)]
pub(super) struct Line {
    /// Never ask the hub: only what is on this machine
    #[arg(long, global = true)]
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
    StatsArgs: network input compute edits;
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
    /// Show the settings and where they are, or write files to begin with
    Config(ConfigArgs),
    /// Print what makes a shell complete commands, networks and layers
    Completions(CompletionsArgs),
    /// Print the manual page
    Man,
}

impl Command {
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
