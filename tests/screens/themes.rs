//! Colors of the frame: on a dark and on a light background, and without any.

use std::collections::HashSet;

use convscope::base::{Rect, Theme};
use convscope::explorer::Layout;
use convscope::explorer::views::ViewId;
use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

use crate::render;
use crate::support::Explorer;

/// Screens with every role: chosen and not, bars, a message, a list.
const SCREENS: [&str; 7] = ["", "l Delete", "3", "Esc 4 }", "Esc 1 Tab", "m Down", "Esc ?"];

fn themed(explorer: &mut Explorer, theme: Theme) -> Buffer {
    explorer.state.terminal.theme = theme;
    render(&explorer.state)
}

fn cells(buffer: &Buffer, rect: Rect) -> impl Iterator<Item = &Cell> {
    let rows = rect.y..rect.y + rect.height;
    let places = rows.flat_map(move |y| (rect.x..rect.x + rect.width).map(move |x| (x, y)));
    places.map(|at| &buffer[at])
}

#[test]
fn without_colors_the_frame_has_none_and_pictures_keep_theirs() {
    let mut explorer = Explorer::open((120, 40));
    for keys in SCREENS {
        explorer.press(keys);
        let dark = themed(&mut explorer, Theme::Dark);
        let light = themed(&mut explorer, Theme::Light);
        let none = themed(&mut explorer, Theme::None);
        let mut pictures = HashSet::new();
        for ((none, dark), light) in none.content.iter().zip(&dark.content).zip(&light.content) {
            assert_eq!((none.symbol(), none.symbol()), (dark.symbol(), light.symbol()));
            for (none, dark, light) in [(none.fg, dark.fg, light.fg), (none.bg, dark.bg, light.bg)]
            {
                if dark == light {
                    assert_eq!(none, dark, "what has no role stays as it is");
                    pictures.insert(none);
                } else {
                    assert_eq!(none, Color::Reset);
                }
            }
        }
        pictures.remove(&Color::Reset);
        assert!(pictures.iter().all(|color| matches!(color, Color::Rgb(..))), "{pictures:?}");
        let layout = Layout::of(&explorer.state).unwrap();
        for rect in [layout.title, layout.footer, layout.layers] {
            assert!(cells(&none, rect).all(|c| (c.fg, c.bg) == (Color::Reset, Color::Reset)));
        }
        if explorer.state.overlay.is_none()
            && matches!(explorer.state.view, ViewId::Maps | ViewId::Map)
        {
            assert!(pictures.len() > 50, "{} colors in {keys:?}", pictures.len());
        }
    }
}

#[test]
fn the_chosen_row_is_seen_without_colors() {
    let mut explorer = Explorer::open((120, 40));
    explorer.press("m Down");
    let none = themed(&mut explorer, Theme::None);
    let reversed = none.content.iter().filter(|c| c.modifier.contains(Modifier::REVERSED));
    let rows = reversed.count();
    let inner = Layout::of(&explorer.state).unwrap().overlay().inner();
    assert_eq!(rows, usize::from(inner.width), "one row");
}

/// WCAG's contrast of text that is not large.
const CONTRAST: f64 = 4.5;

fn luminance(color: Color, ground: [u8; 3]) -> f64 {
    let rgb = match color {
        Color::Rgb(r, g, b) => [r, g, b],
        _ => ground,
    };
    let linear = rgb.map(|byte| {
        let part = f64::from(byte) / 255.0;
        if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    });
    0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
}

#[test]
fn texts_can_be_read_on_their_background() {
    let mut explorer = Explorer::open((120, 40));
    for (theme, ground) in [(Theme::Dark, [0; 3]), (Theme::Light, [255; 3])] {
        explorer.press("Esc 1");
        for keys in SCREENS {
            explorer.press(keys);
            let other = if theme == Theme::Dark { Theme::Light } else { Theme::Dark };
            let other = themed(&mut explorer, other);
            let buffer = themed(&mut explorer, theme);
            let mut roles = 0;
            for (cell, other) in buffer.content.iter().zip(&other.content) {
                // Bars and borders have a color by their role as texts have.
                let on_picture = cell.bg == other.bg && cell.bg != Color::Reset;
                if cell.fg == other.fg || cell.symbol() == " " || on_picture {
                    continue;
                }
                roles += 1;
                let (a, b) = (luminance(cell.fg, ground), luminance(cell.bg, ground));
                let contrast = (a.max(b) + 0.05) / (a.min(b) + 0.05);
                let colors = (cell.symbol(), cell.fg, cell.bg);
                assert!(contrast >= CONTRAST, "{theme:?}: {contrast:.2} for {colors:?}");
            }
            assert!(roles > 100, "{roles} cells with a role");
        }
    }
}
