//! The addresses by which people name a repository of the hub: pages, git remotes, `hf://`, folders of the cache.

use super::repo::RepoRef;

/// Words before a name, as timm and open_clip write them.
const PREFIXES: [&str; 2] = ["hf-hub:", "hf_hub:"];
/// fsspec's scheme.
const FILES: &str = "hf://";
/// The name of a repository's folder in the cache.
const FOLDER: &str = "models--";
/// The hub's own hosts.
const HOSTS: [&str; 3] = ["huggingface.co", "www.huggingface.co", "hf.co"];
/// The user of the hub's git remotes.
const GIT: &str = "git@";

/// What a text turned out to be.
pub(super) enum Form {
    /// `owner/name[@revision][:file]`, not taken apart yet.
    Short(String),
    /// An address, taken apart but not checked; or why that is not possible.
    Parts(Result<RepoRef, String>),
}

/// Whether the text is one of the forms of this module.
pub(super) fn is_address(text: &str) -> bool {
    text.starts_with(FILES)
        || text.starts_with(FOLDER)
        || PREFIXES.iter().any(|prefix| text.starts_with(prefix))
        || page(text).is_some()
}

/// Tells the forms apart. `endpoint` is the address of a mirror, or empty.
pub(super) fn form(text: &str, endpoint: &str) -> Form {
    if let Some(name) = PREFIXES.iter().find_map(|prefix| text.strip_prefix(prefix)) {
        Form::Short(name.into())
    } else if let Some(folder) = text.strip_prefix(FOLDER) {
        Form::Short(folder.replacen("--", "/", 1))
    } else if let Some(path) = text.strip_prefix(FILES) {
        Form::Parts(file(path))
    } else if let Some((host, path)) = page(text) {
        let mirror = page(endpoint).filter(|(mirror, _)| *mirror == host);
        let inside = match mirror {
            _ if HOSTS.contains(&host.as_str()) => Some(path),
            Some((_, root)) => path.strip_prefix(root.trim_end_matches('/')),
            None => None,
        };
        let elsewhere =
            || format!("networks come from another host: set HF_ENDPOINT to https://{host}");
        Form::Parts(inside.ok_or_else(elsewhere).and_then(repository))
    } else {
        Form::Short(text.into())
    }
}

/// The host, in small letters and without a user, and the path of a page or a git remote.
fn page(text: &str) -> Option<(String, &str)> {
    let scheme = ["https://", "http://"].into_iter().find(|scheme| {
        text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    });
    if let Some(scheme) = scheme {
        let rest = &text[scheme.len()..];
        let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        return Some((host.to_ascii_lowercase(), path));
    }
    let (host, path) = match text.strip_prefix(GIT) {
        Some(remote) => remote.split_once(':')?,
        None => text.split_once('/')?,
    };
    HOSTS.contains(&host).then(|| (host.to_string(), path))
}

/// `[models/]owner/name[@revision][/file]`, as huggingface_hub's file system reads it.
fn file(path: &str) -> Result<RepoRef, String> {
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let segments = segments.strip_prefix(&["models"]).unwrap_or(&segments);
    let (owner, name, rest) = owner_name(segments)?;
    let Some((name, revision)) = name.split_once('@') else {
        return parts(owner, name, None, rest);
    };
    let revision: Vec<&str> = std::iter::once(revision).chain(rest.iter().copied()).collect();
    let (revision, rest) = revision_and_rest(&revision)?;
    parts(owner, name, revision, rest)
}

/// The path of a page: a repository, or a branch, a commit or a file of it.
fn repository(path: &str) -> Result<RepoRef, String> {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let segments = segments.strip_prefix(&["api", "models"]).unwrap_or(&segments);
    let (owner, name, rest) = owner_name(segments)?;
    let (name, at) = match name.split_once('@') {
        Some((name, revision)) => (name, Some(decoded(revision)?)),
        None => (name, None),
    };
    let name = name.strip_suffix(".git").unwrap_or(name);
    match rest {
        [] => parts(owner, name, at, &[]),
        ["tree" | "commit" | "commits" | "revision", rest @ ..] => match revision_and_rest(rest)? {
            (revision, []) => parts(owner, name, revision, &[]),
            _ => Err("that is a folder: name a file, as in owner/name:folder/file".into()),
        },
        ["blob" | "resolve" | "raw", rest @ ..] => {
            let (revision, rest) = revision_and_rest(rest)?;
            parts(owner, name, revision, rest)
        }
        [page, ..] => Err(format!("\"{}\" is not a page of files", crate::base::clean(page))),
    }
}

fn owner_name<'a, 'b>(
    segments: &'b [&'a str],
) -> Result<(&'a str, &'a str, &'b [&'a str]), String> {
    match segments {
        ["datasets", ..] => Err("a dataset is not a network".into()),
        ["spaces", ..] => Err("a space is not a network".into()),
        [owner, name, rest @ ..] => Ok((owner, name, rest)),
        _ => Err("no owner/name".into()),
    }
}

/// A revision is one segment, but for `refs/pr/1` and the like, which browsers show with slashes.
fn revision_and_rest<'a, 'b>(
    segments: &'b [&'a str],
) -> Result<(Option<String>, &'b [&'a str]), String> {
    Ok(match segments {
        ["refs", kind @ ("pr" | "convert"), number, rest @ ..] => {
            (Some(format!("refs/{kind}/{}", decoded(number)?)), rest)
        }
        [revision, rest @ ..] => (Some(decoded(revision)?), rest),
        [] => (None, &[]),
    })
}

fn parts(
    owner: &str,
    name: &str,
    revision: Option<String>,
    file: &[&str],
) -> Result<RepoRef, String> {
    let file = file.iter().map(|part| decoded(part)).collect::<Result<Vec<_>, _>>()?.join("/");
    let owner_name = format!("{}/{}", decoded(owner)?, decoded(name)?);
    Ok(RepoRef { owner_name, revision, file: Some(file).filter(|file| !file.is_empty()) })
}

/// A part of an address without `%20` and the like.
///
/// # Errors
/// When the bytes are not UTF-8.
pub fn decoded(segment: &str) -> Result<String, String> {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    while let [first, tail @ ..] = rest {
        let code = match (first, tail) {
            (b'%', [high, low, ..]) => std::str::from_utf8(&[*high, *low])
                .ok()
                .and_then(|digits| u8::from_str_radix(digits, 16).ok()),
            _ => None,
        };
        bytes.push(code.unwrap_or(*first));
        rest = if code.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8(bytes).map_err(|_| "it is not UTF-8".into())
}
