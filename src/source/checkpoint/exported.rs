//! What `torch.export.save` writes: the text of a program, and its tensors.
//!
//! | | program | tensors |
//! |---|---|---|
//! | today | `ROOT/models/model.json` | `ROOT/data/weights/weight_N`, named by `model_weights_config.json`; constants likewise |
//! | before | `ROOT/models/model.json` | `ROOT/data/weights/model.pt`, as `torch.save` writes it |
//! | first | `serialized_exported_program.json` | `serialized_state_dict.pt`, `serialized_constants.pt` |

use std::collections::{BTreeMap, HashMap};

use candle_core::DType;
use serde::Deserialize;
use serde_json::Value as Json;

use super::entry::{Entry, Place};
use super::{Contents, Why, torch};

/// Most bytes of a program's text.
const LONGEST: usize = 256 << 20;

/// The entries of an archive by their names.
type Entries<'a> = BTreeMap<String, Why<&'a [u8]>>;

/// The name of the program's text among the entries of an archive.
fn program<'e>(entries: &'e Entries<'_>) -> Option<&'e str> {
    let is_one = |name: &&String| {
        name.ends_with("/models/model.json") || name.ends_with("serialized_exported_program.json")
    };
    entries.keys().find(is_one).map(String::as_str)
}

/// What the file holds, if it is a program; `file` is its number.
pub fn read(bytes: &[u8], file: usize) -> Why<Option<Contents>> {
    let entries = torch::entries(bytes)?;
    let Some(name) = program(&entries) else { return Ok(None) };
    let text = entry(&entries, name)?;
    if text.len() > LONGEST {
        return Err(format!("has a program of {} MiB, which is not read", text.len() >> 20));
    }
    let text =
        std::str::from_utf8(text).map_err(|_| "has a program that is not text".to_string())?;
    let root = name.strip_suffix("models/model.json");
    if let Some(order) = root.and_then(|root| entries.get(&format!("{root}byteorder")))
        && order.as_ref().is_ok_and(|order| *order != b"little")
    {
        return Err("was written on a big-endian machine: export it again on another".into());
    }
    let mut tensors = BTreeMap::new();
    match root {
        Some(root) => {
            for kind in ["weights", "constants"] {
                let folder = format!("{root}data/{kind}/");
                let config = format!("{folder}model_{kind}_config.json");
                let whole = format!("{folder}model.pt");
                if entries.contains_key(&config) {
                    listed(bytes, file, &entries, (&folder, &config), &mut tensors)?;
                } else if entries.contains_key(&whole) {
                    tensors.extend(torch::read_part(bytes, entry(&entries, &whole)?, file)?);
                }
            }
        }
        None => {
            let folder = name.strip_suffix("serialized_exported_program.json").unwrap_or_default();
            for part in ["serialized_state_dict.pt", "serialized_constants.pt"] {
                let part = format!("{folder}{part}");
                if entries.contains_key(&part) {
                    tensors.extend(torch::read_part(bytes, entry(&entries, &part)?, file)?);
                }
            }
        }
    }
    let program = Some(text.to_string());
    Ok(Some(Contents { entries: tensors, program, ..Contents::default() }))
}

fn entry<'a>(entries: &Entries<'a>, name: &str) -> Why<&'a [u8]> {
    match entries.get(name) {
        Some(found) => found.clone(),
        None => Err(format!("has no entry {}: copy or download it again", super::shown(name))),
    }
}

#[derive(Deserialize)]
struct Config {
    config: HashMap<String, Payload>,
}

#[derive(Deserialize)]
struct Payload {
    path_name: String,
    #[serde(default)]
    use_pickle: bool,
    #[serde(default)]
    tensor_meta: Option<Meta>,
}

#[derive(Deserialize)]
struct Meta {
    dtype: u64,
    sizes: Vec<Json>,
    #[serde(default)]
    strides: Vec<Json>,
    #[serde(default)]
    storage_offset: Json,
}

/// The tensors that a configuration lists, each with its bytes in an entry.
fn listed(
    bytes: &[u8],
    file: usize,
    entries: &Entries<'_>,
    (folder, config): (&str, &str),
    tensors: &mut BTreeMap<String, Entry>,
) -> Why<()> {
    let text = entry(entries, config)?;
    let broken =
        |why: serde_json::Error| format!("has a list of tensors that cannot be read ({why})");
    let list: Config = serde_json::from_slice(text).map_err(broken)?;
    for (name, payload) in list.config {
        let Some(meta) = payload.tensor_meta else { continue };
        let about = |what: &str| format!("tensor {} {what}", super::shown(&name));
        let whole = |json: &Json| {
            let number = json.as_u64().or_else(|| json.get("as_int")?.as_u64());
            number.and_then(|number| usize::try_from(number).ok())
        };
        let all = |list: &[Json]| list.iter().map(whole).collect::<Option<Vec<usize>>>();
        let dims = all(&meta.sizes).ok_or_else(|| about("has no fixed extents"))?;
        let strides = Some(meta.strides.as_slice()).filter(|strides| !strides.is_empty());
        let strides = strides.map(|strides| all(strides).ok_or_else(|| about("has no strides")));
        let strides = strides.transpose()?;
        if strides.as_ref().is_some_and(|strides| strides.len() != dims.len()) {
            return Err(about("has another number of strides than of axes"));
        }
        let data = entry(entries, &format!("{folder}{}", payload.path_name))?;
        let place = if payload.use_pickle {
            Err("is pickled, which is not read".to_string())
        } else {
            dtype(meta.dtype).map(|dtype| {
                let start = data.as_ptr() as usize - bytes.as_ptr() as usize;
                let offset = whole(&meta.storage_offset).unwrap_or(0);
                Place { file, bytes: start..start + data.len(), dtype, offset, strides }
            })
        };
        let key = tensors.len();
        tensors.insert(name, Entry { dims, place, key });
    }
    Ok(())
}

/// PyTorch's number of a type (`ScalarType` of `torch/_export/serde/schema.py`).
fn dtype(number: u64) -> Why<DType> {
    match number {
        1 => Ok(DType::U8),
        5 => Ok(DType::I64),
        6 => Ok(DType::F16),
        7 => Ok(DType::F32),
        8 => Ok(DType::F64),
        13 => Ok(DType::BF16),
        _ => Err("has numbers of a type that is not read".into()),
    }
}
