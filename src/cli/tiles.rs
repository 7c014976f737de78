//! Tiles of a layer, maps or kernels: as a picture, as numbers, or on the terminal. What `maps` and
//! `kernels` share.

use std::path::Path;

use anyhow::{Context as _, Result, bail};

use super::args::{Flags, Format, ToArgs};
use super::context::Context;
use super::failure::{self, Usage};
use super::files::Files;
use super::output;
use super::print::{Printer, Sheet, Tile, caption, terminal_width, tile_size};
use super::unused::{For, Wanted};
use crate::picture::npy;
use crate::session::ask::*;

/// How small tiles may get on the terminal before the rest is left out.
const LEAST_TILE: usize = 8;

/// Where tiles go.
pub(super) struct To<'a> {
    args: &'a ToArgs,
    files: Files,
}

impl<'a> To<'a> {
    /// Finds out before any work is done whether the tiles can go there. `noun` is for messages: `maps`; flags and
    /// photo say what is read; `own` are the command's flags and what they are for.
    ///
    /// # Errors
    /// A file that cannot be written or is of no known kind, two things that want stdout, and flags without effect.
    pub fn check(
        args: &'a ToArgs,
        noun: &str,
        (flags, photo): (&Flags, Option<&Path>),
        own: &[(&str, bool, For)],
    ) -> Result<Self> {
        let files = Files::one(&args.file, flags, photo, noun)?;
        if files.is_stdout() && (args.draw.print || args.report.json) {
            bail!(Usage("-o - writes to stdout: leave out --print and --json".into()));
        }
        let own = [own, &[("--scale", args.scale.is_some(), For::Png)]].concat();
        let wanted = Wanted::of(files.format(), &args.draw, args.report.json);
        wanted.check(flags, &args.draw, &own)?;
        Ok(Self { args, files })
    }
}

/// Tiles and the words about them.
pub(super) struct Tiles<'a> {
    /// Where they are asked.
    pub context: &'a Context,
    /// What they show.
    pub seen: Seen,
    /// What stands below each.
    pub names: Vec<String>,
    /// The layer's name.
    pub layer: &'a str,
    /// What one of them is: `channel`, `kernel`.
    pub noun: &'static str,
    /// How many the layer has.
    pub of: usize,
    /// Rows and columns of values in each.
    pub extent: [usize; 2],
    /// Besides rows and columns, for the caption: empty, or ` · ` and words.
    pub detail: String,
    /// The command line says which: then none is left out where there is little room.
    pub chosen: bool,
}

impl Tiles<'_> {
    /// Puts them where they are wanted.
    ///
    /// # Errors
    /// The session's, and those of files and pipes.
    pub fn put(self, to: &To<'_>) -> Result<()> {
        to.files.write(0, |format| match format {
            Format::Npy => self.npy(),
            Format::Png => self.png(to.args.scale),
        })?;
        let draw = &to.args.draw;
        if draw.print || (to.files.format().is_none() && !to.args.report.json) {
            if draw.draws() {
                self.draw(draw.width)?;
            } else {
                failure::note("stdout is not a terminal: add --print to draw there anyway");
                output::print(&format!("{}\n", self.about()))?;
            }
        }
        Ok(())
    }

    fn npy(&self) -> Result<Vec<u8>> {
        let values = self.context.ask(&request::TileValues(self.seen.clone()))?;
        let dims = [values.shape.n, values.shape.c, values.shape.h, values.shape.w];
        Ok(match &self.seen {
            Seen::Maps { .. } | Seen::Explanation { .. } => npy(&dims[1..], &values.data),
            Seen::Kernels { .. } => npy(&dims, &values.data),
        })
    }

    fn png(&self, scale: Option<u16>) -> Result<Vec<u8>> {
        let request = request::Sheet { seen: self.seen.clone(), scale: scale.map(usize::from) };
        self.context.ask(&request)?.png().context("the picture cannot be encoded")
    }

    fn draw(mut self, width: Option<u16>) -> Result<()> {
        let width = usize::from(width.unwrap_or_else(terminal_width));
        let fitting = (width / LEAST_TILE).max(1).pow(2);
        let count = self.seen.count();
        if !self.chosen && count > fitting {
            let noun = self.noun;
            failure::say(&format!(
                "{fitting} of {count} {noun}s shown; --channels all shows all, -o writes them to a file"
            ));
            self.seen.truncate(fitting);
            self.names.truncate(fitting);
        }
        let display = &self.context.settings.display;
        let mut printer = Printer::choose(display);
        if let Some(blocks) = self.seen.blocks_mut() {
            *blocks = printer.blocks();
        }
        let size = tile_size(self.seen.count(), width, self.extent, printer.room());
        let mut tiles = Vec::with_capacity(self.seen.count());
        let mut heatmaps = Vec::with_capacity(self.seen.count());
        for of in self.seen.tiles(size) {
            let drawn = self.context.ask(&of)?;
            let picture = match printer.pixels(size) {
                Some(pixels) => Some(self.context.ask(&request::Raster {
                    of: Box::new(of),
                    pixels,
                    mark: None,
                })?),
                None => None,
            };
            tiles.push(Tile { cells: drawn.cells().clone(), picture });
            if let Drawn::Heatmap(heatmap) = drawn {
                heatmaps.push(heatmap);
            }
        }
        let about = self.about();
        let sheet = Sheet { names: self.names, tiles, size };
        sheet.print(&mut printer)?;
        Ok(output::print(&caption(&about, &heatmaps, display.range_in_files()))?)
    }

    fn about(&self) -> String {
        let (noun, of) = (self.noun, self.of);
        let what = match (&self.seen, self.names.as_slice()) {
            (Seen::Maps { maps, .. }, [how]) if matches!(**maps, [PlaneKind::Combined(_)]) => {
                format!("{how} of {of} {noun}s")
            }
            (_, [one]) => format!("{noun} {one} of {of}"),
            (_, all) => format!("{} of {of} {noun}s", all.len()),
        };
        let [rows, columns] = self.extent;
        format!("{} · {what} · {rows}x{columns}{}", self.layer, self.detail)
    }
}
