//! Explanations: which places of a photo or of a layer made a class, a channel or a unit.
//!
//! One method a file; [`METHODS`] is the table of them. Every method is written against the interface of
//! the engine and works for every network that can be loaded.

mod ablation_cam;
mod cam;
mod deconvnet;
mod eigen_cam;
mod finish;
mod grad_cam;
mod grad_cam_elementwise;
mod grad_cam_plus_plus;
mod guided_backprop;
mod guided_grad_cam;
mod hirescam;
mod integrated_gradients;
mod layer_cam;
mod occlusion;
mod saliency;
mod score_cam;
mod smoothgrad;
mod weighted;
mod xgrad_cam;

use super::{AnalysisError, Parameter, Parameters, Subject, Target, Work, finite};
use crate::base::{Array, Cancel, LayerId, Shape};
use crate::model::Value;
use crate::ops::{Activation, ReluRule};

pub use finish::{finished, pixel_map, resized};
pub use occlusion::occluded;
pub use score_cam::BATCH;
pub use smoothgrad::smoothed;
pub use weighted::by_mean;

/// Every method, in the order of lists.
pub static METHODS: [&Method; 17] = [
    &cam::METHOD,
    &grad_cam::METHOD,
    &grad_cam_plus_plus::METHOD,
    &hirescam::METHOD,
    &layer_cam::METHOD,
    &xgrad_cam::METHOD,
    &grad_cam_elementwise::METHOD,
    &eigen_cam::METHOD,
    &score_cam::METHOD,
    &ablation_cam::METHOD,
    &saliency::METHOD,
    &smoothgrad::METHOD,
    &integrated_gradients::METHOD,
    &guided_backprop::METHOD,
    &deconvnet::METHOD,
    &guided_grad_cam::METHOD,
    &occlusion::METHOD,
];

/// A method: one constant in each file.
pub struct Method {
    /// Its name on the command line: `grad-cam`.
    pub name: &'static str,
    /// What it shows, in a few words.
    pub doc: &'static str,
    /// What it attributes to.
    pub kind: Kind,
    /// Whether it reads a layer of the user's choice.
    pub takes_layer: bool,
    /// Which of [`Parameters`] it reads.
    pub reads: &'static [Parameter],
    /// How often the network runs.
    pub passes: fn(&Size) -> Passes,
    /// What [`Method::run`] checks.
    explain: fn(
        &Subject<'_>,
        &Question,
        &mut Work<'_, '_, Attribution>,
    ) -> Result<Attribution, AnalysisError>,
}

impl Method {
    /// Whether it runs [`BATCH`] inputs together.
    pub fn runs_batches(&self) -> bool {
        [&score_cam::METHOD, &occlusion::METHOD].iter().any(|method| method.name == self.name)
    }

    /// The explanation. One in which nothing speaks for the target says so in its warnings.
    ///
    /// # Errors
    /// When the method does not fit the network, the layer or the target, a pass fails, the token was set, or the target
    /// or what was found is not finite.
    pub fn run(
        &self,
        subject: &Subject<'_>,
        question: &Question,
        work: &mut Work<'_, '_, Attribution>,
    ) -> Result<Attribution, AnalysisError> {
        let mut found = (self.explain)(subject, question, work)?;
        // A map may skip the channels that are not finite; the target shows them.
        let target = subject.value(question.target).ok();
        finite(self.name, found.values.data.iter().map(|v| f64::from(*v)).chain(target))?;
        found.warnings.extend(found.emptiness().map(String::from));
        Ok(found)
    }
}

/// What is asked of a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Question {
    /// The layer, for methods that read one.
    pub layer: LayerId,
    /// What is explained.
    pub target: Target,
    /// How it is done.
    pub parameters: Parameters,
}

/// What a method attributes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Positions of a layer: `[1, 1, h, w]`, before the ReLU.
    Map,
    /// Values of the input, each in its own right and sign: `[1, C, H, W]`.
    Gradient,
    /// Values of the input, whose shares with their signs add up over the channels: `[1, C, H, W]`.
    Share,
}

/// What the cost of a method depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Channels of the layer.
    pub channels: usize,
    /// The input `[1, C, H, W]`.
    pub input: Shape,
    /// How it is done.
    pub parameters: Parameters,
}

/// Passes through the network, the whole of it or a part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Passes {
    /// Forward, a picture of a batch each.
    pub forward: usize,
    /// Backward.
    pub backward: usize,
}

impl Passes {
    /// The cost of a method that runs backward once.
    const fn one_backward(_: &Size) -> Self {
        Self { forward: 0, backward: 1 }
    }
}

/// What a method found.
#[derive(Clone, Debug, PartialEq)]
pub struct Attribution {
    /// What the values are of.
    pub kind: Kind,
    /// The values, unscaled.
    pub values: Array,
    /// Numbers about it, by their names.
    pub facts: Vec<(&'static str, f64)>,
    /// Sentences about it.
    pub notes: Vec<String>,
    /// Sentences without which it would be misread.
    pub warnings: Vec<String>,
}

impl Attribution {
    /// Values without anything to say about them.
    pub const fn plain(kind: Kind, values: Array) -> Self {
        Self { kind, values, facts: Vec::new(), notes: Vec::new(), warnings: Vec::new() }
    }

    /// Why there is nothing to be seen in it, where that is so.
    fn emptiness(&self) -> Option<&'static str> {
        let all = |fits: fn(f32) -> bool| self.values.data.iter().all(|v| fits(*v));
        match self.kind {
            Kind::Map if all(|v| v == 0.0) => Some(
                "the map is zero everywhere: the layer is dead, or the target does not change with it",
            ),
            Kind::Map if all(|v| v <= 0.0) => {
                Some("no position of this map supports the target: the map is all zeros")
            }
            Kind::Gradient if all(|v| v == 0.0) => {
                Some("the gradient is zero everywhere: no pixel changes the target")
            }
            Kind::Share if all(|v| v == 0.0) => {
                Some("every attribution is zero: no pixel changes the target")
            }
            Kind::Map | Kind::Gradient | Kind::Share => None,
        }
    }
}

/// The target's gradient at the input, as methods that differ only in their rule for ReLUs have it.
fn to_input(
    subject: &Subject<'_>,
    question: &Question,
    rule: ReluRule,
    cancel: &Cancel,
) -> Result<Attribution, AnalysisError> {
    subject.check(question.target)?;
    let found = subject.gradient(question.target, Value::Input, rule, cancel)?;
    let mut found = Attribution::plain(Kind::Gradient, found);
    found.warnings.extend(no_relu(subject).filter(|_| rule != ReluRule::Plain));
    Ok(found)
}

/// What is said of rules for ReLUs where there is none.
fn no_relu(subject: &Subject<'_>) -> Option<String> {
    let relus = subject.graph.nodes.iter().any(|node| Activation::is_relu(&node.op));
    (!relus).then(|| {
        "this network has no ReLU, which the method is about: the gradient is that of saliency"
            .into()
    })
}
