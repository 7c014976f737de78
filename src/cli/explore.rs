//! `convscope` without a command: the explorer.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use super::args::{Command, Flags, Root};
use super::context::{self, Context, Keep, known_channels};
use super::failure::{self, Usage};
use super::output::shown;
use super::photos::{Photos, is_stdin, photo_at};
use crate::app;
use crate::base::{Choice, LayerId, clean, count, nearest};
use crate::explorer::first_layer;
use crate::explorer::views::ViewId;
use crate::session::ask::{Look, ModelRef, NetworkInfo, PhotoRef};
use crate::source::recognize::{Kind, recognize_path};
use crate::source::{Given, SAMPLES, is_checkpoint, is_photo};
use crate::terminal::tty;

/// Runs the explorer. What the command line names is looked up before the screen is taken.
pub(super) fn run(mut flags: Flags, mut root: Root) -> Result<()> {
    network_among(&mut flags, &mut root.photos)?;
    let flags = &flags;
    let photos = photos(&root.photos)?;
    let view = root.view.as_deref().map(view_named).transpose()?;
    let context = Context::open(flags, Keep::Settings)?;
    // A network that cannot be read is refused while there is a place for words. One of the hub may take long, with a bar
    // over its bytes: not before it is known that there is a terminal, unless a name has to be looked up in it.
    let names = root.layer.is_some() || root.channel.is_some() || !flags.edits.knock_out.is_empty();
    let from_hub = matches!(context.model, ModelRef::Hub(_));
    let first = if names || !from_hub { Some(context.network()?) } else { None };
    let known = first.as_deref();
    let layer = known.map(|known| check(&context, &root, known)).transpose()?.flatten();
    let knock_outs = known.map(|known| context.knock_outs(known)).transpose()?.unwrap_or_default();
    // Keys come from the controlling terminal where stdin is a list of files, as under xargs.
    if !tty::is_there() {
        let commands = Command::NAMES.join(", ");
        bail!(
            "the explorer needs a terminal; without a terminal, use one of the commands {commands}"
        );
    }
    if first.is_none() {
        context.network()?;
    }
    let usual_look = Look::in_files(&context::settings(&Flags::default())?.display);
    app::run(app::Start {
        catalogue: context.catalogue,
        flags: flags.computing(),
        usual_look,
        session: context.session,
        settings: context.settings,
        model: context.model,
        photos,
        view,
        layer,
        channel: root.channel,
        knock_outs,
    })
}

/// Takes a network that stands among the photos as `--model`: the content decides, whatever it is called.
///
/// # Errors
/// When there are two networks.
fn network_among(flags: &mut Flags, photos: &mut Vec<PathBuf>) -> Result<()> {
    let (networks, others): (Vec<PathBuf>, Vec<PathBuf>) =
        photos.drain(..).partition(|path| is_network(path));
    *photos = others;
    let mut networks = networks.into_iter();
    let Some(first) = networks.next() else { return Ok(()) };
    let other = flags.network.model.replace(first.clone()).or_else(|| networks.next());
    if let Some(other) = other {
        let (first, other) = (shown(&first), shown(&other));
        bail!(Usage(format!("{first} and {other} are networks: the explorer opens only one")));
    }
    Ok(())
}

/// Whether a path names a network rather than photos: a file by its content or its name, also of a format that is not
/// read, so that it is refused as one; a folder when it holds weights and no photos.
fn is_network(path: &Path) -> bool {
    let is_known = recognize_path(path).ok().flatten().is_some_and(|known| match known.kind {
        Kind::Checkpoint | Kind::OtherNetwork(_) => true,
        // Any JSON could be one.
        Kind::Index => path.extension().is_some_and(|ending| ending == "json"),
        _ => false,
    });
    if !path.is_dir() {
        return is_known || (path.is_file() && is_checkpoint(path));
    }
    let has = |of: fn(&Path) -> bool| {
        let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).any(|path| of(&path))
    };
    (is_known || has(is_checkpoint)) && !has(is_photo)
}

fn photos(paths: &[PathBuf]) -> Result<Vec<PhotoRef>> {
    if paths.is_empty() {
        return Ok((0..SAMPLES.len()).map(PhotoRef::Sample).collect());
    }
    let is_file = |path: &&PathBuf| matches!(PhotoRef::named(path), PhotoRef::File(_));
    for path in paths.iter().filter(is_file).filter(|path| !is_stdin(path) && !path.exists()) {
        // One bare word that is no file was likely meant as a command.
        let word = shown(path);
        if Command::NAMES.contains(&word.as_str()) {
            bail!(Usage(format!(
                "there is no photo \"{word}\"; to run the command {word}, put it first"
            )));
        }
        let bare = !word.contains(['/', '.']);
        if let Some(near) = nearest(&word, Command::NAMES.into_iter()).first().filter(|_| bare) {
            bail!(Usage(format!(
                "there is no command and no photo \"{word}\"; did you mean {near}?"
            )));
        }
    }
    let found = Photos::find(paths)?;
    let photos: Result<Vec<PhotoRef>> = found.paths().map(photo_at).collect();
    from_readable(photos?)
}

/// The photos from the first one that can be read, so that the explorer opens with something to show. Those before it
/// are reported. A single photo is left to the explorer.
///
/// # Errors
/// When there are several, and none can be read.
fn from_readable(mut photos: Vec<PhotoRef>) -> Result<Vec<PhotoRef>> {
    if photos.len() < 2 {
        return Ok(photos);
    }
    let mut unread = Vec::new();
    let read = |photo: &PhotoRef| match photo {
        PhotoRef::File(path) => Given::read(path).map_err(|error| unread.push(error)).is_ok(),
        _ => true,
    };
    let Some(first) = photos.iter().position(read) else {
        let (all, why) = (count(photos.len(), "photo"), unread.first());
        let why = why.map(ToString::to_string).unwrap_or_default();
        bail!("none of the {all} can be read; the first: {why}");
    };
    unread.iter().for_each(|error| failure::note(&format!("skipped {error}")));
    Ok(photos.split_off(first))
}

/// The view of that name.
fn view_named(name: &str) -> Result<ViewId> {
    ViewId::parse(name).map_err(|_| {
        let names: Vec<_> = ViewId::ALL.iter().map(|view| view.name()).collect();
        let name = clean(name);
        Usage(format!("there is no view \"{name}\"; expected one of: {}", names.join(", "))).into()
    })
}

/// The layer that `--layer` names, once it and `--channel` are known to exist.
fn check(context: &Context, root: &Root, network: &NetworkInfo) -> Result<Option<LayerId>> {
    let layer = root.layer.as_deref().map(|name| context.layer(network, name)).transpose()?;
    let opened = layer.unwrap_or_else(|| first_layer(&network.layers));
    if let (Some(channel), Some(info)) = (root.channel, network.layers.get(opened.0)) {
        known_channels(info, &[channel])?;
    }
    Ok(layer)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_explorer_opens_on_the_first_photo_that_can_be_read() {
        let folder = tempfile::tempdir().unwrap();
        let broken = folder.path().join("broken.jpg");
        std::fs::write(&broken, "no photo").unwrap();
        let (broken, good) = (PhotoRef::File(broken), PhotoRef::Sample(0));
        let from = |photos: &[&PhotoRef]| {
            from_readable(photos.iter().map(|photo| (*photo).clone()).collect())
        };
        let kept = from(&[&broken, &broken, &good, &broken]).unwrap();
        assert_eq!(kept, [good.clone(), broken.clone()]);
        assert_eq!(from(&[&good, &broken]).unwrap().len(), 2);
        assert_eq!(from(&[&broken]).unwrap().len(), 1);
        let error = from(&[&broken, &broken]).unwrap_err().to_string();
        assert!(error.starts_with("none of the 2 photos can be read; the first: "), "{error}");
    }
}
