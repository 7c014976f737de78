//! Explanations, rankings and judgements as the session gives them; knock-outs and their differences.

use std::cell::RefCell;
use std::sync::Arc;

use convscope::base::{Array, Blending, Cancel, Colormap, Progress, RangeMode};
use convscope::session::ask::*;

use crate::Desk;

fn explain(desk: &Desk, method: &str) -> Explain {
    let question = Question {
        layer: last_map(&desk.outcome.layers).unwrap(),
        target: Target::Class(desk.outcome.ranked[0].0),
        parameters: Parameters { steps: 4, samples: 3, seed: 0 },
    };
    Explain { run: desk.outcome.run, method: Method::named(method).unwrap(), question }
}

fn sight(job: Job, show: Show) -> Sight {
    let (colormap, range) = (Colormap::Viridis, RangeMode::Map);
    Sight {
        job,
        show,
        colormap,
        opacity: 50,
        blending: Blending::Blend,
        range,
        blocks: Blocks::Half,
    }
}

fn values(desk: &Desk, job: &Job) -> Arc<Array> {
    desk.know(&request::FoundValues(job.clone()))
}

#[test]
fn nothing_is_found_before_it_is_looked_for_but_for_what_costs_nothing() {
    let desk = Desk::builtin();
    let job = Job::Explain(explain(&desk, "grad-cam"));
    assert_eq!(desk.ask(&request::Found(job.clone())), Err(SessionError::NotReady));
    assert_eq!(desk.ask(&request::FoundValues(job.clone())), Err(SessionError::NotReady));
    let of = sight(job.clone(), Show::Map).cells((10, 5));
    assert_eq!(desk.ask(&of), Err(SessionError::NotReady));
    let found = desk.know(&job);
    assert!(found.complete && found.steps.0 == found.steps.1);
    // The very same from now on.
    assert!(Arc::ptr_eq(&found, &desk.know(&request::Found(job.clone()))));
    assert!(Arc::ptr_eq(&found, &desk.know(&job)));
    // The classifier's own weights need no pass: every class can be gone through.
    let mut cam = explain(&desk, "cam");
    for class in 0..10 {
        cam.question.target = Target::Class(class);
        let map = values(&desk, &Job::Explain(cam));
        assert!((map.data.iter().copied().fold(0.0, f32::max) - 1.0).abs() < 1e-5);
    }
}

#[test]
fn what_is_found_so_far_can_be_looked_at() {
    let desk = Desk::fixture("net_basic.safetensors");
    let job = Job::Explain(explain(&desk, "score-cam"));
    let seen: RefCell<Vec<(usize, bool, Arc<Array>)>> = RefCell::default();
    let mut progress = Progress::new(|done, _| {
        if let Ok(found) = desk.ask(&request::Found(job.clone()))
            && let Finding::Explanation(of) = &found.what
        {
            seen.borrow_mut().push((done, found.complete, of.map.clone()));
        }
    });
    let found = desk.session.ask(&job, &Cancel::new(), &mut progress).unwrap();
    drop(progress);
    let seen = seen.into_inner();
    assert!(seen.len() > 2, "{} looks", seen.len());
    assert!(seen.iter().all(|(_, complete, _)| !complete));
    assert!(seen.windows(2).any(|pair| pair[0].2 != pair[1].2), "it gets better");
    assert!(found.complete);
}

#[test]
fn what_was_found_before_a_cancel_stays() {
    let desk = Desk::fixture("net_basic.safetensors");
    let job = Job::Explain(explain(&desk, "score-cam"));
    let cancel = Cancel::new();
    let mut progress = Progress::new(|done, _| {
        if done >= 16 {
            cancel.cancel();
        }
    });
    let answer = desk.session.ask(&job, &cancel, &mut progress);
    drop(progress);
    assert_eq!(answer, Err(SessionError::Canceled));
    let found = desk.know(&request::Found(job));
    assert!(!found.complete && found.steps.0 < found.steps.1);
}

#[test]
fn pictures_of_explanations_have_the_inputs_size() {
    let desk = Desk::builtin();
    for method in ["grad-cam", "saliency", "occlusion"] {
        let job = Job::Explain(explain(&desk, method));
        desk.know(&job);
        for show in [Show::Map, Show::Overlay] {
            let of = sight(job.clone(), show).cells((20, 10));
            let cells = desk.know(&of);
            assert_eq!((cells.columns, cells.rows), (20, 10));
            let request =
                request::Raster { of: Box::new(of.into()), pixels: (999, 999), mark: None };
            let picture = desk.know(&request);
            assert_eq!((picture.width, picture.height), (160, 160), "{method}");
        }
        let sights = vec![sight(job.clone(), Show::Map), sight(job, Show::Overlay)];
        let seen = Seen::Explanation { sights, photo: Some(desk.input.id) };
        assert_eq!((seen.count(), seen.tiles((9, 9)).len()), (3, 3));
        let sheet = desk.know(&request::Sheet { seen, scale: Some(1) });
        assert_eq!((sheet.width, sheet.height), (3 * 160 + 4, 160));
    }
}

#[test]
fn knock_outs_have_runs_of_their_own() {
    let desk = Desk::builtin();
    let layer = desk.layer("layer2.1.relu_1");
    let knock_outs = vec![KnockOut { layer, channels: vec![0, 3], to: Change::OFF }];
    let run = RunKey { edits: EditsId::of(&knock_outs), ..desk.outcome.run };
    let values = |run, name: &str| {
        let request = request::Values { run, layer: desk.layer(name), maps: None };
        desk.know(&request)
    };
    let edited =
        desk.know(&request::Forward { network: run.network, input: run.input, knock_outs });
    assert_eq!(edited.run, run);
    assert_eq!(edited.before.as_ref(), Some(&desk.outcome));
    let off = values(run, "layer2.1.relu_1");
    assert!(off.map(0).iter().chain(off.map(3)).all(|v| *v == 0.0));
    let (plain, edited) = (values(desk.outcome.run, "layer4"), values(run, "layer4"));
    let difference = values(RunKey { difference: true, ..run }, "layer4");
    for ((a, b), d) in edited.data.iter().zip(&plain.data).zip(&difference.data) {
        assert_eq!(a - b, *d);
    }
    let same = values(RunKey { difference: true, ..run }, "layer1");
    assert!(same.data.iter().all(|v| *v == 0.0));
    // An explanation of the edited network is another one.
    let of = explain(&desk, "saliency");
    let ours = Explain { run, ..of };
    assert_ne!(desk.know(&of).what.value, desk.know(&ours).what.value);
}

#[test]
fn a_wrong_question_is_refused_in_one_sentence() {
    let desk = Desk::builtin();
    let of = explain(&desk, "grad-cam");
    let ask = |question| desk.refusal(&Explain { question, ..of });
    let class = Question { target: Target::Class(10), ..of.question };
    assert!(ask(class).contains("there is no class 10: this network has classes 0 to 9"));
    let flat = Question { layer: desk.layer("fc"), ..of.question };
    assert!(ask(flat).contains("fc has no feature map"));
    let layer = desk.layer("layer1");
    let behind = Question { target: Target::Channel { layer, channel: 1 }, ..of.question };
    assert!(ask(behind).contains("does not depend on"));
    let unit = Target::Unit { layer, channel: 1, row: 40, column: 0 };
    let outside = Question { target: unit, ..of.question };
    assert!(ask(outside).contains("there is no unit at row 40"));
}
