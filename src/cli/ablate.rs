//! `convscope ablate`: the classes without some channels, and which channels matter.

use anyhow::{Context as _, Result, bail};
use serde::Serialize;

use super::args::{AblateArgs, Channels, Flags};
use super::channels::{check_channels, refuse_sort, select};
use super::context::{Context, Keep, finite};
use super::failure::Usage;
use super::output;
use super::progress::Bar;
use super::report::Head;
use super::table::{Align, Table};
use super::target;
use crate::base::{Choice, Exact, LayerId, signed, significant};
use crate::session::ask::*;

/// Classes that are named when the command line does not say how many.
const CLASSES: usize = 5;
/// Channels that a ranking names.
const CHANNELS: usize = 20;

/// Runs the command.
pub(super) fn run(flags: &Flags, args: &AblateArgs) -> Result<()> {
    if args.class.is_some() && !args.rank {
        bail!(Usage("--class is for --rank: leave it out, or add --rank".into()));
    }
    if args.channels.is_none() && !args.rank {
        bail!(Usage(
            "name the channels with --channels 0,3-7, or rank all channels of the layer with --rank"
                .into()
        ));
    }
    refuse_sort(flags, matches!(args.channels, Some(Channels::Top(_))), "--channels top:K")?;
    let context = Context::open(flags, Keep::Settings)?;
    let network = context.network()?;
    let layer = context.layer(&network, &args.layer)?;
    let info = network.layers.get(layer.0).context("the layer has no number")?;
    check_channels(args.channels.as_ref(), info)?;
    let before = context.run_one(&network, &args.photo.path)?;
    finite(&before)?;
    if args.rank {
        return rank(&context, &network, &before, layer, args);
    }
    let known = (network.as_ref(), before.as_ref());
    let mut channels = select(&context, known, (before.run, layer), args.channels.as_ref())?;
    channels.sort_unstable();
    channels.dedup();
    let to = args.scale.map_or(Change::OFF, |factor| Change::Scale(Exact(factor)));
    let knock_out = KnockOut { layer, channels, to };
    let mut all = context.knock_outs(&network)?;
    all.push(knock_out.clone());
    let bar = Bar::new(network.layers.len(), "layers");
    let RunKey { network: id, input, .. } = before.run;
    let again = request::Forward { network: id, input, knock_outs: all };
    let after = context.forward(&again, &mut bar.progress())?;
    drop(bar);
    context.notes.say();
    finite(&after)?;
    let changes = changes(&before, &after, args.top.unwrap_or(CLASSES));
    if args.report.json {
        let report = Report {
            knock_out: knock_out.text(&info.name),
            answer: network.outputs.name(),
            classes: changes.iter().map(|change| change.report(&network)).collect(),
        };
        let head = Head::of(&context, &network, Some(&args.photo.path))?;
        return Ok(output::print(&head.with(report)?)?);
    }
    let mut table = Table::new(&[
        ("class", Align::Left),
        ("before", Align::Right),
        ("after", Align::Right),
        ("change", Align::Right),
    ]);
    for ClassChange { class, before, after } in changes {
        let label = network.classes.get(class).map_or("", |label| label.name.as_str());
        let outputs = network.outputs;
        let change = outputs.show_change(after - before);
        table.row([label.to_string(), outputs.show(before), outputs.show(after), change]);
    }
    Ok(output::print(&format!("{}\n\n{}", knock_out.text(&info.name), table.text()))?)
}

/// A class before and after.
struct ClassChange {
    class: usize,
    before: f32,
    after: f32,
}

#[derive(Serialize)]
struct Report {
    knock_out: String,
    /// What `before` and `after` are.
    answer: &'static str,
    classes: Vec<ClassReport>,
}

#[derive(Serialize)]
struct ClassReport {
    index: usize,
    label: String,
    before: f32,
    after: f32,
}

impl ClassChange {
    fn report(&self, network: &NetworkInfo) -> ClassReport {
        let label = network.classes.get(self.class).map_or("", |label| &label.name);
        ClassReport {
            index: self.class,
            label: label.to_string(),
            before: self.before,
            after: self.after,
        }
    }
}

/// The top classes before, and those that came among them.
fn changes(before: &Outcome, after: &Outcome, top: usize) -> Vec<ClassChange> {
    let of = |outcome: &Outcome, class: usize| {
        outcome.ranked.iter().find(|(c, _)| *c == class).map_or(0.0, |(_, p)| *p)
    };
    let mut classes: Vec<usize> = before.ranked.iter().take(top).map(|(c, _)| *c).collect();
    for (class, _) in after.ranked.iter().take(top) {
        if !classes.contains(class) {
            classes.push(*class);
        }
    }
    let change = |class| ClassChange { class, before: of(before, class), after: of(after, class) };
    classes.into_iter().map(change).collect()
}

#[derive(Serialize)]
struct RankReport<'a> {
    layer: &'a str,
    target: String,
    value: f64,
    channels: Vec<Effect>,
}

#[derive(Serialize)]
struct Effect {
    channel: usize,
    drop: f64,
}

fn rank(
    context: &Context,
    network: &NetworkInfo,
    outcome: &Outcome,
    layer: LayerId,
    args: &AblateArgs,
) -> Result<()> {
    let target = Target::Class(target::class(args.class.as_deref(), network, outcome)?);
    let Ranking { value, effects } = context.work(&Rank { run: outcome.run, layer, target })?.what;
    let mut order: Vec<usize> = (0..effects.len()).collect();
    order.sort_by(|a, b| effects[*b].total_cmp(&effects[*a]));
    let info = network.layers.get(layer.0).map_or("", |info| info.name.as_str());
    if args.report.json {
        let effect = |channel: &usize| Effect { channel: *channel, drop: effects[*channel] };
        let most = args.top.unwrap_or(usize::MAX);
        let report = RankReport {
            layer: info,
            target: target::words(target, network),
            value,
            channels: order.iter().take(most).map(effect).collect(),
        };
        let head = Head::of(context, network, Some(&args.photo.path))?;
        return Ok(output::print(&head.with(report)?)?);
    }
    let mut table =
        Table::new(&[("channel", Align::Right), ("change of the logit without it", Align::Right)]);
    let (all, shown) = (order.len(), args.top.unwrap_or(CHANNELS).min(order.len()));
    for channel in order.into_iter().take(shown) {
        table.row([channel.to_string(), signed(-effects[channel] as f32)]);
    }
    let words = target::words(target, network);
    let most = if shown < all { format!(" · {shown} of {all} channels") } else { String::new() };
    let head = format!("{info} · {words} = {}{most}", significant(value as f32));
    Ok(output::print(&format!("{head}\n\n{}", table.text()))?)
}
