//! The command line as types; what is written here is also the help.

use std::path::PathBuf;
use std::str::FromStr;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};

use crate::base::{
    Choice, Colormap, Combine, DeviceChoice, Dtype, RangeMode, SortOrder, StrideIn,
};

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
    #[arg(long, value_name = "NAME")]
    pub view: Option<String>,
    /// Open the explorer at this layer
    #[arg(long, value_name = "L")]
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
    #[arg(long, global = true, value_name = "M", default_value = "builtin")]
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
    /// Never ask the hub: only what is on this machine
    #[arg(long, global = true)]
    pub offline: bool,
}

impl Flags {
    /// Those that change what is computed, as words of a command line.
    pub fn computing(&self) -> Vec<String> {
        let numbers = |values: &Values| {
            values.0.iter().map(f32::to_string).collect::<Vec<_>>().join(",")
        };
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
    /// Statistics of every layer and channel over some photos
    Stats(StatsArgs),
    /// Write the values of layers to a .safetensors file
    Export(ExportArgs),
    /// Show the settings and where they lie
    Config(ConfigArgs),
}

impl Command {
    /// The word that calls it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Layers(_) => "layers",
            Self::Predict(_) => "predict",
            Self::Maps(_) => "maps",
            Self::Stats(_) => "stats",
            Self::Export(_) => "export",
            Self::Config(_) => "config",
        }
    }

    /// Every such word.
    pub const NAMES: [&'static str; 6] = ["layers", "predict", "maps", "stats", "export", "config"];
}

/// `layers`
#[derive(Args, Debug)]
pub(super) struct LayersArgs {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `predict`
#[derive(Args, Debug)]
pub(super) struct PredictArgs {
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
pub(super) struct MapsArgs {
    /// A photo or an input tensor (.npy)
    #[arg(value_name = "PHOTO")]
    pub photo: PathBuf,
    /// The layer, its block or stage, or the file's name for it
    #[arg(long, value_name = "L")]
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
    /// Write a picture (.png) or the values (.npy, [C,H,W] float32); - is .npy to stdout
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Draw on the terminal, in half blocks (also without -o)
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
pub(super) struct StatsArgs {
    /// Photos, folders of photos, or input tensors (.npy); the statistics are over all of them
    #[arg(value_name = "PHOTO|FOLDER", required = true)]
    pub photos: Vec<PathBuf>,
    /// Only this layer, with a row for each channel
    #[arg(long, value_name = "L")]
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
pub(super) struct ExportArgs {
    /// A photo or an input tensor (.npy)
    #[arg(value_name = "PHOTO")]
    pub photo: PathBuf,
    /// Layers by name, or all
    #[arg(long, value_name = "L,L", default_value = "all", value_delimiter = ',')]
    pub layers: Vec<String>,
    /// The .safetensors file; - is stdout
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
}

/// `config`
#[derive(Args, Debug)]
pub(super) struct ConfigArgs {
    /// What to show
    #[arg(value_enum, value_name = "path|show")]
    pub what: ConfigWhat,
}

/// What `config` shows.
#[derive(ValueEnum, Debug, Clone, Copy)]
pub(super) enum ConfigWhat {
    /// Where the settings and the keys are read from
    Path,
    /// The settings in force, as they would stand in the file
    Show,
}

/// Height and width of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Size(pub [usize; 2]);

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (height, width) = text.split_once(['x', 'X']).unwrap_or((text, text));
        let side = |side: &str| side.parse().ok().filter(|side| (1..=8192).contains(side));
        match (side(height), side(width)) {
            (Some(height), Some(width)) => Ok(Self([height, width])),
            _ => {
                Err("HEIGHTxWIDTH such as 320x512 is needed, or one number, each 1 to 8192".into())
            }
        }
    }
}

/// Numbers between commas.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Values(pub Vec<f32>);

impl FromStr for Values {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let value = |part: &str| part.trim().parse().ok().filter(|v: &f32| v.is_finite());
        let values: Option<Vec<f32>> = text.split(',').map(value).collect();
        values.map(Self).ok_or_else(|| "numbers between commas are needed: 0.5,0.5,0.5".into())
    }
}

/// Which channels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Channels {
    /// All, in the order of `--sort`.
    All,
    /// The first so many in the order of `--sort`.
    Top(usize),
    /// These, in this order.
    These(Vec<usize>),
}

impl FromStr for Channels {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "numbers and ranges such as 0,3-7 are needed, or top:K, or all".to_string();
        if text == "all" {
            return Ok(Self::All);
        }
        if let Some(count) = text.strip_prefix("top:") {
            return count.parse().ok().filter(|k| *k > 0).map(Self::Top).ok_or_else(wrong);
        }
        let mut these = Vec::new();
        for part in text.split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let number = |n: &str| n.trim().parse::<usize>().map_err(|_| wrong());
            let (first, last) = (number(first)?, number(last)?);
            // A bound, so that a slip of the finger does not fill the memory.
            if first > last || last > 1_000_000 {
                return Err(format!("{first}-{last} is no range of channels"));
            }
            these.extend(first..=last);
        }
        Ok(Self::These(these))
    }
}

fn choice<T: Choice + Send + Sync>() -> impl TypedValueParser<Value = T> {
    let names: Vec<&'static str> = T::ALL.iter().map(|choice| choice.name()).collect();
    PossibleValuesParser::new(names).try_map(|name| T::parse(&name))
}

fn threads(text: &str) -> Result<usize, String> {
    let wrong = || "a number from 0 to 1024 is needed".to_string();
    text.parse().ok().filter(|n| *n <= 1024).ok_or_else(wrong)
}

fn at_least_one(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|n| *n > 0).ok_or_else(|| "a number from 1 is needed".to_string())
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

    #[test]
    fn sizes_are_heights_by_widths() {
        assert_eq!("320x512".parse(), Ok(Size([320, 512])));
        assert_eq!("64".parse(), Ok(Size([64, 64])));
        assert!(
            ["", "x", "0", "3x", "-3", "9000", "1x2x3"].iter().all(|t| t.parse::<Size>().is_err())
        );
    }

    #[test]
    fn channels_are_lists_ranges_or_words() {
        assert_eq!("5,0-2,5".parse(), Ok(Channels::These(vec![5, 0, 1, 2, 5])));
        assert_eq!("top:3".parse(), Ok(Channels::Top(3)));
        assert_eq!("all".parse(), Ok(Channels::All));
        for wrong in ["", "top:0", "top:", "3-1", "a", "-1", "0-99999999999"] {
            assert!(wrong.parse::<Channels>().is_err(), "{wrong}");
        }
    }
}
