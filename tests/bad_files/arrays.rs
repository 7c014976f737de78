//! Input tensors in `.npy` files.

use convscope::base::{Array, Shape};
use convscope::source::{Given, is_input_array};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::support::{Bad, bytes_of, says, says_of};

/// A file as `numpy.save` writes it, with these words in its header.
fn npy(descr: &str, fortran: bool, shape: &str, data: &[u8]) -> Vec<u8> {
    let order = if fortran { "True" } else { "False" };
    with_header(
        &format!("{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}"),
        data,
    )
}

fn with_header(header: &str, data: &[u8]) -> Vec<u8> {
    let mut header = header.as_bytes().to_vec();
    header.resize((header.len() + 11).next_multiple_of(64) - 11, b' ');
    header.push(b'\n');
    let mut bytes = b"\x93NUMPY\x01\0".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header);
    bytes.extend(data);
    bytes
}

fn floats(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn refused(bytes: &[u8], words: &[&str]) -> String {
    let bad = Bad::new("input.npy", bytes);
    says_of(&bad.path, Given::read(&bad.path), words)
}

fn read(bytes: &[u8]) -> Array {
    match Given::read(&Bad::new("input.npy", bytes).path).unwrap() {
        Given::Input { input, notes } => {
            let odd = input.data.iter().any(|value| !value.is_finite());
            assert_eq!(notes.len(), usize::from(odd), "{notes:?}");
            input
        }
        Given::Photo(_) => panic!("a photo"),
    }
}

fn photo(bytes: &[u8]) -> (usize, usize, Vec<u8>) {
    match Given::read(&Bad::new("photo.npy", bytes).path).unwrap() {
        Given::Photo(photo) => (photo.height, photo.width, photo.rgb),
        Given::Input { .. } => panic!("an input"),
    }
}

const VALUES: [f32; 12] = [0.5, -1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, f32::NAN];

#[test]
fn a_batch_is_refused() {
    refused(&npy("'<f4'", false, "(2, 3, 1, 2)", &floats(&VALUES)), &["2 inputs"]);
}

#[test]
fn three_and_four_axes_are_read() {
    let single = floats(&VALUES);
    let double: Vec<u8> = VALUES.iter().flat_map(|v| f64::from(*v).to_le_bytes()).collect();
    let big: Vec<u8> = VALUES.iter().flat_map(|value| value.to_be_bytes()).collect();
    let bits = |array: &Array| array.data.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
    for (descr, data) in [("'<f4'", &single), ("'<f8'", &double), ("'>f4'", &big)] {
        for (shape, expected) in [
            ("(3, 2, 2)", Shape::new(1, 3, 2, 2)),
            ("(1, 3, 2, 2)", Shape::new(1, 3, 2, 2)),
            ("(1, 1, 6, 2)", Shape::new(1, 1, 6, 2)),
        ] {
            let array = read(&npy(descr, false, shape, data));
            assert_eq!(array.shape, expected, "{descr} {shape}");
            assert_eq!(bits(&array), VALUES.map(f32::to_bits), "{descr} {shape}");
        }
    }
}

#[test]
fn a_file_that_is_not_there_or_no_array() {
    let bad = Bad::new("x", b"x");
    let missing = bad.folder().join("missing.npy");
    says_of(&missing, Given::read(&missing), &["no such file"]);
    refused(b"", &["is empty"]);
    refused(b"This is text.\n", &["a text file"]);
    refused(b"PK\x03\x04 an .npz", &["ZIP archive"]);
    assert!(!is_input_array(&missing));
    // The content decides, not the name.
    let named = Bad::new("x.bin", &npy("'<f4'", false, "(3, 2, 2)", &floats(&VALUES)));
    assert!(is_input_array(&named.path));
    let picture = Bad::new("x.npy", &bytes_of("photos/rgb_61x83.png"));
    assert!(matches!(Given::read(&picture.path), Ok(Given::Photo(_))));
}

#[test]
fn a_copy_that_stopped() {
    let whole = npy("'<f4'", false, "(3, 2, 2)", &floats(&VALUES));
    for length in [1, 6, 8, 9, 10, 40, whole.len() - 48, whole.len() - 47, whole.len() - 1] {
        refused(&whole[..length], &[]);
    }
    let wide = npy("'<f8'", false, "(3, 2, 2)", &floats(&VALUES));
    refused(&wide, &[]);
}

#[test]
fn every_width_and_order_of_floats_is_read() {
    let values: Vec<f32> = (0..12).map(|i| i as f32 - 3.5).collect();
    let half: Vec<u8> =
        values.iter().flat_map(|v| half::f16::from_f32(*v).to_bits().to_be_bytes()).collect();
    assert_eq!(read(&npy("'>f2'", false, "(3, 2, 2)", &half)).data, values);
    // Fortran order: the first axis changes fastest.
    let mut columns = vec![0.0; 12];
    for (at, value) in values.iter().enumerate() {
        let (c, h, w) = (at / 4, at / 2 % 2, at % 2);
        columns[c + 3 * (h + 2 * w)] = *value;
    }
    for shape in ["(3, 2, 2)", "(1, 3, 2, 2)", "(1L, 3L, 2L, 2L,)"] {
        assert_eq!(read(&npy("'<f4'", true, shape, &floats(&columns))).data, values, "{shape}");
    }
}

#[test]
fn bytes_are_a_photo() {
    let gray = photo(&npy("'|u1'", false, "(2, 3)", &[0, 1, 2, 3, 4, 5]));
    assert_eq!(gray, (2, 3, (0..6).flat_map(|value| [value; 3]).collect()));
    let rgb: Vec<u8> = (0..18).collect();
    assert_eq!(photo(&npy("'|u1'", false, "(2, 3, 3)", &rgb)), (2, 3, rgb.clone()));
    let turned: Vec<u8> = (0..18).map(|at| at % 2 * 9 + at / 2 % 3 * 3 + at / 6).collect();
    assert_eq!(photo(&npy("'|u1'", true, "(2, 3, 3)", &turned)), (2, 3, rgb));
    assert_eq!(photo(&npy("'|u1'", false, "(1, 1, 4)", &[1, 2, 3, 0])), (1, 1, vec![1, 2, 3]));
    refused(&npy("'|u1'", false, "(3, 2, 5)", &[0; 30]), &["channels first", "transpose"]);
    refused(&npy("'|u1'", false, "(12,)", &[0; 12]), &["[H, W, 3]"]);
}

#[test]
fn other_kinds_of_arrays() {
    let data = vec![0; 12 * 16];
    for (descr, word) in [
        ("'<i4'", "int32"),
        ("'<u2'", "uint16"),
        ("'<i8'", "int64"),
        ("'<c8'", "complex"),
        ("'|b1'", "booleans"),
        ("'|O'", "Python objects"),
        ("'<f16'", "float128"),
        ("'<V2'", "bfloat16"),
        ("'<U1'", "\"U\""),
        ("[('a', '<f4')]", "records"),
    ] {
        refused(&npy(descr, false, "(3, 2, 2)", &data), &[word, "float32"]);
    }
    for shape in ["()", "(12,)", "(3, 4)", "(1, 1, 3, 2, 2)"] {
        refused(&npy("'<f4'", false, shape, &data), &["[3, H, W] is needed"]);
    }
}

#[test]
fn a_header_that_lies() {
    let data = floats(&VALUES);
    for shape in [
        "(3, 2, 3)",
        "(3, 100000, 100000)",
        "(3, 4294967296, 4294967296)",
        "(1099511627776, 1099511627776, 1099511627776)",
        "(18446744073709551615, 3, 2)",
        "(99999999999999999999999999, 2, 2)",
        "(3, 0, 2)",
        "(0, 4294967296, 4294967296)",
        "(3, -2, 2)",
        "(3, 2.0, 2)",
        "3",
    ] {
        refused(&npy("'<f4'", false, shape, &data), &[]);
    }
    for header in
        ["", "{", "{}", "[1]", "{'descr': '<f4'}", "\u{1b}[2J", "{'\u{1b}[2J\\x1b[2J': 1}"]
    {
        refused(&with_header(header, &data), &["not a .npy file"]);
    }
    for descr in ["'\u{1b}[2J'", "'<f999999999999999999999'", "'<f4\\n'", "7"] {
        refused(&npy(descr, false, "(3, 2, 2)", &data), &[]);
    }
    // Version 2 has a length of four bytes.
    refused(b"\x93NUMPY\x02\0\xff\xff\xff\xff{'descr': ", &["not a .npy file"]);
    refused(b"\x93NUMPY\x09\0\x01\0{", &["not a .npy file"]);
}

#[test]
fn a_header_that_nests_without_end() {
    for open in ["(", "[", "{1:", "-", "{'descr': [", "{'shape': ("] {
        for length in [54, 60_000] {
            refused(&with_header(&open.repeat(length / open.len()), b""), &[]);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, rng_seed: RngSeed::Fixed(12), ..ProptestConfig::with_cases(200) })]

    #[test]
    fn any_damage(changes in prop::collection::vec((0..128usize, any::<u8>()), 1..6)) {
        let mut bytes = npy("'<f4'", false, "(3, 2, 2)", &floats(&VALUES));
        for (at, byte) in changes {
            bytes[at] = byte;
        }
        let bad = Bad::new("input.npy", &bytes);
        if let Err(error) = Given::read(&bad.path) {
            says::<(), _>(Err(error), &["input.npy: "]);
        }
    }
}
