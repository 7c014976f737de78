//! All channels of a layer as a grid of tiles.

use super::{Move, Page, Picture, View, ViewId, moved, vector};
use crate::base::Shape;
use crate::explorer::{Effect, State};
use crate::session::ask::{Answer, Heatmap, Plane, PlaneKind, Request, Seen, request};

/// The grid.
pub struct Maps;

/// The page that holds the chosen channel.
pub fn page(state: &State) -> Option<Page<PlaneKind>> {
    let grid = state.grid()?;
    if let Some(how) = state.display.combine {
        return Some(Page::of([PlaneKind::Combined(how)].into_iter(), 0, &grid));
    }
    let order = state.order();
    let chosen = order.iter().position(|c| *c == state.cursor.channel).unwrap_or(0);
    Some(Page::of(order.into_iter().map(PlaneKind::Channel), chosen, &grid))
}

/// The request behind a tile.
fn tile_request(state: &State, what: PlaneKind) -> Option<request::Heatmap> {
    let (run, size) = (state.run()?, state.grid()?.tile);
    let plane = Plane { run, layer: state.cursor.layer, what };
    Some(request::Heatmap {
        plane,
        part: None,
        size,
        look: state.display.look,
        over_photo: state.display.over_photo,
    })
}

/// The tile, where it is known.
pub fn tile(state: &State, what: PlaneKind) -> Option<&Heatmap> {
    match state.answers.get(&tile_request(state, what)?.into())? {
        Answer::Heatmap(heatmap) => Some(heatmap),
        _ => None,
    }
}

impl View for Maps {
    fn tiles(&self, state: &State) -> Option<(Shape, usize)> {
        let shape = state.layer_info().filter(|_| !vector::is_vector(state))?.shape;
        Some((shape, if state.display.combine.is_some() { 1 } else { shape.c }))
    }

    fn wants(&self, state: &State) -> Vec<Request> {
        let Some(page) = page(state) else { return Vec::new() };
        let request = |place: usize| Some(tile_request(state, page.tiles[place])?.into());
        page.outward().into_iter().filter_map(request).collect()
    }

    fn pictures(&self, state: &State) -> Vec<Picture> {
        let (Some(grid), Some(page)) = (state.grid(), page(state)) else { return Vec::new() };
        let picture = |(place, what): (usize, &PlaneKind)| {
            Some(Picture {
                rect: grid.slot(place),
                of: tile_request(state, *what)?.into(),
                mark: None,
            })
        };
        page.tiles.iter().enumerate().filter_map(picture).collect()
    }

    fn seen(&self, state: &State) -> Option<Seen> {
        let maps = match page(state) {
            Some(page) => page.tiles,
            None => vector::page(state)?.tiles.into_iter().map(PlaneKind::Channel).collect(),
        };
        Some(Seen::Maps {
            run: state.run()?,
            layer: state.cursor.layer,
            maps,
            look: state.display.look,
            over_photo: state.display.over_photo,
        })
    }

    fn signed(&self, state: &State) -> bool {
        let tile = state.plane().and_then(|plane| tile(state, plane.what));
        tile.map_or_else(|| state.is_signed(), |tile| tile.signed)
    }

    fn go(&self, state: &mut State, to: Move) {
        if vector::is_vector(state) {
            return vector::go(state, to);
        }
        let (Some(grid), false) = (state.grid(), state.display.combine.is_some()) else { return };
        let order = state.order();
        let Some(last) = order.len().checked_sub(1) else { return };
        let place = order.iter().position(|c| *c == state.cursor.channel).unwrap_or(0);
        state.choose_channel(order[moved(to, place, last, &grid)]);
    }

    fn open(&self, state: &mut State) -> Vec<Effect> {
        state.show_view(ViewId::Map);
        Vec::new()
    }

    fn press(&self, state: &mut State, x: u16, y: u16) {
        if vector::is_vector(state) {
            if let Some(channel) = vector::channel_at(state, x, y) {
                state.choose_channel(channel);
            }
            return;
        }
        let (Some(grid), Some(page)) = (state.grid(), page(state)) else { return };
        let pressed = grid.slot_at(x, y).and_then(|slot| page.tiles.get(slot));
        if let Some(PlaneKind::Channel(channel)) = pressed {
            state.choose_channel(*channel);
        }
    }
}
