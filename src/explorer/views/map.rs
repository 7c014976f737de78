//! One map as large as the space allows, with a cursor.

use super::{Move, Picture, View, ViewId};
use crate::base::{Array, Part, Rect, Shape};
use crate::explorer::{Effect, Layout, State};
use crate::session::ask::{Answer, Heatmap, Mark, Plane, Request, Seen, request as requests};

/// The large map.
pub struct Map;

/// Rows or columns that a page key moves.
const PAGE: usize = 10;

/// Values that a magnified map shows at least in each direction, where the map has them.
const LEAST: usize = 4;

/// The part of the map that is on the screen: where it was left, moved as little as the cursor makes necessary.
pub fn part(state: &State) -> Option<Part> {
    let shape = state.layer_info()?.shape;
    let (height, width) = extent(shape, state.cursor.zoom);
    let (row, column) = state.cursor.unit;
    let (top, left) = state.cursor.corner;
    Some(Part {
        rows: window(top, row, height, shape.h),
        columns: window(left, column, width, shape.w),
    })
}

/// Rows and columns of values on the screen.
fn extent(shape: Shape, zoom: usize) -> (usize, usize) {
    let zoom = zoom.clamp(1, largest_zoom(shape));
    let side = |all: usize| all.div_ceil(zoom).max(LEAST.min(all));
    (side(shape.h), side(shape.w))
}

/// Of `all` values the first and the one past the last of `shown` that hold `at`, from `first` on where that does.
fn window(first: usize, at: usize, shown: usize, all: usize) -> (usize, usize) {
    let first = first.clamp((at + 1).saturating_sub(shown), at).min(all - shown.min(all));
    (first, first + shown)
}

/// Leaves a quarter of the part on the screen around the cursor, so that one sees where it goes.
fn scroll(state: &mut State) {
    let Some((part, shape)) = part(state).zip(state.layer_info().map(|l| l.shape)) else { return };
    let (height, width) = part.extent();
    let kept = |first: usize, at: usize, shown: usize, all: usize| {
        let margin = shown / 4;
        let least = (at + margin + 1).saturating_sub(shown);
        first.clamp(least, at.saturating_sub(margin).max(least)).min(all - shown.min(all))
    };
    let (row, column) = state.cursor.unit;
    state.cursor.corner =
        (kept(part.rows.0, row, height, shape.h), kept(part.columns.0, column, width, shape.w));
}

fn largest_zoom(shape: Shape) -> usize {
    (shape.h.max(shape.w) / LEAST).max(1).next_power_of_two()
}

/// The part that is on the screen, where that is not all.
pub fn magnified(state: &State) -> Option<Part> {
    let (part, shape) = (part(state)?, state.layer_info()?.shape);
    (part.extent() != (shape.h, shape.w)).then_some(part)
}

/// Magnifies the map twice as much, or half as much. The unit stays where it is on the screen.
fn magnify(state: &mut State, unit: (usize, usize), closer: bool) {
    let Some((part, shape)) = part(state).zip(state.layer_info().map(|l| l.shape)) else { return };
    let (now, largest) = (state.cursor.zoom, largest_zoom(shape));
    match closer {
        true if now >= largest => return state.say("the map cannot be magnified more"),
        true => state.cursor.zoom = 2 * now,
        false if now.min(largest) <= 1 => return state.say("the whole map is on the screen"),
        false => state.cursor.zoom = now.min(largest) / 2,
    }
    let (old, new) = (part.extent(), extent(shape, state.cursor.zoom));
    let corner = |at: usize, first: usize, old: usize, new: usize, all: usize| {
        at.saturating_sub((at - first) * new / old.max(1)).min(all - new.min(all))
    };
    state.cursor.corner = (
        corner(unit.0, part.rows.0, old.0, new.0, shape.h),
        corner(unit.1, part.columns.0, old.1, new.1, shape.w),
    );
}

/// Magnifies the map around the cursor, or less.
pub fn zoom(state: &mut State, closer: bool) {
    magnify(state, state.cursor.unit, closer);
}

/// Where the map is drawn.
pub fn place(state: &State) -> Option<Rect> {
    Some(Layout::of(state)?.map_place(state, part(state)?).picture)
}

/// The unit in this cell.
fn unit_at(state: &State, x: u16, y: u16) -> Option<(usize, usize)> {
    let (place, part) = (place(state)?, part(state)?);
    let (height, width) = part.extent();
    place.contains(x, y).then(|| {
        let row = usize::from(y - place.y) * height / usize::from(place.height);
        let column = usize::from(x - place.x) * width / usize::from(place.width);
        (part.rows.0 + row, part.columns.0 + column)
    })
}

/// The unit that is read out: the one that the mouse points to, else the one under the cursor.
pub fn read_out(state: &State) -> (usize, usize) {
    state.cursor.pointed.unwrap_or(state.cursor.unit)
}

/// The request behind the picture.
pub fn request(state: &State) -> Option<requests::Heatmap> {
    let (plane, place) = (state.plane()?, place(state)?);
    let size = (place.width, place.height);
    Some(requests::Heatmap {
        plane,
        part: magnified(state),
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

/// The value of a unit, where it is known.
pub fn value(state: &State, (row, column): (usize, usize)) -> Option<f32> {
    let array = values(state)?;
    array.map(0).get(row * array.shape.w + column).copied()
}

/// The unit with the largest value, where the values are known.
pub fn maximum(state: &State) -> Option<(usize, usize)> {
    let array = values(state)?;
    let finite = array.map(0).iter().enumerate().filter(|(_, value)| value.is_finite());
    // The first of equal ones.
    let largest = finite.reduce(|best, next| if next.1 > best.1 { next } else { best });
    largest.map(|(at, _)| (at / array.shape.w.max(1), at % array.shape.w.max(1)))
}

/// The photo rows and columns (first, past the last) that a unit sees.
pub fn photo_region(
    state: &State,
    (row, column): (usize, usize),
) -> Option<((usize, usize), (usize, usize))> {
    let (layer, input) = (state.layer_info()?, state.shown.input.as_ref()?);
    let placement = input.placement.as_ref()?;
    let rows = layer.field.rows.range(row, input.shape.h);
    let columns = layer.field.columns.range(column, input.shape.w);
    Some((placement.range(0, rows.0, rows.1), placement.range(1, columns.0, columns.1)))
}

impl View for Map {
    fn wants(&self, state: &State) -> Vec<Request> {
        request(state).map(Request::from).into_iter().chain(values_request(state)).collect()
    }

    fn unit(&self, state: &State) -> (usize, usize) {
        read_out(state)
    }

    fn pictures(&self, state: &State) -> Vec<Picture> {
        let shown = place(state).zip(request(state)).zip(part(state));
        let Some(((rect, of), part)) = shown else { return Vec::new() };
        let (row, column) = state.cursor.unit;
        let row = row.saturating_sub(part.rows.0);
        let column = column.saturating_sub(part.columns.0);
        let mark = Mark { rows: (row, row + 1), columns: (column, column + 1), of: part.extent() };
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
        scroll(state);
    }

    fn open(&self, state: &mut State) -> Vec<Effect> {
        state.show_view(ViewId::Maps);
        Vec::new()
    }

    fn press(&self, state: &mut State, x: u16, y: u16) {
        if let Some(unit) = unit_at(state, x, y) {
            state.cursor.unit = unit;
            state.cursor.at_maximum = false;
        }
    }

    fn point(&self, state: &mut State, x: u16, y: u16) {
        state.cursor.pointed = unit_at(state, x, y);
    }

    fn wheel(&self, state: &mut State, x: u16, y: u16, up: bool) {
        let Some(unit) = unit_at(state, x, y) else { return };
        magnify(state, unit, up);
        // Where the cursor would pull the part along, it comes along itself.
        let held =
            part(state).is_some_and(|part| (part.rows.0, part.columns.0) == state.cursor.corner);
        if !held {
            (state.cursor.unit, state.cursor.at_maximum) = (unit, false);
        }
    }
}
