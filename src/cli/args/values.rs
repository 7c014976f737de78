//! Values of flags that are more than a word or a number.

use std::ffi::OsStr;
use std::fmt::Display;
use std::str::FromStr;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Arg, Command};

use crate::base::bounds::{self, Bounds};
use crate::base::{Choice, Timed, numbers};

/// Height and width of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) struct Size(pub [usize; 2]);

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (height, width) = text.split_once(['x', 'X']).unwrap_or((text, text));
        match (bounds::SIDE.parse(height), bounds::SIDE.parse(width)) {
            (Ok(height), Ok(width)) => Ok(Self([height, width])),
            _ => Err(format!(
                "expected HEIGHTxWIDTH such as 320x512, or one number, each {}",
                bounds::SIDE
            )),
        }
    }
}

/// What is subtracted from each channel.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::cli) struct Means(pub Vec<f32>);

impl FromStr for Means {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        list(text, &bounds::MEAN).map(Self)
    }
}

/// What each channel is divided by.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::cli) struct Deviations(pub Vec<f32>);

impl FromStr for Deviations {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        list(text, &bounds::STD).map(Self)
    }
}

/// Numbers between commas.
fn list(text: &str, bounds: &Bounds<f32>) -> Result<Vec<f32>, String> {
    let values: Result<Vec<f32>, String> = text.split(',').map(|part| bounds.parse(part)).collect();
    values.map_err(|_| {
        format!("expected numbers separated by commas such as 0.5,0.5,0.5, each {bounds}")
    })
}

/// Which channels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Channels {
    /// All, in the order of `--sort`.
    All,
    /// The first N in the order of `--sort`.
    Top(usize),
    /// These, in this order.
    These(Vec<usize>),
}

impl FromStr for Channels {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = "expected numbers and ranges such as 0,3-7, or top:K, or all";
        if text == "all" {
            return Ok(Self::All);
        }
        if let Some(count) = text.strip_prefix("top:") {
            return bounds::TOP.parse(count).map(Self::Top).map_err(|_| expected.to_string());
        }
        numbers(text).map(Self::These).map_err(|why| format!("{why}: {expected}"))
    }
}

/// One of the names of a choice, however it is spelled.
pub(super) fn choice<T: Choice + Send + Sync>() -> impl TypedValueParser<Value = T> {
    let names = PossibleValuesParser::new(T::ALL.iter().map(|choice| choice.name()));
    let known = |name: &str| T::parse(name).ok().map(T::name);
    Spelled { names, known }.try_map(|name| T::parse(&name))
}

/// Kinds of work whose time is taken: one, or all of them.
#[derive(Clone, Debug)]
pub(in crate::cli) struct Works(pub Vec<Timed>);

/// One of the names of work, or `all`.
pub(super) fn works() -> impl TypedValueParser<Value = Works> {
    let names = PossibleValuesParser::new(Timed::ALL.iter().map(|w| w.name()).chain(["all"]));
    let known = |name: &str| Timed::parse(name).ok().map(Timed::name);
    Spelled { names, known }.try_map(|name| match name.as_str() {
        "all" => Ok::<_, String>(Works(Timed::ALL.to_vec())),
        name => Ok(Works(vec![Timed::parse(name)?])),
    })
}

/// Names of which clap knows the usual spelling, for help, completions and messages, and `known` every other.
#[derive(Clone)]
struct Spelled {
    names: PossibleValuesParser,
    known: fn(&str) -> Option<&'static str>,
}

impl TypedValueParser for Spelled {
    type Value = String;

    fn parse_ref(
        &self,
        command: &Command,
        arg: Option<&Arg>,
        value: &OsStr,
    ) -> Result<String, clap::Error> {
        let usual = value.to_str().and_then(self.known);
        self.names.parse_ref(command, arg, usual.map_or(value, OsStr::new))
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        self.names.possible_values()
    }
}

/// A number of a range.
pub(super) fn within<T>(
    bounds: &'static Bounds<T>,
) -> impl Fn(&str) -> Result<T, String> + Clone + Send + Sync
where
    T: Copy + PartialOrd + FromStr + Display + Send + Sync,
{
    move |text: &str| bounds.parse(text)
}

#[cfg(test)]
mod tests {
    use super::*;

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
