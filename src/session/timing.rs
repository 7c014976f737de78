//! How long a network's passes take here, and how much memory.

use super::SessionError;
use super::ask::known::Timing;
use super::ask::request;
use super::store::{Ask, Session};
use crate::analysis::Trial;
use crate::base::{Cancel, Progress};

/// Runs that do not count: memory is touched and caches are filled.
const WARM_UP: usize = 2;

/// Loads the weights where the network runs, and times the work.
impl Ask for request::Timing {
    type Answer = Timing;

    fn answer(
        &self,
        session: &Session,
        cancel: &Cancel,
        progress: &mut Progress,
    ) -> Result<Self::Answer, SessionError> {
        let (network, input) = (session.network(self.network)?, session.input(self.input)?);
        let on = session.place.now(&session.options)?;
        let backend = network.backend(&session.options, &on)?;
        let input = &input.prepared.input;
        backend.prepare(input.shape)?;
        let before = memory::now();
        memory::forget_the_peak();
        let trial = Trial { backend: backend.as_ref(), graph: &network.graph, input };
        let all = WARM_UP + self.runs;
        let mut seconds = trial.run(self.work, all, cancel, progress)?.split_off(WARM_UP);
        seconds.sort_by(f64::total_cmp);
        let peak_bytes =
            memory::peak().zip(before).map(|(peak, before)| peak.saturating_sub(before));
        Ok(Timing {
            seconds,
            operations: trial.operations(self.work)?,
            peak_bytes,
            device: on.label(),
        })
    }
}

/// What the system knows of this process's memory.
mod memory {
    /// Bytes that are in memory now.
    pub fn now() -> Option<u64> {
        field("VmRSS:")
    }

    /// The most bytes that were, since the last [`forget_the_peak`] or the start.
    pub fn peak() -> Option<u64> {
        field("VmHWM:")
    }

    /// Begins anew to look for the peak. Where that is not allowed, the peak of the whole process stays.
    pub fn forget_the_peak() {
        if cfg!(target_os = "linux") {
            let _ = std::fs::write("/proc/self/clear_refs", "5");
        }
    }

    fn field(name: &str) -> Option<u64> {
        let status = std::fs::read_to_string("/proc/self/status").ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        Some(line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()? * 1024)
    }
}
