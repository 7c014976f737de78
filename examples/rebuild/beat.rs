//! Maximization: of how many channels the picture answers more than every photo.

use std::time::Instant;

use convscope::analysis::rebuild::{Goal, Maximization, Rebuilt, maximize};
use convscope::analysis::{Target, Work};
use convscope::base::{Cancel, Progress};

use crate::builtin::Builtin;

pub fn every(builtin: &Builtin, name: &str, iterations: Option<usize>) {
    let layer = builtin.layer(name);
    let (_, subject) = builtin.subjects().next().unwrap();
    let channels = subject.capture.shape(layer).unwrap().c;
    let start = Instant::now();
    let (mut beaten, mut passes, mut ratios) = (0, 0, Vec::new());
    for channel in 0..channels {
        let target = Target::Channel { layer, channel };
        let photos =
            builtin.subjects().map(|(_, s)| Goal::Target(target).value(&s, s.capture).unwrap());
        let most = photos.fold(f64::NEG_INFINITY, f64::max);
        let (cancel, mut progress) = (Cancel::new(), Progress::none());
        let mut work =
            Work { cancel: &cancel, progress: &mut progress, refine: &mut |_: Rebuilt| {} };
        let colors = builtin.colors();
        let wish = Maximization { iterations, ..Maximization::of(target) };
        let found = maximize(&subject, &colors, &wish, &mut None, &mut work).unwrap();
        let reached = found.reached.unwrap();
        beaten += usize::from(reached > most);
        passes += found.iterations;
        ratios.push(reached / most);
        if reached <= most {
            println!("channel {channel}: {reached:.4}, a photo has {most:.4}");
        }
    }
    ratios.sort_by(f64::total_cmp);
    println!(
        "{name}: {beaten} of {channels} channels beat every photo, the median by a factor of {:.1}, the least {:.2}; {:.1} ms an iteration",
        ratios[channels / 2],
        ratios[0],
        start.elapsed().as_secs_f64() * 1e3 / passes as f64
    );
}
