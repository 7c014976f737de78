//! Asking tmux itself: whether it passes unknown sequences on, and which terminal is around it.
//!
//! Nothing is ever set: `allow-passthrough` is the user's decision.

use std::io::Read;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::base::clean;
use crate::terminal::tty::wait_readable;

/// What it is asked, a line each.
const WISH: &str = "#{allow-passthrough}\n#{client_termtype}\n#{pane_tty}";

/// What tmux knows.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Tmux {
    /// Sequences in an envelope are passed on to the terminal.
    pub passthrough: bool,
    /// The name and the version of the terminal, if it told tmux.
    pub terminal: Option<String>,
    /// The terminal device of the pane that this program was started in, `/dev/pts/3`.
    pub pane: Option<String>,
}

impl Tmux {
    /// Asks the tmux that this program runs in; what it does not say within the limit is taken as no.
    pub(super) fn ask(limit: Duration) -> Self {
        let arguments = ["display-message", "-p", WISH];
        Self::parse(&output_within("tmux", &arguments, limit).unwrap_or_default())
    }

    fn parse(text: &str) -> Self {
        let mut lines = text.lines();
        // "1" from a version where it is a flag; "2" is "all".
        let passthrough = matches!(lines.next(), Some("on" | "all" | "1" | "2"));
        let terminal = lines.next().filter(|name| !name.is_empty()).map(clean);
        let pane = lines.next().filter(|name| !name.is_empty()).map(str::to_string);
        Self { passthrough, terminal, pane }
    }

    /// Whether a program on the terminal device `own` is directly in the pane; so it is taken where one of them is not
    /// known.
    pub(super) fn is_around(&self, own: Option<&str>) -> bool {
        match (&self.pane, own) {
            (Some(pane), Some(own)) => pane == own,
            _ => true,
        }
    }
}

/// What a program writes, if it ends in time; it is killed otherwise.
fn output_within(program: &str, arguments: &[&str], limit: Duration) -> Option<String> {
    let end = Instant::now() + limit;
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let mut text = Vec::new();
    let mut complete = false;
    if let Some(mut out) = child.stdout.take() {
        let mut buffer = [0; 1024];
        while wait_readable(&out, end) {
            match out.read(&mut buffer) {
                Ok(0) => {
                    complete = true;
                    break;
                }
                Ok(n) => text.extend_from_slice(buffer.get(..n).unwrap_or_default()),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
    }
    // One that has closed its output ends by itself; killing it then does no harm.
    let _ = child.kill();
    let _ = child.wait();
    if complete { String::from_utf8(text).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_of_tmux() {
        let kitty = Some("kitty(0.32.2)".to_string());
        let parsed = Tmux::parse("on\nkitty(0.32.2)\n");
        assert_eq!(parsed, Tmux { passthrough: true, terminal: kitty, pane: None });
        assert_eq!(Tmux::parse("off\n\n"), Tmux::default());
        assert!(Tmux::parse("all\nXTerm(379)").passthrough);
        assert_eq!(Tmux::parse(""), Tmux::default());
    }

    #[test]
    fn a_terminal_that_inherited_tmuxs_variable_is_not_inside_it() {
        let tmux = Tmux::parse("on\nkitty(0.32.2)\n/dev/pts/3\n");
        assert!(tmux.is_around(Some("/dev/pts/3")) && !tmux.is_around(Some("/dev/pts/7")));
        assert!(tmux.is_around(None) && Tmux::default().is_around(Some("/dev/pts/7")));
    }

    #[test]
    fn a_program_that_hangs_costs_the_limit() {
        let started = Instant::now();
        assert_eq!(output_within("sleep", &["20"], Duration::from_millis(50)), None);
        assert!(started.elapsed() < Duration::from_secs(5));
        let said = output_within("echo", &["a", "b"], Duration::from_secs(5));
        assert_eq!(said.as_deref(), Some("a b\n"));
        assert_eq!(output_within("no-such-program", &[], Duration::from_secs(5)), None);
    }
}
