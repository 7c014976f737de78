//! The inspector: photo, classes, the channel, the layer; or all of it in one line.

use ratatui::buffer::Buffer;

use super::{heatmap, text, theme};
use crate::base::{
    OutputFunction, Rect, bar, fit, pad_end, percent, short_count, signed, significant,
};
use crate::explorer::{ChannelStatistics, State};

/// Draws the pane.
pub fn draw(state: &State, rect: Rect, buffer: &mut Buffer) {
    if rect.is_empty() {
        return;
    }
    let with_photo = state.photo_size().is_some();
    let inner = text::over_quiet(buffer, rect, if with_photo { "Photo" } else { "" });
    // Without a photo the first section's title stands in the border.
    let y = if with_photo { inner.y } else { rect.y };
    let mut pen = Pen { rect, inner, y, buffer };
    photo(state, &mut pen);
    classes(state, &mut pen);
    channel(state, &mut pen);
    layer(state, &mut pen);
    network(state, &mut pen);
}

/// The inspector in one line: `tabby 62 % · mean .31 max 4.87 zeros 43 %`.
pub fn draw_strip(state: &State, rect: Rect, buffer: &mut Buffer) {
    if rect.is_empty() {
        return;
    }
    let mut parts = Vec::new();
    let knocked = state.knocked_out();
    if knocked > 0 {
        parts.push((format!(" {knocked} knocked out ·"), theme::ACCENT));
    }
    if let (Some(network), Some(outcome)) = (&state.shown.network, &state.shown.outcome)
        && let Some((class, score)) = outcome.ranked.get(state.class_place().unwrap_or(0))
        && let Some(label) = network.classes.get(*class)
    {
        parts.push((format!(" {} {}", label.name, network.outputs.show(*score)), theme::PLAIN));
    }
    if let Some(of) = chosen(state) {
        let numbers = format!(
            " · channel {} mean {} max {} zeros {}",
            state.cursor.channel,
            significant(of.mean as f32),
            significant(of.max),
            percent(of.sparsity())
        );
        parts.push((numbers, theme::DIM));
    }
    let parts: Vec<_> = parts.iter().map(|(t, s)| (t.as_str(), *s)).collect();
    text::spans(buffer, rect.x, rect.y, rect.width, &parts);
}

fn chosen(state: &State) -> Option<&ChannelStatistics> {
    state.statistics()?.channels.get(state.cursor.channel)
}

/// Writes down the pane until it is full.
struct Pen<'a> {
    rect: Rect,
    inner: Rect,
    y: u16,
    buffer: &'a mut Buffer,
}

impl Pen<'_> {
    fn room(&self) -> u16 {
        (self.inner.y + self.inner.height).saturating_sub(self.y)
    }

    /// A line across the pane with a title, if something fits below it.
    fn section(&mut self, title: &str) {
        if self.room() < 2 {
            self.y = self.inner.y + self.inner.height;
            return;
        }
        if self.y > self.rect.y {
            let line = format!("├{}┤", "─".repeat(usize::from(self.inner.width)));
            text::line(self.buffer, self.rect.x, self.y, self.rect.width, &line, theme::DIM);
        }
        text::label(self.buffer, self.rect, self.y, title, theme::PLAIN);
        self.y += 1;
    }

    fn parts(&mut self, parts: &[(&str, ratatui::style::Style)]) {
        if self.room() > 0 {
            text::spans(self.buffer, self.inner.x, self.y, self.inner.width, parts);
            self.y += 1;
        }
    }

    /// Text over as many lines as it takes, or not at all.
    fn words(&mut self, words: &str) {
        let lines = text::wrapped(words, usize::from(self.inner.width));
        if lines.len() <= usize::from(self.room()) {
            for line in &lines {
                self.parts(&[(line, theme::DIM)]);
            }
        }
    }

    fn pair(&mut self, name: &str, value: &str) {
        if self.room() > 0 {
            let width = self.inner.width;
            text::line(self.buffer, self.inner.x, self.y, width, name, theme::DIM);
            let at = Rect::new(self.inner.x + 9, self.y, width.saturating_sub(9), 1);
            text::line(self.buffer, at.x, at.y, at.width, value, theme::PLAIN);
            self.y += 1;
        }
    }
}

fn photo(state: &State, pen: &mut Pen) {
    let Some(place) = state.photo_place() else { return };
    if let Some(cells) = state.photo_cells() {
        heatmap::cells(pen.buffer, place, cells);
        field_box(state, place, pen.buffer);
    } else if state.shown.input.as_ref().is_some_and(|i| i.placement.is_none()) {
        text::line(pen.buffer, place.x, place.y, place.width, "an input tensor", theme::DIM);
    }
    pen.y += place.height;
}

/// The receptive field of the unit in question as a box on the photo.
fn field_box(state: &State, place: Rect, buffer: &mut Buffer) {
    let (Some((rows, columns)), Some(input)) = (state.field_box(), &state.shown.input) else {
        return;
    };
    if columns.1 <= columns.0 || rows.1 <= rows.0 {
        return;
    }
    let cell = |at: usize, length: usize, cells: u16| {
        (at * usize::from(cells) / length.max(1)).min(usize::from(cells) - 1) as u16
    };
    let (x0, x1) = (
        cell(columns.0, input.shape.w, place.width),
        cell(columns.1 - 1, input.shape.w, place.width),
    );
    let (y0, y1) =
        (cell(rows.0, input.shape.h, place.height), cell(rows.1 - 1, input.shape.h, place.height));
    let area = Rect::new(place.x + x0, place.y + y0, x1 - x0 + 1, y1 - y0 + 1);
    heatmap::box_over(buffer, area);
}

fn classes(state: &State, pen: &mut Pen) {
    let (Some(network), Some(outcome)) = (&state.shown.network, &state.shown.outcome) else {
        return;
    };
    let Some(place) = state.class_rows() else { return };
    let chosen = state.class_place().unwrap_or(0);
    let shown = usize::from(place.rows.height);
    pen.section(&match chosen {
        0 => "Classes".to_string(),
        place => format!("Classes {} of {}", place + 1, outcome.ranked.len()),
    });
    let columns = Columns::of(network.outputs);
    for (place, (class, score)) in outcome.ranked.iter().enumerate().skip(place.first).take(shown) {
        let name = network.classes.get(*class).map_or("", |c| c.name.as_str());
        // What the knock-outs did to it.
        let change = outcome.before.as_ref().map(|before| {
            let was = before.ranked.iter().find(|(c, _)| c == class).map_or(0.0, |(_, s)| *s);
            columns.change(score - was)
        });
        let width = usize::from(pen.inner.width.saturating_sub(columns.width(change.is_some())));
        let label = pad_end(&fit(name, width), width);
        let (mark, style) = match place == chosen && (state.explains() || place > 0) {
            true => ("▸", theme::CHOSEN),
            false => (" ", theme::PLAIN),
        };
        let row = format!("{mark}{label} {} ", columns.score(*score));
        match change {
            Some(change) => pen.parts(&[(&row, style), (&change, theme::ACCENT)]),
            None => pen.parts(&[(&row, style), (&columns.bar(*score), theme::BAR)]),
        }
    }
}

/// How scores stand beside the names of classes.
#[derive(Clone, Copy)]
enum Columns {
    /// Whole per cent, with a bar; changes in points of a hundred.
    Probabilities,
    /// Three digits; changes in the same unit.
    Numbers,
}

impl Columns {
    const fn of(outputs: OutputFunction) -> Self {
        if outputs.is_probability() { Self::Probabilities } else { Self::Numbers }
    }

    /// Columns of everything but the name, with a change or without.
    const fn width(self, changed: bool) -> u16 {
        match (self, changed) {
            (Self::Probabilities, _) => 11,
            (Self::Numbers, true) => 18,
            (Self::Numbers, false) => 10,
        }
    }

    fn score(self, score: f32) -> String {
        match self {
            Self::Probabilities => format!("{:>3.0}", score * 100.0),
            Self::Numbers => format!("{:>7}", significant(score)),
        }
    }

    fn change(self, change: f32) -> String {
        match self {
            // A tenth of a point where that is all there is.
            Self::Probabilities => match 100.0 * change {
                points if points.abs() < 0.05 => "   0".to_string(),
                points if points.abs() < 9.95 => format!("{points:>+4.1}"),
                points => format!("{points:>+4.0}"),
            },
            Self::Numbers => format!("{:>8}", signed(change)),
        }
    }

    /// What stands where there is no change to tell.
    fn bar(self, score: f32) -> String {
        match self {
            Self::Probabilities => bar(score, 5),
            Self::Numbers => String::new(),
        }
    }
}

fn channel(state: &State, pen: &mut Pen) {
    let (Some(of), Some(layer)) = (chosen(state), state.layer_info()) else { return };
    let of = *of;
    pen.section(&format!("Channel {} of {}", state.cursor.channel, layer.shape.c));
    pen.pair("mean", &format!("{} ± {}", significant(of.mean as f32), significant(of.std as f32)));
    pen.pair("range", &format!("{} .. {}", significant(of.min), significant(of.max)));
    let dead = state.statistics().is_some_and(|s| s.is_dead(state.cursor.channel));
    let dead = if dead { "  dead †" } else { "" };
    pen.pair("zeros", &format!("{}{dead}", percent(of.sparsity())));
    if of.invalid > 0 {
        pen.pair("NaN, inf", &of.invalid.to_string());
    }
    if let Some(histogram) = state.histogram() {
        let bars = bars(&histogram.counts);
        pen.parts(&[(&bars, theme::BAR)]);
    }
}

/// Counts as eighths, on a logarithmic scale: a ReLU's zeros would flatten all else.
fn bars(counts: &[u32]) -> String {
    const EIGHTHS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let largest = counts.iter().copied().max().unwrap_or(0).max(1);
    let height = |count: &u32| {
        let part = f64::from(1 + count).ln() / f64::from(1 + largest).ln();
        if *count == 0 { 0 } else { (part * 8.0).ceil() as usize }
    };
    counts.iter().map(|c| EIGHTHS[height(c).min(8)]).collect()
}

fn layer(state: &State, pen: &mut Pen) {
    let Some(layer) = state.layer_info().cloned() else { return };
    pen.section(&format!("Layer {} of {}", layer.id.0 + 1, state.layers().len()));
    pen.pair("op", &layer.op);
    pen.pair("shape", &layer.shape.to_string());
    if let Some(statistics) = state.statistics() {
        let total = &statistics.total;
        pen.pair(
            "mean",
            &format!("{} ± {}", significant(total.mean as f32), significant(total.std as f32)),
        );
        pen.pair("range", &format!("{} .. {}", significant(total.min), significant(total.max)));
        let dead = match statistics.dead() {
            0 => String::new(),
            n => format!(" · {n} dead †"),
        };
        pen.pair("zeros", &format!("{}{dead}", percent(total.sparsity())));
    }
    if layer.parameters > 0 {
        pen.pair("params", &short_count(layer.parameters));
    }
    if layer.multiply_adds > 0 {
        pen.pair("mult-add", &short_count(layer.multiply_adds));
    }
    let (rows, columns) = (layer.field.rows.pixels(), layer.field.columns.pixels());
    let field = match (rows, columns) {
        _ if layer.field.sees_everything() => {
            return pen.pair("field", "the whole input");
        }
        (rows, columns) if rows == columns => format!("{rows} px"),
        (rows, columns) => format!("{columns}x{rows} px"),
    };
    let of = state.shown.input.as_ref().map_or(String::new(), |i| format!(" of {}", i.shape.w));
    pen.pair("field", &format!("{field}{of}"));
}

/// How photos are made ready, what was left out or is odd, and what the files do not say.
fn network(state: &State, pen: &mut Pen) {
    let Some(network) = &state.shown.network else { return };
    pen.section("Network");
    pen.pair("classes", &network.classes.len().to_string());
    let parameters: u64 = network.layers.iter().map(|l| l.parameters).sum();
    pen.pair("params", &short_count(parameters));
    let products: u64 = state.layers().iter().map(|l| l.multiply_adds).sum();
    pen.pair("mult-add", &short_count(products));
    let of_input = state.shown.input.iter().flat_map(|input| &input.notes);
    let of_run = state.shown.outcome.iter().filter_map(|outcome| outcome.note.as_ref());
    let odd = network.warnings.iter().chain(of_input).chain(of_run);
    for note in [&network.recipe].into_iter().chain(odd).chain(&network.notes) {
        pen.words(note);
    }
}
