//! Threads that share out the tasks of one layer.
//!
//! A layer of a network takes a few hundred microseconds, less than it takes to wake a sleeping thread, so
//! helpers look for the next layer for a while before they sleep. Whoever calls [`Team::run`] works too,
//! and needs nobody: helpers join where they are free, so that several callers never wait for one another.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// The most threads of a team.
const MOST: usize = 64;

/// How often a helper looks for work before it sleeps: some 50 microseconds.
const LOOKS: usize = 2000;

/// A number of threads; the caller is one of them.
pub struct Team {
    shared: Arc<Shared>,
    helpers: Vec<JoinHandle<()>>,
}

struct Shared {
    /// Work that helpers may join. Every job here outlives its place in the list.
    open: Mutex<Vec<JobRef>>,
    /// Counts what was opened, so that helpers can look without the lock.
    opened: AtomicUsize,
    sleeping: AtomicUsize,
    wake: Condvar,
    quit: AtomicBool,
}

/// Points to a job on the stack of its caller.
#[derive(Clone, Copy, PartialEq)]
struct JobRef(*const Job<'static>);

// SAFETY: a job is `Sync`, and its caller waits for everyone who has its address.
unsafe impl Send for JobRef {}

struct Job<'w> {
    work: &'w (dyn Fn(usize) + Sync),
    /// For each thread the tasks it has not begun: first and end, 32 bits each.
    left: [AtomicU64; MOST],
    threads: usize,
    helping: AtomicUsize,
    panicked: AtomicBool,
}

impl Team {
    /// As many threads, but one at least.
    pub fn new(threads: usize) -> Self {
        let shared = Arc::new(Shared {
            open: Mutex::new(Vec::with_capacity(16)),
            opened: AtomicUsize::new(0),
            sleeping: AtomicUsize::new(0),
            wake: Condvar::new(),
            quit: AtomicBool::new(false),
        });
        let helper = |number: usize| {
            let shared = shared.clone();
            let name = format!("convscope-{number}");
            std::thread::Builder::new().name(name).spawn(move || shared.help(number)).ok()
        };
        // A machine that gives no thread leaves the caller to do it all.
        let helpers = (1..threads.clamp(1, MOST)).map_while(helper).collect();
        Self { shared, helpers }
    }

    /// The number of threads, with the caller.
    pub fn threads(&self) -> usize {
        self.helpers.len() + 1
    }

    /// Does all tasks, `work(0)` to `work(tasks - 1)`, and returns when they are done. Which thread does
    /// which is not known; neighboring tasks tend to be done by the same.
    ///
    /// # Panics
    /// When a task panics, after the others have come to an end.
    pub fn run(&self, tasks: usize, work: impl Fn(usize) + Sync) {
        let threads = self.threads().min(tasks);
        if threads < 2 {
            (0..tasks).for_each(work);
            return;
        }
        let share = |thread: usize| {
            let of = |thread: usize| (thread * tasks / threads) as u64;
            if thread < threads { of(thread) << 32 | of(thread + 1) } else { 0 }
        };
        let job = Job {
            work: &work,
            left: std::array::from_fn(|thread| AtomicU64::new(share(thread))),
            threads,
            helping: AtomicUsize::new(0),
            panicked: AtomicBool::new(false),
        };
        // SAFETY: the lifetime only; `close` waits until nobody has the address any more, and is called
        // whether the tasks panic or not.
        let address = JobRef(unsafe { std::mem::transmute::<&Job<'_>, &Job<'static>>(&job) });
        self.shared.open(address);
        let own = catch_unwind(AssertUnwindSafe(|| job.work_off(0)));
        self.shared.close(address, &job);
        if let Err(panic) = own {
            resume_unwind(panic);
        }
        assert!(!job.panicked.load(Ordering::Relaxed), "a task of a layer panicked");
    }

    /// Gives each piece of so many floats to `work`, with its number; the last one may be shorter.
    pub fn pieces(&self, all: &mut [f32], length: usize, work: impl Fn(usize, &mut [f32]) + Sync) {
        let length = length.max(1);
        let (start, end) = (Address(all.as_mut_ptr()), all.len());
        self.run(end.div_ceil(length), |piece| {
            let start = &start;
            let first = piece * length;
            // SAFETY: pieces lie inside `all`, which is borrowed, and do not overlap; each is given once.
            let part = unsafe {
                std::slice::from_raw_parts_mut(start.0.add(first), length.min(end - first))
            };
            work(piece, part);
        });
    }
}

/// Where a slice begins that threads share out among themselves.
struct Address(*mut f32);

// SAFETY: each thread uses a part of its own.
unsafe impl Sync for Address {}

impl fmt::Debug for Team {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Team of {}", self.threads())
    }
}

impl Drop for Team {
    fn drop(&mut self) {
        {
            let _open = self.shared.lock();
            self.shared.quit.store(true, Ordering::Release);
        }
        self.shared.wake.notify_all();
        for helper in self.helpers.drain(..) {
            // One that panicked has told its caller already.
            let _ = helper.join();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Vec<JobRef>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self, job: JobRef) {
        self.lock().push(job);
        self.opened.fetch_add(1, Ordering::SeqCst);
        if self.sleeping.load(Ordering::SeqCst) > 0 {
            let _open = self.lock();
            self.wake.notify_all();
        }
    }

    fn close(&self, address: JobRef, job: &Job<'_>) {
        self.lock().retain(|other| *other != address);
        let mut looks = 0;
        while job.helping.load(Ordering::Acquire) > 0 {
            wait_a_little(&mut looks);
        }
    }

    /// What a helper does until the team is dropped.
    fn help(&self, number: usize) {
        let mut seen = usize::MAX;
        loop {
            let mut looks = 0;
            while self.opened.load(Ordering::Acquire) == seen {
                if looks >= LOOKS {
                    let mut open = self.lock();
                    self.sleeping.fetch_add(1, Ordering::SeqCst);
                    while self.opened.load(Ordering::SeqCst) == seen
                        && !self.quit.load(Ordering::Acquire)
                    {
                        open = self.wake.wait(open).unwrap_or_else(PoisonError::into_inner);
                    }
                    self.sleeping.fetch_sub(1, Ordering::AcqRel);
                    break;
                }
                wait_a_little(&mut looks);
            }
            if self.quit.load(Ordering::Acquire) {
                return;
            }
            seen = self.opened.load(Ordering::Acquire);
            while let Some(job) = self.join(number) {
                // SAFETY: `join` counted this thread in while the job was open, so its caller waits.
                let job = unsafe { &*job.0 };
                if catch_unwind(AssertUnwindSafe(|| job.work_off(number % job.threads))).is_err() {
                    job.panicked.store(true, Ordering::Relaxed);
                }
                job.helping.fetch_sub(1, Ordering::Release);
            }
        }
    }

    /// An open job with tasks that nobody has begun.
    fn join(&self, number: usize) -> Option<JobRef> {
        let open = self.lock();
        // The first one that this helper comes to is another for each, so that callers are served evenly.
        let count = open.len();
        let job = (0..count).map(|i| open[(i + number) % count]).find(|job| {
            // SAFETY: it is open, and the list is locked.
            unsafe { &*job.0 }.has_work()
        })?;
        // SAFETY: as above.
        unsafe { &*job.0 }.helping.fetch_add(1, Ordering::AcqRel);
        Some(job)
    }
}

impl Job<'_> {
    fn has_work(&self) -> bool {
        self.left.iter().take(self.threads).any(|left| {
            let left = left.load(Ordering::Relaxed);
            left >> 32 < left & 0xffff_ffff
        })
    }

    /// Does the thread's own tasks from the front, then others' from the back.
    fn work_off(&self, thread: usize) {
        while let Some(task) = take(&self.left[thread], true) {
            (self.work)(task);
        }
        for other in 1..self.threads {
            while let Some(task) = take(&self.left[(thread + other) % self.threads], false) {
                (self.work)(task);
            }
        }
    }
}

fn take(left: &AtomicU64, front: bool) -> Option<usize> {
    let rest = |now: u64| {
        let (first, end) = (now >> 32, now & 0xffff_ffff);
        (first < end).then(|| if front { now + (1 << 32) } else { now - 1 })
    };
    let now = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, rest).ok()?;
    Some(if front { (now >> 32) as usize } else { (now & 0xffff_ffff) as usize - 1 })
}

/// Looks again at once at first, later lets other threads run.
fn wait_a_little(looks: &mut usize) {
    *looks += 1;
    if looks.is_multiple_of(64) {
        std::thread::yield_now();
    } else {
        std::hint::spin_loop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_task_is_done_once_whoever_calls() {
        let team = Team::new(3);
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    for tasks in [0, 1, 2, 7, 100] {
                        let done: Vec<AtomicUsize> =
                            (0..tasks).map(|_| AtomicUsize::new(0)).collect();
                        team.run(tasks, |task| {
                            done[task].fetch_add(1, Ordering::Relaxed);
                        });
                        assert!(done.iter().all(|done| done.load(Ordering::Relaxed) == 1));
                    }
                });
            }
        });
    }

    #[test]
    fn a_panic_reaches_the_caller_and_the_team_goes_on() {
        let team = Team::new(2);
        let failed = catch_unwind(AssertUnwindSafe(|| {
            team.run(10, |task| assert!(task != 7, "seven"));
        }));
        assert!(failed.is_err());
        let sum = AtomicUsize::new(0);
        team.run(10, |task| {
            sum.fetch_add(task, Ordering::Relaxed);
        });
        assert_eq!(sum.load(Ordering::Relaxed), 45);
    }
}
