//! From arguments to a command to an exit code.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::error::ErrorKind;

use super::args::{Command, Flags, Line, command_first, parse};
use super::failure;
use super::{
    ablate, bench, completions, config, doctor, dream, explain, explore, export, fetch, help,
    invert, judge, kernels, layers, man, maps, models, output, predict, stats,
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
    let words = command_first(arguments);
    let line = match parse(&words) {
        Ok(line) => line,
        Err(error) if error.kind() == ErrorKind::DisplayHelp => {
            let command = words.get(1).and_then(|word| word.to_str());
            return finish(output::print(&help::of_command(command)).map_err(Into::into));
        }
        Err(error) => return failure::refuse(&error),
    };
    finish(dispatch(line))
}

fn finish(result: anyhow::Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failure::report(&error),
    }
}

fn dispatch(line: Line) -> anyhow::Result<()> {
    let offline = line.offline;
    let with = |flags: Flags| Flags { offline, ..flags };
    match line.command {
        None => explore::run(with(line.root.flags()), line.root),
        Some(Command::Layers(args)) => layers::run(&with(args.flags()), &args),
        Some(Command::Predict(args)) => predict::run(&with(args.flags()), &args),
        Some(Command::Maps(args)) => maps::run(&with(args.flags()), &args),
        Some(Command::Kernels(args)) => kernels::run(&with(args.flags()), &args),
        Some(Command::Stats(args)) => stats::run(&with(args.flags()), &args),
        Some(Command::Explain(args)) => explain::run(&with(args.flags()), &args),
        Some(Command::Ablate(args)) => ablate::run(&with(args.flags()), &args),
        Some(Command::Judge(args)) => judge::run(&with(args.flags()), &args),
        Some(Command::Invert(args)) => invert::run(&with(args.flags()), &args),
        Some(Command::Dream(args)) => dream::run(&with(args.flags()), &args),
        Some(Command::Export(args)) => export::run(&with(args.flags()), &args),
        Some(Command::Bench(args)) => bench::run(&with(args.flags()), &args),
        Some(Command::Models(args)) => models::run(&with(Flags::default()), &args),
        Some(Command::Fetch(args)) => fetch::run(&with(Flags::default()), &args),
        Some(Command::Doctor(args)) => doctor::run(&with(args.flags()), &args),
        Some(Command::Config(args)) => config::run(&args.flags(), &args),
        Some(Command::Completions(args)) => completions::run(&args),
        Some(Command::Man) => man::run(),
        Some(Command::Help(args)) => help::run(&args),
    }
}
