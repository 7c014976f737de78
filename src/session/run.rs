//! One run of a network: its capture, what is known about it, and the colors of its maps.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};

use super::SessionError;
use super::ask::known::Outcome;
use super::ask::refs::{Plane, PlaneKind};
use super::difference::Difference;
use super::lock::lock;
use crate::analysis::LayerStatistics;
use crate::base::{Array, Colormap, LayerId, RangeMode, Shape};
use crate::engine::{Capture, Edits};
use crate::picture::{Look, Range, color};

/// A capture with the statistics that were asked for so far.
pub struct Run {
    /// Every layer's value.
    pub capture: Arc<dyn Capture>,
    /// By layer.
    pub statistics: Mutex<HashMap<LayerId, Arc<LayerStatistics>>>,
    /// What was told about it.
    pub outcome: Arc<Outcome>,
    /// The changes that went into it.
    pub edits: Edits,
    /// The run without them.
    pub base: Option<Arc<Self>>,
    /// What they changed, once it was looked at.
    difference: OnceLock<Arc<Self>>,
}

/// How a map is colored.
#[derive(Clone, Copy, Debug)]
pub struct Colors {
    /// The color map.
    pub map: Colormap,
    /// The values of its ends.
    pub range: Range,
    /// Where the range comes from.
    pub mode: RangeMode,
    /// Whether values below 0 were there to be told apart.
    pub signed: bool,
}

/// Colors in the scale that a heatmap brings along.
pub const SCALE: usize = 16;

/// That many colors of a color map, from the first to the last.
pub fn scale(map: Colormap, colors: usize) -> Vec<[u8; 3]> {
    (0..colors).map(|i| color(map, i as f32 / (colors - 1) as f32)).collect()
}

impl Run {
    /// Puts a run's parts together.
    pub fn new(
        capture: Arc<dyn Capture>,
        statistics: HashMap<LayerId, Arc<LayerStatistics>>,
        outcome: Arc<Outcome>,
    ) -> Self {
        let statistics = Mutex::new(statistics);
        Self {
            capture,
            statistics,
            outcome,
            edits: Vec::new(),
            base: None,
            difference: OnceLock::new(),
        }
    }

    /// What the changes did to every value, as a run of its own; zeros without any.
    pub fn difference(self: &Arc<Self>) -> Arc<Self> {
        let less = self.base.as_ref().unwrap_or(self).capture.clone();
        let make = || {
            let capture = Difference { of: self.capture.clone(), less };
            Arc::new(Self::new(Arc::new(capture), HashMap::new(), self.outcome.clone()))
        };
        self.difference.get_or_init(make).clone()
    }

    /// The statistics of a layer.
    pub fn statistics(&self, layer: LayerId) -> Result<Arc<LayerStatistics>, SessionError> {
        if let Some(known) = lock(&self.statistics).get(&layer) {
            return Ok(known.clone());
        }
        let of = Arc::new(LayerStatistics::of(self.capture.as_ref(), layer)?);
        lock(&self.statistics).insert(layer, of.clone());
        Ok(of)
    }

    /// The values of a map: `[1, 1, H, W]`.
    pub fn plane(&self, plane: Plane) -> Result<Array, SessionError> {
        Ok(match plane.what {
            PlaneKind::Channel(channel) => self.capture.read(plane.layer, &[channel])?,
            PlaneKind::Combined(how) => self.capture.combine(plane.layer, how)?,
        })
    }

    /// The colors of a map whose values are drawn so: one rule for every view and command. Percentiles are those of the
    /// values that are drawn, which are means where there is less room than values.
    pub fn colors(&self, plane: Plane, drawn: &[f32], look: Look) -> Result<Colors, SessionError> {
        let layer = self.statistics(plane.layer)?;
        let own = Range::spanning(drawn);
        let (all, signed, mode) = match (plane.what, look.range) {
            // A combination has its own scale: the channels' range says nothing about it.
            (PlaneKind::Combined(_), RangeMode::Layer) => (own, own.low < 0.0, RangeMode::Map),
            (PlaneKind::Combined(_), mode) => (own, own.low < 0.0, mode),
            (PlaneKind::Channel(_), mode) => {
                let all = Range { low: layer.total.min, high: layer.total.max };
                // A map of one value has a color only against the others.
                let shape = self.capture.shape(plane.layer)?;
                let mode = if shape.area() == 1 { RangeMode::Layer } else { mode };
                (all, layer.is_signed(), mode)
            }
        };
        let (map, range) = Look { range: mode, ..look }.range_for(drawn, all, signed);
        Ok(Colors { map, range, mode, signed })
    }

    /// The values of some maps of a layer, or of all its channels: `[1, maps, H, W]`.
    pub fn values(
        &self,
        layer: LayerId,
        maps: Option<&[PlaneKind]>,
    ) -> Result<Arc<Array>, SessionError> {
        let Some(maps) = maps else { return Ok(Arc::new(self.capture.read_all(layer)?)) };
        let mut data = Vec::new();
        let shape = self.capture.shape(layer)?;
        for what in maps {
            let run = self.outcome.run;
            data.extend_from_slice(self.plane(Plane { run, layer, what: *what })?.map(0));
        }
        Ok(Arc::new(Array { shape: Shape { n: 1, c: maps.len(), ..shape }, data }))
    }
}
