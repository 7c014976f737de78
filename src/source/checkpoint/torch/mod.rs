//! What `torch.save` writes: a zip, or (before PyTorch 1.6) a stream of pickles.
//!
//! The unpickler is our own, so that it is bounded and runs nothing: a callable that is not one of
//! the few that rebuild tensors becomes an opaque value that carries its name.
//!
//! ```text
//! archive, legacy     the two containers: a pickle, and the bytes of its storages
//! opcode, machine     the pickle machine
//! call                what the few known callables return
//! value               what a pickle describes
//! flatten             every tensor of what was saved, by where it is kept; tables of names beside them
//! ```
//!
//! Format: `torch/serialization.py`, `torch/_utils.py`, Python's `pickletools.py`.

mod archive;
mod call;
mod flatten;
mod legacy;
mod machine;
mod opcode;
mod value;

use std::collections::{BTreeMap, HashMap};

use super::entry::Entry;
use super::{Contents, Why, shown};
pub use archive::{START as ZIP, entries};
use flatten::Flat;
use value::{Heap, Value};

/// The bytes of each storage by its key.
type Storages<'a> = HashMap<String, &'a [u8]>;

/// Whether these bytes are a zip or start as a pickle of a protocol that `torch.save` can write.
pub fn is_one(bytes: &[u8]) -> bool {
    bytes.starts_with(archive::START) || matches!(bytes, [opcode::PROTO, 2..=5, ..])
}

/// What a PyTorch file holds; `file` is its number.
pub fn read(bytes: &[u8], file: usize) -> Why<Contents> {
    let mut heap = Heap::new();
    // What says that there are no weights matters more than what is wrong with the storages.
    let (flat, storages) = if bytes.starts_with(archive::START) {
        let (top, storages) = archive::read(bytes, &mut heap)?;
        (Flat::of(&heap, top)?, storages)
    } else {
        let stream = legacy::read(bytes, &mut heap)?;
        (Flat::of(&heap, stream.top)?, stream.storages(&heap)?)
    };
    let entries = flat.entries(file, bytes, &storages);
    Ok(Contents { entries, tables: flat.tables, ..Contents::default() })
}

/// The tensors of an archive that is an entry of another file, whose number is `file`.
pub fn read_part(bytes: &[u8], part: &[u8], file: usize) -> Why<BTreeMap<String, Entry>> {
    let mut heap = Heap::new();
    let (top, storages) = archive::read(part, &mut heap)?;
    Ok(Flat::of(&heap, top)?.entries(file, bytes, &storages))
}
