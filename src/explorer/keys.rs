//! The keys: the default table, the user's over it, and the table for people made from both.

use std::path::Path;

use super::COMMANDS;
use crate::config::{ConfigError, KeyTable};

const DEFAULT: &str = include_str!("../../config/keys.toml");

/// The key table: the defaults, overridden by the user's file (its path and text).
///
/// # Errors
/// When the user's file names unknown commands or keys or binds a key twice.
pub fn load_keys(user: Option<(&Path, &str)>) -> Result<KeyTable, ConfigError> {
    let names: Vec<&str> = COMMANDS.iter().map(|c| c.name).collect();
    KeyTable::load(DEFAULT, user, &names)
}

/// The table of keys as Markdown, for the README.
pub fn markdown_table(keys: &KeyTable) -> String {
    let mut table = String::from("| keys | command | what it does |\n|---|---|---|\n");
    for command in COMMANDS {
        let bound: Vec<String> =
            keys.keys_of(command.name).iter().map(|k| format!("`{k}`")).collect();
        table += &format!("| {} | `{}` | {} |\n", bound.join(" "), command.name, command.doc);
    }
    table
}
