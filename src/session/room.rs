//! How much memory work will take, from the shapes of a network's layers: asked before the work starts, because memory
//! that is not there ends the program.
//!
//! The factors were measured (a test below has the numbers): what fits is not refused, so they leave out
//! what small inputs take anyway.

use std::sync::Mutex;

use super::SessionError;
use super::ask::job::{Explain, Job, Wish};
use super::ask::known::LayerInfo;
use super::lock::lock;
use crate::analysis::explain::{BATCH, Kind, Question, Size};
use crate::analysis::rebuild::PLACES;
use crate::base::room::{self, NoRoom};
use crate::base::{Dtype, LayerId, Shape};

/// Layers of values that are at work at the same time, beside those that are kept.
const AT_WORK: u64 = 3;
/// The same for the portable backend, whose convolutions unroll their input.
const AT_WORK_PORTABLE: u64 = 5;
/// Layers at work in a gradient down to the input (measured: 6.3 to 7.7), and what a rebuilt picture takes beside its run
/// (5 to 8).
const GRADIENTS: u64 = 7;
/// The same beside a run that is made anew for each gradient (3.3 to 4.3): the two share their memory.
const GRADIENTS_OF_RUNS: u64 = 4;
/// Layers at work for each input of a batch of which only the answer is kept (4.3 to 4.6 with the inputs).
const OF_BATCH: u64 = 4;
/// Copies of the largest layer from the one that is explained on: with passes through them (1.8 to 6.4 and 5.3), and without
/// (1.7 to 2.3).
const PASSES: u64 = 6;
const VALUES: u64 = 3;

/// What a run takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// Bytes of each layer.
    layers: Vec<u64>,
    /// Bytes of all layers.
    all: u64,
    /// Bytes of the largest layer.
    largest: u64,
    /// Bytes of the input.
    own: u64,
    /// Bytes of the weights, which are packed when a layer first runs.
    weights: u64,
    dtype: Dtype,
    /// Rows and columns of the input.
    input: [usize; 2],
}

impl Need {
    /// Of a network's layers, for an input of that shape.
    pub fn new(layers: &[LayerInfo], input: Shape, dtype: Dtype) -> Self {
        let bytes =
            |layer: &LayerInfo| (layer.shape.len() as u64).saturating_mul(dtype.size() as u64);
        Self {
            layers: layers.iter().map(bytes).collect(),
            all: layers.iter().map(bytes).fold(0, u64::saturating_add),
            largest: layers.iter().map(bytes).max().unwrap_or(0),
            own: (input.len() as u64).saturating_mul(dtype.size() as u64),
            weights: layers.iter().map(|layer| layer.parameters).sum::<u64>().saturating_mul(4),
            dtype,
            input: [input.h, input.w],
        }
    }

    /// Bytes of a forward pass that keeps at most `bound` bytes afterwards.
    pub fn forward(&self, bound: usize) -> u64 {
        let kept = match self.dtype {
            // The fast backend holds what its units give, which is a little less than half of all layers. The bound
            // lowers what stays, not the peak: 214 to 220 bytes a pixel from 3000 to 6000 px.
            Dtype::F32 => self.all / 5 * 2,
            _ => self.all.min(bound as u64),
        };
        kept.saturating_add(self.at_work())
    }

    /// Bytes that a pass takes beside what it keeps. The backend holds on to them for the next pass.
    fn at_work(&self) -> u64 {
        let layers = match self.dtype {
            Dtype::F32 => AT_WORK,
            _ => AT_WORK_PORTABLE,
        };
        self.largest.saturating_mul(layers).saturating_add(self.own + self.weights)
    }

    /// Bytes of passes with a batch of inputs of which only the answer is kept.
    fn batch(&self) -> u64 {
        let each = self.largest.saturating_mul(OF_BATCH).saturating_add(2 * self.own);
        each.saturating_mul(BATCH as u64)
    }

    /// Bytes of work downstream of a layer that is read `copies` times; its map is stretched to the input.
    fn downstream_of(&self, layer: LayerId, copies: u64) -> u64 {
        let largest = self.layers.iter().skip(layer.0).max().copied().unwrap_or(0);
        let work = largest.saturating_mul(copies).saturating_add(self.own);
        self.at_work().saturating_add(work)
    }

    /// Bytes of work on a run that is kept already.
    pub fn job(&self, job: &Job, bound: usize) -> u64 {
        let gradient = self.largest.saturating_mul(GRADIENTS);
        match job {
            Job::Explain(of) => self.explanation(of, bound),
            Job::Rank(of) => self.downstream_of(of.layer, PASSES),
            // The explanation, then batches of inputs with places hidden, or runs of a changed network.
            Job::Judge(of) => {
                self.explanation(&of.0, bound).max(self.batch()).max(self.forward(bound))
            }
            Job::Rebuild(of) => {
                let wanted = match &of.wish {
                    // The photo's activations at each place, in float32.
                    Wish::Invert(of) => {
                        let layer = self.layers.get(of.layer.0).copied().unwrap_or(0);
                        layer.saturating_mul(PLACES as u64)
                    }
                    Wish::Maximize(_) | Wish::Dream(_) => 0,
                };
                self.forward(bound).saturating_add(gradient).saturating_add(wanted)
            }
        }
    }

    fn explanation(&self, of: &Explain, bound: usize) -> u64 {
        // How many passes there are may depend on the input; whether there are any does not.
        let Question { layer, parameters, .. } = of.question;
        let [height, width] = self.input;
        let input = Shape::new(1, 1, height, width);
        let passes = of.method.passes(&Size { channels: 1, parameters, input });
        match (of.method.kind(), passes.forward, passes.backward) {
            _ if of.method.runs_batches() => self.downstream_of(layer, VALUES).max(self.batch()),
            (Kind::Map, 0, 0) => self.downstream_of(layer, VALUES),
            (Kind::Map, ..) => self.downstream_of(layer, PASSES),
            (_, 0, _) => self.largest.saturating_mul(GRADIENTS),
            _ => self.forward(bound).saturating_add(self.largest.saturating_mul(GRADIENTS_OF_RUNS)),
        }
    }
}

/// The most bytes that work took so far, with what was kept beside it: memory that is used again.
#[derive(Default)]
pub struct Taken(Mutex<u64>);

impl Taken {
    /// Refuses work that takes more memory than there is, beside the `held` bytes of runs. What earlier work has taken
    /// and given back is used again.
    ///
    /// # Errors
    /// With the need, what is free, and what to do.
    pub fn check(
        &self,
        held: usize,
        of: &Need,
        bytes: u64,
        what: &str,
    ) -> Result<(), SessionError> {
        let held = held as u64;
        let mut taken = lock(&self.0);
        let [height, width] = of.input;
        let spare = taken.saturating_sub(held);
        room::check(bytes.saturating_sub(spare), format!("{what} at {height}x{width}"))
            .map_err(|error| refused(&error))?;
        *taken = (*taken).max(held.saturating_add(bytes));
        Ok(())
    }
}

/// Refuses an input whose preparation does not fit: the scaled photo, what the network sees, and the values.
///
/// # Errors
/// With the need, what is free, and what to do.
pub fn check_input(shape: Shape) -> Result<(), SessionError> {
    let pixels = (shape.h as u64).saturating_mul(shape.w as u64);
    let bytes = pixels.saturating_mul(3 + 3 + 4 * shape.c as u64);
    let what = format!("an input of {}x{}", shape.h, shape.w);
    room::check(bytes, what).map_err(|error| refused(&error))
}

fn refused(error: &NoRoom) -> SessionError {
    SessionError::Failed(format!("{error}: use a smaller --size"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::base::{Cancel, Progress};
    use crate::session::ask::{Field, FieldAxis, ModelRef, request};
    use crate::session::{Options, Session};

    /// The needs at the sizes at which the program was measured: MiB above what it takes when the input is ready.
    #[test]
    fn needs_are_those_that_were_measured() {
        let session = Session::new(Options::default());
        let load = request::Network(ModelRef::Builtin);
        let network = session.ask(&load, &Cancel::new(), &mut Progress::none()).unwrap();
        for (side, measured) in [(512, 78.0), (1024, 259.0), (2048, 970.0)] {
            let input = Shape::new(1, 3, side, side);
            let graph = session.network(network.id).unwrap().graph.clone();
            let layers = super::super::network::layer_infos(&graph, input).unwrap();
            let need = Need::new(&layers, input, Dtype::F32).forward(usize::MAX) as f64
                / f64::from(1 << 20);
            assert!((0.9..1.1).contains(&(need / measured)), "{side}: {need} of {measured}");
        }
    }

    #[test]
    fn a_bound_holds_the_need_down() {
        let axis = FieldAxis { size: 1.0, jump: 1.0, start: 0.0 };
        let layer = |side: usize| LayerInfo {
            id: LayerId(0),
            name: "a".into(),
            op: "b".into(),
            shape: Shape::new(1, 1, side, side),
            parameters: 0,
            multiply_adds: 0,
            field: Field { rows: axis, columns: axis },
            made: Vec::new(),
        };
        let need = Need::new(&[layer(100), layer(50)], Shape::new(1, 1, 10, 10), Dtype::F64);
        assert_eq!(need.forward(0), 5 * 80_000 + 800);
        assert_eq!(need.forward(1000), 5 * 80_000 + 800 + 1000);
        assert_eq!(need.forward(usize::MAX), 5 * 80_000 + 800 + 100_000);
    }
}
