//! What is known about the terminal, and which way to show pictures follows from it.

use super::answers::Answer;
use super::tmux::Tmux;
use crate::base::{Graphics, Key, clean};

/// What the terminal says about itself, and what its name says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Capabilities {
    /// It shows kitty's pictures; inside tmux, in the way that works there.
    pub kitty: bool,
    /// It shows sixels. Inside tmux: tmux does it itself.
    pub sixel: bool,
    /// It shows iTerm2's pictures.
    pub iterm2: bool,
    /// Width and height of a cell, in pixels.
    pub cell: Option<(u16, u16)>,
    /// The background colour.
    pub background: Option<[u8; 3]>,
    /// The terminal's name and version, cleaned; inside tmux that of the terminal around it.
    pub name: Option<String>,
    /// Inside tmux.
    pub tmux: bool,
    /// Inside tmux: sequences that tmux does not know can be passed on.
    pub passthrough: bool,
    /// Whether updates can be synchronised; `None` when it does not say.
    pub synchronized: Option<bool>,
    /// It answered the last question within the limit.
    pub answered: bool,
    /// The keys that were pressed meanwhile.
    pub typed: Vec<Key>,
}

impl Capabilities {
    /// Before anything was asked: what the environment says.
    pub(super) fn new(tmux: Option<Tmux>) -> Self {
        let tmux_there = tmux.is_some();
        let tmux = tmux.unwrap_or_default();
        Self {
            tmux: tmux_there,
            passthrough: tmux.passthrough,
            name: tmux.terminal,
            ..Self::default()
        }
    }

    /// Learns from an answer.
    pub(super) fn learn(&mut self, answer: Answer) {
        match answer {
            Answer::Kitty(yes) => self.kitty = yes,
            Answer::Cell(width, height) if width > 0 && height > 0 => {
                self.cell = Some((width, height));
            }
            Answer::Background(rgb) => self.background = Some(rgb),
            // tmux answers with its own name.
            Answer::Name(name) if !self.tmux => self.name = Some(clean(&name)),
            Answer::Synchronized(yes) => self.synchronized = Some(yes),
            Answer::Attributes { sixel } => self.sixel = sixel,
            Answer::Cell(..) | Answer::Area(..) | Answer::Name(_) | Answer::Status => {}
        }
    }

    /// When all answers are there: what a terminal of this name is known to show.
    pub(super) fn conclude(&mut self, get: impl Fn(&str) -> Option<String>) {
        let reachable = !self.tmux || self.passthrough;
        self.iterm2 = reachable && self.knows_iterm2(get);
        if self.tmux {
            // There pictures hang on placeholder characters, which not all that know kitty's protocol have.
            let name = self.name.as_deref().unwrap_or_default().to_lowercase();
            let placeholders = match name.strip_prefix("kitty") {
                Some(version) => numbers(version).as_slice() >= [0, 28].as_slice(),
                None => name.is_empty() || name.starts_with("ghostty"),
            };
            self.kitty = self.kitty && self.passthrough && placeholders;
        }
    }

    /// Only terminals that are known to: nothing can be asked.
    fn knows_iterm2(&self, get: impl Fn(&str) -> Option<String>) -> bool {
        if let Some(name) = self.name.as_deref().map(str::to_lowercase).filter(|n| !n.is_empty()) {
            let known = ["iterm2", "wezterm", "mintty", "rio"];
            return known.iter().any(|known| name.starts_with(known))
                || name.strip_prefix("konsole").is_some_and(|v| numbers(v).as_slice() >= [22, 4].as_slice())
                // VS Code and its kin; with pictures switched off they do not name sixels either.
                || name.starts_with("xterm.js") && self.sixel;
        }
        // Passed on through ssh.
        if get("LC_TERMINAL").as_deref() == Some("iTerm2") {
            return true;
        }
        let konsole = get("KONSOLE_VERSION").and_then(|v| v.parse::<u32>().ok());
        match get("TERM_PROGRAM").as_deref() {
            Some("iTerm.app" | "WezTerm" | "mintty" | "rio") => true,
            Some("vscode") => self.sixel,
            _ => konsole.is_some_and(|version| version >= 220_400),
        }
    }
}

/// The numbers in a version such as `(0.26.5)` or ` 22.04.3`.
fn numbers(version: &str) -> Vec<u32> {
    version.split(|c: char| !c.is_ascii_digit()).filter_map(|n| n.parse().ok()).collect()
}

/// How pictures are shown: what the setting says, else the best that the terminal can. Never
/// [`Graphics::Auto`].
pub fn choose(setting: Graphics, terminal: &Capabilities) -> Graphics {
    match setting {
        Graphics::Auto if terminal.kitty => Graphics::Kitty,
        Graphics::Auto if terminal.iterm2 => Graphics::Iterm2,
        // A sixel is as large as its pixels: without the size of a cell it would cover the wrong ones.
        Graphics::Auto if terminal.sixel && terminal.cell.is_some() => Graphics::Sixel,
        Graphics::Auto => Graphics::HalfBlocks,
        asked => asked,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> Capabilities {
        Capabilities { name: Some(name.into()), ..Capabilities::default() }
    }

    fn concluded(mut terminal: Capabilities, environment: &[(&str, &str)]) -> Capabilities {
        terminal.conclude(|name| {
            environment.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_string())
        });
        terminal
    }

    #[test]
    fn names_tell_iterm2s_pictures() {
        for (name, known) in [
            ("iTerm2 3.5.2", true),
            ("WezTerm 20240203-110809-5046fc22", true),
            ("mintty 3.7.0", true),
            ("Konsole 22.04.3", true),
            ("Konsole 21.12.3", false),
            ("XTerm(379)", false),
            ("kitty(0.32.2)", false),
            ("foot(1.16.2)", false),
            ("xterm.js(5.6.0)", false),
        ] {
            // A variable that an outer terminal left behind must not count.
            let iterm2 = concluded(named(name), &[("TERM_PROGRAM", "iTerm.app")]).iterm2;
            assert_eq!(iterm2, known, "{name}");
        }
        assert!(concluded(Capabilities { sixel: true, ..named("xterm.js(5.6.0)") }, &[]).iterm2);
    }

    #[test]
    fn a_silent_terminal_is_known_by_its_environment() {
        let iterm2 = |pairs: &[(&str, &str)]| concluded(Capabilities::default(), pairs).iterm2;
        assert!(iterm2(&[("LC_TERMINAL", "iTerm2")]));
        assert!(iterm2(&[("TERM_PROGRAM", "WezTerm")]));
        assert!(iterm2(&[("KONSOLE_VERSION", "230800")]));
        assert!(!iterm2(&[("KONSOLE_VERSION", "211203")]));
        assert!(!iterm2(&[("TERM_PROGRAM", "Apple_Terminal")]));
    }

    #[test]
    fn tmux_must_pass_pictures_on_and_the_terminal_know_placeholders() {
        let inside = |name: &str, passthrough| {
            let terminal = Capabilities { tmux: true, passthrough, kitty: true, ..named(name) };
            concluded(terminal, &[])
        };
        assert!(inside("kitty(0.32.2)", true).kitty && inside("ghostty 1.0.0", true).kitty);
        assert!(inside("", true).kitty);
        assert!(!inside("kitty(0.26.5)", true).kitty);
        assert!(!inside("kitty(0.32.2)", false).kitty);
        assert!(!inside("WezTerm 2024", true).kitty && inside("WezTerm 2024", true).iterm2);
        assert!(!inside("WezTerm 2024", false).iterm2);
    }

    #[test]
    fn the_best_is_chosen_and_the_setting_wins() {
        let all = Capabilities {
            kitty: true,
            iterm2: true,
            sixel: true,
            cell: Some((9, 18)),
            ..Capabilities::default()
        };
        let auto = |terminal: &Capabilities| choose(Graphics::Auto, terminal);
        assert_eq!(auto(&all), Graphics::Kitty);
        assert_eq!(auto(&Capabilities { kitty: false, ..all.clone() }), Graphics::Iterm2);
        let sixel = Capabilities { kitty: false, iterm2: false, ..all.clone() };
        assert_eq!(auto(&sixel), Graphics::Sixel);
        assert_eq!(auto(&Capabilities { cell: None, ..sixel }), Graphics::HalfBlocks);
        assert_eq!(auto(&Capabilities::default()), Graphics::HalfBlocks);
        assert_eq!(choose(Graphics::Sextants, &all), Graphics::Sextants);
        assert_eq!(choose(Graphics::Sixel, &Capabilities::default()), Graphics::Sixel);
    }
}
