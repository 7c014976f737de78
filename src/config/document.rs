//! A TOML file whose parts know their lines.

use std::ops::Range;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::ConfigError;
use crate::base::nearest;

/// A name and its value, as they stand in the file.
pub(super) type Entry<'a, 'i> = (&'a Spanned<DeString<'i>>, &'a Spanned<DeValue<'i>>);

/// A section's name and its entries.
pub(super) type Section<'a, 'i> = (&'a Spanned<DeString<'i>>, Vec<Entry<'a, 'i>>);

/// A parsed file.
pub(super) struct Document<'i> {
    path: &'i Path,
    text: &'i str,
    root: DeTable<'i>,
}

impl<'i> Document<'i> {
    pub(super) fn parse(path: &'i Path, text: &'i str) -> Result<Self, ConfigError> {
        // Editors on Windows may begin a file with a byte order mark.
        let text = text.trim_start_matches('\u{feff}');
        match DeTable::parse(text) {
            Ok(root) => Ok(Self { path, text, root: root.into_inner() }),
            Err(error) => {
                let line = line(text, error.span().unwrap_or_default());
                Err(ConfigError::new(path, line, error.message()))
            }
        }
    }

    /// The file's sections in its order: their names and entries.
    pub(super) fn sections(&self) -> Result<Vec<Section<'_, 'i>>, ConfigError> {
        let sections = in_order(&self.root).into_iter().map(|(name, value)| {
            let table = value.get_ref().as_table().ok_or_else(|| {
                self.error(
                    name.span(),
                    format!(
                        "\"{}\" is outside a section: put it below a line with its [section]",
                        name.get_ref()
                    ),
                )
            });
            Ok((name, in_order(table?)))
        });
        sections.collect()
    }

    pub(super) fn root(&self) -> &DeTable<'i> {
        &self.root
    }

    /// The line of a part, counted from 1.
    pub(super) fn line(&self, part: Range<usize>) -> usize {
        line(self.text, part)
    }

    pub(super) fn error(&self, part: Range<usize>, message: impl AsRef<str>) -> ConfigError {
        ConfigError::new(self.path, self.line(part), message)
    }

    /// Refuses a name that is none of `known`, with the one it may have meant.
    pub(super) fn unknown<'k>(
        &self,
        name: &Spanned<DeString<'i>>,
        what: impl Fn(&str) -> String,
        known: impl Iterator<Item = &'k str>,
    ) -> ConfigError {
        let near = nearest(name.get_ref(), known).into_iter().next();
        let hint = near.map_or_else(String::new, |near| format!("; did you mean \"{near}\"?"));
        self.error(name.span(), what(name.get_ref()) + &hint)
    }
}

/// The parser sorts tables by name; people read files from the top.
fn in_order<'a, 'i>(table: &'a DeTable<'i>) -> Vec<Entry<'a, 'i>> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(name, _)| name.span().start);
    entries
}

fn line(text: &str, part: Range<usize>) -> usize {
    let before = text.as_bytes().get(..part.start).unwrap_or(text.as_bytes());
    before.iter().filter(|byte| **byte == b'\n').count() + 1
}
