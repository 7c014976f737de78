//! What the Rebuild view makes.

use super::views::ViewId;
use super::{Rebuilding, State, What};
use crate::base::LayerId;
use crate::session::ask::{Dream, Goal, Inversion, Job, Maximization, Rebuild, Target, Wish};

impl State {
    /// Whether the Rebuild view is on the screen.
    pub fn rebuilds(&self) -> bool {
        self.view == ViewId::Rebuild
    }

    /// What the Rebuild view makes: one picture of the chosen layer, channel or class, or one for each stage.
    pub fn rebuild_jobs(&self) -> Vec<Job> {
        let layers = match self.rebuild.what {
            What::InvertStages => self.stage_maps(),
            _ => vec![self.cursor.layer],
        };
        layers.into_iter().filter_map(|layer| self.rebuild_of(layer)).collect()
    }

    /// The first of them that is not complete, one that did not fail before those that did; the last when all are.
    pub fn rebuild_now(&self) -> Option<Job> {
        let jobs = self.rebuild_jobs();
        let complete = |job: &Job| self.found(job).is_some_and(|found| found.complete);
        let open: Vec<&Job> = jobs.iter().filter(|job| !complete(job)).collect();
        let next = open.iter().find(|job| !self.is_refused(job)).or(open.first());
        next.copied().or(jobs.last()).cloned()
    }

    fn rebuild_of(&self, layer: LayerId) -> Option<Job> {
        let Rebuilding { what, iterations, seed, variants } = self.rebuild;
        let channel = self.cursor.channel;
        let of_channel = Target::Channel { layer, channel };
        let (row, column) = self.cursor.unit;
        let invert = |channels| Wish::Invert(Inversion { layer, channels, iterations, seed });
        let maximize = |target| Wish::Maximize(Maximization { target, iterations, seed, variants });
        let dream = |goal| Wish::Dream(Dream { goal, iterations, seed });
        let wish = match what {
            What::InvertLayer | What::InvertStages => invert(None),
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
            What::InvertStages => "rebuilt from the last layer of each stage".to_string(),
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
