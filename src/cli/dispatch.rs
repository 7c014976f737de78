//! From arguments to a command to an exit code.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

use super::args::{Command, Line, Root};
use super::failure::{self, Usage};
use super::{
    ablate, bench, completions, config, doctor, dream, explain, explore, export, fetch, invert,
    judge, kernels, layers, man, maps, models, predict, stats,
};

/// Runs the program on its arguments (the first is its own name) and says what went wrong, in one
/// sentence on stderr.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    match completions::answer(&arguments) {
        Ok(false) => {}
        Ok(true) => return ExitCode::SUCCESS,
        Err(error) => return failure::refuse(&error),
    }
    let line = match Line::try_parse_from(arguments) {
        Ok(line) => line,
        Err(error) => return failure::refuse(&error),
    };
    match dispatch(line) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failure::report(&error),
    }
}

fn dispatch(line: Line) -> anyhow::Result<()> {
    let flags = &line.flags;
    if let Some(command) = &line.command {
        refuse_explorer_words(&line.root, command.name())?;
    }
    match line.command {
        None => explore::run(flags, line.root),
        Some(Command::Layers(args)) => layers::run(flags, &args),
        Some(Command::Predict(args)) => predict::run(flags, &args),
        Some(Command::Maps(args)) => maps::run(flags, &args),
        Some(Command::Kernels(args)) => kernels::run(flags, &args),
        Some(Command::Stats(args)) => stats::run(flags, &args),
        Some(Command::Explain(args)) => explain::run(flags, &args),
        Some(Command::Ablate(args)) => ablate::run(flags, &args),
        Some(Command::Judge(args)) => judge::run(flags, &args),
        Some(Command::Invert(args)) => invert::run(flags, &args),
        Some(Command::Dream(args)) => dream::run(flags, &args),
        Some(Command::Export(args)) => export::run(flags, &args),
        Some(Command::Bench(args)) => bench::run(flags, &args),
        Some(Command::Models(args)) => models::run(flags, &args),
        Some(Command::Fetch(args)) => fetch::run(flags, &args),
        Some(Command::Doctor(args)) => doctor::run(flags, &args),
        Some(Command::Config(args)) => config::run(flags, &args),
        Some(Command::Completions(args)) => completions::run(&args),
        Some(Command::Man) => man::run(),
    }
}

/// What the explorer alone understands must not vanish silently before a command's name.
fn refuse_explorer_words(root: &Root, command: &str) -> Result<(), Usage> {
    let what = if !root.photos.is_empty() {
        "photos"
    } else if root.layer.is_some() {
        "--layer"
    } else if root.channel.is_some() {
        "--channel"
    } else if root.view.is_some() {
        "--view"
    } else {
        return Ok(());
    };
    Err(Usage(format!(
        "{what} before \"{command}\" would go to the explorer: put what the command takes after its name"
    )))
}
