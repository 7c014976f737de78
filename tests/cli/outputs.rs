//! What `-o` writes over, and what it spares.

use std::fs;

use crate::bench::{Bench, network_path};

/// Writes the maps of a layer of the photo `p.png`.
fn write(bench: &Bench, file: &str, more: &[&str]) -> crate::bench::Ran {
    bench.on("basic", &[&["maps", "p.png", "--layer", "relu", "-o", file], more].concat())
}

#[test]
fn a_file_is_replaced_and_said() {
    let bench = Bench::new();
    bench.put_photo("p.png");
    fs::write(bench.path("a.npy"), "old").unwrap();
    let ran = write(&bench, "a.npy", &[]).ok();
    assert_eq!(ran.err, "wrote a.npy\n");
    assert!(fs::read(bench.path("a.npy")).unwrap().starts_with(b"\x93NUMPY"));
    write(&bench, "a.npy", &["--no-clobber"]).refused(1, "a.npy: already exists");
    write(&bench, "b.npy", &["--no-clobber"]).ok();
    let export = ["export", "p.png", "-o", "c.safetensors", "--no-clobber"];
    bench.on("basic", &export).ok();
    bench.on("basic", &export).refused(1, "already exists");
}

#[test]
fn inputs_are_never_written_over() {
    let bench = Bench::new();
    bench.put_photo("p.png");
    fs::copy(network_path("basic"), bench.path("net.safetensors")).unwrap();
    let photo = fs::read(bench.path("p.png")).unwrap();
    write(&bench, "p.png", &[]).refused(1, "p.png: is an input of this command");
    write(&bench, "./p.png", &[]).refused(1, "is an input");
    let line = ["export", "p.png", "--size", "33", "-o", "net.safetensors", "--model"];
    bench.run(&[&line[..], &["net.safetensors"]].concat()).refused(1, "is an input");
    bench.run(&[&line[..], &["."]].concat()).refused(1, "is an input");
    assert_eq!(fs::read(bench.path("p.png")).unwrap(), photo);
}

#[cfg(unix)]
#[test]
fn modes_and_links_stay() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let bench = Bench::new();
    bench.put_photo("p.png");
    fs::write(bench.path("a.npy"), "old").unwrap();
    fs::set_permissions(bench.path("a.npy"), fs::Permissions::from_mode(0o600)).unwrap();
    symlink("a.npy", bench.path("link.npy")).unwrap();
    symlink("new.npy", bench.path("dangling.npy")).unwrap();
    write(&bench, "link.npy", &[]).ok();
    assert_eq!(bench.path("a.npy").metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert!(bench.path("link.npy").symlink_metadata().unwrap().is_symlink());
    write(&bench, "dangling.npy", &["--no-clobber"]).refused(1, "already exists");
    write(&bench, "dangling.npy", &[]).ok();
    assert!(bench.path("new.npy").is_file());
    fs::hard_link(bench.path("a.npy"), bench.path("twin.npy")).unwrap();
    write(&bench, "twin.npy", &[]).refused(1, "has other names (hard links)");
    let hidden = fs::read_dir(bench.0.path()).unwrap().flatten();
    assert_eq!(
        hidden.filter(|e| e.file_name().to_string_lossy().starts_with(".convscope")).count(),
        0
    );
}

#[cfg(unix)]
#[test]
fn paths_need_not_be_unicode() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let bench = Bench::new();
    let name = |ending: &str| {
        OsStr::from_bytes(&[b"net\xff".as_slice(), ending.as_bytes()].concat()).to_owned()
    };
    fs::copy(network_path("basic"), bench.0.path().join(name(".safetensors"))).unwrap();
    bench.put_photo("p.png");
    fs::rename(bench.path("p.png"), bench.0.path().join(name(".png"))).unwrap();
    let ran = std::process::Command::new(env!("CARGO_BIN_EXE_convscope"))
        .current_dir(bench.0.path())
        .env("HOME", bench.0.path())
        .args(["maps", "--layer", "relu", "--size", "33", "--model"])
        .arg(name(".safetensors"))
        .arg(name(".png"))
        .arg("-o")
        .arg(name(".npy"))
        .output()
        .unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    assert!(bench.0.path().join(name(".npy")).is_file());
}

#[test]
fn init_writes_all_files_or_none() {
    let bench = Bench::new();
    fs::create_dir_all(bench.path("settings")).unwrap();
    fs::write(bench.path("settings/keys.toml"), "").unwrap();
    let said = bench.run(&["config", "init"]).ok().out;
    assert!(
        said.contains("keys.toml: already exists") && said.contains("config.toml: written"),
        "{said}"
    );
    assert_eq!(fs::read_dir(bench.path("settings")).unwrap().count(), 3);
}

#[test]
fn a_network_among_the_photos_is_a_network() {
    let bench = Bench::new();
    bench.put_photo("p.png");
    fs::copy(network_path("basic"), bench.path("net.dat")).unwrap();
    fs::write(bench.path("broken.pth"), "no network").unwrap();
    // The layer is one of the file's, the eleventh channel one that the built-in network has and the file has not.
    let known = bench.run(&["net.dat", "p.png", "--layer", "conv1", "--channel", "10"]);
    known.refused(2, "its channels are 0 to 5");
    let two = ["net.dat", "--model", "builtin"];
    bench.run(&two).refused(2, "net.dat and builtin are networks");
    bench.run(&["--model", "broken.pth"]).refused(1, "broken.pth: ");
    bench.run(&["--model", "none.pth"]).refused(1, "none.pth: no such file");
    bench.run(&["net.dat", "p.png"]).refused(1, "needs a terminal");
}
