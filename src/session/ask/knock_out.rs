//! Channels that are switched off or changed while a network runs.

use std::hash::{Hash, Hasher};

use xxhash_rust::xxh3::Xxh3;

use crate::base::{Exact, LayerId, bounds, clean};
use crate::engine::{Change, Edit, Edits};
use crate::session::SessionError;

/// Changed channels of a layer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct KnockOut {
    /// The layer.
    pub layer: LayerId,
    /// Its channels.
    pub channels: Vec<usize>,
    /// What they become.
    pub to: Change,
}

/// Some knock-outs, by their hash; [`EditsId::NONE`] is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct EditsId(pub u64);

impl EditsId {
    /// The network as it is.
    pub const NONE: Self = Self(0);

    /// The name of these.
    pub fn of(knock_outs: &[KnockOut]) -> Self {
        if knock_outs.is_empty() {
            return Self::NONE;
        }
        let mut key = Xxh3::new();
        knock_outs.hash(&mut key);
        Self(key.finish())
    }
}

impl KnockOut {
    /// `LAYER:C,C` (off), `LAYER:C*X` (times X), `LAYER:C=X` (the value X) or `LAYER:C=mean`. Channels are
    /// numbers and ranges such as `0,3-7`.
    ///
    /// # Errors
    /// When it is none of these, or `find` knows no such layer.
    pub fn parse(
        text: &str,
        find: impl Fn(&str) -> Result<LayerId, SessionError>,
    ) -> Result<Self, SessionError> {
        let wrong = || {
            SessionError::Unknown(format!(
                "\"{text}\" is not a knock-out: LAYER:C,C switches channels off, LAYER:C*0.5 scales them, LAYER:C=mean or LAYER:C=1.5 replaces them"
            ))
        };
        let (layer, rest) = text.rsplit_once(':').ok_or_else(wrong)?;
        let number = |text: &str| {
            let number = bounds::FACTOR.parse(text).map(Exact);
            number.map_err(|why| SessionError::Unknown(format!("\"{}\": {why}", clean(text))))
        };
        let (channels, to) = if let Some((channels, factor)) = rest.split_once('*') {
            (channels, Change::Scale(number(factor)?))
        } else if let Some((channels, value)) = rest.split_once('=') {
            let to = match value.trim() {
                "mean" => Change::Mean,
                value => Change::Set(number(value)?),
            };
            (channels, to)
        } else {
            (rest, Change::OFF)
        };
        let channels = crate::base::numbers(channels).map_err(|_| wrong())?;
        Ok(Self { layer: find(layer)?, channels, to })
    }

    /// As [`KnockOut::parse`] reads it, with the layer's name.
    pub fn text(&self, layer: &str) -> String {
        let channels = crate::base::ranges(&self.channels);
        match self.to {
            Change::Scale(Exact(0.0)) => format!("{layer}:{channels}"),
            Change::Scale(Exact(factor)) => format!("{layer}:{channels}*{factor}"),
            Change::Set(Exact(value)) => format!("{layer}:{channels}={value}"),
            Change::Mean => format!("{layer}:{channels}=mean"),
        }
    }
}

/// As the engine takes them.
pub fn edits(knock_outs: &[KnockOut]) -> Edits {
    let edit = |knock: &KnockOut| Edit::Channels {
        layer: knock.layer,
        channels: knock.channels.clone(),
        change: knock.to,
    };
    knock_outs.iter().map(edit).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn knock_outs_are_read_as_they_are_written() {
        let find = |name: &str| match name {
            "layer2.0.relu" => Ok(LayerId(7)),
            _ => Err(SessionError::Unknown("no".into())),
        };
        for text in [
            "layer2.0.relu:3",
            "layer2.0.relu:0-2,7",
            "layer2.0.relu:4*0.5",
            "layer2.0.relu:4*-2",
            "layer2.0.relu:1=mean",
            "layer2.0.relu:1=1.5",
        ] {
            let read = KnockOut::parse(text, find).unwrap();
            assert_eq!((read.text("layer2.0.relu"), read.layer), (text.to_string(), LayerId(7)));
        }
        for text in ["", "3", "layer2.0.relu", "layer2.0.relu:", "layer2.0.relu:x", "other:3"] {
            assert!(KnockOut::parse(text, find).is_err(), "{text}");
        }
        assert!(KnockOut::parse("layer2.0.relu:1*nan", find).is_err());
    }

    #[test]
    fn no_knock_outs_have_the_name_of_the_plain_network() {
        assert_eq!(EditsId::of(&[]), EditsId::NONE);
        let off = |channels: Vec<usize>| KnockOut { layer: LayerId(1), channels, to: Change::OFF };
        assert_ne!(EditsId::of(&[off(vec![1])]), EditsId::of(&[off(vec![2])]));
    }
}
