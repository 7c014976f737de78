//! The lists over the screen: networks, photos, devices, files; and paths that are pasted.

use std::path::{Path, PathBuf};

use convscope::base::{Cancel, Combine, DeviceChoice, Progress};
use convscope::explorer::{Effect, Msg, Overlay, Picker, PickerItem, PickerKind, demand, update};
use convscope::session::ask::{
    Answer, ExportWhat, InCache, LaneName, ModelRef, ModelRow, PhotoRef, Request, SessionError,
    request,
};

use crate::support::Explorer;
use crate::{layer, open};

/// Its layers have the names of the built-in network's, and fewer channels.
const SMALLER: &str = "tests/fixtures/net_basic.safetensors";
const PHOTO: &str = "tests/fixtures/photos/rgb_61x83.png";

fn list(explorer: &Explorer) -> &Picker {
    match &explorer.state.overlay {
        Some(Overlay::Picker(list)) => list,
        other => panic!("no list: {other:?}"),
    }
}

fn items(explorer: &Explorer) -> Vec<PickerItem> {
    list(explorer).items(&explorer.state)
}

fn complaint(explorer: &Explorer) -> String {
    explorer.state.message.clone().filter(|m| m.error).expect("a complaint").text
}

fn key(explorer: &mut Explorer, key: &str) -> Vec<Effect> {
    update(&mut explorer.state, Msg::Key(key.parse().unwrap()))
}

/// The request of the last effect.
fn requested(effects: &[Effect]) -> Request {
    match effects.last() {
        Some(Effect::Transfer(request) | Effect::Run(request)) => request.clone(),
        _ => panic!("nothing is asked: {effects:?}"),
    }
}

/// Answers a request; what has to be done then.
fn answer(explorer: &mut Explorer, request: Request) -> Vec<Effect> {
    let answer = explorer.session.answer(&request, &Cancel::new(), &mut Progress::none());
    update(&mut explorer.state, Msg::Answered(request, answer))
}

#[test]
fn the_list_of_networks_has_builtin_and_the_catalogue() {
    let mut explorer = open();
    explorer.press("m");
    assert_eq!(list(&explorer).kind, PickerKind::Model);
    let names: Vec<String> = items(&explorer).into_iter().map(|item| item.name).collect();
    assert_eq!(names[0], "builtin");
    assert_eq!((items(&explorer)[0].side.as_str(), items(&explorer)[0].mark), ("open", "✓"));
    for name in ["resnet18", "resnet50", "resnet152", "wide_resnet50_2", "resnext50_32x4d"] {
        assert!(names.iter().any(|n| n == name), "{name} is none of {names:?}");
    }
    explorer.type_text("rn101");
    assert!(items(&explorer)[0].name.contains("resnet101"), "{:?}", items(&explorer));
    explorer.press("Esc");
    assert_eq!(explorer.state.overlay, None);
}

#[test]
fn files_of_this_folder_come_before_the_catalogue_with_what_they_are() {
    let mut explorer = open();
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("page.pth");
    std::fs::write(&page, "<!DOCTYPE html><html><body>404</body></html>").unwrap();
    let files = [(PathBuf::from(SMALLER), "ResNet-"), (page, "web page")];
    explorer.press("m");
    let Some(Answer::Models(rows)) = explorer.state.answers.get(&request::Models.into()) else {
        panic!()
    };
    let mut rows = rows.as_ref().clone();
    for (path, _) in &files {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let row = ModelRow { model: ModelRef::File(path.clone()), name, ..rows[0].clone() };
        rows.insert(1, ModelRow { cache: InCache::File, bytes: Some(31), ..row });
    }
    explorer.state.answers.put(request::Models.into(), Answer::Models(rows.into()));
    // Each is read when its row is on the screen.
    let wanted = demand(&explorer.state);
    for (path, words) in &files {
        let request = Request::from(request::Summary(path.clone()));
        assert!(wanted.contains(&request), "{path:?}");
        explorer.answer(request);
        let name = path.file_name().unwrap().to_string_lossy();
        let item = items(&explorer).into_iter().find(|item| item.name == name).unwrap();
        assert!(item.note.contains(words), "{}", item.note);
        assert!(!item.note.contains(&*name), "{}", item.note);
        assert_eq!(item.mark, "");
    }
    explorer.type_text("resnet50").press("Backspace");
    assert!(!demand(&explorer.state).iter().any(|r| matches!(r, Request::Summary(_))));
}

#[test]
fn choosing_the_network_that_is_open_changes_nothing() {
    let mut explorer = open();
    explorer.press("} l l");
    let before = (explorer.state.cursor.layer, explorer.state.cursor.channel, explorer.state.run());
    explorer.press("m").type_text("builtin").press("Enter");
    let after = (explorer.state.cursor.layer, explorer.state.cursor.channel, explorer.state.run());
    assert_eq!((before, &explorer.state.overlay), (after, &None));
    assert!(explorer.state.waiting.request.is_none() && explorer.state.message.is_none());
}

#[test]
fn another_network_keeps_the_layer_and_the_channel() {
    let mut explorer = open();
    explorer.press("} l l");
    assert_eq!((layer(&explorer), explorer.state.cursor.channel), ("layer1.1.relu_1", 2));
    explorer.press("m").type_text(SMALLER).press("Enter");
    assert_eq!(explorer.state.wanted.model, ModelRef::File(SMALLER.into()));
    assert_eq!(explorer.state.overlay, None);
    let channels = explorer.state.layer_info().unwrap().shape.c;
    assert!(channels < 32, "another network");
    // The stage of the smaller network has one block less.
    let kept = explorer.state.layers().iter().any(|l| l.name == "layer1.1.relu_1");
    assert_eq!(layer(&explorer), if kept { "layer1.1.relu_1" } else { "relu" });
    explorer.press(":").type_text("find-layer layer2.0.conv1").press("Enter G");
    let channel = explorer.state.cursor.channel;
    explorer.press("m").type_text("builtin").press("Enter");
    assert_eq!((layer(&explorer), explorer.state.cursor.channel), ("layer2.0.conv1", channel));
    explorer.press("G");
    assert!(explorer.state.cursor.channel > channel);
    explorer.press("m").type_text(SMALLER).press("Enter");
    assert_eq!((layer(&explorer), explorer.state.cursor.channel), ("layer2.0.conv1", channel));
}

#[test]
fn the_old_network_stays_until_the_new_one_has_run() {
    let mut explorer = open();
    explorer.press("} l m").type_text(SMALLER);
    let look = |e: &Explorer| {
        let s = &e.state;
        (s.wanted.model.clone(), s.shown.clone(), s.cursor.layer, s.cursor.channel)
    };
    let before = look(&explorer);
    let effects = key(&mut explorer, "Enter");
    assert_eq!(effects[0], Effect::Cancel);
    let network = requested(&effects);
    assert_eq!(network, request::Network(ModelRef::File(SMALLER.into())).into());
    assert_eq!(explorer.state.waiting.progress.unwrap().lane, LaneName::Transfer);
    assert_eq!(look(&explorer), before);
    assert_eq!(list(&explorer).kind, PickerKind::Model, "its row shows how far it is");
    let input = requested(&answer(&mut explorer, network));
    assert_eq!((look(&explorer), &explorer.state.overlay), (before.clone(), &None));
    let run = requested(&answer(&mut explorer, input));
    assert_eq!(look(&explorer), before);
    assert_eq!(answer(&mut explorer, run), []);
    let after = look(&explorer);
    let changed = after.1.network != before.1.network && after.1.outcome != before.1.outcome;
    assert!(after.0 != before.0 && changed);
    assert_eq!(explorer.state.run().unwrap().network, explorer.state.shown.network.unwrap().id);
}

#[test]
fn the_old_network_stays_when_the_new_one_fails() {
    for wrong in ["no/such.safetensors", "./tests", "tests/fixtures/checkpoints/whole.pth"] {
        let mut explorer = open();
        explorer.press("} l");
        let before = (
            explorer.state.wanted.model.clone(),
            explorer.state.run(),
            explorer.state.cursor.layer,
        );
        explorer.press("m").type_text(wrong).press("Enter");
        let words = complaint(&explorer);
        assert!(words.contains(wrong.rsplit('/').next().unwrap()), "{words}");
        assert_eq!(words.lines().count(), 1);
        let state = &explorer.state;
        assert_eq!((state.wanted.model.clone(), state.run(), state.cursor.layer), before);
        assert!(state.waiting.request.is_none() && state.waiting.progress.is_none());
        assert!(state.waiting.network.is_none());
        // It still works.
        explorer.press("Esc n");
        assert_eq!(explorer.state.shown.input.as_ref().unwrap().name, "rocket.jpg");
        assert_eq!(explorer.state.wanted.model, ModelRef::Builtin);
    }
}

#[test]
fn a_network_that_does_not_take_the_photo_does_not_replace_the_old_one() {
    let mut explorer = open();
    let wrong = "tests/fixtures/checkpoints/channels4.safetensors";
    let run = explorer.state.run();
    explorer.press("m").type_text(wrong).press("Enter");
    assert!(complaint(&explorer).contains('4'), "{}", complaint(&explorer));
    assert_eq!(
        (explorer.state.wanted.model.clone(), explorer.state.run()),
        (ModelRef::Builtin, run)
    );
    assert!(explorer.state.waiting.network.is_none() && explorer.state.waiting.request.is_none());
}

#[test]
fn esc_gives_up_a_network_that_is_on_its_way() {
    let mut explorer = open();
    explorer.press("m").type_text(SMALLER);
    let request = requested(&key(&mut explorer, "Enter"));
    assert_eq!(key(&mut explorer, "Esc"), []);
    assert_eq!(explorer.state.overlay, None, "the list is gone, the network still comes");
    assert_eq!(explorer.state.waiting.request, Some(request.clone()));
    assert_eq!(key(&mut explorer, "Esc"), [Effect::Cancel]);
    assert_eq!(answer(&mut explorer, request), []);
    assert_eq!(explorer.state.wanted.model, ModelRef::Builtin);
    assert!(explorer.state.waiting.network.is_none() && explorer.state.waiting.progress.is_none());
}

#[test]
fn names_of_networks_that_do_not_exist_are_said() {
    let mut explorer = open();
    explorer.press("m").type_text("resnet5O_").press("Enter");
    assert!(complaint(&explorer).contains("resnet50"), "{}", complaint(&explorer));
    assert_eq!(list(&explorer).input, "resnet5O_", "it can be mended");
    explorer.press("Esc :").type_text("models nosuchnetwork").press("Enter");
    assert!(complaint(&explorer).contains("nosuchnetwork"));
    assert_eq!(explorer.state.wanted.model, ModelRef::Builtin);
}

#[test]
fn folders_of_photos_are_walked() {
    let mut explorer = open();
    explorer.press("p");
    let names = |e: &Explorer| items(e).into_iter().map(|item| item.name).collect::<Vec<_>>();
    assert_eq!(names(&explorer)[0], "../");
    assert!(names(&explorer).contains(&"tests/".to_string()));
    assert!(names(&explorer).contains(&"builtin:rocket.jpg".to_string()));
    assert!(!names(&explorer).iter().any(|name| name.starts_with('.') && name != "../"));
    for folder in ["tests/", "fixtures/", "photos/"] {
        explorer.type_text(folder).press("Enter");
        assert_eq!(list(&explorer), &Picker::new(PickerKind::Photo));
    }
    assert!(explorer.state.wanted.folder.ends_with("tests/fixtures/photos"));
    explorer.type_text("rgb_61x83.png");
    assert!(explorer.state.thumbnail(list(&explorer)).is_some());
    explorer.press("Enter");
    assert_eq!(explorer.state.shown.input.as_ref().unwrap().name, "rgb_61x83.png");
    assert_eq!(explorer.state.overlay, None);
    // The others of the folder are the next ones.
    let all = explorer.state.wanted.photos.clone();
    assert!(
        all.len() > 1
            && all.contains(&PhotoRef::File("./tests/fixtures/photos/rgb_61x83.png".into())),
        "{all:?}"
    );
    explorer.press("p").type_text("../").press("Enter");
    assert!(explorer.state.wanted.folder.ends_with("tests/fixtures"));
    explorer.press("Esc p").type_text("builtin:rocket.jpg").press("Enter");
    assert_eq!(explorer.state.shown.input.as_ref().unwrap().name, "rocket.jpg");
    assert_eq!((explorer.state.wanted.photos.len(), explorer.state.wanted.photo), (3, 1));
}

#[test]
fn the_folder_above_is_found_from_everywhere() {
    let mut explorer = open();
    explorer.press("p").type_text("../").press("Enter");
    assert_eq!(explorer.state.wanted.folder, Path::new(".."));
    explorer.press("Enter");
    assert_eq!(explorer.state.wanted.folder, Path::new("../.."));
    explorer.state.wanted.folder = PathBuf::from("/");
    explorer.press("Enter");
    assert_eq!(explorer.state.wanted.folder, Path::new("/"));
}

#[test]
fn a_typed_photo_is_opened_and_a_missing_one_is_said() {
    let mut explorer = open();
    explorer.press("p").type_text(PHOTO).press("Enter");
    assert_eq!(explorer.state.wanted.photos, [PhotoRef::File(PHOTO.into())]);
    assert_eq!(explorer.state.shown.input.as_ref().unwrap().name, "rgb_61x83.png");
    explorer.press("p").type_text("builtin:rocket.jpg").press("Enter");
    let run = explorer.state.run();
    explorer.press("p").type_text("no/such.png").press("Enter");
    assert!(complaint(&explorer).contains("no/such.png"), "{}", complaint(&explorer));
    // The photos are those from before, and so is the next one.
    assert_eq!((explorer.state.run(), explorer.state.shown.photo), (run, 1));
    explorer.press("n");
    assert_eq!(explorer.state.shown.input.as_ref().unwrap().name, "chelsea.png");
}

#[test]
fn the_photos_change_when_the_first_of_them_has_run() {
    let mut explorer = open();
    explorer.press("n");
    let photos = explorer.state.wanted.photos.clone();
    let paste = |e: &mut Explorer| requested(&update(&mut e.state, Msg::Paste(PHOTO.into())));
    let shown = |e: &Explorer| {
        (e.state.wanted.photos.clone(), e.state.shown.photo, e.state.waiting.photos.clone())
    };
    let first = paste(&mut explorer);
    assert_eq!((&explorer.state.wanted.photos, explorer.state.shown.photo), (&photos, 1));
    // Esc gives it up.
    assert_eq!(key(&mut explorer, "Esc"), [Effect::Cancel]);
    assert_eq!(answer(&mut explorer, first), []);
    assert_eq!((shown(&explorer), explorer.state.wanted.photo), ((photos.clone(), 1, None), 1));
    let input = paste(&mut explorer);
    let run = requested(&answer(&mut explorer, input));
    assert_eq!((&explorer.state.wanted.photos, explorer.state.shown.photo), (&photos, 1));
    assert_eq!(answer(&mut explorer, run), []);
    assert_eq!(shown(&explorer), (vec![PhotoRef::File(PHOTO.into())], 0, None));
}

#[test]
fn the_first_run_comes_back_when_a_pasted_photo_cannot_be_read() {
    let mut explorer = open();
    explorer.state.shown.outcome = None;
    explorer.state.shown.input = None;
    let wrong = requested(&update(&mut explorer.state, Msg::Paste("no/such.png".into())));
    let again = requested(&answer(&mut explorer, wrong));
    assert!(complaint(&explorer).contains("no/such.png"));
    assert!(
        matches!(&again, Request::Input(request::Input { photo: PhotoRef::Sample(0), .. })),
        "{again:?}"
    );
    let run = requested(&answer(&mut explorer, again));
    assert_eq!(answer(&mut explorer, run), []);
    assert!(explorer.state.shown.outcome.is_some());
}

#[test]
fn a_broken_photo_does_not_stand_in_the_way_of_a_network_or_a_device() {
    let photos = vec![PhotoRef::Sample(0), PhotoRef::File("no/such.jpg".into())];
    let mut explorer = Explorer::with(ModelRef::Builtin, photos, (120, 40));
    explorer.press("n :").type_text("device cpu").press("Enter");
    assert_eq!(explorer.state.shown.input.as_ref().unwrap().name, "china.jpg");
    assert!(
        explorer.state.message.clone().is_some_and(|m| !m.error),
        "{:?}",
        explorer.state.message
    );
    explorer.press("n m").type_text(SMALLER).press("Enter");
    assert_eq!(explorer.state.wanted.model, ModelRef::File(SMALLER.into()));
}

#[test]
fn paths_are_pasted_as_terminals_write_them() {
    let folder = tempfile::tempdir().unwrap();
    let photo = folder.path().join("my cat é.png");
    std::fs::copy(PHOTO, &photo).unwrap();
    let text = photo.to_str().unwrap();
    let (escaped, address) =
        (text.replace(' ', "\\ "), text.replace(' ', "%20").replace('é', "%C3%A9"));
    for pasted in [
        text.to_string(),
        format!("'{text}'"),
        format!("\"{text}\"\n"),
        format!("{escaped} "),
        format!("file://{address}\r\n"),
        format!("file://{text}"),
    ] {
        let mut explorer = open();
        explorer.send(Msg::Paste(pasted.clone()));
        assert_eq!(explorer.state.wanted.photos, [PhotoRef::File(photo.clone())], "{pasted:?}");
        assert_eq!(explorer.state.shown.input.as_ref().unwrap().name, "my cat é.png");
        assert!(explorer.state.message.is_none(), "{:?}", explorer.state.message);
    }
    let mut explorer = open();
    explorer.send(Msg::Paste(SMALLER.into()));
    assert_eq!(explorer.state.wanted.model, ModelRef::File(SMALLER.into()));
    for wrong in ["", " \n", "a.png\nb.png"] {
        explorer.send(Msg::Paste(wrong.into()));
        assert!(complaint(&explorer).contains("one path"), "{wrong:?}");
    }
    explorer.press("/").send(Msg::Paste("layer4\n".into()));
    assert_eq!(list(&explorer).input, "layer4");
}

#[test]
fn networks_run_where_they_are_told() {
    let mut explorer = open();
    explorer.press("D");
    let names: Vec<String> = items(&explorer).into_iter().map(|item| item.name).collect();
    assert_eq!(names, ["auto", "cpu", "cuda", "metal"]);
    let (run, device) = (explorer.state.run(), explorer.state.device.label.clone());
    explorer.type_text("cpu").press("Enter");
    assert_eq!(explorer.state.device.choice, DeviceChoice::Cpu);
    assert_eq!((explorer.state.run(), explorer.state.device.label.clone()), (run, device.clone()));
    assert!(explorer.state.waiting.request.is_none() && explorer.state.waiting.progress.is_none());
    explorer.press(":").type_text("device gpu").press("Enter");
    assert!(complaint(&explorer).contains("cuda"), "{}", complaint(&explorer));
    explorer.press("D").type_text("cuda:x").press("Enter");
    assert!(complaint(&explorer).contains("cuda"), "{}", complaint(&explorer));
    let choice = explorer.state.device.choice;
    assert_eq!((choice, explorer.state.device.label.clone()), (DeviceChoice::Cpu, device));
}

#[test]
fn a_device_that_cannot_be_had_is_said_and_the_old_one_stays() {
    let mut explorer = open();
    explorer.press("D").type_text("metal");
    let request = requested(&key(&mut explorer, "Enter"));
    assert!(matches!(request, Request::Device(request::Device(DeviceChoice::Metal))));
    let why = "this build has no metal".to_string();
    let (run, device) = (explorer.state.run(), explorer.state.device.label.clone());
    let failed = Msg::Answered(request, Err(SessionError::Failed(why.clone())));
    assert_eq!(update(&mut explorer.state, failed), []);
    assert_eq!(complaint(&explorer), why);
    assert_eq!((explorer.state.run(), explorer.state.device.label.clone()), (run, device));
    assert!(explorer.state.waiting.request.is_none());
}

#[test]
fn each_view_offers_the_files_that_it_can_be() {
    let mut explorer = open();
    let names = |e: &Explorer| items(e).into_iter().map(|item| item.name).collect::<Vec<_>>();
    for view in ["1", "2", "3"] {
        explorer.press(view).press("e");
        assert_eq!(names(&explorer), ["png", "plain png", "npy", "safetensors"]);
        explorer.press("Esc");
    }
    explorer.press("4 e");
    assert_eq!(names(&explorer), ["csv"]);
    explorer.press("Esc :").type_text("export png").press("Enter");
    assert!(complaint(&explorer).contains("csv"));
    explorer.press("1 :").type_text("export jpeg").press("Enter");
    assert!(complaint(&explorer).contains("png, plain png, npy, safetensors"));
    assert!(explorer.state.waiting.export.is_none());
}

#[test]
fn a_file_is_asked_for_once_and_its_name_says_what_it_is() {
    let mut explorer = open();
    let mut asked = |keys: &str, what: &str| {
        explorer.press(keys).press("e").type_text(what);
        assert_eq!(key(&mut explorer, "Enter"), []);
        let request = explorer.state.waiting.export.clone().expect("a file");
        assert!(demand(&explorer.state).contains(&request));
        // Nothing is written here: it would lie in the project's folder.
        let failed = SessionError::Failed("the disk is full".into());
        update(&mut explorer.state, Msg::Answered(request.clone(), Err(failed)));
        assert_eq!(complaint(&explorer), "the disk is full");
        assert!(!demand(&explorer.state).contains(&request));
        let Request::Export(export) = request else { panic!("{request:?}") };
        (export.stem.to_str().unwrap().to_string(), export.what)
    };
    let (stem, what) = asked("2 l", "png");
    assert_eq!(stem, "convscope-builtin-relu-0");
    assert!(
        matches!(what, ExportWhat::Picture { caption, .. } if caption[1].contains("channel 0"))
    );
    let (stem, what) = asked("1", "plain png");
    assert_eq!(stem, "convscope-builtin-relu-maps");
    assert!(matches!(what, ExportWhat::Picture { caption, .. } if caption.is_empty()));
    let (stem, what) = asked("3", "npy");
    assert_eq!(stem, "convscope-builtin-relu-kernels");
    assert!(matches!(what, ExportWhat::Values(_)));
    let (stem, what) = asked("1 a", "safetensors");
    assert_eq!(stem, format!("convscope-builtin-relu-{}", Combine::Sum));
    assert!(matches!(what, ExportWhat::Layer(_)));
    let (stem, what) = asked("4", "csv");
    assert_eq!(stem, "convscope-builtin-depth");
    assert!(matches!(what, ExportWhat::Text { ending: "csv", .. }));
    assert!(matches!(
        explorer.state.answers.get(&request::Models.into()),
        None | Some(Answer::Models(_))
    ));
}
