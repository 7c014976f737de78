//! Where the hub is, who asks, where the cache lies: as `huggingface_hub` reads it from the environment.
//!
//! The meaning is that of `huggingface_hub/constants.py` and `utils/_auth.py`.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::cache::is_absent;
use super::{HubError, shown};
use crate::base::{clean, read_small_text};

const ENDPOINT: &str = "https://huggingface.co";
/// The largest file of a token; the hub's have 40 letters.
const TOKEN: u64 = 16 << 10;

/// How to ask the hub.
#[derive(Clone, PartialEq, Eq)]
pub struct HubOptions {
    /// The hub or a mirror, without a slash at its end.
    pub endpoint: String,
    /// Who asks.
    pub token: Token,
    /// The folder of `models--owner--name`.
    pub cache: PathBuf,
    /// Nothing is asked.
    pub offline: bool,
    /// How long to wait, how often to try.
    pub limits: Limits,
}

/// The word by which the hub knows who asks.
#[derive(Clone, PartialEq, Eq)]
pub enum Token {
    /// There is none.
    Absent,
    /// One that can stand in a header.
    Known(String),
    /// What was found cannot be one: no request is sent, and what is in the cache needs none.
    Unusable {
        /// What is wrong, without the token.
        why: String,
        /// What to do.
        advice: &'static str,
    },
}

impl Token {
    /// The token, if it can be sent.
    ///
    /// # Errors
    /// When what was found cannot be one.
    pub fn usable(&self) -> Result<Option<&str>, HubError> {
        match self {
            Self::Absent => Ok(None),
            Self::Known(token) => Ok(Some(token)),
            Self::Unusable { why, advice } => Err(HubError::Setup { why: why.clone(), advice }),
        }
    }
}

/// It stays out of logs.
impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absent => "absent",
            Self::Known(_) => "...",
            Self::Unusable { .. } => "unusable",
        })
    }
}

/// How long to wait, how often to try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Until a connection stands.
    pub connect: Duration,
    /// Without a byte, then an attempt has failed.
    pub stall: Duration,
    /// For the question whether a branch has moved, and for [`super::check`].
    pub check: Duration,
    /// Attempts in all; one that brought much starts the count again.
    pub attempts: u32,
    /// Between attempts.
    pub pause: Duration,
    /// The longest pause that a server may ask for.
    pub retry_after: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            stall: Duration::from_secs(20),
            check: Duration::from_secs(3),
            attempts: 3,
            pause: Duration::from_secs(1),
            retry_after: Duration::from_secs(10),
        }
    }
}

/// The token and the endpoint's password stay out of logs.
impl fmt::Debug for HubOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HubOptions")
            .field("endpoint", &shown(&self.endpoint))
            .field("token", &self.token)
            .field("cache", &self.cache)
            .field("offline", &self.offline)
            .field("limits", &self.limits)
            .finish()
    }
}

impl HubOptions {
    /// What the environment says: HF_ENDPOINT, HF_TOKEN, HF_TOKEN_PATH, HF_HUB_DISABLE_IMPLICIT_TOKEN, HF_HOME,
    /// HF_HUB_CACHE, XDG_CACHE_HOME, HF_HUB_OFFLINE and the older names that `huggingface_hub` still
    /// reads. `offline` is the command line's word: it can switch the network off, not on.
    ///
    /// # Errors
    /// When there is no home folder to put a cache into. A token that is not one is an error of the first request.
    pub fn from_environment(offline: bool) -> Result<Self, HubError> {
        Self::from_variables(offline, &|name| std::env::var_os(name), std::env::home_dir())
    }

    fn from_variables(
        offline: bool,
        variable: &dyn Fn(&str) -> Option<OsString>,
        home: Option<PathBuf>,
    ) -> Result<Self, HubError> {
        let environment = Environment { variable, home };
        let text = |name: &str| environment.text(name);
        let hf_home = match environment.path("HF_HOME") {
            Some(folder) => folder,
            None => environment.cache_home()?.join("huggingface"),
        };
        let cache = environment
            .path("HF_HUB_CACHE")
            .or_else(|| environment.path("HUGGINGFACE_HUB_CACHE"))
            .unwrap_or_else(|| hf_home.join("hub"));
        let token = if text("HF_HUB_DISABLE_IMPLICIT_TOKEN").is_some_and(|v| is_true(&v)) {
            Token::Absent
        } else {
            let named = text("HF_TOKEN").or_else(|| text("HUGGING_FACE_HUB_TOKEN"));
            match named.as_deref().and_then(tidy) {
                Some(token) => checked(token, "HF_TOKEN"),
                None => {
                    let path = environment.path("HF_TOKEN_PATH");
                    token_file(&path.unwrap_or_else(|| hf_home.join("token")))
                }
            }
        };
        let endpoint = text("HF_ENDPOINT").unwrap_or_else(|| ENDPOINT.into());
        let off = text("HF_HUB_OFFLINE").or_else(|| text("TRANSFORMERS_OFFLINE"));
        Ok(Self {
            endpoint: endpoint.trim_end_matches('/').to_string(),
            token,
            cache,
            offline: offline || off.is_some_and(|v| is_true(&v)),
            limits: Limits::default(),
        })
    }
}

/// The variables, an empty one being none.
struct Environment<'a> {
    variable: &'a dyn Fn(&str) -> Option<OsString>,
    home: Option<PathBuf>,
}

impl Environment<'_> {
    fn raw(&self, name: &str) -> Option<OsString> {
        (self.variable)(name).filter(|value| !value.is_empty())
    }

    fn text(&self, name: &str) -> Option<String> {
        self.raw(name).map(|value| value.to_string_lossy().trim().to_string())
    }

    /// A path, with `~` at its start and `$NAME` as a shell would read them.
    fn path(&self, name: &str) -> Option<PathBuf> {
        let value = self.raw(name)?;
        // A path that is no text is taken as it stands.
        let Some(text) = value.to_str() else {
            return Some(value.into());
        };
        let expanded = self.expand(text);
        match (expanded.strip_prefix('~'), &self.home) {
            (Some(rest), Some(home)) if rest.is_empty() || rest.starts_with('/') => {
                Some(home.join(rest.trim_start_matches('/')))
            }
            _ => Some(expanded.into()),
        }
    }

    /// `$NAME` and `${NAME}`; what is not set stays as it is written.
    fn expand(&self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('$') {
            out.push_str(before);
            let braced = after.strip_prefix('{').and_then(|inner| inner.split_once('}'));
            let (name, tail) = braced.unwrap_or_else(|| {
                let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
                after.split_at(end.unwrap_or(after.len()))
            });
            match (self.variable)(name) {
                Some(value) => out.push_str(&value.to_string_lossy()),
                None => out.push_str(&rest[before.len()..rest.len() - tail.len()]),
            }
            rest = tail;
        }
        out + rest
    }

    fn cache_home(&self) -> Result<PathBuf, HubError> {
        let home = || self.home.as_ref().map(|home| home.join(".cache"));
        self.path("XDG_CACHE_HOME").or_else(home).ok_or_else(|| HubError::Setup {
            why: "there is no home folder for the cache".into(),
            advice: "set HF_HOME to a folder of your own",
        })
    }
}

/// As `huggingface_hub` reads switches.
fn is_true(value: &str) -> bool {
    ["1", "ON", "YES", "TRUE"].contains(&value.to_uppercase().as_str())
}

fn tidy(token: &str) -> Option<String> {
    let token: String = token.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
    Some(token.trim().to_string()).filter(|token| !token.is_empty())
}

/// The token that `hf auth login` left.
fn token_file(path: &Path) -> Token {
    match read_small_text(path, TOKEN) {
        Ok(text) => match text.as_deref().and_then(tidy) {
            Some(token) => checked(token, &clean(&path.to_string_lossy())),
            None => Token::Absent,
        },
        Err(error) if is_absent(&error) => Token::Absent,
        Err(error) => Token::Unusable {
            why: clean(&format!("{}: {error}", path.display())),
            advice: "make that file a readable file with a token in it, or set HF_TOKEN",
        },
    }
}

/// A token that can stand in a header. It is never shown, whatever it is.
fn checked(token: String, from: &str) -> Token {
    if token.len() as u64 <= TOKEN && token.bytes().all(|b| b.is_ascii_graphic()) {
        return Token::Known(token);
    }
    Token::Unusable {
        why: format!("what {from} holds is not a token"),
        advice: "a token is one word, such as hf_ and letters: copy it again, or log in with `hf auth login`",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn options(variables: &[(&str, &str)]) -> HubOptions {
        let variable = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into())
        };
        HubOptions::from_variables(false, &variable, Some("/home/me".into())).unwrap()
    }

    #[test]
    fn without_variables_everything_is_as_python_has_it() {
        let options = options(&[]);
        assert_eq!(options.endpoint, "https://huggingface.co");
        assert_eq!(options.cache, Path::new("/home/me/.cache/huggingface/hub"));
        assert_eq!((options.token, options.offline), (Token::Absent, false));
        let nobody = HubOptions::from_variables(true, &|_| None, None);
        assert!(nobody.unwrap_err().to_string().contains("HF_HOME"));
    }

    #[test]
    fn the_cache_is_where_the_nearest_variable_says() {
        let cache = |variables: &[(&str, &str)]| options(variables).cache.display().to_string();
        assert_eq!(cache(&[("XDG_CACHE_HOME", "/x")]), "/x/huggingface/hub");
        assert_eq!(cache(&[("XDG_CACHE_HOME", "/x"), ("HF_HOME", "~/hf")]), "/home/me/hf/hub");
        assert_eq!(cache(&[("HF_HOME", "/h"), ("HUGGINGFACE_HUB_CACHE", "/old")]), "/old");
        assert_eq!(cache(&[("HF_HUB_CACHE", "/new"), ("HUGGINGFACE_HUB_CACHE", "/old")]), "/new");
        assert_eq!(
            cache(&[("HF_HUB_CACHE", "/s/$U/${W}x/$NO"), ("U", "u"), ("W", "w")]),
            "/s/u/wx/$NO"
        );
        assert_eq!(cache(&[("HF_HUB_CACHE", "")]), "/home/me/.cache/huggingface/hub");
    }

    #[test]
    fn switches_and_endpoints() {
        assert!(options(&[("HF_HUB_OFFLINE", "yes")]).offline);
        assert!(options(&[("TRANSFORMERS_OFFLINE", "1")]).offline);
        assert!(!options(&[("HF_HUB_OFFLINE", "0")]).offline);
        assert_eq!(options(&[("HF_ENDPOINT", "http://m:1/")]).endpoint, "http://m:1");
    }

    #[test]
    fn the_token_comes_from_the_variable_then_the_file_and_stays_out_of_logs() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        std::fs::write(&file, "  hf_file\n").unwrap();
        let home = folder.path().to_str().unwrap();
        let token = |variables: &[(&str, &str)]| {
            let all: Vec<_> =
                [("HF_HOME", home)].into_iter().chain(variables.iter().copied()).collect();
            options(&all).token.usable().unwrap().map(String::from)
        };
        assert_eq!(token(&[]).as_deref(), Some("hf_file"));
        assert_eq!(
            token(&[("HF_TOKEN", "hf_a\n"), ("HUGGING_FACE_HUB_TOKEN", "b")]).as_deref(),
            Some("hf_a")
        );
        assert_eq!(token(&[("HUGGING_FACE_HUB_TOKEN", "hf_b")]).as_deref(), Some("hf_b"));
        assert_eq!(token(&[("HF_TOKEN_PATH", "/nowhere/token")]), None);
        assert_eq!(token(&[("HF_TOKEN", "x"), ("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1")]), None);
        let endpoint = ("HF_ENDPOINT", "https://me:hf_secret@hub.local");
        let debug = format!("{:?}", options(&[("HF_TOKEN", "hf_secret"), endpoint]));
        assert!(!debug.contains("hf_secret") && debug.contains("hub.local"), "{debug}");
    }

    #[test]
    fn what_is_not_a_token_is_refused_and_not_shown() {
        let folder = tempfile::tempdir().unwrap();
        let refused = |variables: &[(&str, &str)]| {
            let variable = |name: &str| {
                let value = variables.iter().find(|(known, _)| *known == name);
                value.map(|(_, value)| value.into())
            };
            let options =
                HubOptions::from_variables(false, &variable, Some(folder.path().into())).unwrap();
            assert!(!format!("{options:?}").contains("hf_"));
            options.token.usable().unwrap_err().to_string()
        };
        for token in ["hf_a hf_secret", "hf_s\u{e9}cret", "hf_\u{1b}[2J"] {
            let error = refused(&[("HF_TOKEN", token)]);
            assert!(error.contains("HF_TOKEN") && !error.contains(token), "{error}");
        }
        let pipe = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let large = folder.path().join("large");
        std::fs::File::create(&large).unwrap().set_len(300 << 20).unwrap();
        for path in ["/dev/zero", pipe.to_str().unwrap(), large.to_str().unwrap()] {
            assert!(refused(&[("HF_TOKEN_PATH", path)]).contains(path));
        }
    }
}
