//! What cells show, in pixels: for terminals that show real pictures.

use super::SessionError;
use super::answer::{Session, no_photo};
use super::ask::Request;
use crate::picture::{Grid, Picture};

/// A box in the coordinates of what is shown: values of a map, pixels of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Mark {
    /// First row and the one past the last.
    pub rows: (usize, usize),
    /// First column and the one past the last.
    pub columns: (usize, usize),
    /// Rows and columns of what is shown.
    pub of: (usize, usize),
}

/// The colour of marks: the accent of the screen.
const COLOR: [u8; 3] = [255, 175, 60];

impl Session {
    /// The picture behind a request for cells. Values are whole squares of pixels: the terminal does the
    /// rest of the stretching.
    pub(super) fn raster(
        &self,
        of: &Request,
        (width, height): (u16, u16),
        mark: Option<Mark>,
    ) -> Result<Picture, SessionError> {
        let room = (usize::from(width).max(1), usize::from(height).max(1));
        let mut picture = match of {
            Request::Heatmap { plane, size: (columns, rows), look, over_photo } => {
                let run = self.run(plane.run)?;
                let array = run.plane(*plane)?;
                let shape = array.shape;
                // The colors of the cells, so that the scale beside them holds for both.
                let grid = Grid { columns: *columns, rows: *rows, blocks: look.blocks };
                let drawn = grid.drawn(array.map(0), (shape.h, shape.w));
                let colours = run.colours(*plane, &drawn, *look)?;
                let mut most = room;
                if over_photo.is_some() {
                    // No finer than the photo itself.
                    let held = self.input(plane.run.input)?;
                    let photo = held.photo.as_ref().ok_or_else(no_photo)?;
                    most = (room.0.min(photo.width), room.1.min(photo.height));
                }
                let scale = whole(most, shape.w, shape.h);
                self.map_picture(plane.run, &array, colours, *over_photo, scale)?
            }
            Request::Kernel { kernel, look, .. } => {
                let all = self.kernels(kernel.network, kernel.layer)?;
                let [_, _, h, w] = all.info.shape;
                all.picture(kernel.kernel, kernel.slice, *look, whole(room, w, h))?
            }
            Request::Photo { input, .. } => {
                let held = self.input(*input)?;
                let photo = held.photo.as_ref().ok_or_else(no_photo)?;
                photo.resize(room.0.min(photo.width), room.1.min(photo.height))
            }
            Request::Sight { sight, .. } => {
                let seen = self.sight(sight)?;
                // Grown smoothly by the terminal where it can; here, every pixel stays one.
                seen.resize(room.0.min(seen.width), room.1.min(seen.height))
            }
            _ => return Err(SessionError::Unknown("this has no picture".into())),
        };
        if let Some(mark) = mark {
            draw(&mut picture, mark);
        }
        Ok(picture)
    }
}

/// The largest whole factor for which `w x h` values fit the room; at least 1.
fn whole(room: (usize, usize), w: usize, h: usize) -> usize {
    (room.0 / w.max(1)).min(room.1 / h.max(1)).max(1)
}

/// The outline of a box, one or two pixels wide.
fn draw(picture: &mut Picture, mark: Mark) {
    let (w, h) = (picture.width, picture.height);
    let scaled = |at: usize, of: usize, size: usize| at * size / of.max(1);
    let (top, bottom) = (scaled(mark.rows.0, mark.of.0, h), scaled(mark.rows.1, mark.of.0, h));
    let (left, right) =
        (scaled(mark.columns.0, mark.of.1, w), scaled(mark.columns.1, mark.of.1, w));
    let thick = 1 + usize::from(w.min(h) >= 300);
    let near = |at: usize, first: usize, end: usize| at < first + thick || at + thick >= end;
    for y in top..bottom.min(h) {
        for x in left..right.min(w) {
            let edge = near(y, top, bottom) || near(x, left, right);
            if edge && let Some(pixel) = picture.rgb.get_mut(y * w + x) {
                *pixel = COLOR;
            }
        }
    }
}
