//! A place to run the program in: its own home, and the fixtures.

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use tempfile::TempDir;

/// A photo of the fixtures.
pub const PHOTO: &str = "rgb_61x83.png";

/// A folder that is home, settings and state.
pub struct Bench(pub TempDir);

/// What a run left behind.
pub struct Ran {
    /// The exit code.
    pub code: i32,
    /// Bytes of stdout.
    pub bytes: Vec<u8>,
    /// stdout as text.
    pub out: String,
    /// stderr as text.
    pub err: String,
}

impl Bench {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs the program in the folder, on a network of the fixtures; commands with an input at a small size.
    pub fn on(&self, network: &str, line: &[&str]) -> Ran {
        let model = network_path(network);
        let mut arguments = line.to_vec();
        arguments.extend(["--model", model.to_str().unwrap()]);
        if line.first() != Some(&"kernels") {
            arguments.extend(["--size", "33x41"]);
        }
        self.run(&arguments)
    }

    /// Runs the program in the folder.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with(arguments, &[])
    }

    /// The same with variables of the environment. There is no network: the hub is a closed port.
    pub fn run_with(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Ran {
        let mut command = Command::new(env!("CARGO_BIN_EXE_convscope"));
        command.current_dir(self.0.path()).args(arguments);
        let inherited = std::env::vars_os().map(|(name, _)| name);
        for name in inherited.filter(|name| name.to_string_lossy().starts_with("HF_")) {
            command.env_remove(name);
        }
        for name in ["COLORTERM", "NO_COLOR", "XDG_CONFIG_HOME", "CONVSCOPE_LOG", "TMUX"] {
            command.env_remove(name);
        }
        command.env("HOME", self.0.path()).env("TERM", "xterm-256color");
        command.env("CONVSCOPE_CONFIG_DIR", self.path("settings"));
        command.env("XDG_STATE_HOME", self.path("state"));
        command.env("HF_HOME", self.path("hf")).env("HF_ENDPOINT", "http://127.0.0.1:9");
        command.envs(environment.iter().copied());
        let output = command.output().unwrap();
        Ran {
            code: output.status.code().expect("an exit code, not a signal"),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
            bytes: output.stdout,
        }
    }

    /// Copies the photo of the fixtures to a path below the folder.
    pub fn put_photo(&self, path: &str) {
        let target = self.path(path);
        std::fs::create_dir_all(target.parent().unwrap()).unwrap();
        std::fs::copy(photo_path(PHOTO), target).unwrap();
    }
}

impl Ran {
    /// The shape in the header and the values of an `.npy` file on stdout.
    #[track_caller]
    pub fn npy(self) -> (String, Vec<f32>) {
        let bytes = self.ok().bytes;
        let length = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
        let header = String::from_utf8(bytes[10..10 + length].to_vec()).unwrap();
        assert!(bytes.starts_with(b"\x93NUMPY\x01\x00") && header.contains("'<f4'"), "{header}");
        let shape = header.split("'shape': ").nth(1).unwrap().split(", }").next().unwrap();
        let values = bytes[10 + length..].chunks_exact(4);
        (shape.into(), values.map(|v| f32::from_le_bytes(v.try_into().unwrap())).collect())
    }

    /// The output of a run that went well and said nothing, but where a file is.
    #[track_caller]
    pub fn ok(self) -> Self {
        let said: Vec<&str> = self.err.lines().filter(|line| !line.starts_with("wrote ")).collect();
        assert_eq!((self.code, said), (0, Vec::new()));
        self
    }

    #[track_caller]
    pub fn json(self) -> serde_json::Value {
        serde_json::from_str(&self.ok().out).unwrap()
    }

    /// A refusal: the exit code, nothing on stdout, one sentence on stderr that says `words`.
    #[track_caller]
    pub fn refused(&self, code: i32, words: &str) {
        assert_eq!((self.code, self.out.as_str()), (code, ""), "{}", self.err);
        assert!(self.err.starts_with("convscope: ") && self.err.contains(words), "{}", self.err);
        assert_eq!(self.err.lines().count(), 1, "{}", self.err);
    }
}

pub fn network_path(name: &str) -> PathBuf {
    fixtures().join(format!("net_{name}.safetensors"))
}

pub fn photo_path(name: &str) -> PathBuf {
    fixtures().join("photos").join(name)
}

/// The same as text for a command line.
pub fn photo() -> String {
    photo_path(PHOTO).to_str().unwrap().to_string()
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}
