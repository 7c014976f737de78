//! Fixtures, backends, and the distance of two results.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use candle_core::{DType, Device, Tensor};
use convscope::base::{Array, Cancel, LayerId, Progress, Shape};
use convscope::engine::fast::kernels::{Isa, Team};
use convscope::engine::fast::{Cores, Fast};
use convscope::engine::portable::Portable;
use convscope::engine::{Backend, Capture, Edits, EngineError, Keep};
use convscope::import::resnet;
use convscope::model::Graph;
use convscope::source::Checkpoint;
use serde::Deserialize;
use serde::de::DeserializeOwned;

pub fn fixture(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "fixtures", name].iter().collect()
}

pub fn json<T: DeserializeOwned>(name: &str) -> T {
    serde_json::from_slice(&std::fs::read(fixture(name)).unwrap()).unwrap()
}

pub fn tensors(name: &str) -> HashMap<String, Tensor> {
    candle_core::safetensors::load(fixture(name), &Device::Cpu).unwrap()
}

/// A small network of `networks.json`.
#[derive(Deserialize)]
pub struct Case {
    pub name: String,
    pub classes: usize,
    pub input: [usize; 4],
    pub parameters: u64,
    pub nodes: Vec<String>,
}

impl Case {
    pub fn all() -> Vec<Self> {
        #[derive(Deserialize)]
        struct Networks {
            cases: Vec<Case>,
        }
        json::<Networks>("networks.json").cases
    }

    pub fn named(name: &str) -> Self {
        Self::all().into_iter().find(|case| case.name == name).unwrap()
    }

    pub fn graph(&self) -> Arc<Graph> {
        let file = fixture(&format!("net_{}.safetensors", self.name));
        Arc::new(
            resnet::build(&Checkpoint::read(&file).unwrap().load_all().unwrap().tensors).unwrap(),
        )
    }

    /// The `input` and PyTorch's value of every node, in float64.
    pub fn activations(&self) -> HashMap<String, Tensor> {
        tensors(&format!("acts_{}.safetensors", self.name))
    }

    pub fn input(&self) -> Array {
        array(&self.activations()["input"])
    }
}

/// What a network runs on: the portable backend in some precision, or the fast one with some instructions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum On {
    F64,
    F32,
    F16,
    Fast(Isa),
}

impl On {
    /// All that computes in float32: the portable backend, and the fast one with each instruction set that this
    /// machine has.
    pub fn single() -> Vec<Self> {
        let fast = Isa::available().into_iter().map(Self::Fast);
        [Self::F32].into_iter().chain(fast).collect()
    }

    /// Those, and the portable backend in float64.
    pub fn all() -> Vec<Self> {
        [Self::F64].into_iter().chain(Self::single()).collect()
    }

    /// The portable backend and the fast one as a user has it, where every instruction set would take too long.
    pub fn both() -> [Self; 2] {
        [Self::F32, Self::Fast(Isa::available()[0])]
    }
}

/// The threads of all fast backends with some instructions.
fn machine(isa: Isa) -> Arc<Cores> {
    static ALL: Mutex<Vec<Arc<Cores>>> = Mutex::new(Vec::new());
    let mut all = ALL.lock().unwrap();
    if let Some(machine) = all.iter().find(|machine| machine.isa == isa) {
        return machine.clone();
    }
    all.push(Arc::new(Cores { isa, team: Team::new(3) }));
    all.last().unwrap().clone()
}

pub fn backend(graph: &Arc<Graph>, on: On) -> Box<dyn Backend> {
    backend_within(graph, on, usize::MAX)
}

/// One whose captures hold so many bytes at most.
pub fn backend_within(graph: &Arc<Graph>, on: On, bytes: usize) -> Box<dyn Backend> {
    let portable = |dtype| {
        let backend = Portable::new(graph.clone(), dtype, Device::Cpu).unwrap();
        Box::new(backend.with_memory(bytes)) as Box<dyn Backend>
    };
    match on {
        On::F64 => portable(DType::F64),
        On::F32 => portable(DType::F32),
        On::F16 => portable(DType::F16),
        On::Fast(isa) => {
            Box::new(Fast::new(graph.clone(), machine(isa)).unwrap().with_memory(bytes))
        }
    }
}

pub fn run(
    backend: &dyn Backend,
    input: &Array,
    edits: &Edits,
) -> Result<Arc<dyn Capture>, EngineError> {
    backend.forward(input, edits, &Keep::All, &Cancel::new(), &mut Progress::none())
}

pub fn shape(tensor: &Tensor) -> Shape {
    match *tensor.dims() {
        [n, c] => Shape::flat(n, c),
        [n, c, h, w] => Shape::new(n, c, h, w),
        _ => panic!("{:?} is the shape of no value", tensor.dims()),
    }
}

pub fn array(tensor: &Tensor) -> Array {
    let data = values(tensor).into_iter().map(|value| value as f32).collect();
    Array::new(shape(tensor), data).unwrap()
}

pub fn values(tensor: &Tensor) -> Vec<f64> {
    tensor.to_dtype(DType::F64).unwrap().flatten_all().unwrap().to_vec1().unwrap()
}

/// `max |ours - reference| / max |reference|`.
pub fn gap(ours: &[f32], reference: &[f64]) -> f64 {
    assert_eq!(ours.len(), reference.len());
    let largest = reference.iter().fold(0.0, |most: f64, value| most.max(value.abs()));
    let off = ours.iter().zip(reference).map(|(a, b)| (f64::from(*a) - b).abs());
    match off.fold(0.0, f64::max) {
        0.0 => 0.0,
        most => most / largest,
    }
}

/// Bit for bit the same run: shapes and every value of every layer.
pub fn assert_same(a: &dyn Capture, b: &dyn Capture) {
    assert_eq!(a.shapes(), b.shapes());
    for layer in (0..a.shapes().len()).map(LayerId) {
        let bits = |capture: &dyn Capture| -> Vec<u32> {
            capture.read_all(layer).unwrap().data.iter().map(|value| value.to_bits()).collect()
        };
        assert!(bits(a) == bits(b), "layer number {} differs", layer.0);
    }
}

/// Steele and Vigna's splitmix64: the same weights on every machine.
pub struct Random(u64);

impl Random {
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next value from -1 to 1.
    pub fn signed(&mut self) -> f32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    }

    /// That many values from `middle - reach` to `middle + reach`.
    pub fn around(&mut self, middle: f32, reach: f32, count: usize) -> Vec<f32> {
        (0..count).map(|_| middle + reach * self.signed()).collect()
    }

    pub fn array(&mut self, shape: Shape, reach: f32) -> Array {
        Array::new(shape, self.around(0.0, reach, shape.len())).unwrap()
    }

    pub fn tensor(&mut self, dims: &[usize], middle: f32, reach: f32) -> Tensor {
        let data = self.around(middle, reach, dims.iter().product());
        Tensor::from_vec(data, dims, &Device::Cpu).unwrap()
    }
}
