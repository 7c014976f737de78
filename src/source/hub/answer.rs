//! What answers of the hub say: bytes and headers to plain values, without asking anybody. Anything may stand in them.

use std::collections::BTreeMap;

use hf_hub::repository::RepoTreeEntry;
use serde::Deserialize;
use serde_json::Value;

use super::part::is_ours;
use crate::base::{clean, first_line};
use crate::config::{is_commit, is_hex};

/// Longest name of a blob.
const NAME: usize = 200;
/// Characters of a server's own words that are repeated.
const WORDS: usize = 160;

/// A file as the hub has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remote {
    /// Its path in the repository.
    pub file: String,
    /// The name of its blob: sha256 of a large file, git's id of a small one; of some mirrors anything.
    pub etag: String,
    /// Bytes.
    pub size: u64,
}

/// How the bytes of a blob are told from others of the same length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proof<'a> {
    /// By their sha256.
    Sha256(&'a str),
    /// By their sha1, or by git's id, which is the sha1 of a head and the bytes.
    Sha1(&'a str),
    /// Not at all: the server names nothing that could be computed.
    Length,
}

impl<'a> Proof<'a> {
    /// What the name of a blob proves. Sonatype Nexus writes `{SHA1{...}}`.
    pub fn of(etag: &'a str) -> Self {
        let sha1 = etag.strip_prefix("{SHA1{").and_then(|rest| rest.strip_suffix("}}"));
        match sha1.unwrap_or(etag) {
            hash if hash.len() == 40 && is_hex(hash) => Self::Sha1(hash),
            hash if hash.len() == 64 && is_hex(hash) && sha1.is_none() => Self::Sha256(hash),
            _ => Self::Length,
        }
    }
}

/// The commit in the answer about a repository.
///
/// # Errors
/// When it names none.
pub fn commit(json: &[u8]) -> Result<String, String> {
    #[derive(Deserialize)]
    struct Info {
        sha: String,
    }
    let info: Info = serde_json::from_slice(json).map_err(|e| clean(&first_line(&e)))?;
    if is_commit(&info.sha) { Ok(info.sha) } else { Err("it names no commit".into()) }
}

/// Those of the `asked` files that the answer about files lists; `None` for one without a hash or a size.
///
/// # Errors
/// When it is not a list of files.
pub fn files(json: &[u8], asked: &[String]) -> Result<BTreeMap<String, Option<Remote>>, String> {
    let entries: Vec<Value> = serde_json::from_slice(json).map_err(|e| clean(&first_line(&e)))?;
    let mut files = BTreeMap::new();
    for entry in entries {
        let (Some(path), Some(kind)) = (entry["path"].as_str(), entry["type"].as_str()) else {
            return Err("an entry has no path or no type".into());
        };
        // Only what was asked for becomes a path.
        if kind != "file" || !asked.iter().any(|asked| asked == path) {
            continue;
        }
        files.entry(path.to_string()).or_insert_with(|| remote(&entry));
    }
    Ok(files)
}

/// An entry of the answer about files, if it has a hash and a size.
fn remote(entry: &Value) -> Option<Remote> {
    let RepoTreeEntry::File { oid, size, path, lfs, .. } =
        RepoTreeEntry::deserialize(entry).ok()?
    else {
        return None;
    };
    let (etag, size) = match lfs {
        Some(large) => {
            // The hub calls the sha256 `oid`; its documentation, hf-hub, and some mirrors, `sha256`.
            let hash = large.sha256.or_else(|| Some(entry["lfs"]["oid"].as_str()?.to_string()));
            (hash.filter(|hash| hash.len() == 64)?, large.size.unwrap_or(size))
        }
        None => (Some(oid).filter(|id| id.len() == 40)?, size),
    };
    is_hex(&etag).then_some(Remote { file: path, etag, size })
}

/// What the headers of the answers on the way to a file say, the first that says it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Description {
    /// The commit that the file is of.
    pub commit: Option<String>,
    /// The name of its blob.
    pub etag: Option<String>,
    /// Bytes.
    pub size: Option<u64>,
}

impl Description {
    /// Adds what one answer says. One that `sends_on` speaks of the file only in the hub's own headers, and in an etag that
    /// is a hash.
    pub fn hear<'h>(&mut self, sends_on: bool, header: impl Fn(&str) -> Option<&'h str>) {
        let commit = header("x-repo-commit").filter(|commit| is_commit(commit));
        self.commit = self.commit.take().or(commit.map(str::to_string));
        let own = header("etag").and_then(blob_name);
        let own = own.filter(|etag| !sends_on || Proof::of(etag) != Proof::Length);
        let etag = header("x-linked-etag").and_then(blob_name).or(own);
        self.etag = self.etag.take().or(etag);
        let length = || {
            let range = header("content-range").and_then(|range| range.rsplit_once('/'));
            let length = range.map_or_else(|| header("content-length"), |(_, all)| Some(all));
            length.filter(|_| !sends_on)
        };
        let size = header("x-linked-size").or_else(length);
        self.size = self.size.or(size.and_then(|size| size.trim().parse().ok()));
    }
}

/// An etag as the name of a blob, as huggingface_hub makes one; `None` when it cannot be a name.
pub fn blob_name(etag: &str) -> Option<String> {
    let etag = etag.trim();
    let etag = etag.strip_prefix("W/").unwrap_or(etag).trim_matches('"');
    let plain = |b: u8| b.is_ascii_graphic() && !matches!(b, b'/' | b'\\' | b'"');
    let fits = (1..=NAME).contains(&etag.len()) && etag.bytes().all(plain);
    (fits && !etag.starts_with('.') && !is_ours(etag)).then(|| etag.to_string())
}

/// A server's own words on why it refuses, from the body of its answer: short, one line, safe to show. A web page has none.
pub fn words(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Error {
        #[serde(default, alias = "message", alias = "detail")]
        error: Option<Value>,
        #[serde(default)]
        errors: Vec<Value>,
    }
    let text = String::from_utf8_lossy(body);
    let text = text.trim();
    if text.is_empty() || text.starts_with('<') {
        return None;
    }
    let said = if text.starts_with('{') {
        let Error { error, errors } = serde_json::from_str(text).ok()?;
        let value = error.or_else(|| errors.into_iter().next())?;
        value.as_str().or_else(|| value["message"].as_str())?.to_string()
    } else if text.starts_with('[') {
        // JSON of another shape is for programs.
        return None;
    } else {
        text.to_string()
    };
    shortened(&said)
}

/// One line of at most `WORDS` characters, safe to show; `None` when nothing is left.
pub fn shortened(text: &str) -> Option<String> {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty())?;
    let more = if line.chars().nth(WORDS).is_some() { "..." } else { "" };
    Some(clean(&line.chars().take(WORDS).collect::<String>()) + more)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const SHA1: &str = "0123456789abcdef0123456789abcdef01234567";

    #[test]
    fn etags_become_names_that_stay_in_their_folder() {
        for (etag, name) in
            [("\"abc\"", "abc"), ("W/\"abc-12\"", "abc-12"), ("{SHA1{0}}", "{SHA1{0}}")]
        {
            assert_eq!(blob_name(etag).as_deref(), Some(name));
        }
        let long = "a".repeat(NAME + 1);
        let part = format!("{SHA1}.convscope-host-1.incomplete");
        for bad in [
            "", "\"\"", "../x", "a/b", "a\\b", ".", "..", ".x", "a b", "a\u{7f}", "é", &long, &part,
        ] {
            assert_eq!(blob_name(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_hash_proves_what_it_is_of() {
        let sha256 = "ab".repeat(32);
        assert_eq!(Proof::of(SHA1), Proof::Sha1(SHA1));
        assert_eq!(Proof::of(&format!("{{SHA1{{{SHA1}}}}}")), Proof::Sha1(SHA1));
        assert_eq!(Proof::of(&sha256), Proof::Sha256(&sha256));
        for other in
            ["", "abc", &sha256[1..], &SHA1.to_uppercase(), "d41d8cd98f00b204e9800998ecf8427e"]
        {
            assert_eq!(Proof::of(other), Proof::Length);
        }
    }

    #[test]
    fn the_first_answer_that_speaks_of_the_file_counts() {
        let hear = |answers: &[(bool, &[(&str, &'static str)])]| {
            let mut description = Description::default();
            for (sends_on, headers) in answers {
                let find = |name: &str| headers.iter().find(|(n, _)| *n == name).map(|(_, v)| *v);
                description.hear(*sends_on, find);
            }
            (description.commit.is_some(), description.etag.unwrap_or_default(), description.size)
        };
        let hub: &[_] = &[
            ("x-repo-commit", SHA1),
            ("x-linked-etag", "\"e\""),
            ("x-linked-size", "7"),
            ("etag", "\"f\""),
            ("content-length", "1"),
        ];
        let other: &[_] = &[("etag", "\"other\""), ("content-length", "9")];
        assert_eq!(hear(&[(true, hub), (false, other)]), (true, "e".into(), Some(7)));
        assert_eq!(hear(&[(false, other)]), (false, "other".into(), Some(9)));
        // A mirror that sends on to the hub says nothing of the file itself.
        assert_eq!(hear(&[(true, other), (false, hub)]), (true, "e".into(), Some(7)));
        let range: &[_] = &[
            ("content-range", "bytes 0-0/12"),
            ("content-length", "1"),
            ("x-repo-commit", "../x"),
        ];
        assert_eq!(hear(&[(false, range)]), (false, String::new(), Some(12)));
        assert_eq!(
            hear(&[(false, &[("content-length", "-1"), ("etag", "../x")])]),
            (false, String::new(), None)
        );
    }

    #[test]
    fn lists_say_what_was_asked_and_no_more() {
        let sha256 = "ab".repeat(32);
        let json = format!(
            r#"[{{"type": "file", "path": "a", "oid": "{SHA1}", "size": 1, "more": [{{}}]}},
            {{"type": "file", "path": "b", "oid": "{SHA1}", "size": 130, "lfs": {{"oid": "{sha256}", "size": 2}}}},
            {{"type": "file", "path": "c", "oid": "../x", "size": 3}},
            {{"type": "directory", "path": "d", "oid": "{SHA1}"}},
            {{"type": "file", "path": "../x", "oid": "{SHA1}", "size": 3}}]"#
        );
        let asked = ["a", "b", "c", "d"].map(String::from);
        let files = files(json.as_bytes(), &asked).unwrap();
        let remote = |file: &str, etag: &str, size| {
            Some(Remote { file: file.into(), etag: etag.into(), size })
        };
        assert_eq!(files["a"], remote("a", SHA1, 1));
        assert_eq!(files["b"], remote("b", &sha256, 2));
        assert_eq!((&files["c"], files.len()), (&None, 3));
        for bad in ["", "{}", "[{}]", "<html>", r#"[{"type": "file", "path": 1}]"#] {
            assert!(super::files(bad.as_bytes(), &asked).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_commit_is_one() {
        assert_eq!(
            commit(format!(r#"{{"sha": "{SHA1}", "siblings": []}}"#).as_bytes()).unwrap(),
            SHA1
        );
        for bad in ["", "[]", "{}", r#"{"sha": null}"#, r#"{"sha": "../../x"}"#, r#"{"sha": 1}"#] {
            assert!(commit(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn servers_are_quoted_briefly() {
        for (body, said) in [
            (r#"{"error": "Repo \u001b[2J\nmodel not found"}"#, Some("Repo \u{fffd}[2J")),
            (r#"{"errors": [{"status": 404, "message": "not found"}]}"#, Some("not found")),
            (r#"{"message": "no"}"#, Some("no")),
            ("\r\n  too many requests\nmore", Some("too many requests")),
            ("<!DOCTYPE html><html>", None),
            (r#"{"a": 1}"#, None),
            (r#"["a"]"#, None),
            (r#"{"error": 3}"#, None),
            ("", None),
        ] {
            assert_eq!(words(body.as_bytes()).as_deref(), said, "{body}");
        }
        assert!(words("x".repeat(1 << 20).as_bytes()).unwrap().len() < 200);
    }
}
