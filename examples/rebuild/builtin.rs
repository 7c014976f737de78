//! The built-in network, or that of the file `MODEL`, and what it says of photos.

use std::sync::Arc;

use convscope::analysis::Subject;
use convscope::analysis::rebuild::Colors;
use convscope::base::{Array, Cancel, DeviceChoice, Dtype, LayerId, Progress};
use convscope::engine::device::{Devices, Machine};
use convscope::engine::{Backend, Capture, Edits, Keep};
use convscope::import::resnet;
use convscope::model::Graph;
use convscope::source::{
    Checkpoint, Overrides, Photo, Recipe, SAMPLES, Sample, Stated, builtin_network, prepare,
};

pub struct Builtin {
    pub graph: Arc<Graph>,
    pub backend: Arc<dyn Backend>,
    pub recipe: Recipe,
    pub runs: Vec<(String, Arc<dyn Capture>)>,
    edits: Edits,
}

impl Builtin {
    /// With the photos that ship with the program.
    pub fn open() -> Self {
        let samples = SAMPLES.iter();
        let read = |sample: &Sample| Photo::decode(sample.bytes, sample.name).unwrap();
        Self::with(samples.map(|sample| (sample.name.to_string(), read(sample))).collect())
    }

    /// With these photos.
    pub fn with(photos: Vec<(String, Photo)>) -> Self {
        let checkpoint = match std::env::var("MODEL") {
            Ok(file) => Checkpoint::read(file.as_ref()).unwrap(),
            Err(_) => builtin_network().unwrap(),
        };
        let graph = Arc::new(resnet::build(&checkpoint.load_all().unwrap().tensors).unwrap());
        let stated = Stated::in_metadata(&checkpoint.metadata);
        let channels = graph.input_channels;
        let recipe = Recipe::choose(graph.usual_input, channels, stated, &Overrides::default());
        let machine = Machine::new(0);
        let on = machine.choose(DeviceChoice::Cpu, Dtype::F32).unwrap();
        let backend = machine.backend(&graph, &on, usize::MAX).unwrap();
        let run = |input: &Array| {
            let cancel = Cancel::new();
            backend.forward(input, &vec![], &Keep::All, &cancel, &mut Progress::none()).unwrap()
        };
        let runs = photos.into_iter().map(|(name, photo)| {
            let input = prepare(&photo, &recipe, channels, &name).unwrap().input;
            (name, run(&input))
        });
        let runs = runs.collect();
        Self { graph, backend, recipe, runs, edits: Edits::new() }
    }

    pub fn layer(&self, name: &str) -> LayerId {
        self.graph.find(name).unwrap()
    }

    pub fn colors(&self) -> Colors<'_> {
        Colors { mean: &self.recipe.mean, std: &self.recipe.std }
    }

    pub fn subjects(&self) -> impl Iterator<Item = (&str, Subject<'_>)> {
        self.runs.iter().map(|(name, run)| {
            let (graph, edits) = (self.graph.as_ref(), &self.edits);
            (
                name.as_str(),
                Subject { backend: self.backend.as_ref(), graph, capture: run.as_ref(), edits },
            )
        })
    }
}
