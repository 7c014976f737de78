//! An operation that this backend does not compute itself: its reference does, on plain tensors.

use std::sync::OnceLock;

use candle_core::{DType, Device, Result, Tensor};

use super::kernel::{Extents, Kernel, Needs, Record};
use crate::base::Array;
use crate::engine::fast::conv::Cores;
use crate::engine::fast::convert;
use crate::engine::fast::pool::Blocked;
use crate::ops::{self, Dims, Op, Place, Reads, ReluRule};

struct Handed {
    op: Op,
    once: OnceLock<Tensor>,
}

/// An operation made ready to be handed over.
pub fn kernel(op: &Op) -> Result<Box<dyn Kernel>> {
    let place = Place { dtype: DType::F32, device: Device::Cpu };
    Ok(Box::new(Handed { op: op.prepare(&place)?, once: OnceLock::new() }))
}

fn tensor(on: &Cores, value: &Blocked, dims: &Dims) -> Result<Tensor> {
    let Array { data, .. } = convert::whole(on, value);
    Tensor::from_vec(data, dims.as_slice(), &Device::Cpu)
}

fn tensors<'b>(
    on: &Cores,
    values: impl Iterator<Item = &'b Blocked>,
    extents: &Extents,
) -> Result<Vec<Tensor>> {
    values.zip(&extents.inputs).map(|(value, dims)| tensor(on, value, dims)).collect()
}

fn fill(on: &Cores, tensor: &Tensor, to: &mut Blocked) -> Result<()> {
    let data = tensor.flatten_all()?.to_vec1()?;
    convert::fill(on, &Array { shape: to.layout().shape, data }, to);
    Ok(())
}

impl Kernel for Handed {
    fn forward(
        &self,
        on: &Cores,
        inputs: &[&Blocked],
        extents: &Extents,
        out: &mut Blocked,
    ) -> Result<()> {
        let inputs = tensors(on, inputs.iter().copied(), extents)?;
        fill(on, &self.op.forward(&inputs)?, out)
    }

    fn needs(&self, rule: ReluRule) -> Needs {
        let reads = self.op.reads(rule);
        Needs { inputs: reads == Reads::Inputs, output: reads == Reads::Output }
    }

    fn masks(&self) -> bool {
        false
    }

    fn backward(
        &self,
        on: &Cores,
        which: usize,
        g: &Blocked,
        run: &Record<'_>,
        to: &mut Blocked,
    ) -> Result<()> {
        let inputs = tensors(on, run.inputs.iter().map(AsRef::as_ref), run.extents)?;
        let out = &run.extents.output;
        let output = run.output.map(|output| tensor(on, output, out)).transpose()?;
        let record = ops::Record {
            dims: &run.extents.inputs,
            inputs: &inputs,
            output: output.as_ref(),
            rule: run.rule,
            once: &self.once,
        };
        fill(on, &self.op.backward(which, &tensor(on, g, out)?, &record)?, to)
    }
}
