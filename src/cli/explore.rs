//! `convscope` without a command: the explorer.

use std::path::PathBuf;

use anyhow::{Result, bail};

use super::args::{Command, Flags, Root};
use super::context::{self, Context, Keep, known_channels};
use super::failure::Usage;
use super::output::shown;
use crate::app;
use crate::base::{LayerId, clean, nearest};
use crate::explorer::{first_layer, views};
use crate::session::ask::{Look, ModelRef, PhotoRef};
use crate::source::{SAMPLES, collect};
use crate::terminal::tty;

/// Runs the explorer. What the command line names is looked up before the screen is taken.
pub(super) fn run(flags: &Flags, root: Root) -> Result<()> {
    let photos = photos(&root.photos)?;
    let context = Context::open(flags, Keep::Settings)?;
    let layer = check(&context, &root)?;
    let knock_outs = match flags.knock_out.as_slice() {
        [] => Vec::new(),
        _ => context.knock_outs(&*context.network()?)?,
    };
    // Keys come from the controlling terminal where stdin is a list of files, as under xargs.
    if !tty::is_there() {
        let commands = Command::NAMES.join(", ");
        bail!("the explorer needs a terminal; without one there are the commands {commands}");
    }
    let usual_look = Look::from(&context::settings(&Flags::default())?.display);
    app::run(app::Start {
        catalogue: context.catalogue,
        flags: flags.computing(),
        usual_look,
        session: context.session,
        settings: context.settings,
        model: context.model,
        photos,
        view: root.view,
        layer,
        channel: root.channel,
        knock_outs,
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

/// The layer that `--layer` names, once it and `--channel` are known to exist. The network is loaded
/// here only when a name has to be looked up in it; the session keeps it.
fn check(context: &Context, root: &Root) -> Result<Option<LayerId>> {
    if let Some(view) = root.view.as_deref().filter(|view| views::find(view).is_none()) {
        let names: Vec<_> = views::ALL.iter().map(|v| v.name().to_lowercase()).collect();
        let view = clean(view);
        bail!(Usage(format!("there is no view \"{view}\"; there are {}", names.join(", "))));
    }
    if let ModelRef::File(path) = &context.model
        && !path.exists()
    {
        bail!("{}: no such file", shown(path));
    }
    if root.layer.is_none() && root.channel.is_none() {
        return Ok(None);
    }
    let network = context.network()?;
    let layer = root.layer.as_deref().map(|name| context.layer(&network, name)).transpose()?;
    let opened = layer.unwrap_or_else(|| first_layer(&network.layers));
    if let (Some(channel), Some(info)) = (root.channel, network.layers.get(opened.0)) {
        known_channels(info, &[channel])?;
    }
    Ok(layer)
}
