//! Colours of everything that is no picture: quiet, one accent.

use ratatui::style::{Color, Modifier, Style};

/// The one colour that draws the eye.
const ACCENT_COLOR: Color = Color::Rgb(255, 175, 60);

/// Text.
pub const PLAIN: Style = Style::new();
/// Text of less weight, borders.
pub const DIM: Style = Style::new().fg(Color::Rgb(120, 124, 132));
/// What is chosen.
pub const ACCENT: Style = Style::new().fg(ACCENT_COLOR);
/// What is chosen where the keys move.
pub const CHOSEN: Style = Style::new().fg(ACCENT_COLOR).add_modifier(Modifier::BOLD);
/// The chosen row of a list.
pub const CHOSEN_ROW: Style =
    Style::new().fg(Color::Rgb(20, 20, 20)).bg(ACCENT_COLOR).add_modifier(Modifier::BOLD);
/// Something is wrong.
pub const ERROR: Style = Style::new().fg(Color::Rgb(255, 95, 95)).add_modifier(Modifier::BOLD);
/// Bars.
pub const BAR: Style = Style::new().fg(Color::Rgb(95, 155, 215));
/// Values that are no numbers.
pub const MARK: Style = Style::new().fg(Color::Rgb(255, 255, 255)).bg(Color::Rgb(255, 0, 255));
