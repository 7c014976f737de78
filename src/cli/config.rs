//! `convscope config`: where the settings lie and what is in force.

use std::path::PathBuf;

use anyhow::{Result, anyhow};

use super::args::{ConfigArgs, ConfigWhat, Flags};
use super::context;
use super::output::{self, shown};
use crate::config::config_dir;

/// Runs the command.
pub(super) fn run(flags: &Flags, args: &ConfigArgs) -> Result<()> {
    let text = match args.what {
        ConfigWhat::Path => files()?.map(|file| format!("{}\n", shown(&file))).concat(),
        ConfigWhat::Show => {
            let settings = context::settings(flags)?;
            let [config, keys] = files()?.map(|file| {
                let state = if file.exists() { "" } else { " (not there: the defaults)" };
                format!("{}{state}", shown(&file))
            });
            format!("# settings: {config}\n# keys:     {keys}\n\n{}", settings.show())
        }
    };
    Ok(output::print(&text)?)
}

/// The files of the settings and of the keys, whether they exist or not.
fn files() -> Result<[PathBuf; 2]> {
    let folder = config_dir().ok_or_else(|| {
        anyhow!("there is no home folder: set CONVSCOPE_CONFIG_DIR to the folder of the settings")
    })?;
    Ok(["config.toml", "keys.toml"].map(|name| folder.join(name)))
}
