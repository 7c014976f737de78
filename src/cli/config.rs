//! `convscope config`: where the settings lie, what is in force, and files to begin with.

use std::io::ErrorKind;
use std::path::PathBuf;

use anyhow::{Context as _, Result, anyhow, bail};

use super::args::{ConfigArgs, ConfigWhat, Flags};
use super::context;
use super::failure::Usage;
use super::output::{self, shown};
use crate::config::{config_dir, templates};
use crate::session::{Existing, Pending, write_together};

/// Runs the command.
pub(super) fn run(flags: &Flags, args: &ConfigArgs) -> Result<()> {
    if *flags != Flags::default() && !matches!(args.what, ConfigWhat::Show) {
        bail!(Usage(
            "flags are for `config show`, which prints what they make of the settings".into()
        ));
    }
    let text = match args.what {
        ConfigWhat::Path => files()?.map(|file| format!("{}\n", shown(&file))).concat(),
        ConfigWhat::Show => {
            let settings = context::settings(flags)?;
            let [config, keys, models] = files()?.map(|file| {
                let state = if file.exists() { "" } else { " (not there: the defaults)" };
                format!("{}{state}", shown(&file))
            });
            format!(
                "# settings: {config}\n# keys:     {keys}\n# networks: {models}\n\n{}",
                settings.show()
            )
        }
        ConfigWhat::Init => init()?,
    };
    Ok(output::print(&text)?)
}

/// Writes the files that are not there, and says of each what became of it.
fn init() -> Result<String> {
    let folder = folder()?;
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("{}: the folder cannot be made", shown(&folder)))?;
    let (mut said, mut files) = (String::new(), Vec::new());
    for (name, text) in templates() {
        let path = folder.join(name);
        let name = shown(&path);
        let what = match Pending::open(&path, Existing::Keep) {
            Ok(pending) => {
                files.push((pending, text.into_bytes()));
                "written"
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => "already exists, not changed",
            Err(error) => bail!("{name}: cannot be written: {error}"),
        };
        said.push_str(&format!("{name}: {what}\n"));
    }
    write_together(&files)
        .with_context(|| format!("{}: the files cannot be written", shown(&folder)))?;
    Ok(said)
}

/// The files of the settings, the keys and the networks, whether they exist or not.
fn files() -> Result<[PathBuf; 3]> {
    let folder = folder()?;
    Ok(["config.toml", "keys.toml", "models.toml"].map(|name| folder.join(name)))
}

fn folder() -> Result<PathBuf> {
    config_dir().ok_or_else(|| {
        anyhow!("there is no home folder: set CONVSCOPE_CONFIG_DIR to the folder of the settings")
    })
}
