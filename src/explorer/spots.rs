//! Where real pictures stand, on terminals that show them.
//!
//! Block characters stand there at once; a picture is asked for when no key was pressed for a while, and
//! stays for as long as the screen wants the very same one.

use super::State;
use super::views::Picture;
use crate::base::Rect;
use crate::session::ask::{Answer, Mark, Picture as Pixels, Request, request};

/// Most pixels of all pictures on the screen: those of a 4K screen. Larger ones lose detail, not memory.
const MOST_PIXELS: f64 = (1 << 23) as f64;

/// A place for a real picture.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Spot {
    /// Where.
    pub rect: Rect,
    /// What is asked for it.
    pub request: Request,
}

impl State {
    /// Every place for a picture on the screen as it is now; none where something stands over it, or
    /// where the terminal shows no pictures.
    pub fn spots(&self) -> Vec<Spot> {
        let Some(cell) = self.terminal.cell_pixels else { return Vec::new() };
        if self.overlay.is_some() || self.display.inspector_over {
            return Vec::new();
        }
        let mut pictures = self.view().pictures(self);
        pictures.extend(self.photo_picture());
        let cells = |rect: &Rect| f64::from(rect.width) * f64::from(rect.height);
        let all: f64 = pictures.iter().map(|picture| cells(&picture.rect)).sum();
        let pixels = all * f64::from(cell.0) * f64::from(cell.1);
        let scale = (MOST_PIXELS / pixels.max(1.0)).sqrt().min(1.0);
        let spot = |Picture { rect, of, mark }: Picture| {
            let extent = |cells: u16, pixels: u16| {
                (f64::from(cells) * f64::from(pixels) * scale).clamp(1.0, f64::from(u16::MAX))
                    as u16
            };
            let pixels = (extent(rect.width, cell.0), extent(rect.height, cell.1));
            Spot { rect, request: request::Raster { of: Box::new(of), pixels, mark }.into() }
        };
        pictures.into_iter().map(spot).collect()
    }

    /// The photo in the inspector with the receptive field.
    fn photo_picture(&self) -> Option<Picture> {
        let rect = self.photo_place()?;
        let of = self.photo_request()?.into();
        let shape = self.shown.input.as_ref()?.shape;
        let mark =
            self.field_box().map(|(rows, columns)| Mark { rows, columns, of: (shape.h, shape.w) });
        Some(Picture { rect, of, mark })
    }

    /// The pixels for a spot, where they are known.
    pub fn pixels(&self, spot: &Spot) -> Option<&std::sync::Arc<Pixels>> {
        match self.answers.get(&spot.request)? {
            Answer::Picture(picture) => Some(picture),
            _ => None,
        }
    }
}
