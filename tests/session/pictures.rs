//! Sheets for files, and pixels for terminals that show them.

use convscope::base::{Blending, Colormap, Combine, Part, RangeMode};
use convscope::picture::{Picture, color};
use convscope::session::ask::{KernelRef, Mark, Plane, PlaneKind, Seen, Shown, Slice, request};

use crate::{Desk, LOOK, pixel};

fn maps(desk: &Desk, layer: &str, maps: Vec<PlaneKind>, over_photo: Option<Blending>) -> Seen {
    let (run, layer) = (desk.outcome.run, desk.layer(layer));
    Seen::Maps { run, layer, maps, look: LOOK, over_photo }
}

fn channels(channels: &[usize]) -> Vec<PlaneKind> {
    channels.iter().copied().map(PlaneKind::Channel).collect()
}

#[track_caller]
fn near(found: [u8; 3], expected: [u8; 3]) {
    let near = found.iter().zip(expected).all(|(a, b)| a.abs_diff(b) <= 3);
    assert!(near, "{found:?} for {expected:?}");
}

/// The color of a value of a map that has its own range.
fn viridis(map: &[f32], at: usize) -> [u8; 3] {
    let (low, high) = map.iter().fold((f32::MAX, f32::MIN), |(l, h), v| (l.min(*v), h.max(*v)));
    color(Colormap::Viridis, (map[at] - low) / (high - low))
}

#[test]
fn a_sheet_has_its_tiles_in_a_square_with_two_pixels_between() {
    let desk = Desk::builtin();
    let values = desk.values("maxpool");
    let which = [7, 0, 3, 9, 1];
    let seen = maps(&desk, "maxpool", channels(&which), None);
    assert_eq!(seen.count(), 5);
    let scale = 3;
    let request = request::Sheet { seen, scale: Some(scale) };
    let sheet = desk.know(&request);
    let tile = 40 * scale;
    assert_eq!((sheet.width, sheet.height), (3 * tile + 4, 2 * tile + 2));
    for (place, channel) in which.into_iter().enumerate() {
        let (left, top) = (place % 3 * (tile + 2), place / 3 * (tile + 2));
        let map = &values.data[channel * 1600..(channel + 1) * 1600];
        for (row, column) in [(0, 0), (0, 39), (17, 21), (39, 39)] {
            let at = (left + column * scale, top + row * scale);
            let expected = viridis(map, row * 40 + column);
            near(pixel(&sheet, at.0, at.1), expected);
            near(pixel(&sheet, at.0 + scale - 1, at.1 + scale - 1), expected);
        }
    }
    let gap = pixel(&sheet, tile, 0);
    assert_eq!([gap, pixel(&sheet, tile + 1, 5), pixel(&sheet, 3, tile)], [gap; 3]);
    // The sixth place is empty.
    assert_eq!(pixel(&sheet, sheet.width - 1, sheet.height - 1), gap);
}

#[test]
fn a_sheet_of_its_own_scale_is_about_a_thousand_pixels_wide() {
    let desk = Desk::builtin();
    let width = |layer: &str, which: &[usize]| {
        let request =
            request::Sheet { seen: maps(&desk, layer, channels(which), None), scale: None };
        desk.know(&request).width
    };
    assert_eq!(width("relu", &[0]), 960);
    assert_eq!(width("layer4", &[0]), 5 * 64);
    let all: Vec<usize> = (0..32).collect();
    assert_eq!(width("relu", &all), 6 * 160 + 10);
    let kernels = (0..4).map(|kernel| (kernel, Slice::Color)).collect();
    let (network, layer) = (desk.network.id, desk.layer("conv1"));
    let seen = Seen::Kernels { network, layer, kernels, look: LOOK };
    let request = request::Sheet { seen: seen.clone(), scale: None };
    assert_eq!(desk.know(&request).width, 2 * 7 * 64 + 2);
    let refused = desk.refusal(&request::Sheet { seen, scale: Some(2000) });
    assert!(refused.contains("--scale"), "{refused}");
}

#[test]
fn what_was_never_run_has_no_picture() {
    let desk = Desk::builtin();
    let beyond = maps(&desk, "relu", channels(&[32]), None);
    desk.refusal(&request::Sheet { seen: beyond, scale: None });
    let other = Desk::fixture("net_basic.safetensors");
    let seen = maps(&other, "relu", channels(&[0]), None);
    assert_eq!(
        desk.ask(&request::Sheet { seen, scale: None }),
        Err(convscope::session::SessionError::NotReady)
    );
}

/// In as many cells as a map of 40x40 has points, so that its colors are those of its own values.
fn heatmap(
    desk: &Desk,
    layer: &str,
    channel: usize,
    over_photo: Option<Blending>,
) -> request::Heatmap {
    let what = PlaneKind::Channel(channel);
    let plane = Plane { run: desk.outcome.run, layer: desk.layer(layer), what };
    request::Heatmap { plane, part: None, size: (40, 20), look: LOOK, over_photo }
}

fn raster(desk: &Desk, of: impl Into<Shown>, pixels: (u16, u16), mark: Option<Mark>) -> Picture {
    let request = request::Raster { of: Box::new(of.into()), pixels, mark };
    desk.know(&request).as_ref().clone()
}

#[test]
fn values_are_whole_squares_of_pixels_in_the_room_there_is() {
    let desk = Desk::builtin();
    for (room, side) in
        [((200, 170), 160), ((119, 400), 80), ((79, 79), 40), ((3, 3), 40), ((0, 0), 40)]
    {
        let picture = raster(&desk, heatmap(&desk, "maxpool", 2, None), room, None);
        assert_eq!((picture.width, picture.height), (side, side), "{room:?}");
        let values = desk.values("maxpool");
        let map = &values.data[2 * 1600..3 * 1600];
        let scale = side / 40;
        near(pixel(&picture, 11 * scale, 5 * scale), viridis(map, 5 * 40 + 11));
    }
    let (network, layer) = (desk.network.id, desk.layer("relu"));
    let kernel = KernelRef { network, layer, kernel: 3, slice: Slice::Color };
    let of = request::Kernel { kernel, size: (7, 4), look: LOOK };
    let picture = raster(&desk, of, (100, 80), None);
    assert_eq!((picture.width, picture.height), (77, 77));
}

#[test]
fn a_picture_in_pixels_is_the_one_in_cells() {
    let desk = Desk::builtin();
    for over_photo in [None, Some(Blending::Opacity), Some(Blending::Blend)] {
        let seen = maps(&desk, "layer2", channels(&[5]), over_photo);
        let request = request::Sheet { seen, scale: Some(8) };
        let sheet = desk.know(&request);
        let side = desk.network.layers[desk.layer("layer2").0].shape.h as u16 * 8;
        let of = heatmap(&desk, "layer2", 5, over_photo);
        assert_eq!(raster(&desk, of, (side, side), None), *sheet, "{over_photo:?}");
    }
}

#[test]
fn a_part_has_the_colors_that_it_has_in_the_whole() {
    let desk = Desk::builtin();
    let part = Part { rows: (5, 15), columns: (20, 40) };
    for over_photo in [None, Some(Blending::Opacity)] {
        let whole = heatmap(&desk, "maxpool", 2, over_photo);
        let of = request::Heatmap { part: Some(part), size: (40, 20), ..whole };
        let (all, some) = (desk.know(&whole), desk.know(&of));
        assert_eq!(some.range, all.range);
        if over_photo.is_none() {
            // A cell of the whole holds two values; row 5 is the lower one of the third row of cells.
            assert_eq!(some.cells.cells[0].bg, all.cells.cells[2 * 40 + part.columns.0].bg);
        }
        let whole = raster(&desk, whole, (160, 160), None);
        let some = raster(&desk, of, (80, 40), None);
        assert_eq!((some.width, some.height), (80, 40));
        assert_eq!(some, whole.part(Part { rows: (20, 60), columns: (80, 160) }), "{over_photo:?}");
    }
}

#[test]
fn photos_are_not_blown_up() {
    let desk = Desk::builtin();
    let input = desk.input.id;
    let (size, blocks) = ((20, 10), LOOK.blocks);
    let photo = |room| raster(&desk, request::Photo { input, size, blocks }, room, None);
    let shape = desk.input.shape;
    let (width, height) = (shape.w, shape.h);
    let picture = photo((5000, 5000));
    assert_eq!((picture.width, picture.height), (width, height));
    assert_eq!((photo((50, 40)).width, photo((50, 40)).height), (50, 40));
    let over =
        raster(&desk, heatmap(&desk, "layer4", 0, Some(Blending::Opacity)), (5000, 5000), None);
    assert!(over.width <= width && over.height <= height);
}

#[test]
fn a_mark_is_an_outline_at_its_place() {
    let desk = Desk::builtin();
    let input = desk.input.id;
    let of = request::Photo { input, size: (20, 10), blocks: LOOK.blocks };
    let room = (100, 100);
    let plain = raster(&desk, of, room, None);
    let mark = Mark { rows: (16, 80), columns: (32, 64), of: (160, 160) };
    let marked = raster(&desk, of, room, Some(mark));
    let (rows, columns) = (10..50, 20..40);
    for y in 0..100 {
        for x in 0..100 {
            let inside = rows.contains(&y) && columns.contains(&x);
            let edge = inside && (y == 10 || y == 49 || x == 20 || x == 39);
            let (now, before) = (pixel(&marked, x, y), pixel(&plain, x, y));
            if edge {
                assert_eq!(now, [255, 175, 60], "{x} {y}");
            } else {
                assert_eq!(now, before, "{x} {y}");
            }
        }
    }
    // A field that reaches over the edge is cut there.
    let beyond = Mark { rows: (100, 400), columns: (0, 900), of: (160, 160) };
    let cut = raster(&desk, of, room, Some(beyond));
    assert_eq!((cut.width, cut.height), (100, 100));
    assert_eq!(pixel(&cut, 0, 70), [255, 175, 60]);
}

#[test]
fn a_combination_is_the_combination_of_the_values() {
    let desk = Desk::builtin();
    let values = desk.values("layer4");
    let area = values.shape.h * values.shape.w;
    let mean: Vec<f32> = (0..area)
        .map(|at| values.data.chunks(area).map(|map| map[at]).sum::<f32>() / values.shape.c as f32)
        .collect();
    let what = vec![PlaneKind::Combined(Combine::Mean)];
    let mut seen = maps(&desk, "layer4", what, None);
    // Its own range, whatever the mode: the channels' range says nothing about it.
    if let Seen::Maps { look, .. } = &mut seen {
        look.range = RangeMode::Layer;
    }
    let sheet = desk.know(&request::Sheet { seen, scale: Some(1) });
    assert_eq!(sheet.rgb.len(), area);
    for (at, found) in sheet.rgb.iter().enumerate() {
        near(*found, viridis(&mean, at));
    }
}
