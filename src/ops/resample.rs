//! Maps whose rows and columns are sums of other rows and columns, with weights that no value changes.

use candle_core::{DType, Result, Tensor};

/// For each output along an axis the inputs that it is made of.
pub struct Sampling {
    from: usize,
    taps: Vec<Vec<(usize, f64)>>,
}

impl Sampling {
    /// Of `from` inputs; for each output the inputs and their weights.
    pub fn new(from: usize, taps: Vec<Vec<(usize, f64)>>) -> Self {
        Self { from, taps }
    }

    /// Where each output is a copy of one input: of which.
    fn copies(&self) -> Option<Vec<u32>> {
        let copy = |taps: &Vec<(usize, f64)>| match taps.as_slice() {
            [(at, 1.0)] => Some(*at as u32),
            _ => None,
        };
        self.taps.iter().map(copy).collect()
    }

    /// `[from, to]`, in the precision of a tensor, where it is.
    fn matrix(&self, like: &Tensor) -> Result<Tensor> {
        let to = self.taps.len();
        let mut values = vec![0.0; self.from * to];
        for (i, taps) in self.taps.iter().enumerate() {
            for (at, weight) in taps {
                values[at * to + i] += weight;
            }
        }
        // Not every device has float64: narrowed before it gets there.
        let matrix = Tensor::from_vec(values, (self.from, to), &candle_core::Device::Cpu)?;
        matrix.to_dtype(wide(like))?.to_device(like.device())
    }
}

/// Half precision in float32.
fn wide(like: &Tensor) -> DType {
    if like.dtype().size_in_bytes() < 4 { DType::F32 } else { like.dtype() }
}

/// Rows, then columns, of `[N, C, H, W]`.
pub fn forward(x: &Tensor, [rows, columns]: &[Sampling; 2]) -> Result<Tensor> {
    if let (Some(rows), Some(columns)) = (rows.copies(), columns.copies()) {
        // Nothing is multiplied: an infinity stays where it is.
        let at = x.contiguous()?.index_select(&Tensor::new(rows, x.device())?, 2)?;
        return at.index_select(&Tensor::new(columns, x.device())?, 3);
    }
    along(x, &rows.matrix(x)?, &columns.matrix(x)?)
}

/// The gradient at the input.
pub fn backward(g: &Tensor, [rows, columns]: &[Sampling; 2]) -> Result<Tensor> {
    along(g, &rows.matrix(g)?.t()?, &columns.matrix(g)?.t()?)
}

/// `[N, C, H, W]` by a matrix `[H, H']` and one `[W, W']`.
fn along(x: &Tensor, rows: &Tensor, columns: &Tensor) -> Result<Tensor> {
    let (n, c, h, w) = x.dims4()?;
    let (to_h, to_w) = (rows.dim(1)?, columns.dim(1)?);
    let at = x.to_dtype(rows.dtype())?.reshape((n * c * h, w))?.matmul(&columns.contiguous()?)?;
    let at = at.reshape((n * c, h, to_w))?.transpose(1, 2)?.contiguous()?;
    let at = at.reshape((n * c * to_w, h))?.matmul(&rows.contiguous()?)?;
    let at = at.reshape((n * c, to_w, to_h))?.transpose(1, 2)?.contiguous()?;
    at.reshape((n, c, to_h, to_w))?.to_dtype(x.dtype())
}
