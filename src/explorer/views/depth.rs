//! How layers change with depth: a bar for each layer in five charts over one axis.

use super::{Move, View, ViewId};
use crate::base::{LayerId, Rect};
use crate::explorer::{Effect, Layout, State};
use crate::session::ask::{LayerInfo, LayerSummary, Request};

/// The charts.
pub struct Depth;

/// What a chart shows of each layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chart {
    /// The fraction of values that are exactly 0.
    Zeros,
    /// The mean of all values.
    Mean,
    /// The largest value.
    Max,
    /// The fraction of channels without a value above 0.
    Dead,
    /// Values in the layer.
    Size,
}

impl Chart {
    /// From the top of the screen.
    pub const ALL: [Self; 5] = [Self::Zeros, Self::Mean, Self::Max, Self::Dead, Self::Size];

    /// Its name on the screen and in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Zeros => "zeros",
            Self::Mean => "mean",
            Self::Max => "max",
            Self::Dead => "dead",
            Self::Size => "values",
        }
    }

    /// The number of one layer.
    pub fn value(self, layer: &LayerInfo, of: &LayerSummary) -> f32 {
        match self {
            Self::Zeros => of.sparsity,
            Self::Mean => of.mean,
            Self::Max => of.max,
            Self::Dead => of.dead as f32 / layer.shape.c.max(1) as f32,
            Self::Size => layer.shape.len() as f32,
        }
    }
}

/// Columns that one layer has, and the first layer's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Axis {
    /// Where the bars stand.
    pub rect: Rect,
    layers: usize,
}

impl Axis {
    /// The columns of a layer: first and the one past the last. With more layers than columns,
    /// neighbors share one.
    pub fn columns(&self, layer: usize) -> (u16, u16) {
        let width = usize::from(self.rect.width);
        let at = |i: usize| (i * width / self.layers.max(1)).min(width) as u16;
        let first = at(layer);
        (self.rect.x + first, self.rect.x + at(layer + 1).max(first + 1))
    }

    /// The layers that share the columns of a layer, itself among them.
    pub fn merged(&self, layer: usize) -> Option<std::ops::Range<usize>> {
        let columns = self.columns(layer);
        let first = (0..self.layers).find(|other| self.columns(*other) == columns)?;
        let last = (0..self.layers).rfind(|other| self.columns(*other) == columns)?;
        Some(first..last + 1)
    }

    /// The layer at a column, the first of those that share it.
    fn layer_at(&self, x: u16) -> Option<usize> {
        (0..self.layers).find(|layer| {
            let (first, end) = self.columns(*layer);
            (first..end).contains(&x)
        })
    }
}

/// Where the bars stand: names at the left, numbers at the right.
pub fn axis(state: &State) -> Option<Axis> {
    let area = Layout::of(state)?.view.inner();
    let (left, right) = if area.width > 40 { (7, 9) } else { (0, 0) };
    let width = area.width.saturating_sub(left + right);
    let rect = Rect::new(area.x + left, area.y, width, area.height);
    Some(Axis { rect, layers: state.layers().len() })
}

/// The numbers of all layers as a table of values between commas.
pub fn table(state: &State) -> String {
    let names: Vec<&str> = Chart::ALL.iter().map(|chart| chart.name()).collect();
    let mut text = format!("layer,{}\n", names.join(","));
    for layer in state.layers() {
        let Some(of) = state.summary(layer.id) else { continue };
        let numbers = Chart::ALL.map(|chart| chart.value(layer, &of).to_string());
        text += &format!("{},{}\n", layer.name, numbers.join(","));
    }
    text
}

impl View for Depth {
    fn wants(&self, _: &State) -> Vec<Request> {
        Vec::new()
    }

    fn go(&self, state: &mut State, to: Move) {
        let Some(last) = state.layers().len().checked_sub(1) else { return };
        let now = state.cursor.layer.0;
        let page = last / 10 + 1;
        let wanted = match to {
            Move::Left => now.saturating_sub(1),
            Move::Right => (now + 1).min(last),
            Move::First => 0,
            Move::Last => last,
            Move::PageUp => now.saturating_sub(page),
            Move::PageDown => (now + page).min(last),
            Move::Up => state.stage_step(false).map_or(now, |layer| layer.0),
            Move::Down => state.stage_step(true).map_or(now, |layer| layer.0),
        };
        state.go_to_layer(LayerId(wanted));
        state.reveal();
    }

    fn open(&self, state: &mut State) -> Vec<Effect> {
        state.show_view(ViewId::Maps);
        Vec::new()
    }

    fn press(&self, state: &mut State, x: u16, _: u16) {
        if let Some(layer) = axis(state).and_then(|axis| axis.layer_at(x)) {
            state.go_to_layer(LayerId(layer));
            state.reveal();
        }
    }
}
