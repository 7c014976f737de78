//! What a layer knows, what a channel wants to see: pictures made from the network.

use super::arrange::arranged;
use super::{Move, Picture, View};
use crate::base::{Blending, Choice, LayerId, Rect};
use crate::explorer::{Effect, Layout, State, What};
use crate::session::ask::{
    Answer, Cells, Job, Look, Request, Seen, Show, Shown, Sight, Wish, request,
};

/// The pictures that are made.
pub struct Rebuild;

/// What stands in a place of the view.
#[derive(Clone, Debug, PartialEq)]
pub enum Slot {
    /// The photo.
    Photo,
    /// A picture that is made, and which of those that are made together.
    Made(Job, usize),
    /// The picture minus the photo.
    Difference(Job),
}

impl Slot {
    /// The layer that a picture of the network's inversion is made from.
    pub const fn inverted(&self) -> Option<LayerId> {
        match self {
            Self::Made(Job::Rebuild(of), _) => match &of.wish {
                Wish::Invert(of) => Some(of.layer),
                _ => None,
            },
            _ => None,
        }
    }
}

/// Where everything stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Places {
    /// What stands where; a caption has the row above each.
    pub pictures: Vec<(Slot, Rect)>,
    /// Curves and words.
    pub words: Rect,
}

/// Rows below the pictures: curves and words.
const WORDS: u16 = 5;

/// The places for an input of the network's shape.
pub fn places(state: &State) -> Option<Places> {
    let area = Layout::of(state)?.view.inner();
    let input = state.shown.input.as_ref()?;
    let (pictures, words) = area.split_top(area.height - WORDS.min(area.height / 2));
    let has_photo = input.placement.is_some();
    let mut slots: Vec<Slot> = if has_photo { vec![Slot::Photo] } else { Vec::new() };
    let jobs = state.rebuild_jobs();
    let compared = matches!(state.rebuild.what, What::InvertLayer | What::InvertChannel);
    let difference = jobs.first().filter(|_| compared && has_photo).cloned();
    slots.extend(jobs.into_iter().flat_map(made));
    slots.extend(difference.map(Slot::Difference));
    let shape = (input.shape.h, input.shape.w);
    let rects = arranged(pictures, slots.len(), shape, state.terminal.cell_aspect);
    Some(Places { pictures: slots.into_iter().zip(rects).collect(), words })
}

/// The pictures that a job makes.
fn made(job: Job) -> impl Iterator<Item = Slot> {
    let count = match &job {
        Job::Rebuild(of) => of.wish.pictures(),
        _ => 1,
    };
    (0..count).map(move |at| Slot::Made(job.clone(), at))
}

fn sight(state: &State, job: &Job, show: Show) -> Option<Sight> {
    let Look { colormap, range, blocks, .. } = state.display.look;
    state.is_there(job).then(|| Sight {
        job: job.clone(),
        show,
        colormap,
        opacity: 100,
        blending: Blending::Opacity,
        range,
        blocks,
    })
}

/// The request for a place; `None` while there is nothing to show.
fn request(state: &State, slot: &Slot, rect: Rect) -> Option<Shown> {
    let size = (rect.width, rect.height);
    let of = |job, show| Some(sight(state, job, show)?.cells(size).into());
    match slot {
        Slot::Photo => {
            let input = state.shown.input.as_ref()?.id;
            Some(request::Photo { input, size, blocks: state.display.look.blocks }.into())
        }
        Slot::Made(job, at) => of(job, Show::Variant(*at)),
        Slot::Difference(job) => of(job, Show::Difference),
    }
}

/// What stands in a place, where it is known.
pub fn cells<'s>(state: &'s State, slot: &Slot, rect: Rect) -> Option<&'s Cells> {
    match state.answers.get(&request(state, slot, rect)?.into())? {
        Answer::Photo(cells) => Some(cells),
        _ => None,
    }
}

impl View for Rebuild {
    fn wants(&self, state: &State) -> Vec<Request> {
        let Some(places) = places(state) else { return Vec::new() };
        let shown = |(slot, rect): &(Slot, Rect)| Some(request(state, slot, *rect)?.into());
        let mut wanted: Vec<Request> = places.pictures.iter().filter_map(shown).collect();
        // What is on its way comes first: the photo does not change.
        wanted.sort_by_key(|request| matches!(request, Request::Photo(_)));
        let jobs = state.rebuild_jobs().into_iter().filter(|job| state.is_there(job));
        wanted.extend(jobs.map(|job| request::Found(job).into()));
        wanted
    }

    fn go(&self, state: &mut State, to: Move) {
        let step = match to {
            Move::Left => -1,
            Move::Right => 1,
            Move::Up => return state.step_channel(-1),
            Move::Down => return state.step_channel(1),
            Move::PageUp => return state.step_channel(-10),
            Move::PageDown => return state.step_channel(10),
            Move::First => return state.step_channel(isize::MIN / 2),
            Move::Last => return state.step_channel(isize::MAX / 2),
        };
        state.rebuild.what = state.rebuild.what.step(step);
    }

    fn open(&self, state: &mut State) -> Vec<Effect> {
        match state.rebuild_now() {
            Some(job) if state.found(&job).is_some_and(|found| found.complete) => {
                let what = match state.rebuild.what {
                    What::InvertStages => "these pictures are ready",
                    _ => "this picture is ready",
                };
                let others = "\":seed N\" and \":iterations N\" make others";
                state.say(format!("{what}; {others}"));
                Vec::new()
            }
            Some(job) => state.begin(job),
            None => {
                state.complain("there is no layer with a feature map to invert");
                Vec::new()
            }
        }
    }

    fn unit(&self, state: &State) -> (usize, usize) {
        state.cursor.unit
    }

    fn pictures(&self, state: &State) -> Vec<Picture> {
        let Some(places) = places(state) else { return Vec::new() };
        let picture = |(slot, rect): (Slot, Rect)| {
            Some(Picture { rect, of: request(state, &slot, rect)?, mark: None })
        };
        places.pictures.into_iter().filter_map(picture).collect()
    }

    fn seen(&self, state: &State) -> Option<Seen> {
        let photo = state.shown.input.as_ref().filter(|input| input.placement.is_some());
        let jobs = state.rebuild_jobs();
        let sight = |slot| match slot {
            Slot::Made(job, at) => sight(state, &job, Show::Variant(at)),
            Slot::Photo | Slot::Difference(_) => None,
        };
        let sights: Vec<Sight> = jobs.into_iter().flat_map(made).filter_map(sight).collect();
        let photo = photo.map(|input| input.id);
        (!sights.is_empty()).then_some(Seen::Explanation { sights, photo })
    }

    fn signed(&self, _: &State) -> bool {
        false
    }

    fn press(&self, _: &mut State, _: u16, _: u16) {}
}
