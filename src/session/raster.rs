//! What is shown, in cells, and in pixels for terminals that show real pictures.

use std::sync::Arc;

use super::SessionError;
use super::ask::known::Drawn;
use super::ask::request::{self, Shown};
use super::ask::seen::Mark;
use super::maps::{below, map_picture};
use super::store::{Ask, Session};
use crate::base::{Cancel, Part, Progress};
use crate::picture::{Grid, Picture};

/// The color of marks: the accent of the screen.
const COLOR: [u8; 3] = [255, 175, 60];

impl Ask for Shown {
    type Answer = Drawn;

    fn answer(
        &self,
        session: &Session,
        cancel: &Cancel,
        progress: &mut Progress,
    ) -> Result<Self::Answer, SessionError> {
        Ok(match self {
            Self::Heatmap(of) => Drawn::Heatmap(session.ask(of, cancel, progress)?),
            Self::Kernel(of) => Drawn::Heatmap(session.ask(of, cancel, progress)?),
            Self::Photo(of) => Drawn::Photo(session.ask(of, cancel, progress)?),
            Self::Sight(of) => Drawn::Photo(session.ask(of, cancel, progress)?),
        })
    }
}

/// Values are whole squares of pixels: the terminal does the rest of the stretching.
impl Ask for request::Raster {
    type Answer = Arc<Picture>;

    fn answer(
        &self,
        session: &Session,
        _: &Cancel,
        _: &mut Progress,
    ) -> Result<Self::Answer, SessionError> {
        let (width, height) = self.pixels;
        let room = (usize::from(width).max(1), usize::from(height).max(1));
        let mut picture = match self.of.as_ref() {
            Shown::Heatmap(request::Heatmap { plane, part, size, look, over_photo }) => {
                let run = session.run(plane.run)?;
                let array = run.plane(*plane)?;
                let shape = array.shape;
                // The colors of the cells, so that the scale beside them holds for both.
                let (columns, rows) = *size;
                let grid = Grid { columns, rows, blocks: look.blocks };
                let seen = match part {
                    Some(_) => array.map(0).to_vec(),
                    None => grid.drawn(array.map(0), (shape.h, shape.w)),
                };
                let colors = run.colors(*plane, &seen, *look)?;
                let all = Part { rows: (0, shape.h), columns: (0, shape.w) };
                let part = part.unwrap_or(all);
                let held = over_photo.map(|_| session.input(plane.run.input)).transpose()?;
                let photo = held.as_ref().map(|held| held.photo()).transpose()?;
                let photo = photo.map(|photo| below(photo, part, shape));
                // No finer than the photo itself.
                let most = photo
                    .as_ref()
                    .map_or(room, |photo| (room.0.min(photo.width), room.1.min(photo.height)));
                let (h, w) = part.extent();
                let values = part.of(array.map(0), shape.w);
                let scale = whole(most, w, h);
                map_picture(&values, (h, w), colors, photo.as_ref().zip(*over_photo), scale)
            }
            Shown::Kernel(request::Kernel { kernel, look, .. }) => {
                let all = session.kernels(kernel.network, kernel.layer)?;
                let [h, w] = all.info.extent(kernel.slice);
                all.picture(kernel.kernel, kernel.slice, *look, whole(room, w, h))?
            }
            Shown::Photo(request::Photo { input, .. }) => {
                let held = session.input(*input)?;
                let photo = held.photo()?;
                photo.resize(room.0.min(photo.width), room.1.min(photo.height))
            }
            Shown::Sight(request::Sight { sight, .. }) => {
                let seen = session.sight(sight)?;
                // Grown smoothly by the terminal where it can; here, every pixel stays one.
                seen.resize(room.0.min(seen.width), room.1.min(seen.height))
            }
        };
        if let Some(mark) = self.mark {
            draw(&mut picture, mark);
        }
        Ok(Arc::new(picture))
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
