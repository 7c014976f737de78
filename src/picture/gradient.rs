//! Gradients for the eye.

use super::Picture;

/// Values `[C, H, W]` around gray: `clip(0.1 (x - mean) / (std + 1e-5) + 0.5, 0, 1)`, `deprocess_image` of
/// pytorch-grad-cam. Three channels are colors; of any other number the mean is shown.
pub fn gradient_picture(values: &[f32], channels: usize, height: usize, width: usize) -> Picture {
    let area = height * width;
    let planes: Vec<&[f32]> = values.chunks(area.max(1)).take(channels).collect();
    let mean_of =
        |at: usize| planes.iter().map(|plane| plane[at]).sum::<f32>() / channels.max(1) as f32;
    let gray: Vec<f32> = if channels == 3 { Vec::new() } else { (0..area).map(mean_of).collect() };
    let shown = if channels == 3 { values } else { &gray };
    let finite = || shown.iter().filter(|v| v.is_finite()).map(|v| f64::from(*v));
    let count = finite().count().max(1) as f64;
    let mean = finite().sum::<f64>() / count;
    let std = (finite().map(|v| (v - mean) * (v - mean)).sum::<f64>() / count).sqrt();
    let byte = |value: f32| {
        let place = 0.1 * (f64::from(value) - mean) / (std + 1e-5) + 0.5;
        (255.0 * place.clamp(0.0, 1.0)) as u8
    };
    let pixel = |at: usize| match planes.as_slice() {
        [r, g, b] => [byte(r[at]), byte(g[at]), byte(b[at])],
        _ => [byte(gray[at]); 3],
    };
    Picture { width, height, rgb: (0..area).map(pixel).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_gray_and_signs_differ() {
        let none = gradient_picture(&[0.0; 12], 3, 2, 2);
        assert!(none.rgb.iter().all(|pixel| *pixel == [127; 3]));
        let one = gradient_picture(&[-1.0, 1.0], 1, 1, 2);
        assert_eq!(one.rgb, [[102; 3], [152; 3]]);
    }
}
