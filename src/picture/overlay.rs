//! A heatmap laid over the photo.

use super::Picture;

/// Half photo, half heatmap, divided by the largest value: `show_cam_on_image` of pytorch-grad-cam
/// 1.5 with its default weight of 0.5. The heatmap is stretched to the photo, nearest pixel.
pub fn overlay(photo: &Picture, heat: &Picture) -> Picture {
    blend(photo, heat, 0.5)
}

/// The same with another share of the heatmap, from 0 to 1.
pub fn blend(photo: &Picture, heat: &Picture, share: f32) -> Picture {
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
        let out = overlay(&photo, &heat);
        assert_eq!(out.rgb, [[170, 0, 85], [255, 141, 28]]);
    }

    #[test]
    fn black_stays_black() {
        let black = Picture::filled(3, 2, [0; 3]);
        assert_eq!(overlay(&black, &black), black);
        assert_eq!(overlay(&black, &Picture::filled(0, 0, [0; 3])), black);
    }
}
