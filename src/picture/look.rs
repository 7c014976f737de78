//! The user's choices of color map and range, and what they mean for the data at hand.

use super::{Blocks, Range};
use crate::base::{Colormap, RangeMode};

/// How maps are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Look {
    /// For data that is never negative.
    pub colormap: Colormap,
    /// For signed data: weights, gradients, values before a ReLU.
    pub signed_colormap: Colormap,
    /// Which values the ends stand for.
    pub range: RangeMode,
    /// How finely terminal cells are divided.
    pub blocks: Blocks,
}

impl Look {
    /// The color map and the range mode in use.
    ///
    /// A diverging map's middle must mean 0, so the map's own minimum and maximum give way to the
    /// symmetric range. The other modes keep their name; [`Look::range_for`] makes them symmetric.
    pub fn resolve(&self, signed: bool) -> (Colormap, RangeMode) {
        let colormap = if signed { self.signed_colormap } else { self.colormap };
        match self.range {
            RangeMode::Map if colormap.is_diverging() => (colormap, RangeMode::Symmetric),
            mode => (colormap, mode),
        }
    }

    /// The color map and the range of a map; `layer` is the range of its whole layer. The range is
    /// symmetric about 0 whenever the color map is diverging.
    pub fn range_for(&self, map: &[f32], layer: Range, signed: bool) -> (Colormap, Range) {
        let (colormap, mode) = self.resolve(signed);
        let range = Range::of(map, mode, layer);
        (colormap, if colormap.is_diverging() { range.symmetric() } else { range })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Choice;

    fn look(signed_colormap: Colormap, range: RangeMode) -> Look {
        Look { colormap: Colormap::Viridis, signed_colormap, range, blocks: Blocks::Half }
    }

    #[test]
    fn diverging_maps_have_zero_in_the_middle() {
        let layer = Range { low: -1.0, high: 7.0 };
        for range in RangeMode::ALL.iter().copied() {
            let look = look(Colormap::RdBu, range);
            let (colormap, found) = look.range_for(&[-2.0, 5.0], layer, true);
            assert_eq!(colormap, Colormap::RdBu);
            assert_eq!(found.unit(0.0), Some(0.5), "{range}");
        }
    }

    #[test]
    fn unsigned_data_keeps_its_own_range() {
        let look = look(Colormap::Berlin, RangeMode::Map);
        assert_eq!(look.resolve(false), (Colormap::Viridis, RangeMode::Map));
        assert_eq!(look.resolve(true), (Colormap::Berlin, RangeMode::Symmetric));
        let (_, range) = look.range_for(&[1.0, 5.0], Range { low: 0.0, high: 9.0 }, false);
        assert_eq!(range, Range { low: 1.0, high: 5.0 });
    }
}
