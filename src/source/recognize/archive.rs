//! Archives, by the names of their first entries, and folders, by the names of their files.

use std::path::Path;

use super::signatures::{FRAMEWORK, ORIGIN};
use super::{Kind, Known};

/// What begins an entry of a zip.
const LOCAL: &[u8] = b"PK\x03\x04";

/// A zip or a tar.
pub(super) fn recognize(head: &[u8]) -> Option<Known> {
    if head.starts_with(LOCAL) {
        return Some(zip(&entries(head)));
    }
    if head.starts_with(b"PK\x05\x06") {
        return Some(Known::new("an empty ZIP archive", Kind::Other));
    }
    tar(head)
}

/// The names of the entries whose headers are in the head, the first one first.
fn entries(head: &[u8]) -> Vec<&str> {
    let starts = head.windows(LOCAL.len()).enumerate().filter(|(_, bytes)| *bytes == LOCAL);
    let name = |(at, _): (usize, &[u8])| {
        let length = head.get(at + 26..at + 28)?.try_into().ok().map(u16::from_le_bytes)?;
        std::str::from_utf8(head.get(at + 30..at + 30 + usize::from(length))?).ok()
    };
    starts.filter_map(name).collect()
}

/// What a zip is. One that may be PyTorch's is left to its reader, which sees all entries.
fn zip(entries: &[&str]) -> Known {
    let any = |test: fn(&str) -> bool| entries.iter().any(|name| test(name));
    let last = |name: &str| name.rsplit('/').next().unwrap_or_default().to_string();
    let named = |wanted: &[&str]| entries.iter().any(|name| wanted.contains(&last(name).as_str()));
    let exported = |name: &str| {
        name.contains("/data/weights/")
            || name.ends_with("archive_format")
            || name.contains("serialized_exported_program")
            || name.contains("serialized_state_dict")
    };
    if entries.iter().any(|name| exported(name)) {
        return Known::new("a program of torch.export", Kind::Checkpoint);
    }
    if any(is_torchs) {
        return Known::new("a PyTorch checkpoint", Kind::Checkpoint);
    }
    if any(|name| name.ends_with(".npy")) {
        let way = "save one of its arrays as .npy (numpy.save(\"x.npy\", numpy.load(\"FILE\")[\"NAME\"]))";
        return Known::new("an archive of NumPy arrays (.npz)", Kind::Wrapper(way));
    }
    if named(&["model.weights.h5"]) || (named(&["metadata.json"]) && named(&["config.json"])) {
        return Known::new("a Keras model", Kind::OtherNetwork(FRAMEWORK));
    }
    if any(|name| name.contains(".mlpackage/") || name.contains("com.apple.CoreML")) {
        return Known::new("a Core ML model", Kind::OtherNetwork(ORIGIN));
    }
    if named(&["[Content_Types].xml"]) {
        return Known::new("an Office document", Kind::Other);
    }
    let way = "unpack it (unzip FILE) and open what is in it";
    Known::new("a ZIP archive", Kind::Wrapper(way))
}

/// Whether an entry has a name that PyTorch gives. Folders say nothing, so that they pass.
fn is_torchs(name: &str) -> bool {
    let inside = name.split_once('/').map_or(name, |(_, inside)| inside);
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    matches!(
        inside,
        "" | "data/" | "byteorder" | "version" | ".format_version" | ".storage_alignment"
    ) || name.rsplit('/').next() == Some("data.pkl")
        || inside.ends_with("constants.pkl")
        || inside.starts_with(".data/")
        || inside.strip_prefix("data/").is_some_and(number)
        || inside.starts_with("code/")
}

/// A tar, by the checksum of its first header.
fn tar(head: &[u8]) -> Option<Known> {
    let header = head.first_chunk::<512>()?;
    let octal = std::str::from_utf8(header.get(148..156)?).ok()?;
    let stated = u32::from_str_radix(octal.trim_matches(['\0', ' ']), 8).ok()?;
    let sum = header.iter().enumerate().map(|(at, byte)| {
        // The checksum itself counts as blanks.
        u32::from(if (148..156).contains(&at) { b' ' } else { *byte })
    });
    if sum.sum::<u32>() != stated {
        return None;
    }
    let name = header.split(|byte| *byte == 0).next().unwrap_or_default();
    if [&b"sys_info"[..], b"pickle", b"storages", b"tensors"].contains(&name) {
        let way = "save it again in Python: torch.save(torch.load(\"FILE\", weights_only=False), \"F.pth\")";
        return Some(Known::new("a checkpoint of PyTorch 0.1 (tar)", Kind::OtherNetwork(way)));
    }
    let way = "unpack it (tar xf FILE) and open what is in it";
    Some(Known::new("a tar archive", Kind::Wrapper(way)))
}

/// What a folder is, when it holds a network of another framework and no checkpoint that is read.
pub(super) fn folder(path: &Path) -> Option<Known> {
    let names: Vec<String> = std::fs::read_dir(path)
        .ok()?
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().to_lowercase())
        .collect();
    if names.iter().any(|name| crate::source::is_checkpoint(Path::new(name))) {
        return None;
    }
    let holds = |ending: &str| names.iter().any(|name| name.ends_with(ending));
    let (name, way) = if holds("saved_model.pb") {
        ("a TensorFlow SavedModel", FRAMEWORK)
    } else if holds(".ckpt.index") || names.iter().any(|name| name.contains(".data-0")) {
        ("a TensorFlow checkpoint", FRAMEWORK)
    } else if holds("manifest.json") && names.iter().any(|name| name == "data") {
        ("a Core ML package", ORIGIN)
    } else if holds("flax_model.msgpack") {
        ("a Flax model", super::model::FLAX)
    } else if holds(".pdiparams") || holds(".pdparams") {
        ("a PaddlePaddle model", FRAMEWORK)
    } else if holds(".h5") || holds(".keras") {
        ("a folder of a Keras or TensorFlow model", FRAMEWORK)
    } else if holds(".onnx") {
        ("a folder of an ONNX model", super::model::ONNX)
    } else {
        return None;
    };
    Some(Known::new(name, Kind::OtherNetwork(way)))
}
