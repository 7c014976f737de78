//! Switching channels off, and what that changes.

use convscope::base::LayerId;
use convscope::explorer::views::maps;
use convscope::session::ask::{Change, EditsId, PlaneKind};

use crate::open;
use crate::support::Explorer;

fn command(explorer: &mut Explorer, line: &str) {
    explorer.press(":").type_text(line).press("Enter");
}

fn edits(explorer: &Explorer) -> EditsId {
    explorer.state.shown.outcome.as_ref().unwrap().run.edits
}

fn probability(explorer: &Explorer, class: usize) -> f32 {
    let ranked = &explorer.state.shown.outcome.as_ref().unwrap().ranked;
    ranked.iter().find(|(c, _)| *c == class).unwrap().1
}

#[test]
fn x_switches_channels_off_and_on() {
    let mut explorer = open();
    explorer.press("} } } } s");
    let top = explorer.state.shown.outcome.as_ref().unwrap().ranked[0].0;
    let before = probability(&explorer, top);
    let first = explorer.state.cursor.channel;
    explorer.press("x l l x");
    let state = &explorer.state;
    assert_eq!(state.wanted.knock_outs.len(), 1, "one layer, two channels");
    assert_eq!(state.wanted.knock_outs[0].channels.len(), 2);
    assert_eq!(state.instead(first), Some(Change::OFF));
    assert_ne!(edits(&explorer), EditsId::NONE);
    assert_ne!(probability(&explorer, top), before);
    // The classes as they were are kept beside those that are.
    let outcome = explorer.state.shown.outcome.clone().unwrap();
    assert_eq!(outcome.before.as_ref().unwrap().ranked[0], (top, before));
    // The same key again.
    explorer.press("x");
    assert_eq!(explorer.state.wanted.knock_outs[0].channels, [first]);
    explorer.press("u");
    assert_eq!(explorer.state.wanted.knock_outs[0].channels.len(), 2);
    explorer.press("u u");
    assert!(explorer.state.wanted.knock_outs.is_empty());
    assert_eq!((edits(&explorer), probability(&explorer, top)), (EditsId::NONE, before));
    explorer.press("u");
    assert!(explorer.state.message.as_ref().unwrap().text.contains("nothing to undo"));
}

#[test]
fn differences_are_maps_of_their_own() {
    let mut explorer = open();
    explorer.press("d");
    assert!(explorer.state.message.as_ref().unwrap().error, "nothing is knocked out");
    explorer.press("} } x d }");
    assert!(explorer.state.shows_difference() && explorer.state.is_signed());
    let statistics = explorer.state.statistics().unwrap();
    assert!(statistics.total.min < 0.0 && statistics.total.max > 0.0);
    let page = maps::page(&explorer.state).unwrap();
    let tile = maps::tile(&explorer.state, page.tiles[0]).unwrap();
    assert!(tile.signed && tile.colormap.is_diverging());
    // Before the change nothing changes.
    explorer.press("{ {");
    assert!(explorer.state.statistics().unwrap().total.max == 0.0);
    explorer.press("d");
    assert!(!explorer.state.shows_difference());
    explorer.press("X");
    assert!(explorer.state.wanted.knock_outs.is_empty());
}

#[test]
fn channels_are_scaled_and_replaced_by_a_command() {
    let mut explorer = open();
    for (how, expected) in [
        ("0.5", Change::Scale(convscope::base::Exact(0.5))),
        ("=1.5", Change::Set(convscope::base::Exact(1.5))),
        ("mean", Change::Mean),
    ] {
        command(&mut explorer, &format!("knock-out {how}"));
        assert_eq!(explorer.state.instead(0), Some(expected));
        assert_eq!(explorer.state.wanted.knock_outs.len(), 1, "{how} takes the place of what was");
    }
    command(&mut explorer, "knock-out hard");
    assert!(explorer.state.message.as_ref().unwrap().error);
    explorer.press("a");
    assert!(!explorer.state.is_changed(PlaneKind::Channel(1)));
    command(&mut explorer, "knock-out");
    assert!(explorer.state.message.as_ref().unwrap().text.contains("one channel"));
}

#[test]
fn the_next_photo_is_run_with_the_same_channels_off() {
    let mut explorer = open();
    explorer.press("x n");
    assert_eq!(explorer.state.shown.photo, 1);
    assert_ne!(edits(&explorer), EditsId::NONE);
    assert_eq!(explorer.state.wanted.knock_outs[0].layer, LayerId(2));
    explorer.press("X");
    assert_eq!(edits(&explorer), EditsId::NONE);
}

#[test]
fn an_edited_view_is_said_as_a_command() {
    let mut explorer = open();
    explorer.press("} } x d } y");
    let line = explorer.copied.last().unwrap().clone();
    assert!(line.contains("--knock-out layer2.1.relu_1:0"), "{line}");
    assert!(line.contains("--difference"), "{line}");
    explorer.press("5 y");
    let line = explorer.copied.last().unwrap().clone();
    assert!(
        line.starts_with(
            "convscope explain builtin:china.jpg --method grad-cam --layer layer4.1.relu_1 --class"
        ),
        "{line}"
    );
    assert!(line.contains("--knock-out layer2.1.relu_1:0"), "{line}");
}

#[test]
fn a_channel_that_is_knocked_out_stays_chosen_and_keeps_its_place() {
    let mut explorer = Explorer::shipped((120, 40));
    let strongest = explorer.state.cursor.channel;
    let order = explorer.state.order();
    explorer.press("x");
    assert_eq!((explorer.state.cursor.channel, explorer.state.order()), (strongest, order));
    // What changed most comes first, also where it fell.
    explorer.press("d");
    assert_eq!(explorer.state.order()[0], strongest);
    explorer.press("x");
    assert_eq!(
        (explorer.state.cursor.channel, explorer.state.wanted.knock_outs.len()),
        (strongest, 0)
    );
}
