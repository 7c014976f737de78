//! The questions to the hub: which commit, which files, their bytes.
//!
//! The hub's interface (`/api/models/NAME`, `paths-info`) is asked first, and files themselves (`resolve/`), as
//! `hf_hub_download` does, where it does not answer as the hub: many mirrors know nothing else. Each question is asked once.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::header::{CONTENT_ENCODING, CONTENT_RANGE, HeaderMap};
use reqwest::{Response, StatusCode};

use super::address::{self, below};
use super::answer::{self, Description, Remote};
use super::cache::{SIDES, WEIGHTS};
use super::failure::{Asked, Failure};
use super::net::{Deadline, Hub, Question, is_page};
use super::{HubError, RepoRef};
use crate::config::is_commit;

/// A commit of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Version {
    /// Its name.
    pub commit: String,
    /// The revision under which the server gives its files: the commit, or, of a server that may know no commits, the one
    /// that was asked for.
    pub at: String,
}

/// What is known of several files of a commit.
pub(super) enum Listing {
    /// Those that are there; `None` for one without a hash or a size.
    Known(BTreeMap<String, Option<Remote>>),
    /// Nothing: each has to be asked for.
    Unknown,
}

/// Bytes of a file that are on their way.
pub(super) struct Body {
    pub response: Response,
    /// Where in the file they begin; not where they were asked to begin when the range was ignored.
    pub start: u64,
    /// How many the server says there are; they end early when they end before.
    pub promised: Option<u64>,
    /// Who sends them.
    pub host: String,
}

impl Hub<'_> {
    /// The commit that a revision stands for now.
    pub fn version(&self, repo: &RepoRef, limit: Duration) -> Result<Version, Failure> {
        let deadline = Deadline::within(limit);
        let asked = Asked::new(self.options, repo, None);
        let name = ["api", "models"].into_iter().chain(repo.owner_name.split('/'));
        let revision = repo.revision.as_deref().map(|revision| ["revision", revision]);
        let url = below(&self.endpoint, name.chain(revision.into_iter().flatten()));
        let commit = self
            .answer(Question::get(url), deadline, &asked)
            .and_then(|json| answer::commit(&json).map_err(|why| Failure::last(asked.odd(&why))));
        match commit {
            Ok(commit) if repo.is_pinned() && commit != repo.revision() => {
                Err(Failure::last(asked.odd("it answers with another commit")))
            }
            Ok(commit) => Ok(Version { at: commit.clone(), commit }),
            Err(failure) if failure.settled => Err(failure),
            Err(failure) => {
                tracing::info!(error = %failure.error, "asking for the files themselves");
                self.version_of_files(repo, Deadline::within(limit), failure)
            }
        }
    }

    /// The same by the headers of a file, any that is there. `refused` is why the better question has no answer.
    fn version_of_files(
        &self,
        repo: &RepoRef,
        deadline: Deadline,
        refused: Failure,
    ) -> Result<Version, Failure> {
        let named = repo.file.iter().map(String::as_str);
        let usual = WEIGHTS.into_iter().chain(SIDES).filter(|_| repo.file.is_none());
        for file in named.chain(usual) {
            let Some(description) = self.describe(repo, repo.revision(), file, deadline)? else {
                continue;
            };
            let pinned = Some(repo.revision()).filter(|revision| is_commit(revision));
            let commit = description.commit.or(pinned.map(str::to_string));
            let asked = Asked::new(self.options, repo, Some(file));
            let commit = commit.ok_or_else(|| {
                Failure::last(asked.odd("it does not say of which commit the file is"))
            })?;
            return Ok(Version { commit, at: repo.revision().into() });
        }
        // Nothing of it is there. A server that had a fault may have more to say later.
        Err(if refused.may_pass() {
            refused
        } else {
            let asked = Asked::new(self.options, repo, repo.file.as_deref());
            Failure::last(asked.missing(asked.host.clone(), None))
        })
    }

    /// What a commit has of `names`.
    pub fn listing(
        &self,
        repo: &RepoRef,
        version: &Version,
        names: &[String],
    ) -> Result<Listing, Failure> {
        if version.at != version.commit {
            return Ok(Listing::Unknown);
        }
        let asked = Asked::new(self.options, repo, None);
        let name = ["api", "models"].into_iter().chain(repo.owner_name.split('/'));
        let url = below(&self.endpoint, name.chain(["paths-info", &version.commit]));
        let question =
            Question::post(url, serde_json::json!({ "paths": names }).to_string().into());
        let deadline = Deadline::within(self.options.limits.stall);
        let files = self.answer(question, deadline, &asked).and_then(|json| {
            answer::files(&json, names).map_err(|why| Failure::last(asked.odd(&why)))
        });
        match files {
            Ok(files) => Ok(Listing::Known(files)),
            Err(failure) if failure.settled => Err(failure),
            Err(failure) => {
                tracing::info!(error = %failure.error, "asking for the files themselves");
                Ok(Listing::Unknown)
            }
        }
    }

    /// A file by the headers of the hub; `None` when the commit has no such file.
    pub fn look(
        &self,
        repo: &RepoRef,
        version: &Version,
        file: &str,
    ) -> Result<Option<Remote>, Failure> {
        let asked = Asked::new(self.options, repo, Some(file));
        let deadline = Deadline::within(self.options.limits.stall);
        let Some(found) = self.describe(repo, &version.at, file, deadline)? else {
            return Ok(None);
        };
        if version.at != version.commit
            && found.commit.as_ref().is_some_and(|commit| *commit != version.commit)
        {
            return Err(Failure::last(asked.odd("the branch has just moved: try again")));
        }
        match (found.etag, found.size) {
            (Some(etag), Some(size)) => Ok(Some(Remote { file: file.into(), etag, size })),
            (None, _) => Err(Failure::last(asked.odd("it names no version of the file (ETag)"))),
            _ => Err(Failure::last(asked.odd("it does not say how long the file is"))),
        }
    }

    /// What the headers of `resolve/` say of a file; `None` when it is not there.
    fn describe(
        &self,
        repo: &RepoRef,
        at: &str,
        file: &str,
        deadline: Deadline,
    ) -> Result<Option<Description>, Failure> {
        let asked = Asked::new(self.options, repo, Some(file));
        let url = address::file(&self.endpoint, repo, at, file);
        let mut found = Description::default();
        // Not every server knows HEAD or says the length in answer to it, and an empty file has no first byte.
        let byte = Question::get(url.clone()).range(0, 0);
        for question in [Question::head(url.clone()), byte, Question::get(url)] {
            let is_head = question.is_head();
            let response = self.send(question, deadline, &asked, |response, next| {
                let headers = response.headers();
                if response.status().is_success() || next.is_some() {
                    found.hear(next.is_some(), |name| headers.get(name)?.to_str().ok());
                }
                // The next one has the bytes, and nothing more to say of them.
                next.is_some_and(|next| next.origin() != response.url().origin())
                    && found.etag.is_some()
                    && found.size.is_some()
            })?;
            let status = response.status();
            match status.as_u16() {
                404 => {
                    let failure = self.refusal(&asked, response);
                    return if failure.settled { Err(failure) } else { Ok(None) };
                }
                400 | 405 | 501 if is_head => continue,
                416 => continue,
                _ if !status.is_success() && !address::sends_on(status) => {
                    return Err(self.refusal(&asked, response));
                }
                _ if is_page(&response) && found.commit.is_none() => {
                    return Err(Failure::last(asked.page(response.url())));
                }
                _ => {}
            }
            if found.etag.is_some() && found.size.is_some() {
                break;
            }
        }
        Ok(Some(found))
    }

    /// Asks for a file from byte `from` on. `None` when the server says that there is no such range.
    pub fn bytes(
        &self,
        repo: &RepoRef,
        version: &Version,
        remote: &Remote,
        from: u64,
    ) -> Result<Option<Body>, Failure> {
        let asked = Asked::new(self.options, repo, Some(&remote.file));
        let url = address::file(&self.endpoint, repo, &version.at, &remote.file);
        let mut question = Question::get(url);
        if from > 0 {
            question = question.range(from, remote.size.saturating_sub(1));
        }
        let response =
            self.send(question, Deadline::within(self.options.limits.stall), &asked, |_, _| false)?;
        let (url, headers) = (response.url(), response.headers());
        let start = match response.status() {
            StatusCode::OK => 0,
            StatusCode::PARTIAL_CONTENT => range_start(headers).unwrap_or(from),
            StatusCode::RANGE_NOT_SATISFIABLE => return Ok(None),
            _ => return Err(self.refusal(&asked, response)),
        };
        if is_page(&response) {
            return Err(Failure::last(asked.page(url)));
        }
        if headers.get(CONTENT_ENCODING).is_some_and(|coding| coding != "identity") {
            return Err(Failure::last(asked.odd_of(url, "it sends the file compressed")));
        }
        if start > from {
            let why = "its bytes begin after those that were asked for";
            return Err(Failure::last(asked.odd_of(url, why)));
        }
        let (promised, host) = (response.content_length(), asked.host_of(url));
        Ok(Some(Body { response, start, promised, host }))
    }

    /// Whether anything at all answers, whatever it says.
    pub fn knock(&self) -> Result<StatusCode, Failure> {
        let asked = Asked::hub(self.options);
        let question = Question::head(self.endpoint.clone());
        let response =
            self.send(question, Deadline::within(self.options.limits.check), &asked, |_, _| false)?;
        let status = response.status();
        if status.is_server_error() {
            let why = format!("status {}", status.as_u16());
            return Err(Failure::last(HubError::Server { host: asked.host, why }));
        }
        Ok(status)
    }
}

/// The first number of `bytes 100-199/200`.
fn range_start(headers: &HeaderMap) -> Option<u64> {
    let range = headers.get(CONTENT_RANGE)?.to_str().ok()?;
    range.trim().strip_prefix("bytes")?.trim().split('-').next()?.parse().ok()
}
