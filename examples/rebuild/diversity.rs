//! Maximization of several pictures: what a stronger wish for difference costs.

use std::path::Path;

use convscope::analysis::rebuild::{Ascent, Maximization, Rebuilt, maximize_with};
use convscope::analysis::{Target, Work};
use convscope::base::{Cancel, Progress};

use crate::builtin::Builtin;
use crate::look::write;

/// Pictures made together.
const VARIANTS: usize = 4;

/// For some channels of a layer, or all classes: what four pictures reach and how alike they are, by
/// [`Ascent::diversity`].
pub fn table(builtin: &Builtin, what: &str, shares: &[&str], folder: &Path) {
    std::fs::create_dir_all(folder).unwrap();
    let (_, subject) = builtin.subjects().next().unwrap();
    let targets: Vec<Target> = match what {
        "classes" => (0..4).map(Target::Class).collect(),
        name => {
            let layer = builtin.layer(name);
            let count = subject.capture.shape(layer).unwrap().c;
            (0..4).map(|i| Target::Channel { layer, channel: i * count / 4 }).collect()
        }
    };
    println!("| of | diversity | reached, mean | reached, least | likeness | seconds |");
    println!("|---|---|---|---|---|---|");
    for share in shares {
        let ascent = Ascent { diversity: share.parse().unwrap(), ..Ascent::USUAL };
        let (mut all, mut least, mut likeness) = (0.0, 0.0, 0.0);
        let since = std::time::Instant::now();
        for (at, target) in targets.iter().enumerate() {
            let wish = Maximization { variants: VARIANTS, ..Maximization::of(*target) };
            let (cancel, mut progress) = (Cancel::new(), Progress::none());
            let refine = &mut |_: Rebuilt| {};
            let mut work = Work { cancel: &cancel, progress: &mut progress, refine };
            let colors = builtin.colors();
            let found = maximize_with(&subject, &colors, &wish, &ascent, &mut None, &mut work);
            let found = found.unwrap();
            let variants = found.variants.unwrap();
            let count = targets.len() as f64;
            all += found.reached.unwrap() / count;
            least += variants.reached.iter().copied().fold(f64::INFINITY, f64::min) / count;
            likeness += variants.likeness / count;
            for (i, picture) in found.pictures.iter().enumerate() {
                write(&folder.join(format!("{what}-{at}-{share}-{i}.png")), picture, builtin);
            }
        }
        let seconds = since.elapsed().as_secs_f64() / targets.len() as f64;
        println!("| {what} | {share} | {all:.2} | {least:.2} | {likeness:.3} | {seconds:.1} |");
    }
}
