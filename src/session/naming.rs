//! What networks and photos are called on the command line, both ways.

use std::path::{Path, PathBuf};

use super::SessionError;
use super::ask::refs::{ModelRef, PhotoRef};
use super::locate::{entry, reference};
use crate::base::clean;
use crate::config::Catalogue;
use crate::source::hub::RepoRef;
use crate::source::{SAMPLES, is_checkpoint};

impl ModelRef {
    /// The network that a text names: `builtin`, a name of the catalogue, a file or folder, or a repository of the hub in
    /// any of the forms of [`RepoRef::read`]. A path that `exists` goes before a repository.
    ///
    /// # Errors
    /// When it is none of them.
    pub fn named(text: &str, catalogue: &Catalogue, exists: bool) -> Result<Self, SessionError> {
        if text == "builtin" {
            return Ok(Self::Builtin);
        }
        if let Some(repo) = catalogue.find(text).and_then(reference) {
            return Ok(Self::Hub(repo));
        }
        let path = PathBuf::from(text);
        let is_address = RepoRef::is_address(text);
        let is_path = !is_address && (text.starts_with(['.', '/', '~']) || is_checkpoint(&path));
        match text.parse::<RepoRef>() {
            _ if exists => Ok(Self::File(path)),
            Ok(repo) if !is_path || repo.file.is_some() => Ok(Self::Hub(repo)),
            Err(error) if is_address => Err(SessionError::Failed(error.to_string())),
            _ if is_path => Ok(Self::File(path)),
            _ => {
                let near = catalogue.nearest(text);
                let hint = match near.as_slice() {
                    [] => "`convscope models` lists those with a name".to_string(),
                    near => format!("did you mean {}?", near.join(" or ")),
                };
                let text = clean(text);
                Err(SessionError::Failed(format!(
                    "there is no file and no network \"{text}\": {hint}"
                )))
            }
        }
    }

    /// The network that a word of the command line names. What is not Unicode can only be a path.
    ///
    /// # Errors
    /// As [`ModelRef::named`].
    pub fn at(word: &Path, catalogue: &Catalogue) -> Result<Self, SessionError> {
        match word.to_str() {
            Some(text) => Self::named(text, catalogue, word.exists()),
            None => Ok(Self::File(word.to_path_buf())),
        }
    }

    /// The text that names it on the command line.
    pub fn text(&self, catalogue: &Catalogue) -> String {
        match self {
            Self::Builtin => "builtin".to_string(),
            Self::File(path) => path.to_string_lossy().into_owned(),
            Self::Hub(repo) => {
                let known = entry(catalogue, repo);
                known.map_or_else(|| repo.to_string(), |model| model.name.clone())
            }
        }
    }
}

/// What a photo from stdin is called.
pub const STDIN: &str = "stdin";

/// The word before the name of a photo that ships with the program.
const SAMPLE: &str = "builtin:";

/// The photos that ship with the program, as the command line names them.
pub fn sample_names() -> impl Iterator<Item = String> {
    (0..SAMPLES.len()).map(|index| PhotoRef::Sample(index).text())
}

impl PhotoRef {
    /// The photo that a path names; `builtin:china.jpg` is one that ships with the program.
    pub fn named(path: &Path) -> Self {
        let name = path.to_str().and_then(|text| text.strip_prefix(SAMPLE));
        let sample = SAMPLES.iter().position(|sample| Some(sample.name) == name);
        sample.map_or_else(|| Self::File(path.to_path_buf()), Self::Sample)
    }

    /// The text that names it on the command line.
    pub fn text(&self) -> String {
        match self {
            Self::File(path) => path.to_string_lossy().into_owned(),
            Self::Stdin(_) => "-".to_string(),
            Self::Blank => String::new(),
            Self::Sample(index) => {
                SAMPLES.get(*index).map_or(String::new(), |s| format!("{SAMPLE}{}", s.name))
            }
        }
    }
}
