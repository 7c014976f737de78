//! `convscope maps`: the maps of a layer as a picture, as numbers, or on the terminal.

use std::path::Path;

use anyhow::{Context as _, Result, bail};

use super::args::{Channels, Flags, MapsArgs};
use super::context::{Context, Keep, ask, known_channels};
use super::failure::{self, Usage};
use super::output::{self, Target, shown};
use super::print::{self, Sheet};
use crate::base::{LayerId, Shape, SortOrder};
use crate::picture::npy;
use crate::session::ask::*;

/// What lies between tiles.
const BACKGROUND: [u8; 3] = [24; 3];
/// How small tiles may get on the terminal before the rest is left out.
const LEAST_TILE: usize = 8;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Png,
    Npy,
}

/// Runs the command.
pub(super) fn run(flags: &Flags, args: &MapsArgs) -> Result<()> {
    let output = args.output.as_deref().map(output).transpose()?;
    let to_stdout = output.as_ref().is_some_and(|(target, _)| *target == Target::Stdout);
    if args.print && to_stdout {
        bail!(Usage("--print and -o - both write to stdout: choose one".into()));
    }
    let context = Context::open(flags, Keep::Newest)?;
    let network = context.network()?;
    let layer = context.layer(&network, &args.layer)?;
    let known = network.layers.get(layer.0).context("the layer has no number")?;
    check(args.channels.as_ref(), known)?;
    let outcome = context.run_one(&network, &args.photo)?;
    let maps = select(&context, &outcome, layer, args)?;
    let job = Job {
        context: &context,
        info: outcome.layers.get(layer.0).context("the layer has no number")?,
        run: outcome.run,
        // viuer draws half blocks, whatever the explorer would.
        look: Look { blocks: Blocks::Half, ..Look::from(&context.settings.display) },
        over_photo: args.overlay,
    };
    if let Some((target, format)) = &output {
        target.write(&match format {
            Format::Npy => job.npy(&maps)?,
            Format::Png => job.png(&maps, args.scale)?,
        })?;
    }
    if args.print || output.is_none() {
        job.print(maps, args)?;
    }
    Ok(())
}

fn output(path: &Path) -> Result<(Target, Format)> {
    let target = Target::check(path)?;
    let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase());
    let format = match (&target, ending.as_deref()) {
        (Target::Stdout, _) | (_, Some("npy")) => Format::Npy,
        (_, Some("png")) => Format::Png,
        _ => {
            let file = shown(path);
            bail!(Usage(format!(
                "{file}: maps are written as .png (a picture) or .npy (the values)"
            )))
        }
    };
    Ok((target, format))
}

/// Channels that do not exist are refused before the network runs.
fn check(channels: Option<&Channels>, layer: &LayerInfo) -> Result<()> {
    let Some(Channels::These(these)) = channels else { return Ok(()) };
    known_channels(layer, these)
}

fn select(
    context: &Context,
    outcome: &Outcome,
    layer: LayerId,
    args: &MapsArgs,
) -> Result<Vec<PlaneKind>> {
    if let Some(how) = args.combine {
        return Ok(vec![PlaneKind::Combined(how)]);
    }
    let sort = context.settings.display.sort;
    let (sort, most) = match &args.channels {
        Some(Channels::These(these)) => {
            return Ok(these.iter().copied().map(PlaneKind::Channel).collect());
        }
        // The first by index are no top.
        Some(Channels::Top(k)) if sort == SortOrder::Index => (SortOrder::Mean, *k),
        Some(Channels::Top(k)) => (sort, *k),
        Some(Channels::All) | None => (sort, usize::MAX),
    };
    let statistics = ask!(context, Request::Statistics { run: outcome.run, layer }, Statistics);
    let norms = match sort {
        SortOrder::Norm => {
            let request = Request::Kernels { network: outcome.run.network, layer };
            Some(ask!(context, request, Kernels).norms.clone())
        }
        _ => None,
    };
    Ok(statistics.order(sort, norms.as_deref()).into_iter().take(most).map(PlaneKind::Channel).collect())
}

/// What is drawn or written of which run.
struct Job<'a> {
    context: &'a Context,
    info: &'a LayerInfo,
    run: RunKey,
    look: Look,
    over_photo: bool,
}

impl Job<'_> {
    fn npy(&self, maps: &[PlaneKind]) -> Result<Vec<u8>> {
        let maps = Some(maps.to_vec());
        let request = Request::Values { run: self.run, layer: self.info.id, maps };
        let values = ask!(self.context, request, Values);
        Ok(npy(&[values.shape.c, values.shape.h, values.shape.w], &values.data))
    }

    fn png(&self, maps: &[PlaneKind], scale: Option<u16>) -> Result<Vec<u8>> {
        let seen = self.seen(maps);
        let request = Request::Sheet { seen, scale: scale.map(usize::from) };
        ask!(self.context, request, Picture).png().context("the picture cannot be encoded")
    }

    fn print(&self, mut maps: Vec<PlaneKind>, args: &MapsArgs) -> Result<()> {
        let width = args.width.unwrap_or_else(print::terminal_width);
        let fitting = (usize::from(width) / LEAST_TILE).max(1).pow(2);
        if args.channels.is_none() && maps.len() > fitting {
            failure::say(&format!(
                "{fitting} of {} channels shown; --channels all shows all, -o writes them",
                maps.len()
            ));
            maps.truncate(fitting);
        }
        let size = print::tile_size(maps.len(), usize::from(width), self.info.shape);
        let mut heatmaps = Vec::with_capacity(maps.len());
        for what in &maps {
            let plane = self.plane(*what);
            let request = Request::Heatmap { plane, size, look: self.look, over_photo: self.over_photo };
            heatmaps.push(ask!(self.context, request, Heatmap));
        }
        let names = maps.iter().map(|what| match what {
            PlaneKind::Channel(channel) => channel.to_string(),
            PlaneKind::Combined(how) => how.to_string(),
        });
        let sheet = Sheet { names: names.collect(), tiles: heatmaps, background: BACKGROUND };
        sheet.print(self.context.settings.display.colors)?;
        Ok(output::print(&self.caption(&sheet.tiles, &maps))?)
    }

    fn caption(&self, tiles: &[std::sync::Arc<Heatmap>], maps: &[PlaneKind]) -> String {
        let what = match maps {
            [PlaneKind::Combined(how)] => format!("{how} of {} channels", self.info.shape.c),
            [PlaneKind::Channel(channel)] => format!("channel {channel} of {}", self.info.shape.c),
            _ => format!("{} of {} channels", maps.len(), self.info.shape.c),
        };
        let Shape { h, w, .. } = self.info.shape;
        print::caption(&format!("{} · {what} · {h}x{w}", self.info.name), tiles, self.look.range)
    }

    fn seen(&self, maps: &[PlaneKind]) -> Seen {
        Seen::Maps {
            run: self.run,
            layer: self.info.id,
            maps: maps.to_vec(),
            look: self.look,
            over_photo: self.over_photo,
        }
    }

    fn plane(&self, what: PlaneKind) -> Plane {
        Plane { run: self.run, layer: self.info.id, what }
    }
}
