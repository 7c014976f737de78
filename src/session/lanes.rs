//! Four threads, because looking, running, long work and fetching must not wait for each other.
//!
//! Each lane has one slot that the newest demand overwrites. The View lane answers what the screen
//! shows and never runs a network; what it is doing is finished first, then the newest demand is
//! taken up. The Run lane has a forward pass or an explanation of a pass or two, the Job lane what takes
//! longer, so that nobody waits for it and nothing that is looked at ends it. All but the View lane cancel
//! what they are doing when something new comes in.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::Sender;

use super::ask::answer::Answer;
use super::ask::request::Request;
use super::{Session, SessionError};
use crate::base::{Cancel, Progress};
use crate::fault;

/// Progress is reported at most this often: a screen shows no more.
const REPORT_EVERY: Duration = Duration::from_millis(50);

/// Which lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LaneName {
    /// What the screen shows.
    View,
    /// Running networks.
    Run,
    /// Long work.
    Job,
    /// Reading files.
    Transfer,
}

/// What lanes tell.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A request was answered or failed.
    Answered(Box<Request>, Result<Answer, SessionError>),
    /// A lane is `done` of `total` steps far.
    Progress(LaneName, usize, usize),
}

/// The threads. They end when this is dropped.
pub struct Lanes {
    view: Arc<Slot>,
    run: Arc<Slot>,
    job: Arc<Slot>,
    transfer: Arc<Slot>,
}

#[derive(Default)]
struct Slot {
    state: Mutex<Demand>,
    changed: Condvar,
}

#[derive(Default)]
struct Demand {
    wanted: VecDeque<Request>,
    current: Cancel,
    paused: bool,
    closed: bool,
}

impl Slot {
    fn lock(&self) -> MutexGuard<'_, Demand> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, wanted: Vec<Request>, cancel: bool) {
        let mut demand = self.lock();
        demand.wanted = wanted.into();
        if cancel {
            demand.current.cancel();
            demand.paused = false;
        }
        // Its one thread waits for work, or for the end of a pause.
        self.changed.notify_one();
    }

    /// The next request and a fresh token; `None` when the lane is closed.
    fn take(&self) -> Option<(Request, Cancel)> {
        let mut demand = self.lock();
        loop {
            if demand.closed {
                return None;
            }
            if let Some(request) = demand.wanted.pop_front() {
                demand.current = Cancel::new();
                return Some((request, demand.current.clone()));
            }
            demand = self.changed.wait(demand).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Slot {
    fn pause(&self, paused: bool) {
        self.lock().paused = paused;
        self.changed.notify_one();
    }

    /// Waits as long as the work is paused.
    fn rest(&self) {
        let mut demand = self.lock();
        while demand.paused && !demand.closed {
            demand = self.changed.wait(demand).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Lanes {
    /// Starts the threads; `tell` gets every event, in each lane's order.
    ///
    /// # Errors
    /// When the system gives no more threads.
    pub fn start(session: &Arc<Session>, tell: &Sender<Event>) -> std::io::Result<Self> {
        let start = |name: LaneName| {
            let slot = Arc::new(Slot::default());
            let (session, tell, theirs) = (session.clone(), tell.clone(), slot.clone());
            let title = format!("convscope {name:?}").to_lowercase();
            thread::Builder::new()
                .name(title)
                .spawn(move || work(name, &session, &theirs, &tell))?;
            Ok::<_, std::io::Error>(slot)
        };
        Ok(Self {
            view: start(LaneName::View)?,
            run: start(LaneName::Run)?,
            job: start(LaneName::Job)?,
            transfer: start(LaneName::Transfer)?,
        })
    }

    /// Replaces what the View lane has to answer; the first request comes first.
    pub fn view(&self, wanted: Vec<Request>) {
        self.view.put(wanted, false);
    }

    /// Runs a network; what runs now is canceled.
    pub fn run(&self, request: Request) {
        self.run.put(vec![request], true);
    }

    /// Reads a file; what is being read now is canceled.
    pub fn transfer(&self, request: Request) {
        self.transfer.put(vec![request], true);
    }

    /// Does long work; what is being done now is canceled.
    pub fn job(&self, request: Request) {
        self.job.put(vec![request], true);
    }

    /// Cancels the long work.
    pub fn cancel_job(&self) {
        self.job.put(Vec::new(), true);
    }

    /// Lets the long work rest between two steps, or go on.
    pub fn pause_job(&self, paused: bool) {
        self.job.pause(paused);
    }

    /// Cancels running and reading; long work goes on.
    pub fn cancel(&self) {
        self.run.put(Vec::new(), true);
        self.transfer.put(Vec::new(), true);
    }
}

impl Drop for Lanes {
    fn drop(&mut self) {
        for slot in [&self.view, &self.run, &self.job, &self.transfer] {
            let mut demand = slot.lock();
            demand.closed = true;
            demand.current.cancel();
            slot.changed.notify_one();
        }
    }
}

fn work(name: LaneName, session: &Session, slot: &Slot, tell: &Sender<Event>) {
    while let Some((request, cancel)) = slot.take() {
        let mut last = Instant::now();
        let mut progress = Progress::new(|done, total| {
            if last.elapsed() >= REPORT_EVERY {
                last = Instant::now();
                let _ = tell.send(Event::Progress(name, done, total));
            }
            slot.rest();
        });
        // One request that panics is an error on the screen, not the end of the session.
        let answer = catch_unwind(AssertUnwindSafe(|| {
            fault::panic_if_asked(&format!("{name:?}").to_lowercase());
            session.answer(&request, &cancel, &mut progress)
        }));
        let answer = answer.unwrap_or_else(|_| {
            let log = "an internal error stopped this; the log file has the details".to_string();
            Err(SessionError::Failed(log))
        });
        drop(progress);
        if tell.send(Event::Answered(Box::new(request), answer)).is_err() {
            return;
        }
    }
}
