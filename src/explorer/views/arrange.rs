//! Pictures of one size beside each other, each below the row of its caption.

use crate::base::Rect;

/// Cells between pictures, and the row of a caption.
const GAP: u16 = 1;
/// The share of the largest width that pictures in one row have at least.
const BESIDE: f32 = 0.7;

/// The places of `count` pictures of a shape (height, width): as large as the area allows, in one row where they are
/// nearly as large there, since what is compared stands in one row.
pub fn arranged(area: Rect, count: usize, shape: (usize, usize), cell_aspect: f32) -> Vec<Rect> {
    let most = count.max(1) as u16;
    let size = |columns: u16| fitting(area, columns, most, shape, cell_aspect);
    let largest = (1..=most).max_by_key(|columns| size(*columns).0).unwrap_or(1);
    let in_one_row = f32::from(size(most).0) >= BESIDE * f32::from(size(largest).0);
    let columns = if in_one_row { most } else { largest };
    let (width, height) = size(columns);
    let place = |i: u16| {
        let x = area.x + i % columns * (width + GAP);
        let y = area.y + i / columns * (height + GAP) + GAP;
        Rect::new(x, y, width, height)
    };
    (0..count as u16).map(place).collect()
}

/// Columns and rows of each of `count` pictures, with that many in a row.
fn fitting(
    area: Rect,
    columns: u16,
    count: u16,
    (h, w): (usize, usize),
    cell_aspect: f32,
) -> (u16, u16) {
    let rows = count.div_ceil(columns).max(1);
    let widest = (area.width.saturating_sub((columns - 1) * GAP) / columns).max(1);
    let highest = (area.height / rows).saturating_sub(GAP).max(1);
    let aspect = h.max(1) as f32 / w.max(1) as f32 / cell_aspect;
    let width = (f32::from(highest) / aspect).min(f32::from(widest)).max(1.0);
    (width as u16, (width * aspect).round().clamp(1.0, f32::from(highest)) as u16)
}
