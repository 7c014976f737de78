//! `convscope` without a command: the explorer.

use std::io::{IsTerminal, stdin, stdout};
use std::path::PathBuf;

use anyhow::{Result, bail};

use super::args::{Command, Flags, Root};
use super::context::{Context, Keep};
use super::failure::Usage;
use super::output::shown;
use crate::app;
use crate::base::{clean, nearest};
use crate::explorer::views;
use crate::session::ask::PhotoRef;
use crate::source::{SAMPLES, collect};

/// Runs the explorer. What the command line names is looked up before the screen is taken.
pub(super) fn run(flags: &Flags, root: Root) -> Result<()> {
    let photos = photos(&root.photos)?;
    let context = Context::open(flags, Keep::Settings)?;
    check(&context, &root)?;
    if !stdin().is_terminal() || !stdout().is_terminal() {
        let commands = Command::NAMES.join(", ");
        bail!("the explorer needs a terminal; without one there are the commands {commands}");
    }
    app::run(app::Start {
        session: context.session,
        settings: context.settings,
        model: context.model,
        photos,
        view: root.view,
        layer: root.layer,
        channel: root.channel,
    })
}

fn photos(paths: &[PathBuf]) -> Result<Vec<PhotoRef>> {
    if paths.is_empty() {
        return Ok((0..SAMPLES.len()).map(PhotoRef::Sample).collect());
    }
    for path in paths.iter().filter(|path| !path.exists()) {
        // One bare word that is no file was likely meant as a command.
        let word = shown(path);
        let bare = !word.contains(['/', '.']);
        if let Some(near) = nearest(&word, Command::NAMES.into_iter()).first().filter(|_| bare) {
            bail!(Usage(format!(
                "there is no command and no photo \"{word}\"; did you mean {near}?"
            )));
        }
    }
    Ok(collect(paths)?.into_iter().map(PhotoRef::File).collect())
}

/// The network is loaded here only when a name has to be looked up in it; the session keeps it.
fn check(context: &Context, root: &Root) -> Result<()> {
    if let Some(view) = root.view.as_deref().filter(|view| views::find(view).is_none()) {
        let names: Vec<_> = views::ALL.iter().map(|v| v.name().to_lowercase()).collect();
        bail!(Usage(format!(
            "there is no view \"{}\"; there are {}",
            clean(view),
            names.join(", ")
        )));
    }
    if root.layer.is_none() && root.channel.is_none() {
        return Ok(());
    }
    let network = context.network()?;
    let layer = root.layer.as_deref().map(|name| context.layer(&network, name)).transpose()?;
    let Some(channel) = root.channel else { return Ok(()) };
    let named = network.layers.iter().find(|known| Some(known.id) == layer);
    // Without a layer, one that some layer has.
    let widest = network.layers.iter().max_by_key(|layer| layer.shape.c);
    match named.or(widest) {
        Some(layer) if channel >= layer.shape.c => {
            let (name, last) = (&layer.name, layer.shape.c.saturating_sub(1));
            bail!(Usage(format!("{name} has no channel {channel}; its channels are 0 to {last}")))
        }
        _ => Ok(()),
    }
}
