//! Which key runs which command: `config/keys.toml`, with the user's rows in place of its rows.
//!
//! ```toml
//! [keys]
//! page-down = ["C-d", "PgDn"]
//! suspend = []                # bound to nothing
//! ```

use std::ops::Range;
use std::path::Path;

use toml::Spanned;
use toml::de::DeValue;

use super::ConfigError;
use super::document::{Document, Entry};
use crate::base::{Key, KeyError};

/// The key that always leaves: a program whose other keys are bound wrongly must still end.
pub const LEAVE: Key = Key { ctrl: true, ..Key::char('c') };

const SECTION: &str = "keys";
/// The command of [`LEAVE`].
const QUIT: &str = "quit";

/// The keys of each command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyTable {
    /// Commands in the order of the default file, then those that only the user's file binds.
    rows: Vec<(String, Vec<Key>)>,
    notes: Vec<String>,
}

impl KeyTable {
    /// The default rows, each replaced by the user's row for the same command. `user` is the path of
    /// the user's file, for messages, and its text; `commands` are the names of all commands.
    ///
    /// # Errors
    /// With the line: no TOML, an unknown command or key, a key bound twice, and a key of the user's
    /// that a row of the defaults still has.
    pub fn load(
        default: &str,
        user: Option<(&Path, &str)>,
        commands: &[&str],
    ) -> Result<Self, ConfigError> {
        let default = Document::parse(Path::new("config/keys.toml"), default)?;
        let mut table = Self { rows: Vec::new(), notes: Vec::new() };
        for row in rows(&default, commands)? {
            table.rows.push((row.command.to_string(), row.keys()));
        }
        if let Some((path, text)) = user {
            let user = Document::parse(path, text)?;
            let mut own = rows(&user, commands)?;
            table.notes = keep_leave(&user, &mut own);
            table.replace(&user, own)?;
        }
        Ok(table)
    }

    /// The command that a key runs.
    pub fn command(&self, key: Key) -> Option<&str> {
        let row = self.rows.iter().find(|(_, keys)| keys.contains(&key));
        row.map(|(command, _)| command.as_str())
    }

    /// The keys of a command, in the order of the file.
    pub fn keys_of(&self, command: &str) -> Vec<Key> {
        let row = self.rows.iter().find(|(name, _)| name == command);
        row.map_or_else(Vec::new, |(_, keys)| keys.clone())
    }

    /// What of the user's file is not done as it stands there, each with file and line.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Puts the user's rows in place of the defaults for the same commands.
    fn replace(&mut self, user: &Document<'_>, own: Vec<Row<'_>>) -> Result<(), ConfigError> {
        for row in &own {
            match self.rows.iter_mut().find(|(command, _)| command == row.command) {
                Some((_, keys)) => *keys = row.keys(),
                None => self.rows.push((row.command.to_string(), row.keys())),
            }
        }
        // Keys were unique in each file: one that two commands have now is the user's and a default's.
        for row in &own {
            for (key, place) in &row.keys {
                let rival = self
                    .rows
                    .iter()
                    .find(|(command, keys)| command != row.command && keys.contains(key));
                if let Some((rival, _)) = rival {
                    let command = row.command;
                    let message = format!(
                        "key \"{key}\" of \"{command}\" belongs to \"{rival}\" by default; to free it, \
                         add {rival} = [] or give it other keys"
                    );
                    return Err(user.error(place.clone(), message));
                }
            }
        }
        Ok(())
    }
}

/// A row of a file, its keys with their places in the text.
struct Row<'a> {
    command: &'a str,
    place: Range<usize>,
    keys: Vec<(Key, Range<usize>)>,
}

impl Row<'_> {
    fn keys(&self) -> Vec<Key> {
        self.keys.iter().map(|(key, _)| *key).collect()
    }
}

/// Takes [`LEAVE`] from other commands and gives it to the one that leaves; says what was changed.
fn keep_leave(file: &Document<'_>, rows: &mut [Row<'_>]) -> Vec<String> {
    let mut notes = Vec::new();
    for row in rows {
        let at = row.keys.iter().position(|(key, _)| *key == LEAVE);
        let note = match (row.command == QUIT, at) {
            (true, None) => {
                row.keys.push((LEAVE, row.place.clone()));
                format!("{LEAVE} always quits, even if \"{QUIT}\" does not list it")
            }
            (false, Some(at)) => {
                row.keys.remove(at);
                format!("{LEAVE} always quits: it cannot be bound to \"{}\"", row.command)
            }
            _ => continue,
        };
        notes.push(file.error(row.place.clone(), note).to_string());
    }
    notes
}

/// The rows of a file in its order; within it, no key has two commands.
fn rows<'a>(file: &'a Document<'_>, commands: &[&str]) -> Result<Vec<Row<'a>>, ConfigError> {
    let mut rows: Vec<Row<'a>> = Vec::new();
    for (section, entries) in file.sections()? {
        if section.get_ref() != SECTION {
            let what = |name: &str| format!("unknown section [{name}]: keys stand in [{SECTION}]");
            return Err(file.unknown(section, what, [SECTION].into_iter()));
        }
        for entry in entries {
            let mut row =
                Row { command: entry.0.get_ref(), place: entry.0.span(), keys: Vec::new() };
            if !commands.contains(&row.command) {
                let what = |name: &str| format!("unknown command \"{name}\"");
                return Err(file.unknown(entry.0, what, commands.iter().copied()));
            }
            for (key, place) in keys(file, entry)? {
                let taken = rows.iter().chain([&row]).find_map(|row| {
                    let (_, place) = row.keys.iter().find(|(other, _)| *other == key)?;
                    Some((row.command, file.line(place.clone())))
                });
                if let Some((command, line)) = taken {
                    let message =
                        format!("key \"{key}\" is already bound to \"{command}\" in line {line}");
                    return Err(file.error(place, message));
                }
                row.keys.push((key, place));
            }
            rows.push(row);
        }
    }
    Ok(rows)
}

/// The keys of one row.
fn keys(
    file: &Document<'_>,
    (name, value): Entry<'_, '_>,
) -> Result<Vec<(Key, Range<usize>)>, ConfigError> {
    let no_list = |place| {
        let name = name.get_ref();
        file.error(place, format!("\"{name}\" wants a list of keys: {name} = [\"j\", \"Down\"]"))
    };
    let list = value.get_ref().as_array().ok_or_else(|| no_list(value.span()))?;
    let parse = |item: &Spanned<DeValue<'_>>| {
        let text = item.get_ref().as_str().ok_or_else(|| no_list(item.span()))?;
        let key =
            text.parse().map_err(|error: KeyError| file.error(item.span(), error.to_string()))?;
        Ok((key, item.span()))
    };
    list.iter().map(parse).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const COMMANDS: [&str; 5] = ["left", "right", "sort-next", "quit", "export"];
    const DEFAULT: &str = "[keys]\nright = [\"l\", \"Right\"]\nleft = [\"h\"]\nsort-next = [\"s\"]\nquit = [\"q\", \"C-c\"]";

    fn load(user: &str) -> Result<KeyTable, String> {
        KeyTable::load(DEFAULT, Some((Path::new("k.toml"), user)), &COMMANDS)
            .map_err(|e| e.to_string())
    }

    fn shown(table: &KeyTable, command: &str) -> String {
        table.keys_of(command).iter().map(Key::to_string).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn defaults_in_the_order_of_the_file() {
        let table = KeyTable::load(DEFAULT, None, &COMMANDS).unwrap();
        assert_eq!(shown(&table, "right"), "l Right");
        assert_eq!(table.command("C-c".parse().unwrap()), Some("quit"));
        assert_eq!(table.command(Key::char('z')), None);
        assert_eq!(shown(&table, "export"), "");
        let order: Vec<_> = table.rows.iter().map(|(command, _)| command.as_str()).collect();
        assert_eq!(order, ["right", "left", "sort-next", "quit"]);
        assert_eq!(load("").unwrap(), table);
    }

    #[test]
    fn the_users_row_replaces_the_default() {
        let table = load("[keys]\nexport = [\"h\"]\nleft = [\"H\"]\nsort-next = []").unwrap();
        assert_eq!(table.command(Key::char('h')), Some("export"));
        assert_eq!(
            (shown(&table, "left"), shown(&table, "sort-next")),
            ("H".into(), String::new())
        );
        assert_eq!(table.command(Key::char('s')), None);
        assert_eq!(table.command(Key::char('q')), Some("quit"));
        assert_eq!(table.rows.last().unwrap().0, "export");
    }

    #[test]
    fn one_key_always_leaves() {
        for (text, quit, note) in [
            (
                "[keys]\nquit = []",
                "C-c",
                "k.toml:2: C-c always quits, even if \"quit\" does not list it",
            ),
            (
                "[keys]\nquit = [\"x\"]",
                "x C-c",
                "k.toml:2: C-c always quits, even if \"quit\" does not list it",
            ),
            (
                "[keys]\n\nleft = [\"C-c\", \"x\"]",
                "q C-c",
                "k.toml:3: C-c always quits: it cannot be bound to \"left\"",
            ),
        ] {
            let table = load(text).unwrap();
            assert_eq!(table.command(LEAVE), Some("quit"), "{text}");
            assert_eq!(shown(&table, "quit"), quit);
            assert_eq!(table.notes(), [note]);
        }
        assert!(load("[keys]\nquit = [\"C-c\", \"x\"]").unwrap().notes().is_empty());
    }

    #[test]
    fn mistakes_are_refused_with_their_line() {
        for (text, message) in [
            (
                "[keys]\n\nsort-nxt = []",
                "k.toml:3: unknown command \"sort-nxt\"; did you mean \"sort-next\"?",
            ),
            ("[keys]\nzzz = []", "k.toml:2: unknown command \"zzz\""),
            (
                "[key]\nleft = []",
                "k.toml:1: unknown section [key]: keys stand in [keys]; did you mean \"keys\"?",
            ),
            (
                "[keys]\nleft = [\"x\"]\nexport = [\n  \"e\",\n  \"x\",\n]",
                "k.toml:5: key \"x\" is already bound to \"left\" in line 2",
            ),
            (
                "[keys]\nleft = [\"x\", \"x\"]",
                "k.toml:2: key \"x\" is already bound to \"left\" in line 2",
            ),
            (
                "[keys]\nexport = [\"s\"]",
                "k.toml:2: key \"s\" of \"export\" belongs to \"sort-next\" by default; to free it, add sort-next = [] or give it other keys",
            ),
            (
                "[keys]\nleft = \"x\"",
                "k.toml:2: \"left\" wants a list of keys: left = [\"j\", \"Down\"]",
            ),
            (
                "[keys]\nleft = [\"a\",\n3]",
                "k.toml:3: \"left\" wants a list of keys: left = [\"j\", \"Down\"]",
            ),
            ("[keys]\nleft = []\nleft = []", "k.toml:3: duplicate key"),
        ] {
            assert_eq!(load(text), Err(message.to_string()), "{text}");
        }
        let error = load("[keys]\nleft = [\"Entre\"]").unwrap_err();
        assert!(error.starts_with("k.toml:2: unknown key \"Entre\": write a character"), "{error}");
    }

    #[test]
    fn the_defaults_are_checked_too() {
        let error = KeyTable::load("[keys]\nfly = [\"f\"]", None, &COMMANDS).unwrap_err();
        assert_eq!(error.to_string(), "config/keys.toml:2: unknown command \"fly\"");
    }
}
