//! Why: the photo, an explanation, and both over each other.

use super::arrange::arranged;
use super::{Move, Picture, View};
use crate::base::Rect;
use crate::explorer::{Effect, Layout, State};
use crate::session::ask::{
    Answer, Cells, Explain as Asked, Job, Judge, Request, Seen, Show, Shown, request as requests,
};

/// The explanation.
pub struct Explain;

/// What stands in a place of the view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// The photo as the network sees it.
    Photo,
    /// The map or the gradient.
    Map(Asked),
    /// The map over the photo.
    Overlay(Asked),
}

/// Where everything stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Places {
    /// What stands where; a caption has the row above each.
    pub pictures: Vec<(Slot, Rect)>,
    /// Words below the pictures.
    pub words: Rect,
}

/// Rows of words below the pictures, and with a judgement.
const WORDS: u16 = 3;
const JUDGED: u16 = 12;

/// The places for an input of the network's shape.
pub fn places(state: &State) -> Option<Places> {
    let area = Layout::of(state)?.view.inner();
    let shape = state.shown.input.as_ref()?.shape;
    let judged = state.explain.judged && state.judgement().is_some();
    let words = if judged { JUDGED.min(area.height / 2) } else { WORDS.min(area.height / 3) };
    let (pictures, words) = area.split_top(area.height - words);
    let mut slots = Vec::new();
    if state.shown.input.as_ref().is_some_and(|input| input.placement.is_some()) {
        slots.push(Slot::Photo);
    }
    for asked in state.explanations() {
        slots.push(Slot::Map(asked));
        if slots.contains(&Slot::Photo) {
            slots.push(Slot::Overlay(asked));
        }
    }
    let rects = arranged(pictures, slots.len(), (shape.h, shape.w), state.terminal.cell_aspect);
    let pictures = slots.into_iter().zip(rects).collect();
    Some(Places { pictures, words })
}

/// The request for a place; `None` while there is nothing to show.
fn request(state: &State, slot: Slot, rect: Rect) -> Option<Shown> {
    let size = (rect.width, rect.height);
    let of = |asked: Asked, show: Show| {
        let begun = state.is_there(&Job::Explain(asked));
        begun.then(|| state.sight(asked, show).cells(size).into())
    };
    match slot {
        Slot::Photo => {
            let input = state.shown.input.as_ref()?.id;
            Some(requests::Photo { input, size, blocks: state.display.look.blocks }.into())
        }
        Slot::Map(asked) => of(asked, Show::Map),
        Slot::Overlay(asked) => of(asked, Show::Overlay),
    }
}

/// What stands in a place, where it is known.
pub fn cells(state: &State, slot: Slot, rect: Rect) -> Option<&Cells> {
    match state.answers.get(&request(state, slot, rect)?.into())? {
        Answer::Photo(cells) => Some(cells),
        _ => None,
    }
}

impl View for Explain {
    fn wants(&self, state: &State) -> Vec<Request> {
        let Some(places) = places(state) else { return Vec::new() };
        let mut wanted: Vec<Request> = places
            .pictures
            .iter()
            .filter_map(|(slot, rect)| Some(request(state, *slot, *rect)?.into()))
            .collect();
        // What the question is about comes first: the photo changes least.
        wanted.sort_by_key(|request| matches!(request, Request::Photo(_)));
        let jobs = state.explanations().into_iter().map(Job::Explain);
        let judged = state.explain_now().map(|of| Job::Judge(Judge(of)));
        for job in jobs.chain(judged).filter(|job| state.is_there(job)) {
            wanted.push(requests::Found(job).into());
        }
        wanted.extend(state.agreement_request());
        wanted
    }

    fn go(&self, state: &mut State, to: Move) {
        match to {
            Move::Up => state.step_class(-1),
            Move::Down => state.step_class(1),
            Move::PageUp => state.step_class(-10),
            Move::PageDown => state.step_class(10),
            Move::First => state.step_class(isize::MIN / 2),
            Move::Last => state.step_class(isize::MAX / 2),
            Move::Left => state.step_method(-1),
            Move::Right => state.step_method(1),
        }
    }

    fn open(&self, state: &mut State) -> Vec<Effect> {
        match state.slow_explanation() {
            Some(asked) => state.begin(Job::Explain(asked)),
            None => {
                state.say("the explanation is complete; press J to score it");
                Vec::new()
            }
        }
    }

    fn pictures(&self, state: &State) -> Vec<Picture> {
        let Some(places) = places(state) else { return Vec::new() };
        let picture = |(slot, rect): (Slot, Rect)| {
            Some(Picture { rect, of: request(state, slot, rect)?, mark: None })
        };
        places.pictures.into_iter().filter_map(picture).collect()
    }

    fn seen(&self, state: &State) -> Option<Seen> {
        let mut explanations = state.explanations();
        explanations.retain(|asked| state.is_there(&Job::Explain(*asked)));
        if explanations.is_empty() {
            return None;
        }
        let photo = state.shown.input.as_ref().filter(|input| input.placement.is_some());
        let photo = photo.map(|input| input.id);
        let show = if photo.is_some() { &[Show::Map, Show::Overlay][..] } else { &[Show::Map] };
        let of = |explain: Asked| show.iter().map(move |show| state.sight(explain, *show));
        let sights = explanations.into_iter().flat_map(of).collect();
        Some(Seen::Explanation { sights, photo })
    }

    fn signed(&self, state: &State) -> bool {
        state.explains_shares()
    }

    fn press(&self, _: &mut State, _: u16, _: u16) {}
}
