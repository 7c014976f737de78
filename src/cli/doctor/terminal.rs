//! What the terminal can show.

use std::io::{IsTerminal, stdin, stdout};
use std::time::Duration;

use super::{Finding, Known, no, yes};
use crate::base::{ColorDepth, Graphics, Theme};
use crate::terminal::colors;
use crate::terminal::probe::{Capabilities, choose, probe_on_normal_screen};

/// How long it may take to answer. Longer than the explorer waits, so that a slow line is told from a
/// silent terminal.
const LIMIT: Duration = Duration::from_secs(2);
/// What the explorer waits.
const USUAL: Duration = Duration::from_millis(150);

/// Asks it, where there is one.
pub(super) fn look(known: &Known) -> Vec<Finding> {
    let display = &known.settings.display;
    let mut found = vec![depth(colors::depth(display.colors))];
    if !stdin().is_terminal() || !stdout().is_terminal() {
        let advice = "run it in a terminal to hear what that can show";
        found.push(no("stdin and stdout are no terminal: it was not asked", advice));
        return found;
    }
    let started = std::time::Instant::now();
    let terminal = probe_on_normal_screen(LIMIT);
    let took = started.elapsed();
    found.extend(capabilities(&terminal, took));
    let graphics = choose(display.graphics, &terminal);
    found.push(yes(format!("--graphics {} draws in {graphics}", display.graphics)));
    let theme = colors::theme(display.theme, terminal.background);
    found.push(yes(format!("--theme {} takes {theme}", display.theme)));
    found
}

fn depth(depth: ColorDepth) -> Finding {
    let advice = "where it has them, set COLORTERM=truecolor, or colors in config.toml";
    match depth {
        ColorDepth::TrueColor => yes("true colour"),
        ColorDepth::Colors256 => no("256 colours: neither TERM nor COLORTERM tells of all", advice),
        ColorDepth::Colors16 => no("16 colours: neither TERM nor COLORTERM tells of more", advice),
        ColorDepth::Grey => no("greys only", "unset NO_COLOR, or set colors in config.toml"),
    }
}

/// What it answered.
fn capabilities(terminal: &Capabilities, took: Duration) -> Vec<Finding> {
    let mut found = Vec::new();
    found.push(match (terminal.answered, took <= USUAL) {
        (true, true) => yes(format!("answers within {} ms", took.as_millis())),
        (true, false) => no(
            format!("answers after {} ms: the explorer does not wait so long", took.as_millis()),
            "on a slow line say what it shows: --graphics and --theme",
        ),
        (false, _) => no("does not answer", "say what it shows: --graphics and --theme"),
    });
    found.push(match &terminal.name {
        Some(name) => yes(name.clone()),
        None => no(
            "does not tell its name",
            "where it shows iTerm2's pictures, say --graphics iterm2: only the name tells of them",
        ),
    });
    found.push(pictures(terminal));
    found.push(match terminal.cell {
        Some((width, height)) => yes(format!("a cell has {width}x{height} pixels")),
        None => no(
            "does not tell how many pixels a cell has: no sixels by itself",
            "--graphics sixel takes cells of 10x20",
        ),
    });
    found.push(match terminal.background {
        Some(rgb @ [r, g, b]) => {
            let theme = colors::theme(Theme::Auto, Some(rgb));
            yes(format!("a {theme} background, #{r:02x}{g:02x}{b:02x}"))
        }
        None => no("does not tell its background", "say --theme light where it is light"),
    });
    found.push(match terminal.synchronized {
        Some(true) => yes("synchronised updates"),
        _ => no("no synchronised updates", "frames may tear on slow lines; a newer terminal helps"),
    });
    found.push(match (terminal.tmux, terminal.passthrough) {
        (false, _) => yes("not inside tmux"),
        (true, true) => yes("inside tmux, which passes pictures on"),
        (true, false) => no(
            "inside tmux, which passes no pictures on",
            "tmux 3.3 and newer: `tmux set -g allow-passthrough on`",
        ),
    });
    found
}

fn pictures(terminal: &Capabilities) -> Finding {
    let kinds = [
        (terminal.kitty, Graphics::Kitty),
        (terminal.iterm2, Graphics::Iterm2),
        (terminal.sixel, Graphics::Sixel),
    ];
    let there: Vec<String> =
        kinds.iter().filter(|(there, _)| *there).map(|(_, kind)| kind.to_string()).collect();
    if there.is_empty() {
        return no(
            "no real pictures: half blocks stand for them",
            "kitty, Ghostty, WezTerm, iTerm2, foot and Konsole show them; --graphics sextants is finer text",
        );
    }
    yes(format!("real pictures: {}", there.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_no_says_what_to_do() {
        let silent = capabilities(&Capabilities::default(), LIMIT);
        assert!(silent.iter().filter(|finding| !finding.ok).count() >= 5);
        let all = Capabilities {
            kitty: true,
            cell: Some((9, 18)),
            background: Some([253, 246, 227]),
            name: Some("kitty(0.40)".into()),
            tmux: true,
            passthrough: true,
            synchronized: Some(true),
            answered: true,
            ..Capabilities::default()
        };
        let good = capabilities(&all, Duration::from_millis(3));
        assert!(good.iter().all(|finding| finding.ok), "{good:?}");
        assert!(good.contains(&yes("a light background, #fdf6e3")));
        for finding in silent.iter().chain(&good) {
            assert_eq!(finding.ok, finding.advice.is_none(), "{finding:?}");
        }
    }
}
