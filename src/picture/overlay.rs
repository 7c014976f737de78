//! A map over the photo.

use super::{Picture, Range, colormap, resample};
use crate::base::{Blending, Colormap};

/// A map of values, the colors that they are drawn in, and how it lies over a photo.
#[derive(Clone, Copy, Debug)]
pub struct Overlay<'a> {
    /// `height x width` values, rows innermost.
    pub values: &'a [f32],
    /// Height and width.
    pub extent: (usize, usize),
    /// The colors.
    pub colormap: Colormap,
    /// The values of the first and the last color.
    pub range: Range,
    /// How it lies over the photo.
    pub blending: Blending,
    /// The opacity of the strongest values, from 0 to 1; of all values where [`Blending::Blend`] is chosen.
    pub strength: f32,
}

impl Overlay<'_> {
    /// The photo with the map over it. The map is stretched to the photo, nearest value; where it is not a number, the
    /// mark's color covers the photo.
    pub fn over(&self, photo: &Picture) -> Picture {
        let (height, width) = self.extent;
        match self.blending {
            Blending::Opacity => {
                let values = resample::fit(self.values, height, width, photo.height, photo.width);
                self.by_opacity(photo, &values)
            }
            Blending::Blend => {
                let heat =
                    Picture::heatmap(self.values, height, width, self.colormap, self.range, 1);
                blend(photo, &heat, self.strength)
            }
        }
    }

    /// `(1 - s v) photo + s v color`, `v` from 0 to 1: the value's place in the range, or its distance from 0 where the
    /// middle color stands for 0.
    fn by_opacity(&self, photo: &Picture, values: &[f32]) -> Picture {
        let table = colormap::table(self.colormap);
        let diverges = self.colormap.is_diverging();
        let mix = |(pixel, value): (&[u8; 3], &f32)| {
            let Some(unit) = self.range.unit(*value) else { return super::MARK };
            let distance = if diverges { (2.0 * unit - 1.0).abs() } else { unit };
            let opacity = self.strength * distance;
            let color = colormap::pick(table, unit);
            [0, 1, 2].map(|c| {
                let (under, over) = (f32::from(pixel[c]), f32::from(color[c]));
                (under + opacity * (over - under)).round() as u8
            })
        };
        let rgb = photo.rgb.iter().zip(values).map(mix).collect();
        Picture { width: photo.width, height: photo.height, rgb }
    }
}

/// A share of the heatmap from 0 to 1, the rest photo, divided by the largest value: `show_cam_on_image` of
/// pytorch-grad-cam 1.5, whose default is 0.5. The heatmap is stretched to the photo, nearest pixel.
fn blend(photo: &Picture, heat: &Picture, share: f32) -> Picture {
    let nearest = |place: usize, from: usize, to: usize| (2 * place + 1) * from / (2 * to.max(1));
    let mut sums = Vec::with_capacity(photo.rgb.len());
    for y in 0..photo.height {
        let warm = heat.row(nearest(y, heat.height, photo.height));
        for (x, pixel) in photo.row(y).iter().enumerate() {
            let warm = warm.get(nearest(x, heat.width, photo.width)).unwrap_or(&[0; 3]);
            sums.push([0, 1, 2].map(|c| {
                (1.0 - share) * f32::from(pixel[c]) / 255.0 + share * f32::from(warm[c]) / 255.0
            }));
        }
    }
    let largest = sums.as_flattened().iter().copied().fold(0.0, f32::max);
    // All black stays black: the reference divides 0 by 0 there.
    let scale = if largest > 0.0 { largest } else { 1.0 };
    // Truncated, not rounded, as the reference does.
    let rgb = sums.into_iter().map(|sum| sum.map(|v| (255.0 * (v / scale)) as u8)).collect();
    Picture { width: photo.width, height: photo.height, rgb }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `show_cam_on_image` computes (0.5 * 0.2 + 0.5 * 1) / 0.9 = 2/3 here, for instance.
    #[test]
    fn halves_are_added_and_stretched_to_white() {
        let photo = Picture { width: 2, height: 1, rgb: vec![[51, 0, 102], [204, 255, 0]] };
        let heat = Picture::filled(1, 1, [255, 0, 51]);
        let out = blend(&photo, &heat, 0.5);
        assert_eq!(out.rgb, [[170, 0, 85], [255, 141, 28]]);
    }

    fn overlay(values: &[f32], colormap: Colormap, low: f32) -> Overlay<'_> {
        let range = Range { low, high: 1.0 };
        let (extent, blending) = ((1, values.len()), Blending::Opacity);
        Overlay { values, extent, colormap, range, blending, strength: 0.8 }
    }

    #[test]
    fn values_are_their_opacity() {
        let photo = Picture { width: 3, height: 1, rgb: vec![[10, 200, 30]; 3] };
        let over = overlay(&[0.0, 1.0, 0.5], Colormap::Gray, 0.0).over(&photo);
        // (1 - 0.8 v) photo + 0.8 v color: white at 1, the middle gray at 0.5.
        assert_eq!(over.rgb, [[10, 200, 30], [206, 244, 210], [57, 171, 69]]);
    }

    #[test]
    fn zero_leaves_the_photo_where_colors_diverge() {
        let photo = Picture { width: 3, height: 1, rgb: vec![[10, 200, 30]; 3] };
        let over = overlay(&[0.0, 1.0, -1.0], Colormap::RdBu, -1.0).over(&photo);
        assert_eq!(over.rgb[0], [10, 200, 30]);
        assert!(over.rgb[1][0] > over.rgb[1][2] && over.rgb[2][0] < over.rgb[2][2]);
    }

    #[test]
    fn what_is_not_a_number_is_marked() {
        let photo = Picture::filled(1, 1, [9; 3]);
        let over = overlay(&[f32::NAN], Colormap::Gray, 0.0).over(&photo);
        assert_eq!(over.rgb, [crate::picture::MARK]);
    }

    #[test]
    fn black_stays_black() {
        let black = Picture::filled(3, 2, [0; 3]);
        assert_eq!(blend(&black, &black, 0.5), black);
        assert_eq!(blend(&black, &Picture::filled(0, 0, [0; 3]), 0.5), black);
    }
}
