//! Doing the work of the Job lane.

use std::cell::Cell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::SessionError;
use super::ask::finding::{Explanation, Finding, Found, Ranking, Remade};
use super::ask::job::{Explain, Job, Judge, Rank, Rebuild, Wish};
use super::ask::refs::RunKey;
use super::lock::lock;
use super::network::Network;
use super::room::Need;
use super::run::Run;
use super::store::{Ask, Session};
use crate::analysis::explain::{Attribution, pixel_map};
use crate::analysis::judge::{Claim, Judgement, judge};
use crate::analysis::rebuild::{Colors, Goal, Halted, Rebuilt, dream, invert, maximize};
use crate::analysis::{AnalysisError, Subject, Work, channel_effects};
use crate::base::{Cancel, Progress};
use crate::engine::Backend;
use crate::engine::device::DeviceKind;
use crate::model::Graph;

/// Work of one kind: how it is done, and what it finds.
pub trait Task: Clone + Into<Job> {
    /// What it finds.
    type Finding: Clone + Into<Finding>;

    /// Its finding, if `finding` is of this kind.
    fn within(finding: &Finding) -> Option<&Self::Finding>;

    /// Whether the work was stopped before and is taken up again.
    fn resumes(&self, _: &Session) -> bool {
        false
    }

    /// Does the work.
    ///
    /// # Errors
    /// When the network does not take it, or the token was set.
    fn find(
        &self,
        session: &Session,
        bench: &Bench,
        work: &mut Work<'_, '_, Self::Finding>,
    ) -> Result<Self::Finding, SessionError>;
}

impl<T: Task> Ask for T {
    type Answer = Found<T::Finding>;

    fn answer(
        &self,
        session: &Session,
        cancel: &Cancel,
        progress: &mut Progress,
    ) -> Result<Self::Answer, SessionError> {
        let (found, what) = session.work(self, cancel, progress)?;
        let Found { steps, complete, seconds, .. } = *found;
        Ok(Found { steps, complete, seconds, what })
    }
}

impl Ask for Job {
    type Answer = Arc<Found>;

    fn answer(
        &self,
        session: &Session,
        cancel: &Cancel,
        progress: &mut Progress,
    ) -> Result<Self::Answer, SessionError> {
        Ok(match self {
            Self::Explain(of) => session.work(of, cancel, progress)?.0,
            Self::Judge(of) => session.work(of, cancel, progress)?.0,
            Self::Rank(of) => session.work(of, cancel, progress)?.0,
            Self::Rebuild(of) => session.work(of, cancel, progress)?.0,
        })
    }
}

/// The parts that every kind of work needs, until it is done.
pub struct Bench {
    run: Arc<Run>,
    network: Arc<Network>,
    backend: Arc<dyn Backend>,
}

impl Bench {
    fn subject(&self) -> Subject<'_> {
        Subject {
            backend: self.backend.as_ref(),
            graph: &self.network.graph,
            capture: self.run.capture.as_ref(),
            edits: &self.run.edits,
        }
    }
}

/// Where what was found so far is put, with what is said about it.
struct Publish<'a> {
    session: &'a Session,
    job: Job,
    since: Instant,
    /// Steps that are done, and all steps.
    steps: Cell<(usize, usize)>,
}

impl Publish<'_> {
    fn put(&self, what: Finding, complete: bool) -> Arc<Found> {
        let (seconds, bytes) = (self.since.elapsed().as_secs_f64(), what.bytes());
        let found = Arc::new(Found { steps: self.steps.get(), complete, seconds, what });
        lock(&self.session.found).insert(self.job.clone(), found.clone(), bytes);
        found
    }
}

impl Session {
    /// Does the work, unless it is done already. Until then, `found` has what there is so far.
    fn work<T: Task>(
        &self,
        task: &T,
        cancel: &Cancel,
        progress: &mut Progress,
    ) -> Result<(Arc<Found>, T::Finding), SessionError> {
        let job: Job = task.clone().into();
        let known = lock(&self.found).get(&job).filter(|found| found.complete);
        if let Some(found) = known
            && let Some(what) = T::within(&found.what).cloned()
        {
            return Ok((found, what));
        }
        let bench = self.bench(job.run())?;
        self.check_job(&job, &bench)?;
        let so_far = lock(&self.found).get(&job).filter(|_| task.resumes(self));
        let before = Duration::from_secs_f64(so_far.map_or(0.0, |found| found.seconds));
        let now = Instant::now();
        let (since, steps) = (now.checked_sub(before).unwrap_or(now), Cell::new((0, 1)));
        let publish = Publish { session: self, job, since, steps };
        let mut progress = Progress::new(|done, total| {
            publish.steps.set((done, total));
            progress.report(done, total);
        });
        let mut refine = |so_far: T::Finding| drop(publish.put(so_far.into(), false));
        let mut work = Work { cancel, progress: &mut progress, refine: &mut refine };
        let what = task.find(self, &bench, &mut work)?;
        drop(progress);
        let (_, total) = publish.steps.get();
        publish.steps.set((total, total));
        Ok((publish.put(what.clone().into(), true), what))
    }

    /// Refuses work whose values will not fit into the machine's memory. A GPU says itself that it has too little.
    fn check_job(&self, job: &Job, bench: &Bench) -> Result<(), SessionError> {
        let on = self.place.now(&self.options)?;
        if on.what.kind != DeviceKind::Cpu {
            return Ok(());
        }
        let input = self.input(job.run().input)?.prepared.input.shape;
        let need = Need::new(&bench.run.outcome.layers, input, on.dtype);
        let bytes = need.job(job, self.options.capture_bytes());
        self.taken.check(lock(&self.runs).bytes(), &need, bytes, "this")
    }

    fn bench(&self, key: RunKey) -> Result<Bench, SessionError> {
        let (run, network) = (self.run(key)?, self.network(key.network)?);
        let on = self.place.now(&self.options)?;
        let backend = network.backend(&self.options, &on)?;
        Ok(Bench { run, network, backend })
    }
}

impl Task for Explain {
    type Finding = Explanation;

    fn within(finding: &Finding) -> Option<&Explanation> {
        match finding {
            Finding::Explanation(of) => Some(of),
            _ => None,
        }
    }

    fn find(
        &self,
        _: &Session,
        bench: &Bench,
        work: &mut Work<'_, '_, Explanation>,
    ) -> Result<Explanation, SessionError> {
        let subject = bench.subject();
        subject.check(self.question.target)?;
        let value = subject.value(self.question.target)?;
        let input = subject.input().shape;
        let explanation = |attribution: Attribution| {
            let map = Arc::new(pixel_map(&attribution, input.h, input.w));
            Explanation { value, attribution: Arc::new(attribution), map }
        };
        let mut refine = |so_far| (work.refine)(explanation(so_far));
        let mut work =
            Work { cancel: work.cancel, progress: &mut *work.progress, refine: &mut refine };
        Ok(explanation(self.method.entry().run(&subject, &self.question, &mut work)?))
    }
}

impl Task for Judge {
    type Finding = Arc<Judgement>;

    fn within(finding: &Finding) -> Option<&Arc<Judgement>> {
        match finding {
            Finding::Judgement(of) => Some(of),
            _ => None,
        }
    }

    fn find(
        &self,
        session: &Session,
        bench: &Bench,
        work: &mut Work<'_, '_, Arc<Judgement>>,
    ) -> Result<Arc<Judgement>, SessionError> {
        let Self(of) = self;
        let (_, explained) = session.work(of, work.cancel, work.progress)?;
        let on = session.place.now(&session.options)?;
        let make = |graph: Graph| session.options.devices.backend(&Arc::new(graph), &on, 0);
        let mut refine = |so_far| (work.refine)(Arc::new(so_far));
        let mut work =
            Work { cancel: work.cancel, progress: &mut *work.progress, refine: &mut refine };
        let claim = Claim {
            method: of.method.entry(),
            question: &of.question,
            found: &explained.attribution,
            outputs: bench.network.info.outputs,
        };
        Ok(Arc::new(judge(&bench.subject(), claim, &make, &mut work)?))
    }
}

impl Task for Rank {
    type Finding = Ranking;

    fn within(finding: &Finding) -> Option<&Ranking> {
        match finding {
            Finding::Ranking(of) => Some(of),
            _ => None,
        }
    }

    fn find(
        &self,
        _: &Session,
        bench: &Bench,
        work: &mut Work<'_, '_, Ranking>,
    ) -> Result<Ranking, SessionError> {
        let subject = bench.subject();
        subject.check(self.target)?;
        let value = subject.value(self.target)?;
        let ranking = |effects| Ranking { value, effects: Arc::new(effects) };
        let mut refine = |so_far| (work.refine)(ranking(so_far));
        let mut work =
            Work { cancel: work.cancel, progress: &mut *work.progress, refine: &mut refine };
        Ok(ranking(channel_effects(&subject, self.layer, self.target, &mut work)?))
    }
}

impl Task for Rebuild {
    type Finding = Remade;

    fn within(finding: &Finding) -> Option<&Remade> {
        match finding {
            Finding::Rebuilt(of) => Some(of),
            _ => None,
        }
    }

    fn resumes(&self, session: &Session) -> bool {
        lock(&session.halted).has(self)
    }

    fn find(
        &self,
        session: &Session,
        bench: &Bench,
        work: &mut Work<'_, '_, Remade>,
    ) -> Result<Remade, SessionError> {
        let photo = photos_own(bench, &self.wish)?;
        let remade = |of| Remade { of: Arc::new(of), photo };
        let mut refine = |so_far| (work.refine)(remade(so_far));
        let mut work =
            Work { cancel: work.cancel, progress: &mut *work.progress, refine: &mut refine };
        let on = session.place.now(&session.options)?;
        let mut halted = lock(&session.halted).remove(self);
        let made = rebuild(bench, &self.wish, &mut halted, &mut work);
        if let Some(halted) = halted {
            let bytes = halted.bytes();
            let keep = || lock(&session.halted).insert(self.clone(), halted, bytes);
            // Taken up on another device it would end with another picture.
            let _ = session.place.while_on(&on, keep);
        }
        Ok(remade(made?.checked()?))
    }
}

fn rebuild(
    bench: &Bench,
    wish: &Wish,
    halted: &mut Option<Halted>,
    work: &mut Work<'_, '_, Rebuilt>,
) -> Result<Rebuilt, AnalysisError> {
    let recipe = &bench.network.recipe;
    let colors = Colors { mean: &recipe.mean, std: &recipe.std };
    match wish {
        Wish::Invert(wish) => invert(&bench.subject(), &colors, wish, halted, work),
        Wish::Maximize(wish) => maximize(&bench.subject(), &colors, wish, halted, work),
        Wish::Dream(wish) => dream(&bench.subject(), &colors, wish, halted, work),
    }
}

/// What the photo itself reaches of an ascent's goal, to compare with.
fn photos_own(bench: &Bench, wish: &Wish) -> Result<Option<f64>, AnalysisError> {
    let goal = match wish {
        Wish::Invert(_) => return Ok(None),
        Wish::Maximize(wish) => Goal::Target(wish.target),
        Wish::Dream(wish) => wish.goal,
    };
    let subject = bench.subject();
    goal.check(&subject)?;
    Ok(Some(goal.value(&subject, bench.run.capture.as_ref())?))
}
