//! What `tools/make_explanations.py` wrote, and networks made ready to be held to it.

use std::collections::HashMap;
use std::sync::Arc;

use candle_core::Tensor;
use convscope::analysis::explain::{Attribution, METHODS, Method, Question};
use convscope::analysis::{AnalysisError, Parameters, Subject, Target, Work};
use convscope::base::{Array, Cancel, LayerId, Progress};
use convscope::engine::{Backend, Capture, Edits, GradientRequest};
use convscope::import::resnet;
use convscope::model::{Graph, Value};
use convscope::source::{Overrides, Photo, Recipe, Sample, Stated, builtin_network, prepare};
use serde::Deserialize;

use super::support::{Case, On, backend, gap, json, run, tensors, values};

/// A row of `explain.json`.
#[derive(Clone, Deserialize)]
pub struct Facts {
    pub name: String,
    pub top: usize,
    #[serde(default)]
    pub other: usize,
    #[serde(default)]
    pub channel: usize,
    #[serde(default)]
    pub unit: [usize; 3],
    #[serde(default)]
    pub completeness_error: f64,
    #[serde(default)]
    pub empty_maps: Vec<String>,
    #[serde(default)]
    pub road_kept_most: Vec<usize>,
    #[serde(default)]
    pub road_kept_least: Vec<usize>,
}

/// A case with what PyTorch computed for it.
pub struct Reference {
    pub case: Case,
    pub facts: Facts,
    pub tensors: HashMap<String, Tensor>,
    gaps: HashMap<String, f64>,
}

impl Reference {
    /// All four, or with `explained` the two whose explanations are stored.
    pub fn all(explained: bool) -> Vec<Self> {
        #[derive(Deserialize)]
        struct File {
            cases: Vec<Facts>,
            gaps: HashMap<String, HashMap<String, f64>>,
        }
        let File { cases, mut gaps } = json("explain.json");
        let wanted = |facts: &Facts| !explained || !facts.road_kept_most.is_empty();
        let of = |facts: Facts| Self {
            case: Case::named(&facts.name),
            tensors: tensors(&format!("explain_{}.safetensors", facts.name)),
            gaps: gaps.remove(&facts.name).unwrap(),
            facts,
        };
        cases.into_iter().filter(wanted).map(of).collect()
    }

    pub fn named(name: &str) -> Self {
        Self::all(false).into_iter().find(|reference| reference.facts.name == name).unwrap()
    }

    pub fn values(&self, name: &str) -> Vec<f64> {
        values(&self.tensors[name])
    }

    pub fn ready(&self, on: On) -> Ready {
        Ready::new(&self.case.graph(), &self.case.input(), on)
    }

    /// How far a result may be: in float64 `exact`, in float32 four times as far as PyTorch's own is.
    pub fn within(&self, name: &str, on: On, exact: f64) -> f64 {
        if on == On::F64 { exact } else { (4.0 * self.gaps[name]).max(1e-3) }
    }

    /// `top`, `other`, `channel` or `unit`.
    pub fn target(&self, graph: &Graph, seed: &str) -> Target {
        let facts = &self.facts;
        let layer = |name: &str| graph.find(name).unwrap();
        match (seed, facts.unit) {
            ("top", _) => Target::Class(facts.top),
            ("other", _) => Target::Class(facts.other),
            ("channel", _) => Target::Channel { layer: layer("layer2"), channel: facts.channel },
            ("unit", [channel, row, column]) => {
                Target::Unit { layer: layer("layer3"), channel, row, column }
            }
            _ => panic!("{seed} is no seed"),
        }
    }
}

/// Distances from the references. All that are too large are told at once.
#[derive(Default)]
pub struct Ledger {
    over: Vec<String>,
}

impl Ledger {
    /// `max |ours - reference| <= within * max |reference|`.
    pub fn hold(&mut self, of: &Reference, name: &str, ours: &[f32], within: f64) {
        let off = gap(ours, &of.values(name));
        let line = format!("{} {name}: {off:.1e}, within {within:.1e}", of.facts.name);
        println!("{line}");
        if off.is_nan() || off > within {
            self.over.push(line);
        }
    }

    #[track_caller]
    pub fn close(self) {
        assert!(self.over.is_empty(), "too far:\n{}", self.over.join("\n"));
    }
}

/// A network that has run on an input.
pub struct Ready {
    pub graph: Arc<Graph>,
    pub backend: Box<dyn Backend>,
    pub capture: Arc<dyn Capture>,
    pub edits: Edits,
}

impl Ready {
    pub fn new(graph: &Arc<Graph>, input: &Array, on: On) -> Self {
        let backend = backend(graph, on);
        let capture = run(&*backend, input, &vec![]).unwrap();
        Self { graph: graph.clone(), backend, capture, edits: vec![] }
    }

    /// The built-in network on a photo that ships with it.
    pub fn builtin(sample: &Sample, size: Option<[usize; 2]>, on: On) -> Self {
        let checkpoint = builtin_network().unwrap();
        let graph = Arc::new(resnet::build(&checkpoint.load_all().unwrap().tensors).unwrap());
        let overrides = Overrides { size, ..Overrides::default() };
        let stated = Stated::in_metadata(&checkpoint.metadata);
        let recipe = Recipe::choose(graph.usual_input, graph.input_channels, stated, &overrides);
        let photo = Photo::decode(sample.bytes, sample.name).unwrap();
        let input = prepare(&photo, &recipe, graph.input_channels, sample.name).unwrap().input;
        Self::new(&graph, &input, on)
    }

    pub fn subject(&self) -> Subject<'_> {
        Subject {
            backend: &*self.backend,
            graph: &self.graph,
            capture: self.capture.as_ref(),
            edits: &self.edits,
        }
    }

    pub fn find(&self, layer: &str) -> LayerId {
        self.graph.find(layer).unwrap()
    }

    /// A layer's value, or that of `input`.
    pub fn value(&self, name: &str) -> Value {
        if name == "input" { Value::Input } else { Value::of(self.find(name)) }
    }

    pub fn logits(&self) -> Vec<f32> {
        self.capture.read_all(self.find("fc")).unwrap().data
    }

    /// The class with the largest logit.
    pub fn top(&self) -> usize {
        let logits = self.logits();
        (0..logits.len()).max_by(|a, b| logits[*a].total_cmp(&logits[*b])).unwrap()
    }

    pub fn question(&self, layer: &str, target: Target) -> Question {
        Question { layer: self.find(layer), target, parameters: Parameters::default() }
    }

    pub fn explain(&self, method: &str, question: &Question) -> Result<Attribution, AnalysisError> {
        quietly(|work| named(method).run(&self.subject(), question, work))
    }

    pub fn pull(&self, request: &GradientRequest) -> Vec<Array> {
        self.pull_from(self.capture.as_ref(), request)
    }

    /// From another run of the same backend.
    pub fn pull_from(&self, capture: &dyn Capture, request: &GradientRequest) -> Vec<Array> {
        self.backend.backward(capture, request, &Cancel::new(), &mut Progress::none()).unwrap()
    }
}

/// Work that nobody watches.
pub fn quietly<T, R>(of: impl FnOnce(&mut Work<'_, '_, T>) -> R) -> R {
    of(&mut Work { cancel: &Cancel::new(), progress: &mut Progress::none(), refine: &mut |_| {} })
}

pub fn named(method: &str) -> &'static Method {
    METHODS.into_iter().find(|known| known.name == method).unwrap()
}
