//! Grids of tiles: how many columns, and the contact sheet that goes into a file.

use super::Picture;

/// The columns of a near-square grid: the least whole number that is at least the square root of `n`.
pub fn columns(n: usize) -> usize {
    let root = n.isqrt();
    if root * root < n { root + 1 } else { root }
}

/// All tiles in one picture: `across` of them in a row, `gap` pixels between neighbors and none around
/// the sheet. Tiles of different sizes stand at the top left of places of the largest size.
pub fn sheet(tiles: &[Picture], across: usize, gap: usize, background: [u8; 3]) -> Picture {
    let largest = |size: fn(&Picture) -> usize| tiles.iter().map(size).max().unwrap_or(0);
    let (tile_w, tile_h) = (largest(|t| t.width), largest(|t| t.height));
    let across = across.min(tiles.len());
    let down = tiles.len().div_ceil(across.max(1));
    let extent = |count: usize, size: usize| count * size + count.saturating_sub(1) * gap;
    let mut sheet = Picture::filled(extent(across, tile_w), extent(down, tile_h), background);
    for (i, tile) in tiles.iter().enumerate() {
        let (left, top) = ((i % across) * (tile_w + gap), (i / across) * (tile_h + gap));
        for y in 0..tile.height {
            let start = (top + y) * sheet.width + left;
            let row = tile.row(y);
            if let Some(target) = sheet.rgb.get_mut(start..start + row.len()) {
                target.copy_from_slice(row);
            }
        }
    }
    sheet
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn grids_are_near_square() {
        assert_eq!([0, 1, 2, 4, 5, 64, 65].map(columns), [0, 1, 2, 2, 3, 8, 9]);
    }

    #[test]
    fn sheets_have_gaps_between_only() {
        let tile = |value| Picture::filled(1, 1, [value; 3]);
        let sheet = sheet(&[tile(1), tile(2), tile(3)], 2, 1, [9; 3]);
        assert_eq!((sheet.width, sheet.height), (3, 3));
        let gray: Vec<u8> = sheet.rgb.iter().map(|pixel| pixel[0]).collect();
        assert_eq!(gray, [1, 9, 2, 9, 9, 9, 3, 9, 9]);
        assert!(super::sheet(&[], 2, 3, [0; 3]).rgb.is_empty());
    }

    proptest! {
        #[test]
        fn tiles_never_overlap(n in 1usize..30, w in 1usize..6, h in 1usize..6, gap in 0usize..4) {
            let tiles: Vec<_> = (0..n).map(|i| Picture::filled(w, h, [i as u8 + 1; 3])).collect();
            let sheet = sheet(&tiles, columns(tiles.len()), gap, [0; 3]);
            let (across, down) = (columns(n), n.div_ceil(columns(n)));
            prop_assert_eq!(sheet.width, across * (w + gap) - gap);
            prop_assert_eq!(sheet.height, down * (h + gap) - gap);
            for i in 0..n {
                let pixels = sheet.rgb.iter().filter(|pixel| pixel[0] == i as u8 + 1).count();
                prop_assert_eq!(pixels, w * h);
            }
        }
    }
}
