//! One cell of the picture, as a small surface to draw on.

use image::RgbImage;

use crate::palette::{Rgb, mix};

/// A rectangle of the picture with its own coordinates. What falls outside is not drawn.
pub struct Canvas<'a> {
    /// The whole picture.
    pub image: &'a mut RgbImage,
    /// Left edge in the picture, pixels.
    pub left: u32,
    /// Top edge in the picture, pixels.
    pub top: u32,
    /// Pixels.
    pub width: i32,
    /// Pixels.
    pub height: i32,
    /// The color that everything is drawn in.
    pub ink: Rgb,
}

impl Canvas<'_> {
    /// Lays `coverage` (0 to 1) of ink on one pixel.
    pub fn dot(&mut self, x: i32, y: i32, coverage: f32) {
        if (0..self.width).contains(&x) && (0..self.height).contains(&y) {
            let at = (self.left + x as u32, self.top + y as u32);
            if let Some(pixel) = self.image.get_pixel_mut_checked(at.0, at.1) {
                pixel.0 = mix(pixel.0, self.ink, coverage);
            }
        }
    }

    /// Fills the pixels from (x0, y0) up to, not including, (x1, y1).
    pub fn fill(&mut self, [x0, y0, x1, y1]: [i32; 4], coverage: f32) {
        for y in y0..y1 {
            for x in x0..x1 {
                self.dot(x, y, coverage);
            }
        }
    }
}
