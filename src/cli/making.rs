//! Pictures that were made from what a network says, and where they go.

use std::path::Path;

use anyhow::{Result, bail};
use serde::Serialize;

use super::args::{Flags, Format, MakingArgs};
use super::context::Context;
use super::failure::Usage;
use super::files::Files;
use super::output;
use super::pictures;
use super::report::Head;
use super::unused::Wanted;
use crate::base::{Array, Blending, significant};
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
pub(super) struct Made<'a> {
    /// Where it was made.
    pub context: &'a Context,
    /// By what.
    pub network: &'a NetworkInfo,
    /// From what; `None` for noise.
    pub path: Option<&'a Path>,
    /// How.
    pub rebuild: Rebuild,
    /// What came of it.
    pub found: &'a Found<Remade>,
    /// Whether there is a photo to show beside it.
    pub photo: bool,
    /// What it was made of.
    pub words: String,
}

#[derive(Serialize)]
struct Report<'a> {
    of: &'a str,
    iterations: usize,
    loss: f64,
    /// Of an inversion: the relative feature error.
    error: Option<f64>,
    /// Of an ascent: what the picture reaches.
    reached: Option<f64>,
    /// Of an ascent: what the photo itself reaches.
    photo_reached: Option<f64>,
    /// For each iteration the loss, and the error or what was reached.
    curve: &'a [(f32, f32)],
    seconds: f64,
}

impl Made<'_> {
    /// Puts it where it is wanted.
    ///
    /// # Errors
    /// The session's, and those of files and pipes.
    pub fn put(&self, args: &MakingArgs, out: &Out) -> Result<()> {
        let Remade { of, photo } = &self.found.what;
        if of.reached == Some(0.0) {
            let words = "nothing activates it: it may be dead, or knocked out";
            self.context.notes.warn(words);
            self.context.notes.say();
        }
        out.0.write(0, |format| match format {
            Format::Npy => {
                let Array { shape, data } = &of.picture;
                Ok(npy(&[shape.c, shape.h, shape.w], data))
            }
            Format::Png => pictures::png(self.context, self.sight(Blocks::Half)),
        })?;
        if args.report.json {
            let report = Report {
                of: &self.words,
                iterations: of.iterations,
                loss: of.loss,
                error: of.error,
                reached: of.reached,
                photo_reached: photo.filter(|_| self.photo),
                curve: &of.curve,
                seconds: self.found.seconds,
            };
            let head = Head::of(self.context, self.network, self.path)?;
            output::print(&head.with(report)?)?;
        }
        if args.draw.print || (out.0.format().is_none() && !args.report.json) {
            self.print(args, of, *photo)?;
        }
        Ok(())
    }

    fn sight(&self, blocks: Blocks) -> Sight {
        let Look { colormap, range, .. } = Look::in_files(&self.context.settings.display);
        Sight {
            job: self.rebuild.clone().into(),
            show: Show::Map,
            colormap,
            opacity: 100,
            blending: Blending::Opacity,
            range,
            blocks,
        }
    }

    fn print(&self, args: &MakingArgs, of: &Rebuilt, photo: Option<f64>) -> Result<()> {
        let input = self.rebuild.run.input;
        let wanted = |size, blocks| {
            let mut all = vec![("picture", self.sight(blocks).cells(size).into())];
            if self.photo {
                all.insert(0, ("photo", request::Photo { input, size, blocks }.into()));
            }
            all
        };
        if args.draw.draws() {
            let extent = [of.picture.shape.h, of.picture.shape.w];
            let count = if self.photo { 2 } else { 1 };
            pictures::print_beside(self.context, args.draw.width, extent, count, wanted)?;
        }
        let mut words = format!("{} · {} iterations", self.words, of.iterations);
        if let Some(error) = of.error {
            words += &format!(" · relative feature error {}", significant(error as f32));
        }
        if let Some(reached) = of.reached {
            words += &format!(" · reached {}", significant(reached as f32));
        }
        if let Some(photo) = photo.filter(|_| self.photo) {
            words += &format!(" · the photo itself {}", significant(photo as f32));
        }
        Ok(output::print(&format!("{words}\n"))?)
    }
}
