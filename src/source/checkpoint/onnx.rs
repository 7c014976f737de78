//! The tensors of an ONNX file: in it, or in files beside it.

use std::collections::BTreeMap;
use std::path::{Component, Path};
use std::sync::Arc;

use bytes::Bytes;
use candle_core::DType;

use super::entry::{Entry, Place};
use super::{Contents, LIMIT, Why, shown};
use crate::onnx::{Element, Kept, Model, Tensor};
use crate::source::error::read_file;

/// Whether these bytes begin as an ONNX file does: with the version of its format. A safetensors file may begin so too,
/// with the length of its header.
pub fn is_one(bytes: &[u8]) -> bool {
    let header = bytes.get(8) == Some(&b'{') && bytes.get(4..8) == Some(&[0; 4]);
    matches!(bytes, [0x08, 1..=64, ..]) && !header
}

/// What the file holds, and the files beside it that it names; those only where its folder is known.
pub fn read(file: &Bytes, folder: Option<&Path>) -> Why<(Contents, Vec<Bytes>)> {
    let model = Model::read(file)?;
    let mut entries = BTreeMap::new();
    let (mut beside, mut known) = (Vec::new(), BTreeMap::new());
    for tensor in &model.initializers {
        let about = |what: &str| format!("tensor {} {what}", shown(&tensor.name));
        let dims = tensor.extents().ok_or_else(|| about("has extents that no tensor has"))?;
        // Whole numbers in this file are read where they are needed.
        let beside_whole = matches!(tensor.kept(), Kept::Beside { .. })
            && tensor.element() == Some(Element::Whole(8, true));
        let dtype = if beside_whole { Ok(DType::I64) } else { dtype(tensor) };
        let place = match (tensor.kept(), dtype) {
            (_, Err(why)) => Err(why),
            (Kept::Here(bytes), Ok(dtype)) => {
                let start = bytes.as_ptr() as usize - file.as_ptr() as usize;
                let bytes = start..start + bytes.len();
                Ok(Place { file: 0, bytes, dtype, offset: 0, strides: None })
            }
            (Kept::Listed, Ok(_)) if dims.contains(&0) => Err("is empty".to_string()),
            (Kept::Listed, Ok(_)) => Err("lists its numbers one by one, which is not read".into()),
            (Kept::Beside { file: name, offset, length }, Ok(dtype)) => {
                let number = match known.get(&name) {
                    Some(number) => *number,
                    None => {
                        beside.push(neighbor(folder, &name)?);
                        let number = beside.len();
                        known.insert(name.clone(), number);
                        number
                    }
                };
                let there = beside.get(number - 1).map_or(0, Bytes::len);
                let count = dims.iter().product::<usize>().checked_mul(dtype.size_in_bytes());
                let end = offset.checked_add(length.or(count).unwrap_or(usize::MAX));
                let Some(end) = end.filter(|end| *end <= there) else {
                    return Err(about(&format!("reaches outside {}", shown(&name))));
                };
                let bytes = offset..end;
                Ok(Place { file: number, bytes, dtype, offset: 0, strides: None })
            }
        };
        let key = entries.len();
        entries.insert(tensor.name.clone(), Entry { dims, place, key });
    }
    let metadata = model.metadata.clone().into_iter().collect();
    let onnx = Some(Arc::new(model));
    Ok((Contents { entries, metadata, onnx, ..Contents::default() }, beside))
}

/// The bytes of a file of the same folder, or of one inside it.
fn neighbor(folder: Option<&Path>, name: &str) -> Why<Bytes> {
    let file = shown(name);
    let Some(folder) = folder else {
        return Err(format!(
            "has weights in {file}: open it by its path, in the folder of that file"
        ));
    };
    let inside = Path::new(name);
    let plain = inside.components().all(|part| matches!(part, Component::Normal(_)));
    if name.is_empty() || !plain {
        return Err(format!("has weights in {file}, which is outside its folder: it is not read"));
    }
    let mut path = folder.to_path_buf();
    for part in inside.components() {
        path.push(part);
        if path.symlink_metadata().is_ok_and(|about| about.is_symlink()) {
            return Err(format!("has weights in {file}, which is a link: it is not followed"));
        }
    }
    if !path.is_file() {
        return Err(format!("has weights in {file}, which is missing: copy it beside the model"));
    }
    read_file(&path, LIMIT, "weights").map(Bytes::from).map_err(|why| why.to_string())
}

fn dtype(tensor: &Tensor) -> Why<DType> {
    match tensor.element() {
        Some(Element::Float32) => Ok(DType::F32),
        Some(Element::Float64) => Ok(DType::F64),
        Some(Element::Float16) => Ok(DType::F16),
        Some(Element::BFloat16) => Ok(DType::BF16),
        Some(Element::Whole(..) | Element::Boolean) => Err("holds whole numbers".into()),
        None => Err("has numbers of a type that is not read".into()),
    }
}
