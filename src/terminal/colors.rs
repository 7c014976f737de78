//! How many colours the terminal shows, and the nearest of them.

use crate::base::ColorDepth;

/// A colour as the terminal is told it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantised {
    /// 24 bits.
    Rgb([u8; 3]),
    /// One of xterm's 256 beyond the first 16: the colour cube (16 to 231) or a grey (232 to 255).
    Indexed(u8),
    /// One of the 16 colours of ANSI.
    Ansi(u8),
}

/// The levels of each axis of xterm's colour cube.
const CUBE: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// xterm's default values of the 16 colours; themes change them, so this is a good guess only.
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

/// The colours to use: the setting, or what the environment says when it is `None`.
pub fn depth(setting: Option<ColorDepth>) -> ColorDepth {
    setting.unwrap_or_else(|| guess(|name| std::env::var(name).ok()))
}

/// What `NO_COLOR` (no-color.org), `COLORTERM` and `TERM` say, in this order.
fn guess(lookup: impl Fn(&str) -> Option<String>) -> ColorDepth {
    if lookup("NO_COLOR").is_some_and(|value| !value.is_empty()) {
        return ColorDepth::Grey;
    }
    let color_term = lookup("COLORTERM").unwrap_or_default().to_lowercase();
    if color_term.contains("truecolor") || color_term.contains("24bit") {
        return ColorDepth::TrueColor;
    }
    let term = lookup("TERM").unwrap_or_default().to_lowercase();
    // Terminals that show 24 bits but say so only by their name, because SSH does not carry COLORTERM.
    let rich = ["direct", "kitty", "ghostty", "alacritty", "wezterm", "foot", "contour"];
    if rich.iter().any(|name| term.contains(name)) {
        ColorDepth::TrueColor
    } else if ["dumb", "linux", "ansi", "cygwin", "vt100", "vt220"].contains(&term.as_str())
        || term.contains("16color")
    {
        ColorDepth::Colors16
    } else {
        // Every other terminal of the last twenty years, tmux and screen included.
        ColorDepth::Colors256
    }
}

/// The nearest colour that a terminal of that depth has.
pub fn quantise(rgb: [u8; 3], depth: ColorDepth) -> Quantised {
    match depth {
        ColorDepth::TrueColor => Quantised::Rgb(rgb),
        ColorDepth::Colors256 => Quantised::Indexed(indexed(rgb)),
        ColorDepth::Colors16 => Quantised::Ansi(ansi(rgb)),
        ColorDepth::Grey => Quantised::Indexed(grey(luminance(rgb))),
    }
}

/// Rec. 709 luma.
pub fn luminance([r, g, b]: [u8; 3]) -> u8 {
    let sum = 2126 * u32::from(r) + 7152 * u32::from(g) + 722 * u32::from(b);
    ((sum + 5000) / 10_000) as u8
}

/// The cube or the ramp of greys, whichever is nearer.
fn indexed(rgb: [u8; 3]) -> u8 {
    let steps = rgb.map(nearest_step);
    let cube = steps.map(|step| CUBE[step]);
    let mean = rgb.map(u32::from).iter().sum::<u32>() / 3;
    let level = ramp(mean as u8);
    if distance(rgb, [ramp_value(level); 3]) < distance(rgb, cube) {
        232 + level
    } else {
        (16 + 36 * steps[0] + 6 * steps[1] + steps[2]) as u8
    }
}

/// The nearest of the 24 greys of the ramp, of black and of white.
fn grey(value: u8) -> u8 {
    let level = ramp(value);
    let ends = [(16, 0), (231, 255)];
    let ends = ends.map(|(index, end): (u8, u8)| (value.abs_diff(end), index));
    let own = (value.abs_diff(ramp_value(level)), 232 + level);
    ends.into_iter().fold(own, |best, end| if end.0 < best.0 { end } else { best }).1
}

fn nearest_step(value: u8) -> usize {
    (0..CUBE.len()).min_by_key(|step| CUBE[*step].abs_diff(value)).unwrap_or(0)
}

/// The nearest level of the ramp 8, 18 .. 238.
fn ramp(value: u8) -> u8 {
    ((u16::from(value.max(8)) - 8 + 5) / 10).min(23) as u8
}

fn ramp_value(level: u8) -> u8 {
    8 + 10 * level
}

fn ansi(rgb: [u8; 3]) -> u8 {
    (0..16u8).min_by_key(|i| distance(rgb, ANSI[usize::from(*i)])).unwrap_or(0)
}

/// "Redmean": a cheap distance that is near what the eye sees (compuphase.com/cmetric.htm).
fn distance(a: [u8; 3], b: [u8; 3]) -> i32 {
    let [dr, dg, db] = [0, 1, 2].map(|i| i32::from(a[i]) - i32::from(b[i]));
    let red = (i32::from(a[0]) + i32::from(b[0])) / 2;
    (((512 + red) * dr * dr) >> 8) + 4 * dg * dg + (((767 - red) * db * db) >> 8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ColorDepth::{Colors16, Colors256, Grey, TrueColor};

    fn seen(variables: &[(&str, &str)]) -> ColorDepth {
        guess(|name| variables.iter().find(|v| v.0 == name).map(|v| v.1.to_string()))
    }

    #[test]
    fn the_environment_is_believed() {
        let xterm = ("TERM", "xterm-256color");
        assert_eq!(seen(&[xterm]), Colors256);
        assert_eq!(seen(&[xterm, ("COLORTERM", "truecolor")]), TrueColor);
        assert_eq!(seen(&[xterm, ("COLORTERM", "24bit"), ("NO_COLOR", "1")]), Grey);
        assert_eq!(seen(&[xterm, ("NO_COLOR", "")]), Colors256);
        assert_eq!(seen(&[("TERM", "linux")]), Colors16);
        assert_eq!(seen(&[("TERM", "xterm-kitty")]), TrueColor);
        assert_eq!(seen(&[]), Colors256);
        assert_eq!(depth(Some(Colors16)), Colors16);
    }

    #[test]
    fn colours_of_the_terminal_stay_as_they_are() {
        for (r, g, b) in (0..216).map(|i| (i / 36, i / 6 % 6, i % 6)) {
            let rgb = [CUBE[r], CUBE[g], CUBE[b]];
            let index = (16 + 36 * r + 6 * g + b) as u8;
            assert_eq!(quantise(rgb, Colors256), Quantised::Indexed(index), "{rgb:?}");
        }
        for level in 0..24 {
            let rgb = [ramp_value(level); 3];
            assert_eq!(quantise(rgb, Colors256), Quantised::Indexed(232 + level));
            assert_eq!(quantise(rgb, Grey), Quantised::Indexed(232 + level));
        }
        for (i, rgb) in ANSI.iter().enumerate() {
            assert_eq!(quantise(*rgb, Colors16), Quantised::Ansi(i as u8));
        }
        assert_eq!(quantise([1, 2, 3], TrueColor), Quantised::Rgb([1, 2, 3]));
    }

    #[test]
    fn greys_rise_with_luminance() {
        assert_eq!(quantise([0; 3], Grey), Quantised::Indexed(16));
        assert_eq!(quantise([255; 3], Grey), Quantised::Indexed(231));
        assert_eq!(luminance([255, 0, 0]), 54);
        let brightness = |value: u8| match grey(value) {
            16 => 0,
            231 => 255,
            index => ramp_value(index - 232),
        };
        assert!((0..255).all(|v| brightness(v) <= brightness(v + 1)));
        assert!((0..=255).all(|v| brightness(v).abs_diff(v) <= 9));
    }
}
