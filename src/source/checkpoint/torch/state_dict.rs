//! Where the state dict is in what a training script saved, and which of its entries are tensors.

use super::value::{Name, Object, View};
use super::{Heap, Value, Why, is_counter, shown};

/// Where scripts put it, the first that is there wins.
const KEYS: [&str; 6] = ["state_dict", "model", "model_state_dict", "net", "ema", "state_dict_ema"];

/// Most entries: some ten times those of the deepest ResNet.
const MOST_ENTRIES: usize = 1 << 14;

/// A state dict.
pub struct Found<'h> {
    /// Its names and tensors.
    pub pairs: &'h [(Value, Value)],
    /// The key that it lies below (`ema.state_dict`: two of them), `None` at the top.
    pub key: Option<String>,
}

/// Finds the state dict: below the usual keys, then at the top.
///
/// # Errors
/// When there is none, which for a whole pickled module says how to get one.
pub fn find<'h>(heap: &'h Heap<'_>, top: Value) -> Why<Found<'h>> {
    let pairs = heap.pairs(top).ok_or_else(|| no_dict(heap, top))?;
    let below = |pairs: &'h [(Value, Value)]| {
        let dict = |key: &'static str| {
            let value = heap.entry(pairs, key)?;
            heap.pairs(value).map(|inner| (key, inner))
        };
        KEYS.into_iter().filter_map(dict)
    };
    for (key, inner) in below(pairs) {
        // A script's dict inside its dict, as exponential moving averages often are.
        if let Some((deep, pairs)) = below(inner).find(|(_, pairs)| has_tensors(heap, pairs)) {
            return Ok(Found { pairs, key: Some(format!("{key}.{deep}")) });
        }
        if has_tensors(heap, inner) {
            return Ok(Found { pairs: inner, key: Some(key.into()) });
        }
    }
    if has_tensors(heap, pairs) {
        return Ok(Found { pairs, key: None });
    }
    let opaque = |key: &&str| heap.entry(pairs, key).filter(|value| name(heap, *value).is_some());
    match KEYS.iter().find_map(opaque) {
        Some(value) => Err(no_dict(heap, value)),
        None => Err(nothing(heap, pairs)),
    }
}

fn has_tensors(heap: &Heap<'_>, pairs: &[(Value, Value)]) -> bool {
    pairs.iter().any(|(_, value)| matches!(heap.object(*value), Some(Object::Tensor(_))))
}

fn name<'a>(heap: &Heap<'a>, value: Value) -> Option<Name<'a>> {
    match heap.object(value)? {
        Object::Called(name) | Object::Instance(name) => Some(*name),
        _ => None,
    }
}

/// Why a value is no state dict.
fn no_dict(heap: &Heap<'_>, value: Value) -> String {
    match heap.object(value) {
        Some(Object::Instance(class)) => format!(
            "holds a whole object of {class}, no state dict: if you trust it, save that with \
             torch.save(torch.load(f, weights_only=False).state_dict(), \"F.pth\")"
        ),
        Some(Object::Called(function)) => format!(
            "holds what {function} returns, no state dict, and no code is run: save a state dict"
        ),
        _ => "holds no state dict: save one with torch.save(net.state_dict(), \"F.pth\")".into(),
    }
}

fn nothing(heap: &Heap<'_>, pairs: &[(Value, Value)]) -> String {
    const MOST: usize = 5;
    let names: Vec<_> =
        pairs.iter().filter_map(|(key, _)| heap.text(*key)).take(MOST).map(shown).collect();
    let found = match names.as_slice() {
        [] => "an empty dict".into(),
        names if pairs.len() > names.len() => format!("{}, …", names.join(", ")),
        names => names.join(", "),
    };
    format!("holds no state dict (found: {found}): save one with torch.save(net.state_dict(), …)")
}

/// The tensors of a state dict by name. Values that are no tensors hold no weights and are left out.
///
/// # Errors
/// When a tensor is of a kind that is not understood.
pub fn views<'h, 'a>(
    heap: &'h Heap<'a>,
    pairs: &'h [(Value, Value)],
) -> Why<Vec<(&'a str, &'h View<'a>)>> {
    if pairs.len() > MOST_ENTRIES {
        return Err(format!("has {} entries in its state dict, too many", pairs.len()));
    }
    let mut views = Vec::new();
    for (key, value) in pairs {
        let key = heap.text(*key).unwrap_or("(a key that is no text)");
        match heap.object(*value) {
            _ if is_counter(key) => {}
            Some(Object::Tensor(view)) => views.push((key, view.as_ref())),
            // A tensor that is quantised, sparse or of a class of its own: no weight may be lost.
            Some(Object::Called(function)) if function.name.starts_with("_rebuild_") => {
                return Err(format!(
                    "tensor {} is made by {function}, which is not understood: convert it to a \
                     plain float32 tensor",
                    shown(key)
                ));
            }
            _ => {}
        }
    }
    Ok(views)
}
