//! How a network of the hub is named: `owner/name`, `owner/name@revision`, `owner/name:file`, and the other
//! ways in which people write that. One parser for the command line, the catalogue and the explorer.

use std::fmt;
use std::path::{Component, Path};
use std::str::FromStr;

use thiserror::Error;

use super::address::{self, Form};
use crate::base::clean;

/// The branch that is meant when none is named.
const MAIN: &str = "main";
/// Characters of a name that a message repeats.
const SHOWN: usize = 120;

/// A repository of models, and what of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RepoRef {
    /// `owner/name`.
    pub owner_name: String,
    /// A branch, tag or commit; `main` when there is none.
    pub revision: Option<String>,
    /// A file of weights, or an index of shards; the usual ones are looked for when there is none.
    pub file: Option<String>,
}

/// Not the name of a repository: one sentence, safe to show on a terminal.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error(
    "\"{text}\" is not the name of a network on the hub ({why}): write owner/name, owner/name@revision or owner/name:file"
)]
pub struct RepoError {
    /// What was written, without a password that it may hold.
    pub text: String,
    /// What is wrong with it.
    pub why: String,
}

impl RepoRef {
    /// Reads any of the forms that docs/hub.md lists. `endpoint` is the address of a mirror, whose pages name networks as
    /// the hub's own do; it may be empty.
    ///
    /// # Errors
    /// When the text is in none of the forms, or the hub would refuse the name (huggingface_hub's `validate_repo_id`
    /// and git's rules for revisions).
    pub fn read(text: &str, endpoint: &str) -> Result<Self, RepoError> {
        let repo = match address::form(text.trim(), endpoint) {
            Form::Short(text) => Ok(Self::short(&text)),
            Form::Parts(repo) => repo,
        };
        repo.and_then(Self::checked).map_err(|why| RepoError { text: shown(text), why })
    }

    /// Whether a text can only be meant as a network of the hub, not as a file.
    pub fn is_address(text: &str) -> bool {
        address::is_address(text.trim())
    }

    /// The revision, `main` when none is named.
    pub fn revision(&self) -> &str {
        self.revision.as_deref().unwrap_or(MAIN)
    }

    /// Whether the revision is a whole commit, which never changes.
    pub fn is_pinned(&self) -> bool {
        is_commit(self.revision())
    }

    /// `owner/name[@revision][:file]`, and timm's name of a network without its owner. Nothing is checked yet.
    fn short(text: &str) -> Self {
        let (head, file) = match text.split_once(':') {
            Some((head, file)) => (head, Some(file)),
            None => (text, None),
        };
        let (owner_name, revision) = match head.split_once('@') {
            Some((name, revision)) => (name, Some(revision)),
            None => (head, None),
        };
        let owner_name = owner_name.strip_suffix('/').unwrap_or(owner_name);
        let owner = if is_timm(owner_name) { "timm/" } else { "" };
        Self {
            owner_name: format!("{owner}{owner_name}"),
            revision: revision.map(str::to_string),
            file: file.map(str::to_string),
        }
    }

    fn checked(self) -> Result<Self, String> {
        let (owner, name) = self.owner_name.split_once('/').ok_or("no owner/name")?;
        if name.contains('/') {
            return Err("more than one /".into());
        }
        check_name(owner).and_then(|()| check_name(name))?;
        if self.owner_name.len() > 96 {
            return Err("longer than 96 characters".into());
        }
        if name.ends_with(".git") {
            return Err("ends in .git".into());
        }
        if self.revision.as_deref().is_some_and(|revision| !is_revision(revision)) {
            return Err("the revision is not a branch, tag or commit".into());
        }
        if self.file.as_deref().is_some_and(|file| !is_inside(file)) {
            return Err("the file is not a path inside the repository".into());
        }
        Ok(self)
    }
}

impl FromStr for RepoRef {
    type Err = RepoError;

    /// As [`RepoRef::read`], with the mirror that HF_ENDPOINT names.
    fn from_str(text: &str) -> Result<Self, RepoError> {
        Self::read(text, &std::env::var("HF_ENDPOINT").unwrap_or_default())
    }
}

impl fmt::Display for RepoRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.owner_name)?;
        if let Some(revision) = &self.revision {
            write!(f, "@{revision}")?;
        }
        if let Some(file) = &self.file {
            write!(f, ":{file}")?;
        }
        Ok(())
    }
}

/// A whole commit: 40 hexadecimal digits.
pub fn is_commit(text: &str) -> bool {
    text.len() == 40 && is_hex(text)
}

/// Lower-case hexadecimal digits only.
pub fn is_hex(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

/// Whether a path of a repository stays inside it, so that it may become one of the cache.
pub fn is_inside(path: &str) -> bool {
    let plain = |part: Component<'_>| matches!(part, Component::Normal(_));
    !path.is_empty()
        && path.len() <= 1024
        && Path::new(path).components().all(plain)
        && path.split('/').all(|part| !part.is_empty() && part != "." && part.len() <= 255)
        && !path.contains('\\')
        && clean(path) == path
}

/// What was written, short, and without the user and the password of an address.
fn shown(text: &str) -> String {
    let text = match text.split_once("://") {
        Some((scheme, rest)) => {
            let authority = rest.find(['/', '?', '#']).unwrap_or(rest.len());
            let secret = rest[..authority].rfind('@').map_or(0, |at| at + 1);
            format!("{scheme}://{}", &rest[secret..])
        }
        None => text.to_string(),
    };
    let more = if text.chars().nth(SHOWN).is_some() { "..." } else { "" };
    clean(&text.chars().take(SHOWN).collect::<String>()) + more
}

fn check_name(part: &str) -> Result<(), &'static str> {
    let known = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    let edge = |c: char| c == '-' || c == '.';
    if part.is_empty() {
        Err("an empty owner or name")
    } else if !part.bytes().all(known) {
        Err("letters, digits, - _ . only")
    } else if part.starts_with(edge) || part.ends_with(edge) {
        Err("- or . at the start or end")
    } else if part.contains("--") || part.contains("..") {
        Err("no -- and no ..")
    } else {
        Ok(())
    }
}

/// Git's rules, as far as they keep a revision from being something else to a URL or a path.
fn is_revision(text: &str) -> bool {
    let odd = |c: char| c.is_whitespace() || matches!(c, '~' | '^' | ':' | '?' | '*' | '[' | '@');
    is_inside(text) && !text.contains(odd) && !text.contains("..") && !text.starts_with('-')
}

/// Whether this is what timm calls a network, `resnet50.a1_in1k`: the tag names the data that it was trained on, which no
/// ending of a file does.
fn is_timm(text: &str) -> bool {
    let plain = |part: &str| {
        let known = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        !part.is_empty() && part.bytes().all(known)
    };
    let is_data = |word: &str| {
        let digits = word.trim_start_matches(|c: char| c.is_ascii_lowercase());
        let count = digits.trim_end_matches(['k', 'm', 'b']);
        let counted = word.len() > digits.len() && digits.len() == count.len() + 1;
        (counted && !count.is_empty() && count.bytes().all(|b| b.is_ascii_digit()))
            || word == "openai"
    };
    text.split_once('.').is_some_and(|(architecture, tag)| {
        plain(architecture) && plain(tag) && tag.split('_').any(is_data)
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const MIRROR: &str = "https://me:secret@hub.local:8443/hf/";

    fn read(text: &str) -> String {
        RepoRef::read(text, MIRROR).map_or_else(|e| e.to_string(), |repo| repo.to_string())
    }

    #[test]
    fn parts_are_told_apart_and_written_back() {
        for text in [
            "timm/resnet50.tv_in1k",
            "microsoft/resnet-50@main",
            "a/b@refs/pr/1:sub/model.safetensors",
            "a/b:model.bin",
        ] {
            assert_eq!(read(text), text);
        }
        let repo: RepoRef = "a/b@refs/pr/1:sub/m.bin".parse().unwrap();
        assert_eq!((repo.revision(), repo.file.as_deref()), ("refs/pr/1", Some("sub/m.bin")));
        let repo: RepoRef = "a/b".parse().unwrap();
        assert_eq!((repo.revision(), repo.is_pinned()), ("main", false));
        let pinned: RepoRef = format!("a/b@{}", "0f".repeat(20)).parse().unwrap();
        assert!(pinned.is_pinned());
    }

    #[test]
    fn all_forms_mean_the_same_repository() {
        for text in [
            " acme/tiny ",
            "acme/tiny/",
            "hf-hub:acme/tiny",
            "hf_hub:acme/tiny",
            "hf://acme/tiny",
            "hf://acme/tiny/",
            "hf://models/acme/tiny",
            "models--acme--tiny",
            "models--acme--tiny/",
            "https://huggingface.co/acme/tiny",
            "http://www.huggingface.co/acme/tiny/",
            "HTTPS://HuggingFace.co/acme/tiny",
            "https://hf.co/acme/tiny?library=timm",
            "https://huggingface.co/acme/tiny#files",
            "https://me:hf_token@huggingface.co/acme/tiny",
            "https://huggingface.co/acme/tiny.git",
            "git@hf.co:acme/tiny.git",
            "huggingface.co/acme/tiny",
            "https://huggingface.co/api/models/acme/tiny",
            "https://hub.local:8443/hf/acme/tiny",
        ] {
            assert_eq!(read(text), "acme/tiny", "{text}");
        }
        assert_eq!(read("resnet50.a1_in1k"), "timm/resnet50.a1_in1k");
        assert_eq!(read("hf-hub:resnet50_clip.openai@v1"), "timm/resnet50_clip.openai@v1");
    }

    #[test]
    fn revisions_and_files_are_read_from_every_form() {
        for (text, repo) in [
            ("hf-hub:acme/tiny@v1:sub/m.bin", "acme/tiny@v1:sub/m.bin"),
            ("hf://acme/tiny@v1/sub/m.bin", "acme/tiny@v1:sub/m.bin"),
            ("hf://acme/tiny/m.bin", "acme/tiny:m.bin"),
            ("hf://acme/tiny@refs%2Fpr%2F1", "acme/tiny@refs/pr/1"),
            ("hf://acme/tiny@refs/pr/1/m.bin", "acme/tiny@refs/pr/1:m.bin"),
            ("models--acme--tiny@v1", "acme/tiny@v1"),
            ("https://huggingface.co/acme/tiny/tree/v1", "acme/tiny@v1"),
            ("https://huggingface.co/acme/tiny/tree/refs%2Fpr%2F1", "acme/tiny@refs/pr/1"),
            ("https://huggingface.co/acme/tiny/commit/0f0f", "acme/tiny@0f0f"),
            ("https://huggingface.co/acme/tiny/blob/main/a/m.bin", "acme/tiny@main:a/m.bin"),
            (
                "https://huggingface.co/acme/tiny/resolve/main/m%20n.bin?download=true",
                "acme/tiny@main:m n.bin",
            ),
            ("https://huggingface.co/acme/tiny/raw/refs/pr/1/m.bin", "acme/tiny@refs/pr/1:m.bin"),
            ("https://huggingface.co/api/models/acme/tiny/revision/v1", "acme/tiny@v1"),
            ("https://hub.local:8443/hf/acme/tiny/resolve/v1/m.bin", "acme/tiny@v1:m.bin"),
            ("https://huggingface.co/acme/tiny@v1", "acme/tiny@v1"),
        ] {
            assert_eq!(read(text), repo, "{text}");
        }
    }

    #[test]
    fn what_is_not_a_network_of_this_hub_is_named() {
        for (text, why) in [
            ("https://example.org/acme/tiny", "set HF_ENDPOINT to https://example.org"),
            ("https://hub.local:8443/acme/tiny", "set HF_ENDPOINT"),
            ("https://huggingface.co/datasets/acme/tiny", "a dataset"),
            ("hf://spaces/acme/tiny", "a space"),
            ("https://huggingface.co/acme/tiny/discussions/1", "discussions"),
            ("https://huggingface.co/acme/tiny/tree/main/sub", "a folder"),
            ("https://huggingface.co/acme", "no owner/name"),
            ("https://huggingface.co/", "no owner/name"),
            ("https://huggingface.co/acme/tiny/blob/main/..%2f..%2fx", "the file"),
            ("https://huggingface.co/acme/%ff", "UTF-8"),
            ("hf://acme/tiny@../x", "the revision"),
        ] {
            assert!(read(text).contains(why), "{text}: {}", read(text));
        }
        let error = read("https://me:hf_token@example.org/a@b");
        assert!(
            !error.contains("hf_token") && error.contains("https://example.org/a@b"),
            "{error}"
        );
        assert!(read(&"x".repeat(1 << 20)).len() < 400);
    }

    #[test]
    fn what_the_hub_would_refuse_is_refused() {
        for text in [
            "",
            "a",
            "a/",
            "/b",
            "a/b/c",
            "datasets/a/b",
            "a/b.git",
            "a/-b",
            "a/b.",
            "a/b--c",
            "a/b..c",
            "a/b c",
            "a/\u{e9}",
            "a/b@",
            "a/b@x..y",
            "a/b@../x",
            "a/b@-x",
            "a/b@x y",
            "a/b@/x",
            "a/b:",
            "a/b:/etc/passwd",
            "a/b:../x",
            "a/b:x/../y",
            "a/b:x//y",
            "a/b:./x",
            "a/b:x\\y",
            "a/b:x\u{1b}",
            "a/b@x@y",
            "photo.jpg",
            "resnet50.pth",
            "hf-hub:",
            "models--a",
        ] {
            assert!(text.parse::<RepoRef>().is_err(), "{text}");
        }
        let long = format!("a/{}", "b".repeat(95));
        assert!(long.parse::<RepoRef>().is_err());
    }
}
