//! Asking the hub: one question at a time, each with time limits and a way to stop.

use std::future::Future;
use std::pin::pin;
use std::time::{Duration, Instant};

use hf_hub::HFClient;
use hf_hub::repository::RepoTreeEntry;
use reqwest::header::{CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, HeaderMap, RANGE};
use reqwest::{Client, Method, Response, StatusCode, Url, redirect};
use tokio::runtime::{Builder, Runtime};

use super::failure::{Asked, Failure};
use super::repo::is_commit;
use super::{HubError, HubOptions, RepoRef};
use crate::base::{Cancel, clean};

/// How often a wait looks whether it was cancelled.
const TICK: Duration = Duration::from_millis(25);
/// A token that cannot be a header, so that hf-hub sends none; given none, it would look for one itself.
const NO_TOKEN: &str = "\n";

/// A file as the hub has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Remote {
    /// Its path in the repository.
    pub file: String,
    /// The name of its blob: sha256 of a large file, git's id of a small one.
    pub etag: String,
    /// Bytes.
    pub size: u64,
}

/// A file in the answer to a question for several.
pub(super) enum Listed {
    /// All that is needed.
    Known(Remote),
    /// Its path only: the hub calls the sha256 `oid`, which hf-hub 1.0 does not read.
    Unnamed(String),
}

impl Listed {
    /// Its path in the repository.
    pub fn file(&self) -> &str {
        match self {
            Self::Known(remote) => &remote.file,
            Self::Unnamed(file) => file,
        }
    }
}

/// Bytes of a file that are on their way.
pub(super) struct Body {
    response: Response,
    /// Where in the file they begin; not where they were asked to begin when the range was ignored.
    pub start: u64,
    /// How many the server says there are; they end early when they end before.
    pub promised: Option<u64>,
    /// Who sends them.
    pub host: String,
}

/// A connection to the hub.
pub(super) struct Hub<'a> {
    pub options: &'a HubOptions,
    pub cancel: &'a Cancel,
    /// Taken when dropped.
    runtime: Option<Runtime>,
    api: HFClient,
    /// Follows redirects.
    bytes: Client,
    /// Follows redirects within a host only: the answer before the last hop has the hub's headers.
    heads: Client,
}

impl Drop for Hub<'_> {
    fn drop(&mut self) {
        // Not waiting for a name that is being looked up: that may take half a minute.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Why a wait ended.
enum Halt {
    Cancelled,
    Late,
}

impl<'a> Hub<'a> {
    /// Gets ready; connects to nothing yet.
    pub fn open(options: &'a HubOptions, cancel: &'a Cancel) -> Result<Self, HubError> {
        let setup =
            |why: String, advice: &'static str| HubError::Setup { why: clean(&why), advice };
        let endpoint = "set HF_ENDPOINT to a URL such as https://huggingface.co, or unset it";
        let url = Url::parse(&options.endpoint)
            .map_err(|e| setup(format!("\"{}\": {e}", options.endpoint), endpoint))?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err(setup(format!("\"{url}\" is no address of a server"), endpoint));
        }
        let loopback = url.host_str().is_some_and(|host| {
            let address = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
            host == "localhost" || address.is_ok_and(|address| address.is_loopback())
        });
        let client = |policy| {
            let agent = concat!("convscope/", env!("CARGO_PKG_VERSION"));
            let builder = Client::builder()
                .user_agent(agent)
                .connect_timeout(options.limits.connect)
                .redirect(policy);
            // A mirror on this machine is not to be reached through a proxy.
            let built = if loopback { builder.no_proxy().build() } else { builder.build() };
            built
                .map_err(|e| setup(super::failure::root(&e), "check HTTPS_PROXY and SSL_CERT_FILE"))
        };
        let bytes = client(redirect::Policy::default())?;
        let api = HFClient::builder()
            .client(bytes.clone())
            .endpoint(&options.endpoint)
            .token(options.token.as_deref().unwrap_or(NO_TOKEN))
            .cache_dir(&options.cache)
            .retry_max_attempts(0)
            .build()
            .map_err(|e| setup(e.to_string(), endpoint))?;
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|e| setup(e.to_string(), "free memory and file handles"))?;
        let heads = client(redirect::Policy::custom(within_host))?;
        Ok(Self { options, cancel, runtime: Some(runtime), api, bytes, heads })
    }

    /// Runs a future to its end, to `limit` or to a cancel.
    fn wait<F: Future>(&self, limit: Duration, future: F) -> Result<F::Output, Halt> {
        let Some(runtime) = &self.runtime else {
            return Err(Halt::Cancelled);
        };
        let start = Instant::now();
        runtime.block_on(async {
            let mut future = pin!(future);
            loop {
                if self.cancel.is_cancelled() {
                    return Err(Halt::Cancelled);
                }
                let left = limit.saturating_sub(start.elapsed());
                if left.is_zero() {
                    return Err(Halt::Late);
                }
                if let Ok(output) = tokio::time::timeout(left.min(TICK), &mut future).await {
                    return Ok(output);
                }
            }
        })
    }

    /// The same for an answer: what halts it is a failure.
    fn ask<F: Future>(
        &self,
        limit: Duration,
        asked: &Asked,
        future: F,
    ) -> Result<F::Output, Failure> {
        self.wait(limit, future).map_err(|halt| match halt {
            Halt::Cancelled => Failure::last(HubError::Cancelled),
            Halt::Late => Failure::passing(asked.stalled(limit)),
        })
    }

    /// Work that blocks (a disk that is slow to write), so that a cancel need not wait for it.
    pub fn aside<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, HubError> {
        let Some(runtime) = &self.runtime else {
            return Err(HubError::Cancelled);
        };
        match self.wait(Duration::MAX, runtime.spawn_blocking(work)) {
            Ok(Ok(done)) => Ok(done),
            // The work panicked: the panic hook has said so.
            Ok(Err(error)) => Err(HubError::Setup {
                why: clean(&error.to_string()),
                advice: "this is a fault of convscope, report it",
            }),
            Err(_) => Err(HubError::Cancelled),
        }
    }

    /// Rests between two attempts.
    pub fn rest(&self, pause: Duration) -> Result<(), HubError> {
        match self.wait(pause, std::future::pending::<()>()) {
            Err(Halt::Late) => Ok(()),
            _ => Err(HubError::Cancelled),
        }
    }

    /// The commit that a revision stands for now, asked once.
    pub fn commit(&self, repo: &RepoRef, limit: Duration) -> Result<String, Failure> {
        let asked = Asked::new(self.options, repo, None);
        let (owner, name) = repo.split();
        let model = self.api.model(owner, name);
        let question = model.info().maybe_revision(repo.revision.clone()).send();
        let info = self.ask(limit, &asked, question)?.map_err(|e| asked.refused(e))?;
        match info.sha {
            Some(commit) if is_commit(&commit) => Ok(commit),
            _ => Err(Failure::last(asked.odd("it names no commit"))),
        }
    }

    /// Those of `names` that a commit has, asked once.
    pub fn files(
        &self,
        repo: &RepoRef,
        commit: &str,
        names: &[String],
    ) -> Result<Vec<Listed>, Failure> {
        let asked = Asked::new(self.options, repo, None);
        let (owner, name) = repo.split();
        let model = self.api.model(owner, name);
        let question = model.get_paths_info().paths(names.to_vec()).revision(commit).send();
        let entries = match self.ask(self.options.limits.stall, &asked, question)? {
            Ok(entries) => entries,
            // Mirrors that do not leave out what is missing but refuse.
            Err(error) if asked.has_no_entry(&error) => Vec::new(),
            Err(error) => return Err(asked.refused(error)),
        };
        let mut files: Vec<Listed> = Vec::new();
        for entry in entries {
            let RepoTreeEntry::File { oid, size, path, lfs, .. } = entry else { continue };
            // Only what was asked for becomes a path.
            if !names.contains(&path) || files.iter().any(|known| known.file() == path) {
                continue;
            }
            files.push(match lfs.map(|lfs| (lfs.sha256, lfs.size.unwrap_or(size))) {
                None => Listed::Known(asked.remote(path, Some(oid), Some(size))?),
                Some((None, _)) => Listed::Unnamed(path),
                Some((etag, size)) => Listed::Known(asked.remote(path, etag, Some(size))?),
            });
        }
        Ok(files)
    }

    /// A file by the headers of the hub, as `huggingface_hub` asks for it; asked once.
    pub fn head(&self, repo: &RepoRef, commit: &str, file: &str) -> Result<Remote, Failure> {
        let asked = Asked::new(self.options, repo, Some(file));
        let request = self.request(&self.heads, Method::HEAD, repo, commit, file)?;
        let sent = self.ask(self.options.limits.stall, &asked, request.send())?;
        let response = sent.map_err(|e| asked.lost(&e))?;
        let status = response.status();
        if !status.is_success() && !status.is_redirection() {
            return Err(asked.status(status, response.url(), response.headers()));
        }
        let text = |name: &str| response.headers().get(name)?.to_str().ok();
        let etag = text("x-linked-etag").or_else(|| text("etag"));
        let etag = etag.map(|etag| etag.trim_start_matches("W/").trim_matches('"').to_string());
        let size = text("x-linked-size").or_else(|| text(CONTENT_LENGTH.as_str()));
        asked.remote(file.into(), etag, size.and_then(|size| size.parse().ok()))
    }

    /// Asks for a file from byte `from` on. `None` when the server says that there is no such range.
    pub fn bytes(
        &self,
        repo: &RepoRef,
        commit: &str,
        remote: &Remote,
        from: u64,
    ) -> Result<Option<Body>, Failure> {
        let asked = Asked::new(self.options, repo, Some(&remote.file));
        // The bytes themselves, or their hash would not be the file's.
        let mut request = self
            .request(&self.bytes, Method::GET, repo, commit, &remote.file)?
            .header("accept-encoding", "identity");
        if from > 0 {
            request =
                request.header(RANGE, format!("bytes={from}-{}", remote.size.saturating_sub(1)));
        }
        let sent = self.ask(self.options.limits.stall, &asked, request.send())?;
        let response = sent.map_err(|e| asked.lost(&e))?;
        let (status, headers) = (response.status(), response.headers());
        let start = match status {
            StatusCode::OK => 0,
            StatusCode::PARTIAL_CONTENT => range_start(headers).unwrap_or(from),
            StatusCode::RANGE_NOT_SATISFIABLE => return Ok(None),
            _ => return Err(asked.status(status, response.url(), headers)),
        };
        let host = host(response.url());
        let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or("");
        if kind.starts_with("text/html") {
            return Err(Failure::last(HubError::Page { host, what: asked.what }));
        }
        if start > from {
            return Err(Failure::last(
                asked.odd("its bytes begin behind those that were asked for"),
            ));
        }
        let promised = response.content_length();
        Ok(Some(Body { response, start, promised, host }))
    }

    /// The next bytes; `None` at the end.
    pub fn next(
        &self,
        asked: &Asked,
        body: &mut Body,
    ) -> Result<Option<impl AsRef<[u8]> + use<>>, Failure> {
        let chunk = self.ask(self.options.limits.stall, asked, body.response.chunk())?;
        chunk.map_err(|e| asked.lost(&e))
    }

    /// Whether anything at all answers, whatever it says.
    pub fn knock(&self) -> Result<StatusCode, Failure> {
        let asked = Asked::hub(self.options);
        let limit = self.options.limits.check;
        let sent = self.ask(limit, &asked, self.bytes.head(&self.options.endpoint).send())?;
        let status = sent.map_err(|e| asked.lost(&e))?.status();
        if status.is_server_error() {
            return Err(Failure::last(HubError::Server {
                host: asked.host,
                status: status.as_u16(),
            }));
        }
        Ok(status)
    }

    fn request(
        &self,
        client: &Client,
        method: Method,
        repo: &RepoRef,
        commit: &str,
        file: &str,
    ) -> Result<reqwest::RequestBuilder, Failure> {
        let odd = |why: &str| {
            let advice = "set HF_ENDPOINT to a URL such as https://huggingface.co";
            Failure::last(HubError::Setup { why: clean(why), advice })
        };
        let mut url = Url::parse(&self.options.endpoint).map_err(|e| odd(&e.to_string()))?;
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(repo.owner_name.split('/'));
            path.extend(["resolve", commit]).extend(file.split('/'));
        }
        let request = client.request(method, url);
        // It is taken out of a request that is sent on to another host.
        Ok(match &self.options.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        })
    }
}

/// `host` or `host:port`.
pub(super) fn host(url: &Url) -> String {
    let name = url.host_str().unwrap_or_default();
    clean(&url.port().map_or_else(|| name.to_string(), |port| format!("{name}:{port}")))
}

/// The hub sends renamed repositories on to their new name on itself, and files to another host.
fn within_host(attempt: redirect::Attempt<'_>) -> redirect::Action {
    let here = attempt.previous().last().map(host);
    if attempt.previous().len() > 10 {
        attempt.error("too many redirects")
    } else if here.as_ref() == Some(&host(attempt.url())) {
        attempt.follow()
    } else {
        attempt.stop()
    }
}

/// The first number of `bytes 100-199/200`.
fn range_start(headers: &HeaderMap) -> Option<u64> {
    let range = headers.get(CONTENT_RANGE)?.to_str().ok()?;
    range.trim().strip_prefix("bytes")?.trim().split('-').next()?.parse().ok()
}
