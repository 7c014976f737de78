//! A session whose GPU has no memory left, and one that goes from device to device while it runs.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use convscope::base::{Array, Cancel, DeviceChoice, Dtype, LayerId, Progress};
use convscope::engine::device::{Chosen, DeviceInfo, DeviceKind, Devices, Machine};
use convscope::engine::{Backend, Capture, Edits, EngineError, GradientRequest, Keep};
use convscope::model::Graph;
use convscope::session::ask::*;
use convscope::session::{Options, Session};

/// A computer whose GPU is the CPU in disguise, and out of memory when it is told to be.
#[derive(Debug, Default)]
struct Fake {
    full: Arc<AtomicBool>,
    runs_on_gpu: Arc<AtomicUsize>,
    /// What was made ready, in order.
    prepared: Mutex<Vec<String>>,
    memory: AtomicUsize,
}

impl Devices for Fake {
    fn choose(&self, choice: DeviceChoice, dtype: Dtype) -> Result<Chosen, EngineError> {
        let cpu = Machine::new(2).choose(DeviceChoice::Cpu, Dtype::F32)?;
        let chosen = match choice {
            DeviceChoice::Cpu if dtype.is_narrow() => {
                return Err(EngineError::NoDevice(format!("no {dtype} here")));
            }
            DeviceChoice::Cpu => cpu,
            DeviceChoice::Cuda(Some(index)) if index > 0 => {
                return Err(EngineError::NoDevice(format!("{choice}: there is no such GPU")));
            }
            _ => Chosen {
                what: DeviceInfo {
                    kind: DeviceKind::Cuda,
                    index: 0,
                    name: "Fake\u{1b}[2J".into(),
                    free_bytes: Some(0),
                    total_bytes: Some(0),
                },
                why: "asked for".into(),
                ..cpu
            },
        };
        Ok(Chosen { dtype, ..chosen })
    }

    fn backend(
        &self,
        graph: &Arc<Graph>,
        on: &Chosen,
        memory: usize,
    ) -> Result<Arc<dyn Backend>, EngineError> {
        self.prepared.lock().unwrap().push(on.label());
        self.memory.store(memory, Ordering::Relaxed);
        // Both of its devices compute the same bits.
        let machine = Machine::new(2);
        let exact = machine.choose(DeviceChoice::Cpu, Dtype::F32)?;
        let inner = machine.backend(graph, &exact, memory)?;
        if on.what.kind == DeviceKind::Cpu {
            return Ok(inner);
        }
        let (full, runs) = (self.full.clone(), self.runs_on_gpu.clone());
        Ok(Arc::new(Gpu { inner, full, runs }))
    }
}

struct Gpu {
    inner: Arc<dyn Backend>,
    full: Arc<AtomicBool>,
    runs: Arc<AtomicUsize>,
}

impl Backend for Gpu {
    fn forward(
        &self,
        input: &Array,
        edits: &Edits,
        keep: &Keep,
        cancel: &Cancel,
        progress: &mut Progress,
    ) -> Result<Arc<dyn Capture>, EngineError> {
        if self.full.load(Ordering::Relaxed) {
            return Err(EngineError::OutOfMemory { device: "cuda:0".into() });
        }
        self.runs.fetch_add(1, Ordering::Relaxed);
        self.inner.forward(input, edits, keep, cancel, progress)
    }

    fn forward_from(
        &self,
        from: &dyn Capture,
        edits: &Edits,
        keep: &Keep,
        cancel: &Cancel,
        progress: &mut Progress,
    ) -> Result<Arc<dyn Capture>, EngineError> {
        self.inner.forward_from(from, edits, keep, cancel, progress)
    }

    fn backward(
        &self,
        of: &dyn Capture,
        pull: &GradientRequest,
        cancel: &Cancel,
        progress: &mut Progress,
    ) -> Result<Vec<Array>, EngineError> {
        self.inner.backward(of, pull, cancel, progress)
    }
}

fn ask<A: Ask>(session: &Session, request: &A) -> Result<A::Answer, SessionError> {
    session.ask(request, &Cancel::new(), &mut Progress::none())
}

struct Bench {
    fake: Arc<Fake>,
    session: Session,
    run: RunKey,
}

impl Bench {
    fn new(dtype: Dtype) -> Self {
        let fake = Arc::new(Fake::default());
        let devices = fake.clone();
        let options = Options { dtype, devices, memory: 1 << 24, ..Options::default() };
        let session = Session::new(options);
        let network = ask(&session, &request::Network(ModelRef::Builtin)).unwrap();
        let photo = PhotoRef::Sample(0);
        let input = ask(&session, &request::Input { network: network.id, photo }).unwrap();
        let run = RunKey::plain(network.id, input.id);
        Self { fake, session, run }
    }

    fn ask<A: Ask>(&self, request: &A) -> Result<A::Answer, SessionError> {
        ask(&self.session, request)
    }

    fn forward(&self) -> Arc<Outcome> {
        self.ask(&request::Forward::plain(self.run.network, self.run.input)).unwrap()
    }

    fn go(&self, to: DeviceChoice) -> Result<Arc<DeviceNow>, SessionError> {
        self.ask(&request::Device(to))
    }

    fn prepared(&self) -> Vec<String> {
        self.fake.prepared.lock().unwrap().clone()
    }

    fn statistics(&self) -> Result<Arc<LayerStatistics>, SessionError> {
        self.ask(&request::Statistics { run: self.run, layer: LayerId(0) })
    }
}

const GPU: &str = "cuda:0 Fake\u{fffd}[2J f32";
const CPU: &str = "cpu 2 threads f32";

#[test]
fn a_gpu_without_memory_is_left_for_the_cpu_and_the_outcome_says_so() {
    let bench = Bench::new(Dtype::F32);
    bench.fake.full.store(true, Ordering::Relaxed);
    let outcome = bench.forward();
    assert_eq!(outcome.note.as_deref(), Some("cuda:0 is out of memory: this ran on the cpu"));
    assert!(!outcome.ranked.is_empty());
    assert_eq!(bench.prepared(), [GPU, CPU]);
    assert!(bench.statistics().is_ok());
    // Known by now; and what comes next runs on the CPU at once, which needs no note.
    assert_eq!(bench.forward().note, outcome.note);

    // When there is room again, one goes back.
    bench.fake.full.store(false, Ordering::Relaxed);
    let now = bench.go(DeviceChoice::Cuda(None)).unwrap();
    assert_eq!((now.label.as_str(), now.approximate), (GPU, false));
    let again = bench.forward();
    assert_eq!((again.note.as_deref(), bench.prepared().len()), (None, 3));
    assert_eq!(again.ranked, outcome.ranked);
    assert_eq!(bench.fake.runs_on_gpu.load(Ordering::Relaxed), 1);
}

#[test]
fn half_precision_becomes_float32_on_the_cpu() {
    let bench = Bench::new(Dtype::F16);
    assert!(bench.go(DeviceChoice::Auto).unwrap().approximate);
    bench.fake.full.store(true, Ordering::Relaxed);
    let note = bench.forward().note.clone();
    assert_eq!(note.as_deref(), Some("cuda:0 is out of memory: this ran on the cpu in f32"));
    assert_eq!(bench.prepared().last().map(String::as_str), Some(CPU));
}

#[test]
fn changing_the_device_drops_captures_and_nothing_else() {
    let bench = Bench::new(Dtype::F32);
    let on_gpu = bench.forward();
    assert!(bench.statistics().is_ok());
    assert_eq!(bench.go(DeviceChoice::Cpu).unwrap().label, CPU);
    assert_eq!(bench.statistics(), Err(SessionError::NotReady));
    // The network is made ready when it is run, not before; the input is still there.
    assert_eq!(bench.prepared(), [GPU]);
    let on_cpu = bench.forward();
    assert_eq!((bench.prepared(), &on_cpu.ranked), (vec![GPU.into(), CPU.into()], &on_gpu.ranked));
    // Asking again changes nothing that is known, nor does asking for the same device.
    assert_eq!(bench.go(DeviceChoice::Cpu).unwrap().label, CPU);
    assert!(Arc::ptr_eq(&bench.forward(), &on_cpu));
}

#[test]
fn a_device_that_cannot_be_had_changes_nothing() {
    let bench = Bench::new(Dtype::F32);
    let before = bench.forward();
    let refused = bench.go(DeviceChoice::Cuda(Some(3)));
    assert_eq!(refused, Err(SessionError::Failed("cuda:3: there is no such GPU".into())));
    assert!(Arc::ptr_eq(&bench.forward(), &before));
    let device = DeviceChoice::Cuda(Some(3));
    let devices = bench.fake.clone();
    let session = Session::new(Options { device, devices, ..Options::default() });
    let refused = ask(&session, &request::Network(ModelRef::Builtin));
    assert_eq!(refused, Err(SessionError::Failed("cuda:3: there is no such GPU".into())));
}

#[test]
fn one_capture_gets_its_share_of_the_memory() {
    let bench = Bench::new(Dtype::F32);
    bench.forward();
    // 25/32 of 16 MiB are for captures, of which two stand side by side.
    assert_eq!(bench.fake.memory.load(Ordering::Relaxed), (1 << 24) / 64 * 25);
    let devices = bench.fake.clone();
    let alone = Options { devices, memory: 1 << 24, history: false, ..Options::default() };
    let session = Session::new(alone);
    let network = ask(&session, &request::Network(ModelRef::Builtin)).unwrap();
    for index in 0..2 {
        let photo = PhotoRef::Sample(index);
        let input = ask(&session, &request::Input { network: network.id, photo }).unwrap();
        ask(&session, &request::Forward::plain(network.id, input.id)).unwrap();
    }
    assert_eq!(bench.fake.memory.load(Ordering::Relaxed), (1 << 24) / 32 * 25);
}
