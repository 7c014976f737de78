//! What holds for a whole session, and how its memory is shared out.

use std::sync::Arc;

use crate::base::{DeviceChoice, Dtype, OutputFunction, StrideIn};
use crate::config::{Catalogue, Display, Label};
use crate::engine::device::{Devices, Machine};
use crate::picture::Look;
use crate::source::Overrides;

/// What holds for a whole session.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where networks run.
    pub device: DeviceChoice,
    /// The type that they compute in.
    pub dtype: Dtype,
    /// The command line's word on every network.
    pub wishes: Wishes,
    /// The networks that have a name.
    pub catalogue: Arc<Catalogue>,
    /// The hub is not asked.
    pub offline: bool,
    /// Bytes of captures and inputs that are held.
    pub memory: usize,
    /// Whether earlier ones are kept while they fit, or the newest alone.
    pub history: bool,
    /// What there is to run networks on.
    pub devices: Arc<dyn Devices>,
}

/// What the command line says about every network.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wishes {
    /// About the preprocessing.
    pub overrides: Overrides,
    /// The classes.
    pub labels: Option<Vec<Label>>,
    /// Where a bottleneck has its stride.
    pub stride_in: Option<StrideIn>,
    /// Which of the networks in a file.
    pub state: Option<String>,
    /// What becomes of the outputs.
    pub answer: Option<OutputFunction>,
}

impl Look {
    /// How the explorer draws maps at first.
    pub fn on_screen(display: &Display) -> Self {
        Self { range: display.range_on_screen(), ..Self::in_files(display) }
    }

    /// How commands draw maps.
    pub fn in_files(display: &Display) -> Self {
        let Display { colormap, signed_colormap, graphics, .. } = *display;
        let range = display.range_in_files();
        Self { colormap, signed_colormap, range, blocks: graphics.into() }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            device: DeviceChoice::Auto,
            dtype: Dtype::F32,
            wishes: Wishes::default(),
            catalogue: Arc::new(Catalogue::load(None).unwrap_or_default()),
            offline: false,
            memory: 1 << 30,
            history: true,
            devices: Arc::new(Machine::new(0)),
        }
    }
}

/// Bytes of findings that are held whatever the memory.
const LEAST_FOUND: usize = 16 << 20;

impl Options {
    /// Bytes of inputs. They are small beside captures; a share keeps long folders from piling up.
    pub(super) const fn input_bytes(&self) -> usize {
        self.memory / 8
    }

    /// Bytes of explanations and other findings: some values for each pixel.
    pub(super) const fn found_bytes(&self) -> usize {
        // Fewer than a handful would make two that are compared push each other out.
        let share = self.memory / 16;
        if share < LEAST_FOUND { LEAST_FOUND } else { share }
    }

    /// Bytes of rebuilding that was stopped.
    pub(super) const fn halted_bytes(&self) -> usize {
        self.memory / 32
    }

    /// Bytes of all captures together: what inputs, findings and stopped work leave.
    pub(super) const fn run_bytes(&self) -> usize {
        self.memory - self.input_bytes() - self.memory / 16 - self.halted_bytes()
    }

    /// Bytes that one capture holds. With a history there are two at least: what is looked at stays until
    /// the next one has run.
    pub(super) const fn capture_bytes(&self) -> usize {
        if self.history { self.run_bytes() / 2 } else { self.run_bytes() }
    }
}
