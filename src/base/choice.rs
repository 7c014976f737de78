//! Choices that the command line, the settings, the keys and the pictures all name alike.

use super::text::{percent, same_name, signed, significant};

/// What to say about a value that is not one of those expected.
pub(super) fn unknown(value: &str, expected: &str) -> String {
    format!("unknown value \"{value}\"; expected one of: {expected}")
}

/// A closed list of named alternatives.
pub trait Choice: Sized + Copy + PartialEq + 'static {
    /// Every alternative, in the order in which a key steps through them.
    const ALL: &'static [Self];

    /// The name used on the command line, in settings and on the screen.
    fn name(self) -> &'static str;

    /// The alternative of that name; case, hyphens and underscores do not count.
    ///
    /// # Errors
    /// When there is none, with all names.
    fn parse(name: &str) -> Result<Self, String> {
        Self::ALL.iter().copied().find(|c| same_name(c.name(), name)).ok_or_else(|| {
            let names: Vec<_> = Self::ALL.iter().map(|c| c.name()).collect();
            unknown(name, &names.join(", "))
        })
    }

    /// The one `step` places further, around the end.
    fn step(self, step: isize) -> Self {
        let at = Self::ALL.iter().position(|c| *c == self).unwrap_or(0) as isize;
        Self::ALL[(at + step).rem_euclid(Self::ALL.len() as isize) as usize]
    }
}

macro_rules! choice {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant),+ }

        impl Choice for $name {
            const ALL: &'static [Self] = &[$(Self::$variant),+];
            fn name(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                Self::parse(text)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.name())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'_, str>>::deserialize(from)?;
                Self::parse(&text).map_err(serde::de::Error::custom)
            }
        }
    };
}

choice! {
    /// How values become colors. The last three are diverging, for signed values.
    Colormap {
        /// Dark blue to yellow, perceptually uniform.
        Viridis = "viridis",
        /// Black to pale yellow through purple.
        Magma = "magma",
        /// Black to yellow through red.
        Inferno = "inferno",
        /// Google's rainbow with even lightness steps.
        Turbo = "turbo",
        /// Black to white.
        Gray = "gray",
        /// MATLAB's rainbow, for comparing with papers.
        Jet = "jet",
        /// Blue, white, red.
        RdBu = "rdbu",
        /// Purple, white, orange: safe for red-green blindness.
        PuOr = "puor",
        /// Blue, black, red: the middle is as dark as the terminal.
        Berlin = "berlin",
    }
}

impl Colormap {
    /// Whether the middle color stands for zero.
    pub const fn is_diverging(self) -> bool {
        matches!(self, Self::RdBu | Self::PuOr | Self::Berlin)
    }
}

choice! {
    /// Which values the first and the last color stand for.
    RangeMode {
        /// The map's own minimum and maximum.
        Map = "map",
        /// The minimum and maximum of the whole layer.
        Layer = "layer",
        /// From -a to a, a the largest magnitude of the map.
        Symmetric = "symmetric",
        /// From the map's 1st to its 99th percentile.
        Percentile = "percentile",
    }
}

impl RangeMode {
    /// Whether each map has its range, so that colors of two maps can't be compared.
    pub const fn is_of_one_map(self) -> bool {
        !matches!(self, Self::Layer)
    }
}

choice! {
    /// How a map lies over the photo.
    Blending {
        /// The map's value is its opacity: where it is 0 the photo stays as it is.
        Opacity = "opacity",
        /// The same share of the map everywhere, as pytorch-grad-cam's `show_cam_on_image` does.
        Blend = "blend",
    }
}

impl Blending {
    /// The largest opacity of the map, from 0 to 1, where nothing else is said.
    pub const fn usual_strength(self) -> f32 {
        match self {
            Self::Opacity => 0.8,
            Self::Blend => 0.5,
        }
    }
}

choice! {
    /// Work whose time is taken.
    Timed {
        /// A pass forward; every layer can be read.
        Forward = "forward",
        /// A pass forward; every layer is written out.
        ForwardAll = "forward-all",
        /// From the input to the map of Grad-CAM at the last layer with maps.
        GradCam = "grad-cam",
        /// From the input to its gradient by guided backpropagation.
        GuidedBackprop = "guided-backprop",
        /// One iteration of inverting `layer3`.
        InversionStep = "inversion-step",
    }
}

choice! {
    /// The order of the channels of a layer.
    SortOrder {
        /// As in the network.
        Index = "index",
        /// Largest mean first.
        Mean = "mean",
        /// Largest maximum first.
        Max = "max",
        /// Fewest zeros first.
        Sparsity = "sparsity",
        /// Largest weights first: the Euclidean norm of the channel's kernel.
        Norm = "norm",
        /// What a class loses most without the channel first.
        Effect = "effect",
    }
}

choice! {
    /// How all channels of a layer become one map.
    Combine {
        /// The sum over the channels.
        Sum = "sum",
        /// The mean over the channels.
        Mean = "mean",
        /// The largest value over the channels.
        Max = "max",
        /// The root of the mean square over the channels.
        Rms = "rms",
    }
}

choice! {
    /// How many colors the terminal shows.
    ColorDepth {
        /// 24 bits.
        TrueColor = "truecolor",
        /// The 256 colors of xterm.
        Colors256 = "256",
        /// The 16 colors of ANSI.
        Colors16 = "16",
        /// Levels of gray out of the 256.
        Gray = "gray",
    }
}

choice! {
    /// Which convolution of a bottleneck carries the stride of its stage.
    StrideIn {
        /// The first one, as in the paper.
        First = "1x1",
        /// The middle one: "v1.5".
        Middle = "3x3",
    }
}

choice! {
    /// What becomes of the numbers at the end of a network: transformers' `function_to_apply`.
    OutputFunction {
        /// One class of several: the probabilities of all classes sum to 1.
        Softmax = "softmax",
        /// Independent labels: each has its probability, whatever the others have.
        Sigmoid = "sigmoid",
        /// Regression: the number itself.
        None = "none",
    }
}

impl OutputFunction {
    /// Whether scores are probabilities, from 0 to 1.
    pub const fn is_probability(self) -> bool {
        matches!(self, Self::Softmax | Self::Sigmoid)
    }

    /// What a score is called.
    pub const fn noun(self) -> &'static str {
        if self.is_probability() { "probability" } else { "value" }
    }

    /// A score for people: `62 %`, or the number itself.
    pub fn show(self, score: f32) -> String {
        if self.is_probability() { percent(score) } else { significant(score) }
    }

    /// A change of a score for people: in points of a hundred (`+3.1`), or of the number itself.
    pub fn show_change(self, change: f32) -> String {
        if self.is_probability() { format!("{:+.1}", 100.0 * change) } else { signed(change) }
    }
}

choice! {
    /// How pictures get onto the terminal.
    Graphics {
        /// What the terminal says it can do, else half blocks.
        Auto = "auto",
        /// Real pictures by kitty's protocol.
        Kitty = "kitty",
        /// Real pictures by iTerm2's protocol.
        Iterm2 = "iterm2",
        /// Real pictures by DEC's sixels.
        Sixel = "sixel",
        /// Two colors, one above the other, in a cell.
        HalfBlocks = "halfblocks",
        /// Two colors over the four quarters of a cell.
        Quadrants = "quadrants",
        /// Two colors over the six parts of a cell.
        Sextants = "sextants",
    }
}

choice! {
    /// What the colors of texts and lines are made for.
    Theme {
        /// What the terminal says its background is, else dark.
        Auto = "auto",
        /// A dark background.
        Dark = "dark",
        /// A light background.
        Light = "light",
        /// No colors but those of pictures, as NO_COLOR asks.
        None = "none",
    }
}

choice! {
    /// The precision in which a network is run.
    Dtype {
        /// float32.
        F32 = "f32",
        /// float64: slow, the exact reference.
        F64 = "f64",
        /// IEEE's half precision; on GPUs only.
        F16 = "f16",
        /// The upper half of a float32; on GPUs only.
        BF16 = "bf16",
    }
}

impl Dtype {
    /// Bytes of one value.
    pub const fn size(self) -> usize {
        match self {
            Self::F16 | Self::BF16 => 2,
            Self::F32 => 4,
            Self::F64 => 8,
        }
    }

    /// Half the width of float32: results are approximate, and the CPU does not compute in it.
    pub const fn is_narrow(self) -> bool {
        matches!(self, Self::F16 | Self::BF16)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stepping_goes_around() {
        assert_eq!(Colormap::Viridis.step(-1), Colormap::Berlin);
        assert_eq!(Colormap::Berlin.step(1), Colormap::Viridis);
    }

    #[test]
    fn scores_are_shown_as_what_they_are() {
        let shown = |of: OutputFunction| [of.show(0.625), of.show_change(-0.0312)];
        assert_eq!(shown(OutputFunction::Softmax), ["63 %", "-3.1"]);
        assert_eq!(shown(OutputFunction::Sigmoid), ["63 %", "-3.1"]);
        assert_eq!(shown(OutputFunction::None), ["0.62", "-0.0312"]);
    }

    #[test]
    fn unknown_names_list_the_known() {
        let error = Combine::parse("median").err();
        assert_eq!(
            error.as_deref(),
            Some("unknown value \"median\"; expected one of: sum, mean, max, rms")
        );
    }

    #[test]
    fn names_may_be_spelled_in_other_ways() {
        assert_eq!(Timed::parse("GuidedBackprop"), Ok(Timed::GuidedBackprop));
        assert_eq!(Colormap::parse("RdBu"), Ok(Colormap::RdBu));
        for choice in Timed::ALL {
            assert_eq!(Timed::parse(&choice.name().replace('-', "_")), Ok(*choice));
        }
    }
}
