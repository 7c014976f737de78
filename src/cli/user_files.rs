//! What the user has written: settings, networks with a name, labels; the command line goes over them.

use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Result, anyhow};

use super::args::{Flags, InputFlags, NetworkFlags};
use super::output::shown;
use crate::base::read_small_text;
use crate::config::{Catalogue, Label, Settings, config_dir, read_labels};
use crate::session::Wishes;
use crate::source::Overrides;

/// The settings file, if there is one, overlaid by the command line.
///
/// # Errors
/// When the file cannot be read or is wrong, with its line.
pub(super) fn settings(flags: &Flags) -> Result<Settings> {
    let path = config_dir().map(|folder| folder.join("config.toml"));
    let text = path.as_deref().map(read_if_there).transpose()?.flatten();
    let user = path.as_deref().zip(text.as_deref());
    Ok(overlaid(Settings::load(user)?, flags))
}

/// Settings with the command line's word over them.
pub(super) fn overlaid(mut settings: Settings, flags: &Flags) -> Settings {
    if let Some(colormap) = flags.look.colormap {
        // A diverging map is for signed values; any other, when asked for by name, is for all.
        settings.display.signed_colormap = colormap;
        if !colormap.is_diverging() {
            settings.display.colormap = colormap;
        }
    }
    settings.display.range = flags.look.range.or(settings.display.range);
    settings.display.sort = flags.sort.sort.or(settings.display.sort);
    settings.display.graphics = flags.graphics.graphics.unwrap_or(settings.display.graphics);
    settings.display.theme = flags.theme.theme.unwrap_or(settings.display.theme);
    settings.run.device = flags.compute.device.unwrap_or(settings.run.device);
    settings.run.dtype = flags.compute.dtype.unwrap_or(settings.run.dtype);
    settings.run.threads = flags.compute.threads.unwrap_or(settings.run.threads);
    settings
}

/// The networks with a name: those that ship with the program, and the user's.
///
/// # Errors
/// When the user's file cannot be read or is wrong, with its line.
pub(super) fn catalogue() -> Result<Catalogue> {
    let path = config_dir().map(|folder| folder.join("models.toml"));
    let read = |path: &Path| user_text(path, MODELS_LIMIT);
    let text = path.as_deref().map(read).transpose()?.flatten();
    Ok(Catalogue::load(path.as_deref().zip(text.as_deref()))?)
}

/// Most bytes of `config.toml` and `keys.toml`.
const SETTINGS_LIMIT: u64 = 1 << 20;
/// Most bytes of `models.toml`: some hundred thousand networks.
const MODELS_LIMIT: u64 = 16 << 20;
/// Most bytes of a file of labels.
const LABELS_LIMIT: u64 = 64 << 20;

/// The text of the settings or the keys; `None` when there is no such file.
///
/// # Errors
/// When it is there and cannot be read.
pub(super) fn read_if_there(path: &Path) -> Result<Option<String>> {
    user_text(path, SETTINGS_LIMIT)
}

/// The text of a user's file of at most `limit` bytes; `None` when there is no such file, or no folder that could hold
/// one: a home of `/dev/null`, or one that is closed to this user.
fn user_text(path: &Path, limit: u64) -> Result<Option<String>> {
    let closed = || {
        let data = path.symlink_metadata();
        data.is_err_and(|error| error.kind() == ErrorKind::PermissionDenied)
    };
    match read_small_text(path, limit) {
        Ok(text) => Ok(text),
        Err(error) if error.kind() == ErrorKind::NotADirectory => Ok(None),
        Err(error) if error.kind() == ErrorKind::PermissionDenied && closed() => Ok(None),
        Err(error) => Err(unreadable(path, &error)),
    }
}

/// Why a file cannot be read, in a sentence.
fn unreadable(path: &Path, error: &std::io::Error) -> anyhow::Error {
    match error.kind() {
        ErrorKind::InvalidInput | ErrorKind::FileTooLarge | ErrorKind::InvalidData => {
            anyhow!("{}: {error}", shown(path))
        }
        _ => anyhow!("{}: cannot be read: {error}", shown(path)),
    }
}

/// What the command line says about every network.
///
/// # Errors
/// When the labels cannot be read.
pub(super) fn wishes(network: &NetworkFlags, input: &InputFlags) -> Result<Wishes> {
    let labels = network.labels.as_deref().map(labels).transpose()?;
    Ok(Wishes {
        overrides: overrides(input),
        labels,
        stride_in: network.stride_in,
        state: network.state.clone(),
        answer: network.answer,
    })
}

/// The names of classes in a file.
fn labels(path: &Path) -> Result<Vec<Label>> {
    let text = read_small_text(path, LABELS_LIMIT).map_err(|error| unreadable(path, &error))?;
    let text = text.ok_or_else(|| anyhow!("{}: no such file", shown(path)))?;
    read_labels(&text).map_err(|why| anyhow!("{}: {why}", shown(path)))
}

fn overrides(flags: &InputFlags) -> Overrides {
    let crop = match (flags.crop, flags.no_crop) {
        (true, _) => Some(true),
        (_, true) => Some(false),
        _ => None,
    };
    Overrides {
        size: flags.size.map(|size| size.0),
        crop,
        mean: flags.mean.as_ref().map(|values| values.0.clone()),
        std: flags.std.as_ref().map(|values| values.0.clone()),
    }
}
