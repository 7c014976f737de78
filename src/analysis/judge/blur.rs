//! The blurred photo that insertion starts from.

use crate::base::Array;

/// Side of the kernel, and deviation in pixels (Petsiuk et al. 2018).
const SIDE: usize = 11;
const SIGMA: f64 = 5.0;

/// One axis of the kernel of RISE: SciPy's `gaussian_filter` of a single 1 in the middle, which cuts at four
/// deviations and reflects what leaves the side.
fn axis() -> [f64; SIDE] {
    let reach = (4.0 * SIGMA + 0.5) as isize;
    let weight = |at: isize| (-0.5 * (at as f64 / SIGMA).powi(2)).exp();
    let sum: f64 = (-reach..=reach).map(weight).sum();
    let side = SIDE as isize;
    let reflected = |at: isize| {
        let at = at.rem_euclid(2 * side);
        if at < side { at } else { 2 * side - 1 - at }
    };
    std::array::from_fn(|i| {
        let from = (-reach..=reach).filter(|o| reflected(i as isize + o) == side / 2);
        from.map(weight).sum::<f64>() / sum
    })
}

/// The kernel, `[11 * 11]`.
pub fn kernel() -> Vec<f64> {
    let axis = axis();
    axis.iter().flat_map(|row| axis.iter().map(move |column| row * column)).collect()
}

/// Every channel of `[1, C, H, W]` blurred, with zeros around it; the kernel is a product of two.
pub fn blurred(input: &Array) -> Array {
    let (h, w) = (input.shape.h, input.shape.w);
    let axis = axis();
    let half = SIDE / 2;
    let mut data = Vec::with_capacity(input.data.len());
    for plane in input.data.chunks(h * w) {
        let at = |y: usize, x: usize| f64::from(plane[y * w + x]);
        let tap = |i: usize, k: usize, size: usize| (i + k).checked_sub(half).filter(|i| *i < size);
        let mut rows = vec![0.0; h * w];
        for y in 0..h {
            for x in 0..w {
                let sum = axis.iter().enumerate();
                rows[y * w + x] =
                    sum.filter_map(|(k, weight)| Some(weight * at(tap(y, k, h)?, x))).sum();
            }
        }
        for y in 0..h {
            for x in 0..w {
                let sum = axis.iter().enumerate();
                let value: f64 =
                    sum.filter_map(|(k, weight)| Some(weight * rows[y * w + tap(x, k, w)?])).sum();
                data.push(value as f32);
            }
        }
    }
    Array { shape: input.shape, data }
}
