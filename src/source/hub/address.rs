//! Addresses of the hub: the endpoint, its files, where an answer sends on to, and how they are shown.

use reqwest::{StatusCode, Url};

use super::{HubError, HubOptions, RepoRef};
use crate::base::clean;

/// An address that may be shown: without a user, a password and what stands after a `?`.
///
/// ```
/// let shown = convscope::source::hub::shown;
/// assert_eq!(shown("https://me:secret@hub.local:8443/hf"), "https://hub.local:8443/hf");
/// ```
pub fn shown(address: &str) -> String {
    match Url::parse(address) {
        Ok(url) if url.has_host() => {
            let mut url = without_user(url);
            url.set_query(None);
            url.set_fragment(None);
            clean(url.as_str().trim_end_matches('/'))
        }
        // What cannot be taken apart may hold a password with any character in it.
        _ => {
            let (scheme, rest) = match address.split_once("://") {
                Some((scheme, rest)) if !scheme.contains('@') => (format!("{scheme}://"), rest),
                _ => (String::new(), address),
            };
            clean(&(scheme + rest.rsplit('@').next().unwrap_or_default()))
        }
    }
}

/// The endpoint that the options name.
pub(super) fn endpoint(options: &HubOptions) -> Result<Url, HubError> {
    let fail = |why: String| HubError::Setup {
        why: format!("HF_ENDPOINT \"{}\" {why}", shown(&options.endpoint)),
        advice: "set HF_ENDPOINT to a URL such as https://huggingface.co, or unset it",
    };
    let url = Url::parse(&options.endpoint).map_err(|e| fail(format!("is not a URL: {e}")))?;
    if matches!(url.scheme(), "http" | "https") && url.has_host() {
        Ok(url)
    } else {
        Err(fail("is not the address of a server".into()))
    }
}

/// `endpoint/segment/...`: each segment stays one, whatever it contains.
pub(super) fn below<'a>(endpoint: &Url, segments: impl IntoIterator<Item = &'a str>) -> Url {
    let mut url = endpoint.clone();
    url.set_query(None);
    url.set_fragment(None);
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
    url
}

/// A file of a repository.
pub(super) fn file(endpoint: &Url, repo: &RepoRef, revision: &str, file: &str) -> Url {
    let name = repo.owner_name.split('/').chain(["resolve", revision]);
    below(endpoint, name.chain(file.split('/')))
}

/// `host` or `host:port`.
pub(super) fn host(url: &Url) -> String {
    let name = url.host_str().unwrap_or_default();
    clean(&url.port().map_or_else(|| name.to_string(), |port| format!("{name}:{port}")))
}

/// Whether an answer with this status sends on to another address.
pub(super) fn sends_on(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// Where an answer from `url` sends on to, with the user of the endpoint on the endpoint's own host and none on any other.
/// Errors say why it is not followed.
pub(super) fn next(endpoint: &Url, url: &Url, location: &str) -> Result<Url, String> {
    let next = url.join(location).map_err(|e| format!("it redirects to an invalid URL: {e}"))?;
    match next.scheme() {
        "https" => {}
        "http" if url.scheme() == "http" => {}
        "http" => return Err("it redirects from https to http, which is not followed".into()),
        other => return Err(format!("it redirects to {}, which is not followed", clean(other))),
    }
    let mut next = without_user(next);
    if next.origin() == endpoint.origin() {
        // Neither fails where there is a host.
        let _ = next.set_username(endpoint.username());
        let _ = next.set_password(endpoint.password());
    }
    Ok(next)
}

fn without_user(mut url: Url) -> Url {
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn secrets_in_an_address_are_left_out() {
        for (address, text) in [
            ("https://me:secret@hub.local:8443/hf", "https://hub.local:8443/hf"),
            ("https://huggingface.co", "https://huggingface.co"),
            ("https://hub.local/hf/?key=secret#secret", "https://hub.local/hf"),
            ("https://me:sec/ret@hub.local", "https://hub.local"),
            ("https://me:sec@ret@hub.local:x", "https://hub.local:x"),
            ("me:secret@hub.local", "hub.local"),
            ("ftp//me:secret@hub.local", "hub.local"),
            ("nonsense", "nonsense"),
        ] {
            assert_eq!(shown(address), text);
        }
    }

    #[test]
    fn answers_send_on_within_bounds() {
        let endpoint = Url::parse("https://me:secret@hub.local/hf/").unwrap();
        let hop = |from: &str, to: &str| {
            next(&endpoint, &Url::parse(from).unwrap(), to).map(|url| url.to_string())
        };
        let from = "https://hub.local/hf/a/b/resolve/main/x";
        assert_eq!(hop(from, "y").unwrap(), "https://me:secret@hub.local/hf/a/b/resolve/main/y");
        assert_eq!(hop(from, "/c?d").unwrap(), "https://me:secret@hub.local/c?d");
        assert_eq!(hop(from, "//cdn.local/c").unwrap(), "https://cdn.local/c");
        assert_eq!(hop(from, "https://you:pass@cdn.local/c").unwrap(), "https://cdn.local/c");
        assert_eq!(hop(from, "https://hub.local:444/c").unwrap(), "https://hub.local:444/c");
        assert_eq!(hop("http://a/", "https://b/").unwrap(), "https://b/");
        assert_eq!(hop("http://a/", "http://b/").unwrap(), "http://b/");
        for (to, why) in [
            ("http://hub.local/hf", "https to http"),
            ("http://cdn.local/", "https to http"),
            ("file:///etc/passwd", "file"),
            ("https://", "invalid URL"),
        ] {
            assert!(hop(from, to).unwrap_err().contains(why), "{to}");
        }
    }

    #[test]
    fn names_of_files_and_revisions_stay_in_their_place() {
        let endpoint = Url::parse("https://hub.local/hf/").unwrap();
        let repo: RepoRef = "a/b".parse().unwrap();
        let url = file(&endpoint, &repo, "refs/pr/1", "sub/m ?#.bin");
        assert_eq!(
            url.as_str(),
            "https://hub.local/hf/a/b/resolve/refs%2Fpr%2F1/sub/m%20%3F%23.bin"
        );
    }
}
