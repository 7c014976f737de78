//! Pictures in block characters, and the frame, cross and box that are drawn over them.

use ratatui::buffer::Buffer;
use ratatui::style::{Color, Style};

use super::theme;
use crate::base::{Colormap, RangeMode, Rect, significant};
use crate::explorer::{Cells, Grid, Heatmap};

const fn color([r, g, b]: [u8; 3]) -> Color {
    Color::Rgb(r, g, b)
}

/// Draws cells with their first one in the corner of `rect`, cut to it.
pub fn cells(buffer: &mut Buffer, rect: Rect, cells: &Cells) {
    for (i, block) in cells.cells.iter().enumerate() {
        let (column, row) = (i % usize::from(cells.columns), i / usize::from(cells.columns));
        if column >= usize::from(rect.width) || row >= usize::from(rect.height) {
            continue;
        }
        let at = (rect.x + column as u16, rect.y + row as u16);
        let Some(cell) = buffer.cell_mut(at) else { continue };
        if block.marked {
            cell.set_symbol("×").set_style(theme::MARK);
        } else if block.symbol == ' ' {
            cell.set_symbol(" ").set_style(Style::new().bg(color(block.bg)));
        } else {
            cell.set_char(block.symbol).set_fg(color(block.fg)).set_bg(color(block.bg));
        }
    }
}

/// A tile of a grid: its cells where they are known, and around them, where there is room, the frame of
/// the chosen one and a caption.
pub fn tile(buffer: &mut Buffer, grid: &Grid, slot: usize, look: &Tile<'_>) {
    let place = grid.slot(slot);
    if let Some(known) = look.cells {
        cells(buffer, place, known);
    }
    if grid.margin == 0 {
        return;
    }
    if look.chosen {
        frame(buffer, place, theme::CHOSEN);
    }
    let style = if look.chosen { theme::CHOSEN } else { theme::DIM };
    let below = place.y + place.height;
    super::text::line(buffer, place.x, below, place.width, look.caption, style);
}

/// What a tile looks like.
pub struct Tile<'a> {
    /// Its picture, where it is known.
    pub cells: Option<&'a Cells>,
    /// The words below it.
    pub caption: &'a str,
    /// Whether it is the chosen one.
    pub chosen: bool,
}

/// A frame around a rectangle, in the cells next to it.
pub fn frame(buffer: &mut Buffer, rect: Rect, style: Style) {
    let (left, right) = (rect.x.saturating_sub(1), rect.x + rect.width);
    let (top, bottom) = (rect.y.saturating_sub(1), rect.y + rect.height);
    for x in rect.x..right {
        put(buffer, x, top, "─", style);
        put(buffer, x, bottom, "─", style);
    }
    for y in rect.y..bottom {
        put(buffer, left, y, "│", style);
        put(buffer, right, y, "│", style);
    }
    put(buffer, left, top, "╭", style);
    put(buffer, right, top, "╮", style);
    put(buffer, left, bottom, "╰", style);
    put(buffer, right, bottom, "╯", style);
}

/// A box over a picture: the picture's colors stay around the lines.
pub fn box_over(buffer: &mut Buffer, rect: Rect) {
    if rect.is_empty() {
        return;
    }
    let (right, bottom) = (rect.x + rect.width - 1, rect.y + rect.height - 1);
    for y in rect.y..=bottom {
        for x in rect.x..=right {
            let (vertical, horizontal) = (x == rect.x || x == right, y == rect.y || y == bottom);
            let symbol = match (vertical, horizontal) {
                (true, true) if rect.width == 1 && rect.height == 1 => "▢",
                (true, true) => match (x == rect.x, y == rect.y) {
                    (true, true) => "┌",
                    (false, true) => "┐",
                    (true, false) => "└",
                    (false, false) => "┘",
                },
                (true, false) => "│",
                (false, true) => "─",
                (false, false) => continue,
            };
            over(buffer, x, y, symbol);
        }
    }
}

/// A symbol over a picture in the accent color, on a darkened cell.
pub fn over(buffer: &mut Buffer, x: u16, y: u16, symbol: &str) {
    if let Some(cell) = buffer.cell_mut((x, y)) {
        let background = match cell.bg {
            Color::Rgb(r, g, b) => Color::Rgb(r / 3, g / 3, b / 3),
            other => other,
        };
        cell.set_symbol(symbol).set_style(theme::CHOSEN.bg(background));
    }
}

fn put(buffer: &mut Buffer, x: u16, y: u16, symbol: &str, style: Style) {
    if let Some(cell) = buffer.cell_mut((x, y)) {
        cell.set_symbol(symbol).set_style(style);
    }
}

/// Which values the ends of the colors stand for, in words.
pub fn mode(map: &Heatmap) -> &'static str {
    match (map.mode, map.colormap.is_diverging()) {
        (RangeMode::Map, false) => "each map its minimum to maximum",
        (RangeMode::Layer, false) => "minimum to maximum of the layer",
        (RangeMode::Percentile, false) => "1st to 99th percentile of each map",
        (RangeMode::Layer, true) => "range of the layer, symmetric about 0",
        (RangeMode::Percentile, true) => "1 to 99 percentile, symmetric about 0",
        (RangeMode::Map, true) | (RangeMode::Symmetric, _) => "symmetric about 0",
    }
}

/// [`mode`] in a word or two.
const fn short_mode(map: &Heatmap) -> &'static str {
    match map.mode {
        RangeMode::Map => "min to max",
        RangeMode::Layer => "layer",
        RangeMode::Percentile => "1-99 %",
        RangeMode::Symmetric => "symmetric",
    }
}

/// The colors at the foot of a pane between words for their ends.
pub fn bar(buffer: &mut Buffer, rect: Rect, colormap: Colormap, (low, high): (&str, &str)) {
    let (head, tail) = (format!(" {colormap} · {low} "), format!(" {high} "));
    let width = (head.chars().count() + usize::from(BAR) + tail.chars().count()) as u16;
    if width + 4 > rect.width {
        return;
    }
    let y = rect.y + rect.height.saturating_sub(1);
    let mut x = rect.x + rect.width - 2 - width;
    x += super::text::line(buffer, x, y, rect.width, &head, theme::DIM);
    for i in 0..BAR {
        let rgb = crate::explorer::color(colormap, f32::from(i) / f32::from(BAR - 1));
        put(buffer, x + i, y, "▆", Style::new().fg(color(rgb)));
    }
    super::text::line(buffer, x + BAR, y, rect.width, &tail, theme::DIM);
}

/// Cells of a color bar.
const BAR: u16 = 16;

/// The colors and their range at the foot of a pane, `viridis · own range · channel 5: 0 ▆▆ 4.87`, or as much of it as
/// there is room for. `of` says whose range it is.
pub fn scale(buffer: &mut Buffer, rect: Rect, of: &str, map: &Heatmap) {
    let invalid = match map.invalid {
        0 => String::new(),
        n => format!("{n} × NaN/inf · "),
    };
    let (low, high) = (significant(map.range.low), significant(map.range.high));
    let name = map.colormap;
    let (mode, short) = (mode(map), short_mode(map));
    let tail = format!(" {high} ");
    let heads = [
        format!(" {invalid}{name} · {mode} · {of}{low} "),
        format!(" {invalid}{name} · {short} · {of}{low} "),
        format!(" {invalid}{short} · {of}{low} "),
        format!(" {invalid}{low} "),
    ];
    // Fewer words first, then fewer colors.
    let choices = [(&heads[0], 1), (&heads[1], 1), (&heads[2], 1), (&heads[3], 1), (&heads[3], 2)];
    let width = |(head, step): &(&String, usize)| {
        (head.chars().count() + map.scale.len().div_ceil(*step) + tail.len()) as u16
    };
    let Some(fitting) = choices.iter().find(|c| width(c) + 4 <= rect.width) else { return };
    let y = rect.y + rect.height.saturating_sub(1);
    let mut x = rect.x + rect.width - 2 - width(fitting);
    x += super::text::line(buffer, x, y, rect.width, fitting.0, theme::DIM);
    for rgb in map.scale.iter().step_by(fitting.1) {
        put(buffer, x, y, "▆", Style::new().fg(color(*rgb)));
        x += 1;
    }
    super::text::line(buffer, x, y, tail.len() as u16, &tail, theme::DIM);
}
