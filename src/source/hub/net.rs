//! The connection to the hub: one request at a time, followed to where it is answered, with limits of time and size and a
//! way to stop.

use std::future::Future;
use std::pin::pin;
use std::time::{Duration, Instant};

use reqwest::header::{ACCEPT_ENCODING, CONTENT_TYPE, LOCATION, RANGE};
use reqwest::{Client, Method, Response, StatusCode, Url, redirect};
use tokio::runtime::{Builder, Runtime};

use super::address::{self, sends_on};
use super::failure::{Asked, Failure};
use super::{HubError, HubOptions, certificates};
use crate::base::{Cancel, clean, short_bytes};

/// How often a wait looks whether it was canceled.
const TICK: Duration = Duration::from_millis(25);
/// The most answers that send on to another address, in a row.
const HOPS: usize = 10;
/// The largest answer that is read whole: the list of a repository with 100,000 files has less.
const ANSWER: usize = 16 << 20;
/// What is read of a refusal, to quote it.
const REFUSAL: usize = 16 << 10;
/// How long is waited for the words of a refusal.
const REFUSAL_TIME: Duration = Duration::from_secs(2);

/// What is asked, of whatever address it is sent on to.
pub(super) struct Question {
    method: Method,
    url: Url,
    range: Option<String>,
    body: Option<Vec<u8>>,
}

impl Question {
    pub fn get(url: Url) -> Self {
        Self { method: Method::GET, url, range: None, body: None }
    }

    pub fn head(url: Url) -> Self {
        Self { method: Method::HEAD, ..Self::get(url) }
    }

    /// With JSON.
    pub fn post(url: Url, body: Vec<u8>) -> Self {
        Self { method: Method::POST, body: Some(body), ..Self::get(url) }
    }

    pub fn is_head(&self) -> bool {
        self.method == Method::HEAD
    }

    /// Bytes `first` to `last` only.
    pub fn range(self, first: u64, last: u64) -> Self {
        Self { range: Some(format!("bytes={first}-{last}")), ..self }
    }
}

/// A connection to the hub.
pub(super) struct Hub<'a> {
    pub options: &'a HubOptions,
    pub cancel: &'a Cancel,
    pub endpoint: Url,
    /// Taken when dropped.
    runtime: Option<Runtime>,
    client: Client,
}

impl Drop for Hub<'_> {
    fn drop(&mut self) {
        // Not waiting for a name that is being looked up: that may take half a minute.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// When a question has to be answered, whole.
#[derive(Clone, Copy)]
pub(super) struct Deadline {
    start: Instant,
    limit: Duration,
}

impl Deadline {
    pub fn within(limit: Duration) -> Self {
        Self { start: Instant::now(), limit }
    }

    fn left(self) -> Duration {
        self.limit.saturating_sub(self.start.elapsed())
    }
}

/// Why a wait ended.
enum Halt {
    Canceled,
    Late,
}

impl<'a> Hub<'a> {
    /// Gets ready; connects to nothing yet.
    pub fn open(options: &'a HubOptions, cancel: &'a Cancel) -> Result<Self, HubError> {
        let setup =
            |why: String, advice: &'static str| HubError::Setup { why: clean(&why), advice };
        let endpoint = address::endpoint(options)?;
        options.token.usable()?;
        certificates::check()?;
        let loopback = endpoint.host_str().is_some_and(|host| {
            let address = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
            host == "localhost" || address.is_ok_and(|address| address.is_loopback())
        });
        let builder = Client::builder()
            .user_agent(concat!("convscope/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(options.limits.connect)
            // Followed here, where it is known what may be sent to whom.
            .redirect(redirect::Policy::none())
            .referer(false);
        // A mirror on this machine is not to be reached through a proxy.
        let built = if loopback { builder.no_proxy().build() } else { builder.build() };
        let client = built.map_err(|e| {
            setup(super::failure::root(e), "check HTTPS_PROXY, SSL_CERT_FILE and SSL_CERT_DIR")
        })?;
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|e| setup(e.to_string(), "free memory and file handles"))?;
        Ok(Self { options, cancel, endpoint, runtime: Some(runtime), client })
    }

    /// Runs a future to its end, to `limit` or to a cancel.
    fn wait<F: Future>(&self, limit: Duration, future: F) -> Result<F::Output, Halt> {
        let Some(runtime) = &self.runtime else {
            return Err(Halt::Canceled);
        };
        let deadline = Deadline::within(limit);
        runtime.block_on(async {
            let mut future = pin!(future);
            loop {
                if self.cancel.is_cancelled() {
                    return Err(Halt::Canceled);
                }
                let left = deadline.left();
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
        deadline: Deadline,
        asked: &Asked,
        future: F,
    ) -> Result<F::Output, Failure> {
        self.wait(deadline.left(), future).map_err(|halt| match halt {
            Halt::Canceled => HubError::Canceled.into(),
            Halt::Late => Failure::silence(asked.stalled(deadline.limit)),
        })
    }

    /// Work that blocks (a disk that is slow to write), so that a cancel need not wait for it.
    pub fn aside<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, HubError> {
        let Some(runtime) = &self.runtime else {
            return Err(HubError::Canceled);
        };
        match self.wait(Duration::MAX, runtime.spawn_blocking(work)) {
            Ok(Ok(done)) => Ok(done),
            // The work panicked: the panic hook has said so.
            Ok(Err(error)) => Err(HubError::Setup {
                why: clean(&error.to_string()),
                advice: "this is a bug in convscope: please report it",
            }),
            Err(_) => Err(HubError::Canceled),
        }
    }

    /// Rests between two attempts.
    pub fn rest(&self, pause: Duration) -> Result<(), HubError> {
        match self.wait(pause, std::future::pending::<()>()) {
            Err(Halt::Late) => Ok(()),
            _ => Err(HubError::Canceled),
        }
    }

    /// Asks, and follows the answers that send on to another address until one does not, or `enough` says that this one is what
    /// was wanted: it gets the answer and the address that it sends on to.
    pub fn send(
        &self,
        question: Question,
        deadline: Deadline,
        asked: &Asked,
        mut enough: impl FnMut(&Response, Option<&Url>) -> bool,
    ) -> Result<Response, Failure> {
        let Question { mut method, mut url, range, mut body } = question;
        for _ in 0..=HOPS {
            let request = self.request(&method, &url, range.as_deref(), body.as_deref());
            let sent = self.ask(deadline, asked, request.send())?;
            let response = sent.map_err(|e| asked.lost(e))?;
            let status = response.status();
            let location = response.headers().get(LOCATION).filter(|_| sends_on(status));
            let Some(location) = location else {
                enough(&response, None);
                return Ok(response);
            };
            let next = location
                .to_str()
                .map_err(|_| "it redirects to a URL that is not text".to_string())
                .and_then(|location| address::next(&self.endpoint, &url, location))
                .map_err(|why| Failure::last(asked.odd_of(&url, &why)))?;
            if enough(&response, Some(&next)) {
                return Ok(response);
            }
            tracing::debug!(status = status.as_u16(), host = address::host(&next), "sent on");
            // As every client does: only 307 and 308 repeat a question that has a body.
            if method == Method::POST && !matches!(status.as_u16(), 307 | 308) {
                (method, body) = (Method::GET, None);
            }
            url = next;
        }
        Err(Failure::last(asked.odd_of(&url, &format!("it redirects more than {HOPS} times"))))
    }

    /// The token goes to the endpoint's own origin only. A user in the address of the endpoint, which `reqwest` sends, takes
    /// its place.
    fn request(
        &self,
        method: &Method,
        url: &Url,
        range: Option<&str>,
        body: Option<&[u8]>,
    ) -> reqwest::RequestBuilder {
        // The bytes themselves, or their hash and length would not be the file's.
        let mut request =
            self.client.request(method.clone(), url.clone()).header(ACCEPT_ENCODING, "identity");
        if let Ok(Some(token)) = self.options.token.usable()
            && url.origin() == self.endpoint.origin()
            && url.username().is_empty()
            && url.password().is_none()
        {
            request = request.bearer_auth(token);
        }
        if let Some(range) = range {
            request = request.header(RANGE, range);
        }
        match body {
            Some(body) => request.header(CONTENT_TYPE, "application/json").body(body.to_vec()),
            None => request,
        }
    }

    /// The whole answer to a question, when it is one of success.
    pub fn answer(
        &self,
        question: Question,
        deadline: Deadline,
        asked: &Asked,
    ) -> Result<Vec<u8>, Failure> {
        let mut response = self.send(question, deadline, asked, |_, _| false)?;
        if response.status() != StatusCode::OK {
            return Err(self.refusal(asked, response));
        }
        if is_page(&response) {
            return Err(Failure::last(asked.page(response.url())));
        }
        let mut bytes = Vec::new();
        loop {
            let chunk =
                self.wait(deadline.left(), response.chunk()).map_err(|halt| match halt {
                    Halt::Canceled => HubError::Canceled.into(),
                    Halt::Late => Failure::passing(asked.odd("its answer does not end in time")),
                })?;
            let Some(chunk) = chunk.map_err(|e| asked.lost(e))? else { return Ok(bytes) };
            if bytes.len() + chunk.len() > ANSWER {
                let why = format!("its answer is longer than {}", short_bytes(ANSWER as u64));
                return Err(Failure::last(asked.odd_of(response.url(), &why)));
            }
            bytes.extend_from_slice(&chunk);
        }
    }

    /// An answer with a status that is not one of success, in the server's own words where it has some.
    pub fn refusal(&self, asked: &Asked, mut response: Response) -> Failure {
        let deadline = Deadline::within(REFUSAL_TIME);
        let mut body = Vec::new();
        while body.len() < REFUSAL {
            match self.wait(deadline.left(), response.chunk()) {
                Ok(Ok(Some(chunk))) => body.extend(chunk.iter().take(REFUSAL - body.len())),
                Err(Halt::Canceled) => return HubError::Canceled.into(),
                _ => break,
            }
        }
        asked.status(response.status(), response.url(), response.headers(), &body)
    }

    /// The next bytes of an answer; `None` at its end.
    pub fn next(
        &self,
        asked: &Asked,
        response: &mut Response,
    ) -> Result<Option<impl AsRef<[u8]> + use<>>, Failure> {
        let deadline = Deadline::within(self.options.limits.stall);
        let chunk = self.ask(deadline, asked, response.chunk())?;
        chunk.map_err(|e| asked.lost(e))
    }
}

/// Whether an answer is a page for people.
pub(super) fn is_page(response: &Response) -> bool {
    let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| kind.trim_start().to_ascii_lowercase().starts_with("text/html"))
}
