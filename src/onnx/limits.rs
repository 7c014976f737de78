//! What a file may claim: a message of two bytes becomes a node of many, so that they are counted before they are made.

use bytes::Bytes;
use prost::DecodeError;
use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};

/// Most nodes of a graph, and most tensors: a hundred times what the deepest known network has.
const NODES: usize = 100_000;
/// Most inputs, outputs and attributes of a node.
const PARTS: usize = 10_000;
/// Most bytes of a list of numbers that a node is told.
const LIST: usize = 1 << 20;

/// The fields of a message: number and, of a message or bytes inside, those.
struct Fields(Bytes);

impl Fields {
    fn field(&mut self) -> Result<(u32, Bytes), DecodeError> {
        let (number, kind) = decode_key(&mut self.0)?;
        if kind != WireType::LengthDelimited {
            skip_field(kind, number, &mut self.0, DecodeContext::default())?;
            return Ok((number, Bytes::new()));
        }
        let whole = self.0.clone();
        let length = decode_varint(&mut self.0)?;
        match usize::try_from(length).ok().filter(|length| *length <= self.0.len()) {
            Some(length) => Ok((number, self.0.split_to(length))),
            // A length beyond the end: skipping it says so.
            None => skip_field(kind, number, &mut whole.clone(), DecodeContext::default())
                .map(|()| (number, Bytes::new())),
        }
    }
}

impl Iterator for Fields {
    type Item = Result<(u32, Bytes), DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        (!self.0.is_empty()).then(|| {
            let field = self.field();
            if field.is_err() {
                self.0.clear();
            }
            field
        })
    }
}

/// Checks a whole file.
///
/// # Errors
/// One sentence without the file's name.
pub fn check(file: &Bytes) -> Result<(), String> {
    let broken = |why: DecodeError| {
        format!("is an ONNX model that cannot be read ({why}): copy or download it again")
    };
    let many = |what: &str| Err(format!("is an ONNX model with {what}, which is not read"));
    let (mut graphs, mut others) = (0, 0);
    for field in Fields(file.clone()) {
        let (number, graph) = field.map_err(broken)?;
        if number != 7 {
            others += 1;
            if others > PARTS {
                return many("more than 10000 parts");
            }
            continue;
        }
        graphs += 1;
        if graphs > 1 {
            return many("several graphs");
        }
        let mut counts = [0usize; 16];
        for field in Fields(graph) {
            let (number, part) = field.map_err(broken)?;
            if let Some(count) = counts.get_mut(number as usize) {
                *count += 1;
            }
            let most = |number: usize| counts.get(number).copied().unwrap_or(0);
            if most(1).max(most(5)) > NODES {
                return many("more than 100000 nodes or tensors");
            }
            if most(11).max(most(12)) > NODES {
                return many("more than 100000 inputs or outputs");
            }
            match number {
                1 => node(part).map_err(broken)?,
                5 => tensor(part).map_err(broken)?,
                11 | 12 => value(part).map_err(broken)?,
                _ => None,
            }
            .map_or(Ok(()), many)?;
        }
    }
    if graphs == 0 { many("no graph") } else { Ok(()) }
}

type Checked = Result<Option<&'static str>, DecodeError>;

fn node(node: Bytes) -> Checked {
    let mut parts = 0;
    for field in Fields(node) {
        let (number, part) = field?;
        parts += 1;
        if parts > PARTS {
            return Ok(Some("a node of more than 10000 parts"));
        }
        if number == 5
            && let Some(what) = attribute(part)?
        {
            return Ok(Some(what));
        }
    }
    Ok(None)
}

fn attribute(attribute: Bytes) -> Checked {
    let mut numbers = 0;
    for field in Fields(attribute) {
        let (number, part) = field?;
        numbers += usize::from(matches!(number, 7 | 8)) * part.len().max(1);
        if numbers > LIST {
            return Ok(Some("a node with a list of more than a million numbers"));
        }
        if number == 5
            && let Some(what) = tensor(part)?
        {
            return Ok(Some(what));
        }
    }
    Ok(None)
}

fn tensor(tensor: Bytes) -> Checked {
    let (mut axes, mut parts) = (0, 0);
    for field in Fields(tensor) {
        let (number, part) = field?;
        axes += usize::from(number == 1) * part.len().max(1);
        parts += 1;
        if axes > 100 || parts > PARTS {
            return Ok(Some("a tensor of more than 100 axes or 10000 parts"));
        }
    }
    Ok(None)
}

fn value(value: Bytes) -> Checked {
    Ok((value.len() > LIST).then_some("an input of more than a million bytes"))
}
