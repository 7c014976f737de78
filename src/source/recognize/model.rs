//! Networks whose files have no one magic number: safetensors, pickles, HDF5, protocol buffers, MessagePack.

use super::signatures::{FRAMEWORK, ORIGIN};
use super::{Kind, Known};

pub(super) const ONNX: &str = "unpack it and open the .onnx file in it";
pub(super) const FLAX: &str = "load it in PyTorch and save that: from_pretrained(\"FOLDER\", from_flax=True).save_pretrained(\"NEW\")";
const PICKLED: &str = "load it in Python and torch.save its state dict";

/// Longest header of a safetensors file.
const LONGEST_HEADER: u64 = 100_000_000;

/// Whether these bytes begin as a safetensors file, whole or cut off: a length, and an object of JSON.
pub(super) fn is_safetensors(head: &[u8]) -> bool {
    let Some((length, header)) = head.split_first_chunk::<8>() else { return false };
    let opens = matches!(header, [b'{', b'"' | b'}' | b' ' | b'\n' | b'\r' | b'\t', ..]);
    opens && (2..=LONGEST_HEADER).contains(&u64::from_le_bytes(*length))
}

/// A network of a format without a magic number.
pub(super) fn recognize(head: &[u8], length: u64) -> Option<Known> {
    pickle(head)
        .or_else(|| hdf5(head))
        .or_else(|| protocol_buffer(head, length))
        .or_else(|| message_pack(head))
}

fn contains(head: &[u8], word: &[u8]) -> bool {
    head.windows(word.len()).any(|bytes| bytes == word)
}

/// LONG1 of ten bytes, the number that `torch.save` wrote before 1.6, STOP.
const TORCH: &[u8] = b"\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19\x2e";

fn pickle(head: &[u8]) -> Option<Known> {
    if let [0x80, 2..=5, body @ ..] = head {
        let body = body.strip_prefix(b"\x95\x0d\0\0\0\0\0\0\0").unwrap_or(body);
        if body.starts_with(TORCH) || TORCH.starts_with(body) {
            return Some(Known::new("a PyTorch checkpoint", Kind::Checkpoint));
        }
    } else if !is_old_pickle(head) {
        return None;
    }
    let (name, way) = if contains(head, b"joblib.numpy_pickle") {
        ("a pickle of joblib", PICKLED)
    } else if contains(head, b"sklearn.") {
        ("a pickle of scikit-learn", FRAMEWORK)
    } else if contains(head, b"StructuredToParameterName@@") {
        ("the parameters of a PaddlePaddle model", FRAMEWORK)
    } else if contains(head, b"_rebuild_tensor") || contains(head, b"_load_from_bytes") {
        let way =
            "save it again in Python: torch.save(pickle.load(open(\"FILE\", \"rb\")), \"F.pth\")";
        ("a pickle of PyTorch's tensors, but not one of torch.save", way)
    } else if contains(head, b"numpy") {
        ("a pickle of NumPy's arrays, but not one of torch.save", PICKLED)
    } else {
        ("a pickle, but not one of torch.save", PICKLED)
    };
    Some(Known::new(name, Kind::OtherNetwork(way)))
}

/// Whether these bytes begin as pickles of the protocols 0 and 1, which have no opcode that says so.
fn is_old_pickle(head: &[u8]) -> bool {
    const STARTS: [&[u8]; 6] = [b"(dp0\n", b"(lp0\n", b"(dp1\n", b"(lp1\n", b"}q\0", b"]q\0"];
    let class = || {
        // The opcodes GLOBAL and INST, then two lines: a module and a name in it.
        let rest = head.strip_prefix(b"c").or_else(|| head.strip_prefix(b"(i"))?;
        let mut lines = rest.split(|byte| *byte == b'\n');
        let (module, name) = (lines.next()?, lines.next()?);
        let is_name = |text: &[u8]| {
            let letter = |byte: &u8| byte.is_ascii_alphanumeric() || b"_.".contains(byte);
            !text.is_empty() && text.iter().all(letter)
        };
        // After the two lines comes an opcode that no word begins with.
        let next = lines.next()?.first()?;
        Some(is_name(module) && is_name(name) && b"(p)q".contains(next))
    };
    STARTS.iter().any(|start| head.starts_with(start)) || class() == Some(true)
}

fn hdf5(head: &[u8]) -> Option<Known> {
    const MAGIC: &[u8] = b"\x89HDF\r\n\x1a\n";
    let starts = |at: &usize| head.get(*at..).is_some_and(|rest| rest.starts_with(MAGIC));
    [0, 512, 1024, 2048].iter().find(|at| starts(at))?;
    let keras = [&b"keras_version"[..], b"model_weights", b"layer_names", b"model_config"];
    let name = if keras.iter().any(|word| contains(head, word)) {
        "a Keras model (HDF5)"
    } else {
        "an HDF5 file"
    };
    Some(Known::new(name, Kind::OtherNetwork(FRAMEWORK)))
}

/// A field of a protocol buffer.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Field<'a> {
    Number(u64),
    /// The bytes that are there, and how many the field has.
    Bytes(&'a [u8], u64),
}

/// The first field of a message: its number, its value, and what follows it.
fn field(bytes: &[u8]) -> Option<(u64, Field<'_>, &[u8])> {
    let (tag, rest) = number(bytes)?;
    let (value, rest) = number(rest)?;
    match tag & 7 {
        0 => Some((tag >> 3, Field::Number(value), rest)),
        2 => {
            let there = usize::try_from(value).unwrap_or(usize::MAX).min(rest.len());
            let (inside, after) = rest.split_at(there);
            Some((tag >> 3, Field::Bytes(inside, value), after))
        }
        _ => None,
    }
}

/// A number in groups of seven bits, and what follows it.
fn number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0;
    for (at, byte) in bytes.iter().take(9).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Some((value, &bytes[at + 1..]));
        }
    }
    None
}

/// The first field of a message, if it is a message or text with this number.
fn nested(bytes: &[u8], wanted: u64) -> Option<&[u8]> {
    match field(bytes)? {
        (found, Field::Bytes(inside, length), _) if found == wanted && length > 0 => Some(inside),
        _ => None,
    }
}

fn is_word(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ')
}

/// Networks that are one message: they differ in the numbers and kinds of their first fields.
fn protocol_buffer(head: &[u8], length: u64) -> Option<Known> {
    let network = |name, way| Some(Known::new(name, Kind::OtherNetwork(way)));
    match field(head)? {
        // ONNX: the version of its format, a producer, its version, the graph as field 7.
        (1, Field::Number(1..=64), rest) => {
            if is_onnx(rest, length) {
                return Some(Known::new("an ONNX model", Kind::Checkpoint));
            }
            let second = nested(rest, 2)?;
            let first = nested(second, 1)?;
            match field(first)? {
                // Core ML: a description, whose first input has a name.
                (1, Field::Bytes(name, _), _) if is_word(name) => {
                    network("a Core ML model", ORIGIN)
                }
                // SavedModel: a graph, about which is said which operations it uses and who wrote it.
                (2..=7, Field::Bytes(..), _) => network("a TensorFlow SavedModel", FRAMEWORK),
                _ => None,
            }
        }
        (1, Field::Bytes(first, size), rest) if size <= length => {
            // PaddlePaddle: a block with its number and its parent's.
            if matches!(field(first), Some((1, Field::Number(0), after)) if matches!(field(after), Some((2, Field::Number(_), _)))
                || after.starts_with(b"\x10\xff"))
            {
                return network("a PaddlePaddle model", FRAMEWORK);
            }
            // A graph of TensorFlow: nodes with a name and an operation.
            if let Some((1, Field::Bytes(name, _), after)) = field(first)
                && is_word(name)
                && nested(after, 2).is_some_and(is_word)
            {
                return network("a graph of TensorFlow", FRAMEWORK);
            }
            // Caffe: a name, then layers (field 100, in old files 2) with a name and a type.
            let (layers, layer) = match field(rest)? {
                (number @ (2 | 100), Field::Bytes(layer, _), _) => (number, layer),
                _ => return None,
            };
            let named = nested(layer, 1).is_some_and(is_word) || layers == 2;
            (is_word(first) && named)
                .then(|| Known::new("a Caffe model", Kind::OtherNetwork(FRAMEWORK)))
        }
        _ => None,
    }
}

/// What follows the version in an ONNX model: the producer's name and version, a domain, a number, a text, and then the
/// graph. Any may be absent but the graph.
fn is_onnx(mut rest: &[u8], length: u64) -> bool {
    let mut last = 1;
    while let Some((found, value, after)) = field(rest) {
        if found <= last && found != 8 {
            return false;
        }
        match (found, value) {
            (2..=4, Field::Bytes(text, size))
                if size < 256 && (text.is_empty() || is_word(text)) => {}
            (5, Field::Number(_)) | (8, Field::Bytes(..)) => {}
            (6, Field::Bytes(text, _)) if std::str::from_utf8(text).is_ok() => {}
            // Nodes come first in a graph, or its name where it has none.
            (7, Field::Bytes(graph, size)) => {
                return size <= length && matches!(graph, [0x0a | 0x12, ..]);
            }
            _ => return false,
        }
        (last, rest) = (found, after);
    }
    false
}

/// Flax writes a map of maps, whose keys are words, down to arrays (an extension type).
fn message_pack(head: &[u8]) -> Option<Known> {
    let mut rest = match head {
        [0x81..=0x8f, rest @ ..] | [0xde, _, _, rest @ ..] => rest,
        _ => return None,
    };
    for depth in 0.. {
        let (length, after) = match rest {
            [first @ 0xa1..=0xbf, after @ ..] => (usize::from(first & 0x1f), after),
            [0xd9, length, after @ ..] => (usize::from(*length), after),
            _ => return None,
        };
        let (key, after) = after.split_at_checked(length)?;
        if !is_word(key) {
            return None;
        }
        match after {
            [0x81..=0x8f, after @ ..] | [0xde, _, _, after @ ..] => rest = after,
            [0xc7..=0xc9, ..] if depth > 0 => {
                return Some(Known::new("a Flax model (MessagePack)", Kind::OtherNetwork(FLAX)));
            }
            _ => return None,
        }
    }
    None
}
