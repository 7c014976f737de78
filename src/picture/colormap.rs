//! Color maps as tables of 256 colors, equal to matplotlib's to within one of 255.
//!
//! The diverging maps put the warm color at the positive end, as everyone reads it: `rdbu` is
//! matplotlib's `RdBu_r`, `puor` its `PuOr_r` (orange is positive), `berlin` its `berlin`.

use std::sync::LazyLock;

use super::stops;
use crate::base::{Choice, Colormap};

type Table = [[u8; 3]; 256];

static TABLES: LazyLock<Vec<Table>> =
    LazyLock::new(|| Colormap::ALL.iter().map(|map| build(*map)).collect());

/// What `table` falls back on; never seen while `TABLES` is built from `Colormap::ALL`.
static BLACK: Table = [[0; 3]; 256];

/// The 256 colors of a map, from the low end to the high end.
pub fn table(map: Colormap) -> &'static Table {
    let at = Colormap::ALL.iter().position(|known| *known == map);
    at.and_then(|at| TABLES.get(at)).unwrap_or(&BLACK)
}

/// The color of `unit` in 0..1; what lies outside takes the nearer end, NaN the low one.
pub fn color(map: Colormap, unit: f32) -> [u8; 3] {
    pick(table(map), unit)
}

/// The same for a table at hand. As in matplotlib, each of the 256 colors has an equal share of 0..1.
pub(super) fn pick(table: &Table, unit: f32) -> [u8; 3] {
    // `as` saturates, and turns NaN into 0.
    let at = (unit * 256.0) as u8;
    table[usize::from(at)]
}

fn build(map: Colormap) -> Table {
    std::array::from_fn(|i| {
        let t = i as f32 / 255.0;
        match map {
            Colormap::Viridis => sample(colorous::VIRIDIS, i),
            Colormap::Magma => sample(colorous::MAGMA, i),
            Colormap::Inferno => sample(colorous::INFERNO, i),
            Colormap::Turbo => between(&stops::TURBO, t),
            Colormap::Gray => [i as u8; 3],
            Colormap::Jet => jet(t),
            Colormap::RdBu => between(&stops::BLUE_RED, t),
            Colormap::PuOr => between(&stops::PURPLE_ORANGE, t),
            Colormap::Berlin => between(&stops::BERLIN, t),
        }
    })
}

fn sample(gradient: colorous::Gradient, i: usize) -> [u8; 3] {
    let colorous::Color { r, g, b } = gradient.eval_rational(i, 256);
    [r, g, b]
}

/// The color at `t` of evenly spaced stops.
fn between(stops: &[u32], t: f32) -> [u8; 3] {
    let place = t * stops.len().saturating_sub(1) as f32;
    let at = place as usize;
    let channels =
        |i: usize| stops.get(i).map_or([0; 3], |c| [(c >> 16) as u8, (c >> 8) as u8, *c as u8]);
    let (low, high) = (channels(at), channels((at + 1).min(stops.len().saturating_sub(1))));
    std::array::from_fn(|c| {
        let (low, high) = (f32::from(low[c]), f32::from(high[c]));
        (low + (high - low) * (place - at as f32)).round() as u8
    })
}

/// Matplotlib's jet: each channel linear between its own knots `(place, value)`.
fn jet(t: f32) -> [u8; 3] {
    const RED: &[(f32, f32)] = &[(0.0, 0.0), (0.35, 0.0), (0.66, 1.0), (0.89, 1.0), (1.0, 0.5)];
    const GREEN: &[(f32, f32)] =
        &[(0.0, 0.0), (0.125, 0.0), (0.375, 1.0), (0.64, 1.0), (0.91, 0.0), (1.0, 0.0)];
    const BLUE: &[(f32, f32)] = &[(0.0, 0.5), (0.11, 1.0), (0.34, 1.0), (0.65, 0.0), (1.0, 0.0)];
    [RED, GREEN, BLUE].map(|knots| {
        let value = knots.windows(2).find_map(|pair| match pair {
            [(x0, y0), (x1, y1)] if t <= *x1 => Some(y0 + (y1 - y0) * (t - x0) / (x1 - x0)),
            _ => None,
        });
        (value.unwrap_or(0.0) * 255.0).round() as u8
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// `round(255 * matplotlib.colormaps[name](i))` of matplotlib 3.10 for i = 0, 64, 128, 192, 255.
    const MATPLOTLIB: [(Colormap, [[u8; 3]; 5]); 8] = [
        (
            Colormap::Viridis,
            [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]],
        ),
        (
            Colormap::Magma,
            [[0, 0, 4], [81, 18, 124], [183, 55, 121], [252, 137, 97], [252, 253, 191]],
        ),
        (
            Colormap::Inferno,
            [[0, 0, 4], [87, 16, 110], [188, 55, 84], [249, 142, 9], [252, 255, 164]],
        ),
        (
            Colormap::Turbo,
            [[48, 18, 59], [40, 188, 235], [164, 252, 60], [251, 126, 33], [122, 4, 3]],
        ),
        (Colormap::Jet, [[0, 0, 128], [0, 129, 255], [125, 255, 122], [255, 148, 0], [128, 0, 0]]),
        (
            Colormap::Berlin,
            [[158, 176, 255], [40, 104, 134], [25, 12, 9], [125, 52, 30], [255, 173, 173]],
        ),
        (
            Colormap::RdBu,
            [[5, 48, 97], [107, 172, 209], [247, 246, 246], [228, 128, 102], [103, 0, 31]],
        ),
        (
            Colormap::PuOr,
            [[45, 0, 75], [153, 144, 191], [247, 247, 246], [238, 155, 57], [127, 59, 8]],
        ),
    ];

    #[test]
    fn tables_are_matplotlibs() {
        for (map, colors) in MATPLOTLIB {
            for (i, expected) in [0, 64, 128, 192, 255].into_iter().zip(colors) {
                let ours = table(map)[i];
                let close = (0..3).all(|c| ours[c].abs_diff(expected[c]) <= 1);
                assert!(close, "{map} at {i}: {ours:?}, matplotlib {expected:?}");
            }
        }
    }

    #[test]
    fn ends_and_middle() {
        assert_eq!(color(Colormap::Viridis, 0.0), [68, 1, 84]);
        assert_eq!(color(Colormap::Viridis, 1.0), [253, 231, 37]);
        assert_eq!(color(Colormap::Gray, 0.5), [128; 3]);
        assert!(color(Colormap::Berlin, 0.5).iter().all(|c| *c < 32));
        let [red, _, blue] = color(Colormap::RdBu, 0.9);
        assert!(red > blue, "positive is red");
    }

    #[test]
    fn outside_takes_the_nearer_end() {
        for map in Colormap::ALL {
            assert_eq!(color(*map, -3.0), table(*map)[0]);
            assert_eq!(color(*map, f32::NAN), table(*map)[0]);
            assert_eq!(color(*map, f32::INFINITY), table(*map)[255]);
        }
    }

    proptest! {
        #[test]
        fn gray_is_monotone(a in 0.0f32..=1.0, b in 0.0f32..=1.0) {
            prop_assert!(color(Colormap::Gray, a.min(b)) <= color(Colormap::Gray, a.max(b)));
        }
    }
}
