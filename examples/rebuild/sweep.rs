//! Inversion: the error over depth, and which descents make it small.

use std::time::Instant;

use convscope::analysis::rebuild::{Descent, Inversion, Rebuilt, invert_with};
use convscope::analysis::{Subject, Work};
use convscope::base::{Cancel, LayerId, Progress};

use crate::builtin::Builtin;

const LAYERS: [&str; 5] = ["relu", "layer1", "layer2", "layer3", "layer4"];

fn inverted(subject: &Subject<'_>, layer: LayerId, descent: &Descent) -> Rebuilt {
    let (cancel, mut progress) = (Cancel::new(), Progress::none());
    let mut work = Work { cancel: &cancel, progress: &mut progress, refine: &mut |_: Rebuilt| {} };
    invert_with(subject, &Inversion::of(layer), descent, &mut work).unwrap()
}

/// How far the picture is from the photo: the mean square over that of the photo about its mean.
fn distance(found: &Rebuilt, subject: &Subject<'_>) -> f64 {
    let photo = &subject.input().data;
    let mean = photo.iter().map(|v| f64::from(*v)).sum::<f64>() / photo.len() as f64;
    let square = |v: f64| v * v;
    let pairs = found.picture.data.iter().zip(photo);
    let off: f64 = pairs.map(|(a, b)| square(f64::from(a - b))).sum();
    off / photo.iter().map(|v| square(f64::from(*v) - mean)).sum::<f64>()
}

pub fn table(builtin: &Builtin) {
    println!(
        "| layer | photo | error at the start | relative feature error | picture's own distance | ms an iteration |"
    );
    println!("|---|---|---|---|---|---|");
    for name in LAYERS {
        let layer = builtin.layer(name);
        for (photo, subject) in builtin.subjects() {
            let descent = Descent::for_layer(&subject, layer).unwrap();
            let start = Instant::now();
            let found = inverted(&subject, layer, &descent);
            let each = start.elapsed().as_secs_f64() * 1e3 / descent.iterations as f64;
            println!(
                "| {name} | {photo} | {:.3} | {:.5} | {:.3} | {each:.1} |",
                found.curve[0].1,
                found.error.unwrap(),
                distance(&found, &subject)
            );
        }
    }
}

/// The usual descent with one thing otherwise.
fn variants(usual: Descent, axis: &str) -> Vec<Descent> {
    let each = |values: &[f64], set: fn(&mut Descent, f64)| {
        let one = |value: &f64| {
            let mut other = usual;
            set(&mut other, *value);
            other
        };
        values.iter().map(one).collect()
    };
    match axis {
        "rate" => each(&[0.02, 0.05, 0.1, 0.2], |d, v| d.rate = v),
        "last" => each(&[0.01, 0.1, 1.0], |d, v| d.last = v),
        "noise" => each(&[0.01, 0.1, 0.3, 1.0], |d, v| d.noise = v),
        "variation" => each(&[1e-3, 1e-2, 1e-1, 1.0], |d, v| d.variation = v),
        "alpha" => each(&[0.0, 1e-5, 1e-4, 1e-3], |d, v| d.alpha = v),
        "jitter" => each(&[0.0, 2.0, 4.0, 8.0], |d, v| d.jitter = v as usize),
        "iterations" => each(&[100.0, 200.0, 400.0], |d, v| d.iterations = v as usize),
        _ => vec![usual],
    }
}

pub fn sweep(builtin: &Builtin, axis: &str, layers: &[&str]) {
    println!(
        "| layer | iterations | rate | last | noise | variation | alpha | jitter | error, mean | error, most | picture's own distance |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|");
    for name in layers {
        let layer = builtin.layer(name);
        let subjects: Vec<Subject<'_>> = builtin.subjects().map(|(_, subject)| subject).collect();
        for d in variants(Descent::for_layer(&subjects[0], layer).unwrap(), axis) {
            let found: Vec<Rebuilt> = subjects.iter().map(|s| inverted(s, layer, &d)).collect();
            let errors: Vec<f64> = found.iter().filter_map(|found| found.error).collect();
            let far: f64 = found.iter().zip(&subjects).map(|(f, s)| distance(f, s)).sum();
            println!(
                "| {name} | {} | {} | {} | {} | {:e} | {:e} | {} | {:.5} | {:.5} | {:.3} |",
                d.iterations,
                d.rate,
                d.last,
                d.noise,
                d.variation,
                d.alpha,
                d.jitter,
                errors.iter().sum::<f64>() / errors.len() as f64,
                errors.iter().copied().fold(0.0, f64::max),
                far / found.len() as f64
            );
        }
    }
}
