//! Bars for a layer of one value a channel: number, class, bar from zero, value.

use ratatui::buffer::Buffer;

use super::{text, theme};
use crate::base::{Rect, significant};
use crate::explorer::State;
use crate::explorer::views::vector::{grid, name, page, place};

/// Eighths of a cell, from the left.
const EIGHTHS: [&str; 9] = [" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"];
/// Columns of the number of a channel.
const NUMBER: u16 = 6;
/// Columns of a value.
const VALUE: u16 = 8;

/// Draws the bars of the page.
pub fn draw(state: &State, buffer: &mut Buffer) {
    let (Some(grid), Some(page), Some(statistics)) = (grid(state), page(state), state.statistics())
    else {
        return;
    };
    let value = |channel: usize| statistics.channels.get(channel).map_or(0.0, |of| of.mean as f32);
    let all = statistics.channels.iter().map(|of| of.mean as f32).filter(|v| v.is_finite());
    let reach = Reach::of(all);
    let named = page.tiles.iter().any(|channel| name(state, *channel).is_some());
    for (slot, channel) in page.tiles.iter().enumerate() {
        let rect = place(&grid, slot);
        let style = if slot == page.chosen { theme::CHOSEN } else { theme::PLAIN };
        let name = name(state, *channel).unwrap_or_default();
        let names = if named { (rect.width / 3).min(28) } else { 0 };
        let number = format!("{channel:>5}");
        text::line(buffer, rect.x, rect.y, NUMBER - 1, &number, theme::DIM);
        text::line(buffer, rect.x + NUMBER, rect.y, names, name, style);
        let shown = significant(value(*channel));
        text::line(buffer, rect.x + NUMBER + names + 1, rect.y, VALUE, &shown, style);
        let taken = NUMBER + names + VALUE + 2;
        let room = rect.width.saturating_sub(taken + 1);
        let bar = Rect::new(rect.x + taken, rect.y, room, 1);
        draw_bar(buffer, bar, value(*channel), &reach, slot == page.chosen);
    }
}

/// The least and the largest value of the layer, with 0 among them.
struct Reach {
    low: f32,
    high: f32,
}

impl Reach {
    fn of(values: impl Iterator<Item = f32>) -> Self {
        let (low, high) = values.fold((0.0f32, 0.0f32), |(low, high), v| (low.min(v), high.max(v)));
        Self { low, high }
    }

    /// The place of a value on `eighths` eighths of a cell.
    fn place(&self, value: f32, eighths: f32) -> u16 {
        let extent = (self.high - self.low).max(f32::MIN_POSITIVE);
        ((value - self.low) / extent * eighths).round().clamp(0.0, eighths) as u16
    }
}

/// A bar from 0 to the value: to the left where it is negative. Values that are not finite have none.
fn draw_bar(buffer: &mut Buffer, rect: Rect, value: f32, reach: &Reach, chosen: bool) {
    if rect.width == 0 || !value.is_finite() {
        return;
    }
    let eighths = f32::from(rect.width) * 8.0;
    let (zero, end) = (reach.place(0.0, eighths), reach.place(value, eighths));
    let (from, to) = (zero.min(end), zero.max(end));
    let style = if chosen { theme::ACCENT } else { theme::BAR };
    for column in 0..rect.width {
        let (left, right) = (column * 8, column * 8 + 8);
        let filled = to.min(right).saturating_sub(from.max(left));
        if filled == 0 {
            continue;
        }
        // Block characters fill from the left: a part at the right of a cell is drawn as the whole cell.
        let symbol = if from > left { EIGHTHS[8] } else { EIGHTHS[usize::from(filled)] };
        text::line(buffer, rect.x + column, rect.y, 1, symbol, style);
    }
}
