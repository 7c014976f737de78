//! Clicks on tabs, classes, the photo, hints and rows: each is drawn where it is hit.

use std::time::Duration;

use convscope::base::{Mouse, MouseKind, Rect, SortOrder};
use convscope::explorer::views::{ViewId, map};
use convscope::explorer::{Msg, Overlay, PickerKind};

use crate::support::Explorer;
use crate::{layer, open};

fn mouse(explorer: &mut Explorer, kind: MouseKind, (column, row): (u16, u16)) {
    let time = Duration::from_secs(1);
    explorer.state.last_click = None;
    explorer.send(Msg::Mouse(Mouse { kind, column, row, time }));
}

fn click(explorer: &mut Explorer, (column, row): (u16, u16)) {
    mouse(explorer, MouseKind::Press, (column, row));
}

fn middle(rect: Rect) -> (u16, u16) {
    (rect.x + rect.width / 2, rect.y + rect.height / 2)
}

#[test]
fn tabs_open_their_views() {
    for columns in [80, 120, 200] {
        let mut explorer = Explorer::open((columns, 40));
        for view in [ViewId::Depth, ViewId::Rebuild, ViewId::Maps, ViewId::Explain, ViewId::Map] {
            let tabs = explorer.state.tabs();
            let tab = tabs.iter().find(|tab| tab.view == view).unwrap();
            click(&mut explorer, middle(tab.rect));
            assert_eq!(explorer.state.view, view, "at {columns}");
        }
    }
}

#[test]
fn hints_run_their_commands() {
    let mut explorer = open();
    let hint = |explorer: &Explorer, word: &str| {
        let hints = explorer.state.footer().unwrap().hints;
        hints.into_iter().find(|hint| hint.word == word).expect(word).rect
    };
    let at = hint(&explorer, "layer");
    click(&mut explorer, (at.x + 2, at.y));
    assert_eq!(layer(&explorer), "maxpool");
    click(&mut explorer, (at.x, at.y));
    assert_eq!(layer(&explorer), "relu");
    let sort = explorer.state.display.sort;
    let at = hint(&explorer, "sort");
    click(&mut explorer, (at.x + at.width - 1, at.y));
    assert_ne!(explorer.state.display.sort, sort);
    assert_ne!(explorer.state.display.sort, SortOrder::Effect);
    // A click on the message shows the hints again, but for help, which is always there.
    assert!(explorer.state.message.is_some());
    let at = hint(&explorer, "help");
    click(&mut explorer, (1, at.y));
    assert!(explorer.state.message.is_none());
    click(&mut explorer, middle(at));
    assert!(matches!(explorer.state.overlay, Some(Overlay::Help(_))));
    let at = hint(&explorer, "close");
    click(&mut explorer, middle(at));
    assert_eq!(explorer.state.overlay, None);
}

#[test]
fn a_click_on_a_class_chooses_it_and_the_wheel_steps() {
    for (size, open) in [((120, 40), ""), ((80, 24), "i")] {
        let mut explorer = Explorer::open(size);
        explorer.press("5").press(open);
        let ranked = explorer.state.shown.outcome.as_ref().unwrap().ranked.clone();
        let rows = explorer.state.class_rows().unwrap();
        click(&mut explorer, (rows.rows.x + 3, rows.rows.y + 2));
        assert_eq!(explorer.state.class(), Some(ranked[2].0), "{size:?}");
        let rows = explorer.state.class_rows().unwrap();
        mouse(&mut explorer, MouseKind::WheelUp, (rows.rows.x, rows.rows.y));
        assert_eq!(explorer.state.class(), Some(ranked[1].0), "{size:?}");
    }
}

#[test]
fn a_click_on_the_photo_goes_to_the_unit_that_sees_it() {
    let mut explorer = open();
    explorer.press("} }");
    let shape = explorer.state.layer_info().unwrap().shape;
    let place = explorer.state.photo_place().unwrap();
    let (right, bottom) = (place.x + place.width - 1, place.y + place.height - 1);
    click(&mut explorer, (place.x, bottom));
    assert_eq!((explorer.state.view, explorer.state.cursor.unit.1), (ViewId::Map, 0));
    click(&mut explorer, (right, place.y));
    assert_eq!(explorer.state.cursor.unit.1, shape.w - 1);
    for at in [middle(place), (place.x + place.width / 4, place.y + place.height / 3)] {
        click(&mut explorer, at);
        let ((top, bottom), (left, right)) = explorer.state.field_box().unwrap();
        let input = explorer.state.shown.input.as_ref().unwrap().shape;
        let of = |cell: u16, cells: u16, length: usize| {
            (f32::from(cell) + 0.5) / f32::from(cells) * length as f32
        };
        let (y, x) =
            (of(at.1 - place.y, place.height, input.h), of(at.0 - place.x, place.width, input.w));
        let jump = explorer.state.layer_info().unwrap().field.rows.jump as f32;
        assert!(((top + bottom) as f32 / 2.0 - y).abs() <= jump, "{top}..{bottom} of {y}");
        assert!(((left + right) as f32 / 2.0 - x).abs() <= jump, "{left}..{right} of {x}");
    }
}

#[test]
fn rows_of_lists_are_chosen_where_they_are_drawn() {
    let mut explorer = open();
    explorer.press("f");
    let Some(Overlay::Picker(list)) = explorer.state.overlay.clone() else { panic!("no list") };
    let items = list.items(&explorer.state);
    let places = explorer.state.picker_places(&list, items.len()).unwrap();
    click(&mut explorer, (places.rows.x + 4, places.rows.y + 3));
    assert_eq!(explorer.state.class().unwrap().to_string(), items[3].note);
    // Below the last row nothing happens; beside the list it closes.
    explorer.press("f");
    click(&mut explorer, (places.rows.x + 4, places.rows.y + 12));
    assert!(
        matches!(&explorer.state.overlay, Some(Overlay::Picker(l)) if l.kind == PickerKind::Class)
    );
    click(&mut explorer, (0, 1));
    assert_eq!(explorer.state.overlay, None);
}

#[test]
fn the_folded_inspector_opens_by_a_click() {
    let mut explorer = Explorer::open((80, 24));
    click(&mut explorer, (5, 1));
    assert!(explorer.state.display.inspector_over);
}

#[test]
fn the_map_reads_out_what_the_mouse_points_to() {
    let mut explorer = open();
    explorer.press("2");
    assert!(explorer.state.view.follows_the_mouse());
    let (cursor, place) = (explorer.state.cursor.unit, map::place(&explorer.state).unwrap());
    mouse(&mut explorer, MouseKind::Move, (place.x, place.y));
    assert_eq!((map::read_out(&explorer.state), explorer.state.cursor.unit), ((0, 0), cursor));
    mouse(&mut explorer, MouseKind::Move, (0, 0));
    assert_eq!(map::read_out(&explorer.state), cursor);
    mouse(&mut explorer, MouseKind::Move, (place.x, place.y));
    explorer.press("l");
    assert_eq!(map::read_out(&explorer.state), explorer.state.cursor.unit);
    explorer.press("1");
    assert!(!explorer.state.view.follows_the_mouse());
}

#[test]
fn the_wheel_magnifies_the_map_where_the_mouse_is() {
    let mut explorer = open();
    explorer.press("2");
    let place = map::place(&explorer.state).unwrap();
    let corner = (place.x + place.width - 1, place.y + place.height - 1);
    mouse(&mut explorer, MouseKind::WheelUp, corner);
    let (part, shape) =
        (map::magnified(&explorer.state).unwrap(), explorer.state.layer_info().unwrap().shape);
    // The unit stays below the mouse: one of the last, of which there are more than cells.
    assert_eq!(part.extent(), (40, 40));
    assert!(part.rows.1 >= 78 && part.columns.1 >= 78, "{part:?}");
    assert_eq!((shape.h, shape.w), (80, 80));
    // A press hits what is drawn there.
    let place = map::place(&explorer.state).unwrap();
    click(&mut explorer, (place.x, place.y));
    assert_eq!(explorer.state.cursor.unit, (part.rows.0, part.columns.0));
    assert_eq!(map::part(&explorer.state), Some(part), "a press moves nothing");
    mouse(&mut explorer, MouseKind::WheelDown, corner);
    assert_eq!(map::magnified(&explorer.state), None);
}
