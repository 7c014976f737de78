//! What the inspector shows besides what the state knows already: the photo and a histogram.

use super::views::ViewId;
use super::{Layout, State};
use crate::base::Rect;
use crate::session::ask::{Answer, Cells, Histogram, Plane, PlaneKind, Request, request};

/// Bins of the histogram: one for each column of the pane.
const BINS: usize = 24;
/// Columns of the photo: the inside of the pane.
const PHOTO_WIDTH: u16 = 24;

/// Rows of classes where nothing is explained.
const CLASSES: usize = 5;

/// The classes in the inspector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClassRows {
    /// The place of the class in the first row among all, the likeliest first.
    pub first: usize,
    /// A row for each class; the title has the one above.
    pub rows: Rect,
}

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

    /// Where the inspector stands: in its pane, or over the view.
    pub fn inspector_place(&self) -> Option<Rect> {
        let layout = Layout::of(self)?;
        match (layout.inspector.is_empty(), self.display.inspector_over) {
            (false, _) => Some(layout.inspector),
            (true, true) => Some(layout.inspector_overlay()),
            (true, false) => None,
        }
    }

    /// Where the photo stands in the inspector.
    pub fn photo_place(&self) -> Option<Rect> {
        let inner = self.inspector_place()?.inner();
        let (columns, rows) = self.photo_size()?;
        let rows = rows.min(inner.height);
        Some(Rect::new(inner.x, inner.y, inner.width, rows).centered(columns, rows))
    }

    /// Where the classes stand in the inspector: the likeliest, or those about the chosen one.
    pub fn class_rows(&self) -> Option<ClassRows> {
        let inner = self.inspector_place()?.inner();
        let classes = self.shown.outcome.as_ref()?.ranked.len();
        let photo = self.photo_place().map_or(0, |photo| photo.height);
        // Below the photo there is a line with a title.
        let (_, room) = inner.split_top(photo + 1);
        if room.is_empty() || classes == 0 {
            return None;
        }
        let most =
            if self.explains() { usize::from(room.height / 2).max(CLASSES) } else { CLASSES };
        let count = most.min(classes).min(usize::from(room.height));
        let chosen = self.class_place().unwrap_or(0);
        let first = if chosen < count { 0 } else { chosen - count / 2 };
        let rows = Rect::new(room.x, room.y, room.width, count as u16);
        Some(ClassRows { first: first.min(classes - count), rows })
    }

    /// The unit whose receptive field has its center nearest to a cell of the photo in the inspector.
    pub(super) fn unit_below(&self, x: u16, y: u16) -> Option<(usize, usize)> {
        let place = self.photo_place().filter(|place| place.contains(x, y))?;
        let (layer, input) = (self.layer_info()?, self.shown.input.as_ref()?.shape);
        let position = |cell: u16, cells: u16, length: usize| {
            (f32::from(cell) + 0.5) / f32::from(cells) * length as f32
        };
        let row = position(y - place.y, place.height, input.h);
        let column = position(x - place.x, place.width, input.w);
        Some((
            layer.field.rows.unit_at(row, layer.shape.h),
            layer.field.columns.unit_at(column, layer.shape.w),
        ))
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
