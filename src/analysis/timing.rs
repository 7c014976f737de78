//! The passes that everything else is made of, timed.

use std::sync::Arc;
use std::time::Instant;

use super::explain::{METHODS, Question, finished};
use super::rebuild::{Adam, Colors, Descent, Objective, Parameterization};
use super::{AnalysisError, Parameters, Subject, Target, Work};
use crate::base::{Array, Cancel, LayerId, Progress, Random, Timed};
use crate::engine::{Backend, Capture, Edits, EngineError, Keep};
use crate::model::{Graph, costs, extents, infer};

/// What is timed: a network on one input `[1, C, H, W]`, ready to run.
#[derive(Clone, Copy)]
pub struct Trial<'a> {
    /// What runs the network.
    pub backend: &'a dyn Backend,
    /// The network.
    pub graph: &'a Graph,
    /// The input.
    pub input: &'a Array,
}

impl Trial<'_> {
    /// Does the work so many times and gives the seconds of each.
    ///
    /// # Errors
    /// When a pass fails, the network has no classes or no layer to invert, or the token was set.
    pub fn run(
        &self,
        work: Timed,
        runs: usize,
        cancel: &Cancel,
        progress: &mut Progress,
    ) -> Result<Vec<f64>, AnalysisError> {
        let mut timed = |once: &mut dyn FnMut() -> Result<(), AnalysisError>| {
            let mut seconds = Vec::with_capacity(runs);
            for run in 0..runs {
                let since = Instant::now();
                once()?;
                seconds.push(since.elapsed().as_secs_f64());
                progress.report(run + 1, runs);
            }
            Ok(seconds)
        };
        match work {
            Timed::Forward => timed(&mut || self.forward(&Keep::All, cancel).map(drop)),
            Timed::ForwardAll => timed(&mut || self.forward(&Keep::Written, cancel).map(drop)),
            Timed::GradCam => timed(&mut || self.explain("grad-cam", cancel)),
            Timed::GuidedBackprop => timed(&mut || self.explain("guided-backprop", cancel)),
            Timed::InversionStep => {
                let layer = self.inverted()?;
                let capture = self.forward(&Keep::Only(vec![layer]), cancel)?;
                let edits = Edits::new();
                let subject = Subject {
                    backend: self.backend,
                    graph: self.graph,
                    capture: capture.as_ref(),
                    edits: &edits,
                };
                let shape = self.input.shape;
                let descent = Descent::for_layer(&subject, layer)?;
                let objective = Objective::new(&subject, layer, None, descent.weights(shape))?;
                // Any colors: they change no time.
                let (mean, std) = (vec![0.5; shape.c], vec![0.25; shape.c]);
                let colors = Colors { mean: &mean, std: &std };
                let map = Parameterization::<f32>::new(shape, &colors, descent.decay);
                let mut parameters = map.start(&mut Random::new(0));
                let mut adam = Adam::new(parameters.len());
                timed(&mut || {
                    let picture = map.picture(&parameters);
                    let loss = objective.at_values(&picture, cancel)?;
                    let gradient = map.pull(&picture, &loss.gradient);
                    adam.step(&mut parameters, &gradient, descent.rate);
                    Ok(())
                })
            }
        }
    }

    /// Products and sums of one run, two for each multiply-add.
    ///
    /// # Errors
    /// When the network does not run on inputs of this shape.
    pub fn operations(&self, work: Timed) -> Result<u64, AnalysisError> {
        let dims = extents(self.graph, self.input.shape).map_err(EngineError::from)?;
        let costs = costs(self.graph, self.input.shape, &dims);
        let end = match work {
            Timed::InversionStep => self.inverted()?.0,
            _ => self.graph.answer().0,
        };
        let once: u64 = costs.iter().take(end + 1).map(|cost| cost.multiply_adds).sum();
        let passes = match work {
            // Behind the last map there is no convolution to go back through.
            Timed::Forward | Timed::ForwardAll | Timed::GradCam => 1,
            Timed::GuidedBackprop | Timed::InversionStep => 2,
        };
        Ok(2 * passes * once)
    }

    fn last(&self) -> LayerId {
        self.graph.answer()
    }

    /// The layer that is inverted: `layer3` of a ResNet.
    fn inverted(&self) -> Result<LayerId, AnalysisError> {
        let no = |_| AnalysisError::Unfit("this network has no layer3 to invert".into());
        self.graph.find("layer3").map_err(no)
    }

    fn forward(&self, keep: &Keep, cancel: &Cancel) -> Result<Arc<dyn Capture>, AnalysisError> {
        let (edits, none) = (Edits::new(), &mut Progress::none());
        Ok(self.backend.forward(self.input, &edits, keep, cancel, none)?)
    }

    /// From the input to what is shown: the top class, explained.
    fn explain(&self, method: &str, cancel: &Cancel) -> Result<(), AnalysisError> {
        let missing = || AnalysisError::Unfit(format!("there is no method {method}"));
        let method = METHODS.iter().find(|known| known.name == method).ok_or_else(missing)?;
        let shapes = infer(self.graph, self.input.shape).map_err(EngineError::from)?;
        let layer = self.graph.last_map(&shapes).unwrap_or(LayerId(0));
        // A class activation map reads one layer; a gradient passes all of them.
        let keep = if method.takes_layer {
            Keep::Only(vec![layer, self.last()])
        } else {
            Keep::Tape(vec![self.last()])
        };
        let run = self.forward(&keep, cancel)?;
        let logits = run.read_all(self.last())?.data;
        let top = (0..self.graph.classes().min(logits.len()))
            .max_by(|a, b| logits[*a].total_cmp(&logits[*b]));
        let unfit = || AnalysisError::Unfit("this network has no classes to explain".into());
        let target = Target::Class(top.ok_or_else(unfit)?);
        let edits = Edits::new();
        let subject = Subject {
            backend: self.backend,
            graph: self.graph,
            capture: run.as_ref(),
            edits: &edits,
        };
        let question = Question { layer, target, parameters: Parameters::default() };
        let mut work = Work { cancel, progress: &mut Progress::none(), refine: &mut |_| {} };
        let found = method.run(&subject, &question, &mut work)?;
        if method.takes_layer {
            let shape = self.input.shape;
            std::hint::black_box(finished(&found.values, shape.h, shape.w));
        }
        Ok(())
    }
}
