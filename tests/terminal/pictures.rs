//! The bytes of real pictures, read back by termwiz's parser, which is a terminal's.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use convscope::base::{Colormap, Graphics};
use convscope::picture::{Picture, Range};
use convscope::terminal::graphics::{Encoder, GraphicsError, Protocol};
use convscope::terminal::probe::Capabilities;
use termwiz::escape::apc::{KittyImageData, KittyImageDelete, KittyImagePlacement};
use termwiz::escape::osc::{ITermDimension, ITermFileData, ITermProprietary};
use termwiz::escape::parser::Parser;
use termwiz::escape::{
    Action, DeviceControlMode, Esc, EscCode, KittyImage, OperatingSystemCommand, Sixel, SixelData,
};

const CELLS: (u16, u16) = (20, 10);
/// Of an odd size: the last band of sixels is not full.
const CELL: (u16, u16) = (9, 17);
const ROOM: (usize, usize) = (180, 170);
const LIMIT: usize = 200_000;

fn encoder(protocol: Protocol) -> Encoder {
    Encoder { protocol, tmux: false, cell: CELL }
}

fn in_tmux(protocol: Protocol) -> Encoder {
    Encoder { tmux: true, ..encoder(protocol) }
}

/// All 256 colors of a map, and the mark.
fn heatmap() -> Picture {
    let mut values: Vec<f32> = (0..17 * 16).map(|i| i as f32 / 271.0).collect();
    values[100] = f32::NAN;
    Picture::heatmap(&values, 16, 17, Colormap::Viridis, Range { low: 0.0, high: 1.0 }, 1)
}

/// No two pixels alike, so that it does not compress.
fn noise(width: usize, height: usize) -> Picture {
    let mut state = 1u32;
    let mut byte = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    Picture { width, height, rgb: (0..width * height).map(|_| [byte(), byte(), byte()]).collect() }
}

fn parsed(bytes: &[u8]) -> Vec<Action> {
    let mut actions = Parser::new().parse_as_vec(bytes);
    // The end of a sequence is an action of its own.
    actions.retain(|action| *action != Action::Esc(Esc::Code(EscCode::StringTerminator)));
    actions
}

/// What tmux passes on, and what stays for itself.
fn opened(bytes: &[u8]) -> (String, String) {
    let text = std::str::from_utf8(bytes).unwrap();
    let (mut passed, mut kept, mut rest) = (String::new(), String::new(), text);
    while let Some((before, envelope)) = rest.split_once("\x1bPtmux;") {
        kept.push_str(before);
        // The first ESC that is not doubled ends it.
        let (mut inside, mut chars) = (String::new(), envelope.char_indices());
        let mut end = None;
        while let Some((_, c)) = chars.next() {
            if c == '\x1b' {
                match chars.next() {
                    Some((_, '\x1b')) => {}
                    Some((at, '\\')) => {
                        end = Some(at + 1);
                        break;
                    }
                    other => panic!("an ESC alone in the envelope, then {other:?}"),
                }
            }
            inside.push(c);
        }
        passed.push_str(&inside);
        rest = &envelope[end.expect("the envelope is closed")..];
    }
    kept.push_str(rest);
    (passed, kept)
}

fn decoded(png: &[u8]) -> Picture {
    let image = image::load_from_memory(png).unwrap().to_rgb8();
    let (width, height) = (image.width() as usize, image.height() as usize);
    Picture { width, height, rgb: image.pixels().map(|p| p.0).collect() }
}

/// The picture of kitty's sequences and where it is placed.
fn kitty(bytes: &[u8]) -> (u32, Picture, KittyImagePlacement) {
    let (mut data, mut first, mut ended) = (String::new(), None, false);
    for (i, action) in parsed(bytes).into_iter().enumerate() {
        let Action::KittyImage(image) = action else { panic!("no part of a picture: {action:?}") };
        assert!(!ended, "a chunk after the last");
        let transmit = match *image {
            KittyImage::TransmitDataAndDisplay { transmit, placement, .. } if i == 0 => {
                first = Some((transmit.image_id.unwrap(), placement));
                transmit
            }
            KittyImage::TransmitData { transmit, .. } if i > 0 => transmit,
            other => panic!("{other:?}"),
        };
        let KittyImageData::Direct(chunk) = &transmit.data else { panic!("no data: {transmit:?}") };
        assert!(chunk.len() <= 4096 && (chunk.len() % 4 == 0));
        ended = !transmit.more_data_follows;
        data.push_str(chunk);
    }
    assert!(ended);
    let (id, placement) = first.unwrap();
    (id, decoded(&STANDARD.decode(data).unwrap()), placement)
}

fn iterm2(bytes: &[u8]) -> ITermFileData {
    let files = parsed(bytes).into_iter().filter_map(|action| match action {
        Action::OperatingSystemCommand(command) => match *command {
            OperatingSystemCommand::ITermProprietary(ITermProprietary::File(file)) => Some(*file),
            other => panic!("{other:?}"),
        },
        _ => None,
    });
    let mut files: Vec<_> = files.collect();
    assert_eq!(files.len(), 1);
    files.remove(0)
}

fn sixel(bytes: &[u8]) -> Sixel {
    let sixels = parsed(bytes).into_iter().filter_map(|action| match action {
        Action::Sixel(sixel) => Some(*sixel),
        Action::DeviceControl(DeviceControlMode::Exit) | Action::Esc(_) => None,
        other => panic!("{other:?}"),
    });
    let mut sixels: Vec<_> = sixels.collect();
    assert_eq!(sixels.len(), 1);
    sixels.remove(0)
}

/// The pixels that sixels draw; `None` where they draw nothing.
fn drawn(sixel: &Sixel) -> Vec<Option<[u8; 3]>> {
    let (width, height) = sixel.dimensions();
    let (width, height) = (width as usize, height as usize);
    let mut colors = std::collections::HashMap::new();
    let mut pixels = vec![None; width * height];
    let (mut color, mut x, mut top) = ([0; 3], 0, 0);
    for item in &sixel.data {
        let (count, bits) = match item {
            SixelData::DefineColorMapRGB { color_number, rgb } => {
                let (r, g, b) = rgb.to_tuple_rgb8();
                colors.insert(*color_number, [r, g, b]);
                continue;
            }
            SixelData::SelectColorMapEntry(number) => {
                color = colors[number];
                continue;
            }
            SixelData::CarriageReturn => {
                x = 0;
                continue;
            }
            SixelData::NewLine => {
                (x, top) = (0, top + 6);
                continue;
            }
            SixelData::Data(bits) => (1, *bits),
            SixelData::Repeat { repeat_count, data } => (*repeat_count as usize, *data),
            other => panic!("{other:?}"),
        };
        for x in x..x + count {
            for row in (0..6).filter(|row| bits >> row & 1 == 1) {
                assert!(x < width && top + row < height, "beyond the picture");
                let pixel: &mut Option<[u8; 3]> = &mut pixels[(top + row) * width + x];
                assert!(pixel.replace(color).is_none(), "a pixel is drawn twice");
            }
        }
        x += count;
    }
    pixels
}

#[test]
fn kittys_pictures_are_exact() {
    for picture in [heatmap(), noise(31, 45)] {
        let encoded = encoder(Protocol::Kitty).encode(7, &picture, CELLS, LIMIT).unwrap();
        let (id, back, placement) = kitty(&encoded.bytes);
        assert_eq!((id, encoded.pixels), (7, ROOM));
        assert_eq!(back, picture.resize(ROOM.0, ROOM.1));
        assert_eq!((placement.columns, placement.rows), (Some(20), Some(10)));
        assert!(placement.do_not_move_cursor);
    }
}

#[test]
fn kitty_answers_nothing_and_can_show_hide_and_forget() {
    let encoder = encoder(Protocol::Kitty);
    let shown = encoder.encode(3, &heatmap(), CELLS, LIMIT).unwrap().bytes;
    let again = encoder.place_again(3, (5, 4));
    let all = [&shown, &again, &encoder.hide(3), &encoder.forget(3), &encoder.leave()];
    for bytes in all {
        let text = String::from_utf8(bytes.clone()).unwrap();
        assert_eq!(text.matches("\x1b_G").count(), text.matches("q=2").count(), "{text}");
    }
    let one = |bytes: &[u8]| match parsed(bytes).remove(0) {
        Action::KittyImage(image) => *image,
        other => panic!("{other:?}"),
    };
    let KittyImage::Display { placement, image_id, .. } = one(&again) else { panic!("{again:?}") };
    assert_eq!((image_id, placement.columns, placement.rows), (Some(3), Some(5), Some(4)));
    assert!(placement.do_not_move_cursor);
    let deleted = |bytes: &[u8]| match one(bytes) {
        KittyImage::Delete { what, .. } => what,
        other => panic!("{other:?}"),
    };
    let by_id = |delete| KittyImageDelete::ByImageId { image_id: 3, placement_id: None, delete };
    assert_eq!(deleted(&encoder.hide(3)), by_id(false));
    assert_eq!(deleted(&encoder.forget(3)), by_id(true));
    assert_eq!(deleted(&encoder.leave()), KittyImageDelete::All { delete: true });
}

#[test]
fn iterm2s_pictures_are_exact() {
    for picture in [heatmap(), noise(31, 45)] {
        let encoder = encoder(Protocol::Iterm2);
        let file = iterm2(&encoder.encode(1, &picture, CELLS, LIMIT).unwrap().bytes);
        assert_eq!(decoded(&file.data), picture.resize(ROOM.0, ROOM.1));
        assert_eq!(file.size, Some(file.data.len()));
        assert_eq!(
            (file.width, file.height),
            (ITermDimension::Cells(20), ITermDimension::Cells(10))
        );
        assert!(file.inline && file.do_not_move_cursor && !file.preserve_aspect_ratio);
    }
}

#[test]
fn sixels_of_a_heatmap_are_exact() {
    let mut values: Vec<f32> = (0..16 * 16).map(|i| i as f32 / 255.0).collect();
    values[77] = f32::NAN;
    let range = Range { low: 0.0, high: 1.0 };
    // 255 grays and the mark: 256 colors.
    let picture = Picture::heatmap(&values, 16, 16, Colormap::Gray, range, 1);
    let bytes = encoder(Protocol::Sixel).encode(1, &picture, CELLS, LIMIT).unwrap().bytes;
    let sixel = sixel(&bytes);
    assert_eq!(sixel.dimensions(), (180, 170));
    assert!(sixel.background_is_transparent && (sixel.pan, sixel.pad) == (1, 1));
    // The protocol has hundredths, and rounding down to bytes again loses one more.
    let near = |a: [u8; 3], b: [u8; 3]| a.iter().zip(b).all(|(a, b)| a.abs_diff(b) <= 2);
    let expected = picture.resize(ROOM.0, ROOM.1).rgb;
    for (drawn, expected) in drawn(&sixel).into_iter().zip(expected) {
        let drawn = drawn.expect("every pixel is drawn");
        assert!(near(drawn, expected), "{drawn:?} for {expected:?}");
    }
}

#[test]
fn sixels_of_a_photo_are_close() {
    let rgb = (0..60 * 60u32).map(|i| [(i % 60 * 4) as u8, (i / 60 * 4) as u8, 128]).collect();
    let picture = Picture { width: 60, height: 60, rgb };
    let bytes = encoder(Protocol::Sixel).encode(1, &picture, CELLS, LIMIT).unwrap().bytes;
    let sixel = sixel(&bytes);
    assert_eq!(sixel.dimensions(), (180, 170));
    let expected = picture.resize(ROOM.0, ROOM.1).rgb;
    let mut errors = Vec::new();
    for (drawn, expected) in drawn(&sixel).into_iter().zip(expected) {
        let drawn = drawn.expect("every pixel is drawn");
        errors.extend(drawn.iter().zip(expected).map(|(a, b)| usize::from(a.abs_diff(b))));
    }
    // 3,600 colors have become 256.
    let mean = errors.iter().sum::<usize>() as f64 / errors.len() as f64;
    assert!(mean < 6.0, "{mean} of 255 beside it");
}

#[test]
fn cursors_are_put_back() {
    for protocol in [Protocol::Iterm2, Protocol::Sixel] {
        let bytes = encoder(protocol).encode(1, &heatmap(), CELLS, LIMIT).unwrap().bytes;
        let actions = parsed(&bytes);
        let escape = |action: Option<&Action>, code| action == Some(&Action::Esc(Esc::Code(code)));
        assert!(escape(actions.first(), EscCode::DecSaveCursorPosition), "{protocol:?}");
        assert!(escape(actions.last(), EscCode::DecRestoreCursorPosition), "{protocol:?}");
    }
}

#[test]
fn limits_hold() {
    let big = noise(400, 400);
    for protocol in [Protocol::Kitty, Protocol::Iterm2, Protocol::Sixel] {
        for tmux in [false, true] {
            let encoder = Encoder { protocol, tmux, cell: (20, 40) };
            for limit in [2_000, 20_000, 200_000] {
                let encoded = encoder.encode(1, &big, CELLS, limit);
                if protocol == Protocol::Sixel && limit < 20_000 {
                    // The colors alone of so many blocks take more, until few enough are left.
                    assert!(encoded.is_ok_and(|e| e.bytes.len() <= limit));
                    continue;
                }
                let encoded = encoded.unwrap();
                let (width, height) = encoded.pixels;
                assert!(encoded.bytes.len() <= limit, "{protocol:?} {tmux} {limit}");
                // Not much less than what is allowed.
                assert!(encoded.bytes.len() > limit / 4, "{protocol:?} {limit}: {width}x{height}");
            }
            let refused = encoder.encode(1, &big, CELLS, 20);
            assert_eq!(refused, Err(GraphicsError::Limit(20)));
        }
    }
}

#[test]
fn values_stay_whole_blocks_when_bytes_are_few() {
    let picture = noise(40, 40);
    let encoder = Encoder { cell: (33, 65), ..encoder(Protocol::Kitty) };
    let all = encoder.encode(1, &picture, CELLS, usize::MAX).unwrap();
    assert_eq!(all.pixels, (660, 650));
    let fewer = encoder.encode(1, &picture, CELLS, all.bytes.len() - 1).unwrap();
    assert_eq!(fewer.pixels, (320, 320));
    assert_eq!(kitty(&fewer.bytes).1, picture.resize(320, 320));
}

#[test]
fn what_is_empty_is_refused() {
    let encoder = encoder(Protocol::Kitty);
    let broken = Picture { width: 3, height: 3, rgb: vec![[0; 3]] };
    for (picture, cells) in
        [(heatmap(), (0, 3)), (noise(0, 0), CELLS), (noise(0, 7), CELLS), (broken, CELLS)]
    {
        assert_eq!(encoder.encode(1, &picture, cells, LIMIT), Err(GraphicsError::Empty));
    }
}

#[test]
fn tmux_passes_on_what_is_in_envelopes() {
    let outside = encoder(Protocol::Kitty).encode(9, &noise(60, 60), CELLS, LIMIT).unwrap().bytes;
    let inside = in_tmux(Protocol::Kitty).encode(9, &noise(60, 60), CELLS, LIMIT).unwrap().bytes;
    let (passed, kept) = opened(&inside);
    assert_eq!(kept, "");
    assert_eq!(kitty(passed.as_bytes()).1, kitty(&outside).1);
    assert!(passed.contains("U=1,c=20,r=10") && !passed.contains("C=1"), "a virtual placement");
    // One for each chunk: tmux bounds their length.
    let count = |bytes: &[u8], what: &str| String::from_utf8_lossy(bytes).matches(what).count();
    assert_eq!(count(&inside, "\x1bPtmux;"), count(&outside, "\x1b_G"));
    let (passed, kept) = opened(&in_tmux(Protocol::Kitty).hide(9));
    assert_eq!((passed.as_bytes(), kept.as_str()), (&*encoder(Protocol::Kitty).hide(9), ""));

    for protocol in [Protocol::Iterm2, Protocol::Sixel] {
        let outside = encoder(protocol).encode(9, &heatmap(), CELLS, LIMIT).unwrap().bytes;
        let inside = in_tmux(protocol).encode(9, &heatmap(), CELLS, LIMIT).unwrap().bytes;
        let (passed, kept) = opened(&inside);
        // The space brings the terminal's cursor to the place.
        assert_eq!(kept, "\x1b7 \x1b8");
        assert_eq!(passed.strip_prefix("\x1b[D").map(str::as_bytes), Some(&*outside));
    }
}

#[test]
fn placeholders_are_for_kitty_inside_tmux() {
    let rows = in_tmux(Protocol::Kitty).placeholders(9, CELLS).unwrap();
    assert_eq!((rows.len(), rows[0].len()), (10, 20));
    assert!(encoder(Protocol::Kitty).placeholders(9, CELLS).is_none());
    assert!(in_tmux(Protocol::Sixel).placeholders(9, CELLS).is_none());
}

#[test]
fn only_kitty_keeps_pictures() {
    for protocol in [Protocol::Iterm2, Protocol::Sixel] {
        let encoder = encoder(protocol);
        assert!(encoder.place_again(1, CELLS).is_empty() && encoder.hide(1).is_empty());
        assert!(encoder.hide_all().is_empty() && encoder.leave().is_empty());
    }
}

#[test]
fn the_choice_makes_the_encoder() {
    let terminal = Capabilities { tmux: true, sixel: true, ..Capabilities::default() };
    let sixel = Encoder::new(Graphics::Sixel, &terminal).unwrap();
    assert_eq!((sixel.tmux, sixel.cell), (false, (10, 20)), "tmux draws sixels itself");
    let kitty = Encoder::new(Graphics::Kitty, &Capabilities { cell: Some(CELL), ..terminal });
    assert_eq!(kitty, Some(in_tmux(Protocol::Kitty)));
    assert_eq!(Encoder::new(Graphics::Sextants, &Capabilities::default()), None);
}
