//! What the Rebuild view makes.

use super::State;
use super::views::ViewId;
use crate::base::{Choice, LayerId};
use crate::session::ask::{Dream, Goal, Inversion, Job, Maximization, Rebuild, Target, Wish};

/// The choices of the Rebuild view.
#[derive(Clone, Debug, PartialEq)]
pub struct Rebuilding {
    /// What is made, and of what.
    pub what: What,
    /// Iterations; the method's own when `None`.
    pub iterations: Option<usize>,
    /// What random numbers start from.
    pub seed: u64,
}

impl Default for Rebuilding {
    fn default() -> Self {
        Self { what: What::InvertLayer, iterations: None, seed: 0 }
    }
}

/// What is made, and of what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// The photo from a layer.
    InvertLayer,
    /// The photo from one channel.
    InvertChannel,
    /// What activates a channel most.
    MaximizeChannel,
    /// What activates the unit under the cursor of the Map view most.
    MaximizeUnit,
    /// What raises a class most.
    MaximizeClass,
    /// The photo with more of a layer in it.
    DreamLayer,
    /// The photo with more of a channel in it.
    DreamChannel,
}

impl Choice for What {
    const ALL: &'static [Self] = &[
        Self::InvertLayer,
        Self::InvertChannel,
        Self::MaximizeChannel,
        Self::MaximizeUnit,
        Self::MaximizeClass,
        Self::DreamLayer,
        Self::DreamChannel,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::InvertLayer => "invert-layer",
            Self::InvertChannel => "invert-channel",
            Self::MaximizeChannel => "maximize-channel",
            Self::MaximizeUnit => "maximize-unit",
            Self::MaximizeClass => "maximize-class",
            Self::DreamLayer => "dream-layer",
            Self::DreamChannel => "dream-channel",
        }
    }
}

impl State {
    /// Whether the Rebuild view is on the screen.
    pub fn rebuilds(&self) -> bool {
        self.view == ViewId::Rebuild
    }

    /// What the Rebuild view makes of the chosen layer, channel or class.
    pub fn rebuild_now(&self) -> Option<Job> {
        let Rebuilding { what, iterations, seed } = self.rebuild;
        let (layer, channel) = (self.cursor.layer, self.cursor.channel);
        let of_channel = Target::Channel { layer, channel };
        let (row, column) = self.cursor.unit;
        let invert = |channels| Wish::Invert(Inversion { layer, channels, iterations, seed });
        let maximize = |target| Wish::Maximize(Maximization { target, iterations, seed });
        let dream = |goal| Wish::Dream(Dream { goal, iterations, seed });
        let wish = match what {
            What::InvertLayer => invert(None),
            What::InvertChannel => invert(Some(vec![channel])),
            What::MaximizeChannel => maximize(of_channel),
            What::MaximizeUnit => maximize(Target::Unit { layer, channel, row, column }),
            What::MaximizeClass => maximize(Target::Class(self.class()?)),
            What::DreamLayer => dream(Goal::Layer(layer)),
            What::DreamChannel => dream(Goal::Target(of_channel)),
        };
        Some(Job::Rebuild(Rebuild { run: self.values_run()?, wish }))
    }

    /// What is made, in words.
    pub fn rebuild_words(&self) -> String {
        let name = |layer: LayerId| self.layers().get(layer.0).map_or("", |info| &info.name);
        let (layer, channel) = (name(self.cursor.layer), self.cursor.channel);
        match self.rebuild.what {
            What::InvertLayer => format!("rebuilt from {layer}"),
            What::InvertChannel => format!("rebuilt from channel {channel} of {layer}"),
            What::MaximizeChannel => format!("what activates channel {channel} of {layer} most"),
            What::MaximizeUnit => {
                let (row, column) = self.cursor.unit;
                format!("what activates unit ({channel}, {row}, {column}) of {layer} most")
            }
            What::MaximizeClass => {
                let label = self
                    .shown
                    .network
                    .as_ref()
                    .zip(self.class())
                    .and_then(|(network, class)| network.classes.get(class));
                let label = label.map_or("the class", |label| label.name.as_str());
                format!("what raises {label} most")
            }
            What::DreamLayer => format!("DeepDream: the photo with {layer} amplified"),
            What::DreamChannel => {
                format!("DeepDream: the photo with channel {channel} of {layer} amplified")
            }
        }
    }
}
