//! What calls return, without making them: tensors, ordered dicts and storages are understood, all
//! else stays opaque.

use super::value::{Kind, Name, Object, Storage, View};
use super::{Heap, Value, Why, shown};

/// Most axes of a tensor.
const MOST_AXES: usize = 16;

const BROKEN: &str = "describes a tensor in a way that is not understood: save it again";

/// What `callable(*arguments)` would return.
pub fn call<'a>(heap: &mut Heap<'a>, callable: Value, arguments: Value) -> Why<Value> {
    let Some(name) = heap.global(callable) else {
        return match heap.object(callable) {
            // A method of something opaque, for example: the name that is known is kept.
            Some(Object::Called(name) | Object::Instance(name)) => {
                let name = *name;
                heap.add(Object::Called(name))
            }
            _ => Ok(Value::Plain),
        };
    };
    let first = heap.items(arguments).and_then(|items| items.first().copied());
    match (name.module, name.name) {
        ("torch._utils", "_rebuild_tensor" | "_rebuild_tensor_v2") => tensor(heap, arguments),
        ("torch._utils", "_rebuild_parameter" | "_rebuild_parameter_with_state") => {
            first.ok_or_else(|| BROKEN.into())
        }
        ("torch._tensor", "_rebuild_from_type_v2") => of_type(heap, name, arguments),
        ("collections", "OrderedDict") => ordered_dict(heap, first),
        _ => heap.add(Object::Called(name)),
    }
}

/// What `class.__new__(class, …)` would return.
pub fn instance<'a>(heap: &mut Heap<'a>, class: Value) -> Why<Value> {
    match heap.global(class) {
        Some(Name { module: "collections", name: "OrderedDict" }) => ordered_dict(heap, None),
        Some(name) => heap.add(Object::Instance(name)),
        None => Ok(Value::Plain),
    }
}

/// Python 2 gives the pairs as an argument, Python 3 sets them afterwards.
fn ordered_dict<'a>(heap: &mut Heap<'a>, pairs: Option<Value>) -> Why<Value> {
    let dict = heap.add(Object::Dict(Vec::new()))?;
    let length = pairs.and_then(|pairs| heap.items(pairs)).map_or(0, <[Value]>::len);
    for i in 0..length {
        // One by one, so that each is paid for before there is room for it.
        let pair = pairs.and_then(|pairs| heap.items(*heap.items(pairs)?.get(i)?));
        let Some(&[key, value]) = pair else {
            return Err("is a broken pickle: an ordered dict of no pairs".into());
        };
        heap.set(dict, &[key, value])?;
    }
    Ok(dict)
}

/// `(function, type, arguments, state)`: a plain tensor that carries attributes of its own. A type
/// that may mean something else by its numbers stays opaque.
fn of_type<'a>(heap: &mut Heap<'a>, name: Name<'a>, arguments: Value) -> Why<Value> {
    let &[function, class, inner, ..] = heap.items(arguments).unwrap_or_default() else {
        return Err(BROKEN.into());
    };
    let plain = matches!(
        heap.global(class),
        Some(
            Name { module: "torch", name: "Tensor" }
                | Name { module: "torch.nn.parameter", name: "Parameter" }
        )
    );
    // Not again through this function, which could go on for ever.
    match heap.global(function) {
        Some(Name { module: "torch._utils", name: "_rebuild_tensor" | "_rebuild_tensor_v2" })
            if plain =>
        {
            tensor(heap, inner)
        }
        _ => heap.add(Object::Called(name)),
    }
}

/// `(storage, offset, sizes, strides, …)`.
fn tensor<'a>(heap: &mut Heap<'a>, arguments: Value) -> Why<Value> {
    let &[storage, offset, sizes, strides, ..] = heap.items(arguments).unwrap_or_default() else {
        return Err(BROKEN.into());
    };
    let Some(Object::Storage(storage)) = heap.object(storage) else { return Err(BROKEN.into()) };
    let storage = **storage;
    let numbers = |value: Value| {
        let items = heap.items(value).filter(|items| items.len() <= MOST_AXES)?;
        items.iter().map(|item| count(*item)).collect::<Option<Vec<usize>>>()
    };
    let (Some(offset), Some(sizes), Some(strides)) =
        (count(offset), numbers(sizes), numbers(strides))
    else {
        return Err(BROKEN.into());
    };
    if sizes.len() != strides.len() {
        return Err(BROKEN.into());
    }
    heap.add(Object::Tensor(Box::new(View { storage, offset, sizes, strides })))
}

/// What an id stands for that the pickle leaves to its reader: a storage, `("storage", class, key,
/// device, elements[, view])`, or in old files a module's class with its source code, `("module",
/// class, file, code)`.
pub fn persistent<'a>(heap: &mut Heap<'a>, id: Value) -> Why<Value> {
    let items = heap.items(id).unwrap_or_default();
    match (items.first().and_then(|kind| heap.text(*kind)), items) {
        (Some("module"), [_, class, ..]) => Ok(*class),
        (Some("storage"), [_, class, key, _, _, rest @ ..]) => {
            let storage = storage(heap, *class, *key, rest.first().copied())?;
            heap.add(Object::Storage(Box::new(storage)))
        }
        _ => Err("refers to something outside itself that is not a storage".into()),
    }
}

fn storage<'a>(heap: &Heap<'a>, class: Value, key: Value, view: Option<Value>) -> Why<Storage<'a>> {
    let class = heap.global(class).ok_or(BROKEN)?;
    let ours = matches!(class.module, "torch" | "torch.cuda" | "torch.storage");
    let kind = Kind::of_class(class.name).filter(|_| ours).ok_or_else(|| {
        format!("has a storage of {class}, which is not understood: convert it to float32")
    })?;
    let key = heap.text(key).filter(|key| key.len() <= 256).ok_or(BROKEN)?;
    // Before PyTorch 0.4 a storage could be a part of another: (key, offset, elements).
    match view.and_then(|view| heap.items(view)) {
        None => Ok(Storage { kind, key, first: 0, length: None }),
        Some(&[_, first, length]) => {
            let (first, length) = (count(first).ok_or(BROKEN)?, count(length).ok_or(BROKEN)?);
            Ok(Storage { kind, key, first, length: Some(length) })
        }
        Some(_) => Err(format!("storage {} is a broken part of another", shown(key))),
    }
}

fn count(value: Value) -> Option<usize> {
    match value {
        Value::Int(number) => usize::try_from(number).ok(),
        _ => None,
    }
}
