//! The Explain view: methods, classes, layers, comparison, judgement.

use convscope::base::SortOrder;
use convscope::explorer::views::ViewId;
use convscope::explorer::views::explain::{Slot, cells, places};
use convscope::explorer::{Effect, Msg, Work, update};
use convscope::session::ask::{Finding, Job, LaneName, Method, Request, Target, request};

use crate::support::Explorer;
use crate::{layer, open};

fn command(explorer: &mut Explorer, line: &str) {
    explorer.press(":").type_text(line).press("Enter");
}

fn complaint(explorer: &Explorer) -> String {
    explorer.state.message.clone().filter(|m| m.error).expect("a complaint").text
}

/// Every place of the view has its picture.
fn whole(explorer: &Explorer) -> bool {
    let places = places(&explorer.state).unwrap();
    places.pictures.iter().all(|(slot, rect)| cells(&explorer.state, *slot, *rect).is_some())
}

fn method(explorer: &Explorer) -> &'static str {
    explorer.state.explain.method.name()
}

#[test]
fn five_explains_the_top_class_at_the_last_maps() {
    let mut explorer = open();
    explorer.press("5");
    assert_eq!((explorer.state.view, layer(&explorer)), (ViewId::Explain, "layer4.1.relu_1"));
    assert_eq!(method(&explorer), "grad-cam");
    let top = explorer.state.shown.outcome.as_ref().unwrap().ranked[0].0;
    assert_eq!(explorer.state.target(), Some(Target::Class(top)));
    let slots: Vec<Slot> =
        places(&explorer.state).unwrap().pictures.iter().map(|(slot, _)| *slot).collect();
    assert!(matches!(slots.as_slice(), [Slot::Photo, Slot::Map(_), Slot::Overlay(_)]));
    assert!(whole(&explorer));
    let explain = explorer.state.explain_now().unwrap();
    let found = explorer.state.found(&Job::Explain(explain)).unwrap();
    assert!(found.complete && matches!(found.what, Finding::Explanation(_)));
    // The other views keep their layer, and so does this one.
    explorer.press("[ 1");
    assert_eq!(layer(&explorer), "relu");
    explorer.press("5");
    assert_eq!(layer(&explorer), "layer4.1.add");
}

#[test]
fn arrows_go_through_classes_and_methods() {
    let mut explorer = open();
    explorer.press("5");
    let ranked = explorer.state.shown.outcome.as_ref().unwrap().ranked.clone();
    explorer.press("j j");
    assert_eq!(explorer.state.class(), Some(ranked[2].0));
    assert!(whole(&explorer));
    explorer.press("k");
    assert_eq!(explorer.state.class(), Some(ranked[1].0));
    explorer.press("G j");
    assert_eq!(explorer.state.class_place(), Some(9));
    explorer.press("g k");
    assert_eq!(explorer.state.class_place(), Some(0));
    for expected in ["grad-cam++", "hirescam", "layer-cam"] {
        explorer.press("l");
        assert_eq!(method(&explorer), expected);
        assert!(whole(&explorer), "{expected}");
    }
    explorer.press("h h h h");
    assert_eq!(method(&explorer), "cam");
    assert!(whole(&explorer));
    // Everywhere else too.
    explorer.press("1 t");
    assert_eq!(explorer.state.class_place(), Some(1));
    explorer.press("T");
    assert_eq!(explorer.state.class_place(), Some(0));
}

#[test]
fn long_methods_wait_for_enter() {
    let mut explorer = open();
    explorer.press("5");
    command(&mut explorer, "method occlusion");
    assert!(!whole(&explorer) && explorer.state.jobs.running.is_none());
    explorer.press("Enter");
    // The test's lanes answer at once.
    assert!(explorer.state.jobs.running.is_none() && whole(&explorer));
    // It is known from now on, for this photo.
    explorer.press("n 5");
    assert!(!whole(&explorer));
    explorer.press("N");
    assert!(whole(&explorer));
}

#[test]
fn one_job_at_a_time_and_browsing_does_not_end_it() {
    let mut explorer = open();
    explorer.press("5");
    command(&mut explorer, "method score-cam");
    let state = &mut explorer.state;
    let key = |key: &str| Msg::Key(key.parse().unwrap());
    let effects = update(state, key("Enter"));
    let [Effect::Job(Request::Job(job))] = effects.as_slice() else { panic!("{effects:?}") };
    let job = job.clone();
    assert_eq!(state.jobs.running.as_ref().map(|doing| &doing.job), Some(&job));
    for keys in ["1", "l", "]", "2", "5", "h"] {
        for effect in update(state, key(keys)) {
            assert!(!matches!(effect, Effect::CancelJob | Effect::Job(_)), "{keys}: {effect:?}");
        }
    }
    assert!(state.jobs.running.is_some());
    let work = Work {
        lane: LaneName::Job,
        done: 8,
        total: 256,
        elapsed: std::time::Duration::from_secs(1),
    };
    update(state, Msg::Progress(work));
    assert_eq!(state.jobs.running.as_ref().unwrap().work.done, 8);
    assert_eq!(update(state, key("Space")), [Effect::PauseJob(true)]);
    assert_eq!(update(state, key("Space")), [Effect::PauseJob(false)]);
    assert!(update(state, key("J")).is_empty(), "another job has to wait");
    assert!(state.message.as_ref().is_some_and(|m| m.error && m.text.contains("Esc")));
    assert_eq!(update(state, key("Esc")), [Effect::CancelJob]);
    let stopped = Err(convscope::session::ask::SessionError::Canceled);
    update(state, Msg::Answered(Request::Job(job), stopped));
    assert!(state.jobs.running.is_none());
}

#[test]
fn a_job_that_goes_on_makes_what_is_seen_of_it_stale() {
    let mut explorer = open();
    explorer.press("5");
    command(&mut explorer, "method smoothgrad");
    explorer.press("Enter");
    let job = Job::Explain(explorer.state.explain_now().unwrap());
    let state = &mut explorer.state;
    // As if it ran once more.
    let work = Work {
        lane: LaneName::Job,
        done: 3,
        total: 25,
        elapsed: std::time::Duration::from_secs(1),
    };
    state.jobs.running = Some(convscope::explorer::Doing { job: job.clone(), work, paused: false });
    let known = state.answers.known().count();
    update(state, Msg::Progress(work));
    assert_eq!(state.answers.known().count(), known, "what is on the screen stays there");
    let wanted = convscope::explorer::demand(state);
    assert!(wanted.contains(&request::Found(job).into()));
    assert!(wanted.iter().any(|request| matches!(request, Request::Sight(_))));
}

#[test]
fn w_asks_what_drives_the_channel_and_esc_goes_back() {
    let mut explorer = open();
    explorer.press("} } l l 2 w");
    let state = &explorer.state;
    assert_eq!((state.view, method(&explorer)), (ViewId::Explain, "guided-backprop"));
    let Some(Target::Channel { layer: at, channel: 2 }) = state.target() else { panic!() };
    assert_eq!(state.layers()[at.0].name, "layer2.1.relu_1");
    assert!(whole(&explorer));
    // Layer list and inspector show what is explained, and another channel is explained when it is chosen.
    assert_eq!((layer(&explorer), explorer.state.cursor.channel), ("layer2.1.relu_1", 2));
    explorer.press(".");
    let next = explorer.state.cursor.channel;
    assert_ne!(next, 2);
    assert!(
        matches!(explorer.state.target(), Some(Target::Channel { channel, .. }) if channel == next)
    );
    explorer.press(",");
    // Methods that read a layer explain classes: they are left out.
    for _ in 0..17 {
        explorer.press("l");
        assert!(!explorer.state.explain.method.takes_layer(), "{}", method(&explorer));
    }
    explorer.press("Esc");
    assert_eq!((explorer.state.view, layer(&explorer)), (ViewId::Map, "layer2.1.relu_1"));
    explorer.press("g j l l W");
    assert!(matches!(
        explorer.state.target(),
        Some(Target::Unit { channel: 2, row: 1, column: 2, .. })
    ));
    // A class again.
    explorer.press("j");
    assert!(matches!(explorer.state.target(), Some(Target::Class(_))));
    // Classes have their own layer.
    assert_eq!(layer(&explorer), "layer4.1.relu_1");
    explorer.press("1");
    assert_eq!(layer(&explorer), "layer2.1.relu_1");
}

#[test]
fn two_methods_are_compared() {
    let mut explorer = open();
    explorer.press("5");
    command(&mut explorer, "compare hirescam");
    assert_eq!(places(&explorer.state).unwrap().pictures.len(), 5);
    assert!(whole(&explorer));
    // At the last stage they are the same but for rounding.
    let agreement = explorer.state.agreement().unwrap();
    assert!(agreement.rank_correlation > 0.99, "{agreement:?}");
    command(&mut explorer, "compare hirescam");
    assert_eq!(explorer.state.explain.compare, None);
    assert_eq!(places(&explorer.state).unwrap().pictures.len(), 3);
}

#[test]
fn plus_and_minus_change_the_opacity() {
    let mut explorer = open();
    let tile = explorer.state.display.tile;
    explorer.press("5 + +");
    assert_eq!((explorer.state.explain.opacity, explorer.state.display.tile), (100, tile));
    explorer.press("- - - - - - - - - -");
    assert_eq!(explorer.state.explain.opacity, 0);
    assert!(whole(&explorer));
}

#[test]
fn ranking_sorts_the_channels_by_their_effect() {
    let mut explorer = open();
    explorer.press("} } } } K");
    assert_eq!(explorer.state.display.sort, SortOrder::Effect);
    let effects = explorer.state.effects().unwrap().to_vec();
    let order = explorer.state.order();
    assert_eq!(order.len(), effects.len());
    assert!(order.is_sorted_by(|a, b| effects[*a] >= effects[*b]));
    assert!(effects[order[0]] > 0.0);
    assert_eq!(explorer.state.cursor.channel, order[0]);
}

#[test]
fn wrong_names_are_said() {
    let mut explorer = open();
    explorer.press("5");
    command(&mut explorer, "method gradcan");
    assert!(complaint(&explorer).contains("did you mean grad-cam"));
    command(&mut explorer, "method GradCAM++");
    assert_eq!(method(&explorer), "grad-cam++");
    command(&mut explorer, "class 99");
    assert!(complaint(&explorer).contains("0 to 9"));
    command(&mut explorer, "class gas");
    assert_eq!(explorer.state.class(), Some(7));
    explorer.press("1 J");
    assert!(complaint(&explorer).contains("5 shows one"));
}

#[test]
fn lists_offer_classes_and_methods() {
    let mut explorer = open();
    explorer.press("5 f").type_text("golf").press("Enter");
    let class = explorer.state.class().unwrap();
    assert_eq!(explorer.state.shown.network.as_ref().unwrap().classes[class].name, "golf ball");
    explorer.press("M").type_text("saliency").press("Enter");
    assert_eq!(method(&explorer), "saliency");
    explorer.press("B").type_text("deconv").press("Enter");
    assert_eq!(explorer.state.explain.compare, Method::named("deconvnet").ok());
}
