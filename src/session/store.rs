//! What is loaded and known, and the one door to it: [`Session::ask`].

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use super::SessionError;
use super::ask::finding::Found;
use super::ask::job::{Job, Rebuild};
use super::ask::known::DeviceNow;
use super::ask::refs::{InputId, ModelRef, NetworkId, RunKey};
use super::bounded::Bounded;
use super::input::Held;
use super::lock::lock;
use super::network::Network;
use super::options::Options;
use super::place::Place;
use super::room::Taken;
use super::run::Run;
use super::weights::Kernels;
use crate::analysis::rebuild::Halted;
use crate::base::{Cancel, LayerId, Progress};

/// What is loaded and known. Shared between threads; every method takes `&self`.
pub struct Session {
    pub(super) options: Options,
    pub(super) networks: Mutex<HashMap<ModelRef, Arc<Network>>>,
    pub(super) inputs: Mutex<Bounded<InputId, Arc<Held>>>,
    pub(super) runs: Mutex<Bounded<RunKey, Arc<Run>>>,
    pub(super) place: Place,
    /// What work has found, so far or at its end.
    pub(super) found: Mutex<Bounded<Job, Arc<Found>>>,
    /// Rebuilding that was stopped, to be taken up again.
    pub(super) halted: Mutex<Bounded<Rebuild, Halted>>,
    pub(super) taken: Taken,
    /// The convolution whose weights were requested last.
    pub(super) weights: Mutex<Option<Arc<Kernels>>>,
}

/// A request that knows the type of its answer.
pub trait Ask {
    /// What comes back.
    type Answer;

    /// Answers it, from what is known where that suffices.
    ///
    /// # Errors
    /// When what is named does not exist, a file fails, or the token was set;
    /// [`SessionError::NotReady`] when the request builds on something that is not in memory.
    fn answer(
        &self,
        session: &Session,
        cancel: &Cancel,
        progress: &mut Progress,
    ) -> Result<Self::Answer, SessionError>;
}

impl Session {
    /// An empty session.
    pub fn new(options: Options) -> Self {
        let kept = |bytes: usize| if options.history { bytes } else { 0 };
        let inputs = Bounded::new(kept(options.input_bytes()));
        let runs = Bounded::new(kept(options.run_bytes()));
        let found = Bounded::new(options.found_bytes());
        let halted = Bounded::new(kept(options.halted_bytes()));
        Self {
            options,
            networks: Mutex::default(),
            inputs: Mutex::new(inputs),
            runs: Mutex::new(runs),
            found: Mutex::new(found),
            halted: Mutex::new(halted),
            place: Place::default(),
            weights: Mutex::default(),
            taken: Taken::default(),
        }
    }

    /// Answers a request.
    ///
    /// # Errors
    /// As [`Ask::answer`].
    pub fn ask<A: Ask>(
        &self,
        request: &A,
        cancel: &Cancel,
        progress: &mut Progress,
    ) -> Result<A::Answer, SessionError> {
        request.answer(self, cancel, progress)
    }

    /// Where networks run now: the device is taken when this is first asked for.
    ///
    /// # Errors
    /// When the one that the options name cannot be had.
    pub fn device(&self) -> Result<DeviceNow, SessionError> {
        Ok(self.place.now(&self.options)?.as_ref().into())
    }

    /// The layer of that name in a loaded network.
    ///
    /// # Errors
    /// When there is none, with similar names.
    pub fn find_layer(&self, network: NetworkId, name: &str) -> Result<LayerId, SessionError> {
        Ok(self.network(network)?.graph.find(name)?)
    }

    pub(super) fn network(&self, id: NetworkId) -> Result<Arc<Network>, SessionError> {
        let networks = lock(&self.networks);
        networks.values().find(|n| n.info.id == id).cloned().ok_or(SessionError::NotReady)
    }

    pub(super) fn input(&self, id: InputId) -> Result<Arc<Held>, SessionError> {
        lock(&self.inputs).get(&id).ok_or(SessionError::NotReady)
    }

    pub(super) fn run(&self, key: RunKey) -> Result<Arc<Run>, SessionError> {
        let plain = RunKey { difference: false, ..key };
        let run = lock(&self.runs).get(&plain).ok_or(SessionError::NotReady)?;
        Ok(if key.difference { run.difference() } else { run })
    }
}
