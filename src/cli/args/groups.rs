//! Groups of flags. A command flattens the groups that it uses and so refuses the others; [`Flags`] is what the
//! commands have in common when they open a session.

use std::io::{IsTerminal, stdout};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
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
    /// The key of the state dict to load, in a file that holds several
    #[arg(long, value_name = "KEY")]
    pub state: Option<String>,
    /// A file with the names of the classes: one per line, JSON, CSV or YAML
    #[arg(long, value_name = "FILE")]
    pub labels: Option<PathBuf>,
    /// Which convolution of a bottleneck has the stride; the default is in config.json, else 3x3
    #[arg(long, value_name = "1x1|3x3", value_parser = choice::<StrideIn>())]
    pub stride_in: Option<StrideIn>,
    /// How outputs become scores: softmax for one class of several, sigmoid for independent labels, none for plain
    /// numbers; the default is in config.json, else sigmoid for a single output and softmax for several
    #[arg(long, value_name = "softmax|sigmoid|none", value_parser = choice::<OutputFunction>())]
    pub answer: Option<OutputFunction>,
}

/// How a photo becomes an input.
#[derive(Args, Clone, Debug, Default, PartialEq)]
#[command(next_help_heading = "Input")]
pub(in crate::cli) struct InputFlags {
    /// Size of the input: HEIGHTxWIDTH, or one number for a square; 1 to 8192
    #[arg(long, value_name = "HxW")]
    pub size: Option<Size>,
    /// Scale the photo to cover the input and crop the center
    #[arg(long, overrides_with = "no_crop")]
    pub crop: bool,
    /// Scale the whole photo to the size of the input, without keeping its proportions
    #[arg(long, overrides_with = "crop")]
    pub no_crop: bool,
    /// Mean per channel, subtracted from pixels in 0 to 1; each -1000 to 1000
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
    /// Precision; f64 is slow and exact, f16 and bf16 need a GPU
    #[arg(long, value_name = "TYPE", value_parser = choice::<Dtype>())]
    pub dtype: Option<Dtype>,
    /// Number of threads, 0 to 1024; 0 means one per core
    #[arg(long, value_name = "N", value_parser = within(&bounds::THREADS))]
    pub threads: Option<usize>,
}

/// What is changed while a network runs.
#[derive(Args, Clone, Debug, Default, PartialEq)]
#[command(next_help_heading = "Run")]
pub(in crate::cli) struct EditFlags {
    /// Switch channels off (L:C,C), scale them (L:C*0.5) or replace them (L:C=mean, L:C=1.5) while the network runs;
    /// repeatable
    #[arg(long, value_name = "L:C,C[*X]", add = ArgValueCompleter::new(completions::layers))]
    pub knock_out: Vec<String>,
}

/// The colors of maps.
#[derive(Args, Clone, Debug, Default, PartialEq)]
#[command(next_help_heading = "Look")]
pub(in crate::cli) struct LookFlags {
    /// Color map; rdbu, puor and berlin are for signed values
    #[arg(long, value_name = "NAME", value_parser = choice::<Colormap>())]
    pub colormap: Option<Colormap>,
    /// Which values the first and the last color stand for: the minimum and maximum of the map or of the layer,
    /// symmetric around 0, or the 1st and 99th percentile
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
    /// How to draw pictures on the terminal; auto asks the terminal what it supports
    #[arg(long, value_name = "HOW", value_parser = choice::<Graphics>())]
    pub graphics: Option<Graphics>,
}

/// What texts are colored for.
#[derive(Args, Clone, Debug, Default, PartialEq)]
#[command(next_help_heading = "Terminal")]
pub(in crate::cli) struct ThemeFlags {
    /// Background of the terminal, for the colors of text; auto asks the terminal
    #[arg(long, value_name = "THEME", value_parser = choice::<Theme>())]
    pub theme: Option<Theme>,
}

/// The one photo of a command.
#[derive(Args, Clone, Debug)]
pub(in crate::cli) struct PhotoArg {
    /// A photo, or an input tensor (.npy); - reads it from stdin
    #[arg(value_name = "PHOTO")]
    pub path: PathBuf,
}

/// The photos of a command that takes several.
#[derive(Args, Clone, Debug)]
pub(in crate::cli) struct PhotoArgs {
    /// Photos, folders of photos, or input tensors (.npy); - reads one from stdin
    #[arg(value_name = "PHOTO|FOLDER", required = true)]
    pub paths: Vec<PathBuf>,
}

/// What becomes of a file that exists.
#[derive(Args, Clone, Debug, Default, PartialEq)]
#[command(next_help_heading = "Output")]
pub(in crate::cli) struct WriteFlags {
    /// Do not replace a file that exists. Without this flag -o replaces it once the new file is complete; it never
    /// replaces an input of the command, nor a file with several names (hard links)
    #[arg(long, requires = "output")]
    pub no_clobber: bool,
}

/// The kinds of files that pictures and their values are written to.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Format {
    /// A picture.
    Png,
    /// The values, as NumPy reads them.
    Npy,
}

impl Format {
    /// The ending of such files.
    pub const fn ending(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Npy => "npy",
        }
    }
}

/// The file of a command that makes pictures.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Output")]
pub(in crate::cli) struct FileFlags {
    /// Write to FILE: a picture (.png) or the values (.npy, float32); - is stdout
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Write this kind of file; by default, the extension of FILE decides, and stdout gets .npy
    #[arg(long, value_name = "png|npy", requires = "output", ignore_case = true)]
    pub format: Option<Format>,
    #[command(flatten)]
    pub write: WriteFlags,
}

/// Drawing on the terminal.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Output")]
pub(in crate::cli) struct DrawFlags {
    /// Draw on stdout, also when it is not a terminal, or together with -o or --json
    #[arg(long)]
    pub print: bool,
    /// Columns to draw in, 1 to 1000; by default all columns of the terminal
    #[arg(long, value_name = "N", value_parser = within(&bounds::COLUMNS))]
    pub width: Option<u16>,
}

impl DrawFlags {
    /// Whether pictures can be drawn: what is piped on gets words alone, unless `--print` asks for more.
    pub fn draws(&self) -> bool {
        self.print || stdout().is_terminal()
    }
}

/// Output for programs.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Output")]
pub(in crate::cli) struct JsonFlag {
    /// Print JSON; docs/json.md describes the fields
    #[arg(long)]
    pub json: bool,
}

/// The headings of the flags that most commands share. The help of a command names these flags, and `convscope help
/// flags` describes them.
pub(in crate::cli) const SHARED: [&str; 5] = ["Network", "Input", "Run", "Look", "Terminal"];

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
