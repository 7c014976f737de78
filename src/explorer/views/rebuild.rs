//! What a layer knows, what a channel wants to see: pictures made from the network.

use super::{Move, Picture, View};
use crate::base::{Blending, Choice, Rect};
use crate::explorer::{Effect, Layout, State};
use crate::session::ask::{Answer, Cells, Look, Request, Seen, Show, Shown, Sight, request};

/// The picture that is made.
pub struct Rebuild;

/// Where everything stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Places {
    /// The photo, where there is one.
    pub photo: Option<Rect>,
    /// The picture.
    pub result: Rect,
    /// Curves and words.
    pub words: Rect,
}

/// Rows below the pictures: two curves of two rows, and words.
const WORDS: u16 = 7;

/// The places for an input of the network's shape.
pub fn places(state: &State) -> Option<Places> {
    let area = Layout::of(state)?.view.inner();
    let input = state.shown.input.as_ref()?;
    let (pictures, words) = area.split_top(area.height - WORDS.min(area.height / 2));
    let aspect =
        input.shape.h.max(1) as f32 / input.shape.w.max(1) as f32 / state.terminal.cell_aspect;
    let two = input.placement.is_some();
    let widest = if two { pictures.width.saturating_sub(1) / 2 } else { pictures.width };
    // The row above each is its caption's.
    let highest = pictures.height.saturating_sub(1).max(1);
    let width = (f32::from(highest) / aspect).min(f32::from(widest)).max(1.0);
    let height = (width * aspect).round().clamp(1.0, f32::from(highest)) as u16;
    let place = |i: u16| {
        Rect::new(pictures.x + i * (width as u16 + 1), pictures.y + 1, width as u16, height)
    };
    let (photo, result) = if two { (Some(place(0)), place(1)) } else { (None, place(0)) };
    Some(Places { photo, result, words })
}

fn sight(state: &State) -> Option<Sight> {
    let job = state.rebuild_now().filter(|job| state.is_there(job))?;
    let Look { colormap, range, blocks, .. } = state.display.look;
    Some(Sight {
        job,
        show: Show::Map,
        colormap,
        opacity: 100,
        blending: Blending::Opacity,
        range,
        blocks,
    })
}

fn photo_request(state: &State, rect: Rect) -> Option<Shown> {
    let input = state.shown.input.as_ref()?.id;
    let size = (rect.width, rect.height);
    Some(request::Photo { input, size, blocks: state.display.look.blocks }.into())
}

fn known(state: &State, shown: Option<Shown>) -> Option<&Cells> {
    match state.answers.get(&shown?.into())? {
        Answer::Photo(cells) => Some(cells),
        _ => None,
    }
}

/// The photo, where it is known.
pub fn photo(state: &State) -> Option<&Cells> {
    known(state, photo_request(state, places(state)?.photo?))
}

/// The picture so far, where it is known.
pub fn result(state: &State) -> Option<&Cells> {
    let rect = places(state)?.result;
    known(state, sight(state).map(|sight| sight.cells((rect.width, rect.height)).into()))
}

impl View for Rebuild {
    fn wants(&self, state: &State) -> Vec<Request> {
        let Some(places) = places(state) else { return Vec::new() };
        let size = (places.result.width, places.result.height);
        let seen = sight(state);
        let found = seen.as_ref().map(|sight| request::Found(sight.job.clone()).into());
        let result = seen.map(|sight| sight.cells(size).into());
        let photo = places.photo.and_then(|rect| photo_request(state, rect)).map(Request::from);
        [result, found, photo].into_iter().flatten().collect()
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
                state.say("this picture is ready; \":seed N\" and \":iterations N\" make another");
                Vec::new()
            }
            Some(job) => state.begin(job),
            None => Vec::new(),
        }
    }

    fn unit(&self, state: &State) -> (usize, usize) {
        state.cursor.unit
    }

    fn pictures(&self, state: &State) -> Vec<Picture> {
        let Some(places) = places(state) else { return Vec::new() };
        let size = (places.result.width, places.result.height);
        let result = sight(state).map(|sight| (places.result, sight.cells(size).into()));
        let photo = places.photo.and_then(|rect| Some((rect, photo_request(state, rect)?)));
        let picture = |(rect, of): (Rect, Shown)| Picture { rect, of, mark: None };
        result.into_iter().chain(photo).map(picture).collect()
    }

    fn seen(&self, state: &State) -> Option<Seen> {
        let photo = state.shown.input.as_ref().filter(|input| input.placement.is_some());
        Some(Seen::Explanation { sights: vec![sight(state)?], photo: photo.map(|input| input.id) })
    }

    fn signed(&self, _: &State) -> bool {
        false
    }

    fn press(&self, _: &mut State, _: u16, _: u16) {}
}
