//! One map as large as the space allows, with a cursor.

use super::{Move, Picture, View, ViewId};
use crate::base::{Array, Rect};
use crate::explorer::{Effect, Layout, State};
use crate::session::ask::{Answer, Heatmap, Mark, Plane, Request, Seen, request as requests};

/// The large map.
pub struct Map;

/// Rows or columns that a page key moves.
const PAGE: usize = 10;

/// Where the map stands.
pub fn place(state: &State) -> Option<Rect> {
    Some(Layout::of(state)?.map_place(state, state.layer_info()?.shape).picture)
}

/// The request behind the picture.
pub fn request(state: &State) -> Option<requests::Heatmap> {
    let (plane, place) = (state.plane()?, place(state)?);
    let size = (place.width, place.height);
    Some(requests::Heatmap {
        plane,
        size,
        look: state.display.look,
        over_photo: state.display.over_photo,
    })
}

/// The picture, where it is known.
pub fn heatmap(state: &State) -> Option<&Heatmap> {
    match state.answers.get(&request(state)?.into())? {
        Answer::Heatmap(heatmap) => Some(heatmap),
        _ => None,
    }
}

fn values_request(state: &State) -> Option<Request> {
    let Plane { run, layer, what } = state.plane()?;
    Some(requests::Values { run, layer, maps: Some(vec![what]) }.into())
}

/// The values of the map, where they are known.
fn values(state: &State) -> Option<&Array> {
    match state.answers.get(&values_request(state)?)? {
        Answer::Values(array) => Some(array),
        _ => None,
    }
}

/// The value under the cursor, where it is known.
pub fn value(state: &State) -> Option<f32> {
    let array = values(state)?;
    array.map(0).get(state.cursor.unit.0 * array.shape.w + state.cursor.unit.1).copied()
}

/// The unit with the largest value, where the values are known.
pub fn maximum(state: &State) -> Option<(usize, usize)> {
    let array = values(state)?;
    let finite = array.map(0).iter().enumerate().filter(|(_, value)| value.is_finite());
    // The first of equal ones.
    let largest = finite.reduce(|best, next| if next.1 > best.1 { next } else { best });
    largest.map(|(at, _)| (at / array.shape.w.max(1), at % array.shape.w.max(1)))
}

/// The photo rows and columns (first, past the last) that the unit under the cursor sees.
pub fn photo_region(state: &State) -> Option<((usize, usize), (usize, usize))> {
    let (layer, input) = (state.layer_info()?, state.shown.input.as_ref()?);
    let placement = input.placement.as_ref()?;
    let rows = layer.field.rows.range(state.cursor.unit.0, input.shape.h);
    let columns = layer.field.columns.range(state.cursor.unit.1, input.shape.w);
    Some((placement.range(0, rows.0, rows.1), placement.range(1, columns.0, columns.1)))
}

impl View for Map {
    fn wants(&self, state: &State) -> Vec<Request> {
        request(state).map(Request::from).into_iter().chain(values_request(state)).collect()
    }

    fn unit(&self, state: &State) -> (usize, usize) {
        state.cursor.unit
    }

    fn pictures(&self, state: &State) -> Vec<Picture> {
        let shown = place(state).zip(request(state)).zip(state.layer_info());
        let Some(((rect, of), layer)) = shown else { return Vec::new() };
        let (row, column) = state.cursor.unit;
        let mark = Mark {
            rows: (row, row + 1),
            columns: (column, column + 1),
            of: (layer.shape.h, layer.shape.w),
        };
        vec![Picture { rect, of: of.into(), mark: Some(mark) }]
    }

    fn seen(&self, state: &State) -> Option<Seen> {
        let plane = state.plane()?;
        Some(Seen::Maps {
            run: plane.run,
            layer: plane.layer,
            maps: vec![plane.what],
            look: state.display.look,
            over_photo: state.display.over_photo,
        })
    }

    fn signed(&self, state: &State) -> bool {
        heatmap(state).map_or_else(|| state.is_signed(), |map| map.signed)
    }

    fn go(&self, state: &mut State, to: Move) {
        let Some(shape) = state.layer_info().map(|l| l.shape) else { return };
        let (row, column) = state.cursor.unit;
        let (bottom, right) = (shape.h.saturating_sub(1), shape.w.saturating_sub(1));
        state.cursor.at_maximum = false;
        state.cursor.unit = match to {
            Move::Up => (row.saturating_sub(1), column),
            Move::Down => ((row + 1).min(bottom), column),
            Move::Left => (row, column.saturating_sub(1)),
            Move::Right => (row, (column + 1).min(right)),
            Move::First => (0, 0),
            Move::Last => (bottom, right),
            Move::PageUp => (row.saturating_sub(PAGE), column),
            Move::PageDown => ((row + PAGE).min(bottom), column),
        };
    }

    fn open(&self, state: &mut State) -> Vec<Effect> {
        state.show_view(ViewId::Maps);
        Vec::new()
    }

    fn press(&self, state: &mut State, x: u16, y: u16) {
        let (Some(place), Some(shape)) = (place(state), state.layer_info().map(|l| l.shape)) else {
            return;
        };
        if place.contains(x, y) {
            let row = usize::from(y - place.y) * shape.h / usize::from(place.height);
            let column = usize::from(x - place.x) * shape.w / usize::from(place.width);
            state.cursor.unit = (row, column);
            state.cursor.at_maximum = false;
        }
    }
}
