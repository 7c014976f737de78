//! Every tensor of what was saved, under the keys of dicts and the indices of lists and tuples that lead to it; and the
//! tables of names that training scripts keep beside the weights.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashSet};

use candle_core::DType;
use serde_json::Value as Json;

use super::value::{Kind, Object, View};
use super::{Heap, Storages, Value, Why, shown};
use crate::base::EXPORT;
use crate::source::checkpoint::entry::{self, Place};

/// Most tensors: some ten times what the deepest ResNet, its average and its optimizer have.
const MOST_TENSORS: usize = 1 << 15;
/// Most containers inside each other.
const MOST_DEPTH: usize = 16;
/// Longest name with all keys.
const LONGEST_NAME: usize = 1024;
/// Most names of classes in a table.
const MOST_NAMES: usize = 1 << 16;

/// What the pickle of a file holds.
pub struct Flat<'h, 'a> {
    tensors: BTreeMap<String, Tensor<'h, 'a>>,
    /// See [`crate::source::Checkpoint::tables`].
    pub tables: Vec<(String, Json)>,
}

/// A tensor, or why it is not understood.
struct Tensor<'h, 'a> {
    view: Why<&'h View<'a>>,
    /// Bytes of its name that are keys around its state dict.
    key: usize,
}

impl<'h, 'a> Flat<'h, 'a> {
    /// Walks through the object of a file.
    ///
    /// # Errors
    /// When it holds no tensors, which for a whole pickled module says how to get them; when it holds too many.
    pub fn of(heap: &'h Heap<'a>, top: Value) -> Why<Self> {
        let mut walk = Walk {
            heap,
            flat: Self { tensors: BTreeMap::new(), tables: Vec::new() },
            seen: HashSet::new(),
            opaque: None,
        };
        walk.value(top, "", 0)?;
        if walk.flat.tensors.is_empty() {
            return Err(nothing(heap, walk.opaque.unwrap_or(top)));
        }
        Ok(walk.flat)
    }

    /// The tensors as places in the bytes of the file.
    pub fn entries(
        &self,
        file: usize,
        bytes: &[u8],
        storages: &Storages<'_>,
    ) -> BTreeMap<String, entry::Entry> {
        let entry = |tensor: &Tensor<'_, '_>| match &tensor.view {
            Err(why) => entry::Entry { dims: Vec::new(), place: Err(why.clone()), key: tensor.key },
            Ok(view) => entry::Entry {
                dims: view.sizes.clone(),
                place: place(view, file, bytes, storages),
                key: tensor.key,
            },
        };
        self.tensors.iter().map(|(name, tensor)| (name.clone(), entry(tensor))).collect()
    }
}

/// Where the elements of a view are in the bytes of the file.
fn place(view: &View<'_>, file: usize, bytes: &[u8], storages: &Storages<'_>) -> Why<Place> {
    let storage = &view.storage;
    let dtype = match storage.kind {
        Kind::F32 => DType::F32,
        Kind::F64 => DType::F64,
        Kind::F16 => DType::F16,
        Kind::Bf16 => DType::BF16,
        Kind::Other(_) => {
            return Err("holds no floating-point numbers: convert it with .float()".into());
        }
    };
    let outside = || "reaches outside its storage: copy or download the file again".to_string();
    let all = storages
        .get(storage.key)
        .ok_or_else(|| format!("is in storage {}, which is not there", shown(storage.key)))?;
    let part = part(all, storage.kind.size(), storage.first, storage.length).ok_or_else(outside)?;
    // A storage is a part of the file's bytes.
    let start = part.as_ptr().addr().checked_sub(bytes.as_ptr().addr()).ok_or_else(outside)?;
    Ok(Place {
        file,
        bytes: start..start + part.len(),
        dtype,
        offset: view.offset,
        strides: Some(view.strides.clone()),
    })
}

/// The elements of a part of a storage.
fn part(all: &[u8], size: usize, first: usize, length: Option<usize>) -> Option<&[u8]> {
    let rest = all.get(first.checked_mul(size)?..)?;
    match length {
        Some(length) => rest.get(..length.checked_mul(size)?),
        None => Some(rest),
    }
}

struct Walk<'h, 'a> {
    heap: &'h Heap<'a>,
    flat: Flat<'h, 'a>,
    /// Containers that were walked through: a container that stands in two places is found in the first.
    seen: HashSet<u32>,
    /// The first object of a class that is not known.
    opaque: Option<Value>,
}

impl<'h> Walk<'h, '_> {
    /// `path` ends with a dot, unless it is empty.
    fn value(&mut self, value: Value, path: &str, depth: usize) -> Why<()> {
        let Value::Object(id) = value else { return Ok(()) };
        let container = match self.heap.object(value) {
            Some(Object::Dict(_) | Object::List(_) | Object::Tuple(_)) => true,
            Some(Object::Instance(_) | Object::Called(_)) => {
                self.opaque.get_or_insert(value);
                false
            }
            _ => false,
        };
        if !container || depth >= MOST_DEPTH || !self.seen.insert(id) {
            return Ok(());
        }
        let heap = self.heap;
        if let Some(pairs) = heap.pairs(value) {
            if let Some(table) = dict_table(heap, pairs) {
                self.table(path, table);
            }
            // As in Python, the last of several equal keys counts.
            for (key, value) in pairs.iter().rev() {
                if let Some(key) = key_text(heap, *key) {
                    self.item(&key, *value, path, depth)?;
                }
            }
        } else if let Some(items) = heap.items(value) {
            if let Some(table) = list_table(heap, items) {
                self.table(path, table);
            }
            for (i, value) in items.iter().enumerate() {
                self.item(&i.to_string(), *value, path, depth)?;
            }
        }
        Ok(())
    }

    fn item(&mut self, key: &str, value: Value, path: &str, depth: usize) -> Why<()> {
        let view = match self.heap.object(value) {
            Some(Object::Tensor(view)) => Ok(view.as_ref()),
            // A tensor that is quantized, sparse or of a subclass.
            Some(Object::Called(function)) if function.name.starts_with("_rebuild_") => {
                Err(format!(
                    "is made by {function}, which is not understood: convert it to a plain \
                     float32 tensor"
                ))
            }
            Some(_) if path.len() + key.len() < LONGEST_NAME => {
                return self.value(value, &format!("{path}{key}."), depth + 1);
            }
            _ => return Ok(()),
        };
        if self.flat.tensors.len() >= MOST_TENSORS {
            return Err(format!(
                "holds more than {MOST_TENSORS} tensors: save its state dict alone"
            ));
        }
        let name = format!("{path}{key}");
        let tensor = Tensor { view, key: path.len() };
        match self.flat.tensors.entry(name) {
            Entry::Vacant(place) => drop(place.insert(tensor)),
            Entry::Occupied(other) if other.get().key != tensor.key => {
                return Err(format!("holds two tensors of the name {}", shown(other.key())));
            }
            // An earlier value of the same key.
            Entry::Occupied(_) => {}
        }
        Ok(())
    }

    fn table(&mut self, path: &str, table: Json) {
        self.flat.tables.push((path.trim_end_matches('.').to_string(), table));
    }
}

/// A key that can be a part of a name.
fn key_text(heap: &Heap<'_>, key: Value) -> Option<String> {
    match key {
        Value::Int(number) => Some(number.to_string()),
        key => heap.text(key).map(str::to_string),
    }
}

/// A dict from text to numbers or from numbers to text.
fn dict_table(heap: &Heap<'_>, pairs: &[(Value, Value)]) -> Option<Json> {
    if pairs.is_empty() || pairs.len() > MOST_NAMES {
        return None;
    }
    let pair = |(key, value): &(Value, Value)| match (*key, *value) {
        (key, Value::Int(number)) => Some((heap.text(key)?.to_string(), Json::from(number))),
        (Value::Int(number), value) => Some((number.to_string(), Json::from(heap.text(value)?))),
        _ => None,
    };
    pairs.iter().map(pair).collect::<Option<serde_json::Map<_, _>>>().map(Json::Object)
}

/// A list of text.
fn list_table(heap: &Heap<'_>, items: &[Value]) -> Option<Json> {
    if items.is_empty() || items.len() > MOST_NAMES {
        return None;
    }
    items
        .iter()
        .map(|item| heap.text(*item).map(Json::from))
        .collect::<Option<_>>()
        .map(Json::Array)
}

/// Why there are no tensors.
fn nothing(heap: &Heap<'_>, value: Value) -> String {
    match heap.object(value) {
        Some(Object::Instance(class)) => format!(
            "holds a pickled {class} object, whose code is not run: if you trust it, \
             net = torch.load(f, weights_only=False), then {EXPORT}, or of a ResNet \
             torch.save(net.state_dict(), \"F.pth\")"
        ),
        Some(Object::Called(function)) => format!(
            "holds what {function} returns, not a state dict, and no code is run: save a state dict"
        ),
        Some(Object::Dict(pairs)) => {
            const MOST: usize = 5;
            let names = pairs.iter().filter_map(|(key, _)| heap.text(*key));
            let names: Vec<_> = names.take(MOST).map(shown).collect();
            let found = match names.as_slice() {
                [] => "an empty dict".into(),
                names if pairs.len() > names.len() => format!("{}, …", names.join(", ")),
                names => names.join(", "),
            };
            format!(
                "holds no state dict (found: {found}): save one with torch.save(net.state_dict(), …)"
            )
        }
        _ => "holds no state dict: save one with torch.save(net.state_dict(), \"F.pth\")".into(),
    }
}
