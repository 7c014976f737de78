//! Pictures in block characters: a terminal cell holds two, four or six points of two colors.

use super::raster::{MARK, Picture};
use super::{Blocks, Overlay, Range, colormap, resample};
use crate::base::{Blending, Colormap};

/// `columns x rows` terminal cells, rows innermost.
#[derive(Clone, Debug, PartialEq)]
pub struct Cells {
    /// Cells in a row.
    pub columns: u16,
    /// Rows.
    pub rows: u16,
    /// `columns * rows` cells.
    pub cells: Vec<Cell>,
}

/// One terminal cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// A block character, or a space where the whole cell is of one color.
    pub symbol: char,
    /// The character's color; that of the background where it is a space.
    pub fg: [u8; 3],
    /// The background color.
    pub bg: [u8; 3],
    /// A NaN or an infinity lies in it.
    pub marked: bool,
}

/// Room on the screen, and how finely its cells are divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    /// Cells in a row.
    pub columns: u16,
    /// Rows.
    pub rows: u16,
    /// Points of a cell.
    pub blocks: Blocks,
}

impl Grid {
    /// Points in a row, and rows of points.
    fn points(self) -> (usize, usize) {
        let (columns, rows) = self.blocks.points();
        (usize::from(self.columns) * columns, usize::from(self.rows) * rows)
    }

    /// The values that are drawn of a map of `height x width` values: a mean for each point that holds several values.
    pub fn drawn(self, values: &[f32], (height, width): (usize, usize)) -> Vec<f32> {
        let (across, down) = self.points();
        resample::fit(values, height, width, down, across)
    }
}

impl Cells {
    /// Values, one for each point of the grid ([`Grid::drawn`]), through a color map; over the photo `under` them, if
    /// there is one, in [`Overlay`]'s way. Marks stay.
    pub fn heatmap(
        values: &[f32],
        grid: Grid,
        colormap: Colormap,
        range: Range,
        under: Option<(&Picture, Blending)>,
    ) -> Self {
        let (across, down) = grid.points();
        let table = colormap::table(colormap);
        let colors: Vec<_> = values
            .iter()
            .map(|value| range.unit(*value).map(|unit| colormap::pick(table, unit)))
            .collect();
        let marked: Vec<bool> = colors.iter().map(Option::is_none).collect();
        let rgb = colors.into_iter().map(|color| color.unwrap_or(MARK)).collect();
        let picture = match under {
            Some((photo, blending)) => {
                let strength = blending.usual_strength();
                let extent = (down, across);
                let overlay = Overlay { values, extent, colormap, range, blending, strength };
                overlay.over(&photo.resize(across, down))
            }
            None => Picture { width: across, height: down, rgb },
        };
        Self::new(grid, &picture, &marked)
    }

    /// A photo stretched over the cells.
    pub fn photo(photo: &Picture, grid: Grid) -> Self {
        let (across, down) = grid.points();
        Self::new(grid, &photo.resize(across, down), &[])
    }

    /// Blocks of points become cells. `marked` tells of each point whether it is no number; where it
    /// ends, all are numbers.
    fn new(grid: Grid, picture: &Picture, marked: &[bool]) -> Self {
        let Grid { columns, rows, blocks } = grid;
        let (wide, high) = blocks.points();
        let mut cells = Vec::with_capacity(usize::from(columns) * usize::from(rows));
        let mut points = Vec::with_capacity(wide * high);
        for row in 0..usize::from(rows) {
            for column in 0..usize::from(columns) {
                let mut mark = false;
                points.clear();
                for y in row * high..(row + 1) * high {
                    let first = y * picture.width + column * wide;
                    points.extend_from_slice(picture.rgb.get(first..first + wide).unwrap_or(&[]));
                    let marks = marked.get(first..first + wide).unwrap_or(&[]);
                    mark |= marks.contains(&true);
                }
                let (symbol, fg, bg) = blocks.nearest(&points);
                cells.push(Cell { symbol, fg, bg, marked: mark });
            }
        }
        Self { columns, rows, cells }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const UNIT: Range = Range { low: 0.0, high: 1.0 };
    const ALL: [Blocks; 3] = [Blocks::Half, Blocks::Quadrant, Blocks::Sextant];

    fn grid(columns: u16, rows: u16, blocks: Blocks) -> Grid {
        Grid { columns, rows, blocks }
    }

    fn gray(values: &[f32], shape: (usize, usize), grid: Grid, under: Option<&Picture>) -> Cells {
        let under = under.map(|photo| (photo, Blending::Blend));
        Cells::heatmap(&grid.drawn(values, shape), grid, Colormap::Gray, UNIT, under)
    }

    #[test]
    fn two_points_make_a_half_block_cell() {
        let values = [0.0, 1.0, 1.0, 1.0, 1.0, f32::NAN];
        let cells = gray(&values, (2, 3), grid(3, 1, Blocks::Half), None);
        let (black, white) = ([0; 3], [255; 3]);
        assert_eq!(
            cells.cells,
            [
                Cell { symbol: '▀', fg: black, bg: white, marked: false },
                Cell { symbol: ' ', fg: white, bg: white, marked: false },
                Cell { symbol: '▀', fg: white, bg: MARK, marked: true },
            ]
        );
    }

    #[test]
    fn points_stand_where_their_values_do() {
        // One bright point in each corner of a cell's own picture.
        for (blocks, shape, symbols) in [
            (Blocks::Quadrant, (2, 4), ['▘', '▗']),
            (Blocks::Sextant, (3, 4), ['\u{1FB00}', '\u{1FB1E}']),
        ] {
            let mut values = vec![1.0; shape.0 * shape.1];
            let last = values.len() - 1;
            (values[0], values[last]) = (0.0, 0.0);
            let cells = gray(&values, shape, grid(2, 1, blocks), None).cells;
            assert_eq!([cells[0].symbol, cells[1].symbol], symbols);
            assert!(cells.iter().all(|c| (c.fg, c.bg) == ([0; 3], [255; 3])), "{blocks:?}");
        }
    }

    #[test]
    fn photos_keep_their_colors() {
        let photo = Picture { width: 1, height: 2, rgb: vec![[1, 2, 3], [4, 5, 6]] };
        let cells = Cells::photo(&photo, grid(1, 1, Blocks::Half));
        let cell = Cell { symbol: '▀', fg: [1, 2, 3], bg: [4, 5, 6], marked: false };
        assert_eq!(cells.cells, [cell]);
    }

    #[test]
    fn what_lies_over_a_photo_is_blended_point_by_point() {
        let photo = Picture { width: 1, height: 2, rgb: vec![[51, 0, 102], [204, 255, 0]] };
        let over = |values: &[f32]| gray(values, (2, 1), grid(1, 1, Blocks::Half), Some(&photo));
        // overlay: (51 + 255, 255, 102 + 255) / 2 and (204, 255, 0) / 2, divided by the largest.
        let blended = Cell { symbol: '▀', fg: [218, 182, 255], bg: [145, 182, 0], marked: false };
        assert_eq!(over(&[1.0, 0.0]).cells, [blended]);
        assert!(over(&[1.0, f32::INFINITY]).cells[0].marked);
    }

    #[test]
    fn cells_with_the_same_two_colors_share_them() {
        let values: Vec<f32> = (0..8 * 40).map(|i| f32::from(u8::from(i % 3 == 0))).collect();
        for blocks in [Blocks::Quadrant, Blocks::Sextant] {
            let (wide, high) = blocks.points();
            let cells =
                gray(&values[..high * 40], (high, 40), grid(40 / wide as u16, 1, blocks), None);
            let mixed = cells.cells.iter().filter(|c| c.symbol != ' ');
            assert!(mixed.clone().count() > 10);
            assert!(mixed.clone().all(|c| (c.fg, c.bg) == ([0; 3], [255; 3])), "{blocks:?}");
        }
    }

    proptest! {
        #[test]
        fn there_are_as_many_cells_as_asked_for(columns in 0u16..40, rows in 0u16..40, h in 0usize..9, w in 0usize..9) {
            for blocks in ALL {
                let cells = gray(&vec![0.5; h * w], (h, w), grid(columns, rows, blocks), None);
                prop_assert_eq!(cells.cells.len(), usize::from(columns) * usize::from(rows));
                prop_assert!(cells.cells.iter().all(|cell| cell.marked == (h * w == 0)));
            }
        }
    }
}
