//! The weights of a convolution as pictures.

use std::sync::Arc;

use candle_core::DType;

use super::SessionError;
use super::answer::{SCALE, Session, lock};
use super::ask::{CellSize, Heatmap, Look, NetworkId};
use crate::base::{Array, Colormap, LayerId, RangeMode, Shape};
use crate::model::Op;
use crate::picture::{Cells, Grid, Picture, Range, color, invalid};

/// What is known about the weights of a convolution.
#[derive(Clone, Debug, PartialEq)]
pub struct KernelInfo {
    /// The convolution.
    pub layer: LayerId,
    /// `[C_out, C_in / groups, kh, kw]`.
    pub shape: [usize; 4],
    /// Three inputs: a kernel is a picture in colours.
    pub color: bool,
    /// The Euclidean norm of each kernel.
    pub norms: Vec<f32>,
    /// The least and the largest weight.
    pub range: Range,
}

/// Which inputs of a kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Slice {
    /// All three as red, green and blue: grey is 0.
    Color,
    /// One of them.
    Input(usize),
}

/// A kernel, or a slice of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KernelRef {
    /// The network.
    pub network: NetworkId,
    /// The convolution, or a layer whose channels it makes.
    pub layer: LayerId,
    /// The output channel.
    pub kernel: usize,
    /// Which of its inputs.
    pub slice: Slice,
}

/// The weights of a convolution in float32.
pub struct Kernels {
    network: NetworkId,
    /// What others may know.
    pub info: Arc<KernelInfo>,
    weights: Array,
}

impl Kernels {
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

    /// The weights of a slice, rows innermost; of all three colours, one behind the other.
    fn slice(&self, kernel: usize, slice: Slice) -> Result<&[f32], SessionError> {
        let [_, inside, h, w] = self.info.shape;
        let all = self.kernel(kernel)?;
        let found = match slice {
            Slice::Color => Some(all).filter(|_| self.info.color),
            Slice::Input(input) => all.get(input * h * w..(input + 1) * h * w),
        };
        found.ok_or_else(|| {
            SessionError::Unknown(format!(
                "a kernel of this layer has the inputs 0 to {}",
                inside - 1
            ))
        })
    }

    /// The colour map and the range of a slice. Weights are signed; the middle colour is 0.
    fn colours(&self, values: &[f32], look: Look) -> (Colormap, Range) {
        // One weight is no picture by itself: only against the others it has a colour.
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
        let [_, _, h, w] = self.info.shape;
        let values = self.slice(kernel, slice)?;
        let (map, range) = self.colours(values, look);
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

    fn heatmap(
        &self,
        of: KernelRef,
        (columns, rows): CellSize,
        look: Look,
    ) -> Result<Heatmap, SessionError> {
        let [_, _, h, w] = self.info.shape;
        let values = self.slice(of.kernel, of.slice)?;
        let (colormap, range) = self.colours(values, look);
        let grid = Grid { columns, rows, blocks: look.blocks };
        let (_, mode) = look.resolve(true);
        let invalid = invalid(values);
        let (cells, scale, range) = if of.slice == Slice::Color {
            let picture = self.picture(of.kernel, of.slice, look, 1)?;
            (Cells::photo(&picture, grid), Vec::new(), range.symmetric())
        } else {
            let scale = (0..SCALE).map(|i| color(colormap, i as f32 / (SCALE - 1) as f32));
            let cells = Cells::heatmap(&grid.drawn(values, (h, w)), grid, colormap, range, None);
            (cells, scale.collect(), range)
        };
        Ok(Heatmap { cells, range, colormap, mode, signed: true, scale, invalid })
    }
}

impl Session {
    /// The weights behind a layer's channels.
    pub(super) fn kernels(
        &self,
        network: NetworkId,
        layer: LayerId,
    ) -> Result<Arc<Kernels>, SessionError> {
        let graph = &self.network(network)?.graph;
        let name = graph.nodes.get(layer.0).map_or("", |node| &node.name);
        let missing =
            || SessionError::Unknown(format!("{name} has no kernels: it is no convolution"));
        let layer = graph.kernels_of(layer).ok_or_else(missing)?;
        let mut held = lock(&self.weights);
        if let Some(known) = held.as_ref().filter(|k| k.network == network && k.info.layer == layer)
        {
            return Ok(known.clone());
        }
        let Some(Op::Conv(conv)) = graph.nodes.get(layer.0).map(|node| &node.op) else {
            return Err(missing());
        };
        let failed = |e: candle_core::Error| SessionError::Failed(e.to_string());
        let (out, inside, h, w) = conv.weight.dims4().map_err(failed)?;
        let flat = conv.weight.to_dtype(DType::F32).and_then(|t| t.flatten_all());
        let data = flat.and_then(|t| t.to_vec1::<f32>()).map_err(failed)?;
        let norm = |kernel: &[f32]| {
            kernel.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>().sqrt() as f32
        };
        let info = KernelInfo {
            layer,
            shape: [out, inside, h, w],
            color: inside == 3 && h * w > 1,
            norms: data.chunks((inside * h * w).max(1)).map(norm).collect(),
            range: Range::spanning(&data),
        };
        let weights = Array { shape: Shape::new(out, inside, h, w), data };
        let kernels = Arc::new(Kernels { network, info: Arc::new(info), weights });
        *held = Some(kernels.clone());
        Ok(kernels)
    }

    pub(super) fn kernel(
        &self,
        of: KernelRef,
        size: CellSize,
        look: Look,
    ) -> Result<Arc<Heatmap>, SessionError> {
        Ok(Arc::new(self.kernels(of.network, of.layer)?.heatmap(of, size, look)?))
    }
}
