//! Doing the work of the Job lane, and looking at what it has found.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Instant;

use super::SessionError;
use super::answer::{Session, lock, no_photo};
use super::ask::*;
use super::network::Network;
use super::room::Need;
use super::run::Run;
use crate::analysis::explain::{Attribution, Kind, pixel_map};
use crate::analysis::judge::{Claim, judge, rank_correlation, shared_top};
use crate::analysis::rebuild::{Colours, Goal, Rebuilt, dream, invert, maximise};
use crate::analysis::{AnalysisError, Subject, Work, channel_effects};
use crate::base::{Array, Cancel, Progress, RangeMode};
use crate::engine::Backend;
use crate::engine::device::DeviceKind;
use crate::model::Graph;
use crate::picture::{Overlay, Picture, gradient_picture, input_picture};

/// The parts that every kind of work needs, for as long as it goes on.
struct Bench {
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

/// How work goes on: who stops it, who is told, and where what was found so far is put.
struct Course<'c, 'p> {
    publish: &'c Publish<'c>,
    cancel: &'c Cancel,
    progress: &'c mut Progress<'p>,
}

/// Where what was found so far is put, with what is said about it.
struct Publish<'a> {
    session: &'a Session,
    job: &'a Job,
    since: Instant,
    /// Steps behind and all steps.
    steps: Cell<(usize, usize)>,
}

impl Publish<'_> {
    fn so_far(&self, what: Finding) {
        self.put(what, false);
    }

    fn put(&self, what: Finding, complete: bool) -> Arc<Found> {
        let (seconds, bytes) = (self.since.elapsed().as_secs_f64(), what.bytes());
        let found = Arc::new(Found { steps: self.steps.get(), complete, seconds, what });
        lock(&self.session.found).insert(self.job.clone(), found.clone(), bytes);
        found
    }
}

impl Session {
    /// Does the work, unless it is done already. While it goes on, [`Session::found`] knows what there is so far.
    pub(super) fn job(
        &self,
        job: &Job,
        cancel: &Cancel,
        progress: &mut Progress,
    ) -> Result<Arc<Found>, SessionError> {
        if let Some(found) = lock(&self.found).get(job).filter(|found| found.complete) {
            return Ok(found);
        }
        let bench = self.bench(job.run())?;
        self.check_job(job, &bench)?;
        let (since, steps) = (Instant::now(), Cell::new((0, 1)));
        let publish = Publish { session: self, job, since, steps };
        let mut progress = Progress::new(|done, total| {
            publish.steps.set((done, total));
            progress.report(done, total);
        });
        let course = Course { publish: &publish, cancel, progress: &mut progress };
        let what = match job {
            Job::Explain(of) => explanation_of(&bench, of, course)?,
            Job::Judge(of) => self.judgement_of(&bench, of, course)?,
            Job::Rank(of) => ranking_of(&bench, of, course)?,
            Job::Rebuild(of) => rebuilt_of(&bench, &of.wish, course)?,
        };
        drop(progress);
        let (_, total) = publish.steps.get();
        publish.steps.set((total, total));
        Ok(publish.put(what, true))
    }

    fn judgement_of(
        &self,
        bench: &Bench,
        of: &Explain,
        Course { publish, cancel, progress }: Course<'_, '_>,
    ) -> Result<Finding, SessionError> {
        let explained = match self.job(&Job::Explain(*of), cancel, progress)?.what {
            Finding::Explanation(ref found) => found.attribution.clone(),
            _ => return Err(SessionError::NotReady),
        };
        let on = self.place.now(&self.options)?;
        let make = |graph: Graph| self.options.devices.backend(&Arc::new(graph), &on, 0);
        let judgement = |of| Finding::Judgement(Arc::new(of));
        let mut refine = |so_far| publish.so_far(judgement(so_far));
        let mut work = Work { cancel, progress, refine: &mut refine };
        let claim = Claim {
            method: of.method.entry(),
            question: &of.question,
            found: &explained,
            outputs: bench.network.info.outputs,
        };
        Ok(judgement(judge(&bench.subject(), claim, &make, &mut work)?))
    }

    /// Refuses work whose values will not fit into the machine's memory. A GPU says itself that it has too little.
    fn check_job(&self, job: &Job, bench: &Bench) -> Result<(), SessionError> {
        let on = self.place.now(&self.options)?;
        if on.what.kind != DeviceKind::Cpu {
            return Ok(());
        }
        let input = self.input(job.run().input)?.prepared.input.shape;
        let need = Need::new(&bench.run.outcome.layers, input, on.dtype);
        self.check_room(&need, need.job(job, self.options.capture_bytes()), "this")
    }

    fn bench(&self, key: RunKey) -> Result<Bench, SessionError> {
        let (run, network) = (self.run(key)?, self.network(key.network)?);
        let on = self.place.now(&self.options)?;
        let backend = network.backend(&self.options, &on)?;
        Ok(Bench { run, network, backend })
    }

    /// What work has found so far. A method that runs no pass is done on the spot.
    pub(super) fn found(&self, job: &Job) -> Result<Arc<Found>, SessionError> {
        if let Some(found) = lock(&self.found).get(job) {
            return Ok(found);
        }
        match job {
            Job::Explain(of) if of.method.is_instant() => {
                self.job(job, &Cancel::new(), &mut Progress::none())
            }
            _ => Err(SessionError::NotReady),
        }
    }

    /// The values of an explanation as files have them.
    pub(super) fn found_values(&self, job: &Job) -> Result<Arc<Array>, SessionError> {
        match &self.found(job)?.what {
            Finding::Explanation(of) if of.attribution.kind == Kind::Map => Ok(of.map.clone()),
            Finding::Explanation(of) => Ok(Arc::new(of.attribution.values.clone())),
            Finding::Rebuilt { of, .. } => Ok(Arc::new(of.picture.clone())),
            _ => Err(SessionError::Unknown("this has no values for a file".into())),
        }
    }

    /// A picture of what was found, at the size of the input.
    pub(super) fn sight(&self, sight: &Sight) -> Result<Picture, SessionError> {
        let found = self.found(&sight.job)?;
        let of = match &found.what {
            Finding::Explanation(of) => of,
            Finding::Rebuilt { of, .. } => {
                let recipe = &self.network(sight.job.run().network)?.recipe;
                let mut picture = input_picture(&of.picture, &recipe.mean, &recipe.std);
                if recipe.bgr {
                    picture.rgb.iter_mut().for_each(|pixel| pixel.reverse());
                }
                return Ok(picture);
            }
            _ => return Err(SessionError::Unknown("this has no picture".into())),
        };
        let (h, w) = (of.map.shape.h, of.map.shape.w);
        match (sight.show, of.attribution.kind) {
            (Show::Map, Kind::Gradient) => Ok(gradient_picture(
                &of.attribution.values.data,
                of.attribution.values.shape.c,
                h,
                w,
            )),
            (show, kind) => {
                let (values, range) = (of.map.data.as_slice(), heat_range(&of.map, kind, sight));
                if show == Show::Map {
                    return Ok(Picture::heatmap(values, h, w, sight.colormap, range, 1));
                }
                let held = self.input(sight.job.run().input)?;
                let photo = held.photo.as_ref().ok_or_else(no_photo)?;
                let overlay = Overlay {
                    values,
                    extent: (h, w),
                    colormap: sight.colormap,
                    range,
                    blending: sight.blending,
                    strength: f32::from(sight.opacity.min(100)) / 100.0,
                };
                Ok(overlay.over(&photo.resize(w, h)))
            }
        }
    }

    /// How much two explanations that were found agree.
    pub(super) fn agreement(&self, of: &[Explain; 2]) -> Result<Agreement, SessionError> {
        let map = |explain: &Explain| match &self.found(&Job::Explain(*explain))?.what {
            Finding::Explanation(found) => Ok(found.map.clone()),
            _ => Err(SessionError::NotReady),
        };
        let (a, b) = (map(&of[0])?, map(&of[1])?);
        Ok(Agreement {
            rank_correlation: rank_correlation(&a.data, &b.data),
            shared_tenth: shared_top(&a.data, &b.data),
        })
    }
}

/// The values of the first and the last color: 0 and 1 for class activation maps, else as the range mode says. Shares that
/// lower the target have a color map that diverges from 0, magnitudes begin at 0.
fn heat_range(map: &Array, kind: Kind, sight: &Sight) -> Range {
    let mode = match (kind, sight.range) {
        (Kind::Gradient | Kind::Share, RangeMode::Map) => RangeMode::Percentile,
        (_, mode) => mode,
    };
    let own = Range::spanning(&map.data);
    match kind {
        Kind::Map if sight.range == RangeMode::Map => Range { low: 0.0, high: 1.0 },
        Kind::Map => Range::of(&map.data, mode, own),
        Kind::Gradient => Range { low: 0.0, ..Range::of(&map.data, mode, own) },
        Kind::Share => Range::of(&map.data, mode, own).symmetric(),
    }
}

fn explanation_of(
    bench: &Bench,
    of: &Explain,
    Course { publish, cancel, progress }: Course<'_, '_>,
) -> Result<Finding, SessionError> {
    let subject = bench.subject();
    subject.check(of.question.target)?;
    let value = subject.value(of.question.target)?;
    let input = subject.input().shape;
    let explanation = |attribution: Attribution| {
        let map = Arc::new(pixel_map(&attribution, input.h, input.w));
        Finding::Explanation(Explanation { value, attribution: Arc::new(attribution), map })
    };
    let mut refine = |so_far| publish.so_far(explanation(so_far));
    let mut work = Work { cancel, progress, refine: &mut refine };
    Ok(explanation(of.method.entry().run(&subject, &of.question, &mut work)?))
}

fn ranking_of(
    bench: &Bench,
    of: &Rank,
    Course { publish, cancel, progress }: Course<'_, '_>,
) -> Result<Finding, SessionError> {
    let subject = bench.subject();
    subject.check(of.target)?;
    let value = subject.value(of.target)?;
    let ranking = |effects| Finding::Ranking { value, effects: Arc::new(effects) };
    let mut refine = |so_far| publish.so_far(ranking(so_far));
    let mut work = Work { cancel, progress, refine: &mut refine };
    Ok(ranking(channel_effects(&subject, of.layer, of.target, &mut work)?))
}

fn rebuilt_of(
    bench: &Bench,
    wish: &Wish,
    Course { publish, cancel, progress }: Course<'_, '_>,
) -> Result<Finding, SessionError> {
    let photo = photos_own(bench, wish)?;
    let rebuilt = |of| Finding::Rebuilt { of: Arc::new(of), photo };
    let mut refine = |so_far| publish.so_far(rebuilt(so_far));
    let mut work = Work { cancel, progress, refine: &mut refine };
    Ok(rebuilt(rebuild(bench, wish, &mut work)?.checked()?))
}

fn rebuild(
    bench: &Bench,
    wish: &Wish,
    work: &mut Work<'_, '_, Rebuilt>,
) -> Result<Rebuilt, AnalysisError> {
    let recipe = &bench.network.recipe;
    let colours = Colours { mean: &recipe.mean, std: &recipe.std };
    match wish {
        Wish::Invert(wish) => invert(&bench.subject(), wish, work),
        Wish::Maximise(wish) => maximise(&bench.subject(), &colours, wish, work),
        Wish::Dream(wish) => dream(&bench.subject(), &colours, wish, work),
    }
}

/// What the photo itself reaches of an ascent's goal, to compare with.
fn photos_own(bench: &Bench, wish: &Wish) -> Result<Option<f64>, AnalysisError> {
    let goal = match wish {
        Wish::Invert(_) => return Ok(None),
        Wish::Maximise(wish) => Goal::Target(wish.target),
        Wish::Dream(wish) => wish.goal,
    };
    let subject = bench.subject();
    goal.check(&subject)?;
    Ok(Some(goal.value(&subject, bench.run.capture.as_ref())?))
}
