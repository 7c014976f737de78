//! How long a network's passes take here, and how much memory.

use super::SessionError;
use super::answer::Session;
use super::ask::{InputId, NetworkId};
use crate::analysis::Trial;
use crate::base::{Cancel, Progress, Timed};

/// What is to be timed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TimingWish {
    /// The network.
    pub network: NetworkId,
    /// Its input.
    pub input: InputId,
    /// The work.
    pub work: Timed,
    /// How often it is done, besides twice that do not count.
    pub runs: usize,
}

/// What was measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Timing {
    /// The seconds of each run, the shortest first.
    pub seconds: Vec<f64>,
    /// Products and sums of one run.
    pub operations: u64,
    /// The most memory that the runs took above what the loaded network takes, in bytes; `None` where the
    /// system does not say.
    pub peak_bytes: Option<u64>,
    /// Where: `cpu 2 threads f32`.
    pub device: String,
}

/// Runs that do not count: memory is touched and caches are filled.
const WARM_UP: usize = 2;

impl Session {
    /// Loads the weights where the network runs, and times the work.
    pub(super) fn timing(
        &self,
        wish: &TimingWish,
        cancel: &Cancel,
        progress: &mut Progress,
    ) -> Result<Timing, SessionError> {
        let (network, input) = (self.network(wish.network)?, self.input(wish.input)?);
        let on = self.place.now(&self.options)?;
        let backend = network.backend(&self.options, &on)?;
        let input = &input.prepared.input;
        backend.prepare(input.shape)?;
        let before = memory::now();
        memory::forget_the_peak();
        let trial = Trial { backend: backend.as_ref(), graph: &network.graph, input };
        let all = WARM_UP + wish.runs;
        let mut seconds = trial.run(wish.work, all, cancel, progress)?.split_off(WARM_UP);
        seconds.sort_by(f64::total_cmp);
        let peak_bytes =
            memory::peak().zip(before).map(|(peak, before)| peak.saturating_sub(before));
        Ok(Timing {
            seconds,
            operations: trial.operations(wish.work)?,
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
