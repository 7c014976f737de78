//! Running a network: on which device, within which memory, and what is known afterwards.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use super::SessionError;
use super::ask::knock_out::edits;
use super::ask::known::{LayerInfo, LayerSummary, Outcome};
use super::ask::refs::RunKey;
use super::ask::request::Forward;
use super::input::Held;
use super::lock::lock;
use super::network::{Network, layer_infos};
use super::room::Need;
use super::run::Run;
use super::store::{Ask, Session};
use crate::analysis::{LayerStatistics, ranked};
use crate::base::{Cancel, Dtype, Progress};
use crate::engine::device::{Chosen, DeviceKind};
use crate::engine::{Edits, EngineError, Keep};

impl Ask for Forward {
    type Answer = Arc<Outcome>;

    /// Runs a network, where the session is told to, and keeps the run. A GPU that is out of memory is left
    /// for the CPU, and the outcome says so.
    fn answer(
        &self,
        session: &Session,
        cancel: &Cancel,
        progress: &mut Progress,
    ) -> Result<Self::Answer, SessionError> {
        let (network, input) = (session.network(self.network)?, session.input(self.input)?);
        let (key, edits) = (self.run(), edits(&self.knock_outs));
        let mut note = None;
        loop {
            if let Some(run) = lock(&session.runs).get(&key) {
                return Ok(run.outcome.clone());
            }
            let base = if edits.is_empty() {
                None
            } else {
                let plain = Self::plain(self.network, self.input);
                session.ask(&plain, cancel, progress)?;
                Some(session.run(plain.run())?)
            };
            let on = session.place.now(&session.options)?;
            let what =
                What { key, network: &network, input: &input, edits: &edits, base: base.as_ref() };
            let mut run = match session.run_on(&on, &what, cancel, progress) {
                Ok(run) => run,
                Err(Stopped::NoMemory(error)) if on.what.kind == DeviceKind::Cpu => {
                    return Err(error.into());
                }
                Err(Stopped::NoMemory(_)) => {
                    lock(&session.runs).clear();
                    note = session.place.retreat(&session.options, &on)?.or(note);
                    continue;
                }
                Err(Stopped::Failed(error)) => return Err(error),
            };
            Arc::make_mut(&mut run.outcome).note.clone_from(&note);
            let outcome = run.outcome.clone();
            // The run without the changes is held as well, even when it is no longer known by itself.
            let bytes = run.capture.bytes() + base.map_or(0, |base| base.capture.bytes());
            let run = Arc::new(run);
            let keep = || lock(&session.runs).insert(key, run, bytes);
            // Somebody changed the device meanwhile: this one's values are no longer wanted.
            if session.place.while_on(&on, keep).is_some() {
                return Ok(outcome);
            }
        }
    }
}

impl Session {
    /// Lets go of earlier runs, so that the next one finds the room that it is allowed.
    fn make_room(&self, layers: &[LayerInfo], dtype: Dtype) {
        let mut runs = lock(&self.runs);
        if self.options.history {
            let whole = layers.iter().map(|layer| layer.shape.len()).sum::<usize>() * dtype.size();
            runs.make_room(whole.min(self.options.capture_bytes()));
        } else {
            runs.clear();
        }
    }

    /// Runs a network where it is told to, with the statistics of every layer.
    fn run_on(
        &self,
        on: &Arc<Chosen>,
        what: &What<'_>,
        cancel: &Cancel,
        progress: &mut Progress,
    ) -> Result<Run, Stopped> {
        let What { key, network, edits, .. } = *what;
        let input = &what.input.prepared.input;
        let layers = layer_infos(&network.graph, input.shape)?;
        let backend = network.backend(&self.options, on)?;
        self.make_room(&layers, on.dtype);
        if on.what.kind == DeviceKind::Cpu {
            let need = Need::new(&layers, input.shape, on.dtype);
            let bytes = need.forward(self.options.capture_bytes());
            self.taken.check(lock(&self.runs).bytes(), &need, bytes, "a run")?;
        }
        let started = Instant::now();
        // The statistics afterwards take about a tenth of the time.
        let steps = layers.len() + layers.len() / 10;
        let mut layer_done = Progress::new(|done, _| progress.report(done, steps));
        let capture = match what.base {
            None => backend.forward(input, edits, &Keep::Counted, cancel, &mut layer_done)?,
            Some(base) => {
                let from = base.capture.as_ref();
                backend.forward_from(from, edits, &Keep::Counted, cancel, &mut layer_done)?
            }
        };
        drop(layer_done);
        let milliseconds = started.elapsed().as_secs_f64() * 1000.0;
        let mut statistics = HashMap::new();
        let mut summaries = Vec::with_capacity(layers.len());
        for layer in &layers {
            if cancel.is_cancelled() {
                return Err(SessionError::Canceled.into());
            }
            let of = LayerStatistics::of(capture.as_ref(), layer.id)?;
            summaries.push(LayerSummary {
                sparsity: of.total.sparsity(),
                mean: of.total.mean as f32,
                max: of.total.max,
                dead: of.dead(),
                invalid: of.total.invalid,
                signed: of.is_signed(),
            });
            statistics.insert(layer.id, Arc::new(of));
            progress.report(layers.len() + statistics.len() / 10, steps);
        }
        let classes = network.graph.classes();
        let logits = match layers.last().filter(|_| classes > 0) {
            Some(last) => capture.read_all(last.id)?.data,
            None => Vec::new(),
        };
        let outcome = Arc::new(Outcome {
            run: key,
            layers: Arc::new(layers),
            summaries,
            ranked: ranked(logits.get(..classes).unwrap_or(&[]), network.info.outputs),
            milliseconds,
            before: what.base.map(|base| base.outcome.clone()),
            note: None,
        });
        let mut run = Run::new(capture, statistics, outcome);
        (run.edits, run.base) = (edits.clone(), what.base.cloned());
        Ok(run)
    }
}

/// What is run.
struct What<'a> {
    key: RunKey,
    network: &'a Network,
    input: &'a Held,
    edits: &'a Edits,
    /// The run without the changes, where there are some.
    base: Option<&'a Arc<Run>>,
}

/// Why a run did not come to its end.
enum Stopped {
    /// The device has too little memory; another may have enough.
    NoMemory(EngineError),
    /// Anything else.
    Failed(SessionError),
}

impl From<EngineError> for Stopped {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::OutOfMemory { .. } => Self::NoMemory(error),
            _ => Self::Failed(error.into()),
        }
    }
}

impl From<SessionError> for Stopped {
    fn from(error: SessionError) -> Self {
        Self::Failed(error)
    }
}
