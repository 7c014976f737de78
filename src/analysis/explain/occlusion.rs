//! Occlusion: what the target loses under a gray window (Zeiler & Fergus 2014).

use super::score_cam::BATCH;
use super::{Attribution, Kind, Method, Passes};
use crate::analysis::{AnalysisError, Subject, Target, Work};
use crate::base::{Array, Shape};

/// A window over all channels slides over the input and covers it with the zero tensor (the mean color); what the
/// target loses is given to the window's pixels, and averaged over the windows that cover a pixel;
/// `Occlusion` of captum. The window is 1/7 of the input, its step half of that.
pub const METHOD: Method = Method {
    name: "occlusion",
    doc: "what the target loses when a part of the photo is covered; no gradients",
    kind: Kind::Share,
    takes_layer: false,
    reads: &[],
    passes: |size| {
        let (window, stride) = usual(size.input);
        Passes { forward: places(size.input, window, stride).len(), backward: 0 }
    },
    explain: |subject, question, work| {
        let (window, stride) = usual(subject.input().shape);
        occluded(subject, question.target, window, stride, work)
    },
};

/// Window and stride, (rows, columns) each.
fn usual(input: Shape) -> ([usize; 2], [usize; 2]) {
    let window = [input.h.div_ceil(7), input.w.div_ceil(7)];
    (window, window.map(|w| (w / 2).max(1)))
}

/// The rows and columns (first, past the last) of every window; the last ones are cut by the border.
fn places(
    input: Shape,
    window: [usize; 2],
    stride: [usize; 2],
) -> Vec<((usize, usize), (usize, usize))> {
    let axis = |size: usize, window: usize, stride: usize| {
        let count = size.saturating_sub(window).div_ceil(stride.max(1)) + 1;
        (0..count).map(move |i| (i * stride, (i * stride + window).min(size)))
    };
    let columns: Vec<_> = axis(input.w, window[1], stride[1]).collect();
    axis(input.h, window[0], stride[0])
        .flat_map(|rows| columns.iter().map(move |columns| (rows, *columns)))
        .collect()
}

/// The mean drop of the target over the windows that cover each pixel, the same in every channel:
/// `[1, C, H, W]`.
///
/// # Errors
/// When the target does not exist, a pass fails, or the token was set.
pub fn occluded(
    subject: &Subject<'_>,
    target: Target,
    window: [usize; 2],
    stride: [usize; 2],
    work: &mut Work<'_, '_, Attribution>,
) -> Result<Attribution, AnalysisError> {
    subject.check(target)?;
    let input = subject.input();
    let shape = input.shape;
    let before = subject.value(target)?;
    let places = places(shape, window, stride);
    let mut sums = vec![(0.0, 0usize); shape.area()];
    let mean = |sums: &[(f64, usize)]| {
        let plane: Vec<f32> =
            sums.iter().map(|(sum, count)| (sum / (*count).max(1) as f64) as f32).collect();
        Attribution::plain(Kind::Share, Array { shape, data: plane.repeat(shape.c) })
    };
    let mut finished = 0;
    for some in places.chunks(BATCH) {
        let mut data = Vec::with_capacity(some.len() * input.data.len());
        for (rows, columns) in some {
            for plane in input.data.chunks(shape.area()) {
                let start = data.len();
                data.extend_from_slice(plane);
                for y in rows.0..rows.1 {
                    data[start + y * shape.w + columns.0..start + y * shape.w + columns.1]
                        .fill(0.0);
                }
            }
        }
        let covered = Array { shape: Shape { n: some.len(), ..shape }, data };
        let after = subject.values_of(&covered, target, work.cancel)?;
        for ((rows, columns), after) in some.iter().zip(after) {
            for y in rows.0..rows.1 {
                for (sum, count) in &mut sums[y * shape.w + columns.0..y * shape.w + columns.1] {
                    *sum += before - after;
                    *count += 1;
                }
            }
        }
        finished += some.len();
        if finished < places.len() {
            (work.refine)(mean(&sums));
        }
        work.progress.report(finished, places.len());
    }
    Ok(mean(&sums))
}
