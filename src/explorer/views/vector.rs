//! A layer of one value a channel (the classifier, what is pooled) as a list of bars, in the order of the channels on the
//! screen.

use super::{Move, Page};
use crate::base::Rect;
use crate::explorer::{Grid, Layout, State};

/// Columns that a bar with its name and number needs.
const BAR: u16 = 36;

/// Whether the chosen layer is shown as bars.
pub fn is_vector(state: &State) -> bool {
    state.display.combine.is_none()
        && state.layer_info().is_some_and(|layer| layer.shape.area() == 1)
}

/// Where the bars stand: each tile of the grid is a row of cells. Bars go down a column, then the next.
pub fn grid(state: &State) -> Option<Grid> {
    let area = Layout::of(state)?.view.inner();
    let columns = (area.width / BAR).max(1);
    let tile = (area.width / columns, 1);
    let (columns, rows) = (usize::from(columns), usize::from(area.height).max(1));
    Some(Grid { area, columns, rows, tile, margin: 0 })
}

/// The page of channels that holds the chosen one.
pub fn page(state: &State) -> Option<Page<usize>> {
    let order = state.order();
    let chosen = order.iter().position(|c| *c == state.cursor.channel).unwrap_or(0);
    Some(Page::of(order.into_iter(), chosen, &grid(state)?))
}

/// The place of the bar `slot` of a page.
pub fn place(grid: &Grid, slot: usize) -> Rect {
    let (column, row) = ((slot / grid.rows) as u16, (slot % grid.rows) as u16);
    Rect::new(grid.area.x + column * grid.tile.0, grid.area.y + row, grid.tile.0, 1)
}

/// The channel whose bar stands at a cell.
pub fn channel_at(state: &State, x: u16, y: u16) -> Option<usize> {
    let (grid, page) = (grid(state)?, page(state)?);
    let hit = |slot: &usize| place(&grid, *slot).contains(x, y);
    let slot = (0..page.tiles.len()).find(hit)?;
    page.tiles.get(slot).copied()
}

/// Moves to another bar.
pub fn go(state: &mut State, to: Move) {
    let Some(grid) = grid(state) else { return };
    let order = state.order();
    let Some(last) = order.len().checked_sub(1) else { return };
    let now = order.iter().position(|c| *c == state.cursor.channel).unwrap_or(0);
    let wanted = match to {
        Move::Up => now.saturating_sub(1),
        Move::Down => (now + 1).min(last),
        Move::Left => now.saturating_sub(grid.rows),
        Move::Right => (now + grid.rows).min(last),
        Move::First => 0,
        Move::Last => last,
        Move::PageUp => now.saturating_sub(grid.page()),
        Move::PageDown => (now + grid.page()).min(last),
    };
    state.choose_channel(order[wanted]);
}

/// What a channel is called: the class where the layer is the network's answer.
pub fn name(state: &State, channel: usize) -> Option<&str> {
    let network = state.shown.network.as_ref()?;
    let is_answer = state.layers().last().is_some_and(|last| last.id == state.cursor.layer);
    let class = network.classes.get(channel).filter(|_| is_answer)?;
    Some(&class.name)
}
