//! Thousands of answers that are nearly right, the same ones each time: nothing panics, nothing false gets a final name,
//! the token stays where it is.

use convscope::source::hub::answer::{self, Description};
use convscope::source::hub::shards;

use super::server::{COMMIT, Fault, Request, Server};
use super::support::{Stage, noise};

/// xorshift: the same numbers each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % end.max(1) as u64).unwrap()
    }

    fn pick<'a>(&mut self, from: &[&'a [u8]]) -> &'a [u8] {
        from[self.below(from.len())]
    }

    /// A few changes: bytes flipped, cut, doubled, and pieces that mean something put in.
    fn mutate(&mut self, bytes: &[u8]) -> Vec<u8> {
        const PIECES: [&[u8]; 16] = [
            b"\"",
            b"{",
            b"[",
            b"}",
            b"null",
            b"-1",
            b"1e400",
            b"18446744073709551616",
            b"../",
            b"\\u001b[2J",
            b"\\ud800",
            b"\0",
            b"\xff\xfe",
            b"\"lfs\":{},",
            b".incomplete",
            b"\r\n",
        ];
        let mut out = bytes.to_vec();
        for _ in 0..=self.below(3) {
            let at = self.below(out.len() + 1);
            let to = (at + self.below(24)).min(out.len());
            match self.below(5) {
                0 if at < out.len() => out[at] ^= 1 << self.below(8),
                1 => drop(out.drain(at..to)),
                2 => {
                    let piece = out[at..to].to_vec();
                    out.splice(at..at, piece);
                }
                3 => out.truncate(at),
                _ => {
                    let piece = self.pick(&PIECES);
                    out.splice(at..to, piece.iter().copied());
                }
            }
        }
        out
    }
}

const SHA256: &str = "abababababababababababababababababababababababababababababababab";

#[test]
fn parsers_bear_anything() {
    let info =
        format!(r#"{{"id": "owner/name", "sha": "{COMMIT}", "siblings": [{{"rfilename": "a"}}]}}"#);
    let list = format!(
        r#"[{{"type": "file", "path": "a", "size": 1, "oid": "{COMMIT}", "lfs": {{"oid": "{SHA256}", "size": 3}}}}, {{"type": "directory", "path": "b"}}]"#
    );
    let index = r#"{"metadata": {"total_size": 1}, "weight_map": {"x": "m-1.st", "y": "m-2.st"}}"#;
    let error = r#"{"error": "no such thing", "errors": [{"message": "no"}]}"#;
    let asked = ["a".to_string(), "b".to_string()];
    let mut dice = Dice(0x5eed);
    for _ in 0..5000 {
        if let Ok(commit) = answer::commit(&dice.mutate(info.as_bytes())) {
            assert!(convscope::config::is_commit(&commit));
        }
        for (name, remote) in
            answer::files(&dice.mutate(list.as_bytes()), &asked).unwrap_or_default()
        {
            assert!(asked.contains(&name));
            let etag = remote.map_or_else(|| COMMIT.to_string(), |remote| remote.etag);
            assert_eq!(answer::blob_name(&etag), Some(etag));
        }
        let text = String::from_utf8_lossy(&dice.mutate(index.as_bytes())).into_owned();
        for shard in shards(&text).unwrap_or_default() {
            assert!(convscope::config::is_inside(&shard) && !shard.contains('/'), "{shard}");
        }
        let said = answer::words(&dice.mutate(error.as_bytes())).unwrap_or_default();
        assert!(said.len() < 700 && said.lines().count() < 2, "{said}");
        let header = String::from_utf8_lossy(&dice.mutate(SHA256.as_bytes())).into_owned();
        let mut found = Description::default();
        found.hear(false, |_| Some(&header));
        let etag = found.etag.unwrap_or_default();
        assert!(!etag.contains('/') && !etag.starts_with('.') && etag.len() <= 200, "{etag}");
    }
}

#[test]
fn nearly_right_answers_leave_nothing_false() {
    let server = |dice: &mut Dice| {
        let (one, two) = (noise(900), noise(1200));
        let index = br#"{"weight_map": {"a": "m-1.safetensors", "b": "m-2.safetensors"}}"#;
        let index = if dice.below(2) == 0 { dice.mutate(index) } else { index.to_vec() };
        Server::start(&[
            ("model.safetensors.index.json", &index),
            ("m-1.safetensors", &one),
            ("m-2.safetensors", &two),
            ("config.json", b"{}"),
        ])
    };
    let mut whole = 0;
    for seed in 1..=150_u64 {
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut stage = Stage::with(server(&mut dice), vec![]);
        stage.options.token = convscope::source::hub::Token::Known("hf_t0ken".into());
        stage.options.limits.attempts = 2;
        stage.options.limits.pause = std::time::Duration::ZERO;
        let kind = dice.below(4);
        let dice = std::sync::Mutex::new(dice);
        let mirror = seed % 3 == 0;
        stage.server.misbehave(move |request: &Request, _| {
            let mut dice = dice.lock().unwrap();
            let api = request.path.starts_with("/api/");
            if mirror && api {
                return Some(Fault::Status(404, vec![]));
            }
            match kind {
                _ if dice.below(3) > 0 => None,
                0 if api && !request.path.contains("paths-info") => {
                    let info = format!(r#"{{"id": "owner/name", "sha": "{COMMIT}"}}"#);
                    Some(Fault::Instead(dice.mutate(info.as_bytes()), "application/json"))
                }
                0 | 1 if api => {
                    let list = format!(
                        r#"[{{"type": "file", "path": "m-1.safetensors", "size": 900, "oid": "{COMMIT}", "lfs": {{"oid": "{SHA256}", "size": 900}}}}, {{"type": "file", "path": "config.json", "size": 2, "oid": "{COMMIT}"}}]"#
                    );
                    Some(Fault::Instead(dice.mutate(list.as_bytes()), "application/json"))
                }
                2 => {
                    let names = ["ETag", "X-Linked-Etag", "X-Linked-Size", "X-Repo-Commit", "Location", "Content-Range"];
                    let name = names[dice.below(names.len())];
                    let values: [&[u8]; 4] = [b"\"0123456789abcdef0123456789abcdef01234567\"", b"900", b"bytes 0-9/10", b"http://127.0.0.1:9/x"];
                    let value = dice.pick(&values);
                    let value = dice.mutate(value);
                    let text = String::from_utf8_lossy(&value).replace(['\r', '\n', '\0'], " ");
                    Some(Fault::Headers(vec![(name, text)]))
                }
                3 if !api => {
                    let bytes = dice.mutate(&noise(900));
                    Some(Fault::Instead(bytes, "application/octet-stream"))
                }
                _ => None,
            }
        });
        match stage.fetch() {
            Ok(snapshot) => {
                whole += 1;
                assert!(snapshot.weights.is_file());
                assert!(!format!("{snapshot:?}").contains("hf_t0ken"), "{snapshot:?}");
            }
            Err(error) => {
                let said = format!("{error} {error:?}");
                assert!(
                    !said.contains("hf_t0ken") && error.to_string().lines().count() == 1,
                    "{said}"
                );
            }
        }
    }
    assert!((20..140).contains(&whole), "{whole} of 150 came whole");
}
