//! Colors of everything that is not a picture: quiet, one accent.
//!
//! While drawing, a style names a role by one of the terminal's own colors, which no picture has;
//! [`apply`] gives each role its color on a dark or a light background, or none under NO_COLOR.

use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier, Style};

use crate::base::Theme;

const DIM_ROLE: Color = Color::DarkGray;
const ACCENT_ROLE: Color = Color::Yellow;
const ON_ACCENT_ROLE: Color = Color::Black;
const ERROR_ROLE: Color = Color::Red;
const BAR_ROLE: Color = Color::Blue;

/// Text.
pub const PLAIN: Style = Style::new();
/// Text of less weight, borders.
pub const DIM: Style = Style::new().fg(DIM_ROLE);
/// What is chosen.
pub const ACCENT: Style = Style::new().fg(ACCENT_ROLE);
/// What is chosen where the keys move.
pub const CHOSEN: Style = Style::new().fg(ACCENT_ROLE).add_modifier(Modifier::BOLD);
/// The chosen row of a list.
pub const CHOSEN_ROW: Style =
    Style::new().fg(ON_ACCENT_ROLE).bg(ACCENT_ROLE).add_modifier(Modifier::BOLD);
/// Something is wrong.
pub const ERROR: Style = Style::new().fg(ERROR_ROLE).add_modifier(Modifier::BOLD);
/// Bars.
pub const BAR: Style = Style::new().fg(BAR_ROLE);
/// Values that are no numbers: part of a picture.
pub const MARK: Style = Style::new().fg(Color::Rgb(255, 255, 255)).bg(Color::Rgb(255, 0, 255));

/// The colors of the roles.
struct Palette {
    dim: Color,
    accent: Color,
    on_accent: Color,
    error: Color,
    bar: Color,
}

const DARK: Palette = Palette {
    dim: Color::Rgb(120, 124, 132),
    accent: Color::Rgb(255, 175, 60),
    on_accent: Color::Rgb(20, 20, 20),
    error: Color::Rgb(255, 95, 95),
    bar: Color::Rgb(95, 155, 215),
};

const LIGHT: Palette = Palette {
    dim: Color::Rgb(118, 118, 118),
    accent: Color::Rgb(175, 85, 0),
    on_accent: Color::Rgb(255, 255, 255),
    error: Color::Rgb(190, 20, 30),
    bar: Color::Rgb(40, 100, 170),
};

/// Gives every role its color. Heatmaps, whose colors are no roles, stay as they are.
pub fn apply(theme: Theme, buffer: &mut Buffer) {
    let palette = match theme {
        Theme::None => None,
        Theme::Light => Some(&LIGHT),
        Theme::Dark | Theme::Auto => Some(&DARK),
    };
    for cell in &mut buffer.content {
        // Without colors the chosen row is the one in reverse.
        if palette.is_none() && cell.bg == ACCENT_ROLE {
            cell.modifier.insert(Modifier::REVERSED);
        }
        cell.fg = colored(cell.fg, palette);
        cell.bg = colored(cell.bg, palette);
    }
}

fn colored(role: Color, palette: Option<&Palette>) -> Color {
    let pick = |of: fn(&Palette) -> Color| palette.map_or(Color::Reset, of);
    match role {
        DIM_ROLE => pick(|p| p.dim),
        ACCENT_ROLE => pick(|p| p.accent),
        ON_ACCENT_ROLE => pick(|p| p.on_accent),
        ERROR_ROLE => pick(|p| p.error),
        BAR_ROLE => pick(|p| p.bar),
        other => other,
    }
}
