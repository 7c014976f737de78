//! Block characters: how many points of a picture a terminal cell holds, and which two colours and
//! which character come nearest to them.

use crate::base::Graphics;

/// Into how many points a terminal cell is divided. A cell has two colours whatever the number.
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

/// The most points in a cell.
const MOST: usize = 6;

/// 60 divided by a number of points: with it the errors of splits compare as whole numbers.
const SHARES: [u32; MOST + 1] = [0, 60, 30, 20, 15, 12, 10];

impl Blocks {
    /// Columns and rows of points in a cell.
    pub const fn points(self) -> (usize, usize) {
        match self {
            Self::Half => (1, 2),
            Self::Quadrant => (2, 2),
            Self::Sextant => (2, 3),
        }
    }

    /// The character whose points in `mask` have the foreground colour; bit 0 is the first point of the
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

    /// The character, its colour and the colour behind it that come nearest to a cell's points, rows
    /// innermost: the sum of the squared errors is the least that two colours can have. A space has
    /// one colour, and it is returned as both.
    ///
    /// Of two ways to write the same cell, half blocks take the upper point's colour as the foreground,
    /// the finer ones the lesser colour: neighbours with the same two colours then share one sequence.
    pub(super) fn nearest(self, points: &[[u8; 3]]) -> (char, [u8; 3], [u8; 3]) {
        let first = points.first().copied().unwrap_or([0; 3]);
        let Some(other) = points.iter().copied().find(|point| *point != first) else {
            return (' ', first, first);
        };
        let exact = points.iter().all(|point| *point == first || *point == other);
        let (mask, ink, paper) = if exact {
            let mask = points.iter().enumerate().filter(|(_, p)| **p == first);
            (mask.fold(0, |mask, (i, _)| mask | 1 << i), first, other)
        } else {
            split(points)
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

/// The best of all splits of a cell's points in two groups: the first group as a mask, and both means.
///
/// The squared error of a group about its mean is the sum of its squares less |sum|² / n. The sum of all
/// squares is the same for every split, so the best one has the largest |sum|² / n over both groups.
fn split(points: &[[u8; 3]]) -> (usize, [u8; 3], [u8; 3]) {
    let count = points.len().min(MOST);
    let all = (1 << count) - 1;
    // The sum of every group; each builds on the group without its highest point.
    let mut sums = [[0u32; 3]; 1 << MOST];
    for (i, point) in points.iter().take(count).enumerate() {
        let (known, new) = sums.split_at_mut(1 << i);
        for (to, from) in new.iter_mut().zip(known.iter()) {
            *to = [0, 1, 2].map(|c| from[c] + u32::from(point[c]));
        }
    }
    let weight = |mask: usize| {
        let sum: u32 = sums[mask].iter().map(|v| v * v).sum();
        sum * SHARES[mask.count_ones() as usize]
    };
    // The first point is in the first group: the other half of the splits are the same ones.
    let mut best = (all, 0);
    for mask in (1..=all).step_by(2) {
        let found = weight(mask) + weight(all & !mask);
        if found > best.1 {
            best = (mask, found);
        }
    }
    let mean = |mask: usize| {
        let n = mask.count_ones().max(1);
        sums[mask].map(|sum| ((sum + n / 2) / n) as u8)
    };
    (best.0, mean(best.0), mean(all & !best.0))
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
    fn one_colour_is_a_space() {
        assert_eq!(Blocks::Sextant.nearest(&[WHITE; 6]), (' ', WHITE, WHITE));
        assert_eq!(Blocks::Half.nearest(&[WHITE; 2]), (' ', WHITE, WHITE));
    }

    #[test]
    fn two_colours_are_exact_and_in_one_order() {
        assert_eq!(Blocks::Half.nearest(&[WHITE, BLACK]), ('▀', WHITE, BLACK));
        assert_eq!(Blocks::Half.nearest(&[BLACK, WHITE]), ('▀', BLACK, WHITE));
        let diagonal = [BLACK, WHITE, WHITE, BLACK];
        assert_eq!(Blocks::Quadrant.nearest(&diagonal), ('▚', BLACK, WHITE));
        let turned = [WHITE, BLACK, BLACK, WHITE];
        assert_eq!(Blocks::Quadrant.nearest(&turned), ('▞', BLACK, WHITE));
    }

    #[test]
    fn near_colours_go_together() {
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
