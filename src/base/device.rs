//! The word for where networks run.

use std::fmt;
use std::str::FromStr;

use super::choice::unknown;

/// Where a network is to run, as the command line, the settings and the explorer name it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum DeviceChoice {
    /// The GPU with the most free memory, else the CPU.
    #[default]
    Auto,
    /// The processor.
    Cpu,
    /// A GPU of NVIDIA: this one, or the one with the most free memory.
    Cuda(Option<usize>),
    /// The GPU of a Mac.
    Metal,
}

impl DeviceChoice {
    /// The forms that are understood, for help and messages.
    pub const FORMS: &'static str = "auto, cpu, cuda, cuda:N, metal";
}

impl FromStr for DeviceChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let lower = text.to_lowercase();
        let index = lower.strip_prefix("cuda:").map(str::parse);
        match (lower.as_str(), index) {
            ("auto", _) => Ok(Self::Auto),
            ("cpu", _) => Ok(Self::Cpu),
            ("cuda", _) => Ok(Self::Cuda(None)),
            ("metal", _) => Ok(Self::Metal),
            (_, Some(Ok(index))) => Ok(Self::Cuda(Some(index))),
            _ => Err(unknown(text, Self::FORMS)),
        }
    }
}

impl fmt::Display for DeviceChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Cpu => f.write_str("cpu"),
            Self::Cuda(None) => f.write_str("cuda"),
            Self::Cuda(Some(index)) => write!(f, "cuda:{index}"),
            Self::Metal => f.write_str("metal"),
        }
    }
}

impl<'de> serde::Deserialize<'de> for DeviceChoice {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'_, str>>::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read_as_it_is_written() {
        for text in ["auto", "cpu", "cuda", "cuda:0", "cuda:12", "metal"] {
            let choice: Result<DeviceChoice, _> = text.parse();
            assert_eq!(choice.map(|c| c.to_string()).as_deref(), Ok(text));
        }
        assert_eq!("CUDA:1".parse(), Ok(DeviceChoice::Cuda(Some(1))));
        for text in ["", "gpu", "cuda:", "cuda:-1", "cuda:x", "metal:0"] {
            let refused = text.parse::<DeviceChoice>();
            assert_eq!(
                refused,
                Err(format!(
                    "unknown value \"{text}\"; expected one of: auto, cpu, cuda, cuda:N, metal"
                ))
            );
        }
    }
}
