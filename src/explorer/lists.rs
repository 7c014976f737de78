//! What the lists over the screen offer besides commands, layers and channels: networks, photos,
//! devices, files to write.

use std::path::{Path, PathBuf};

use super::views::{ViewId, depth};
use super::{Effect, Overlay, Picker, PickerItem, PickerKind, State, say};
use crate::base::{DeviceChoice, bar, columns, pad_end, short_bytes, short_count};
use crate::session::ask::{
    Answer, Entry, Export, ExportWhat, InCache, LaneName, ModelRef, ModelRow, PhotoRef, Request,
    is_checkpoint, request, sample_names,
};

/// Columns of the bar in the row of a network that is on its way.
const BAR: usize = 10;

impl State {
    /// The networks that can be had, where they are known.
    pub(super) fn models(&self) -> &[ModelRow] {
        match self.answers.get(&request::Models.into()) {
            Some(Answer::Models(rows)) => rows,
            _ => &[],
        }
    }

    pub(super) fn entries(&self) -> &[Entry] {
        match self.answers.get(&request::Folder(self.wanted.folder.clone()).into()) {
            Some(Answer::Folder(entries)) => entries,
            _ => &[],
        }
    }
}

/// The networks that can be had.
pub(super) fn models(state: &State) -> Vec<PickerItem> {
    let rows = state.models();
    let widest = |of: fn(&ModelRow) -> String| {
        let catalogued = rows.iter().filter(|row| !matches!(row.model, ModelRef::File(_)));
        catalogued.map(|row| columns(&of(row))).max().unwrap_or(0)
    };
    let widths = MODEL_COLUMNS.map(widest);
    rows.iter().map(|row| model_item(state, row, widths)).collect()
}

/// What is said about a known network, in columns.
const MODEL_COLUMNS: [fn(&ModelRow) -> String; 3] = [
    |row| row.title.clone(),
    |row| row.parameters.map(short_count).unwrap_or_default(),
    |row| row.top1.map(|top1| format!("top-1 {top1:.1} %")).unwrap_or_default(),
];

/// Before a network that is on this machine as a whole.
const HERE: &str = "✓";

fn model_item(state: &State, row: &ModelRow, widths: [usize; 3]) -> PickerItem {
    let note = match &row.model {
        ModelRef::File(path) => match state.answers.get(&request::Summary(path.clone()).into()) {
            Some(Answer::Summary(words)) => words.to_string(),
            _ => "reading …".to_string(),
        },
        ModelRef::Builtin | ModelRef::Hub(_) => {
            let parts = MODEL_COLUMNS.iter().zip(widths);
            let mut words: Vec<String> =
                parts.map(|(of, width)| pad_end(&of(row), width)).collect();
            words.push(row.place.clone());
            words.extend(row.note.clone());
            words.join("  ")
        }
    };
    let side = match (coming(state, &row.model), row.cache) {
        (Some((done, total)), _) => {
            let part = (done as f32 / total.max(1) as f32).min(1.0);
            format!("{} {:>3.0} %", bar(part, BAR), 100.0 * part)
        }
        _ if state.wanted.model == row.model => "open".to_string(),
        (None, InCache::Builtin) => String::new(),
        (None, InCache::File) => short_bytes(row.bytes.unwrap_or(0)),
        (None, InCache::Whole) => row.bytes.map(short_bytes).unwrap_or_default(),
        (None, InCache::Part(bytes)) => match row.bytes {
            Some(all) => format!("{} of {}", short_bytes(bytes), short_bytes(all)),
            None => format!("{} so far", short_bytes(bytes)),
        },
        (None, InCache::Absent) => row.bytes.map(short_bytes).unwrap_or_default(),
    };
    // A file is here, whatever it is.
    let is_fetched = row.cache.is_here() && row.cache != InCache::File;
    let mark = if is_fetched { HERE } else { "" };
    PickerItem { name: row.name.clone(), note, side, mark }
}

/// How much of a network that is on its way has come.
fn coming(state: &State, model: &ModelRef) -> Option<(usize, usize)> {
    let awaited = state.waiting.request == Some(request::Network(model.clone()).into());
    let work = state.waiting.progress.filter(|work| awaited && work.lane == LaneName::Transfer)?;
    Some((work.done, work.total))
}

/// Opens a network of the list, or what was typed.
pub(super) fn choose_model(
    state: &mut State,
    list: Picker,
    item: Option<PickerItem>,
) -> Vec<Effect> {
    let row = item.and_then(|item| state.models().iter().find(|r| r.name == item.name).cloned());
    let (model, here) = match row {
        Some(row) => (row.model, row.cache.is_here()),
        None => match ModelRef::named(list.input.trim(), &state.setup.catalogue, false) {
            Ok(model) => (model, false),
            Err(error) => {
                state.complain(error.to_string());
                state.overlay = Some(Overlay::Picker(list));
                return Vec::new();
            }
        },
    };
    if !here {
        // Its row shows how far it is.
        state.overlay = Some(Overlay::Picker(list));
    }
    open_model(state, model)
}

/// Loads a network; the one on the screen stays until the new one has run.
pub(super) fn open_model(state: &mut State, model: ModelRef) -> Vec<Effect> {
    let request = Request::from(request::Network(model));
    state.wait_for(LaneName::Transfer, request.clone());
    vec![Effect::Cancel, Effect::Transfer(request)]
}

/// The folders and photos of the folder in view, and the photos that ship with the program.
pub(super) fn photos(state: &State) -> Vec<PickerItem> {
    let up = [PickerItem::new("../", "the folder above", "")];
    let entries = state.entries().iter().map(|entry| match entry.folder {
        true => PickerItem::new(&format!("{}/", entry.name), "", ""),
        false => PickerItem::new(&entry.name, "", ""),
    });
    let samples = sample_names().map(|name| PickerItem::new(&name, "comes with convscope", ""));
    up.into_iter().chain(entries).chain(samples).collect()
}

/// The photo of a row of the list.
pub(super) fn photo_of(state: &State, name: &str) -> Option<PhotoRef> {
    if let sample @ PhotoRef::Sample(_) = PhotoRef::named(Path::new(name)) {
        return Some(sample);
    }
    let entry = state.entries().iter().find(|entry| !entry.folder && entry.name == name)?;
    Some(PhotoRef::File(entry.path.clone()))
}

/// Goes to a folder or takes a photo; the others of its folder are then next and previous.
pub(super) fn choose_photo(
    state: &mut State,
    list: Picker,
    item: Option<PickerItem>,
) -> Vec<Effect> {
    let Some(item) = item else {
        let typed = list.input.trim().to_string();
        return if typed.is_empty() { Vec::new() } else { open_path(state, &typed) };
    };
    let folder = match item.name.as_str() {
        "../" => Some(above(&state.wanted.folder)),
        name => {
            let of = |e: &&Entry| e.folder && name.strip_suffix('/') == Some(&e.name);
            state.entries().iter().find(of).map(|entry| entry.path.clone())
        }
    };
    if let Some(folder) = folder {
        state.wanted.folder = folder;
        state.overlay = Some(Overlay::Picker(Picker::new(PickerKind::Photo)));
        return Vec::new();
    }
    let Some(photo) = photo_of(state, &item.name) else { return Vec::new() };
    let all: Vec<PhotoRef> = match &photo {
        PhotoRef::Blank | PhotoRef::Stdin(_) => vec![photo.clone()],
        PhotoRef::Sample(_) => (0..sample_names().count()).map(PhotoRef::Sample).collect(),
        PhotoRef::File(_) => {
            let photos = state.entries().iter().filter(|entry| !entry.folder);
            photos.map(|entry| PhotoRef::File(entry.path.clone())).collect()
        }
    };
    state.wanted.photo = all.iter().position(|p| *p == photo).unwrap_or(0);
    state.waiting.photos = Some(all);
    state.read_photo()
}

fn above(folder: &Path) -> PathBuf {
    match folder.components().next_back() {
        Some(std::path::Component::Normal(_)) => {
            let parent = folder.parent().filter(|p| !p.as_os_str().is_empty());
            parent.unwrap_or(Path::new(".")).to_path_buf()
        }
        Some(std::path::Component::RootDir) => folder.to_path_buf(),
        _ if folder == Path::new(".") => PathBuf::from(".."),
        _ => folder.join(".."),
    }
}

/// Takes a path that was typed or pasted: a photo, or a checkpoint by its ending. Terminals paste files
/// that are dropped on them in quotes, with backslashes, or as an address.
pub(super) fn open_path(state: &mut State, text: &str) -> Vec<Effect> {
    let text = text.trim().trim_matches(['\'', '"']);
    let text = match text.strip_prefix("file://") {
        Some(address) => decoded(address.trim_start_matches("localhost")),
        None => text.replace("\\ ", " "),
    };
    if text.is_empty() || text.contains('\n') {
        state.complain("paste one path at a time");
        return Vec::new();
    }
    let path = PathBuf::from(&text);
    if is_checkpoint(&path) {
        return open_model(state, ModelRef::File(path));
    }
    state.waiting.photos = Some(vec![PhotoRef::named(&path)]);
    state.wanted.photo = 0;
    state.read_photo()
}

/// The path of an address: `%20` is a space.
fn decoded(address: &str) -> String {
    let hex = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let (mut bytes, mut rest) = (Vec::new(), address.as_bytes());
    while let [first, after @ ..] = rest {
        match (first, after.get(..2).and_then(hex)) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Where networks can run.
pub(super) fn devices() -> Vec<PickerItem> {
    let item = |name: &str, note: &str| PickerItem::new(name, note, "");
    vec![
        item("auto", "the GPU with the most free memory, else the CPU"),
        item("cpu", "the processor"),
        item("cuda", "the NVIDIA GPU with the most free memory; cuda:N for one of several"),
        item("metal", "the GPU of a Mac"),
    ]
}

/// Runs networks elsewhere from now on.
pub(super) fn choose_device(state: &mut State, name: &str) -> Vec<Effect> {
    match name.parse::<DeviceChoice>() {
        Ok(choice) => {
            let request = Request::from(request::Device(choice));
            state.wait_for(LaneName::Run, request.clone());
            vec![Effect::Run(request)]
        }
        Err(error) => {
            state.complain(error);
            Vec::new()
        }
    }
}

/// What can be written of the view on the screen.
pub(super) fn exports(state: &State) -> Vec<PickerItem> {
    let item = |name: &str, note: &str| PickerItem::new(name, note, "");
    if state.view == ViewId::Depth {
        return vec![item("csv", "the statistics of all layers as a table")];
    }
    vec![
        item("png", "the picture with a caption"),
        item("plain png", "the picture alone"),
        item("npy", "the values on the screen, float32"),
        item("safetensors", "the whole layer and the input"),
    ]
}

/// Writes a file into the current folder.
pub(super) fn choose_export(state: &mut State, name: &str) {
    let seen = state.view().seen(state);
    let what = match (name, seen) {
        ("png", Some(seen)) => ExportWhat::Picture { seen, caption: say::caption(state) },
        ("plain png", Some(seen)) => ExportWhat::Picture { seen, caption: Vec::new() },
        ("npy", Some(seen)) => ExportWhat::Values(seen),
        ("safetensors", Some(seen)) => ExportWhat::Layer(seen),
        ("csv", None) if state.view == ViewId::Depth => {
            ExportWhat::Text { text: depth::table(state), ending: "csv" }
        }
        _ => {
            let names: Vec<String> = exports(state).into_iter().map(|item| item.name).collect();
            state.complain(format!("this view is saved as one of: {}", names.join(", ")));
            return;
        }
    };
    let stem = PathBuf::from(say::file_stem(state));
    state.waiting.export = Some(Export { what, stem }.into());
}
