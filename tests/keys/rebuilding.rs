//! The Rebuild view.

use convscope::explorer::What;
use convscope::explorer::views::ViewId;
use convscope::explorer::views::rebuild::{Slot, cells, places};
use convscope::session::ask::{Finding, Goal, Job, Remade, Seen, Target, Wish};

use crate::support::Explorer;
use crate::{layer, open};

fn command(explorer: &mut Explorer, line: &str) {
    explorer.press(":").type_text(line).press("Enter");
}

/// Whether the pictures of a kind are on the screen.
fn shows(explorer: &Explorer, is: impl Fn(&Slot) -> bool) -> Vec<bool> {
    let places = places(&explorer.state).unwrap().pictures;
    let known = |(slot, rect): &(Slot, _)| cells(&explorer.state, slot, *rect).is_some();
    places.iter().filter(|(slot, _)| is(slot)).map(known).collect()
}

fn made(explorer: &Explorer) -> bool {
    shows(explorer, |slot| matches!(slot, Slot::Made(..))) == [true]
}

fn wish(explorer: &Explorer) -> Wish {
    match explorer.state.rebuild_now() {
        Some(Job::Rebuild(rebuild)) => rebuild.wish,
        other => panic!("{other:?}"),
    }
}

#[test]
fn six_makes_pictures_of_the_chosen_layer() {
    let mut explorer = open();
    explorer.press("} l 6");
    assert_eq!((explorer.state.view, layer(&explorer)), (ViewId::Rebuild, "layer1.1.relu_1"));
    assert!(shows(&explorer, |slot| *slot == Slot::Photo) == [true] && !made(&explorer));
    command(&mut explorer, "iterations 3");
    explorer.press("Enter");
    assert!(made(&explorer));
    let job = explorer.state.rebuild_now().unwrap();
    let found = explorer.state.found(&job).unwrap();
    let Finding::Rebuilt(Remade { of, .. }) = &found.what else { panic!() };
    assert_eq!((of.iterations, of.curve.len()), (3, 3));
    assert_eq!(shows(&explorer, |slot| matches!(slot, Slot::Difference(_))), [true]);
    assert!(of.similarity.is_some() && of.similarities.len() == 1);
    // Another seed is another picture.
    command(&mut explorer, "seed");
    assert!(!made(&explorer));
    command(&mut explorer, "seed 0");
    assert!(made(&explorer));
}

#[test]
fn arrows_choose_what_is_made_and_of_which_channel() {
    let mut explorer = open();
    explorer.press("} 6");
    let layer = explorer.state.cursor.layer;
    assert!(
        matches!(wish(&explorer), Wish::Invert(of) if of.channels.is_none() && of.layer == layer)
    );
    explorer.press("l l j j");
    assert!(matches!(wish(&explorer), Wish::Invert(of) if of.channels == Some(vec![2])));
    explorer.press("l");
    let channel = Target::Channel { layer, channel: 2 };
    assert!(matches!(wish(&explorer), Wish::Maximize(of) if of.target == channel));
    explorer.press("l l");
    assert!(matches!(wish(&explorer), Wish::Maximize(of) if matches!(of.target, Target::Class(_))));
    explorer.press("l");
    assert!(matches!(wish(&explorer), Wish::Dream(of) if of.goal == Goal::Layer(layer)));
    explorer.press("l");
    assert!(matches!(wish(&explorer), Wish::Dream(of) if of.goal == Goal::Target(channel)));
    explorer.press("l");
    assert_eq!(explorer.state.rebuild.what, What::InvertLayer);
    command(&mut explorer, "make nothing");
    assert!(explorer.state.message.as_ref().unwrap().error);
}

#[test]
fn what_is_made_is_said_as_a_command() {
    let mut explorer = open();
    explorer.press("} 6");
    let mut line = |keys: &str| {
        explorer.press(keys).press("y");
        explorer.copied.last().unwrap().clone()
    };
    assert_eq!(line(""), "convscope invert builtin:china.jpg --layer layer1.1.relu_1 --print");
    assert_eq!(
        line("l"),
        "convscope invert builtin:china.jpg --layers maxpool,layer1.1.relu_1,layer2.1.relu_1,layer3.1.relu_1,layer4.1.relu_1 --print"
    );
    assert_eq!(
        line("l"),
        "convscope invert builtin:china.jpg --channels 0 --layer layer1.1.relu_1 --print"
    );
    assert_eq!(line("l"), "convscope dream --channel 0 --layer layer1.1.relu_1 --print");
    assert_eq!(line("l"), "convscope dream --unit 0,0,0 --layer layer1.1.relu_1 --print");
    assert!(line("l").starts_with("convscope dream --class "));
    assert_eq!(line("l"), "convscope dream builtin:china.jpg --layer layer1.1.relu_1 --print");
}

#[test]
fn variants_stand_beside_each_other() {
    let mut explorer = open();
    explorer.press("6 l l l");
    command(&mut explorer, "iterations 1");
    command(&mut explorer, "variants 3");
    explorer.press("y");
    let line = explorer.copied.last().unwrap();
    assert!(line.contains("--iterations 1 --variants 3"), "{line}");
    explorer.press("Enter");
    let made = |explorer: &Explorer| shows(explorer, |slot| matches!(slot, Slot::Made(..)));
    assert_eq!(made(&explorer), [true; 3]);
    let Some(Seen::Explanation { sights, .. }) = explorer.state.view().seen(&explorer.state) else {
        panic!()
    };
    assert_eq!(sights.len(), 3);
    command(&mut explorer, "variants 10");
    assert!(explorer.state.message.as_ref().unwrap().text.contains("1 to 9"));
    explorer.press("h h h");
    command(&mut explorer, "variants 2");
    assert!(explorer.state.message.as_ref().unwrap().text.contains("maximize"));
    assert_eq!(made(&explorer).len(), 1, "a photo is rebuilt once");
}

#[test]
fn stages_are_inverted_one_after_the_other() {
    let mut explorer = open();
    explorer.press("6 l");
    command(&mut explorer, "iterations 2");
    let names = |explorer: &Explorer| -> Vec<String> {
        let places = places(&explorer.state).unwrap().pictures;
        let layers = places.iter().filter_map(|(slot, _)| slot.inverted());
        layers.map(|id| explorer.state.layers()[id.0].name.clone()).collect()
    };
    assert_eq!(
        names(&explorer),
        ["maxpool", "layer1.1.relu_1", "layer2.1.relu_1", "layer3.1.relu_1", "layer4.1.relu_1"]
    );
    let made = |explorer: &Explorer| shows(explorer, |slot| matches!(slot, Slot::Made(..)));
    assert_eq!(made(&explorer), [false; 5]);
    explorer.press("Enter");
    assert_eq!(made(&explorer), [true; 5]);
    for job in explorer.state.rebuild_jobs() {
        assert!(explorer.state.found(&job).is_some_and(|found| found.complete));
    }
    // All of them are ready: nothing runs again.
    explorer.press("Enter");
    assert!(explorer.state.message.as_ref().unwrap().text.contains("ready"));
    // A file has all of them.
    let Some(Seen::Explanation { sights, photo }) = explorer.state.view().seen(&explorer.state)
    else {
        panic!()
    };
    assert_eq!((sights.len(), photo.is_some()), (5, true));
}
