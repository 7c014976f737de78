//! Inputs of a network for the eye.

use super::Picture;
use crate::base::Array;

/// The pixels of an input `[1, C, H, W]`: `v std + mean`, cut to what a pixel can be. Three channels are colors; of any
/// other number the first is shown.
pub fn input_picture(input: &Array, mean: &[f32], std: &[f32]) -> Picture {
    let channels = if input.shape.c == 3 { [0, 1, 2] } else { [0; 3] };
    let byte = |channel: usize, at: usize| {
        let value = input.map(channel).get(at).copied().unwrap_or(0.0);
        let of = |all: &[f32], usual: f32| all.get(channel).copied().unwrap_or(usual);
        (255.0 * (value * of(std, 1.0) + of(mean, 0.0)).clamp(0.0, 1.0)).round() as u8
    };
    let pixel = |at: usize| channels.map(|channel| byte(channel, at));
    let (width, height) = (input.shape.w, input.shape.h);
    Picture { width, height, rgb: (0..width * height).map(pixel).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Shape;

    #[test]
    fn zeros_are_the_mean_color_and_nothing_leaves_the_range() {
        let input =
            Array { shape: Shape::new(1, 3, 1, 2), data: vec![0.0, 9.0, 0.0, -9.0, 0.0, 0.0] };
        let picture = input_picture(&input, &[0.2, 0.4, 0.6], &[1.0; 3]);
        assert_eq!(picture.rgb, [[51, 102, 153], [255, 0, 153]]);
        let gray = Array { shape: Shape::new(1, 1, 1, 1), data: vec![0.0] };
        assert_eq!(input_picture(&gray, &[0.2], &[1.0]).rgb, [[51; 3]]);
    }
}
