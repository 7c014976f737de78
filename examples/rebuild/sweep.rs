//! Inversion: the error and the similarity over depth, and which descents make the picture like the photo.

use std::time::Instant;

use convscope::analysis::rebuild::{Descent, Inversion, Rebuilt, invert_with};
use convscope::analysis::{Subject, Work};
use convscope::base::{Cancel, LayerId, Progress};

use crate::builtin::Builtin;

const LAYERS: [&str; 5] = ["relu", "layer1", "layer2", "layer3", "layer4"];

fn inverted(
    builtin: &Builtin,
    subject: &Subject<'_>,
    layer: LayerId,
    descent: &Descent,
) -> Rebuilt {
    let (cancel, mut progress) = (Cancel::new(), Progress::none());
    let mut work = Work { cancel: &cancel, progress: &mut progress, refine: &mut |_: Rebuilt| {} };
    invert_with(subject, &builtin.colors(), &Inversion::of(layer), descent, &mut None, &mut work)
        .unwrap()
}

/// Each photo at each depth with the usual descents.
pub fn table(builtin: &Builtin) {
    println!("| layer | photo | SSIM | relative feature error | ms per iteration |");
    println!("|---|---|---|---|---|");
    for name in LAYERS {
        let layer = builtin.layer(name);
        let mut all = Vec::new();
        for (photo, subject) in builtin.subjects() {
            let descent = Descent::for_layer(&subject, layer).unwrap();
            let start = Instant::now();
            let found = inverted(builtin, &subject, layer, &descent);
            let each = start.elapsed().as_secs_f64() * 1e3 / descent.iterations as f64;
            let row = (found.similarity.unwrap(), found.error.unwrap(), each);
            println!("| {name} | {photo} | {:.2} | {:.4} | {:.1} |", row.0, row.1, row.2);
            all.push(row);
        }
        let mean = |of: fn(&(f64, f64, f64)) -> f64| {
            all.iter().map(of).sum::<f64>() / all.len().max(1) as f64
        };
        let (ssim, error, each) = (mean(|row| row.0), mean(|row| row.1), mean(|row| row.2));
        println!("| {name} | **mean** | {ssim:.2} | {error:.4} | {each:.1} |");
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
    let (axis, own) = axis.split_once('=').unwrap_or((axis, ""));
    let own: Vec<f64> = own.split(',').filter_map(|value| value.parse().ok()).collect();
    let values = |usual: &'static [f64]| if own.is_empty() { usual.to_vec() } else { own.clone() };
    match axis {
        "rate" => each(&values(&[0.02, 0.05, 0.1]), |d, v| d.rate = v),
        "last" => each(&values(&[0.0, 0.1, 1.0]), |d, v| d.last = v),
        "decay" => each(&values(&[1.0, 1.3, 1.6]), |d, v| d.decay = v),
        "variation" => each(&values(&[1e-2, 3e-2, 1e-1, 3e-1, 1.0]), |d, v| d.variation = v),
        "jitter" => each(&values(&[0.0, 2.0, 4.0, 8.0]), |d, v| d.jitter = v as usize),
        "iterations" => each(&values(&[100.0, 200.0, 300.0]), |d, v| d.iterations = v as usize),
        _ => vec![usual],
    }
}

/// Other descents for some layers: the mean over the photos.
pub fn sweep(builtin: &Builtin, axis: &str, layers: &[&str]) {
    println!(
        "| layer | iterations | rate | last | decay | variation | jitter | SSIM | relative feature error |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    for name in layers {
        let layer = builtin.layer(name);
        let subjects: Vec<Subject<'_>> = builtin.subjects().map(|(_, subject)| subject).collect();
        for d in variants(Descent::for_layer(&subjects[0], layer).unwrap(), axis) {
            let found: Vec<Rebuilt> =
                subjects.iter().map(|s| inverted(builtin, s, layer, &d)).collect();
            let mean = |of: fn(&Rebuilt) -> Option<f64>| {
                found.iter().filter_map(of).sum::<f64>() / found.len().max(1) as f64
            };
            println!(
                "| {name} | {} | {} | {} | {} | {:e} | {} | {:.3} | {:.4} |",
                d.iterations,
                d.rate,
                d.last,
                d.decay,
                d.variation,
                d.jitter,
                mean(|found| found.similarity),
                mean(|found| found.error)
            );
        }
    }
}
