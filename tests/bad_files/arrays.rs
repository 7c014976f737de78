//! Input tensors in `.npy` files.

use convscope::base::{Array, Shape};
use convscope::source::read_input;
use proptest::prelude::*;

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
    says_of(&bad.path, read_input(&bad.path), words)
}

fn read(bytes: &[u8]) -> Array {
    read_input(&Bad::new("input.npy", bytes).path).unwrap()
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
    says_of(&missing, read_input(&missing), &["no such file"]);
    refused(b"", &["is empty"]);
    refused(b"This is no array.\n", &["no .npy file"]);
    refused(&bytes_of("photos/rgb_61x83.png"), &["no .npy file"]);
    refused(b"PK\x03\x04 an .npz", &["no .npy file"]);
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
fn other_kinds_of_arrays() {
    let data = floats(&VALUES);
    for descr in ["'<i4'", "'<u4'", "'<c8'", "'<U1'", "[('a', '<f4')]"] {
        refused(&npy(descr, false, "(3, 2, 2)", &data), &[]);
    }
    for descr in ["'|u1'", "'<f2'", "'|O'", "'|b1'", "'<i8'"] {
        refused(&npy(descr, false, "(3, 2, 2)", &[data.as_slice(), &data].concat()), &[]);
    }
    refused(&npy("'<f4'", true, "(3, 2, 2)", &data), &["Fortran", "ascontiguousarray"]);
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
        refused(&with_header(header, &data), &["no .npy file"]);
    }
    for descr in ["'\u{1b}[2J'", "'<f999999999999999999999'", "'<f4\\n'", "7"] {
        refused(&npy(descr, false, "(3, 2, 2)", &data), &[]);
    }
    // Version 2 has a length of four bytes.
    refused(b"\x93NUMPY\x02\0\xff\xff\xff\xff{'descr': ", &["no .npy file"]);
    refused(b"\x93NUMPY\x09\0\x01\0{", &["no .npy file"]);
}

#[test]
fn a_header_that_nests_without_end() {
    for open in ["(", "[", "{1:", "-"] {
        refused(&with_header(&open.repeat(60_000 / open.len()), b""), &["no .npy file"]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn any_damage(changes in prop::collection::vec((0..128usize, any::<u8>()), 1..6)) {
        let mut bytes = npy("'<f4'", false, "(3, 2, 2)", &floats(&VALUES));
        for (at, byte) in changes {
            bytes[at] = byte;
        }
        let bad = Bad::new("input.npy", &bytes);
        if let Err(error) = read_input(&bad.path) {
            says::<(), _>(Err(error), &["input.npy: "]);
        }
    }
}
