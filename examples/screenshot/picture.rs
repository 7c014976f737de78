//! The screen as a picture.

use image::{Rgb as Pixel, RgbImage};
use vt100::{Cell, Screen};

use crate::boxes;
use crate::canvas::Canvas;
use crate::font::Fonts;
use crate::palette::{BACKGROUND, FOREGROUND, Rgb, mix, rgb};

/// Size of a cell at scale 1, pixels.
const CELL: (u32, u32) = (9, 18);

/// Draws every cell, and the cursor if it shows.
pub fn draw(screen: &Screen, fonts: &Fonts, scale: u32) -> RgbImage {
    let (rows, columns) = screen.size();
    let (width, height) = (CELL.0 * scale, CELL.1 * scale);
    let size = (u32::from(columns.get()) * width, u32::from(rows.get()) * height);
    let mut image = RgbImage::from_pixel(size.0, size.1, Pixel(BACKGROUND));
    for row in 0..rows.get() {
        for column in 0..columns.get() {
            let Some(cell) = screen.cell(row, column).filter(|c| !c.is_wide_continuation()) else {
                continue;
            };
            let cursor = !screen.hide_cursor() && screen.cursor_position() == (row, column);
            let (ink, paper) = colors(cell, cursor);
            let mut canvas = Canvas {
                image: &mut image,
                left: u32::from(column) * width,
                top: u32::from(row) * height,
                width: (if cell.is_wide() { 2 * width } else { width }) as i32,
                height: height as i32,
                ink: paper,
            };
            canvas.fill([0, 0, canvas.width, canvas.height], 1.0);
            canvas.ink = ink;
            draw_cell(&mut canvas, cell, fonts, scale as i32);
        }
    }
    image
}

/// Ink and paper of a cell.
fn colors(cell: &Cell, cursor: bool) -> (Rgb, Rgb) {
    let (mut ink, mut paper) = (rgb(cell.fgcolor(), FOREGROUND), rgb(cell.bgcolor(), BACKGROUND));
    // The cursor is a block: it turns the cell over once more.
    if cell.inverse() != cursor {
        (ink, paper) = (paper, ink);
    }
    if cell.dim() {
        ink = mix(ink, paper, 0.45);
    }
    (ink, paper)
}

/// Draws the characters of a cell: one, and what combines with it.
fn draw_cell(canvas: &mut Canvas<'_>, cell: &Cell, fonts: &Fonts, thickness: i32) {
    for character in cell.contents().chars().filter(|c| !c.is_whitespace()) {
        // Variation selectors and joiners have no shape of their own.
        let invisible = matches!(character, '\u{200b}'..='\u{200f}' | '\u{fe00}'..='\u{fe0f}');
        if !invisible && !boxes::draw(canvas, character) {
            fonts.draw(canvas, character, cell.bold());
        }
    }
    if cell.underline() {
        let bottom = canvas.height - thickness;
        canvas.fill([0, bottom - thickness, canvas.width, bottom], 1.0);
    }
}
