//! How a network of the hub is named: `owner/name`, `owner/name@revision`, `owner/name:file`.

use std::fmt;
use std::path::{Component, Path};
use std::str::FromStr;

use super::HubError;
use crate::base::clean;

/// The branch that is meant when none is named.
const MAIN: &str = "main";

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

impl RepoRef {
    /// The revision, `main` when none is named.
    pub fn revision(&self) -> &str {
        self.revision.as_deref().unwrap_or(MAIN)
    }

    /// Whether the revision is a whole commit, which never changes.
    pub fn is_pinned(&self) -> bool {
        is_commit(self.revision())
    }

    /// The owner and the name.
    pub(super) fn split(&self) -> (&str, &str) {
        self.owner_name.split_once('/').unwrap_or(("", &self.owner_name))
    }

    /// The folder in the cache.
    pub(super) fn folder(&self) -> String {
        format!("models--{}", self.owner_name.replace('/', "--"))
    }
}

impl FromStr for RepoRef {
    type Err = HubError;

    /// Takes what the hub takes (huggingface_hub's `validate_repo_id` and git's rules for revisions).
    fn from_str(text: &str) -> Result<Self, HubError> {
        let fail = |why: &str| HubError::Name { text: clean(text), why: why.into() };
        let (head, file) = match text.split_once(':') {
            Some((head, file)) => (head, Some(file)),
            None => (text, None),
        };
        let (owner_name, revision) = match head.split_once('@') {
            Some((name, revision)) => (name, Some(revision)),
            None => (head, None),
        };
        let (owner, name) = owner_name.split_once('/').ok_or_else(|| fail("no owner/name"))?;
        if name.contains('/') {
            return Err(fail("more than one /"));
        }
        check_name(owner).and_then(|()| check_name(name)).map_err(fail)?;
        if owner_name.len() > 96 {
            return Err(fail("longer than 96 characters"));
        }
        if name.ends_with(".git") {
            return Err(fail("ends in .git"));
        }
        if revision.is_some_and(|revision| !is_revision(revision)) {
            return Err(fail("the revision is no branch, tag or commit"));
        }
        if file.is_some_and(|file| !is_inside(file)) {
            return Err(fail("the file is no path inside the repository"));
        }
        Ok(Self {
            owner_name: owner_name.into(),
            revision: revision.map(str::to_string),
            file: file.map(str::to_string),
        })
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
pub(super) fn is_commit(text: &str) -> bool {
    text.len() == 40 && is_hex(text)
}

pub(super) fn is_hex(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

/// Whether a path of a repository stays inside it, so that it may become one of the cache.
pub(super) fn is_inside(path: &str) -> bool {
    let plain = |part: Component<'_>| matches!(part, Component::Normal(_));
    !path.is_empty()
        && path.len() <= 1024
        && Path::new(path).components().all(plain)
        && path.split('/').all(|part| !part.is_empty() && part != ".")
        && !path.contains('\\')
        && clean(path) == path
}

fn check_name(part: &str) -> Result<(), &'static str> {
    let known = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    let edge = |c: char| c == '-' || c == '.';
    if part.is_empty() {
        Err("an empty owner or name")
    } else if !part.bytes().all(known) {
        Err("letters, digits, - _ . only")
    } else if part.starts_with(edge) || part.ends_with(edge) {
        Err("- and . stand inside only")
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn parts_are_told_apart_and_written_back() {
        for text in [
            "timm/resnet50.tv_in1k",
            "microsoft/resnet-50@main",
            "a/b@refs/pr/1:sub/model.safetensors",
            "a/b:model.bin",
        ] {
            let repo: RepoRef = text.parse().unwrap();
            assert_eq!(repo.to_string(), text);
        }
        let repo: RepoRef = "a/b@refs/pr/1:sub/m.bin".parse().unwrap();
        assert_eq!((repo.revision(), repo.file.as_deref()), ("refs/pr/1", Some("sub/m.bin")));
        assert_eq!(repo.folder(), "models--a--b");
        let repo: RepoRef = "a/b".parse().unwrap();
        assert_eq!((repo.revision(), repo.is_pinned()), ("main", false));
        let pinned: RepoRef = format!("a/b@{}", "0f".repeat(20)).parse().unwrap();
        assert!(pinned.is_pinned());
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
        ] {
            let error = text.parse::<RepoRef>();
            assert!(matches!(error, Err(HubError::Name { .. })), "{text}: {error:?}");
        }
        let long = format!("a/{}", "b".repeat(95));
        assert!(long.parse::<RepoRef>().is_err());
    }
}
