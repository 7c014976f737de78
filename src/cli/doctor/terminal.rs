//! What the terminal can show.

use std::time::Duration;

use super::{Finding, Known, no, yes};
use crate::base::{ColorDepth, Graphics, Theme};
use crate::terminal::probe::{Capabilities, Inherited, choose, probe_on_normal_screen};
use crate::terminal::window::Window;
use crate::terminal::{colors, tty};

/// How long it may take to answer. Longer than the explorer waits, so that a slow line is told from a
/// silent terminal.
const LIMIT: Duration = Duration::from_secs(2);
/// What the explorer waits.
const USUAL: Duration = Duration::from_millis(150);

/// Asks it, where there is one.
pub(super) fn look(known: &Known) -> Vec<Finding> {
    let display = &known.settings.display;
    let variable = |name: &str| std::env::var(name).ok();
    let mut found = vec![depth(colors::depth(display.colors)), locale(variable)];
    if !tty::is_there() {
        let advice = "run `convscope doctor` in a terminal to test its capabilities";
        found.push(no("not in a terminal: stdin or stdout is something else", advice));
        return found;
    }
    let started = std::time::Instant::now();
    let terminal = probe_on_normal_screen(LIMIT);
    let took = started.elapsed();
    found.extend(capabilities(&terminal, took));
    let size = Window::new(terminal.cells).size();
    found.push(yes(format!("draws {} columns and {} rows", size.columns, size.rows)));
    let graphics = choose(display.graphics, &terminal);
    found.push(yes(format!("--graphics {} draws in {graphics}", display.graphics)));
    let theme = colors::theme(display.theme, terminal.background);
    found.push(yes(format!("--theme {} takes {theme}", display.theme)));
    found
}

fn depth(depth: ColorDepth) -> Finding {
    let advice = "if the terminal has more, set COLORTERM=truecolor, or colors in config.toml";
    match depth {
        ColorDepth::TrueColor => yes("true color"),
        ColorDepth::Colors256 => {
            no("256 colors: neither TERM nor COLORTERM announces more", advice)
        }
        ColorDepth::Colors16 => no("16 colors: neither TERM nor COLORTERM announces more", advice),
        ColorDepth::Gray => no("gray only", advice),
    }
}

/// Whether block characters arrive as such: tmux and other programs between look at the locale.
fn locale(get: impl Fn(&str) -> Option<String>) -> Finding {
    let named = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(|name| {
        let value = get(name).filter(|value| !value.is_empty())?;
        Some((name, value))
    });
    let advice =
        "set a UTF-8 locale, such as `export LC_ALL=C.UTF-8` or en_US.UTF-8; start tmux with -u";
    match named {
        Some((name, value)) => {
            let encoding = value.to_lowercase().replace('-', "");
            if encoding.contains("utf8") {
                return yes(format!("a locale with block characters: {name}={value}"));
            }
            no(
                format!("{name}={value} is not a UTF-8 locale: block characters may become _ or ?"),
                advice,
            )
        }
        None => no(
            "no locale is set (LC_ALL, LC_CTYPE, LANG): block characters may become _ or ?",
            advice,
        ),
    }
}

/// What it answered.
fn capabilities(terminal: &Capabilities, took: Duration) -> Vec<Finding> {
    let mut found = Vec::new();
    found.push(match (terminal.answered, took <= USUAL) {
        (true, true) => yes(format!("answers within {} ms", took.as_millis())),
        (true, false) => no(
            format!("answers after {} ms: the explorer does not wait that long", took.as_millis()),
            "on a slow line, set what it supports with --graphics and --theme",
        ),
        (false, _) => no("does not answer", "set what it supports with --graphics and --theme"),
    });
    found.push(match &terminal.name {
        Some(name) => yes(name.clone()),
        None => no(
            "does not report its name",
            "if it supports iTerm2 images, use --graphics iterm2: they are detected only by name",
        ),
    });
    found.push(pictures(terminal));
    found.extend(terminal.inherited.as_ref().map(inherited));
    found.push(match terminal.cell {
        Some((width, height)) => yes(format!("a cell has {width}x{height} pixels")),
        None => no(
            "does not report how many pixels a cell has, or reports too many: auto does not use sixels",
            "--graphics sixel assumes cells of 10x20",
        ),
    });
    found.push(match terminal.background {
        Some(rgb @ [r, g, b]) => {
            let theme = colors::theme(Theme::Auto, Some(rgb));
            yes(format!("a {theme} background, #{r:02x}{g:02x}{b:02x}"))
        }
        None => no("does not report its background", "use --theme light if it is light"),
    });
    found.push(match terminal.synchronized {
        Some(true) => yes("synchronized updates"),
        _ => no("no synchronized updates", "frames may tear on slow lines; a newer terminal helps"),
    });
    found.push(match (terminal.tmux, terminal.passthrough) {
        (false, _) if terminal.screen => no(
            "inside GNU screen, which mixes up answers: not asked",
            "start convscope outside of screen, or set what the terminal supports with --graphics and --theme",
        ),
        (false, _) => yes("not inside tmux"),
        (true, true) => yes("inside tmux, with passthrough for images"),
        (true, false) => no(
            "inside tmux, without passthrough for images",
            "tmux 3.3 and newer: `tmux set -g allow-passthrough on`",
        ),
    });
    found
}

/// What a variable that names another terminal counts for.
fn inherited(variable: &Inherited) -> Finding {
    let advice = "if the terminal supports iTerm2 images anyway, use --graphics iterm2";
    match variable {
        Inherited::Believed(variable) => yes(format!(
            "iTerm2 images according to {variable}: the terminal itself does not report its name"
        )),
        Inherited::Answered(variable) => {
            no(format!("{variable} is ignored: the terminal reports another name"), advice)
        }
        Inherited::Between(variable, multiplexer) => {
            no(format!("{variable} is ignored inside {multiplexer}, which inherits it"), advice)
        }
    }
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
            "no image protocol: half blocks are drawn instead",
            "kitty, Ghostty, WezTerm, iTerm2, foot and Konsole show them; --graphics sextants is finer text",
        );
    }
    yes(format!("image protocols: {}", there.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locale_without_block_characters_is_named() {
        let of = |pairs: &'static [(&str, &str)]| {
            locale(move |name| pairs.iter().find(|(n, _)| *n == name).map(|(_, v)| v.to_string()))
        };
        assert!(of(&[("LANG", "de_DE.utf8")]).ok && of(&[("LC_CTYPE", "UTF-8")]).ok);
        // The first that is set wins; an empty one is not set.
        let wrong = of(&[("LC_ALL", "C"), ("LANG", "en_US.UTF-8")]);
        assert!(!wrong.ok && wrong.what.contains("LC_ALL=C"), "{wrong:?}");
        assert!(of(&[("LC_ALL", ""), ("LANG", "C.UTF-8")]).ok);
        assert!(!of(&[("LANG", "de_DE@euro")]).ok && !of(&[]).ok);
    }

    #[test]
    fn what_a_variable_counts_for_is_said() {
        let variable = || "TERM_PROGRAM=WezTerm".to_string();
        assert!(inherited(&Inherited::Believed(variable())).ok);
        for ignored in [Inherited::Answered(variable()), Inherited::Between(variable(), "Zellij")] {
            let finding = inherited(&ignored);
            assert!(!finding.ok && finding.what.contains("TERM_PROGRAM=WezTerm is ignored"));
        }
    }

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
