//! What a bad answer means, and whether asking again may help.

use std::error::Error;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{StatusCode, Url};

use super::address::{host, shown};
use super::answer::{shortened, words};
use super::net::Hub;
use super::{HubError, HubOptions, RepoRef};
use crate::base::{clean, first_line};
use crate::config::percent_decoded;

/// What the hub's own refusals are called; any other may be that of a server which does not know the question.
const CODES: [&str; 3] = ["GatedRepo", "RepoNotFound", "RevisionNotFound"];

/// A failed attempt.
#[derive(Debug)]
pub(super) struct Failure {
    pub error: HubError,
    retry: Retry,
    /// Another question would not be answered better.
    pub settled: bool,
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
        Self { error, retry: Retry::No, settled: false }
    }

    /// One that may pass.
    pub fn passing(error: HubError) -> Self {
        Self { error, retry: Retry::Yes, settled: false }
    }

    /// No answer at all, which may pass.
    pub fn silence(error: HubError) -> Self {
        Self { settled: true, ..Self::passing(error) }
    }

    /// Whether asking again later may help.
    pub fn may_pass(&self) -> bool {
        self.retry != Retry::No
    }
}

/// What has nothing to do with the server: a cancel, the disk.
impl From<HubError> for Failure {
    fn from(error: HubError) -> Self {
        Self { settled: true, ..Self::last(error) }
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
    /// What no sentence may repeat, whoever sends it.
    secrets: Vec<String>,
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
            page: format!("{}/{}", shown(&options.endpoint), repo.owner_name),
            ..Self::hub(options)
        }
    }

    /// A question about nothing but whether anybody is there.
    pub fn hub(options: &HubOptions) -> Self {
        let endpoint = shown(&options.endpoint);
        let url = Url::parse(&options.endpoint).ok();
        let secrets = options
            .token
            .usable()
            .ok()
            .flatten()
            .map(String::from)
            .into_iter()
            .chain(url.iter().flat_map(credentials));
        Self {
            host: url.as_ref().map_or_else(|| endpoint.clone(), host),
            what: "its first page".into(),
            repo: String::new(),
            revision: None,
            file: None,
            page: endpoint,
            cache: clean(&options.cache.to_string_lossy()),
            secrets: secrets.filter(|secret| !secret.is_empty()).collect(),
        }
    }

    /// Text of a server without what it was sent in confidence.
    fn discreet(&self, text: &str) -> String {
        self.secrets.iter().fold(clean(text), |text, secret| text.replace(secret, "***"))
    }

    /// The host of an address, as sentences name it.
    pub fn host_of(&self, url: &Url) -> String {
        self.discreet(&host(url))
    }

    pub fn stalled(&self, limit: Duration) -> HubError {
        let seconds = limit.as_secs() + u64::from(limit.subsec_nanos() > 0);
        HubError::Stalled { host: self.host.clone(), what: self.what.clone(), seconds }
    }

    /// The hub answers something else than what was asked.
    pub fn odd(&self, why: &str) -> HubError {
        self.answer(self.host.clone(), why)
    }

    /// As [`Self::odd`], of the server at an address.
    pub fn odd_of(&self, url: &Url, why: &str) -> HubError {
        self.answer(self.host_of(url), why)
    }

    fn answer(&self, host: String, why: &str) -> HubError {
        HubError::Answer { host, what: self.what.clone(), why: self.discreet(why) }
    }

    /// A page for people came instead of what was asked.
    pub fn page(&self, url: &Url) -> HubError {
        HubError::Page { host: self.host_of(url), what: self.what.clone() }
    }

    /// An answer with a status that is not one of success.
    pub fn status(
        &self,
        status: StatusCode,
        url: &Url,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Failure {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let after = text(RETRY_AFTER.as_str()).and_then(|seconds| seconds.trim().parse().ok());
        let after = after.map(Duration::from_secs);
        let message = text("x-error-message").and_then(shortened).or_else(|| words(body));
        let message = message.map(|message| self.discreet(&message));
        let code = text("x-error-code").filter(|code| CODES.contains(code));
        let (host, repo, page) = (self.host_of(url), self.repo.clone(), self.page.clone());
        // The second host knows nothing of repositories: its refusals are about the address it was given.
        let foreign = host != self.host;
        let status = status.as_u16();
        let why = match &message {
            Some(message) => format!("status {status}, \"{message}\""),
            None => format!("status {status}"),
        };
        let is_token = message.is_some_and(|message| message.starts_with("Invalid credentials"));
        let (error, retry) = match status {
            429 => {
                let seconds = after.map(|after| after.as_secs());
                (HubError::SlowDown { host, seconds }, after.map_or(Retry::Yes, Retry::After))
            }
            408 | 500..=599 => (HubError::Server { host, why }, Retry::Yes),
            _ if foreign => (self.answer(host, &why), Retry::Yes),
            401 | 403 if is_token => (HubError::Token { host }, Retry::No),
            401 | 403 => match code {
                Some("GatedRepo") => (HubError::Gated { repo, page }, Retry::No),
                Some("RepoNotFound") if status == 403 => {
                    (HubError::NoRepository { host, repo }, Retry::No)
                }
                _ => (HubError::Denied { host, repo, page, status }, Retry::No),
            },
            404 => (self.missing(host, code), Retry::No),
            _ => (self.answer(host, &why), Retry::No),
        };
        Failure { error, retry, settled: code.is_some() || is_token || status == 429 }
    }

    /// What a 404 means, with the hub's code for it where there is one.
    pub fn missing(&self, host: String, code: Option<&str>) -> HubError {
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

    /// No answer, or one that is not to be understood.
    pub fn lost(&self, error: reqwest::Error) -> Failure {
        let host = error.url().map_or_else(|| self.host.clone(), |url| self.host_of(url));
        let (is_request, is_late) = (error.is_builder(), error.is_timeout());
        let why = self.discreet(&root(error));
        if is_request {
            return HubError::Answer { host, what: self.what.clone(), why }.into();
        }
        let why = if is_late { "no connection in time".into() } else { why };
        Failure::silence(HubError::Unreachable { host, why, cache: self.cache.clone() })
    }
}

/// The password of an address, in all forms in which a server may repeat it.
fn credentials(url: &Url) -> Vec<String> {
    let Some(password) = url.password() else { return Vec::new() };
    let plain = |text: &str| percent_decoded(text).unwrap_or_else(|_| text.to_string());
    let both = STANDARD_NO_PAD.encode(format!("{}:{}", plain(url.username()), plain(password)));
    vec![both, plain(password), password.to_string()]
}

/// The innermost cause: "Connection refused (os error 111)" and the like, without an address.
pub(super) fn root(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut cause: &dyn Error = &error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    clean(&first_line(&cause))
}
