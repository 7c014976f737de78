//! How much memory work will take, from the shapes of a network's layers: asked before the work starts, because memory
//! that is not there ends the program.
//!
//! The factors were measured (a test below has the numbers): what fits is not refused, so they leave out
//! what small inputs take anyway.

use std::sync::Mutex;

use super::SessionError;
use super::ask::job::Job;
use super::ask::known::LayerInfo;
use super::lock::lock;
use crate::analysis::explain::Kind;
use crate::base::room::{self, NoRoom};
use crate::base::{Dtype, Shape};

/// Layers of values that are at work at the same time, beside those that are kept.
const AT_WORK: u64 = 3;
/// The same for the portable backend, whose convolutions unroll their input.
const AT_WORK_PORTABLE: u64 = 5;
/// Layers of gradients at work, beside the values that they need.
const GRADIENTS: u64 = 3;

/// What a run takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Need {
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
        let (kept, at_work) = match self.dtype {
            // The fast backend holds what its units give, which is a little less than half of all layers. The bound
            // lowers what stays, not the peak: 214 to 220 bytes a pixel from 3000 to 6000 px.
            Dtype::F32 => (self.all / 5 * 2, AT_WORK),
            _ => (self.all.min(bound as u64), AT_WORK_PORTABLE),
        };
        let at_work = self.largest.saturating_mul(at_work).saturating_add(self.own + self.weights);
        kept.saturating_add(at_work)
    }

    /// Bytes of work on a run that is kept already.
    pub fn job(&self, job: &Job, bound: usize) -> u64 {
        let gradient = self.largest.saturating_mul(GRADIENTS);
        match job {
            // A class activation map reads the gradient of one layer, and layers with maps for a class are small.
            Job::Explain(of) if of.method.kind() == Kind::Map => 0,
            Job::Rank(_) => 0,
            Job::Explain(_) => gradient,
            // Other runs, beside the one that is kept.
            Job::Judge(_) => self.forward(bound),
            Job::Rebuild(_) => self.forward(bound).saturating_add(gradient),
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
    SessionError::Failed(format!("{error}: take a smaller --size"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::base::{Cancel, LayerId, Progress};
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
        let axis = FieldAxis { size: 1, jump: 1, start: 0 };
        let layer = |side: usize| LayerInfo {
            id: LayerId(0),
            name: "a".into(),
            op: "b".into(),
            shape: Shape::new(1, 1, side, side),
            parameters: 0,
            multiply_adds: 0,
            field: Field { rows: axis, columns: axis },
            kernels: None,
        };
        let need = Need::new(&[layer(100), layer(50)], Shape::new(1, 1, 10, 10), Dtype::F64);
        assert_eq!(need.forward(0), 5 * 80_000 + 800);
        assert_eq!(need.forward(1000), 5 * 80_000 + 800 + 1000);
        assert_eq!(need.forward(usize::MAX), 5 * 80_000 + 800 + 100_000);
    }
}
