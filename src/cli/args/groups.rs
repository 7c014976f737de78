//! Groups of flags. A command flattens the groups that it uses and so refuses the others; [`Flags`] is what the
//! commands have in common when they open a session.

use std::path::PathBuf;

use clap::Args;
use clap_complete::engine::ArgValueCompleter;

use super::values::{Deviations, Means, Size, choice, within};
use crate::base::{
    Colormap, DeviceChoice, Dtype, Graphics, OutputFunction, RangeMode, SortOrder, StrideIn, Theme,
    bounds,
};
use crate::cli::completions;
use crate::explorer::Given;

/// Which network, and what the user knows about it.
#[derive(Args, Clone, Debug, Default, PartialEq)]
#[command(next_help_heading = "Network")]
pub(in crate::cli) struct NetworkFlags {
    /// The network: "builtin" (the default), a name of `convscope models`, a checkpoint or its folder, or
    /// OWNER/NAME[@REVISION][:FILE] on the Hugging Face hub
    #[arg(long, value_name = "M", add = ArgValueCompleter::new(completions::models))]
    pub model: Option<PathBuf>,
    /// Of a file with several state dicts, the one under this key
    #[arg(long, value_name = "KEY")]
    pub state: Option<String>,
    /// Names of the classes: a line each, JSON, CSV or YAML, as training scripts write them
    #[arg(long, value_name = "FILE")]
    pub labels: Option<PathBuf>,
    /// Which convolution of a bottleneck has the stride; by default what config.json says, else 3x3
    #[arg(long, value_name = "1x1|3x3", value_parser = choice::<StrideIn>())]
    pub stride_in: Option<StrideIn>,
    /// What the outputs are: softmax for one class of several, sigmoid for independent labels, none for numbers; by
    /// default what config.json says, else sigmoid for a single output
    #[arg(long, value_name = "softmax|sigmoid|none", value_parser = choice::<OutputFunction>())]
    pub answer: Option<OutputFunction>,
}

/// How a photo becomes an input.
#[derive(Args, Clone, Debug, Default, PartialEq)]
#[command(next_help_heading = "Input")]
pub(in crate::cli) struct InputFlags {
    /// Size of the input: HEIGHTxWIDTH, or one number for a square; each 1 to 8192
    #[arg(long, value_name = "HxW")]
    pub size: Option<Size>,
    /// Scale the photo to cover the input and crop the center
    #[arg(long, overrides_with = "no_crop")]
    pub crop: bool,
    /// Warp the whole photo to the input's size
    #[arg(long, overrides_with = "crop")]
    pub no_crop: bool,
    /// Subtracted from the pixels (0 to 1), one value for each channel; each -1000 to 1000
    #[arg(long, value_name = "A,B,C", allow_hyphen_values = true)]
    pub mean: Option<Means>,
    /// Standard deviation per channel, applied after --mean; each 0.00001 to 1000
    #[arg(long, value_name = "A,B,C")]
    pub std: Option<Deviations>,
}

/// Where and how precisely a network runs.
#[derive(Args, Clone, Debug, Default, PartialEq)]
#[command(next_help_heading = "Run")]
pub(in crate::cli) struct ComputeFlags {
    /// Where the network runs: auto, cpu, cuda, cuda:N or metal
    #[arg(long, value_name = "DEVICE")]
    pub device: Option<DeviceChoice>,
    /// Precision of the run; f64 is the slow exact reference, f16 and bf16 are for GPUs
    #[arg(long, value_name = "TYPE", value_parser = choice::<Dtype>())]
    pub dtype: Option<Dtype>,
    /// Threads that compute, 0 to 1024; 0 is one for each core
    #[arg(long, value_name = "N", value_parser = within(&bounds::THREADS))]
    pub threads: Option<usize>,
}

/// What is changed while a network runs.
#[derive(Args, Clone, Debug, Default, PartialEq)]
#[command(next_help_heading = "Run")]
pub(in crate::cli) struct EditFlags {
    /// Switch channels off while the network runs (L:C,C), scale them (L:C*0.5) or replace them (L:C=mean, L:C=1.5);
    /// can be given several times
    #[arg(long, value_name = "L:C,C[*X]", add = ArgValueCompleter::new(completions::layers))]
    pub knock_out: Vec<String>,
}

/// The colors of maps.
#[derive(Args, Clone, Debug, Default, PartialEq)]
#[command(next_help_heading = "Look")]
pub(in crate::cli) struct LookFlags {
    /// Colors of maps; a diverging one is for signed values only
    #[arg(long, value_name = "NAME", value_parser = choice::<Colormap>())]
    pub colormap: Option<Colormap>,
    /// Which values the first and the last color stand for
    #[arg(long, value_name = "MODE", value_parser = choice::<RangeMode>())]
    pub range: Option<RangeMode>,
}

/// The order of channels, which `top:K` follows.
#[derive(Args, Clone, Debug, Default, PartialEq)]
#[command(next_help_heading = "Look")]
pub(in crate::cli) struct SortFlags {
    /// Order of the channels
    #[arg(long, value_name = "ORDER", value_parser = choice::<SortOrder>())]
    pub sort: Option<SortOrder>,
}

/// What the terminal shows.
#[derive(Args, Clone, Debug, Default, PartialEq)]
#[command(next_help_heading = "Terminal")]
pub(in crate::cli) struct GraphicsFlags {
    /// How pictures get onto the terminal; auto asks it what it can show
    #[arg(long, value_name = "HOW", value_parser = choice::<Graphics>())]
    pub graphics: Option<Graphics>,
}

/// What texts are colored for.
#[derive(Args, Clone, Debug, Default, PartialEq)]
#[command(next_help_heading = "Terminal")]
pub(in crate::cli) struct ThemeFlags {
    /// Background that texts are colored for; auto asks the terminal
    #[arg(long, value_name = "THEME", value_parser = choice::<Theme>())]
    pub theme: Option<Theme>,
}

/// What becomes of a file that exists.
#[derive(Args, Clone, Debug, Default, PartialEq)]
pub(in crate::cli) struct WriteFlags {
    /// Refuse to write a file that exists. Without this, -o replaces one when the new one is whole, with its mode and
    /// owner; never an input of the command, nor a file with several names (hard links)
    #[arg(long, requires = "output")]
    pub no_clobber: bool,
}

/// Every group, as a command line gave them. A group that the command does not offer is as if nothing was given.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::cli) struct Flags {
    /// The hub is not asked: for every command, so that a script can say it once.
    pub offline: bool,
    /// Which network.
    pub network: NetworkFlags,
    /// Its input.
    pub input: InputFlags,
    /// Where it runs.
    pub compute: ComputeFlags,
    /// What is changed in it.
    pub edits: EditFlags,
    /// The colors.
    pub look: LookFlags,
    /// The order.
    pub sort: SortFlags,
    /// The pictures.
    pub graphics: GraphicsFlags,
    /// The texts.
    pub theme: ThemeFlags,
}

/// Gives the arguments of a command `flags()`: the groups that it flattens.
macro_rules! offers {
    ($($command:ty: $($group:ident)*;)*) => {
        $(impl $command {
            /// The groups that this command offers.
            pub fn flags(&self) -> $crate::cli::args::Flags {
                $crate::cli::args::Flags {
                    $($group: self.$group.clone(),)*
                    ..Default::default()
                }
            }
        })*
    };
}
pub(super) use offers;

impl Flags {
    /// The flags that change what is computed, as words for the line of another command.
    pub fn computing(&self) -> Given {
        let numbers =
            |values: &[f32]| values.iter().map(f32::to_string).collect::<Vec<_>>().join(",");
        let size = self.input.size.map(|Size([height, width])| format!("{height}x{width}"));
        let labels = self.network.labels.as_ref().map(|path| path.to_string_lossy().into_owned());
        let mut run = words([
            ("--size", size),
            ("--mean", self.input.mean.as_ref().map(|values| numbers(&values.0))),
            ("--std", self.input.std.as_ref().map(|values| numbers(&values.0))),
            ("--device", self.compute.device.map(|device| device.to_string())),
            ("--dtype", self.compute.dtype.map(|dtype| dtype.to_string())),
        ]);
        run.extend(self.input.crop.then(|| "--crop".to_string()));
        run.extend(self.input.no_crop.then(|| "--no-crop".to_string()));
        let network = words([
            ("--state", self.network.state.clone()),
            ("--labels", labels),
            ("--stride-in", self.network.stride_in.map(|stride| stride.to_string())),
            ("--answer", self.network.answer.map(|answer| answer.to_string())),
        ]);
        Given { network, run }
    }
}

/// The flags that have a value, each before it.
fn words<const N: usize>(pairs: [(&str, Option<String>); N]) -> Vec<String> {
    let given = pairs.into_iter().filter_map(|(flag, value)| Some([flag.to_string(), value?]));
    given.flatten().collect()
}
