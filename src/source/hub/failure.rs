//! What a bad answer means, and whether asking again may help.

use std::error::Error;
use std::time::Duration;

use hf_hub::HFError;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{StatusCode, Url};

use super::cache::is_etag;
use super::net::{Hub, Remote, host};
use super::{HubError, HubOptions, RepoRef};
use crate::base::{clean, first_line};

/// A failed attempt.
#[derive(Debug)]
pub(super) struct Failure {
    pub error: HubError,
    retry: Retry,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Retry {
    /// The next answer would be the same.
    No,
    /// After the usual pause.
    Yes,
    /// After what the server asks for.
    After(Duration),
}

impl Failure {
    /// One that would come again.
    pub fn last(error: HubError) -> Self {
        Self { error, retry: Retry::No }
    }

    /// One that may pass.
    pub fn passing(error: HubError) -> Self {
        Self { error, retry: Retry::Yes }
    }
}

impl From<HubError> for Failure {
    fn from(error: HubError) -> Self {
        Self::last(error)
    }
}

/// How many attempts are left.
pub(super) struct Attempts {
    failed: u32,
}

impl Attempts {
    pub fn new() -> Self {
        Self { failed: 0 }
    }

    /// One brought much: those before it do not count.
    pub fn forget(&mut self) {
        self.failed = 0;
    }

    /// Rests before the next attempt, or gives up.
    pub fn after(&mut self, hub: &Hub<'_>, failure: Failure) -> Result<(), HubError> {
        let limits = &hub.options.limits;
        let pause = match failure.retry {
            Retry::No => return Err(failure.error),
            Retry::Yes => limits.pause,
            Retry::After(pause) if pause <= limits.retry_after => pause,
            Retry::After(_) => return Err(failure.error),
        };
        self.failed += 1;
        if self.failed >= limits.attempts {
            return Err(failure.error);
        }
        tracing::info!(error = %failure.error, attempt = self.failed, "trying again");
        hub.rest(pause)
    }

    /// Asks until there is an answer or nothing left to try.
    pub fn ask<T>(
        hub: &Hub<'_>,
        mut question: impl FnMut() -> Result<T, Failure>,
    ) -> Result<T, HubError> {
        let mut attempts = Self::new();
        loop {
            match question() {
                Ok(answer) => return Ok(answer),
                Err(failure) => attempts.after(hub, failure)?,
            }
        }
    }
}

/// What was asked, for sentences about the answer.
pub(super) struct Asked {
    /// The host of the endpoint.
    pub host: String,
    /// A file, or the list of them.
    pub what: String,
    repo: String,
    revision: Option<String>,
    file: Option<String>,
    page: String,
    cache: String,
}

impl Asked {
    /// A question about a repository, or about a file of it.
    pub fn new(options: &HubOptions, repo: &RepoRef, file: Option<&str>) -> Self {
        let listing = || format!("the list of files of {}", repo.owner_name);
        Self {
            what: file.map_or_else(listing, str::to_string),
            repo: repo.owner_name.clone(),
            revision: repo.revision.clone(),
            file: file.map(str::to_string),
            page: format!("{}/{}", clean(&options.endpoint), repo.owner_name),
            ..Self::hub(options)
        }
    }

    /// A question about nothing but whether anybody is there.
    pub fn hub(options: &HubOptions) -> Self {
        let endpoint = clean(&options.endpoint);
        Self {
            host: Url::parse(&options.endpoint).map_or_else(|_| endpoint.clone(), |url| host(&url)),
            what: "its first page".into(),
            repo: String::new(),
            revision: None,
            file: None,
            page: endpoint,
            cache: clean(&options.cache.to_string_lossy()),
        }
    }

    pub fn stalled(&self, limit: Duration) -> HubError {
        let seconds = limit.as_secs() + u64::from(limit.subsec_nanos() > 0);
        HubError::Stalled { host: self.host.clone(), what: self.what.clone(), seconds }
    }

    pub fn odd(&self, why: &str) -> HubError {
        HubError::Answer { host: self.host.clone(), what: self.what.clone(), why: clean(why) }
    }

    /// A file as the hub describes it.
    pub fn remote(
        &self,
        file: String,
        etag: Option<String>,
        size: Option<u64>,
    ) -> Result<Remote, Failure> {
        match (etag, size) {
            (Some(etag), Some(size)) if is_etag(&etag) => Ok(Remote { file, etag, size }),
            _ => Err(Failure::last(self.odd(&format!("it does not say hash and size of {file}")))),
        }
    }

    /// An answer with a status that is none of success.
    pub fn status(&self, status: StatusCode, url: &Url, headers: &HeaderMap) -> Failure {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let after = text(RETRY_AFTER.as_str()).and_then(|seconds| seconds.trim().parse().ok());
        let (code, message) = (text("x-error-code"), text("x-error-message"));
        self.refusal(status.as_u16(), &host(url), code, message, after.map(Duration::from_secs))
    }

    fn refusal(
        &self,
        status: u16,
        from: &str,
        code: Option<&str>,
        message: Option<&str>,
        after: Option<Duration>,
    ) -> Failure {
        let (host, repo, page) = (from.to_string(), self.repo.clone(), self.page.clone());
        // The second host knows nothing of repositories: its refusals are about the address it was given.
        let foreign = from != self.host;
        match status {
            429 => {
                let seconds = after.map(|after| after.as_secs());
                let retry = after.map_or(Retry::Yes, Retry::After);
                Failure { error: HubError::SlowDown { host, seconds }, retry }
            }
            408 | 500..=599 => Failure::passing(HubError::Server { host, status }),
            _ if foreign => {
                let why = format!("status {status}");
                Failure::passing(HubError::Answer { host, what: self.what.clone(), why })
            }
            401 | 403 => Failure::last(match (code, message) {
                (_, Some(message)) if message.starts_with("Invalid credentials") => {
                    HubError::Token { host }
                }
                (Some("GatedRepo"), _) => HubError::Gated { repo, page },
                (Some("RepoNotFound"), _) if status == 403 => HubError::NoRepository { host, repo },
                _ => HubError::Denied { host, repo, page, status },
            }),
            404 => Failure::last(self.missing(host, code)),
            _ => Failure::last(self.odd(&format!("status {status}"))),
        }
    }

    fn missing(&self, host: String, code: Option<&str>) -> HubError {
        let repo = self.repo.clone();
        match (code, &self.file, &self.revision) {
            (Some("RepoNotFound"), ..) => HubError::NoRepository { host, repo },
            (Some("RevisionNotFound"), ..) | (None, None, Some(_)) => HubError::NoRevision {
                repo,
                revision: self.revision.clone().unwrap_or_else(|| "main".into()),
            },
            (_, Some(file), _) => self.no_file(file),
            _ => HubError::NoRepository { host, repo },
        }
    }

    /// The repository has no such file.
    pub fn no_file(&self, file: &str) -> HubError {
        HubError::NoFile { repo: self.repo.clone(), file: clean(file), page: self.files_page() }
    }

    /// Where a person sees what a repository has.
    pub fn files_page(&self) -> String {
        format!("{}/tree/{}", self.page, self.revision.as_deref().unwrap_or("main"))
    }

    /// Whether hf-hub says that a path is missing, and not the repository or its revision.
    pub fn has_no_entry(&self, error: &HFError) -> bool {
        let context = match error {
            HFError::EntryNotFound { context: Some(context), .. } => context,
            _ => return false,
        };
        context.error_code.as_deref() == Some("EntryNotFound")
    }

    /// What hf-hub could not do.
    pub fn refused(&self, error: HFError) -> Failure {
        let mut after = None;
        let context = match error {
            HFError::Request { source, .. } => return self.lost(&source),
            HFError::RateLimited { retry_after, context } => {
                after = retry_after;
                context
            }
            HFError::Http { context }
            | HFError::AuthRequired { context }
            | HFError::Forbidden { context }
            | HFError::Conflict { context }
            | HFError::RepoNotFound { context: Some(context), .. }
            | HFError::RevisionNotFound { context: Some(context), .. }
            | HFError::EntryNotFound { context: Some(context), .. } => context,
            other => return Failure::last(self.odd(&first_line(&other))),
        };
        let from = Url::parse(&context.url).map_or_else(|_| self.host.clone(), |url| host(&url));
        let (code, message) = (context.error_code.as_deref(), context.server_message.as_deref());
        self.refusal(context.status.as_u16(), &from, code, message, after)
    }

    /// No answer, or one that is not to be understood.
    pub fn lost(&self, error: &reqwest::Error) -> Failure {
        let host = error.url().map_or_else(|| self.host.clone(), host);
        let why = root(error);
        if is_no_json(error) {
            return Failure::last(HubError::Page { host, what: self.what.clone() });
        }
        if error.is_builder() || error.is_redirect() {
            let what = self.what.clone();
            return Failure::last(HubError::Answer { host, what, why });
        }
        let why = if error.is_timeout() { "no connection in time".into() } else { why };
        Failure::passing(HubError::Unreachable { host, why, cache: self.cache.clone() })
    }
}

/// An answer that came whole and is no JSON: a page for people.
fn is_no_json(error: &reqwest::Error) -> bool {
    let mut cause: Option<&dyn Error> = Some(error);
    while let Some(error) = cause {
        if error.is::<serde_json::Error>() {
            return true;
        }
        cause = error.source();
    }
    false
}

/// The innermost cause: "Connection refused (os error 111)" and the like.
pub(super) fn root(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    clean(&first_line(&cause))
}
