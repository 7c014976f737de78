//! The weights of a convolution as numbers and as pictures.

use std::sync::Arc;

use super::SessionError;
use super::ask::known::{Heatmap, KernelInfo};
use super::ask::refs::{CellSize, KernelRef, NetworkId, Slice};
use super::run::{SCALE, scale};
use crate::base::{Array, Colormap, LayerId, RangeMode, Shape};
use crate::picture::{Cells, Grid, Look, Picture, Range, invalid};

/// The weights of a convolution in float32.
pub struct Kernels {
    /// The network.
    pub network: NetworkId,
    /// What others may know.
    pub info: Arc<KernelInfo>,
    weights: Array,
}

impl Kernels {
    /// The weights of that convolution, `[C_out, C_in / groups, kh, kw]`.
    pub fn new(network: NetworkId, layer: LayerId, weights: Array) -> Self {
        let Shape { n, c, h, w, .. } = weights.shape;
        let norm = |kernel: &[f32]| {
            kernel.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>().sqrt() as f32
        };
        let info = KernelInfo {
            layer,
            shape: [n, c, h, w],
            color: c == 3 && h * w > 1,
            norms: weights.data.chunks((c * h * w).max(1)).map(norm).collect(),
            range: Range::spanning(&weights.data),
        };
        Self { network, info: Arc::new(info), weights }
    }

    /// Some kernels, or all: `[n, C_in / groups, kh, kw]`.
    pub fn values(&self, kernels: Option<&[usize]>) -> Result<Array, SessionError> {
        let Some(kernels) = kernels else { return Ok(self.weights.clone()) };
        let mut data = Vec::new();
        for kernel in kernels {
            data.extend_from_slice(self.kernel(*kernel)?);
        }
        Ok(Array { shape: Shape { n: kernels.len(), ..self.weights.shape }, data })
    }

    fn kernel(&self, kernel: usize) -> Result<&[f32], SessionError> {
        let [out, inside, h, w] = self.info.shape;
        let size = inside * h * w;
        let missing = || SessionError::Unknown(format!("there is no kernel {kernel} of {out}"));
        self.weights.data.get(kernel * size..(kernel + 1) * size).ok_or_else(missing)
    }

    /// The weights of a slice, rows innermost; of all three colors, one after the other.
    fn slice(&self, kernel: usize, slice: Slice) -> Result<&[f32], SessionError> {
        let [_, inside, h, w] = self.info.shape;
        let found = match slice {
            Slice::Color => Some(self.kernel(kernel)?).filter(|_| self.info.color),
            Slice::Input(input) => self.kernel(kernel)?.get(input * h * w..(input + 1) * h * w),
            Slice::Matrix if self.info.is_matrix() => Some(self.weights.data.as_slice()),
            Slice::Matrix => {
                let words =
                    "the kernels of this layer are larger than 1x1: they are not one matrix";
                return Err(SessionError::Unknown(words.into()));
            }
        };
        found.ok_or_else(|| {
            SessionError::Unknown(format!(
                "a kernel of this layer has the inputs 0 to {}",
                inside - 1
            ))
        })
    }

    /// The color map and the range of a slice. Weights are signed; the middle color is 0.
    fn colors(&self, values: &[f32], look: Look) -> (Colormap, Range) {
        // One weight has a color only against the others.
        let range = if values.len() == 1 { RangeMode::Layer } else { look.range };
        Look { range, ..look }.range_for(values, self.info.range, true)
    }

    /// A slice in pixels, each weight a square of `scale` pixels.
    pub fn picture(
        &self,
        kernel: usize,
        slice: Slice,
        look: Look,
        scale: usize,
    ) -> Result<Picture, SessionError> {
        let [h, w] = self.info.extent(slice);
        let values = self.slice(kernel, slice)?;
        let (map, range) = self.colors(values, look);
        if slice != Slice::Color {
            return Ok(Picture::heatmap(values, h, w, map, range, scale));
        }
        let range = range.symmetric();
        let byte = |value: Option<&f32>| {
            let unit = value.and_then(|v| range.unit(*v)).unwrap_or(0.5);
            (unit * 255.0).round() as u8
        };
        let pixel = |at: usize| [0, 1, 2].map(|c| byte(values.get(c * h * w + at)));
        let picture = Picture { width: w, height: h, rgb: (0..h * w).map(pixel).collect() };
        Ok(picture.resize(w * scale, h * scale))
    }

    /// A slice in cells.
    pub fn heatmap(
        &self,
        of: KernelRef,
        (columns, rows): CellSize,
        look: Look,
    ) -> Result<Heatmap, SessionError> {
        let [h, w] = self.info.extent(of.slice);
        let values = self.slice(of.kernel, of.slice)?;
        let grid = Grid { columns, rows, blocks: look.blocks };
        let drawn = grid.drawn(values, (h, w));
        let (colormap, range) = self.colors(if h * w == 1 { values } else { &drawn }, look);
        let (_, mode) = look.resolve(true);
        let invalid = invalid(values);
        let (cells, scale, range) = if of.slice == Slice::Color {
            let picture = self.picture(of.kernel, of.slice, look, 1)?;
            (Cells::photo(&picture, grid), Vec::new(), range.symmetric())
        } else {
            let cells = Cells::heatmap(&drawn, grid, colormap, range, None);
            (cells, scale(colormap, SCALE), range)
        };
        Ok(Heatmap { cells, range, colormap, mode, signed: true, scale, invalid })
    }
}
