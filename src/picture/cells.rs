//! Pictures in half blocks: a terminal cell holds two pixels, one above the other.

use super::raster::{MARK, Picture};
use super::{Range, colormap, resample};
use crate::base::Colormap;

/// `columns x rows` terminal cells, rows innermost.
#[derive(Clone, Debug, PartialEq)]
pub struct Cells {
    /// Cells in a row.
    pub columns: u16,
    /// Rows.
    pub rows: u16,
    /// `columns * rows` cells.
    pub cells: Vec<HalfCell>,
}

/// One terminal cell: the colours of its two halves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HalfCell {
    /// The upper half.
    pub top: [u8; 3],
    /// The lower half.
    pub bottom: [u8; 3],
    /// A NaN or an infinity lies in it.
    pub marked: bool,
}

impl Cells {
    /// The cells blended with those of a photo of the same size, as [`super::overlay`] blends pictures;
    /// marks stay.
    pub fn over(&self, photo: &Self) -> Self {
        let blended = super::overlay(&photo.pixels(), &self.pixels());
        let columns = usize::from(self.columns);
        let pixel = |at: usize| blended.rgb.get(at).copied().unwrap_or([0; 3]);
        let cells = self.cells.iter().enumerate().map(|(i, cell)| {
            let top = i / columns.max(1) * 2 * columns + i % columns.max(1);
            HalfCell { top: pixel(top), bottom: pixel(top + columns), marked: cell.marked }
        });
        Self { cells: cells.collect(), ..*self }
    }

    /// Two pixels for each cell.
    fn pixels(&self) -> super::Picture {
        let (width, height) = (usize::from(self.columns), 2 * usize::from(self.rows));
        let mut picture = super::Picture::filled(width, height, [0; 3]);
        for (row, cells) in self.cells.chunks(width.max(1)).enumerate() {
            for (column, cell) in cells.iter().enumerate() {
                for (y, color) in [(2 * row, cell.top), (2 * row + 1, cell.bottom)] {
                    if let Some(pixel) = picture.rgb.get_mut(y * width + column) {
                        *pixel = color;
                    }
                }
            }
        }
        picture
    }

    /// A map of `height x width` values through a colour map, stretched over the cells.
    pub fn heatmap(
        values: &[f32],
        height: usize,
        width: usize,
        columns: u16,
        rows: u16,
        colormap: Colormap,
        range: Range,
    ) -> Self {
        let pixels =
            resample::fit(values, height, width, 2 * usize::from(rows), usize::from(columns));
        let table = colormap::table(colormap);
        Self::new(columns, rows, &pixels, |value| {
            range.unit(*value).map(|unit| colormap::pick(table, unit))
        })
    }

    /// A photo stretched over the cells.
    pub fn photo(photo: &Picture, columns: u16, rows: u16) -> Self {
        let pixels = photo.resize(usize::from(columns), 2 * usize::from(rows)).rgb;
        Self::new(columns, rows, &pixels, |pixel| Some(*pixel))
    }

    /// Pairs of rows of pixels become rows of cells; a pixel without a colour is marked.
    fn new<T>(
        columns: u16,
        rows: u16,
        pixels: &[T],
        color: impl Fn(&T) -> Option<[u8; 3]>,
    ) -> Self {
        let width = usize::from(columns).max(1);
        let cells = pixels.chunks_exact(2 * width).flat_map(|pair| {
            let (top, bottom) = pair.split_at(width);
            top.iter().zip(bottom).map(|(top, bottom)| {
                let (top, bottom) = (color(top), color(bottom));
                HalfCell {
                    top: top.unwrap_or(MARK),
                    bottom: bottom.unwrap_or(MARK),
                    marked: top.is_none() || bottom.is_none(),
                }
            })
        });
        Self { columns, rows, cells: cells.collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const UNIT: Range = Range { low: 0.0, high: 1.0 };

    #[test]
    fn two_pixels_make_a_cell() {
        let cells = Cells::heatmap(&[0.0, 1.0, 1.0, f32::NAN], 2, 2, 2, 1, Colormap::Grey, UNIT);
        let (black, white) = ([0; 3], [255; 3]);
        assert_eq!(
            cells.cells,
            [
                HalfCell { top: black, bottom: white, marked: false },
                HalfCell { top: white, bottom: MARK, marked: true },
            ]
        );
    }

    #[test]
    fn photos_keep_their_colours() {
        let photo = Picture { width: 1, height: 2, rgb: vec![[1, 2, 3], [4, 5, 6]] };
        let cells = Cells::photo(&photo, 1, 1);
        assert_eq!(cells.cells, [HalfCell { top: [1, 2, 3], bottom: [4, 5, 6], marked: false }]);
    }

    proptest! {
        #[test]
        fn there_are_as_many_cells_as_asked_for(columns in 0u16..40, rows in 0u16..40, h in 0usize..9, w in 0usize..9) {
            let cells = Cells::heatmap(&vec![0.5; h * w], h, w, columns, rows, Colormap::Viridis, UNIT);
            prop_assert_eq!(cells.cells.len(), usize::from(columns) * usize::from(rows));
            prop_assert!(cells.cells.iter().all(|cell| cell.marked == (h * w == 0)));
        }
    }
}
