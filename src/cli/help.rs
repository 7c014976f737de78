//! `convscope help` and `--help`: pages made from the definition of the command line.
//!
//! A page has the command's own flags, by heading. The flags that most commands share are named only; `convscope help
//! flags` describes them.

use std::io::{IsTerminal, stdout};

use anyhow::Result;
use clap::{Arg, ArgAction, Command, CommandFactory};

use super::args::{HelpArgs, Line, SHARED};
use super::failure::Usage;
use super::output;
use super::print::terminal_width;
use crate::base::{clean, columns, nearest, pad_end};
use crate::session::ask::{Method, Parameter};

/// Most columns of a page: longer lines are hard to read.
const WIDEST: usize = 100;
/// Most columns of what stands before a description; a longer one gets a line for itself.
const TERM: usize = 26;

/// Topics that are not commands, and what they show.
pub(super) const TOPICS: [(&str, &str); 2] =
    [("flags", "the flags that commands share"), ("methods", "the methods of explain and judge")];

/// Runs the command.
pub(super) fn run(args: &HelpArgs) -> Result<()> {
    let page = match args.topic.as_deref() {
        None => of_command(None),
        Some("flags") => flags(),
        Some("methods") => methods(),
        Some(topic) => {
            let line = Line::command();
            if line.find_subcommand(topic).is_none() {
                return Err(unknown(&line, topic));
            }
            of_command(Some(topic))
        }
    };
    Ok(output::print(&page)?)
}

fn unknown(line: &Command, topic: &str) -> anyhow::Error {
    let names = line.get_subcommands().map(Command::get_name);
    let topics: Vec<&str> = names.chain(TOPICS.map(|(name, _)| name)).collect();
    let hint = match nearest(topic, topics.iter().copied()).as_slice() {
        [] => format!("expected one of: {}", topics.join(", ")),
        near => format!("did you mean {}?", near.join(" or ")),
    };
    Usage(format!("there is no command \"{}\"; {hint}", clean(topic))).into()
}

/// The page of a command, or of the program.
pub(super) fn of_command(name: Option<&str>) -> String {
    let mut line = Line::command();
    // Names with the program's before them, and the flags that clap adds.
    line.build();
    let found = name.and_then(|name| line.find_subcommand(name)).cloned();
    let is_program = found.is_none();
    let mut command = found.unwrap_or_else(|| line.clone());
    let mut page = Page::new();
    let about = command.get_long_about().or(command.get_about()).map(ToString::to_string);
    about.unwrap_or_default().lines().for_each(|text| page.line(text));
    page.line("");
    command.render_usage().to_string().lines().for_each(|text| page.line(text));
    if is_program {
        let commands = command.get_subcommands();
        let rows = commands.map(|of| (of.get_name().to_string(), about_of(of))).collect();
        page.section("Commands", rows);
    }
    for heading in headings(&command) {
        page.section(heading, terms(&command, |arg| heading_of(arg) == heading));
    }
    page.shared(&command);
    if let Some(after) = command.get_after_help() {
        page.line("");
        after.to_string().lines().for_each(|text| page.line(text));
    }
    page.text
}

/// The page of the flags that commands share.
fn flags() -> String {
    let line = Line::command();
    let mut page = Page::new();
    page.line(
        "Flags that commands share. `convscope help COMMAND` says which of them a command takes.",
    );
    for heading in SHARED {
        page.section(heading, terms(&line, |arg| heading_of(arg) == heading));
    }
    page.text
}

/// The page of the methods that explain.
fn methods() -> String {
    let mut page = Page::new();
    page.line("Methods of explain and judge; docs/methods.md describes them.");
    let row = |method: Method| {
        let flags = [
            ("--layer", method.takes_layer()),
            ("--steps", method.reads(Parameter::Steps)),
            ("--samples", method.reads(Parameter::Samples)),
            ("--seed", method.reads(Parameter::Seed)),
        ];
        let taken: Vec<&str> =
            flags.iter().filter(|(_, takes)| *takes).map(|(flag, _)| *flag).collect();
        let taken =
            if taken.is_empty() { String::new() } else { format!(" ({})", taken.join(", ")) };
        (method.name().to_string(), format!("{}{taken}", method.doc()))
    };
    page.section("Methods, and the flags that they read", Method::all().map(row).collect());
    page.text
}

/// The headings of a command's own arguments, those without one last.
fn headings(command: &Command) -> Vec<&str> {
    let mut all: Vec<&str> = Vec::new();
    for arg in command.get_arguments() {
        let heading = heading_of(arg);
        if !all.contains(&heading) && !SHARED.contains(&heading) {
            all.push(heading);
        }
    }
    all.sort_by_key(|heading| match *heading {
        ARGUMENTS => 0,
        OPTIONS => 2,
        _ => 1,
    });
    all
}

const ARGUMENTS: &str = "Arguments";
const OPTIONS: &str = "Options";

fn heading_of(arg: &Arg) -> &str {
    let usual = if arg.is_positional() { ARGUMENTS } else { OPTIONS };
    arg.get_help_heading().unwrap_or(usual)
}

fn about_of(command: &Command) -> String {
    command.get_about().map(ToString::to_string).unwrap_or_default()
}

/// The arguments that fit, each with its description.
fn terms(command: &Command, fits: impl Fn(&Arg) -> bool) -> Vec<(String, String)> {
    let args = command.get_arguments().filter(|arg| !arg.is_hide_set() && fits(arg));
    args.map(|arg| (term(arg), description(arg))).collect()
}

/// `-o, --output <FILE>`, `<PHOTO|FOLDER>...`
fn term(arg: &Arg) -> String {
    let names = arg.get_value_names().unwrap_or_default().join(" ");
    if arg.is_positional() {
        let several = if matches!(arg.get_action(), ArgAction::Append) { "..." } else { "" };
        return if arg.is_required_set() {
            format!("<{names}>{several}")
        } else {
            format!("[{names}]{several}")
        };
    }
    let short = arg.get_short().map_or("    ".to_string(), |short| format!("-{short}, "));
    let value = if arg.get_action().takes_values() { format!(" <{names}>") } else { String::new() };
    format!("{short}--{}{value}", arg.get_long().unwrap_or_default())
}

/// What an argument does, its values where the name of the value does not list them, and its default.
fn description(arg: &Arg) -> String {
    if matches!(arg.get_action(), ArgAction::Help) {
        return "Print help".into();
    }
    let mut text = arg.get_help().map(ToString::to_string).unwrap_or_default();
    if !arg.get_action().takes_values() {
        return text;
    }
    let listed = arg.get_value_names().unwrap_or_default().iter().any(|name| name.contains('|'));
    let values = arg.get_possible_values();
    let values: Vec<&str> = values.iter().map(|value| value.get_name()).collect();
    if !values.is_empty() && !listed {
        text += &format!(" [{}]", values.join(", "));
    }
    let defaults = arg.get_default_values();
    if !defaults.is_empty() {
        let defaults: Vec<_> = defaults.iter().map(|value| value.to_string_lossy()).collect();
        text += &format!(" [default: {}]", defaults.join(", "));
    }
    text
}

/// Text that is wrapped at the width of the terminal.
struct Page {
    text: String,
    width: usize,
    bold: bool,
}

impl Page {
    fn new() -> Self {
        let bold = stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        Self { text: String::new(), width: usize::from(terminal_width()).min(WIDEST), bold }
    }

    /// A paragraph.
    fn line(&mut self, text: &str) {
        if text.starts_with(' ') || columns(text) <= self.width {
            self.text += &format!("{text}\n");
            return;
        }
        for line in wrapped(text, self.width) {
            self.text += &format!("{line}\n");
        }
    }

    /// A heading and the terms below it, each with its description beside it.
    fn section(&mut self, heading: &str, terms: Vec<(String, String)>) {
        if terms.is_empty() {
            return;
        }
        self.heading(heading);
        let fitting = terms.iter().map(|(term, _)| columns(term)).filter(|wide| *wide <= TERM);
        let wide = fitting.max().unwrap_or(0);
        for (term, description) in &terms {
            let mut lines =
                wrapped(description, self.width.saturating_sub(wide + 4).max(20)).into_iter();
            let first = if columns(term) <= wide { lines.next() } else { None };
            let line = format!("  {}  {}", pad_end(term, wide), first.unwrap_or_default());
            self.text += &format!("{}\n", line.trim_end());
            for line in lines {
                self.text += &format!("{}{line}\n", " ".repeat(wide + 4));
            }
        }
    }

    /// The names of the shared flags that a command takes.
    fn shared(&mut self, command: &Command) {
        let row = |heading: &str| {
            let args = command.get_arguments().filter(|arg| heading_of(arg) == heading);
            let names: Vec<String> =
                args.filter_map(|arg| Some(format!("--{}", arg.get_long()?))).collect();
            (!names.is_empty()).then(|| (heading.to_string(), names.join(", ")))
        };
        let rows = SHARED.iter().filter_map(|heading| row(heading)).collect();
        self.section("Shared flags, which `convscope help flags` describes", rows);
    }

    fn heading(&mut self, heading: &str) {
        self.text += &if self.bold {
            format!("\n\u{1b}[1m{heading}:\u{1b}[0m\n")
        } else {
            format!("\n{heading}:\n")
        };
    }
}

/// The words of a text in lines of at most `width` columns; a longer word has a line for itself.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if columns(line) + 1 + columns(word) <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_string()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_wrapped_between_words() {
        assert_eq!(wrapped("one two  three", 7), ["one two", "three"]);
        assert_eq!(wrapped("overlong", 4), ["overlong"]);
        assert!(wrapped("", 4).is_empty());
    }

    #[test]
    fn every_page_has_every_flag() {
        let mut line = Line::command();
        line.build();
        let names = line.get_subcommands().map(|of| Some(of.get_name().to_string()));
        for name in names.chain([None]) {
            let page = of_command(name.as_deref());
            let command =
                name.as_deref().and_then(|name| line.find_subcommand(name)).unwrap_or(&line);
            for arg in command.get_arguments() {
                let Some(long) = arg.get_long() else { continue };
                let words = page.split(|c: char| c.is_whitespace() || c == ',');
                let count = words.filter(|word| *word == format!("--{long}")).count();
                assert!(count >= 1, "{name:?} has no --{long}: {page}");
            }
            assert!(page.lines().all(|line| columns(line) <= WIDEST), "{page}");
        }
    }
}
