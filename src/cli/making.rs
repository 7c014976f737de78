//! Pictures that were made from what a network says, and where they go.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde::Serialize;

use super::args::{Flags, Format, MakingArgs};
use super::context::Context;
use super::failure::Usage;
use super::files::Files;
use super::output;
use super::pictures;
use super::report::Head;
use super::unused::Wanted;
use crate::base::{Blending, significant};
use crate::picture::npy;
use crate::session::ask::*;

/// Where a picture goes.
pub(super) struct Out(Files);

impl Out {
    /// Finds out before any work is done whether the picture can go there; flags and photo say what is read.
    ///
    /// # Errors
    /// A file that cannot be written or is of no known kind, two things that want stdout, and flags without effect.
    pub fn check(args: &MakingArgs, flags: &Flags, photo: Option<&Path>) -> Result<Self> {
        let files = Files::one(&args.file, flags, photo, "pictures")?;
        if files.is_stdout() && (args.draw.print || args.report.json) {
            bail!(Usage("-o - writes to stdout: leave out --print and --json".into()));
        }
        Wanted::of(files.format(), &args.draw, args.report.json).check(flags, &args.draw, &[])?;
        Ok(Self(files))
    }
}

/// A picture that was made.
pub(super) struct Step {
    /// How.
    pub rebuild: Rebuild,
    /// What came of it.
    pub found: Found<Remade>,
    /// What it was made of.
    pub words: String,
}

/// Pictures that were made from one photo, or from noise.
pub(super) struct Made<'a> {
    /// Where they were made.
    pub context: &'a Context,
    /// By what.
    pub network: &'a NetworkInfo,
    /// From what; `None` for noise.
    pub path: Option<&'a Path>,
    /// At least one.
    pub steps: Vec<Step>,
    /// Whether there is a photo to show beside them.
    pub photo: bool,
    /// Whether they are shown as several even if there is only one.
    pub several: bool,
}

#[derive(Serialize)]
struct Report<'a> {
    of: &'a str,
    iterations: usize,
    loss: f64,
    /// Of an inversion: the relative feature error.
    error: Option<f64>,
    /// Of an inversion: the structural similarity to the photo.
    ssim: Option<f64>,
    /// Of an ascent: what the picture reaches; of several pictures the mean.
    reached: Option<f64>,
    /// Of several pictures: what each reaches.
    reached_each: &'a [f64],
    /// Of several pictures: how alike their textures are.
    likeness: Option<f64>,
    /// Of an ascent: what the photo itself reaches.
    photo_reached: Option<f64>,
    /// For each iteration the loss, and the error or what was reached.
    curve: &'a [(f32, f32)],
    /// Of an inversion: the similarity of every tenth iteration and of the end.
    ssim_curve: &'a [f32],
    seconds: f64,
}

/// Several pictures.
#[derive(Serialize)]
struct Reports<'a> {
    layers: Vec<Report<'a>>,
}

impl Made<'_> {
    /// Puts them where they are wanted.
    ///
    /// # Errors
    /// The session's, and those of files and pipes.
    pub fn put(&self, args: &MakingArgs, out: &Out) -> Result<()> {
        if self.steps.iter().any(|step| step.found.what.of.reached == Some(0.0)) {
            let words = "nothing activates it: it may be dead, or knocked out";
            self.context.notes.warn(words);
            self.context.notes.say();
        }
        out.0.write(0, |format| match format {
            Format::Npy => Ok(self.npy()),
            Format::Png => self.png(),
        })?;
        if args.report.json {
            let head = Head::of(self.context, self.network, self.path)?;
            let reports = self.steps.iter().map(|step| self.report(step));
            let text = match (self.several, self.steps.first()) {
                (false, Some(step)) => head.with(self.report(step))?,
                _ => head.with(Reports { layers: reports.collect() })?,
            };
            output::print(&text)?;
        }
        if args.draw.print || (out.0.format().is_none() && !args.report.json) {
            self.print(args)?;
        }
        Ok(())
    }

    /// `[C, H, W]`, or `[n, C, H, W]` of several.
    fn npy(&self) -> Vec<u8> {
        let pictures = self.steps.iter().flat_map(|step| &step.found.what.of.pictures);
        let shape = pictures.clone().next().map_or([0; 3], |p| [p.shape.c, p.shape.h, p.shape.w]);
        let mut dims = shape.to_vec();
        let count = pictures.clone().count();
        if self.several || count > 1 {
            dims.insert(0, count);
        }
        npy(&dims, &pictures.flat_map(|picture| picture.data.iter().copied()).collect::<Vec<_>>())
    }

    /// The picture alone, or the photo and several pictures in a row.
    fn png(&self) -> Result<Vec<u8>> {
        let sights = self.steps.iter().flat_map(|step| self.sights(step, Blocks::Half));
        let sights: Vec<Sight> = sights.collect();
        match sights.as_slice() {
            [one] if !self.several => pictures::png(self.context, one.clone()),
            _ => {
                let input = self.steps.first().map(|step| step.rebuild.run.input);
                let photo = input.filter(|_| self.photo);
                let seen = Seen::Explanation { sights, photo };
                let strip = self.context.ask(&request::Sheet { seen, scale: Some(1) })?;
                strip.png().context("the picture cannot be encoded")
            }
        }
    }

    fn report<'s>(&'s self, step: &'s Step) -> Report<'s> {
        let Remade { of, photo } = &step.found.what;
        Report {
            of: &step.words,
            iterations: of.iterations,
            loss: of.loss,
            error: of.error,
            ssim: of.similarity,
            reached: of.reached,
            reached_each: of.variants.as_ref().map_or(&[], |variants| &variants.reached),
            likeness: of.variants.as_ref().map(|variants| variants.likeness),
            photo_reached: photo.filter(|_| self.photo),
            curve: &of.curve,
            ssim_curve: &of.similarities,
            seconds: step.found.seconds,
        }
    }

    /// The pictures of a step.
    fn sights(&self, step: &Step, blocks: Blocks) -> impl Iterator<Item = Sight> {
        let Look { colormap, range, .. } = Look::in_files(&self.context.settings.display);
        let rebuild = step.rebuild.clone();
        (0..rebuild.wish.pictures()).map(move |at| Sight {
            job: rebuild.clone().into(),
            show: Show::Variant(at),
            colormap,
            opacity: 100,
            blending: Blending::Opacity,
            range,
            blocks,
        })
    }

    fn print(&self, args: &MakingArgs) -> Result<()> {
        let wanted = |size, blocks| {
            let mut all: Vec<(String, Shown)> = Vec::new();
            for step in &self.steps {
                let name = if self.several { step.words.as_str() } else { "picture" };
                let reached = step.found.what.of.variants.as_ref().map(|of| of.reached.iter());
                let mut reached = reached.into_iter().flatten();
                all.extend(self.sights(step, blocks).map(|sight| {
                    let own = reached.next().map(|reached| significant(*reached as f32));
                    let name = own.map_or(name.to_string(), |own| format!("reached {own}"));
                    (name, sight.cells(size).into())
                }));
            }
            if let Some(step) = self.steps.first().filter(|_| self.photo) {
                let input = step.rebuild.run.input;
                all.insert(0, ("photo".into(), request::Photo { input, size, blocks }.into()));
            }
            all
        };
        let mut pictures = self.steps.iter().flat_map(|step| &step.found.what.of.pictures);
        let first = pictures.next().map(|picture| picture.shape);
        if let Some(shape) = first.filter(|_| args.draw.draws()) {
            let count = 1 + pictures.count() + usize::from(self.photo);
            let extent = [shape.h, shape.w];
            pictures::print_beside(self.context, args.draw.width, extent, count, wanted)?;
        }
        let lines: Vec<String> = self.steps.iter().map(|step| self.words(step) + "\n").collect();
        Ok(output::print(&lines.concat())?)
    }

    fn words(&self, step: &Step) -> String {
        let Remade { of, photo } = &step.found.what;
        let mut words = format!("{} · {} iterations{}", step.words, of.iterations, nearness(of));
        if let Some(reached) = of.reached {
            words += &format!(" · reached {}", significant(reached as f32));
        }
        if let Some(photo) = photo.filter(|_| self.photo) {
            words += &format!(" · the photo itself {}", significant(photo as f32));
        }
        if let Some(variants) = &of.variants {
            words += &format!(" on average · likeness of the textures {:.2}", variants.likeness);
        }
        words
    }
}

/// How near an inversion came: ` · relative feature error 0.02 · SSIM 0.77`.
fn nearness(of: &Rebuilt) -> String {
    let error =
        of.error.map(|error| format!(" · relative feature error {}", significant(error as f32)));
    let similarity = of.similarity.map(|similarity| format!(" · SSIM {similarity:.2}"));
    error.into_iter().chain(similarity).collect()
}
