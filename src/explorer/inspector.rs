//! What the inspector shows besides what the state knows already: the photo and a histogram.

use super::views::ViewId;
use super::{Layout, State};
use crate::base::Rect;
use crate::session::ask::{Answer, Cells, Histogram, Plane, PlaneKind, Request, request};

/// Bins of the histogram: one for each column of the pane.
const BINS: usize = 24;
/// Columns of the photo: the inside of the pane.
const PHOTO_WIDTH: u16 = 24;

impl State {
    /// Whether the inspector's pane is on the screen.
    pub fn inspector_visible(&self) -> bool {
        self.display.inspector_over || Layout::of(self).is_some_and(|l| !l.inspector.is_empty())
    }

    /// Columns and rows of the photo in the inspector; `None` where the view shows the photo itself.
    pub fn photo_size(&self) -> Option<(u16, u16)> {
        if matches!(self.view, ViewId::Explain | ViewId::Rebuild) {
            return None;
        }
        let shape = self.shown.input.as_ref()?.shape;
        let room = Layout::of(self)?.view.height / 3;
        let (h, w) = (shape.h.max(1) as f32, shape.w.max(1) as f32);
        let columns =
            f32::from(PHOTO_WIDTH).min(f32::from(room) * self.terminal.cell_aspect * w / h);
        let rows = columns * h / w / self.terminal.cell_aspect;
        Some(((columns as u16).max(1), (rows.round() as u16).max(1)))
    }

    /// Where the photo stands in the inspector's pane.
    pub fn photo_place(&self) -> Option<Rect> {
        let pane = Layout::of(self)?.inspector;
        let (columns, rows) = self.photo_size()?;
        if pane.is_empty() {
            return None;
        }
        let inner = pane.inner();
        let rows = rows.min(inner.height);
        Some(Rect::new(inner.x, inner.y, inner.width, rows).centred(columns, rows))
    }

    pub(super) fn inspector_wants(&self, plane: Plane) -> Vec<Request> {
        if !self.inspector_visible() {
            return Vec::new();
        }
        let photo = self.photo_request().map(Request::from);
        photo.into_iter().chain([request::Histogram { plane, bins: BINS }.into()]).collect()
    }

    pub(super) fn photo_request(&self) -> Option<request::Photo> {
        let input = self.shown.input.as_ref().filter(|i| i.placement.is_some())?;
        let (size, blocks) = (self.photo_size()?, self.display.look.blocks);
        Some(request::Photo { input: input.id, size, blocks })
    }

    /// The photo in the inspector, where it is known.
    pub fn photo_cells(&self) -> Option<&Cells> {
        match self.answers.get(&self.photo_request()?.into())? {
            Answer::Photo(cells) => Some(cells),
            _ => None,
        }
    }

    /// The histogram of the chosen channel, where it is known.
    pub fn histogram(&self) -> Option<&Histogram> {
        let what = PlaneKind::Channel(self.cursor.channel);
        let plane = Plane { run: self.run()?, layer: self.cursor.layer, what };
        match self.answers.get(&request::Histogram { plane, bins: BINS }.into())? {
            Answer::Histogram(histogram) => Some(histogram),
            _ => None,
        }
    }

    /// The input rows and columns (first, past the last) that the unit in question sees.
    pub fn field_box(&self) -> Option<((usize, usize), (usize, usize))> {
        let (layer, input) = (self.layer_info()?, self.shown.input.as_ref()?);
        let (row, column) = self.view().unit(self);
        let rows = layer.field.rows.range(row, input.shape.h);
        let columns = layer.field.columns.range(column, input.shape.w);
        Some((rows, columns))
    }
}
