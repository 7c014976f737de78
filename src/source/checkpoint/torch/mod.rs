//! What `torch.save` writes: a zip, or (before PyTorch 1.6) a stream of pickles.
//!
//! The unpickler is our own, so that it is bounded and runs nothing: a callable that is not one of
//! the few that rebuild tensors becomes an opaque value that carries its name, and only a state dict
//! that is itself such a value is refused.
//!
//! ```text
//! archive, legacy     the two containers: a pickle, and the bytes of its storages
//! opcode, machine     the pickle machine
//! call                what the few known callables return
//! value               what a pickle describes
//! state_dict          where the state dict is, and which of its entries are tensors
//! tensor              from a storage, an offset and strides to a tensor
//! ```
//!
//! Format: `torch/serialization.py`, `torch/_utils.py`, Python's `pickletools.py`.

mod archive;
mod call;
mod legacy;
mod machine;
mod opcode;
mod state_dict;
mod tensor;
mod value;

use std::collections::HashMap;

use super::{Contents, Why, is_counter, shown};
use value::{Heap, Value};

/// The bytes of each storage by its key.
type Storages<'a> = HashMap<String, &'a [u8]>;

/// Whether these bytes are a zip or start as a pickle of a protocol that `torch.save` can write.
pub fn is_one(bytes: &[u8]) -> bool {
    bytes.starts_with(archive::START) || matches!(bytes, [opcode::PROTO, 2..=5, ..])
}

/// The tensors of the state dict of a PyTorch file.
pub fn read(bytes: &[u8]) -> Why<Contents> {
    let mut heap = Heap::new();
    if bytes.starts_with(archive::START) {
        let (top, storages) = archive::read(bytes, &mut heap)?;
        contents(&heap, top, |_| Ok(storages), bytes.len())
    } else {
        let stream = legacy::read(bytes, &mut heap)?;
        contents(&heap, stream.top, |heap| stream.storages(heap), bytes.len())
    }
}

/// Looks for the state dict before the storages: what says that there is none matters more than
/// what is wrong with them.
fn contents<'a>(
    heap: &Heap<'a>,
    top: Value,
    storages: impl FnOnce(&Heap<'a>) -> Why<Storages<'a>>,
    file_length: usize,
) -> Why<Contents> {
    let found = state_dict::find(heap, top)?;
    let views = state_dict::views(heap, found.pairs)?;
    let tensors = tensor::build(views, &storages(heap)?, file_length)?;
    let key = found.key.map(|key| ("state_dict_key".to_string(), key));
    Ok(Contents { tensors, metadata: key.into_iter().collect() })
}
