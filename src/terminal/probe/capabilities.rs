//! What is known about the terminal, and which way to show pictures follows from it.

use super::answers::Answer;
use super::around::Around;
use crate::base::{Graphics, clean};
use crate::terminal::input::Input;
use crate::terminal::window;

/// What the terminal says about itself, and what its name says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Capabilities {
    /// It shows kitty's pictures; inside tmux, in the way that works there.
    pub kitty: bool,
    /// It shows sixels. Inside tmux: tmux does it itself.
    pub sixel: bool,
    /// It shows iTerm2's pictures.
    pub iterm2: bool,
    /// The variable that says it shows iTerm2's pictures where its name does not, and what that counts for.
    pub inherited: Option<Inherited>,
    /// Width and height of a cell, in pixels; `None` also where no screen has such cells.
    pub cell: Option<(u16, u16)>,
    /// Width and height of the text area, in pixels.
    pub area: Option<(u16, u16)>,
    /// Columns and rows; asked for only where the system does not state them.
    pub cells: Option<(u16, u16)>,
    /// The background color.
    pub background: Option<[u8; 3]>,
    /// The terminal's name and version, cleaned; inside tmux that of the terminal around it.
    pub name: Option<String>,
    /// Inside tmux.
    pub tmux: bool,
    /// Inside GNU screen, which is not asked.
    pub screen: bool,
    /// Inside tmux: sequences that tmux does not know can be passed on.
    pub passthrough: bool,
    /// Whether updates can be synchronised; `None` when it does not say.
    pub synchronized: Option<bool>,
    /// It answered the last question within the limit.
    pub answered: bool,
    /// The keys that were pressed meanwhile, and what was pasted, in their order.
    pub typed: Vec<Input>,
    /// It was still sending what is no answer and no key.
    pub noisy: bool,
}

/// A variable such as `TERM_PROGRAM=WezTerm`. Every program started from that terminal inherits it, other terminals
/// and multiplexers too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inherited {
    /// It counts: the terminal is silent, and nothing stands between.
    Believed(String),
    /// The terminal answers, and does not call itself so.
    Answered(String),
    /// This multiplexer stands between.
    Between(String, &'static str),
}

impl Capabilities {
    /// Before the terminal was asked: what is around this program.
    pub(super) fn new(around: &Around) -> Self {
        match around {
            Around::Nothing => Self::default(),
            Around::Screen => Self { screen: true, ..Self::default() },
            Around::Tmux(tmux) => Self {
                tmux: true,
                passthrough: tmux.passthrough,
                name: tmux.terminal.clone(),
                ..Self::default()
            },
        }
    }

    /// Learns from an answer.
    pub(super) fn learn(&mut self, answer: Answer) {
        match answer {
            Answer::Kitty(yes) => self.kitty = yes,
            Answer::Cell(width, height) => self.cell = window::believed((width, height)),
            Answer::Area(width, height) => self.area = Some((width, height)),
            Answer::Cells(columns, rows) => {
                self.cells = self.cells.or(Some((columns, rows)));
            }
            Answer::Background(rgb) => self.background = Some(rgb),
            // tmux answers with its own name.
            Answer::Name(name) if !self.tmux => self.name = Some(clean(&name)),
            Answer::Synchronized(yes) => self.synchronized = Some(yes),
            Answer::Attributes { sixel } => self.sixel = sixel,
            Answer::Name(_) | Answer::Status => {}
        }
    }

    /// When all answers are there: what a terminal of this name is known to show.
    pub(super) fn conclude(&mut self, get: impl Fn(&str) -> Option<String>) {
        let reachable = !self.tmux || self.passthrough;
        let by_name = self.name.as_deref().is_some_and(|name| self.has_iterm2s_name(name));
        let between = match (self.tmux, self.screen) {
            (true, _) => Some("tmux"),
            (_, true) => Some("GNU screen"),
            _ => get("ZELLIJ").map(|_| "Zellij"),
        };
        let answered = self.answered || self.name.is_some();
        self.inherited = claim(get).filter(|_| !by_name).map(|variable| match between {
            Some(multiplexer) => Inherited::Between(variable, multiplexer),
            None if answered => Inherited::Answered(variable),
            None => Inherited::Believed(variable),
        });
        let believed = matches!(self.inherited, Some(Inherited::Believed(_)));
        self.iterm2 = reachable && (by_name || believed);
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
    fn has_iterm2s_name(&self, name: &str) -> bool {
        let name = name.to_lowercase();
        let known = ["iterm2", "wezterm", "mintty", "rio"];
        known.iter().any(|known| name.starts_with(known))
            || name.strip_prefix("konsole").is_some_and(|v| numbers(v).as_slice() >= [22, 4].as_slice())
            // VS Code and its kin; with pictures switched off they do not name sixels either.
            || name.starts_with("xterm.js") && self.sixel
    }
}

/// The variable by which a terminal says that it is one with iTerm2's pictures, with its value.
fn claim(get: impl Fn(&str) -> Option<String>) -> Option<String> {
    let known = |name: &str, value: &str| match name {
        // Passed on through ssh.
        "LC_TERMINAL" => value == "iTerm2",
        "TERM_PROGRAM" => ["iTerm.app", "WezTerm", "mintty", "rio"].contains(&value),
        _ => value.parse::<u32>().is_ok_and(|version| version >= 220_400),
    };
    ["LC_TERMINAL", "TERM_PROGRAM", "KONSOLE_VERSION"].into_iter().find_map(|name| {
        let value = get(name).filter(|value| known(name, value))?;
        Some(format!("{name}={}", clean(&value)))
    })
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
            let found = concluded(named(name), &[("TERM_PROGRAM", "iTerm.app")]);
            assert_eq!(found.iterm2, known, "{name}");
            let ignored = Inherited::Answered("TERM_PROGRAM=iTerm.app".into());
            assert_eq!(found.inherited, (!known).then_some(ignored));
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
    fn an_inherited_variable_proves_nothing() {
        let wezterm = ("TERM_PROGRAM", "WezTerm");
        let variable = || "TERM_PROGRAM=WezTerm".to_string();
        let found = |terminal, environment: &[_]| {
            let found = concluded(terminal, environment);
            assert!(!found.iterm2, "{found:?}");
            found.inherited
        };
        // It answers, and has no name.
        let answered = Capabilities { answered: true, ..Capabilities::default() };
        assert_eq!(found(answered, &[wezterm]), Some(Inherited::Answered(variable())));
        let zellij = found(Capabilities::default(), &[wezterm, ("ZELLIJ", "0")]);
        assert_eq!(zellij, Some(Inherited::Between(variable(), "Zellij")));
        let screen = Capabilities { screen: true, ..Capabilities::default() };
        assert_eq!(found(screen, &[wezterm]), Some(Inherited::Between(variable(), "GNU screen")));
        let tmux = Capabilities { tmux: true, passthrough: true, ..Capabilities::default() };
        assert_eq!(found(tmux, &[wezterm]), Some(Inherited::Between(variable(), "tmux")));
        // What is known by its name needs no variable.
        assert_eq!(concluded(named("WezTerm 2024"), &[wezterm]).inherited, None);
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
