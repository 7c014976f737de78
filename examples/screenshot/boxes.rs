//! Blocks, shades and lines, drawn as geometry so that neighboring cells join without gaps.

use crate::canvas::Canvas;

/// Draws `character` if it is one of these. False: a font has to.
pub fn draw(canvas: &mut Canvas<'_>, character: char) -> bool {
    match character {
        '\u{2580}'..='\u{259f}' => block(canvas, character),
        '\u{1fb00}'..='\u{1fb3b}' => sextant(canvas, character),
        '\u{256d}'..='\u{2570}' => arc(canvas, character),
        '\u{2500}'..='\u{257f}' => return line(canvas, character),
        _ => return false,
    }
    true
}

/// The pixel where `part` of `whole` parts of a length ends.
fn edge(length: i32, part: u32, whole: u32) -> i32 {
    (f64::from(length) * f64::from(part) / f64::from(whole)).round() as i32
}

/// Eighths, halves, shades and quadrants: U+2580 to U+259F.
fn block(canvas: &mut Canvas<'_>, character: char) {
    let (w, h) = (canvas.width, canvas.height);
    let code = u32::from(character);
    match code {
        0x2580 => canvas.fill([0, 0, w, edge(h, 1, 2)], 1.0),
        0x2581..=0x2588 => canvas.fill([0, edge(h, 0x2588 - code, 8), w, h], 1.0),
        0x2589..=0x258f => canvas.fill([0, 0, edge(w, 0x2590 - code, 8), h], 1.0),
        0x2590 => canvas.fill([edge(w, 1, 2), 0, w, h], 1.0),
        0x2591..=0x2593 => canvas.fill([0, 0, w, h], (code - 0x2590) as f32 / 4.0),
        0x2594 => canvas.fill([0, 0, w, edge(h, 1, 8)], 1.0),
        0x2595 => canvas.fill([edge(w, 7, 8), 0, w, h], 1.0),
        _ => {
            // Bits: upper left, upper right, lower left, lower right; ▖▗▘▙▚▛▜▝▞▟ in code order.
            let masks =
                [0b0100, 0b1000, 0b0001, 0b1101, 0b1001, 0b0111, 0b1011, 0b0010, 0b0110, 0b1110];
            mosaic(canvas, masks[(code - 0x2596) as usize], 2);
        }
    }
}

/// Two by three: U+1FB00 to U+1FB3B, in the order of their bits without the four other blocks.
fn sextant(canvas: &mut Canvas<'_>, character: char) {
    let mut mask = u32::from(character) - 0x1fb00 + 1;
    mask += u32::from(mask >= 0b010101);
    mask += u32::from(mask >= 0b101010);
    mosaic(canvas, mask, 3);
}

/// Fills the fields of a grid of two columns whose bits are set, row by row.
fn mosaic(canvas: &mut Canvas<'_>, mask: u32, rows: u32) {
    let (w, h) = (canvas.width, canvas.height);
    for bit in (0..2 * rows).filter(|bit| mask >> bit & 1 == 1) {
        let (column, row) = (bit % 2, bit / 2);
        let top = [edge(w, column, 2), edge(h, row, rows)];
        let bottom = [edge(w, column + 1, 2), edge(h, row + 1, rows)];
        canvas.fill([top[0], top[1], bottom[0], bottom[1]], 1.0);
    }
}

/// Thickness of a light line, pixels.
fn light(canvas: &Canvas<'_>) -> i32 {
    (canvas.width.min(canvas.height) / 9).max(1)
}

/// `╭╮╯╰`: a quarter of a circle, and a straight piece to the far edge.
fn arc(canvas: &mut Canvas<'_>, character: char) {
    // To the right and down are positive.
    let (right, down) = match character {
        '╭' => (1.0, 1.0),
        '╮' => (-1.0, 1.0),
        '╯' => (-1.0, -1.0),
        _ => (1.0, -1.0),
    };
    let (w, h, t) = (canvas.width, canvas.height, light(canvas));
    let thickness = f64::from(t);
    let middle = |length: i32| f64::from((length - t) / 2) + thickness / 2.0;
    let (x0, y0) = (middle(w), middle(h));
    let radius = f64::from(w.min(h)) / 2.0;
    for y in 0..h {
        for x in 0..w {
            // From the corner of the two lines, along the arms.
            let along = (f64::from(x) + 0.5 - x0) * right;
            let away = (f64::from(y) + 0.5 - y0) * down;
            let distance = if away >= radius {
                along.abs()
            } else if along >= radius {
                away.abs()
            } else {
                ((along - radius).hypot(away - radius) - radius).abs()
            };
            let coverage = (thickness / 2.0 + 0.5 - distance).clamp(0.0, 1.0);
            canvas.dot(x, y, coverage as f32);
        }
    }
}

/// Arms of U+2500 to U+257F: left, right, up, down; 0 none, 1 light, 2 heavy, 3 double.
/// Dashes, arcs and diagonals are 0000 here.
#[rustfmt::skip]
const ARMS: [&[u8; 4]; 128] = [
    b"1100", b"2200", b"0011", b"0022", b"0000", b"0000", b"0000", b"0000",
    b"0000", b"0000", b"0000", b"0000", b"0101", b"0201", b"0102", b"0202",
    b"1001", b"2001", b"1002", b"2002", b"0110", b"0210", b"0120", b"0220",
    b"1010", b"2010", b"1020", b"2020", b"0111", b"0211", b"0121", b"0112",
    b"0122", b"0221", b"0212", b"0222", b"1011", b"2011", b"1021", b"1012",
    b"1022", b"2021", b"2012", b"2022", b"1101", b"2101", b"1201", b"2201",
    b"1102", b"2102", b"1202", b"2202", b"1110", b"2110", b"1210", b"2210",
    b"1120", b"2120", b"1220", b"2220", b"1111", b"2111", b"1211", b"2211",
    b"1121", b"1112", b"1122", b"2121", b"1221", b"2112", b"1212", b"2221",
    b"2212", b"2122", b"1222", b"2222", b"0000", b"0000", b"0000", b"0000",
    b"3300", b"0033", b"0301", b"0103", b"0303", b"3001", b"1003", b"3003",
    b"0310", b"0130", b"0330", b"3010", b"1030", b"3030", b"0311", b"0133",
    b"0333", b"3011", b"1033", b"3033", b"3301", b"1103", b"3303", b"3310",
    b"1130", b"3330", b"3311", b"1133", b"3333", b"0000", b"0000", b"0000",
    b"0000", b"0000", b"0000", b"0000", b"1000", b"0010", b"0100", b"0001",
    b"2000", b"0020", b"0200", b"0002", b"1200", b"0012", b"2100", b"0021",
];

/// Straight lines and their joints. False for what is not one (diagonals).
fn line(canvas: &mut Canvas<'_>, character: char) -> bool {
    let index = (u32::from(character) - 0x2500) as usize;
    let arms: [u8; 4] = ARMS[index].map(|digit| digit - b'0');
    if arms == [0; 4] {
        return dashes(canvas, character);
    }
    let t = light(canvas);
    for arm in (0..4).filter(|arm| arms[*arm] > 0) {
        let opposite = arms[arm ^ 1];
        // The arms across: before (left or up) and after.
        let across = if arm < 2 { [arms[2], arms[3]] } else { [arms[0], arms[1]] };
        let doubles = across.iter().filter(|&&weight| weight == 3).count();
        if arms[arm] == 3 {
            for side in [0, 1] {
                // An inner corner ends at the near rail, an outer one at the far rail.
                let start = match (across[side], across[1 - side]) {
                    (3, _) => t,
                    (_, 3) => -t,
                    _ => 0,
                };
                stroke(canvas, arm, if side == 0 { -t } else { t }, t, start);
            }
            continue;
        }
        let thickness = if arms[arm] == 2 { heavy(t) } else { t };
        let start = match (opposite, doubles) {
            (0, 2) => t,
            (0, 1) => -t,
            // Fills the corner of two heavy lines.
            _ if across.contains(&2) => (t - heavy(t)) / 2,
            _ => 0,
        };
        stroke(canvas, arm, (t - thickness) / 2, thickness, start);
    }
    true
}

/// Thickness of a heavy line around a light one of thickness `t`, so that both have one middle.
fn heavy(t: i32) -> i32 {
    2 * t + t % 2
}

/// One line of an arm (0 left, 1 right, 2 up, 3 down): from `start` pixels off the middle outward
/// to the edge, `offset` pixels across from where a light line runs.
fn stroke(canvas: &mut Canvas<'_>, arm: usize, offset: i32, thickness: i32, start: i32) {
    let t = light(canvas);
    let (w, h) = (canvas.width, canvas.height);
    let (length, breadth) = if arm < 2 { (w, h) } else { (h, w) };
    let middle = (length - t) / 2;
    let along = if arm % 2 == 1 { (middle + start, length) } else { (0, middle + t - start) };
    let near = (breadth - t) / 2 + offset;
    let across = (near, near + thickness);
    if arm < 2 {
        canvas.fill([along.0, across.0, along.1, across.1], 1.0);
    } else {
        canvas.fill([across.0, along.0, across.1, along.1], 1.0);
    }
}

/// Broken lines: each dash takes two thirds of its share.
fn dashes(canvas: &mut Canvas<'_>, character: char) -> bool {
    let (count, vertical, bold) = match character {
        '┄' => (3, false, false),
        '┅' => (3, false, true),
        '┆' => (3, true, false),
        '┇' => (3, true, true),
        '┈' => (4, false, false),
        '┉' => (4, false, true),
        '┊' => (4, true, false),
        '┋' => (4, true, true),
        '╌' => (2, false, false),
        '╍' => (2, false, true),
        '╎' => (2, true, false),
        '╏' => (2, true, true),
        _ => return false,
    };
    let t = light(canvas);
    let thickness = if bold { heavy(t) } else { t };
    let (length, breadth) =
        if vertical { (canvas.height, canvas.width) } else { (canvas.width, canvas.height) };
    let near = (breadth - t) / 2 + (t - thickness) / 2;
    for dash in 0..count {
        let (from, next) = (edge(length, dash, count), edge(length, dash + 1, count));
        let to = from + ((next - from) * 2 / 3).max(1);
        if vertical {
            canvas.fill([near, from, near + thickness, to], 1.0);
        } else {
            canvas.fill([from, near, to, near + thickness], 1.0);
        }
    }
    true
}
