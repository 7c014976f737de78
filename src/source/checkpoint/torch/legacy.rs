//! The bare stream of pickles that PyTorch wrote before 1.6 (and writes with
//! `_use_new_zipfile_serialization=False`): a magic number, a protocol, a dict about the machine,
//! the object, the list of storage keys, and then each storage as an element count and its bytes.

use std::collections::HashMap;

use super::machine::unpickle;
use super::value::{Kind, Object};
use super::{Heap, Storages, Value, Why, shown};

/// LONG1 of ten bytes, the magic number, STOP.
const MAGIC: &[u8] = b"\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19\x2e";
/// The only protocol there ever was.
const PROTOCOL: i64 = 1001;

/// The pickles of a stream, and what follows them.
pub struct Stream<'a> {
    /// The object.
    pub top: Value,
    /// The list of storage keys, in the order of the data.
    keys: Value,
    data: &'a [u8],
}

/// Reads the pickles of a stream.
pub fn read<'a>(bytes: &'a [u8], heap: &mut Heap<'a>) -> Why<Stream<'a>> {
    let mut rest = after_magic(bytes)?;
    let mut next = |heap: &mut Heap<'a>| -> Why<(Value, &'a [u8])> {
        let (value, length) = unpickle(rest, heap)?;
        rest = rest.get(length..).unwrap_or_default();
        Ok((value, rest))
    };
    if next(heap)?.0 != Value::Int(PROTOCOL) {
        return Err("has an unknown PyTorch protocol version: copy or download it again".into());
    }
    let system = next(heap)?.0;
    let order = heap.pairs(system).and_then(|pairs| heap.entry(pairs, "little_endian"));
    if order != Some(Value::Bool(true)) {
        return Err("was written on a big-endian machine: save it again on another".into());
    }
    let (top, _) = next(heap)?;
    let (keys, data) = next(heap)?;
    Ok(Stream { top, keys, data })
}

/// What follows the magic number. Protocols from 4 on put it into a frame.
fn after_magic(bytes: &[u8]) -> Why<&[u8]> {
    let body = bytes.get(2..).unwrap_or_default();
    let framed = body.strip_prefix(b"\x95\x0d\0\0\0\0\0\0\0").unwrap_or(body);
    framed.strip_prefix(MAGIC).ok_or_else(|| {
        if MAGIC.starts_with(framed) {
            return "is cut off after its first bytes: copy or download it again".into();
        }
        "is a pickle, but not one of torch.save: load it in Python and torch.save its state dict"
            .into()
    })
}

impl<'a> Stream<'a> {
    /// The bytes of each storage.
    pub fn storages(&self, heap: &Heap<'a>) -> Why<Storages<'a>> {
        let mut data = self.data;
        let mut kinds: HashMap<&str, Kind> = HashMap::new();
        for object in heap.objects() {
            let Object::Storage(storage) = object else { continue };
            if *kinds.entry(storage.key).or_insert(storage.kind) != storage.kind {
                return Err(format!("storage {} has two types", shown(storage.key)));
            }
        }
        let keys = heap.items(self.keys).ok_or("lacks the list of its storages")?;
        let mut storages = Storages::new();
        for key in keys {
            let key = heap.text(*key).ok_or("has a storage whose key is not text")?;
            let kind = kinds.get(key).ok_or_else(|| {
                format!("storage {} belongs to no tensor, so its size is unknown", shown(key))
            })?;
            let parts = data.split_first_chunk::<8>().and_then(|(count, rest)| {
                let count = usize::try_from(i64::from_le_bytes(*count)).ok()?;
                rest.split_at_checked(count.checked_mul(kind.size())?)
            });
            let (bytes, rest) = parts.ok_or_else(|| {
                format!("storage {} is cut off: copy or download the file again", shown(key))
            })?;
            if storages.insert(key.to_string(), bytes).is_some() {
                return Err(format!("storage {} is there twice", shown(key)));
            }
            data = rest;
        }
        Ok(storages)
    }
}
