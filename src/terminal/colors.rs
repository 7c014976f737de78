//! How many colors the terminal shows, the nearest of them to a pixel's, and how dark its background is.

use ratatui::buffer::Buffer;
use ratatui::style::Color;

use crate::base::{ColorDepth, Theme};

/// The levels of a channel in xterm's color cube.
const CUBE: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// xterm's first 16 colors.
const ANSI: [[u8; 3]; 16] = [
    [0, 0, 0],
    [205, 0, 0],
    [0, 205, 0],
    [205, 205, 0],
    [0, 0, 238],
    [205, 0, 205],
    [0, 205, 205],
    [229, 229, 229],
    [127, 127, 127],
    [255, 0, 0],
    [0, 255, 0],
    [255, 255, 0],
    [92, 92, 255],
    [255, 0, 255],
    [0, 255, 255],
    [255, 255, 255],
];

/// The depth that the settings ask for, else what the environment says.
pub fn depth(setting: Option<ColorDepth>) -> ColorDepth {
    setting.unwrap_or_else(|| from_environment(|name| std::env::var(name).ok()))
}

/// `NO_COLOR` says nothing here: a heatmap is its colors. It takes those of the frame ([`theme`]).
fn from_environment(get: impl Fn(&str) -> Option<String>) -> ColorDepth {
    let term = get("TERM").unwrap_or_default();
    // GNU screen inherits the variable and has 256 colors.
    let screen = get("STY").is_some() && get("TMUX").is_none() && term.starts_with("screen");
    let true_color = !screen && get("COLORTERM").is_some_and(|v| v == "truecolor" || v == "24bit");
    if true_color || term.ends_with("-direct") || ["xterm-kitty", "xterm-ghostty"].contains(&&*term)
    {
        ColorDepth::TrueColor
    } else if term.contains("256color") {
        ColorDepth::Colors256
    } else {
        ColorDepth::Colors16
    }
}

/// The theme that the settings ask for, else the one for the terminal's background as it told it, else
/// for the one that `COLORFGBG` tells (rxvt, Konsole); dark when nobody knows. Never [`Theme::Auto`].
pub fn theme(setting: Theme, background: Option<[u8; 3]>) -> Theme {
    // no-color.org: the frame's colors go, the heatmaps are what was asked for.
    if setting == Theme::Auto && std::env::var("NO_COLOR").is_ok_and(|v| !v.is_empty()) {
        return Theme::None;
    }
    let variable = std::env::var("COLORFGBG").ok();
    theme_from(setting, background, variable.as_deref())
}

fn theme_from(setting: Theme, background: Option<[u8; 3]>, variable: Option<&str>) -> Theme {
    // "15;0" or "15;default;0": the last one is the background, one of the 16 colors.
    let index = || variable?.rsplit(';').next()?.parse::<usize>().ok();
    let light = match setting {
        Theme::Dark => false,
        Theme::Light => true,
        Theme::None => return Theme::None,
        Theme::Auto => match background.or_else(|| ANSI.get(index()?).copied()) {
            Some(rgb) => luminance(rgb) >= 128,
            None => false,
        },
    };
    if light { Theme::Light } else { Theme::Dark }
}

/// Reduces every color of a drawn buffer to what the terminal shows.
pub fn reduce(buffer: &mut Buffer, depth: ColorDepth) {
    if depth == ColorDepth::TrueColor {
        return;
    }
    for cell in &mut buffer.content {
        cell.fg = reduced(cell.fg, depth);
        cell.bg = reduced(cell.bg, depth);
    }
}

fn reduced(color: Color, depth: ColorDepth) -> Color {
    match color {
        Color::Rgb(r, g, b) => match nearest([r, g, b], depth) {
            Some(index) => Color::Indexed(index),
            None => color,
        },
        other => other,
    }
}

/// The index of the nearest color; `None` where every color is there.
pub fn nearest(rgb: [u8; 3], depth: ColorDepth) -> Option<u8> {
    match depth {
        ColorDepth::TrueColor => None,
        ColorDepth::Colors256 => Some(nearest_256(rgb)),
        ColorDepth::Colors16 => {
            let all = ANSI.iter().enumerate().min_by_key(|(_, c)| distance(rgb, **c));
            all.map(|(index, _)| index as u8)
        }
        ColorDepth::Gray => Some(nearest_gray(luminance(rgb))),
    }
}

/// ITU-R 601 luma.
pub fn luminance(rgb: [u8; 3]) -> u8 {
    let [r, g, b] = rgb.map(u32::from);
    ((r * 299 + g * 587 + b * 114) / 1000) as u8
}

fn nearest_256(rgb: [u8; 3]) -> u8 {
    let level = |v: u8| {
        let all = CUBE.iter().enumerate().min_by_key(|(_, c)| c.abs_diff(v));
        all.map_or(0, |(index, _)| index)
    };
    let [r, g, b] = rgb.map(level);
    let cube = [CUBE[r], CUBE[g], CUBE[b]];
    let mean = (rgb.iter().map(|v| u32::from(*v)).sum::<u32>() / 3) as u8;
    let gray = nearest_gray(mean);
    if distance(rgb, [gray_level(gray); 3]) < distance(rgb, cube) {
        gray
    } else {
        16 + (36 * r + 6 * g + b) as u8
    }
}

/// Black, white and the 24 grays between them, all out of the 256.
fn nearest_gray(level: u8) -> u8 {
    match level {
        0..4 => 16,
        247..=255 => 231,
        level => 232 + (level.saturating_sub(3) / 10).min(23),
    }
}

fn gray_level(index: u8) -> u8 {
    match index {
        232..=255 => 8 + 10 * (index - 232),
        231 => 255,
        _ => 0,
    }
}

/// Squared, weighted by how well the eye tells the channels apart.
fn distance(a: [u8; 3], b: [u8; 3]) -> u32 {
    let square = |i: usize| u32::from(a[i].abs_diff(b[i])).pow(2);
    3 * square(0) + 6 * square(1) + square(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(pairs: &[(&str, &str)]) -> ColorDepth {
        from_environment(|name| {
            pairs.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_string())
        })
    }

    #[test]
    fn the_environment_says_how_many_colors() {
        assert_eq!(with(&[("TERM", "xterm-256color")]), ColorDepth::Colors256);
        assert_eq!(
            with(&[("TERM", "tmux-256color"), ("COLORTERM", "truecolor")]),
            ColorDepth::TrueColor
        );
        let screen = [("TERM", "screen-256color"), ("COLORTERM", "truecolor"), ("STY", "1.tty")];
        assert_eq!(with(&screen), ColorDepth::Colors256);
        assert_eq!(with(&screen[..2]), ColorDepth::TrueColor);
        assert_eq!(with(&[("TERM", "linux")]), ColorDepth::Colors16);
        assert_eq!(with(&[("COLORTERM", "truecolor"), ("NO_COLOR", "1")]), ColorDepth::TrueColor);
    }

    #[test]
    fn the_background_says_which_theme() {
        let auto = |background, variable| theme_from(Theme::Auto, background, variable);
        assert_eq!(auto(Some([253, 246, 227]), Some("15;0")), Theme::Light);
        assert_eq!(auto(Some([0, 43, 54]), Some("0;15")), Theme::Dark);
        assert_eq!(auto(None, Some("0;15")), Theme::Light);
        assert_eq!(auto(None, Some("0;default;7")), Theme::Light);
        assert_eq!(auto(None, Some("15;default")), Theme::Dark);
        assert_eq!(auto(None, Some("1;99")), Theme::Dark);
        assert_eq!(auto(None, None), Theme::Dark);
        assert_eq!(theme_from(Theme::Dark, Some([255; 3]), None), Theme::Dark);
        assert_eq!(theme_from(Theme::Light, Some([0; 3]), None), Theme::Light);
    }

    #[test]
    fn colors_of_the_palette_find_themselves() {
        for index in 16..=255u8 {
            let rgb = match index {
                232..=255 => [gray_level(index); 3],
                _ => {
                    let at = usize::from(index - 16);
                    [CUBE[at / 36], CUBE[at / 6 % 6], CUBE[at % 6]]
                }
            };
            let found = nearest(rgb, ColorDepth::Colors256);
            let exact = found == Some(index) || rgb[0] == rgb[1] && rgb[1] == rgb[2];
            assert!(exact, "{index} {rgb:?} became {found:?}");
        }
        assert_eq!(nearest([0, 0, 0], ColorDepth::Colors16), Some(0));
        assert_eq!(nearest([250, 250, 250], ColorDepth::Gray), Some(231));
        assert_eq!(nearest([1, 2, 3], ColorDepth::TrueColor), None);
    }
}
