//! Block characters: how many points of a picture a terminal cell holds, and which two colors and
//! which character come nearest to them.

use crate::base::Graphics;

/// Into how many points a terminal cell is divided. A cell has two colors whatever the number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Blocks {
    /// One above the other: always exact, and every font has it.
    #[default]
    Half,
    /// Two by two.
    Quadrant,
    /// Two columns by three rows; needs a font with Unicode 13's symbols for legacy computing.
    Sextant,
}

/// The block characters of the four quarters; bit 0 of the index is top left, 1 top right, 2 bottom
/// left, 3 bottom right.
const QUADRANTS: [char; 16] =
    [' ', '▘', '▝', '▀', '▖', '▌', '▞', '▛', '▗', '▚', '▐', '▜', '▄', '▙', '▟', '█'];

/// Ways to split the points of a cell, at most six, in two groups, of which one may be empty.
const SPLITS: usize = 1 << 5;

/// For four points and for six.
const SHARES: [[f32; SPLITS]; 2] = [shares(4), shares(6)];

impl Blocks {
    /// Columns and rows of points in a cell.
    pub const fn points(self) -> (usize, usize) {
        match self {
            Self::Half => (1, 2),
            Self::Quadrant => (2, 2),
            Self::Sextant => (2, 3),
        }
    }

    /// The character whose points in `mask` have the foreground color; bit 0 is the first point of the
    /// first row.
    fn symbol(self, mask: usize) -> char {
        match (self, mask) {
            (_, 0) => ' ',
            (Self::Half, 1) => '▀',
            (Self::Half, 2) => '▄',
            (Self::Half, _) => '█',
            (Self::Quadrant, mask) => QUADRANTS.get(mask).copied().unwrap_or('█'),
            // Unicode left out the sextants that were there before.
            (Self::Sextant, 0b01_01_01) => '▌',
            (Self::Sextant, 0b10_10_10) => '▐',
            (Self::Sextant, mask) => {
                let skipped = usize::from(mask > 0b01_01_01) + usize::from(mask > 0b10_10_10);
                let sextant = u32::try_from(0x1FB00 + mask - 1 - skipped).ok();
                sextant.filter(|_| mask < 63).and_then(char::from_u32).unwrap_or('█')
            }
        }
    }

    /// The character, its color and the background color that come nearest to a cell's points, rows
    /// innermost: the sum of the squared errors is the least that two colors can have. A space has
    /// one color, and it is returned as both.
    ///
    /// Of two ways to write the same cell, half blocks take the upper point's color as the foreground,
    /// the finer ones the lesser color: neighbors with the same two colors then share one sequence.
    pub(super) fn nearest(self, points: &[[u8; 3]]) -> (char, [u8; 3], [u8; 3]) {
        let first = points.first().copied().unwrap_or([0; 3]);
        let Some(other) = points.iter().copied().find(|point| *point != first) else {
            return (' ', first, first);
        };
        let exact = || {
            let first_group = points.iter().enumerate().filter(|(_, p)| **p == first);
            (first, other, first_group.fold(0, |mask, (i, _)| mask | 1 << i))
        };
        let (ink, paper, mask) = if points.iter().all(|p| *p == first || *p == other) {
            exact()
        } else if let Ok(quarters) = points.try_into() {
            split::<4>(quarters, &SHARES[0])
        } else if let Ok(sixths) = points.try_into() {
            split::<6>(sixths, &SHARES[1])
        } else {
            // Two points have two colors at most, and no cell has another number of them.
            exact()
        };
        if ink == paper {
            (' ', ink, ink)
        } else if self != Self::Half && paper < ink {
            let all = (1 << points.len()) - 1;
            (self.symbol(all & !mask), paper, ink)
        } else {
            (self.symbol(mask), ink, paper)
        }
    }
}

/// The best of all splits of a cell's points in two groups: one group as a mask, and both means.
///
/// Of n points with the sum T, let k have the sum S. The squared error about both means is smallest where
/// |n S - k T|² / (k (n - k)) is largest. The vector n S - k T is a sum over the k points of n p - T, so
/// that each split's is another's and one point's, and the loops are such that compilers make vector
/// instructions of them. All sums are whole numbers that a float32 holds exactly.
fn split<const N: usize>(
    points: &[[u8; 3]; N],
    shares: &[f32; SPLITS],
) -> ([u8; 3], [u8; 3], usize) {
    let total = sum(points, |_| true);
    let mut vectors = [[0f32; SPLITS]; 3];
    for (c, sums) in vectors.iter_mut().enumerate() {
        // The first point stays out: with it in, the splits are the same ones.
        for (i, point) in points.iter().skip(1).enumerate() {
            let step = (N as u32 * u32::from(point[c])) as f32 - total[c] as f32;
            let (known, new) = sums.split_at_mut(1 << i);
            for (to, from) in new.iter_mut().zip(known) {
                *to = *from + step;
            }
        }
    }
    let [r, g, b] = &vectors;
    let mut found = [0f32; SPLITS];
    for (i, found) in found.iter_mut().enumerate() {
        *found = (r[i] * r[i] + g[i] * g[i] + b[i] * b[i]) * shares[i];
    }
    let most = found.iter().copied().fold(0.0, f32::max);
    let mask = found.iter().position(|f| *f == most).unwrap_or(0) << 1;
    let mean = |inside: bool| {
        let sum = sum(points, |i| (mask >> i & 1 == 1) == inside);
        let k = if inside { mask.count_ones() } else { N as u32 - mask.count_ones() }.max(1);
        sum.map(|sum| ((sum + k / 2) / k) as u8)
    };
    (mean(true), mean(false), mask)
}

/// 1 / (k (n - k)) for every group of k of the points but the first; nothing where the group is empty or
/// has other points than these.
const fn shares(n: u32) -> [f32; SPLITS] {
    let mut shares = [0.0; SPLITS];
    let mut group = 1;
    while group < 1 << (n - 1) {
        let k = (group as u32).count_ones();
        shares[group] = 1.0 / (k * (n - k)) as f32;
        group += 1;
    }
    shares
}

/// The sum of some of the points.
fn sum(points: &[[u8; 3]], is_wanted: impl Fn(usize) -> bool) -> [u32; 3] {
    let wanted = points.iter().enumerate().filter(|(i, _)| is_wanted(*i));
    wanted.fold([0; 3], |sum, (_, point)| [0, 1, 2].map(|c| sum[c] + u32::from(point[c])))
}

impl From<Graphics> for Blocks {
    /// The blocks that stand where no real picture is.
    fn from(graphics: Graphics) -> Self {
        match graphics {
            Graphics::Quadrants => Self::Quadrant,
            Graphics::Sextants => Self::Sextant,
            Graphics::Auto
            | Graphics::Kitty
            | Graphics::Iterm2
            | Graphics::Sixel
            | Graphics::HalfBlocks => Self::Half,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use proptest::prelude::*;

    const BLACK: [u8; 3] = [0; 3];
    const WHITE: [u8; 3] = [255; 3];

    #[test]
    fn characters_are_unicodes() {
        // Names in Unicode's list: the digits are the filled sixths, from 1 in the top left corner.
        for (mask, symbol) in [
            (0b000001, '\u{1FB00}'), // BLOCK SEXTANT-1
            (0b010100, '\u{1FB13}'), // BLOCK SEXTANT-35
            (0b010110, '\u{1FB14}'), // BLOCK SEXTANT-235
            (0b101001, '\u{1FB27}'), // BLOCK SEXTANT-146
            (0b101011, '\u{1FB28}'), // BLOCK SEXTANT-1246
            (0b111110, '\u{1FB3B}'), // BLOCK SEXTANT-23456
            (0b010101, '\u{258C}'),  // LEFT HALF BLOCK
            (0b101010, '\u{2590}'),  // RIGHT HALF BLOCK
            (0b111111, '\u{2588}'),  // FULL BLOCK
            (0, ' '),
        ] {
            assert_eq!(Blocks::Sextant.symbol(mask), symbol, "{mask:06b}");
        }
        assert_eq!(Blocks::Quadrant.symbol(0b1001), '\u{259A}'); // UPPER LEFT AND LOWER RIGHT
        assert_eq!(Blocks::Quadrant.symbol(0b0111), '\u{259B}'); // UPPER LEFT, UPPER RIGHT, LOWER LEFT
        for blocks in [Blocks::Half, Blocks::Quadrant, Blocks::Sextant] {
            let (columns, rows) = blocks.points();
            let all: BTreeSet<_> = (0..1 << (columns * rows)).map(|m| blocks.symbol(m)).collect();
            assert_eq!(all.len(), 1 << (columns * rows), "{blocks:?}");
        }
    }

    #[test]
    fn one_color_is_a_space() {
        assert_eq!(Blocks::Sextant.nearest(&[WHITE; 6]), (' ', WHITE, WHITE));
        assert_eq!(Blocks::Half.nearest(&[WHITE; 2]), (' ', WHITE, WHITE));
    }

    #[test]
    fn two_colors_are_exact_and_in_one_order() {
        assert_eq!(Blocks::Half.nearest(&[WHITE, BLACK]), ('▀', WHITE, BLACK));
        assert_eq!(Blocks::Half.nearest(&[BLACK, WHITE]), ('▀', BLACK, WHITE));
        let diagonal = [BLACK, WHITE, WHITE, BLACK];
        assert_eq!(Blocks::Quadrant.nearest(&diagonal), ('▚', BLACK, WHITE));
        let turned = [WHITE, BLACK, BLACK, WHITE];
        assert_eq!(Blocks::Quadrant.nearest(&turned), ('▞', BLACK, WHITE));
    }

    #[test]
    fn near_colors_go_together() {
        let points = [[0; 3], [9; 3], [200; 3], [201; 3], [202; 3], [3; 3]];
        assert_eq!(
            Blocks::Sextant.nearest(&points),
            (Blocks::Sextant.symbol(0b100011), [4; 3], [201; 3])
        );
    }

    /// The squared error of a cell against its points.
    fn error(points: &[[u8; 3]], color: impl Fn(usize) -> [f64; 3]) -> f64 {
        let square = |i: usize, p: &[u8; 3]| -> f64 {
            (0..3).map(|c| (f64::from(p[c]) - color(i)[c]).powi(2)).sum()
        };
        points.iter().enumerate().map(|(i, p)| square(i, p)).sum()
    }

    fn mean(points: &[[u8; 3]], mask: usize) -> [f64; 3] {
        let inside = || points.iter().enumerate().filter(|(i, _)| mask >> i & 1 == 1);
        let n = inside().count().max(1) as f64;
        [0, 1, 2].map(|c| inside().map(|(_, p)| f64::from(p[c])).sum::<f64>() / n)
    }

    proptest! {
        #[test]
        fn no_split_is_better(
            points in prop::collection::vec(prop::array::uniform3(0u8..), 6), sextant in prop::bool::ANY,
        ) {
            let (blocks, n) = if sextant { (Blocks::Sextant, 6) } else { (Blocks::Quadrant, 4) };
            let points = &points[..n];
            let (symbol, ink, paper) = blocks.nearest(points);
            let mask = (0..1 << n).find(|m| blocks.symbol(*m) == symbol).unwrap_or(0);
            let pick = |mask: usize, i: usize, ink: [f64; 3], paper: [f64; 3]| {
                if mask >> i & 1 == 1 { ink } else { paper }
            };
            let (ink, paper) = (ink.map(f64::from), paper.map(f64::from));
            let ours = error(points, |i| pick(mask, i, ink, paper));
            let best = (0..1 << n).map(|mask: usize| {
                let (ink, paper) = (mean(points, mask), mean(points, !mask));
                error(points, |i| pick(mask, i, ink, paper))
            });
            // Half a level a channel is lost by rounding the means.
            prop_assert!(ours <= best.fold(f64::INFINITY, f64::min) + 0.25 * 3.0 * n as f64 + 1e-6);
        }
    }
}
