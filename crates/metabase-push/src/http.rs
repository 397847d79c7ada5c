//! Requests to Metabase: the key, time limits, and trying again where that is safe.

use std::fmt;
use std::io::{self, ErrorKind, Read};
use std::time::Duration;

use serde_json::Value;
use ureq::unversioned::resolver::DefaultResolver;
use url::Url;

use crate::address::{Address, NamedProxy};
use crate::answer::{self, Only};
use crate::api_key::ApiKey;
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::progress::Progress;
use crate::{https, text};

/// How often a request is sent before it counts as failed.
const ATTEMPTS: u32 = 5;
/// The pause after the first failure; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// The longest pause that Metabase can ask for with Retry-After.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// The largest answer, in bytes. A dashboard of a hundred large cards has about five million.
const LARGEST_ANSWER: u64 = 32 << 20;
/// The largest answer of which only a part is kept. Each field of the database takes about a thousand bytes, so there is room
/// for thirty thousand tables.
const LARGEST_LIST: u64 = 1 << 30;
/// How much of a refusal is read.
const LARGEST_REFUSAL: u64 = 64 << 10;

/// An answer whose body has not been read yet.
type UnreadAnswer = ureq::http::Response<ureq::Body>;

/// A Metabase that requests can be sent to.
pub struct Client {
    agent: ureq::Agent,
    address: Url,
    proxy: Option<NamedProxy>,
    key: ApiKey,
    clock: Box<dyn Clock>,
    progress: Progress,
}

impl Client {
    /// Prepares requests and sends none. `timeout` is the time that one request may take.
    pub fn new(
        address: Address,
        key: ApiKey,
        timeout: Duration,
        clock: Box<dyn Clock>,
        progress: Progress,
    ) -> Client {
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(timeout))
            .http_status_as_error(false)
            // Most answers are small. Preparing the usual, larger buffers took most of their time.
            .input_buffer_size(16 << 10)
            .output_buffer_size(16 << 10)
            // A redirect would take the key along.
            .max_redirects(0)
            .max_redirects_will_error(false)
            // Without this line, the library would choose a proxy from the environment by rules of its own.
            .proxy(address.proxy.as_ref().map(|named| named.proxy.clone()))
            .user_agent(concat!("metabase-push/", env!("CARGO_PKG_VERSION")))
            .build();
        Client {
            agent: ureq::Agent::with_parts(config, https::connector(), DefaultResolver::default()),
            address: address.url,
            proxy: address.proxy,
            key,
            clock,
            progress,
        }
    }

    /// Returns the address of a page for people, such as `/dashboard/5`.
    pub fn page(&self, path: &str) -> String {
        format!("{}{path}", self.address.as_str().trim_end_matches('/'))
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }

    pub(crate) fn progress(&self) -> &Progress {
        &self.progress
    }

    /// Sends a GET. Returns its answer.
    pub(crate) fn get(&self, path: &str) -> Result<Value> {
        self.get_part(path, None)
    }

    /// The same. Of the list that `only` names, only the elements that are kept are returned.
    pub(crate) fn get_part(&self, path: &str, only: Option<Only>) -> Result<Value> {
        self.with_retries(|| {
            let answer = self.send(Method::Get, path, None)?;
            self.read(Method::Get, path, answer, only)
        })
    }

    /// Sends a PUT. Its answer says nothing new.
    pub(crate) fn put(&self, path: &str, body: &Value) -> Result<()> {
        self.with_retries(|| self.send_only(Method::Put, path, body))
    }

    /// Sends a PUT that would be wrong if it were done twice. Each attempt makes its body anew, and sends nothing where none
    /// is needed. Returns whether it sent anything.
    pub(crate) fn put_anew(&self, path: &str, body: impl Fn() -> Result<Option<Value>>) -> Result<bool> {
        let mut is_sent = false;
        self.with_retries(|| {
            if let Some(body) = body().map_err(FailedAttempt::for_good)? {
                is_sent = true;
                self.send_only(Method::Put, path, &body)?;
            }
            Ok(())
        })?;
        Ok(is_sent)
    }

    /// Sends a POST that may be done twice, because it creates nothing.
    pub(crate) fn ask(&self, path: &str) -> Result<()> {
        let body = Value::Object(serde_json::Map::new());
        self.with_retries(|| self.send_only(Method::Post, path, &body))
    }

    /// Sends a POST that creates something. Returns the id that this was given.
    ///
    /// A failure may leave open whether it was created. Then `find` looks for it before it is sent again, so that it is not
    /// there twice.
    pub(crate) fn create(
        &self,
        path: &str,
        body: &Value,
        find: impl Fn() -> Result<Option<u64>>,
    ) -> Result<u64> {
        let mut perhaps_done = false;
        self.with_retries(|| {
            if perhaps_done && let Some(id) = find().map_err(FailedAttempt::for_good)? {
                return Ok(id);
            }
            let created = self
                .send(Method::Post, path, Some(body))
                .and_then(|answer| {
                    let read = self.read(Method::Post, path, answer, None);
                    read.map_err(|failure| FailedAttempt::uncertain(failure.error))
                })
                .inspect_err(|failure| perhaps_done |= failure.perhaps_done)?;
            let unexpected = |reason: &str| {
                FailedAttempt::for_good(Error::Unexpected {
                    request: self.describe(Method::Post, path),
                    reason: reason.to_owned(),
                })
            };
            if created["name"] != body["name"] {
                return Err(unexpected(
                    "it is about something else than what was to be created",
                ));
            }
            created["id"]
                .as_u64()
                .ok_or_else(|| unexpected("there is no id in it"))
        })
    }

    /// An error about an answer to a GET that is JSON and yet of no use.
    pub(crate) fn unexpected(&self, path: &str, reason: impl fmt::Display) -> Error {
        Error::Unexpected {
            request: self.describe(Method::Get, path),
            reason: self.quote(&reason.to_string()),
        }
    }

    fn with_retries<T>(&self, mut once: impl FnMut() -> Result<T, FailedAttempt>) -> Result<T> {
        let mut pause = FIRST_PAUSE;
        for _ in 1..ATTEMPTS {
            match once() {
                Ok(answer) => return Ok(answer),
                Err(failure) if failure.try_again => {
                    let wait = failure.pause.unwrap_or(pause).min(LONGEST_PAUSE);
                    let seconds = wait.as_secs_f32();
                    self.progress
                        .warn(&format!("{}; trying again in {seconds} s", failure.error));
                    self.clock.sleep(wait);
                    pause *= 2;
                }
                Err(failure) => return Err(failure.error),
            }
        }
        once().map_err(|failure| failure.error)
    }

    /// Sends a request once. Of its answer, only the arrival matters.
    fn send_only(&self, method: Method, path: &str, body: &Value) -> Result<(), FailedAttempt> {
        let mut answer = self.send(method, path, Some(body))?;
        let mut body = answer.body_mut().with_config().limit(LARGEST_ANSWER).reader();
        io::copy(&mut body, &mut io::sink())
            .map(drop)
            .map_err(|error| self.transport_failure(method, path, error.into()))
    }

    /// Sends a request once. Success is a status of 2xx, with a body that is still to come.
    fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Result<UnreadAnswer, FailedAttempt> {
        let mut request = ureq::http::Request::builder()
            .method(method.name())
            .uri(self.page(path))
            .header("accept", "application/json")
            .header("x-api-key", self.key.header());
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        let body = body.map(Value::to_string).unwrap_or_default();
        let failed = |error| self.transport_failure(method, path, error);
        let request = request.body(body).map_err(|error| failed(error.into()))?;
        let mut answer = self.agent.run(request).map_err(failed)?;
        let status = answer.status().as_u16();
        if (200..300).contains(&status) {
            return Ok(answer);
        }
        let header = |name| {
            let value = answer.headers().get(name)?;
            value.to_str().ok().map(str::to_owned)
        };
        let retry_after = header("retry-after");
        let location = header("location");
        // The body of a refusal is worth showing, but nothing depends on it.
        let mut body = Vec::new();
        let _ = answer
            .body_mut()
            .as_reader()
            .take(LARGEST_REFUSAL)
            .read_to_end(&mut body);
        let message = self.refusal(&body);
        let request = self.describe(method, path);
        Err(match status {
            300..=399 => FailedAttempt::for_good(Error::Redirected {
                request,
                location: self.quote(&location.unwrap_or_default()),
            }),
            401 => FailedAttempt::for_good(Error::Unauthenticated { request }),
            403 => FailedAttempt::for_good(Error::Forbidden { request, message }),
            404 => FailedAttempt::for_good(Error::NotFound { request, message }),
            429 => {
                let seconds = retry_after.and_then(|seconds| seconds.trim().parse().ok());
                FailedAttempt::not_done(
                    Error::TooManyRequests { request },
                    seconds.map(Duration::from_secs),
                )
            }
            500.. => FailedAttempt::uncertain(Error::ServerFailed {
                request,
                status,
                message,
            }),
            _ => FailedAttempt::for_good(Error::Rejected {
                request,
                status,
                message,
            }),
        })
    }

    fn transport_failure(&self, method: Method, path: &str, error: ureq::Error) -> FailedAttempt {
        use ureq::Error as Ureq;
        let request = self.describe(method, path);
        if let Ureq::BodyExceedsLimit(limit) = error {
            return FailedAttempt::for_good(Error::TooLarge {
                request,
                limit: limit >> 20,
            });
        }
        let cause = match &error {
            Ureq::Timeout(_) => "it took too long".to_owned(),
            Ureq::HostNotFound => "there is no such host".to_owned(),
            Ureq::Io(error) => error.to_string(),
            error => error.to_string(),
        };
        let cause = self.quote(&cause);
        let proxy = self.proxy.as_ref().map(ToString::to_string);
        let unreachable = Error::Unreachable {
            request,
            proxy,
            cause,
        };
        match error {
            // Nothing was sent.
            Ureq::Io(error) if error.kind() == ErrorKind::ConnectionRefused => {
                FailedAttempt::not_done(unreachable, None)
            }
            Ureq::ConnectionFailed
            | Ureq::ConnectProxyFailed(_)
            | Ureq::Timeout(ureq::Timeout::Connect | ureq::Timeout::Resolve) => {
                FailedAttempt::not_done(unreachable, None)
            }
            // A certificate that is not accepted. No other attempt could end otherwise.
            Ureq::Io(error) if error.kind() == ErrorKind::InvalidData => FailedAttempt::for_good(unreachable),
            Ureq::HostNotFound | Ureq::Tls(_) | Ureq::BadUri(_) | Ureq::Http(_) => {
                FailedAttempt::for_good(unreachable)
            }
            _ => FailedAttempt::uncertain(unreachable),
        }
    }

    /// Returns the JSON of an answer, read as it comes.
    fn read(
        &self,
        method: Method,
        path: &str,
        mut answer: UnreadAnswer,
        only: Option<Only>,
    ) -> Result<Value, FailedAttempt> {
        let largest = only.map_or(LARGEST_ANSWER, |_| LARGEST_LIST);
        let body = answer.body_mut().with_config().limit(largest).reader();
        let request = || self.describe(method, path);
        answer::read(body, only).map_err(|failure| match failure {
            answer::Unreadable::Transport(error) => self.transport_failure(method, path, error.into()),
            answer::Unreadable::NotJson(beginning) => FailedAttempt::for_good(Error::NotJson {
                request: request(),
                beginning: self.quote(&String::from_utf8_lossy(&beginning)),
            }),
            answer::Unreadable::TooMuch => FailedAttempt::for_good(Error::TooMuch {
                request: request(),
                limit: answer::MOST_MEMORY >> 20,
                longest_text: answer::LONGEST_TEXT >> 20,
            }),
        })
    }

    /// Returns the words in which Metabase refuses: a text, or an object that has them somewhere.
    fn refusal(&self, body: &[u8]) -> String {
        let words = match serde_json::from_slice(body) {
            Ok(Value::String(words)) => words,
            Ok(Value::Object(object)) => match object.get("message") {
                Some(Value::String(words)) if !words.is_empty() => words.clone(),
                _ => object
                    .get("errors")
                    .map_or_else(|| Value::Object(object.clone()).to_string(), Value::to_string),
            },
            _ => String::from_utf8_lossy(body).into_owned(),
        };
        self.quote(&words)
    }

    /// Returns the server's text as far as a message shows it.
    fn quote(&self, text: &str) -> String {
        // The key is removed first: one that the cut had halved would not be found.
        text::one_line(&text::beginning(&self.key.redact(text)))
    }

    fn describe(&self, method: Method, path: &str) -> String {
        let path = path.split('?').next().unwrap_or(path);
        format!("{} {}", method.name(), self.page(path))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Client({})", self.address)
    }
}

#[derive(Clone, Copy)]
enum Method {
    Get,
    Put,
    Post,
}

impl Method {
    fn name(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Put => "PUT",
            Method::Post => "POST",
        }
    }
}

/// One attempt that failed.
struct FailedAttempt {
    error: Error,
    /// Whether another attempt may end otherwise.
    try_again: bool,
    /// The pause before it, where the server has asked for one.
    pause: Option<Duration>,
    /// Whether the server may have done what it was asked for all the same.
    perhaps_done: bool,
}

impl FailedAttempt {
    fn for_good(error: Error) -> FailedAttempt {
        FailedAttempt {
            error,
            try_again: false,
            pause: None,
            perhaps_done: false,
        }
    }

    fn not_done(error: Error, pause: Option<Duration>) -> FailedAttempt {
        FailedAttempt {
            try_again: true,
            pause,
            ..FailedAttempt::for_good(error)
        }
    }

    fn uncertain(error: Error) -> FailedAttempt {
        FailedAttempt {
            perhaps_done: true,
            ..FailedAttempt::not_done(error, None)
        }
    }
}
