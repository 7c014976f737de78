//! Geometry: from columns, rows and what is switched on to every rectangle on the screen.
//!
//! `update` (paging, mouse) and `screen` (drawing) both read it, so they cannot disagree.

use super::State;
use crate::base::{Part, Rect, Shape};

/// Below this, one line says that the terminal is too small.
const SMALLEST: (u16, u16) = (20, 5);
/// Fewer columns fold the inspector into one line.
const WITH_INSPECTOR: u16 = 100;
/// Fewer columns fold the list of layers away.
const WITH_LAYERS: u16 = 60;
const LAYERS_WIDTH: u16 = 30;
const INSPECTOR_WIDTH: u16 = 26;

/// Where everything stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Network, photo, views.
    pub title: Rect,
    /// The inspector in one line, where it has no pane.
    pub strip: Rect,
    /// The list of layers; empty when folded away.
    pub layers: Rect,
    /// The view with its border.
    pub view: Rect,
    /// The inspector; empty when folded away.
    pub inspector: Rect,
    /// Keys and progress.
    pub footer: Rect,
}

/// The grid of the Maps view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    /// Inside of the view.
    pub area: Rect,
    /// Tiles in a row.
    pub columns: usize,
    /// Rows of tiles.
    pub rows: usize,
    /// A tile's picture in cells, without frame and caption.
    pub tile: (u16, u16),
    /// Cells around a tile for frame and caption: 1, or 0 where there is no room for them.
    pub margin: u16,
}

/// The place of the map in the Map view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MapPlace {
    /// The picture.
    pub picture: Rect,
    /// Width of the ruler at the left.
    pub ruler: u16,
}

impl Layout {
    /// The layout; `None` when the terminal is too small for anything.
    pub fn of(state: &State) -> Option<Self> {
        let (columns, rows) = state.terminal.size;
        if columns < SMALLEST.0 || rows < SMALLEST.1 {
            return None;
        }
        let (title, rest) = Rect::new(0, 0, columns, rows).split_top(1);
        let (rest, footer) = rest.split_top(rest.height - 1);
        let with_inspector = state.display.inspector && columns >= WITH_INSPECTOR;
        let strip_rows = u16::from(!with_inspector && rest.height > 6);
        let (strip, rest) = rest.split_top(strip_rows);
        let with_layers = state.display.layers && columns >= WITH_LAYERS;
        let (layers, rest) = rest.split_left(if with_layers { LAYERS_WIDTH } else { 0 });
        let inspector_width = if with_inspector { INSPECTOR_WIDTH } else { 0 };
        let (view, inspector) = rest.split_left(rest.width - inspector_width);
        Some(Self { title, strip, layers, view, inspector, footer })
    }

    /// Where the inspector stands when it is shown over the view.
    pub fn inspector_overlay(&self) -> Rect {
        let width = INSPECTOR_WIDTH.min(self.view.width);
        let x = self.view.x + self.view.width - width;
        Rect::new(x, self.view.y, width, self.view.height)
    }

    /// Where a list over the screen stands.
    pub fn overlay(&self) -> Rect {
        let area = self.between();
        let width = (area.width - area.width / 10).clamp(84, 140);
        area.centered(width, area.height.saturating_sub(area.height / 6))
    }

    /// Where a list stands that makes use of the whole screen.
    pub fn wide_overlay(&self) -> Rect {
        let area = self.between();
        area.centered(area.width.saturating_sub(area.width / 20), area.height)
    }

    /// All rows between the first and the last.
    fn between(&self) -> Rect {
        let height = self.footer.y.saturating_sub(self.title.y + 1);
        Rect::new(0, self.title.y + 1, self.title.width, height)
    }

    /// The grid for `count` maps of that shape: the largest tiles of at least the chosen width with which all fit on
    /// one page, else as many of the chosen width as fit, grown to fill the width.
    pub fn grid(&self, state: &State, shape: Shape, count: usize) -> Grid {
        self.grid_of(state.display.tile, state.terminal.cell_aspect, shape, count)
    }

    fn grid_of(&self, chosen: u16, cell_aspect: f32, shape: Shape, count: usize) -> Grid {
        let area = self.view.inner();
        let margin = u16::from(area.width >= 3 && area.height >= 3);
        let around = 2 * margin;
        let widest = area.width.saturating_sub(around).max(1);
        let tallest = area.height.saturating_sub(around).max(1);
        let tile = |width: u16| {
            let (width, height) = tile_size(width, shape, cell_aspect);
            if height <= tallest {
                return (width, height);
            }
            let narrower = f32::from(width) * f32::from(tallest) / f32::from(height);
            ((narrower as u16).max(1), tallest)
        };
        let fitting = |tile: (u16, u16)| {
            let columns = usize::from(area.width / (tile.0 + around)).max(1);
            let rows = usize::from(area.height / (tile.1 + around)).max(1);
            (columns, rows)
        };
        // A single map has the whole view.
        let least = if count == 1 { widest } else { chosen.clamp(1, widest) };
        let holds_all = |tile: &(u16, u16)| {
            let (columns, rows) = fitting(*tile);
            columns * rows >= count
        };
        let tile = (least..=widest).rev().map(tile).find(holds_all).unwrap_or_else(|| {
            let columns = (area.width / (least + around)).max(1);
            tile((area.width / columns).saturating_sub(around).max(least))
        });
        let (fit_columns, rows) = fitting(tile);
        let columns = count.div_ceil(rows).clamp(1, fit_columns);
        let used = (columns as u16).saturating_mul(tile.0 + around).min(area.width);
        let area = Rect::new(area.x + (area.width - used) / 2, area.y, used, area.height);
        Grid { area, columns, rows, tile, margin }
    }

    /// The next width of a tile that gives another grid: larger tiles, or smaller ones.
    pub fn other_tile(&self, state: &State, larger: bool) -> Option<u16> {
        let (shape, count) = state.view().tiles(state)?;
        let grid = |tile: &u16| self.grid_of(*tile, state.terminal.cell_aspect, shape, count);
        let now = state.display.tile;
        let current = grid(&now);
        let widest = self.view.inner().width;
        let other = |tile: &u16| grid(tile) != current;
        if larger { (now + 1..=widest).find(other) } else { (1..now).rev().find(other) }
    }

    /// The place of a map that fills the view: whole cells for each value where there is room.
    pub fn map_place(&self, state: &State, part: Part) -> MapPlace {
        let area = self.view.inner();
        let ruler = if area.width > 30 { 4 } else { 0 };
        let top = u16::from(area.height > 8);
        let room = (area.width.saturating_sub(ruler), area.height.saturating_sub(top));
        let (h, w) = part.extent();
        let (w, h) = (w.max(1) as f32, h.max(1) as f32);
        // A half block is as high as it is wide when a cell is twice as high as wide.
        let square = state.terminal.cell_aspect / 2.0;
        let scale = (f32::from(room.0) / w).min(f32::from(room.1) * 2.0 * square / h);
        // Blocks of one size are worth a fifth of the space, not a half.
        let whole = scale.floor();
        let scale = if whole >= 0.8 * scale { whole } else { scale };
        let columns = ((w * scale).round() as u16).clamp(1, room.0.max(1));
        let rows = ((h * scale / square / 2.0).ceil() as u16).clamp(1, room.1.max(1));
        let inside = Rect::new(area.x + ruler, area.y + top, room.0, room.1);
        MapPlace { picture: inside.centered(columns, rows), ruler }
    }
}

impl Grid {
    /// Tiles on a page.
    pub const fn page(&self) -> usize {
        self.columns * self.rows
    }

    /// The picture of the tile in place `slot` of the page; the frame is one cell around it, the
    /// caption stands in the frame's last row.
    pub fn slot(&self, slot: usize) -> Rect {
        let (column, row) = ((slot % self.columns) as u16, (slot / self.columns) as u16);
        let (width, height) = (self.tile.0 + 2 * self.margin, self.tile.1 + 2 * self.margin);
        Rect::new(
            self.area.x + self.margin + column * width,
            self.area.y + self.margin + row * height,
            self.tile.0,
            self.tile.1,
        )
    }

    /// The place on the page that holds the cell.
    pub fn slot_at(&self, x: u16, y: u16) -> Option<usize> {
        if !self.area.contains(x, y) {
            return None;
        }
        let column = usize::from((x - self.area.x) / (self.tile.0 + 2 * self.margin));
        let row = usize::from((y - self.area.y) / (self.tile.1 + 2 * self.margin));
        (column < self.columns && row < self.rows).then_some(row * self.columns + column)
    }
}

fn tile_size(width: u16, shape: Shape, cell_aspect: f32) -> (u16, u16) {
    let aspect = shape.h.max(1) as f32 / shape.w.max(1) as f32;
    let rows = (f32::from(width) * aspect / cell_aspect).round().max(1.0);
    (width.max(1), rows.min(f32::from(u16::MAX)) as u16)
}

impl State {
    /// The grid of the view; `None` where it has none, while nothing is known, or without room.
    pub fn grid(&self) -> Option<Grid> {
        let (shape, count) = self.view().tiles(self)?;
        Some(Layout::of(self)?.grid(self, shape, count))
    }
}
