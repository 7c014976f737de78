//! All channels of a layer as a grid of tiles.

use super::{Move, View};
use crate::explorer::State;
use crate::session::ask::{Answer, Heatmap, Plane, PlaneKind, Request};

/// The grid.
pub struct Maps;

/// How many maps the grid holds: every channel, or the one that all are combined to.
pub fn count(state: &State) -> usize {
    if state.combine.is_some() { 1 } else { state.layer_info().map_or(0, |l| l.shape.c) }
}

/// The maps on the page in view and the place of the chosen one among them.
pub struct Page {
    /// What stands in each place.
    pub maps: Vec<PlaneKind>,
    /// The chosen place.
    pub chosen: usize,
    /// Which page, from 0.
    pub index: usize,
    /// How many pages.
    pub pages: usize,
}

/// The page that holds the chosen channel.
pub fn page(state: &State) -> Option<Page> {
    let grid = state.grid()?;
    if let Some(how) = state.combine {
        let maps = vec![PlaneKind::Combined(how)];
        return Some(Page { maps, chosen: 0, index: 0, pages: 1 });
    }
    let order = state.order();
    let place = order.iter().position(|c| *c == state.channel).unwrap_or(0);
    let index = place / grid.page();
    let maps = order.iter().skip(index * grid.page()).take(grid.page());
    Some(Page {
        maps: maps.map(|c| PlaneKind::Channel(*c)).collect(),
        chosen: place % grid.page(),
        index,
        pages: order.len().div_ceil(grid.page()).max(1),
    })
}

/// The request behind a tile.
pub fn tile_request(state: &State, what: PlaneKind) -> Option<Request> {
    let (run, size) = (state.run()?, state.grid()?.tile);
    let plane = Plane { run, layer: state.layer, what };
    Some(Request::Heatmap { plane, size, look: state.look, over_photo: state.over_photo })
}

/// The tile, where it is known.
pub fn tile(state: &State, what: PlaneKind) -> Option<&Heatmap> {
    match state.known.get(&tile_request(state, what)?)? {
        Answer::Heatmap(heatmap) => Some(heatmap),
        _ => None,
    }
}

impl View for Maps {
    fn name(&self) -> &'static str {
        "Maps"
    }

    fn wants(&self, state: &State) -> Vec<Request> {
        let Some(page) = page(state) else { return Vec::new() };
        let mut places: Vec<usize> = (0..page.maps.len()).collect();
        places.sort_by_key(|place| place.abs_diff(page.chosen));
        places.into_iter().filter_map(|place| tile_request(state, page.maps[place])).collect()
    }

    fn heatmap<'a>(&self, state: &'a State, what: PlaneKind) -> Option<&'a Heatmap> {
        tile(state, what)
    }

    fn go(&self, state: &mut State, to: Move) {
        let (Some(grid), false) = (state.grid(), state.combine.is_some()) else { return };
        let order = state.order();
        let Some(last) = order.len().checked_sub(1) else { return };
        let place = order.iter().position(|c| *c == state.channel).unwrap_or(0);
        let down = |by: usize| if place + by <= last { place + by } else { place };
        let place = match to {
            Move::Left => place.saturating_sub(1),
            Move::Right => (place + 1).min(last),
            Move::Up => place.checked_sub(grid.columns).unwrap_or(place),
            Move::Down => down(grid.columns),
            Move::First => 0,
            Move::Last => last,
            Move::PageUp => place.saturating_sub(grid.page()),
            Move::PageDown => (place + grid.page()).min(last),
        };
        state.channel = order[place];
    }

    fn open(&self, state: &mut State) {
        state.view = super::find("Map").unwrap_or(state.view);
    }

    fn press(&self, state: &mut State, x: u16, y: u16) {
        let (Some(grid), Some(page)) = (state.grid(), page(state)) else { return };
        let pressed = grid.slot_at(x, y).and_then(|slot| page.maps.get(slot));
        if let Some(PlaneKind::Channel(channel)) = pressed {
            state.channel = *channel;
        }
    }
}
