//! What went wrong becomes one sentence on stderr and an exit code.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use thiserror::Error;

use super::args::flag_elsewhere;
use crate::base::clean;
use crate::session::SessionError;

/// The command line names what does not exist: exit code 2.
#[derive(Debug, Error)]
#[error("{0}")]
pub struct Usage(pub String);

/// Says an error and gives its exit code. A reader that closed the pipe has seen enough.
pub(super) fn report(error: &anyhow::Error) -> ExitCode {
    if is_broken_pipe(error) {
        return ExitCode::SUCCESS;
    }
    tracing::error!("{error:#}");
    say(&format!("{error:#}"));
    if is_usage(error) { ExitCode::from(2) } else { ExitCode::FAILURE }
}

/// Whether the command line is at fault: it names what does not exist, or what does not go together.
pub(super) fn is_usage(error: &anyhow::Error) -> bool {
    let unknown = |e: &SessionError| matches!(e, SessionError::Unknown(_));
    error.is::<Usage>() || error.downcast_ref::<SessionError>().is_some_and(unknown)
}

/// A line on stderr with the program's name, harmless to the terminal.
pub(super) fn say(text: &str) {
    // Nothing is left to do when stderr is closed.
    let _ = writeln!(io::stderr(), "convscope: {}", clean(text));
}

/// The same for what is no failure but must not go unseen.
pub(super) fn note(text: &str) {
    say(&format!("note: {text}"));
}

/// A line on stderr about what was done, harmless to the terminal.
pub(super) fn tell(text: &str) {
    // Nothing is left to do when stderr is closed.
    let _ = writeln!(io::stderr(), "{}", clean(text));
}

/// What clap has to say: the version as it is, a refusal as one sentence.
pub(super) fn refuse(error: &clap::Error) -> ExitCode {
    if error.kind() == ErrorKind::DisplayVersion {
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    let elsewhere = match (error.kind(), error.get(ContextKind::InvalidArg)) {
        (ErrorKind::UnknownArgument, Some(ContextValue::String(flag))) => flag_elsewhere(flag),
        _ => None,
    };
    let said = sentence(&error.render().to_string());
    say(&match elsewhere {
        // A flag of another command, not the similar one that clap finds.
        Some(commands) => {
            format!("{}; {commands}", said.split("; ").next().unwrap_or_default())
        }
        None => said,
    });
    ExitCode::from(2)
}

/// clap's paragraphs without their headings, usage and pointers.
fn sentence(text: &str) -> String {
    let mut said = String::new();
    for line in text.lines().map(str::trim) {
        if line.starts_with("Usage:") || line.starts_with("For more information") {
            break;
        }
        let line = line.strip_prefix("error: ").unwrap_or(line);
        let (separator, line) = match line.strip_prefix("tip: ") {
            // How to write it as a photo, which it hardly ever is.
            Some(tip) if tip.starts_with("to pass ") => continue,
            Some(tip) => ("; ", tip),
            None => (" ", line),
        };
        if !line.is_empty() {
            said.push_str(if said.is_empty() { "" } else { separator });
            said.push_str(line);
        }
    }
    said
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let broken = |e: &io::Error| e.kind() == io::ErrorKind::BrokenPipe;
    error.chain().any(|cause| cause.downcast_ref::<io::Error>().is_some_and(broken))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claps_paragraphs_become_a_sentence() {
        let text = "error: invalid value 'medan' for '--combine <HOW>'\n  [possible values: sum, mean]\n\n  tip: a similar value exists: 'mean'\n\nFor more information, try '--help'.\n";
        let said = "invalid value 'medan' for '--combine <HOW>' [possible values: sum, mean]; a similar value exists: 'mean'";
        assert_eq!(sentence(text), said);
        let text = "error: unexpected argument '--x' found\n\n  tip: to pass '--x' as a value, use '-- --x'\n";
        assert_eq!(sentence(text), "unexpected argument '--x' found");
    }
}
