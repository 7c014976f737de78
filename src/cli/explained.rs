//! An explanation of one photo: as a file, on the terminal, in numbers.

use std::path::Path;

use anyhow::Result;
use serde::Serialize;

use super::args::{ExplainArgs, Format};
use super::context::Context;
use super::output;
use super::pictures;
use super::target;
use crate::base::{Blending, Choice, Colormap, significant};
use crate::picture::npy;
use crate::session::ask::*;

/// What was asked and what came back.
pub(super) struct Explained<'a> {
    /// Where it was asked.
    pub context: &'a Context,
    /// How the command line wants it.
    pub args: &'a ExplainArgs,
    /// Of which network.
    pub network: &'a NetworkInfo,
    /// Of which run.
    pub outcome: &'a Outcome,
    /// The photo, as it was given.
    pub path: &'a Path,
    /// What was asked.
    pub explain: Explain,
    /// What came back.
    pub found: &'a Found<Explanation>,
    /// Whether there are pixels to show it over.
    pub has_photo: bool,
}

/// What `--json` says of one photo.
#[derive(Serialize)]
pub(super) struct Report<'a> {
    method: &'a str,
    layer: Option<&'a str>,
    target: String,
    class: Option<usize>,
    value: f64,
    /// `None` where the outputs are numbers.
    probability: Option<f32>,
    answer: &'static str,
    shape: Vec<usize>,
    /// Row and column of the largest value, in pixels of the input.
    peak: Option<[usize; 2]>,
    /// What `peak` counts in.
    peak_space: &'static str,
    /// Rows and columns of the input.
    input: [usize; 2],
    empty: bool,
    facts: serde_json::Map<String, serde_json::Value>,
    forward_passes: usize,
    backward_passes: usize,
    seconds: f64,
}

impl Explained<'_> {
    fn npy(&self) -> Vec<u8> {
        let values = &self.found.what.attribution.values;
        match self.found.what.attribution.kind {
            Kind::Map if self.args.raw => npy(&[values.shape.h, values.shape.w], &values.data),
            Kind::Map => {
                let map = &self.found.what.map;
                npy(&[map.shape.h, map.shape.w], &map.data)
            }
            Kind::Gradient | Kind::Share => {
                npy(&[values.shape.c, values.shape.h, values.shape.w], &values.data)
            }
        }
    }

    fn sight(&self, show: Show, blocks: Blocks) -> Sight {
        let display = &self.context.settings.display;
        Sight {
            job: self.explain.into(),
            show,
            colormap: colors(self.found.what.attribution.kind, display),
            blending: Blending::Opacity,
            opacity: 80,
            range: display.range_in_files(),
            blocks,
        }
    }

    /// The bytes of a file.
    ///
    /// # Errors
    /// The session's, or when it cannot be encoded.
    pub fn file(&self, format: Format) -> Result<Vec<u8>> {
        match format {
            Format::Npy => Ok(self.npy()),
            Format::Png => self.png(),
        }
    }

    fn png(&self) -> Result<Vec<u8>> {
        let is_gradient = self.found.what.attribution.kind == Kind::Gradient;
        let alone = self.args.map || is_gradient || !self.has_photo;
        let show = if alone { Show::Map } else { Show::Overlay };
        pictures::png(self.context, self.sight(show, Blocks::Half))
    }

    /// Draws it where it can be drawn, and says what it is.
    ///
    /// # Errors
    /// The session's; when stdout is gone, or a picture cannot be encoded.
    pub fn print(&self) -> Result<()> {
        let text = format!("{}\n", self.about());
        if !self.args.draw.draws() {
            return Ok(output::print(&text)?);
        }
        let shape = self.found.what.map.shape;
        let (input, photo) = (self.explain.run.input, self.has_photo);
        let wanted = |size, blocks| {
            let mut all =
                vec![("map".to_string(), self.sight(Show::Map, blocks).cells(size).into())];
            if photo {
                all.insert(0, ("photo".to_string(), request::Photo { input, size, blocks }.into()));
                let overlay = self.sight(Show::Overlay, blocks).cells(size);
                all.push(("over the photo".to_string(), overlay.into()));
            }
            all
        };
        let count = if photo { 3 } else { 1 };
        let extent = [shape.h, shape.w];
        pictures::print_beside(self.context, self.args.draw.width, extent, count, wanted)?;
        Ok(output::print(&text)?)
    }

    /// The method, what it explains, and what it says about itself.
    fn about(&self) -> String {
        let network = self.network;
        let (method, question) = (self.explain.method, &self.explain.question);
        let mut text = method.name().to_string();
        if method.takes_layer() {
            let layer = network.layers.get(question.layer.0).map_or("", |info| &info.name);
            text += &format!(" at {layer}");
        }
        text += &format!(
            " · {} = {}",
            target::words(question.target, network),
            significant(self.found.what.value as f32)
        );
        for note in &self.found.what.attribution.notes {
            text += &format!("\n{note}");
        }
        text
    }

    /// What `--json` says.
    pub fn report(&self) -> Report<'_> {
        let (network, outcome) = (self.network, self.outcome);
        let (method, question) = (self.explain.method, &self.explain.question);
        let class = match question.target {
            Target::Class(class) => Some(class),
            _ => None,
        };
        let layers = &outcome.layers;
        let size = Size {
            channels: layers.get(question.layer.0).map_or(0, |info| info.shape.c),
            // Of the run, which may be of another size than the recipe's.
            input: self.found.what.map.shape,
            parameters: question.parameters,
        };
        let passes = method.passes(&size);
        // Plain CAM has no choice, but it reads one.
        let reads = method.takes_layer() || method.kind() == Kind::Map;
        let layer = network.layers.get(question.layer.0).filter(|_| reads);
        let map = &self.found.what.map;
        let most = map.data.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let peak = map.data.iter().position(|v| *v == most).filter(|_| !self.found.what.is_empty());
        let of_class = |class: usize| outcome.ranked.iter().find(|(c, _)| *c == class);
        let facts = self.found.what.attribution.facts.iter();
        Report {
            method: method.name(),
            layer: layer.map(|info| info.name.as_str()),
            target: target::words(question.target, network),
            class,
            value: self.found.what.value,
            probability: class
                .filter(|_| network.outputs.is_probability())
                .and_then(of_class)
                .map(|(_, probability)| *probability),
            answer: network.outputs.name(),
            shape: self.found.what.attribution.values.shape.dims(),
            peak: peak.map(|at| [at / map.shape.w.max(1), at % map.shape.w.max(1)]),
            peak_space: "input",
            input: [map.shape.h, map.shape.w],
            empty: self.found.what.is_empty(),
            facts: facts.map(|(name, value)| ((*name).to_string(), (*value).into())).collect(),
            forward_passes: passes.forward,
            backward_passes: passes.backward,
            seconds: self.found.seconds,
        }
    }
}

/// The colors of an explanation: shares have a sign.
fn colors(kind: Kind, display: &crate::config::Display) -> Colormap {
    if kind == Kind::Share { display.signed_colormap } else { display.colormap }
}
