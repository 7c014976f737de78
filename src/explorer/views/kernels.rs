//! The weights of the convolution that makes the chosen layer's channels: a kernel a tile, or all
//! inputs of one kernel.

use super::{Move, Page, Picture, View, moved};
use crate::base::Shape;
use crate::explorer::{Effect, State};
use crate::session::ask::{Answer, Heatmap, KernelInfo, KernelRef, Request, Seen, Slice, request};

/// The grid of kernels.
pub struct Kernels;

/// A kernel and which of its inputs a tile shows.
pub type Tile = (usize, Slice);

/// The input that all tiles show, inside of what the kernels have.
pub fn input(state: &State, kernels: &KernelInfo) -> usize {
    state.cursor.slice.min(kernels.shape[1].saturating_sub(1))
}

/// All tiles in their order, and the chosen one's place.
fn all(state: &State) -> Option<(Vec<Tile>, usize)> {
    let kernels = state.kernels()?;
    let input = input(state, kernels);
    if state.display.inputs {
        let tiles = (0..kernels.shape[1]).map(|i| (state.cursor.channel, Slice::Input(i)));
        return Some((tiles.collect(), input));
    }
    let slice = if kernels.color { Slice::Color } else { Slice::Input(input) };
    let order = state.order();
    let chosen = order.iter().position(|c| *c == state.cursor.channel).unwrap_or(0);
    Some((order.into_iter().map(|kernel| (kernel, slice)).collect(), chosen))
}

/// The page that holds the chosen tile.
pub fn page(state: &State) -> Option<Page<Tile>> {
    let (tiles, chosen) = all(state)?;
    Some(Page::of(tiles.into_iter(), chosen, &state.grid()?))
}

fn tile_request(state: &State, (kernel, slice): Tile) -> Option<request::Kernel> {
    let (network, layer) = (state.shown.network.as_ref()?.id, state.kernels()?.layer);
    let kernel = KernelRef { network, layer, kernel, slice };
    Some(request::Kernel { kernel, size: state.grid()?.tile, look: state.display.look })
}

/// The tile, where it is known.
pub fn tile(state: &State, tile: Tile) -> Option<&Heatmap> {
    match state.answers.get(&tile_request(state, tile)?.into())? {
        Answer::Heatmap(heatmap) => Some(heatmap),
        _ => None,
    }
}

impl View for Kernels {
    fn tiles(&self, state: &State) -> Option<(Shape, usize)> {
        let [out, inside, h, w] = state.kernels()?.shape;
        Some((Shape::new(1, out, h, w), if state.display.inputs { inside } else { out }))
    }

    fn wants(&self, state: &State) -> Vec<Request> {
        let mut wanted: Vec<Request> = state.kernels_request().into_iter().collect();
        if let Some(page) = page(state) {
            let request = |place: usize| Some(tile_request(state, page.tiles[place])?.into());
            wanted.extend(page.outward().into_iter().filter_map(request));
        }
        wanted
    }

    fn pictures(&self, state: &State) -> Vec<Picture> {
        let (Some(grid), Some(page)) = (state.grid(), page(state)) else { return Vec::new() };
        let picture = |(place, tile): (usize, &Tile)| {
            Some(Picture {
                rect: grid.slot(place),
                of: tile_request(state, *tile)?.into(),
                mark: None,
            })
        };
        page.tiles.iter().enumerate().filter_map(picture).collect()
    }

    fn seen(&self, state: &State) -> Option<Seen> {
        Some(Seen::Kernels {
            network: state.shown.network.as_ref()?.id,
            layer: state.kernels()?.layer,
            kernels: page(state)?.tiles,
            look: state.display.look,
        })
    }

    fn signed(&self, _: &State) -> bool {
        true
    }

    fn go(&self, state: &mut State, to: Move) {
        let (Some(grid), Some((tiles, place))) = (state.grid(), all(state)) else { return };
        let Some(last) = tiles.len().checked_sub(1) else { return };
        let (kernel, slice) = tiles[moved(to, place, last, &grid)];
        choose(state, kernel, slice);
    }

    fn open(&self, state: &mut State) -> Vec<Effect> {
        state.display.inputs = !state.display.inputs && state.kernels().is_some();
        Vec::new()
    }

    fn press(&self, state: &mut State, x: u16, y: u16) {
        let (Some(grid), Some(page)) = (state.grid(), page(state)) else { return };
        if let Some((kernel, slice)) = grid.slot_at(x, y).and_then(|slot| page.tiles.get(slot)) {
            choose(state, *kernel, *slice);
        }
    }
}

fn choose(state: &mut State, kernel: usize, slice: Slice) {
    state.choose_channel(kernel);
    if let (true, Slice::Input(input)) = (state.display.inputs, slice) {
        state.cursor.slice = input;
    }
}
