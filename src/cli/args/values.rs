//! Values of flags that are more than a word or a number.

use std::str::FromStr;

use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::base::{Choice, Timed, numbers};

/// Height and width of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) struct Size(pub [usize; 2]);

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
pub(in crate::cli) struct Values(pub Vec<f32>);

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
pub(in crate::cli) enum Channels {
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
        let more = "numbers and ranges such as 0,3-7 are needed, or top:K, or all";
        numbers(text).map(Self::These).map_err(|why| format!("{why}: {more}"))
    }
}

/// One of the names of a choice.
pub(super) fn choice<T: Choice + Send + Sync>() -> impl TypedValueParser<Value = T> {
    let names: Vec<&'static str> = T::ALL.iter().map(|choice| choice.name()).collect();
    PossibleValuesParser::new(names).try_map(|name| T::parse(&name))
}

/// Kinds of work whose time is taken: one, or all of them.
#[derive(Clone, Debug)]
pub(in crate::cli) struct Works(pub Vec<Timed>);

/// One of the names of work, or `all`.
pub(super) fn works() -> impl TypedValueParser<Value = Works> {
    let names = Timed::ALL.iter().map(|work| work.name()).chain(["all"]);
    PossibleValuesParser::new(names).try_map(|name| match name.as_str() {
        "all" => Ok::<_, String>(Works(Timed::ALL.to_vec())),
        name => Ok(Works(vec![Timed::parse(name)?])),
    })
}

/// Threads that compute.
pub(super) fn threads(text: &str) -> Result<usize, String> {
    let wrong = || "a number from 0 to 1024 is needed".to_string();
    text.parse().ok().filter(|n| *n <= 1024).ok_or_else(wrong)
}

/// A count of something that must be there.
pub(super) fn at_least_one(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|n| *n > 0).ok_or_else(|| "a number from 1 is needed".to_string())
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
