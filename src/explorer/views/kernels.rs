//! The weights of the convolution that makes the chosen layer's channels: a kernel a tile, or all
//! inputs of one kernel.

use super::{Move, Page, Picture, View, moved};
use crate::base::Shape;
use crate::explorer::{Effect, State};
use crate::session::ask::{
    Answer, Heatmap, KernelInfo, KernelRef, Mark, Request, Seen, Slice, request,
};

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
    if kernels.is_matrix() {
        return Some((vec![(0, Slice::Matrix)], 0));
    }
    let input = input(state, kernels);
    if state.display.inputs {
        let kernel = state.kernel()?.1;
        let tiles = (0..kernels.shape[1]).map(|i| (kernel, Slice::Input(i)));
        return Some((tiles.collect(), input));
    }
    let slice = if kernels.color { Slice::Color } else { Slice::Input(input) };
    // Of a layer that several convolutions make, the kernels of the chosen channel's.
    let (layer, (convolution, _)) = (state.layer_info()?, state.kernel()?);
    let own = |channel: &usize| layer.kernel_of(*channel).filter(|(of, _)| *of == convolution);
    let order: Vec<usize> = state.order().into_iter().filter(|c| own(c).is_some()).collect();
    let chosen = order.iter().position(|c| *c == state.cursor.channel).unwrap_or(0);
    Some((order.iter().filter_map(|c| Some((own(c)?.1, slice))).collect(), chosen))
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

/// The chosen weight of a matrix of 1x1 kernels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weight {
    /// The kernel: the row.
    pub kernel: usize,
    /// The input: the column.
    pub input: usize,
    /// Rows of the matrix.
    pub rows: usize,
    /// Columns of the matrix.
    pub columns: usize,
}

/// The chosen weight, where the kernels are shown as a matrix.
pub fn weight(state: &State) -> Option<Weight> {
    let kernels = state.kernels().filter(|kernels| kernels.is_matrix())?;
    let [rows, columns] = kernels.extent(Slice::Matrix);
    let kernel = state.kernel()?.1.min(rows.saturating_sub(1));
    Some(Weight { kernel, input: input(state, kernels), rows, columns })
}

impl Weight {
    fn mark(self) -> Mark {
        Mark {
            rows: (self.kernel, self.kernel + 1),
            columns: (self.input, self.input + 1),
            of: (self.rows, self.columns),
        }
    }

    fn go(self, state: &mut State, to: Move) {
        let (bottom, right) = (self.rows.saturating_sub(1), self.columns.saturating_sub(1));
        let (kernel, input) = match to {
            Move::Up => (self.kernel.saturating_sub(1), self.input),
            Move::Down => ((self.kernel + 1).min(bottom), self.input),
            Move::Left => (self.kernel, self.input.saturating_sub(1)),
            Move::Right => (self.kernel, (self.input + 1).min(right)),
            Move::First => (0, 0),
            Move::Last => (bottom, right),
            Move::PageUp => (self.kernel.saturating_sub(PAGE), self.input),
            Move::PageDown => ((self.kernel + PAGE).min(bottom), self.input),
        };
        choose_kernel(state, kernel);
        state.cursor.slice = input;
    }
}

/// Rows of a matrix that a page key moves.
const PAGE: usize = 10;

fn row_request(state: &State) -> Option<request::KernelValues> {
    let at = weight(state)?;
    let (network, layer) = (state.shown.network.as_ref()?.id, state.kernels()?.layer);
    Some(request::KernelValues { network, layer, kernels: Some(vec![at.kernel]) })
}

/// The value of the chosen weight, where it is known.
pub fn weight_value(state: &State) -> Option<f32> {
    match state.answers.get(&row_request(state)?.into())? {
        Answer::Values(row) => row.data.get(weight(state)?.input).copied(),
        _ => None,
    }
}

impl View for Kernels {
    fn tiles(&self, state: &State) -> Option<(Shape, usize)> {
        let kernels = state.kernels()?;
        if kernels.is_matrix() {
            let [out, inside] = kernels.extent(Slice::Matrix);
            return Some((Shape::new(1, 1, out, inside), 1));
        }
        let [out, inside, h, w] = kernels.shape;
        Some((Shape::new(1, out, h, w), if state.display.inputs { inside } else { out }))
    }

    fn wants(&self, state: &State) -> Vec<Request> {
        let mut wanted: Vec<Request> = state.kernels_requests();
        wanted.extend(row_request(state).map(Request::from));
        if let Some(page) = page(state) {
            let request = |place: usize| Some(tile_request(state, page.tiles[place])?.into());
            wanted.extend(page.outward().into_iter().filter_map(request));
        }
        wanted
    }

    fn pictures(&self, state: &State) -> Vec<Picture> {
        let (Some(grid), Some(page)) = (state.grid(), page(state)) else { return Vec::new() };
        let picture = |(place, tile): (usize, &Tile)| {
            let rect = grid.slot(place);
            let mark = weight(state).map(|place| place.mark());
            Some(Picture { rect, of: tile_request(state, *tile)?.into(), mark })
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
        if let Some(at) = weight(state) {
            return at.go(state, to);
        }
        let (Some(grid), Some((tiles, place))) = (state.grid(), all(state)) else { return };
        let Some(last) = tiles.len().checked_sub(1) else { return };
        let (kernel, slice) = tiles[moved(to, place, last, &grid)];
        choose(state, kernel, slice);
    }

    fn open(&self, state: &mut State) -> Vec<Effect> {
        if weight(state).is_some() {
            state.say("a 1x1 convolution has one weight for each input: this matrix is all of it");
            return Vec::new();
        }
        state.display.inputs = !state.display.inputs && state.kernels().is_some();
        Vec::new()
    }

    fn press(&self, state: &mut State, x: u16, y: u16) {
        let (Some(grid), Some(page)) = (state.grid(), page(state)) else { return };
        if let Some(Weight { rows, columns, .. }) = weight(state) {
            let picture = grid.slot(0);
            if picture.contains(x, y) {
                let kernel = usize::from(y - picture.y) * rows / usize::from(picture.height);
                choose_kernel(state, kernel);
                state.cursor.slice =
                    usize::from(x - picture.x) * columns / usize::from(picture.width);
            }
            return;
        }
        if let Some((kernel, slice)) = grid.slot_at(x, y).and_then(|slot| page.tiles.get(slot)) {
            choose(state, *kernel, *slice);
        }
    }
}

/// Chooses the channel that a kernel makes; where the layer has none of it, the choice stays.
fn choose_kernel(state: &mut State, kernel: usize) {
    let convolution = state.kernel().map(|(convolution, _)| convolution);
    let layer = state.layer_info().zip(convolution);
    if let Some(channel) = layer.and_then(|(layer, of)| layer.channel_of(of, kernel)) {
        state.choose_channel(channel);
    }
}

fn choose(state: &mut State, kernel: usize, slice: Slice) {
    choose_kernel(state, kernel);
    if let (true, Slice::Input(input)) = (state.display.inputs, slice) {
        state.cursor.slice = input;
    }
}
