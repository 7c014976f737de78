//! `convscope explain`: which parts of a photo a class, a channel or a unit responds to.

use std::path::Path;

use anyhow::{Result, bail};
use serde::Serialize;

use super::args::{ExplainArgs, Flags, Format};
use super::context::{Context, Keep, finite};
use super::explained::{Explained, Report};
use super::failure::Usage;
use super::files::Files;
use super::output::{self, shown};
use super::photos::{Photos, is_tensor};
use super::report::{Head, PhotoList};
use super::target::{self, Place};
use super::unused::{For, Wanted, check_method};
use crate::session::ask::*;

/// Runs the command. Each photo is written, drawn and printed when it is done.
pub(super) fn run(flags: &Flags, args: &ExplainArgs) -> Result<()> {
    let place = Place { channel: args.channel, unit: args.unit.as_deref() };
    let chosen = target::method(args.target.method.as_deref(), place)?;
    check_method(chosen.method, &args.effort)?;
    let photos = Photos::find(&args.photos.paths)?;
    let files = Files::several(&args.file, flags, &photos, "explanations")?;
    check(flags, args, chosen.method, &files)?;
    let context = Context::open(flags, Keep::Newest)?;
    chosen.notes.iter().for_each(|text| context.notes.warn(text));
    let network = context.network()?;
    let explain = |outcome: &Outcome| {
        finite(outcome)?;
        let known = (&*network, outcome);
        let method = chosen.method;
        let question =
            target::question(&context, known, method, &args.target, place, &args.effort)?;
        let explain = Explain { run: outcome.run, method, question };
        Ok((explain, found(&context, explain, photos.is_one)?))
    };
    let mut all = Printed { list: PhotoList::default(), written: 0 };
    let batch = context.run_each(&network, &photos, explain, |place, outcome, found, bar| {
        let path = photos.all.get(place).map_or(Path::new(""), |photo| &photo.path);
        let (explain, found) = found;
        let explained = Explained {
            context: &context,
            args,
            network: &network,
            outcome,
            path,
            explain: *explain,
            found,
            has_photo: !is_tensor(path)?,
        };
        say(&context, &explained, photos.is_one);
        bar.aside(|| all.put(&explained, place, &files, photos.is_one))
    })?;
    files.tell(all.written);
    context.notes.say();
    if args.report.json && !photos.is_one {
        let head = Head::of(&context, &network, None)?;
        output::print(&all.list.end(head, Nothing {})?)?;
    }
    batch.finish()
}

/// Refuses what does not go together.
fn check(flags: &Flags, args: &ExplainArgs, method: Method, files: &Files) -> Result<()> {
    if files.is_stdout() && (args.draw.print || args.report.json) {
        bail!(Usage("-o - writes to stdout: leave out --print and --json".into()));
    }
    let wanted = Wanted::of(files.format(), &args.draw, args.report.json);
    wanted.check(
        flags,
        &args.draw,
        &[("--raw", args.raw, For::Npy), ("--map", args.map, For::Png)],
    )?;
    let name = method.name();
    if args.raw && method.kind() != Kind::Map {
        bail!(Usage(format!(
            "--raw is for class activation maps: the gradients of {name} are always as computed"
        )));
    }
    if method.kind() == Kind::Gradient {
        if args.map {
            bail!(Usage(format!(
                "--map is for maps: the gradient of {name} is always written alone"
            )));
        }
        let colors = flags.look.colormap.is_some() || flags.look.range.is_some();
        if colors && files.format() == Some(Format::Png) && !wanted.drawn {
            bail!(Usage(format!(
                "--colormap and --range are for maps: the gradient of {name} is written in gray"
            )));
        }
    }
    Ok(())
}

/// The explanation; of a single photo with a bar over its steps.
fn found(context: &Context, explain: Explain, is_one: bool) -> Result<Found<Explanation>> {
    if is_one { context.work(&explain) } else { context.ask(&explain) }
}

/// Takes what an explanation says about itself. In the list of several photos each has its notes.
fn say(context: &Context, explained: &Explained<'_>, is_one: bool) {
    let of = &explained.found.what.attribution;
    if is_one {
        of.warnings.iter().for_each(|text| context.notes.warn(text));
        of.notes.iter().for_each(|text| context.notes.keep(text));
        context.notes.say();
    } else {
        let name = shown(explained.path);
        of.warnings.iter().for_each(|text| context.notes.warn_of(&name, text));
    }
}

/// The fields after the list of photos.
#[derive(Serialize)]
struct Nothing {}

/// A photo of a list.
#[derive(Serialize)]
struct Listed<'a> {
    path: String,
    #[serde(flatten)]
    report: Report<'a>,
    notes: &'a [String],
}

/// What has been put out.
struct Printed {
    list: PhotoList,
    written: usize,
}

impl Printed {
    fn put(&mut self, of: &Explained<'_>, place: usize, files: &Files, is_one: bool) -> Result<()> {
        let args = of.args;
        files.write(place, |format| of.file(format))?;
        self.written += 1;
        if args.report.json {
            let text = if is_one {
                Head::of(of.context, of.network, Some(of.path))?.with(of.report())?
            } else {
                self.list.entry(&Listed {
                    path: of.path.to_string_lossy().into_owned(),
                    report: of.report(),
                    notes: &of.found.what.attribution.notes,
                })?
            };
            output::print(&text)?;
        }
        if args.draw.print || (files.format().is_none() && !args.report.json) {
            if !is_one {
                output::print(&format!("{}\n", shown(of.path)))?;
            }
            of.print()?;
        }
        Ok(())
    }
}
