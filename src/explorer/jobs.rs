//! Work that takes time: when it begins, how far it is, what of the screen it changes.

use std::time::Duration;

use super::{Doing, Effect, State, Work};
use crate::base::SortOrder;
use crate::session::ask::{Explain, Job, LaneName, Request, SessionError, Wish, request};

impl State {
    /// Begins some work, unless a job is running.
    pub(super) fn begin(&mut self, job: Job) -> Vec<Effect> {
        if let Some(doing) = &self.jobs.running {
            let words = format!("{} is still running; press Esc to cancel it", name(&doing.job));
            self.complain(words);
            return Vec::new();
        }
        let lane = LaneName::Job;
        let work = Work { lane, done: 0, total: 0, elapsed: Duration::ZERO };
        self.answers.allow(&Request::Job(job.clone()));
        self.jobs.running = Some(Doing { job: job.clone(), work, paused: false });
        vec![Effect::Job(Request::Job(job))]
    }

    /// Asks for the explanations in view that take a pass or two.
    pub(super) fn ask_quick(&mut self) -> Vec<Effect> {
        if !self.explains() || self.waiting.request.is_some() {
            return Vec::new();
        }
        let missing = |explain: &Explain| {
            let job = Job::Explain(*explain);
            let failed = self.answers.is_refused(&Request::Job(job.clone()));
            self.is_quick(explain) && !self.is_there(&job) && !failed
        };
        let Some(explain) = self.explanations().into_iter().find(missing) else {
            return Vec::new();
        };
        let job = Job::Explain(explain);
        if self.jobs.quick.as_ref() == Some(&job) {
            return Vec::new();
        }
        self.jobs.quick = Some(job.clone());
        vec![Effect::Run(Request::Job(job))]
    }

    /// A job has progressed: what is seen of it is asked for once more.
    pub(super) fn job_progress(&mut self, work: Work) {
        let Some(doing) = &mut self.jobs.running else { return };
        doing.work = work;
        if work.done > 0 {
            let job = doing.job.clone();
            self.answers.renew(&job);
        }
    }

    /// Work has ended well.
    pub(super) fn job_done(&mut self, job: Job, found: crate::session::ask::Answer) -> Vec<Effect> {
        self.forget(&job);
        self.answers.renew(&job);
        self.answers.put(request::Found(job.clone()).into(), found);
        if matches!(job, Job::Rank(_)) {
            self.show_ranking();
        }
        self.begin_next(&job)
    }

    /// One picture of the Rebuild view after the other, while the view is on the screen.
    pub(super) fn begin_next(&mut self, after: &Job) -> Vec<Effect> {
        let jobs = if self.rebuilds() { self.rebuild_jobs() } else { Vec::new() };
        let waits = |job: &Job| {
            let complete = self.found(job).is_some_and(|found| found.complete);
            job != after && !complete && !self.is_refused(job)
        };
        match self.rebuild_now().filter(|next| jobs.contains(after) && waits(next)) {
            Some(next) => self.begin(next),
            None => Vec::new(),
        }
    }

    /// Sorts the channels by the ranking that has ended, and goes to the first where it is of the chosen layer.
    fn show_ranking(&mut self) {
        self.display.sort = SortOrder::Effect;
        self.say("channels sorted by their effect on the class");
        let effects = self.effects().unwrap_or_default().iter().enumerate();
        if let Some((top, _)) = effects.rev().max_by(|(_, a), (_, b)| a.total_cmp(b)) {
            self.choose_channel(top);
        }
    }

    /// Work has ended badly, or was canceled. What it had found by then stays.
    pub(super) fn job_failed(&mut self, job: &Job, error: &SessionError) -> bool {
        let was_quick = self.jobs.quick.as_ref() == Some(job);
        self.forget(job);
        match error {
            SessionError::Canceled if was_quick => {}
            SessionError::Canceled => {
                self.answers.renew(job);
                let words = format!("{} was canceled", name(job));
                self.say(words);
            }
            // Its run was evicted: it has to run again first.
            SessionError::NotReady => return true,
            _ => {
                self.answers.refuse(Request::Job(job.clone()));
                self.complain(error.to_string());
            }
        }
        false
    }

    fn forget(&mut self, job: &Job) {
        if self.jobs.quick.as_ref() == Some(job) {
            self.jobs.quick = None;
        }
        if self.jobs.running.as_ref().is_some_and(|doing| doing.job == *job) {
            self.jobs.running = None;
        }
    }

    /// Pauses or resumes the running job.
    pub(super) fn pause(&mut self) -> Vec<Effect> {
        let Some(doing) = &mut self.jobs.running else {
            self.say("no job is running");
            return Vec::new();
        };
        doing.paused = !doing.paused;
        vec![Effect::PauseJob(doing.paused)]
    }
}

/// What some work is called.
pub fn name(job: &Job) -> &'static str {
    match job {
        Job::Explain(of) => of.method.name(),
        Job::Judge(_) => "judging",
        Job::Rank(_) => "ranking",
        Job::Rebuild(of) => match of.wish {
            Wish::Invert(_) => "inversion",
            Wish::Maximize(_) => "maximization",
            Wish::Dream(_) => "dream",
        },
    }
}
