//! Where the command stands among the words of a line.
//!
//! A command is the first word that is neither a flag nor a flag's value: `--view maps` names a view, `maps` runs a
//! command, `./maps` is a folder. Flags that stand before the command are the command's.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

use clap::{Arg, Command, CommandFactory, FromArgMatches};

use super::Line;

/// The words of a line (the first is the program's name) with the command before its flags.
pub(in crate::cli) fn command_first(mut words: Vec<OsString>) -> Vec<OsString> {
    let line = Line::command();
    if let Some(at) = command_at(&line, &words) {
        let command = words.remove(at);
        words.insert(1, command);
    }
    words
}

/// Reads a line. A value may be a negative number, which its flag then refuses as out of range.
///
/// # Errors
/// What clap refuses, and its pages.
pub(in crate::cli) fn parse(words: &[OsString]) -> Result<Line, clap::Error> {
    let negative = |arg: Arg| {
        let takes = arg.get_action().takes_values() && !arg.is_positional();
        if takes && !arg.is_allow_hyphen_values_set() {
            arg.allow_negative_numbers(true)
        } else {
            arg
        }
    };
    let line = Line::command().mut_args(negative);
    let line = line.mut_subcommands(|command| command.mut_args(negative));
    Line::from_arg_matches(&line.try_get_matches_from(words)?)
}

/// Whether a line names a command.
pub(in crate::cli) fn has_command(words: &[OsString]) -> bool {
    command_at(&Line::command(), words).is_some()
}

/// The place of the command's name among the words of a line; `None` where the line is the explorer's.
fn command_at(line: &Command, words: &[OsString]) -> Option<usize> {
    let takes_value = values_of_flags(line);
    let mut at = 1;
    loop {
        let word = words.get(at)?.to_str()?;
        let is_flag = word.starts_with('-') && word.len() > 1;
        if !is_flag {
            return line.find_subcommand(word).map(|_| at);
        }
        if word == "--" {
            return None;
        }
        at += if takes_value.get(word) == Some(&true) { 2 } else { 1 };
    }
}

/// Every flag, as it is written (`--model`, `-o`), and whether the next word is its value. The same flag is of the same
/// kind in all commands.
fn values_of_flags(line: &Command) -> BTreeMap<String, bool> {
    let commands = std::iter::once(line).chain(line.get_subcommands());
    let flags = commands.flat_map(Command::get_arguments).flat_map(|arg| {
        let takes_value = arg.get_action().takes_values();
        let long = arg.get_long().map(|name| format!("--{name}"));
        let short = arg.get_short().map(|name| format!("-{name}"));
        long.into_iter().chain(short).map(move |name| (name, takes_value))
    });
    flags.collect()
}

/// Says which commands take a flag that another one refuses: `--knock-out is for predict, maps`.
pub(in crate::cli) fn flag_elsewhere(flag: &str) -> Option<String> {
    let name = OsStr::new(flag.split('=').next()?);
    let line = Line::command();
    let takes = |command: &&Command| {
        let mut longs = command.get_arguments().filter_map(clap::Arg::get_long);
        longs.any(|long| name == OsStr::new(&format!("--{long}")))
    };
    let commands: Vec<&str> = line.get_subcommands().filter(takes).map(Command::get_name).collect();
    let explorer = takes(&&line).then_some("the explorer");
    let all: Vec<&str> = commands.into_iter().chain(explorer).collect();
    (!all.is_empty()).then(|| format!("{} is for {}", name.to_string_lossy(), all.join(", ")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn ordered(line: &str) -> String {
        let words = line.split(' ').map(OsString::from).collect();
        let words = command_first(words).into_iter().map(|word| word.into_string().unwrap());
        words.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_first_word_that_is_not_a_flags_value_is_the_command() {
        for (line, same) in [
            ("c layers --json", "c layers --json"),
            ("c --model x layers --json", "c layers --model x --json"),
            ("c --model=x --offline layers", "c layers --model=x --offline"),
            ("c -o a.npy --mean -1,0,0 maps p", "c maps -o a.npy --mean -1,0,0 p"),
            ("c --model maps layers", "c layers --model maps"),
            ("c --view explain", "c --view explain"),
            ("c photos --view explain", "c photos --view explain"),
            ("c photo.jpg maps", "c photo.jpg maps"),
            ("c ./maps", "c ./maps"),
            ("c -- maps", "c -- maps"),
            ("c --help maps", "c maps --help"),
            ("c - maps", "c - maps"),
            ("c", "c"),
        ] {
            assert_eq!(ordered(line), same, "{line}");
        }
    }

    #[test]
    fn a_flag_is_of_the_same_kind_in_all_commands() {
        let line = Line::command();
        let known = values_of_flags(&line);
        for command in std::iter::once(&line).chain(line.get_subcommands()) {
            for arg in command.get_arguments() {
                let Some(long) = arg.get_long() else { continue };
                let takes_value = arg.get_action().takes_values();
                assert_eq!(
                    known[&format!("--{long}")],
                    takes_value,
                    "{} {long}",
                    command.get_name()
                );
            }
        }
    }

    /// What stands after a command so that its line is whole.
    fn needed(command: &str) -> &'static [&'static str] {
        match command {
            "predict" | "stats" | "explain" | "judge" | "bench" => &["p.png"],
            "maps" | "invert" => &["p.png", "--layer", "fc"],
            "ablate" => &["p.png", "--layer", "fc", "--channels", "0"],
            "kernels" => &["--layer", "fc"],
            "export" => &["p.png", "-o", "a.safetensors"],
            "fetch" => &["a/b"],
            "completions" => &["bash"],
            "config" => &["show"],
            _ => &[],
        }
    }

    #[test]
    fn every_flag_takes_every_commands_name_as_its_value() {
        use clap::error::ErrorKind::{ArgumentConflict, InvalidValue, ValueValidation};
        let line = Line::command();
        let names: Vec<String> =
            line.get_subcommands().map(|command| command.get_name().to_string()).collect();
        let mut tried = 0;
        for command in std::iter::once(&line).chain(line.get_subcommands()) {
            let name = command.get_name();
            let flags: Vec<&str> = command
                .get_arguments()
                .filter(|arg| arg.get_action().takes_values())
                .filter_map(clap::Arg::get_long)
                .collect();
            for (flag, value) in flags.iter().flat_map(|flag| names.iter().map(move |v| (flag, v)))
            {
                // Flags that the line needs anyway may stand once.
                let rest = needed(name);
                let at = rest.iter().position(|word| *word == format!("--{flag}"));
                let short =
                    if *flag == "output" { rest.iter().position(|w| *w == "-o") } else { None };
                let mut words: Vec<&str> = rest.to_vec();
                if let Some(at) = at.or(short) {
                    words.drain(at..at + 2);
                }
                let flag = format!("--{flag}");
                let mut all = vec!["convscope"];
                if command.get_name() != "convscope" {
                    all.push(name);
                }
                all.extend(words);
                all.extend([flag.as_str(), value.as_str()]);
                let before: Vec<OsString> = all.iter().map(OsString::from).collect();
                match parse(&command_first(before)) {
                    Ok(parsed) => {
                        assert_eq!(parsed.command.is_none(), name == "convscope", "{all:?}");
                    }
                    Err(error) => assert!(
                        matches!(error.kind(), InvalidValue | ValueValidation | ArgumentConflict),
                        "{all:?}: {error}"
                    ),
                }
                tried += 1;
            }
        }
        assert!(tried > 1000, "{tried}");
    }

    #[test]
    fn what_another_command_takes_is_said() {
        let said = flag_elsewhere("--knock-out=layer1:0").unwrap();
        assert!(said.starts_with("--knock-out is for predict, maps, stats"), "{said}");
        assert!(!said.contains("layers") && said.ends_with("the explorer"), "{said}");
        assert_eq!(flag_elsewhere("--jsno"), None);
    }
}
