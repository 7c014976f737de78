//! An operation that this backend does not compute itself: its reference does, on plain tensors.

use std::sync::OnceLock;

use candle_core::{DType, Device, Result, Tensor};

use super::kernel::{Kernel, Needs, Record};
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

fn tensor(on: &Cores, value: &Blocked) -> Result<Tensor> {
    let Array { shape, data } = convert::whole(on, value);
    Tensor::from_vec(data, shape.dims(), &Device::Cpu)
}

fn fill(on: &Cores, tensor: &Tensor, to: &mut Blocked) -> Result<()> {
    let data = tensor.flatten_all()?.to_vec1()?;
    convert::fill(on, &Array { shape: to.layout().shape, data }, to);
    Ok(())
}

impl Kernel for Handed {
    fn forward(&self, on: &Cores, inputs: &[&Blocked], out: &mut Blocked) -> Result<()> {
        let inputs: Vec<Tensor> = inputs.iter().map(|x| tensor(on, x)).collect::<Result<_>>()?;
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
        let dims: Vec<Dims> = run.shapes.iter().map(|shape| (*shape).into()).collect();
        let inputs: Vec<Tensor> =
            run.inputs.iter().map(|x| tensor(on, x)).collect::<Result<_>>()?;
        let output = run.output.map(|output| tensor(on, output)).transpose()?;
        let record = ops::Record {
            dims: &dims,
            inputs: &inputs,
            output: output.as_ref(),
            rule: run.rule,
            once: &self.once,
        };
        fill(on, &self.op.backward(which, &tensor(on, g)?, &record)?, to)
    }
}
