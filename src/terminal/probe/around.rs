//! What stands between this program and the terminal: a multiplexer, or nothing.
//!
//! A variable alone does not say so: a terminal that is started from a shell inside tmux or screen inherits theirs.

use std::os::fd::BorrowedFd;
use std::time::Duration;

use rustix::termios::ttyname;

use super::tmux::Tmux;

/// What is directly around this program.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Around {
    /// The terminal itself, as far as is known.
    Nothing,
    /// tmux, and what it says.
    Tmux(Tmux),
    /// GNU screen, which swallows answers or mixes them up.
    Screen,
}

impl Around {
    /// What the environment says, without asking anybody.
    pub(super) fn of_environment() -> Self {
        match variable("TMUX") {
            Some(_) => Self::Tmux(Tmux::default()),
            None => Self::without_tmux(),
        }
    }

    /// The same, once tmux has said which terminals its panes are: it is around only if this one is among them. It may
    /// take as long as the limit.
    pub(super) fn of(output: BorrowedFd<'_>, limit: Duration) -> Self {
        let Self::Tmux(_) = Self::of_environment() else { return Self::without_tmux() };
        let tmux = Tmux::ask(limit);
        let own = ttyname(output, Vec::new()).ok().and_then(|name| name.into_string().ok());
        if tmux.is_around(own.as_deref()) { Self::Tmux(tmux) } else { Self::without_tmux() }
    }

    fn without_tmux() -> Self {
        let term = variable("TERM").unwrap_or_default();
        // Every other terminal sets its own TERM.
        if variable("STY").is_some() && term.starts_with("screen") {
            Self::Screen
        } else {
            Self::Nothing
        }
    }
}

/// A variable of the environment that is not empty.
pub(super) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
