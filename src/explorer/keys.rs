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

/// The keys as Markdown, for the README: a heading and a table for each group of commands.
pub fn markdown_tables(keys: &KeyTable) -> String {
    let mut text = String::new();
    let mut group = None;
    for command in COMMANDS {
        if group != Some(command.group) {
            group = Some(command.group);
            let title = command.group.title();
            text += &format!("\n### {title}\n\n| keys | command | what it does |\n|---|---|---|\n");
        }
        let bound: Vec<String> =
            keys.keys_of(command.name).iter().map(|k| format!("`{k}`")).collect();
        let argument = match command.argument {
            "" => String::new(),
            argument => format!(" {argument}"),
        };
        text +=
            &format!("| {} | `{}{argument}` | {} |\n", bound.join(" "), command.name, command.doc);
    }
    text + "\n"
}
