//! Where the user's files lie. Nothing here looks whether they exist.

use std::ffi::OsString;
use std::path::PathBuf;

use etcetera::BaseStrategy;

const NAME: &str = "convscope";

/// The folder of `config.toml` and `keys.toml`: `$CONVSCOPE_CONFIG_DIR`, else
/// `$XDG_CONFIG_HOME/convscope`, else `~/.config/convscope`. `None` when there is no home folder.
pub fn config_dir() -> Option<PathBuf> {
    chosen(std::env::var_os("CONVSCOPE_CONFIG_DIR"))
        .or_else(|| Some(etcetera::choose_base_strategy().ok()?.config_dir().join(NAME)))
}

/// The folder of the log file: `$XDG_STATE_HOME/convscope`, else `~/.local/state/convscope`; where
/// a system has no such folder, the one for data.
pub fn state_dir() -> Option<PathBuf> {
    let base = etcetera::choose_base_strategy().ok()?;
    Some(base.state_dir().unwrap_or_else(|| base.data_dir()).join(NAME))
}

/// An empty variable counts as not set.
fn chosen(variable: Option<OsString>) -> Option<PathBuf> {
    variable.filter(|path| !path.is_empty()).map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_variable_is_none() {
        assert_eq!(chosen(Some(OsString::new())), None);
        assert_eq!(chosen(Some("/x".into())), Some(PathBuf::from("/x")));
    }

    #[test]
    fn folders_carry_the_programs_name() {
        assert!(state_dir().is_none_or(|path| path.ends_with(NAME)));
    }
}
