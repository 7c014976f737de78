//! `convscope explain`: which places made a class, a channel or a unit.

use std::path::Path;

use anyhow::{Result, bail};
use serde::Serialize;

use super::args::{ExplainArgs, Flags};
use super::context::{Context, Keep, finite};
use super::failure::Usage;
use super::output::{self, Spared, Target as File};
use super::pictures;
use super::report::Head;
use super::target::{self, Place};
use super::tiles::{self, Format};
use crate::base::{Blending, Choice, Colormap, significant};
use crate::picture::npy;
use crate::session::ask::*;

/// Runs the command.
pub(super) fn run(flags: &Flags, args: &ExplainArgs) -> Result<()> {
    let method = target::method(&args.method)?;
    let file = args.output.as_deref().map(|path| file(path, flags, args, method)).transpose()?;
    let context = Context::open(flags, Keep::Newest)?;
    let network = context.network()?;
    let outcome = context.run_one(&network, &args.photo)?;
    finite(&outcome)?;
    let place = Place { channel: args.channel, unit: args.unit.as_deref() };
    let known = (network.as_ref(), outcome.as_ref());
    let question = target::question(&context, known, method, &args.target, place, &args.effort)?;
    let explain = Explain { run: outcome.run, method, question };
    let found = context.work(&explain)?;
    let explanation = &found.what;
    explanation.attribution.warnings.iter().for_each(|text| context.notes.warn(text));
    explanation.attribution.notes.iter().for_each(|text| context.notes.keep(text));
    context.notes.say();
    let asked = Asked { context: &context, args, explain, seconds: found.seconds, explanation };
    if let Some((target, format)) = &file {
        target.write(&match format {
            Format::Npy => asked.npy(),
            Format::Png => asked.png()?,
        })?;
    }
    if args.json {
        let head = Head::of(&context, &network, Some(&args.photo))?;
        output::print(&head.with(asked.report(&network, &outcome))?)?;
    }
    if args.print || (file.is_none() && !args.json) {
        asked.print(&network)?;
    }
    Ok(())
}

/// The file that is asked for.
fn file(path: &Path, flags: &Flags, args: &ExplainArgs, method: Method) -> Result<(File, Format)> {
    let spared = Spared::new(flags, args.write.no_clobber, Some(&args.photo));
    let (target, format) = tiles::file(path, "explanations", &spared)?;
    if args.raw && (format != Format::Npy || method.kind() != Kind::Map) {
        bail!(Usage("--raw is for the .npy of a class activation map".into()));
    }
    if target.is_stdout() && (args.print || args.json) {
        bail!(Usage("-o - writes to stdout: leave out --print and --json".into()));
    }
    Ok((target, format))
}

/// What was asked and what came back.
struct Asked<'a> {
    context: &'a Context,
    args: &'a ExplainArgs,
    explain: Explain,
    seconds: f64,
    explanation: &'a Explanation,
}

#[derive(Serialize)]
struct Report<'a> {
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
    empty: bool,
    facts: serde_json::Map<String, serde_json::Value>,
    forward_passes: usize,
    backward_passes: usize,
    seconds: f64,
}

impl Asked<'_> {
    fn npy(&self) -> Vec<u8> {
        let values = &self.explanation.attribution.values;
        match self.explanation.attribution.kind {
            Kind::Map if self.args.raw => npy(&[values.shape.h, values.shape.w], &values.data),
            Kind::Map => {
                let map = &self.explanation.map;
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
            job: Job::Explain(self.explain),
            show,
            colormap: colours(self.explanation.attribution.kind, display),
            blending: Blending::Opacity,
            opacity: 80,
            range: display.range_in_files(),
            blocks,
        }
    }

    fn has_photo(&self) -> bool {
        !crate::source::is_input_array(&self.args.photo)
    }

    fn png(&self) -> Result<Vec<u8>> {
        let is_gradient = self.explanation.attribution.kind == Kind::Gradient;
        let alone = self.args.map || is_gradient || !self.has_photo();
        let show = if alone { Show::Map } else { Show::Overlay };
        pictures::png(self.context, self.sight(show, Blocks::Half))
    }

    fn print(&self, network: &NetworkInfo) -> Result<()> {
        let shape = self.explanation.map.shape;
        let (input, photo) = (self.explain.run.input, self.has_photo());
        let wanted = |size, blocks| {
            let mut all = vec![("map", self.sight(Show::Map, blocks).cells(size).into())];
            if photo {
                all.insert(0, ("photo", request::Photo { input, size, blocks }.into()));
                let overlay = self.sight(Show::Overlay, blocks).cells(size);
                all.push(("over the photo", overlay.into()));
            }
            all
        };
        let count = if photo { 3 } else { 1 };
        let extent = [shape.h, shape.w];
        pictures::print_beside(self.context, self.args.width, extent, count, wanted)?;
        Ok(output::print(&format!("{}\n", self.about(network)))?)
    }

    /// The method, what it explains, and what it says about itself.
    fn about(&self, network: &NetworkInfo) -> String {
        let (method, question) = (self.explain.method, &self.explain.question);
        let mut text = method.name().to_string();
        if method.takes_layer() {
            let layer = network.layers.get(question.layer.0).map_or("", |info| &info.name);
            text += &format!(" at {layer}");
        }
        text += &format!(
            " · {} = {}",
            target::words(question.target, network),
            significant(self.explanation.value as f32)
        );
        for note in &self.explanation.attribution.notes {
            text += &format!("\n{note}");
        }
        text
    }

    fn report<'a>(&'a self, network: &'a NetworkInfo, outcome: &Outcome) -> Report<'a> {
        let (method, question) = (self.explain.method, &self.explain.question);
        let class = match question.target {
            Target::Class(class) => Some(class),
            _ => None,
        };
        let layers = &outcome.layers;
        let size = Size {
            channels: layers.get(question.layer.0).map_or(0, |info| info.shape.c),
            // Of the run, which may be of another size than the recipe's.
            input: self.explanation.map.shape,
            parameters: question.parameters,
        };
        let passes = method.passes(&size);
        // Plain CAM has no choice, but it reads one.
        let reads = method.takes_layer() || method.kind() == Kind::Map;
        let layer = network.layers.get(question.layer.0).filter(|_| reads);
        let map = &self.explanation.map;
        let most = map.data.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let peak =
            map.data.iter().position(|v| *v == most).filter(|_| !self.explanation.is_empty());
        let of_class = |class: usize| outcome.ranked.iter().find(|(c, _)| *c == class);
        let facts = self.explanation.attribution.facts.iter();
        Report {
            method: method.name(),
            layer: layer.map(|info| info.name.as_str()),
            target: target::words(question.target, network),
            class,
            value: self.explanation.value,
            probability: class
                .filter(|_| network.outputs.is_probability())
                .and_then(of_class)
                .map(|(_, probability)| *probability),
            answer: network.outputs.name(),
            shape: self.explanation.attribution.values.shape.dims(),
            peak: peak.map(|at| [at / map.shape.w.max(1), at % map.shape.w.max(1)]),
            empty: self.explanation.is_empty(),
            facts: facts.map(|(name, value)| ((*name).to_string(), (*value).into())).collect(),
            forward_passes: passes.forward,
            backward_passes: passes.backward,
            seconds: self.seconds,
        }
    }
}

/// The colours of an explanation: shares have a sign.
fn colours(kind: Kind, display: &crate::config::Display) -> Colormap {
    if kind == Kind::Share { display.signed_colormap } else { display.colormap }
}
