//! Tiles on pages: what the views with a grid have in common.

use super::Move;
use crate::explorer::Grid;

/// The tiles on the page in view and the place of the chosen one among them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// What stands in each place.
    pub tiles: Vec<T>,
    /// The chosen place.
    pub chosen: usize,
    /// Which page, from 0.
    pub index: usize,
    /// How many pages.
    pub pages: usize,
}

impl<T> Page<T> {
    /// The page of `all` on which the tile `chosen` stands.
    pub fn of(all: impl ExactSizeIterator<Item = T>, chosen: usize, grid: &Grid) -> Self {
        let (count, size) = (all.len(), grid.page().max(1));
        let index = chosen / size;
        Self {
            tiles: all.skip(index * size).take(size).collect(),
            chosen: chosen % size,
            index,
            pages: count.div_ceil(size).max(1),
        }
    }

    /// The places, nearest the chosen one first.
    pub fn outward(&self) -> Vec<usize> {
        let mut places: Vec<usize> = (0..self.tiles.len()).collect();
        places.sort_by_key(|place| place.abs_diff(self.chosen));
        places
    }
}

/// Where a move leads from the tile `place`, `last` being the last one.
pub fn moved(to: Move, place: usize, last: usize, grid: &Grid) -> usize {
    let down = place + grid.columns;
    match to {
        Move::Left => place.saturating_sub(1),
        Move::Right => (place + 1).min(last),
        Move::Up => place.checked_sub(grid.columns).unwrap_or(place),
        Move::Down => {
            if down <= last {
                down
            } else {
                place
            }
        }
        Move::First => 0,
        Move::Last => last,
        Move::PageUp => place.saturating_sub(grid.page()),
        Move::PageDown => (place + grid.page()).min(last),
    }
}
