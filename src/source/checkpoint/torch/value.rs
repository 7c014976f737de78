//! What a pickle describes. Values live in one arena and name each other by number: sharing costs
//! nothing, circles do no harm, and nothing that walks or frees them recurses.

use super::Why;

/// Most bytes that the objects of a file may take. A checkpoint of ResNet-152 with its optimizer
/// takes a tenth.
const BUDGET: usize = 48 << 20;

/// A value: small ones are here, the others in the [`Heap`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// Something that says nothing about tensors: None, floats, bytes, sets, large integers.
    Plain,
    /// A truth value.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// An object in the heap.
    Object(u32),
}

/// An object in the heap.
#[derive(Debug)]
pub enum Object<'a> {
    /// Text.
    Text(&'a str),
    /// A tuple.
    Tuple(Vec<Value>),
    /// A list.
    List(Vec<Value>),
    /// A dict or an ordered dict, as its pairs in their order.
    Dict(Vec<(Value, Value)>),
    /// A class or function.
    Global(Name<'a>),
    /// What a call that is never made would return.
    Called(Name<'a>),
    /// An object of a class that is never made.
    Instance(Name<'a>),
    /// Numbers in a row.
    Storage(Box<Storage<'a>>),
    /// A tensor.
    Tensor(Box<View<'a>>),
}

/// The full name of a class or function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name<'a> {
    /// The module.
    pub module: &'a str,
    /// The name in it.
    pub name: &'a str,
}

impl std::fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&super::shown(&format!("{}.{}", self.module, self.name)))
    }
}

/// A storage, or the part of one that `first` and `length` (in elements) say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Storage<'a> {
    /// Its elements.
    pub kind: Kind,
    /// Its key in the container.
    pub key: &'a str,
    /// The first element.
    pub first: usize,
    /// Elements of the part; `None`: all from the first on.
    pub length: Option<usize>,
}

/// A tensor as a way to walk through a storage; all numbers count elements.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct View<'a> {
    /// Where its elements are.
    pub storage: Storage<'a>,
    /// The element at index 0, 0, …
    pub offset: usize,
    /// Extents.
    pub sizes: Vec<usize>,
    /// Distance of neighbors along each axis.
    pub strides: Vec<usize>,
}

/// What the elements of a storage are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// IEEE single.
    F32,
    /// IEEE double.
    F64,
    /// IEEE half.
    F16,
    /// bfloat16.
    Bf16,
    /// Integers, truth values, complex or quantised numbers, of that many bytes.
    Other(usize),
}

impl Kind {
    /// The elements of `torch.<class>`, as `torch/storage.py` has them.
    pub fn of_class(class: &str) -> Option<Self> {
        Some(match class {
            "FloatStorage" => Self::F32,
            "DoubleStorage" => Self::F64,
            "HalfStorage" => Self::F16,
            "BFloat16Storage" => Self::Bf16,
            "ByteStorage" | "CharStorage" | "BoolStorage" | "UntypedStorage" | "QInt8Storage"
            | "QUInt8Storage" | "QUInt4x2Storage" | "QUInt2x4Storage" => Self::Other(1),
            "ShortStorage" => Self::Other(2),
            "IntStorage" | "QInt32Storage" => Self::Other(4),
            "LongStorage" | "ComplexFloatStorage" => Self::Other(8),
            "ComplexDoubleStorage" => Self::Other(16),
            _ => return None,
        })
    }

    /// Bytes of an element.
    pub fn size(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F64 => 8,
            Self::F16 | Self::Bf16 => 2,
            Self::Other(size) => size,
        }
    }
}

/// All objects of a file, below a bound on their memory.
pub struct Heap<'a> {
    objects: Vec<Object<'a>>,
    left: usize,
}

impl<'a> Heap<'a> {
    /// An empty heap.
    pub fn new() -> Self {
        Self { objects: Vec::new(), left: BUDGET }
    }

    /// Takes memory off the budget, before it is allocated.
    pub fn charge(&mut self, bytes: usize) -> Why<()> {
        self.left = self
            .left
            .checked_sub(bytes)
            .ok_or("describes more objects than a checkpoint needs: save its state dict alone")?;
        Ok(())
    }

    /// A new object.
    pub fn add(&mut self, object: Object<'a>) -> Why<Value> {
        // Twice, because vectors that grow double.
        self.charge(2 * size_of::<Object>() + object.extra())?;
        let id = u32::try_from(self.objects.len()).map_err(|_| "has too many objects")?;
        self.objects.push(object);
        Ok(Value::Object(id))
    }

    /// Adds to a list. What is said about other values is of no use here.
    pub fn append(&mut self, list: Value, items: &[Value]) -> Why<()> {
        self.charge(2 * size_of_val(items))?;
        if let Some(Object::List(found)) = self.object_mut(list) {
            found.extend_from_slice(items);
        }
        Ok(())
    }

    /// Adds keys and values in turn to a dict. What is said about other values is of no use here.
    pub fn set(&mut self, dict: Value, items: &[Value]) -> Why<()> {
        self.charge(2 * size_of_val(items))?;
        let (pairs, odd) = items.as_chunks::<2>();
        if !odd.is_empty() {
            return Err("is a broken pickle: a key without a value".into());
        }
        if let Some(Object::Dict(found)) = self.object_mut(dict) {
            found.extend(pairs.iter().map(|[key, value]| (*key, *value)));
        }
        Ok(())
    }

    /// Every object.
    pub fn objects(&self) -> &[Object<'a>] {
        &self.objects
    }

    /// The object behind a value.
    pub fn object(&self, value: Value) -> Option<&Object<'a>> {
        let Value::Object(id) = value else { return None };
        self.objects.get(id as usize)
    }

    fn object_mut(&mut self, value: Value) -> Option<&mut Object<'a>> {
        let Value::Object(id) = value else { return None };
        self.objects.get_mut(id as usize)
    }

    /// The text that a value is.
    pub fn text(&self, value: Value) -> Option<&'a str> {
        match self.object(value)? {
            Object::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The class or function that a value is.
    pub fn global(&self, value: Value) -> Option<Name<'a>> {
        match self.object(value)? {
            Object::Global(name) => Some(*name),
            _ => None,
        }
    }

    /// The items of a tuple or list.
    pub fn items(&self, value: Value) -> Option<&[Value]> {
        match self.object(value)? {
            Object::Tuple(items) | Object::List(items) => Some(items),
            _ => None,
        }
    }

    /// The pairs of a dict.
    pub fn pairs(&self, value: Value) -> Option<&[(Value, Value)]> {
        match self.object(value)? {
            Object::Dict(pairs) => Some(pairs),
            _ => None,
        }
    }

    /// The value under a key that is text; the last one, as in Python.
    pub fn entry(&self, pairs: &[(Value, Value)], key: &str) -> Option<Value> {
        let found = pairs.iter().rfind(|(name, _)| self.text(*name) == Some(key));
        found.map(|(_, value)| *value)
    }
}

impl Object<'_> {
    /// Bytes outside the arena: a vector starts with four items.
    fn extra(&self) -> usize {
        const ITEM: usize = size_of::<Value>();
        match self {
            Self::Text(_) | Self::Global(_) | Self::Called(_) | Self::Instance(_) => 0,
            Self::Tuple(items) => 16 + ITEM * items.len(),
            Self::List(items) => 16 + ITEM * items.len().max(4),
            Self::Dict(pairs) => 16 + 2 * ITEM * pairs.len().max(4),
            Self::Storage(_) => 16 + size_of::<Storage>(),
            Self::Tensor(view) => 48 + size_of::<View>() + 8 * 2 * view.sizes.len(),
        }
    }
}
