//! Where networks run: which devices there are, which one is taken, and why.
//!
//! On a CPU float32 runs on the fast backend, everything else on the portable one. [`Machine`] is what this
//! computer has; the session asks the trait [`Devices`], so that tests can
//! give it a GPU that fails.

mod choose;
mod cpu;
mod cuda;
mod metal;

use std::fmt;
use std::sync::{Arc, OnceLock};

use candle_core::{DType, Device};

pub use choose::list;
pub use cpu::isa;

use super::fast::kernels::Team;
use super::fast::{Cores, Fast};
use super::portable::Portable;
use super::{Backend, EngineError};
use crate::base::{DeviceChoice, Dtype, clean, count};
use crate::model::Graph;

/// What kind of device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceKind {
    /// The processor.
    Cpu,
    /// A GPU of NVIDIA.
    Cuda,
    /// The GPU of a Mac.
    Metal,
}

/// A device as people know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceInfo {
    /// What kind.
    pub kind: DeviceKind,
    /// Its number among the visible ones of its kind (CUDA_VISIBLE_DEVICES renumbers).
    pub index: usize,
    /// What its driver calls it; for the CPU, its threads.
    pub name: String,
    /// Free memory in bytes, where it is known.
    pub free_bytes: Option<usize>,
    /// All memory in bytes, where it is known.
    pub total_bytes: Option<usize>,
}

impl fmt::Display for DeviceInfo {
    /// The form in which it is asked for: `cpu`, `cuda:0`, `metal`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            DeviceKind::Cpu => f.write_str("cpu"),
            DeviceKind::Cuda => write!(f, "cuda:{}", self.index),
            DeviceKind::Metal => f.write_str("metal"),
        }
    }
}

/// A device that was taken, and the precision that networks run in there.
#[derive(Clone, Debug)]
pub struct Chosen {
    /// candle's handle.
    pub device: Device,
    /// What it is.
    pub what: DeviceInfo,
    /// The precision.
    pub dtype: Dtype,
    /// Why this one: `cuda:1, most free memory (31 of 80 GiB)`, `cpu: built without cuda`.
    pub why: String,
}

impl Chosen {
    /// For the title: `cuda:0 A100 f16`, `cpu 2 threads f32`.
    pub fn label(&self) -> String {
        format!("{} {} {}", self.what, clean(&self.what.name), self.dtype)
    }

    /// Whether both compute at one place in one precision, so that their values may be mixed.
    pub fn is_same(&self, other: &Self) -> bool {
        let place = |c: &Self| (c.what.kind, c.what.index, c.dtype);
        place(self) == place(other)
    }

    /// Whether values may be further from the exact ones than float32 is. cuDNN takes TF32 by itself;
    /// cuBLAS, which runs convolutions without it, only when asked, and nobody asks.
    pub fn approximate(&self) -> bool {
        self.dtype.is_narrow() || (self.what.kind == DeviceKind::Cuda && cfg!(feature = "cudnn"))
    }

    /// The precision as candle names it.
    pub const fn candle_dtype(&self) -> DType {
        match self.dtype {
            Dtype::F32 => DType::F32,
            Dtype::F64 => DType::F64,
            Dtype::F16 => DType::F16,
            Dtype::BF16 => DType::BF16,
        }
    }
}

/// Picks devices and makes networks ready on them.
pub trait Devices: Send + Sync + fmt::Debug {
    /// Takes a device for runs in that precision.
    ///
    /// # Errors
    /// When a device that was asked for by name cannot be had or does not compute in that precision.
    fn choose(&self, choice: DeviceChoice, dtype: Dtype) -> Result<Chosen, EngineError>;

    /// Makes a network ready there. `memory` bounds the bytes that one capture holds.
    ///
    /// # Errors
    /// When the weights cannot be converted or do not fit the device.
    fn backend(
        &self,
        graph: &Arc<Graph>,
        on: &Chosen,
        memory: usize,
    ) -> Result<Arc<dyn Backend>, EngineError>;
}

/// The devices of this computer.
#[derive(Clone, Debug)]
pub struct Machine {
    threads: usize,
    /// The threads of the fast backend, from the first network on; all networks share them.
    cores: Arc<OnceLock<Arc<Cores>>>,
}

impl Machine {
    /// With that many threads on the CPU; 0 is one for each core.
    pub fn new(threads: usize) -> Self {
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        let threads = if threads == 0 { cores() } else { threads };
        Self { threads, cores: Arc::default() }
    }

    /// The instructions that are used and the threads.
    fn cores(&self) -> Result<Arc<Cores>, EngineError> {
        if let Some(cores) = self.cores.get() {
            return Ok(cores.clone());
        }
        let cores = Cores { isa: cpu::isa()?, team: Team::new(self.threads) };
        Ok(self.cores.get_or_init(|| Arc::new(cores)).clone())
    }

    fn cpu(&self) -> DeviceInfo {
        DeviceInfo {
            kind: DeviceKind::Cpu,
            index: 0,
            name: count(self.threads, "thread"),
            free_bytes: None,
            total_bytes: None,
        }
    }
}

impl Devices for Machine {
    fn choose(&self, choice: DeviceChoice, dtype: Dtype) -> Result<Chosen, EngineError> {
        choose::choose(choice, dtype, self.cpu())
    }

    fn backend(
        &self,
        graph: &Arc<Graph>,
        on: &Chosen,
        memory: usize,
    ) -> Result<Arc<dyn Backend>, EngineError> {
        if on.what.kind == DeviceKind::Cpu && on.dtype == Dtype::F32 {
            let backend = Fast::new(graph.clone(), self.cores()?)?;
            return Ok(Arc::new(backend.with_memory(memory)));
        }
        let backend = Portable::new(graph.clone(), on.candle_dtype(), on.device.clone())?;
        Ok(Arc::new(backend.with_memory(memory)))
    }
}
