//! Files that are no photo.

use convscope::source::{Photo, Recipe, SAMPLES, collect, prepare};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::support::{Bad, bytes_of, fixture, says, says_of};

const FORMATS: [&str; 7] = [
    "rgb_61x83.png",
    "orientation6_61x83.jpg",
    "rgb_61x83.webp",
    "rgb_61x83.bmp",
    "rgb_61x83.tiff",
    "rgb_61x83.ppm",
    "palette_61x83.gif",
];

fn photo(name: &str) -> Vec<u8> {
    bytes_of(&format!("photos/{name}"))
}

fn refused(name: &str, bytes: &[u8], words: &[&str]) -> String {
    let bad = Bad::new(name, bytes);
    says_of(&bad.path, Photo::read(&bad.path), words)
}

#[test]
fn a_photo_that_is_not_there() {
    let bad = Bad::new("notes.txt", b"no photo");
    let missing = bad.folder().join("missing.png");
    says_of(&missing, Photo::read(&missing), &["no such file"]);
    says_of(&missing, collect(std::slice::from_ref(&missing)), &["no such file or folder"]);
    says_of(bad.folder(), Photo::read(bad.folder()), &["is a folder"]);
    says_of(bad.folder(), collect(&[bad.folder().into()]), &["holds no photo"]);
    refused("empty.png", b"", &["is empty"]);
}

#[test]
fn folders_are_searched_to_the_bottom() {
    let file = Bad::new("b.PNG", b"x");
    let below = file.folder().join("a");
    std::fs::create_dir(&below).unwrap();
    for name in ["z.jpg", "x.npy", "readme.md", ".hidden.png"] {
        std::fs::write(below.join(name), b"x").unwrap();
    }
    let found = collect(&[file.folder().into()]).unwrap();
    assert_eq!(found, [below.join("x.npy"), below.join("z.jpg"), file.path.clone()]);
}

#[test]
fn a_copy_that_stopped() {
    for name in FORMATS {
        let whole = photo(name);
        // Of an animation the first frame counts.
        let end = if name.ends_with("gif") { whole.len() / 2 } else { whole.len() - 5 };
        // Too short to be known.
        for length in [1, 2] {
            refused(name, &whole[..length], &["supported: "]);
        }
        for length in [20, 60, end / 2, end * 9 / 10, end] {
            refused(name, &whole[..length], &["picture"]);
        }
    }
}

#[test]
fn every_good_photo_is_read() {
    for name in FORMATS {
        let read = Photo::decode(&photo(name), name).unwrap();
        assert_eq!(read.rgb.len(), 61 * 83 * 3, "{name}");
    }
    for sample in SAMPLES {
        let read = Photo::decode(sample.bytes, sample.name).unwrap();
        assert_eq!(read.rgb.len(), read.width * read.height * 3, "{}", sample.name);
    }
    // What phones and editors add behind a JPEG is no part of it.
    let longer = [photo("orientation6_61x83.jpg"), vec![0; 100]].concat();
    assert!(Photo::decode(&longer, "longer").is_ok());
}

#[test]
fn other_files_under_a_photos_name() {
    refused("text.jpg", b"This is a text.\n", &["a text file", "This is a text.", "JPEG"]);
    refused("net.png", &bytes_of("net_basic.safetensors"), &["safetensors", "--model"]);
    refused("page.webp", b"RIFF\x10\0\0\0WEBPVP8 ", &["broken"]);
    // The content counts, not the name.
    let png = Bad::new("really.jpg", &photo("rgb_61x83.png"));
    let read = Photo::read(&png.path).unwrap();
    assert_eq!((read.width, read.height), (61, 83));
}

#[test]
fn a_small_file_that_claims_to_be_huge() {
    for (width, height, depth) in [(100_000, 100_000, 8), (18_900, 18_900, 16), (u32::MAX, 1, 8)] {
        refused("bomb.png", &png_header(width, height, depth), &["too large"]);
    }
    let screen = |side: u16| [&b"GIF89a"[..], &side.to_le_bytes(), &side.to_le_bytes()].concat();
    refused("bomb.gif", &[&screen(16_000)[..], &[0; 22]].concat(), &["too large", "16000 x 16000"]);
    // Within the bound, but the one frame is not there.
    refused("bomb.gif", &[&screen(13_000)[..], &[0; 3], b",", &[0; 18]].concat(), &["picture"]);
    refused("bomb.ppm", b"P6 100000 100000 255\n", &["too large"]);
    refused("none.png", &png_header(0, 0, 8), &["picture"]);
}

/// A PNG of RGBA pixels that ends after its header and the start of its data.
fn png_header(width: u32, height: u32, depth: u8) -> Vec<u8> {
    let mut header = b"IHDR".to_vec();
    header.extend(width.to_be_bytes());
    header.extend(height.to_be_bytes());
    header.extend([depth, 6, 0, 0, 0]);
    let data = b"IDAT\x78\x9c\x63\0";
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    for chunk in [&header[..], data] {
        bytes.extend((chunk.len() as u32 - 4).to_be_bytes());
        bytes.extend(chunk);
        bytes.extend(crc(chunk).to_be_bytes());
    }
    bytes
}

/// CRC-32 as PNG has it.
fn crc(bytes: &[u8]) -> u32 {
    let step = |c: u32| if c & 1 == 1 { 0xedb8_8320 ^ (c >> 1) } else { c >> 1 };
    !bytes.iter().fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |c, _| step(c)))
}

#[test]
fn stray_bytes_between_segments_are_skipped_and_noted() {
    let whole = photo("orientation6_61x83.jpg");
    let plain = Photo::decode(&whole, "whole").unwrap();
    let second = 4 + usize::from(u16::from_be_bytes([whole[4], whole[5]]));
    let stray = [&whole[..second], b"\0\x01", &whole[second..]].concat();
    let read = Photo::decode(&stray, "stray").unwrap();
    assert_eq!(read.rgb, plain.rgb);
    assert!(
        plain.notes.is_empty() && read.notes[0].starts_with("2 stray bytes"),
        "{:?}",
        read.notes
    );
}

#[test]
fn a_photo_that_is_something_else_is_named() {
    refused("photo.jpg", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", &["HEIC", "heif-convert"]);
    refused("photo.jpg", b"version https://git-lfs.github.com/spec/v1\noid", &["git lfs pull"]);
    refused("photo.jpg", b"<!DOCTYPE html><html>", &["web page", "download it again"]);
    refused("photo.jpg", &[0; 9000], &["zeros"]);
}

#[cfg(unix)]
#[test]
fn a_name_that_a_terminal_would_obey() {
    for name in ["\u{1b}[2J\u{1b}]0;owned\u{7}.png", "two\nlines\r.jpg", "\u{9b}31m\u{202e}gnp.png"]
    {
        refused(name, b"a text that is long enough", &["is a text file"]);
        refused(name, &photo("rgb_61x83.png")[..100], &["broken"]);
        refused(name, b"", &["is empty"]);
        let bad = Bad::new(name, b"x");
        let missing = bad.folder().join(format!("no{name}"));
        says_of(&missing, collect(std::slice::from_ref(&missing)), &["no such file"]);
    }
}

#[test]
fn a_recipe_that_cannot_be_followed() {
    let photo = Photo::read(&fixture("photos/rgb_61x83.png")).unwrap();
    let recipe = |size: [usize; 2]| Recipe {
        size,
        fit: convscope::source::Fit::Cover,
        ..Recipe::choose([224; 2], 3, None, &Default::default())
    };
    for size in [[0, 32], [32, 0], [100_000, 100_000], [usize::MAX, 2]] {
        says(prepare(&photo, &recipe(size), 3, "a.png"), &["a.png: ", "8192 x 8192"]);
    }
    says(
        prepare(&photo, &recipe([1, 60_000]), 3, "a.png"),
        &["a.png: ", "81639x60000 px", "--no-crop"],
    );
    for channels in [0, 2, 4] {
        says(prepare(&photo, &recipe([32, 32]), channels, "a.png"), &["a.png: ", ".npy"]);
    }
    assert!(prepare(&photo, &recipe([1, 1]), 1, "a.png").is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, rng_seed: RngSeed::Fixed(12), ..ProptestConfig::with_cases(300) })]

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        if let Err(error) = Photo::decode(&bytes, "any") {
            says::<(), _>(Err(error), &["any: "]);
        }
    }

    #[test]
    fn any_damage(
        format in 0..FORMATS.len(),
        changes in prop::collection::vec((0..600usize, any::<u8>()), 1..6),
    ) {
        let mut bytes = photo(FORMATS[format]);
        for (at, byte) in changes {
            bytes[at] = byte;
        }
        if let Err(error) = Photo::decode(&bytes, "any") {
            says::<(), _>(Err(error), &["any: "]);
        }
    }
}
