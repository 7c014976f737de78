//! What there is to choose from, and where it is.

use std::collections::HashSet;
use std::fs;

use convscope::base::DeviceChoice;
use convscope::picture::Blocks;
use convscope::session::ask::{InCache, ModelRef, PhotoRef, request};

use crate::Desk;

#[test]
fn networks_are_builtin_the_catalogue_and_no_name_twice() {
    let desk = Desk::builtin();
    let rows = desk.know(&request::Models);
    assert_eq!((rows[0].model.clone(), rows[0].cache), (ModelRef::Builtin, InCache::Builtin));
    let names: HashSet<&str> = rows.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(names.len(), rows.len());
    for name in ["resnet18", "resnet34", "resnet50", "resnet101", "resnet152"] {
        let row = rows.iter().find(|row| row.name == name).expect(name);
        assert!(matches!(row.model, ModelRef::Hub(_)) && row.place.contains('/'), "{name}");
        assert!(row.bytes.is_some() && row.parameters.is_some() && row.top1.is_some(), "{name}");
    }
}

#[test]
fn what_is_here_need_not_be_fetched() {
    let desk = Desk::builtin();
    assert_eq!(desk.know(&request::Fetch(ModelRef::Builtin)).path, None);
    let file = std::path::PathBuf::from("tests/fixtures/net_basic.safetensors");
    let fetched = desk.know(&request::Fetch(ModelRef::File(file.clone())));
    assert_eq!(fetched.path, Some(file));
}

#[test]
fn a_folder_has_its_folders_first_then_its_photos() {
    let (desk, folder) = (Desk::builtin(), tempfile::tempdir().unwrap());
    for name in ["b.PNG", "a.jpg", "notes.txt", ".hidden.png", "evil\u{1b}[2J.png"] {
        fs::write(folder.path().join(name), "").unwrap();
    }
    for name in ["z", ".git"] {
        fs::create_dir(folder.path().join(name)).unwrap();
    }
    let entries = desk.know(&request::Folder(folder.path().into()));
    let found: Vec<(&str, bool)> = entries.iter().map(|e| (e.name.as_str(), e.folder)).collect();
    assert_eq!(found[..3], [("z", true), ("a.jpg", false), ("b.PNG", false)]);
    assert_eq!(found.len(), 4);
    assert!(!found[3].0.chars().any(char::is_control), "{:?}", found[3]);
    let missing = folder.path().join("missing");
    assert!(desk.refusal(&request::Folder(missing)).contains("missing: cannot be listed"));
}

#[test]
fn thumbnails_keep_their_shape_inside_the_room() {
    let desk = Desk::builtin();
    for (name, (w, h)) in [("rgb_61x83.png", (61.0, 83.0)), ("rgb_120x75.png", (120.0, 75.0))] {
        for size in [(20, 30), (40, 8), (1, 1)] {
            let photo = PhotoRef::File(format!("tests/fixtures/photos/{name}").into());
            let request = request::Thumbnail { photo, size, blocks: Blocks::Half };
            let cells = desk.know(&request);
            assert!(cells.columns <= size.0 && cells.rows <= size.1, "{name} {size:?}");
            assert_eq!(cells.cells.len(), usize::from(cells.columns) * usize::from(cells.rows));
            if size != (1, 1) {
                let shape = f64::from(cells.columns) / (2.0 * f64::from(cells.rows));
                assert!((shape / (w / h) - 1.0f64).abs() < 0.2, "{name} {size:?}: {shape}");
            }
        }
    }
    let photo = PhotoRef::File("tests/fixtures/networks.json".into());
    desk.refusal(&request::Thumbnail { photo, size: (9, 9), blocks: Blocks::Half });
}

#[test]
fn the_processor_can_always_be_chosen() {
    let desk = Desk::builtin();
    let before = desk.values("relu");
    let device = desk.know(&request::Device(DeviceChoice::Cpu));
    assert!(device.label.starts_with("cpu ") && !device.approximate && !device.why.is_empty());
    // The same device: nothing that was computed is dropped.
    assert_eq!(desk.values("relu"), before);
}
