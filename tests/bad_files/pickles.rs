//! Pickles and their two containers, byte by byte.

use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// Text as an opcode.
pub fn text(text: &str) -> Vec<u8> {
    [b"X", &(text.len() as u32).to_le_bytes()[..], text.as_bytes()].concat()
}

/// An integer of eight bytes as an opcode.
pub fn int(number: i64) -> Vec<u8> {
    [b"\x8a\x08", &number.to_le_bytes()[..]].concat()
}

/// A tuple of values that are already opcodes.
pub fn tuple(items: &[Vec<u8>]) -> Vec<u8> {
    [b"(", items.concat().as_slice(), b"t"].concat()
}

/// A dict with text as keys.
pub fn dict(pairs: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let items: Vec<u8> =
        pairs.iter().flat_map(|(key, value)| [text(key), value.clone()]).flatten().collect();
    [b"}(", items.as_slice(), b"u"].concat()
}

/// A class or function.
pub fn global(module: &str, name: &str) -> Vec<u8> {
    format!("c{module}\n{name}\n").into_bytes()
}

/// A call.
pub fn call(module: &str, name: &str, arguments: &[Vec<u8>]) -> Vec<u8> {
    [global(module, name), tuple(arguments), b"R".to_vec()].concat()
}

/// The storage `key` of `torch.<class>`.
pub fn storage(class: &str, key: &str) -> Vec<u8> {
    let parts = [text("storage"), global("torch", class), text(key), text("cpu"), int(4)];
    [tuple(&parts), b"Q".to_vec()].concat()
}

/// A tensor in storage `key`, as `torch.save` describes it.
pub fn tensor(class: &str, key: &str, offset: i64, sizes: &[i64], strides: &[i64]) -> Vec<u8> {
    let numbers = |numbers: &[i64]| tuple(&numbers.iter().map(|n| int(*n)).collect::<Vec<_>>());
    let hooks = call("collections", "OrderedDict", &[]);
    call(
        "torch._utils",
        "_rebuild_tensor_v2",
        &[
            storage(class, key),
            int(offset),
            numbers(sizes),
            numbers(strides),
            b"\x89".to_vec(),
            hooks,
        ],
    )
}

/// A whole pickle.
pub fn pickle(value: &[u8]) -> Vec<u8> {
    [b"\x80\x02", value, b"."].concat()
}

/// A zip of stored entries.
pub fn zip_of(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (name, bytes) in entries {
        zip.start_file(*name, stored).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// What `torch.save` writes now, with four float32 values as storage 0.
pub fn archive(value: &[u8]) -> Vec<u8> {
    let pickle = pickle(value);
    zip_of(&[
        ("x/data.pkl", &pickle),
        ("x/byteorder", b"little"),
        ("x/data/0", &values()),
        ("x/version", b"3\n"),
    ])
}

/// What `torch.save` wrote before 1.6, with the same storage.
pub fn stream(value: &[u8]) -> Vec<u8> {
    stream_of(&dict(&[("little_endian", b"\x88".to_vec())]), value, 4)
}

/// The same with another description of the machine and another element count.
pub fn stream_of(system: &[u8], value: &[u8], count: i64) -> Vec<u8> {
    let magic = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.";
    let keys = pickle(&[&b"]"[..], &text("0"), b"a"].concat());
    let parts = [pickle(b"M\xe9\x03"), pickle(system), pickle(value), keys].concat();
    [&magic[..], &parts, &count.to_le_bytes(), &values()].concat()
}

fn values() -> Vec<u8> {
    [1.0f32, 2.0, 3.0, 4.0].iter().flat_map(|value| value.to_le_bytes()).collect()
}
