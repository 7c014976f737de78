//! Every method's pictures, for the eye.

use std::path::Path;

use convscope::analysis::rebuild::{
    Dream, Goal, Inversion, Maximization, Rebuilt, dream, invert, maximize,
};
use convscope::analysis::{Subject, Target, Work};
use convscope::base::{Array, Cancel, Progress};

use crate::builtin::Builtin;

pub fn pictures(builtin: &Builtin, folder: &Path) {
    std::fs::create_dir_all(folder).unwrap();
    let save = |name: String, found: Rebuilt| {
        println!("{name}: error {:?}, reached {:?}", found.error, found.reached);
        write(&folder.join(name + ".png"), &found.pictures[0], builtin);
    };
    for (photo, subject) in builtin.subjects() {
        write(&folder.join(format!("{photo}.png")), subject.input(), builtin);
        for name in ["relu", "layer1", "layer2", "layer3", "layer4"] {
            let layer = builtin.layer(name);
            let found = with(|work| {
                invert(&subject, &builtin.colors(), &Inversion::of(layer), &mut None, work).unwrap()
            });
            save(format!("invert-{photo}-{name}"), found);
            let wish = Dream::of(Goal::Layer(layer));
            let found =
                with(|work| dream(&subject, &builtin.colors(), &wish, &mut None, work).unwrap());
            save(format!("dream-{photo}-{name}"), found);
        }
    }
    let (_, subject) = builtin.subjects().next().unwrap();
    for class in 0..builtin.graph.classes() {
        save(format!("class-{class}"), maximized(builtin, &subject, Target::Class(class)));
    }
    for name in ["layer1", "layer2", "layer3", "layer4"] {
        for channel in 0..4 {
            let target = Target::Channel { layer: builtin.layer(name), channel };
            save(format!("channel-{name}-{channel}"), maximized(builtin, &subject, target));
        }
    }
}

fn maximized(builtin: &Builtin, subject: &Subject<'_>, target: Target) -> Rebuilt {
    let wish = Maximization::of(target);
    with(|work| maximize(subject, &builtin.colors(), &wish, &mut None, work).unwrap())
}

fn with(make: impl FnOnce(&mut Work<'_, '_, Rebuilt>) -> Rebuilt) -> Rebuilt {
    let (cancel, mut progress) = (Cancel::new(), Progress::none());
    make(&mut Work { cancel: &cancel, progress: &mut progress, refine: &mut |_| {} })
}

pub fn write(path: &Path, picture: &Array, builtin: &Builtin) {
    let (colors, area) = (builtin.colors(), picture.shape.area());
    let byte = |at: usize, c: usize| {
        let value = picture.data[c * area + at] * colors.std[c] + colors.mean[c];
        (value.clamp(0.0, 1.0) * 255.0).round() as u8
    };
    let rgb = (0..area).flat_map(|at| (0..3).map(move |c| byte(at, c))).collect();
    let (w, h) = (picture.shape.w as u32, picture.shape.h as u32);
    image::RgbImage::from_raw(w, h, rgb).unwrap().save(path).unwrap();
}
