//! Where real pictures stand, on terminals that show them.
//!
//! Block characters stand there at once; a picture is asked for when no key was pressed for a while, and
//! stays for as long as the screen wants the very same one.

use super::State;
use super::views::Picture;
use crate::base::Rect;
use crate::session::ask::{Answer, Mark, Picture as Pixels, Request};

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
        let Some(cell) = self.real else { return Vec::new() };
        if self.overlay.is_some() || self.inspector_over {
            return Vec::new();
        }
        let spot = |Picture { rect, of, mark }: Picture| {
            let pixels = (rect.width.saturating_mul(cell.0), rect.height.saturating_mul(cell.1));
            Spot { rect, request: Request::Raster { of: Box::new(of), pixels, mark } }
        };
        let photo = self.photo_picture();
        self.view().pictures(self).into_iter().chain(photo).map(spot).collect()
    }

    /// The photo in the inspector with the receptive field.
    fn photo_picture(&self) -> Option<Picture> {
        let rect = self.photo_place()?;
        let of = self.photo_request()?;
        let shape = self.input.as_ref()?.shape;
        let mark =
            self.field_box().map(|(rows, columns)| Mark { rows, columns, of: (shape.h, shape.w) });
        Some(Picture { rect, of, mark })
    }

    /// The pixels for a spot, where they are known.
    pub fn pixels(&self, spot: &Spot) -> Option<&std::sync::Arc<Pixels>> {
        match self.known.get(&spot.request)? {
            Answer::Picture(picture) => Some(picture),
            _ => None,
        }
    }
}
