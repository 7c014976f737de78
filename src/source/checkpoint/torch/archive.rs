//! The zip container: `NAME/data.pkl`, `NAME/data/KEY` for each storage, `NAME/byteorder`.
//!
//! Entries are stored, so that a storage is a slice of the file. Checksums are not compared, as
//! PyTorch does not either (`torch.serialization.set_crc32_options` may have left them out).

use std::collections::{BTreeMap, HashMap};
use std::io::Cursor;

use zip::CompressionMethod;
use zip::read::{ArchiveOffset, Config, ZipFileEntry};
// The stable `ZipArchive` allocates for every entry that a header claims, and lets the last of
// several entries of one name win.
use zip::unstable::read::ZipIterable;

use super::machine::unpickle;
use super::{Heap, Storages, Value, Why, shown};

/// How a zip starts whose first entry is a file.
pub const START: &[u8] = b"PK\x03\x04";

/// Most entries: some ten times what the deepest ResNet and its optimizer need.
const MOST_ENTRIES: usize = 1 << 16;
/// Longest name of an entry.
const LONGEST_NAME: usize = 512;

/// The bytes of each entry by its name, or why they cannot be read.
pub type Entries<'a> = BTreeMap<String, Why<&'a [u8]>>;

/// The object of the archive's pickle, and its storages.
pub fn read<'a>(bytes: &'a [u8], heap: &mut Heap<'a>) -> Why<(Value, Storages<'a>)> {
    let entries = entries(bytes)?;
    let roots = entries.keys().filter_map(|name| name.strip_suffix("data.pkl"));
    let mut pickles = roots.filter(|root| root.is_empty() || root.ends_with('/'));
    let root = match (pickles.next(), pickles.next()) {
        (Some(root), None) => root,
        _ => return Err("is a zip, but not one that torch.save writes".into()),
    };
    let code = format!("{root}code/");
    let constants = format!("{root}constants.pkl");
    // Its code is compressed: said first, that would lead nowhere.
    if entries.keys().any(|name| *name == constants || name.starts_with(&code)) {
        return Err("is a TorchScript program, not a state dict: if you trust it, save its state dict with \
                    torch.save(torch.jit.load(f).state_dict(), \"F.pth\")"
            .into());
    }
    let entries: HashMap<&str, &'a [u8]> = entries
        .iter()
        .map(|(name, data)| Ok((name.as_str(), data.clone()?)))
        .collect::<Why<_>>()?;
    let inside = |name: &str| entries.get(format!("{root}{name}").as_str()).copied();
    if inside("byteorder").is_some_and(|order| order != b"little") {
        return Err("was written on a big-endian machine: save it again on another".into());
    }
    let pickle = inside("data.pkl").unwrap_or_default();
    let (top, _) = unpickle(pickle, heap)?;
    let place = format!("{root}data/");
    let storage = |(name, data): (&&str, &&'a [u8])| {
        name.strip_prefix(&place).map(|key| (key.to_string(), *data))
    };
    Ok((top, entries.iter().filter_map(storage).collect()))
}

/// Every entry by its name.
pub fn entries(bytes: &[u8]) -> Why<Entries<'_>> {
    let broken =
        |e: zip::result::ZipError| format!("is not a whole zip ({e}): copy or download it again");
    // Not searched for: an archive inside an entry would be taken for it.
    let config = Config { archive_offset: ArchiveOffset::Known(0) };
    let mut archive = ZipIterable::try_new(Cursor::new(bytes), config).map_err(broken)?;
    if archive.len() > MOST_ENTRIES {
        return Err(format!("has {} entries, at most {MOST_ENTRIES} are read", archive.len()));
    }
    let mut entries = Entries::new();
    for entry in archive.files().map_err(broken)? {
        let entry = entry.map_err(broken)?;
        let name = entry.name().map_err(broken)?.into_owned();
        if name.len() > LONGEST_NAME || name.starts_with('/') || name.split('/').any(|p| p == "..")
        {
            return Err(format!("has an entry with the name {}, which is refused", shown(&name)));
        }
        let data = stored(bytes, &entry).map_err(|why| format!("entry {} {why}", shown(&name)));
        if entries.contains_key(&name) {
            return Err(format!("has two entries with the name {}", shown(&name)));
        }
        entries.insert(name, data);
    }
    Ok(entries)
}

/// The bytes of an entry.
fn stored<'a>(bytes: &'a [u8], entry: &ZipFileEntry<'_>) -> Why<&'a [u8]> {
    if entry.encrypted() || entry.compression() != CompressionMethod::Stored {
        return Err("is compressed or encrypted, which torch.save never does: load the file in \
                    PyTorch and save it again"
            .into());
    }
    if entry.size() != entry.compressed_size() {
        return Err("has two sizes: copy or download the file again".into());
    }
    // The local header: a signature, 22 bytes, then the lengths of the name and of the extra field.
    let header = usize::try_from(entry.header_start()).ok().and_then(|start| bytes.get(start..));
    let start = header.and_then(|header| {
        let fixed = header.first_chunk::<30>().filter(|fixed| fixed.starts_with(START))?;
        let length = |at: usize| usize::from(u16::from_le_bytes([fixed[at], fixed[at + 1]]));
        header.get(30 + length(26) + length(28)..)
    });
    let length = usize::try_from(entry.size()).ok();
    let data = start.and_then(|rest| rest.get(..length?));
    data.ok_or_else(|| "is not where the archive says: copy or download the file again".into())
}
