//! The settings: `config/default.toml` is embedded, the user's file is laid over it.
//!
//! The default file is also the list of known names: a setting exists when it stands there and in the
//! structs below.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use toml::Spanned;
use toml::de::{DeTable, DeValue, Deserializer as Reader, Error};

use super::ConfigError;
use super::document::Document;
use crate::base::bounds::{self, Bounds};
use crate::base::{
    Choice, ColorDepth, Colormap, DeviceChoice, Dtype, Graphics, RangeMode, SortOrder, Theme,
};

const DEFAULT: &str = include_str!("../../config/default.toml");

/// All settings.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Settings {
    /// How it looks.
    pub display: Display,
    /// How it computes.
    pub run: Run,
    /// What is kept.
    pub memory: Memory,
}

/// How it looks.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Display {
    /// For values that are never negative.
    #[serde(serialize_with = "name")]
    pub colormap: Colormap,
    /// For signed values.
    #[serde(serialize_with = "name")]
    pub signed_colormap: Colormap,
    /// Which values the ends of the color map stand for; `None` ("auto") for percentiles in the explorer and the map's
    /// own range in files.
    #[serde(with = "auto")]
    pub range: Option<RangeMode>,
    /// The order of the channels; `None` ("auto") for the largest mean first in the explorer and the network's order in
    /// files.
    #[serde(with = "auto")]
    pub sort: Option<SortOrder>,
    /// The terminal's colors; `None` ("auto") when the environment says.
    #[serde(with = "auto")]
    pub colors: Option<ColorDepth>,
    /// How pictures get onto the terminal.
    #[serde(serialize_with = "name")]
    pub graphics: Graphics,
    /// The background that texts and lines are colored for.
    #[serde(serialize_with = "name")]
    pub theme: Theme,
    /// The width of a tile in terminal columns: [`bounds::TILE`].
    #[serde(deserialize_with = "tile")]
    pub tile: u16,
}

/// How it computes.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Run {
    /// Threads: [`bounds::THREADS`]; 0 is one for each core.
    #[serde(deserialize_with = "threads")]
    pub threads: usize,
    /// Where.
    #[serde(serialize_with = "name")]
    pub device: DeviceChoice,
    /// The precision.
    #[serde(serialize_with = "name")]
    pub dtype: Dtype,
}

/// What is kept.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Memory {
    /// The bound on all captures together, in MiB: [`bounds::CAPTURE_MIB`].
    #[serde(deserialize_with = "capture_mib")]
    pub capture_mib: u64,
}

impl Display {
    /// The range of maps in the explorer.
    pub fn range_on_screen(&self) -> RangeMode {
        self.range.unwrap_or(RangeMode::Percentile)
    }

    /// The range of maps in files and of commands.
    pub fn range_in_files(&self) -> RangeMode {
        self.range.unwrap_or(RangeMode::Map)
    }

    /// The order of channels in the explorer.
    pub fn sort_on_screen(&self) -> SortOrder {
        self.sort.unwrap_or(SortOrder::Mean)
    }

    /// The order of channels in files and of commands.
    pub fn sort_in_files(&self) -> SortOrder {
        self.sort.unwrap_or(SortOrder::Index)
    }
}

impl Settings {
    /// The defaults, overlaid by the user's file (its path, for messages, and its text).
    ///
    /// # Errors
    /// A file that is no TOML, an unknown section or setting, a value of the wrong kind: with the line.
    pub fn load(user: Option<(&Path, &str)>) -> Result<Self, ConfigError> {
        let default = Document::parse(Path::new("config/default.toml"), DEFAULT)?;
        let mut merged = default.root().clone();
        let mut settings =
            read(&merged).map_err(|e| default.error(e.span().unwrap_or_default(), e.message()))?;
        let Some((path, text)) = user else {
            return Ok(settings);
        };
        let user = Document::parse(path, text)?;
        for (section, entries) in user.sections()? {
            let Some(table) = subtable(&mut merged, section.get_ref()) else {
                let what = |name: &str| format!("unknown section [{name}]");
                return Err(user.unknown(section, what, names(default.root())));
            };
            for (name, value) in &entries {
                let Some(slot) = table.get_mut(name.get_ref().as_ref()) else {
                    let section = section.get_ref();
                    let what = |name: &str| format!("unknown setting \"{name}\" in [{section}]");
                    return Err(user.unknown(name, what, names(table)));
                };
                *slot = (*value).clone();
            }
            // After each section, so that the one at fault is known; the last reading counts.
            settings = read(&merged).map_err(|error| {
                let span = error.span().unwrap_or_default();
                let name = entries.iter().find(|(_, value)| value.span().contains(&span.start));
                let name = name.map_or("", |(name, _)| name.get_ref());
                user.error(span, format!("{}.{name}: {}", section.get_ref(), error.message()))
            })?;
        }
        Ok(settings)
    }

    /// The settings as TOML, for `convscope config show`.
    pub fn show(&self) -> String {
        toml::to_string(self).unwrap_or_default()
    }
}

fn read(table: &DeTable<'_>) -> Result<Settings, Error> {
    Settings::deserialize(Reader::from(Spanned::new(0..0, table.clone())))
}

fn subtable<'a, 'i>(table: &'a mut DeTable<'i>, name: &str) -> Option<&'a mut DeTable<'i>> {
    match table.get_mut(name)?.get_mut() {
        DeValue::Table(table) => Some(table),
        _ => None,
    }
}

fn names<'a>(table: &'a DeTable<'_>) -> impl Iterator<Item = &'a str> {
    table.keys().map(|name| name.get_ref().as_ref())
}

fn name<S: Serializer>(choice: &impl fmt::Display, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(choice)
}

fn tile<'de, D: Deserializer<'de>>(from: D) -> Result<u16, D::Error> {
    within(from, &bounds::TILE)
}

fn threads<'de, D: Deserializer<'de>>(from: D) -> Result<usize, D::Error> {
    within(from, &bounds::THREADS)
}

fn capture_mib<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    within(from, &bounds::CAPTURE_MIB)
}

/// A whole number of a range.
fn within<'de, D, T>(from: D, bounds: &Bounds<T>) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Copy + PartialOrd + FromStr + fmt::Display + TryFrom<i64>,
{
    // TOML's integers: those that do not fit `T` are out of the range as well.
    let number = T::try_from(i64::deserialize(from)?).ok().filter(|n| bounds.contains(*n));
    number.ok_or_else(|| D::Error::custom(format!("must be {bounds}")))
}

/// `None` is written "auto".
mod auto {
    use super::*;

    pub(super) fn serialize<C: Choice, S: Serializer>(
        choice: &Option<C>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.serialize_str(choice.map_or("auto", C::name))
    }

    pub(super) fn deserialize<'de, C: Choice, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<C>, D::Error> {
        match String::deserialize(from)?.as_str() {
            "auto" => Ok(None),
            name => C::parse(name).map(Some).map_err(|e| D::Error::custom(format!("{e}, auto"))),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn load(text: &str) -> Result<Settings, String> {
        Settings::load(Some((Path::new("c.toml"), text))).map_err(|e| e.to_string())
    }

    #[test]
    fn defaults_stand_until_the_user_says_otherwise() {
        let default = Settings::load(None).unwrap();
        assert_eq!(default.display.colormap, Colormap::Viridis);
        assert_eq!((default.display.colors, default.run.threads), (None, 0));
        assert_eq!(
            (default.display.graphics, default.display.theme),
            (Graphics::Auto, Theme::Auto)
        );
        assert_eq!(load("").unwrap(), default);

        let user = load("[run]\ndtype = \"f64\"\n[display]\ncolors = \"16\"\n").unwrap();
        assert_eq!((user.run.dtype, user.display.colors), (Dtype::F64, Some(ColorDepth::Colors16)));
        assert_eq!((user.display.tile, user.memory), (default.display.tile, default.memory));
    }

    #[test]
    fn what_is_shown_can_be_read_again() {
        let run = load("[run]\ndevice = \"cuda:1\"\ndtype = \"bf16\"").unwrap();
        assert_eq!((run.run.device, run.run.dtype), (DeviceChoice::Cuda(Some(1)), Dtype::BF16));
        assert_eq!(load(&run.show()).unwrap(), run);
        let text = "[display]\nrange = \"percentile\"\ncolors = \"gray\"\ngraphics = \"sextants\"\ntheme = \"light\"";
        let settings = load(text).unwrap();
        let display = &settings.display;
        assert_eq!((display.graphics, display.theme), (Graphics::Sextants, Theme::Light));
        assert_eq!(load(&settings.show()).unwrap(), settings);
        assert!(settings.show().contains("[memory]\ncapture_mib = 1024"));
    }

    #[test]
    fn every_default_has_a_field() {
        let default = Document::parse(Path::new("d"), DEFAULT).unwrap();
        let shown = Settings::load(None).unwrap().show();
        let shown = Document::parse(Path::new("s"), &shown).unwrap();
        let all = |document: &Document<'_>| -> Vec<String> {
            let sections = document.sections().unwrap();
            let names = sections.iter().flat_map(|(section, entries)| {
                entries.iter().map(|(name, _)| format!("{}.{}", section.get_ref(), name.get_ref()))
            });
            names.collect()
        };
        assert_eq!(all(&default), all(&shown));
    }

    #[test]
    fn mistakes_are_refused_with_their_line() {
        for (text, message) in [
            (
                "# mine\n[display]\ncolurmap = \"jet\"",
                "c.toml:3: unknown setting \"colurmap\" in [display]; did you mean \"colormap\"?",
            ),
            ("[dsplay]\ntile = 3", "c.toml:1: unknown section [dsplay]; did you mean \"display\"?"),
            ("[run]\nxyz = 3", "c.toml:2: unknown setting \"xyz\" in [run]"),
            (
                "tile = 3",
                "c.toml:1: \"tile\" is outside a section: put it below a line with its [section]",
            ),
            (
                "[display]\ntile = 8\nsort = \"median\"",
                "c.toml:3: display.sort: unknown value \"median\"; expected one of: index, mean, max, sparsity, norm, effect, auto",
            ),
            (
                "[display]\n\ncolors = \"24\"",
                "c.toml:3: display.colors: unknown value \"24\"; expected one of: truecolor, 256, 16, gray, auto",
            ),
            (
                "[run]\ndtype = \"f8\"",
                "c.toml:2: run.dtype: unknown value \"f8\"; expected one of: f32, f64, f16, bf16",
            ),
            (
                "[run]\ndevice = \"gpu\"",
                "c.toml:2: run.device: unknown value \"gpu\"; expected one of: auto, cpu, cuda, cuda:N, metal",
            ),
            (
                "[display]\ngraphics = \"ascii\"",
                "c.toml:2: display.graphics: unknown value \"ascii\"; expected one of: auto, kitty, iterm2, sixel, halfblocks, quadrants, sextants",
            ),
            (
                "[display]\ntheme = \"solarized\"",
                "c.toml:2: display.theme: unknown value \"solarized\"; expected one of: auto, dark, light, none",
            ),
            ("[display]\ntile = 0", "c.toml:2: display.tile: must be 1 to 1000"),
            ("[run]\nthreads = -1", "c.toml:2: run.threads: must be 0 to 1024"),
            ("[run]\nthreads = 20000", "c.toml:2: run.threads: must be 0 to 1024"),
            (
                "[memory]\ncapture_mib = 9223372036854775807",
                "c.toml:2: memory.capture_mib: must be 1 to 1048576",
            ),
            (
                "[memory]\ncapture_mib = \"1\"",
                "c.toml:2: memory.capture_mib: invalid type: string \"1\", expected i64",
            ),
            (
                "[run]\nthreads = \n",
                "c.toml:2: string values must be quoted, expected literal string",
            ),
        ] {
            assert_eq!(load(text), Err(message.to_string()), "{text}");
        }
    }

    #[test]
    fn hostile_text_loses_its_teeth() {
        let error = load("[display]\n\"\\u001b[2J\" = 1").unwrap_err();
        assert!(!error.contains('\u{1b}'), "{error:?}");
    }
}
