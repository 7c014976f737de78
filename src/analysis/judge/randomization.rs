//! Does the map depend on what the network has learned (Adebayo et al. 2018)?

use crate::analysis::explain::{Method, Question, pixel_map};
use crate::analysis::{AnalysisError, Subject, Work};
use crate::base::{Array, Cancel, LayerId, Progress};
use crate::engine::Keep;
use crate::model::{Graph, redrawn};

use super::{Make, rank_correlation};

/// How much of a map stayed.
#[derive(Clone, Debug, PartialEq)]
pub struct Redrawn {
    /// Down to this stage all weights were drawn anew.
    pub stage: String,
    /// Spearman's rank correlation of the magnitudes of the two maps, the mean over the seeds.
    pub correlation: f64,
}

/// Seeds that the mean is taken over.
pub const SEEDS: u64 = 3;

/// The first layer and the name of each stage, from the logits downward.
pub fn stages(graph: &Graph) -> Vec<(LayerId, String)> {
    let mut stages: Vec<(LayerId, String)> = Vec::new();
    let with_weights = |i: usize| graph.nodes[i].file_name.is_some();
    for (i, node) in graph.nodes.iter().enumerate().filter(|(i, _)| with_weights(*i)) {
        // `layer1.0.conv1` is of the stage `layer1`; what stands alone is of the stem, or a stage of its own.
        let name = match (node.name.split_once('.'), stages.last()) {
            (Some((stage, _)), _) => stage.to_string(),
            (None, None) => "stem".to_string(),
            (None, Some((_, last))) if last == "stem" => continue,
            (None, Some(_)) => node.name.clone(),
        };
        if stages.last().is_none_or(|(_, last)| *last != name) {
            stages.push((LayerId(i), name));
        }
    }
    stages.reverse();
    stages
}

/// The explanation that others are compared with.
pub struct Compared<'a> {
    /// The method.
    pub method: &'a Method,
    /// What it was asked.
    pub question: &'a Question,
    /// Its pixels, `[1, 1, H, W]`.
    pub map: &'a Array,
    /// Makes a network ready.
    pub make: &'a Make<'a>,
}

impl Compared<'_> {
    /// Draws the weights from a stage on anew, and explains again.
    pub fn stage(
        &self,
        subject: &Subject<'_>,
        (first, stage): (LayerId, String),
        cancel: &Cancel,
        progress: &mut Progress,
    ) -> Result<Redrawn, AnalysisError> {
        let mut sum = 0.0;
        for seed in 0..SEEDS {
            sum += self.once(subject, first, seed, cancel)?;
            progress.report(seed as usize + 1, SEEDS as usize);
        }
        Ok(Redrawn { stage, correlation: sum / SEEDS as f64 })
    }

    fn once(
        &self,
        subject: &Subject<'_>,
        first: LayerId,
        seed: u64,
        cancel: &Cancel,
    ) -> Result<f64, AnalysisError> {
        let graph =
            redrawn(subject.graph, first, seed).map_err(crate::engine::EngineError::from)?;
        let backend = (self.make)(graph.clone())?;
        let keep = Keep::Tape(vec![self.question.target.layer(&graph), self.question.layer]);
        let input = subject.input();
        let capture =
            backend.forward(input, subject.edits, &keep, cancel, &mut Progress::none())?;
        let other = Subject {
            backend: backend.as_ref(),
            graph: &graph,
            capture: capture.as_ref(),
            edits: subject.edits,
        };
        let mut work = Work { cancel, progress: &mut Progress::none(), refine: &mut |_| {} };
        let found = self.method.run(&other, self.question, &mut work)?;
        let map = pixel_map(&found, input.shape.h, input.shape.w);
        let size = |map: &Array| map.data.iter().map(|v| v.abs()).collect::<Vec<f32>>();
        Ok(rank_correlation(&size(self.map), &size(&map)))
    }
}
