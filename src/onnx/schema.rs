// SPDX-License-Identifier: Apache-2.0
//! The messages of an ONNX file: the fields that are read, with their numbers in `onnx.proto` (the ONNX project).

use bytes::Bytes;

/// `ModelProto`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Model {
    #[prost(int64, tag = "1")]
    pub ir_version: i64,
    #[prost(string, tag = "2")]
    pub producer_name: String,
    /// A [`Graph`].
    #[prost(bytes = "bytes", tag = "7")]
    pub graph: Bytes,
    #[prost(message, repeated, tag = "8")]
    pub opset_import: Vec<Opset>,
    #[prost(message, repeated, tag = "14")]
    pub metadata_props: Vec<Pair>,
    #[prost(bytes = "bytes", repeated, tag = "25")]
    pub functions: Vec<Bytes>,
}

/// `OperatorSetIdProto`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Opset {
    #[prost(string, tag = "1")]
    pub domain: String,
    #[prost(int64, tag = "2")]
    pub version: i64,
}

/// `StringStringEntryProto`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Pair {
    /// What it is called.
    #[prost(string, tag = "1")]
    pub key: String,
    /// The text.
    #[prost(string, tag = "2")]
    pub value: String,
}

/// `GraphProto`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Graph {
    /// Each a [`Node`].
    #[prost(bytes = "bytes", repeated, tag = "1")]
    pub nodes: Vec<Bytes>,
    #[prost(string, tag = "2")]
    pub name: String,
    #[prost(message, repeated, tag = "5")]
    pub initializers: Vec<Tensor>,
    #[prost(message, repeated, tag = "11")]
    pub inputs: Vec<ValueInfo>,
    #[prost(message, repeated, tag = "12")]
    pub outputs: Vec<ValueInfo>,
}

/// `NodeProto`: an operation.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Node {
    /// Names of values; an empty one is left out.
    #[prost(string, repeated, tag = "1")]
    pub inputs: Vec<String>,
    /// Names of what it gives.
    #[prost(string, repeated, tag = "2")]
    pub outputs: Vec<String>,
    /// Its name.
    #[prost(string, tag = "3")]
    pub name: String,
    /// The operation: `Conv`.
    #[prost(string, tag = "4")]
    pub op_type: String,
    /// What it is told besides.
    #[prost(message, repeated, tag = "5")]
    pub attributes: Vec<Attribute>,
    /// Whose operation it is; ONNX's own where it is empty.
    #[prost(string, tag = "7")]
    pub domain: String,
    /// Text by name: where the exporter had it from.
    #[prost(message, repeated, tag = "9")]
    pub metadata: Vec<Pair>,
}

/// `AttributeProto`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Attribute {
    /// Its name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// A number.
    #[prost(float, tag = "2")]
    pub float: f32,
    /// A whole number.
    #[prost(int64, tag = "3")]
    pub int: i64,
    /// Text.
    #[prost(bytes = "bytes", tag = "4")]
    pub text: Bytes,
    /// A tensor.
    #[prost(message, optional, tag = "5")]
    pub tensor: Option<Tensor>,
    /// A graph inside.
    #[prost(bytes = "bytes", tag = "6")]
    pub graph: Bytes,
    /// Numbers.
    #[prost(float, repeated, tag = "7")]
    pub floats: Vec<f32>,
    /// Whole numbers.
    #[prost(int64, repeated, tag = "8")]
    pub ints: Vec<i64>,
}

/// `TensorProto`. Numbers stay in the bytes of the file.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Tensor {
    /// Its extents.
    #[prost(int64, repeated, tag = "1")]
    pub dims: Vec<i64>,
    /// The type of its numbers: `TensorProto.DataType`.
    #[prost(int32, tag = "2")]
    pub data_type: i32,
    /// Packed float32.
    #[prost(bytes = "bytes", tag = "4")]
    pub floats: Bytes,
    /// Packed varints.
    #[prost(bytes = "bytes", tag = "5")]
    pub int32s: Bytes,
    /// Packed varints.
    #[prost(bytes = "bytes", tag = "7")]
    pub int64s: Bytes,
    /// Its name.
    #[prost(string, tag = "8")]
    pub name: String,
    /// Its numbers, little-endian.
    #[prost(bytes = "bytes", tag = "9")]
    pub raw: Bytes,
    /// Packed float64.
    #[prost(bytes = "bytes", tag = "10")]
    pub doubles: Bytes,
    /// Where they are, if not here: `location`, `offset`, `length`.
    #[prost(message, repeated, tag = "13")]
    pub external: Vec<Pair>,
    /// 1 if they are elsewhere.
    #[prost(int32, tag = "14")]
    pub location: i32,
}

/// `ValueInfoProto`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ValueInfo {
    #[prost(string, tag = "1")]
    pub name: String,
    #[prost(message, optional, tag = "2")]
    pub kind: Option<Kind>,
}

/// `TypeProto`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Kind {
    #[prost(message, optional, tag = "1")]
    pub tensor: Option<TensorKind>,
}

/// `TypeProto.Tensor`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct TensorKind {
    #[prost(int32, tag = "1")]
    pub element: i32,
    #[prost(message, optional, tag = "2")]
    pub shape: Option<ShapeInfo>,
}

/// `TensorShapeProto`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct ShapeInfo {
    #[prost(message, repeated, tag = "1")]
    pub dims: Vec<Extent>,
}

/// `TensorShapeProto.Dimension`: a number, or a name for one that is unknown.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Extent {
    #[prost(int64, tag = "1")]
    pub value: i64,
}

impl ValueInfo {
    /// Its extents, as far as they are known.
    pub fn extents(self) -> Vec<Option<usize>> {
        let shape = self.kind.and_then(|kind| kind.tensor).and_then(|tensor| tensor.shape);
        let known = |extent: Extent| usize::try_from(extent.value).ok().filter(|value| *value > 0);
        shape.map_or_else(Vec::new, |shape| shape.dims.into_iter().map(known).collect())
    }
}

impl Node {
    fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| attribute.name == name)
    }

    /// Whether it is told this.
    pub fn has(&self, name: &str) -> bool {
        self.attribute(name).is_some()
    }

    /// A whole number.
    pub fn int(&self, name: &str) -> Option<i64> {
        self.attribute(name).map(|attribute| attribute.int)
    }

    /// Whole numbers.
    pub fn ints(&self, name: &str) -> Option<&[i64]> {
        self.attribute(name).map(|attribute| attribute.ints.as_slice())
    }

    /// A number.
    pub fn float(&self, name: &str) -> Option<f64> {
        self.attribute(name).map(|attribute| f64::from(attribute.float))
    }

    /// Text.
    pub fn text(&self, name: &str) -> Option<&str> {
        std::str::from_utf8(&self.attribute(name)?.text).ok()
    }

    /// A tensor.
    pub fn tensor(&self, name: &str) -> Option<&Tensor> {
        self.attribute(name)?.tensor.as_ref()
    }

    /// An input's name, where it is given.
    pub fn input(&self, at: usize) -> Option<&str> {
        self.inputs.get(at).map(String::as_str).filter(|name| !name.is_empty())
    }
}
