//! A hub of two hosts: the first knows repositories and commits, the second has the bytes of large files.
//! The answers are written by hand, so that they can be wrong in every way.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use sha1::Sha1;
use sha2::{Digest, Sha256};

/// The commit of `main`, until a test moves it.
pub const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
/// Another one.
pub const NEXT: &str = "fedcba9876543210fedcba9876543210fedcba98";

/// Which of the two was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host {
    Hub,
    Bytes,
}

/// What was asked.
#[derive(Clone, Debug)]
pub struct Request {
    pub host: Host,
    /// The host that was meant, when this one was asked as a proxy.
    pub through_proxy_to: Option<String>,
    pub method: String,
    pub path: String,
    /// Names in lower case.
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// A question for bytes of weights.
    pub fn is_bytes(&self) -> bool {
        self.host == Host::Bytes && self.method == "GET"
    }
}

/// A file of the repository.
#[derive(Clone)]
pub struct Blob {
    pub bytes: Vec<u8>,
    /// On the second host, named by its sha256.
    pub large: bool,
}

impl Blob {
    pub fn etag(&self) -> String {
        if self.large {
            hex(&Sha256::digest(&self.bytes))
        } else {
            let head = format!("blob {}\0", self.bytes.len());
            hex(&Sha1::new().chain_update(head).chain_update(&self.bytes).finalize())
        }
    }
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// How an answer is wrong.
#[derive(Clone, Debug)]
pub enum Fault {
    /// Another status, with these headers.
    Status(u16, Vec<(&'static str, String)>),
    /// All headers, then so many bytes, then the connection is closed.
    Cut(usize),
    /// All headers, then so many bytes, then nothing.
    Stall(usize),
    /// No answer at all.
    Silence,
    /// The whole file with 200, whatever range was asked for.
    NoRange,
    /// These bytes instead of the file's, with their own length and this type.
    Instead(Vec<u8>, &'static str),
    /// These bytes, as many as the file's, piece by piece: without a length.
    Unmeasured(Vec<u8>),
    /// So many bytes, a pause before each piece.
    Slow(Duration),
    /// This status, these headers and this body, with its length.
    Answer(u16, Vec<(&'static str, String)>, Vec<u8>),
    /// These headers in place of those with the same names; an empty one is left out.
    Headers(Vec<(&'static str, String)>),
    /// This status, then letters without an end, as JSON.
    Endless(u16),
    /// This status, then a letter from time to time.
    Dribble(u16),
}

type Misbehave = Box<dyn Fn(&Request, usize) -> Option<Fault> + Send>;

struct World {
    files: BTreeMap<String, Blob>,
    commit: String,
    requests: Vec<Request>,
    misbehave: Misbehave,
    bytes_port: u16,
    queries: bool,
}

/// The running hub. Its threads end with the test's process.
pub struct Server {
    world: Arc<Mutex<World>>,
    pub endpoint: String,
}

impl Server {
    /// Answers for `owner/name` with these files; those named `*.safetensors` and `*.bin` are large.
    pub fn start(files: &[(&str, &[u8])]) -> Self {
        let listen = || TcpListener::bind("127.0.0.1:0").unwrap();
        let (hub, bytes) = (listen(), listen());
        let port = |listener: &TcpListener| listener.local_addr().unwrap().port();
        let (hub_port, bytes_port) = (port(&hub), port(&bytes));
        let world = World {
            files: BTreeMap::new(),
            commit: COMMIT.into(),
            requests: Vec::new(),
            misbehave: Box::new(|_, _| None),
            bytes_port,
            queries: true,
        };
        let world = Arc::new(Mutex::new(world));
        for (listener, host) in [(hub, Host::Hub), (bytes, Host::Bytes)] {
            let world = world.clone();
            std::thread::spawn(move || {
                for stream in listener.incoming().flatten() {
                    let world = world.clone();
                    // A client that hangs up is no failure of the hub.
                    std::thread::spawn(move || {
                        let _ = answer(&world, host, stream);
                    });
                }
            });
        }
        let server = Self { world, endpoint: format!("http://127.0.0.1:{hub_port}") };
        for (name, bytes) in files {
            server.put(name, bytes);
        }
        server
    }

    pub fn put(&self, name: &str, bytes: &[u8]) {
        let large = name.ends_with(".safetensors") || name.ends_with(".bin");
        let blob = Blob { bytes: bytes.to_vec(), large };
        self.world.lock().unwrap().files.insert(name.into(), blob);
    }

    pub fn move_to(&self, commit: &str) {
        self.world.lock().unwrap().commit = commit.into();
    }

    pub fn file(&self, name: &str) -> Option<Blob> {
        self.world.lock().unwrap().files.get(name).cloned()
    }

    /// What stands after a `?` means nothing from now on.
    pub fn ignore_queries(&self) {
        self.world.lock().unwrap().queries = false;
    }

    /// Whether one of the files has these bytes.
    pub fn has(&self, bytes: &[u8]) -> bool {
        self.world.lock().unwrap().files.values().any(|blob| blob.bytes == bytes)
    }

    /// `fault(request, n)`: how the n-th request (from 0) of its host and method is answered wrongly.
    pub fn misbehave(&self, fault: impl Fn(&Request, usize) -> Option<Fault> + Send + 'static) {
        self.world.lock().unwrap().misbehave = Box::new(fault);
    }

    /// What was asked so far; forgotten by this.
    pub fn asked(&self) -> Vec<Request> {
        std::mem::take(&mut self.world.lock().unwrap().requests)
    }
}

fn read(stream: &TcpStream, host: Host) -> Option<Request> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    let (method, path) = (words.next()?.to_string(), words.next()?.to_string());
    // To a proxy, a client names the host as well.
    let (host_asked, path) =
        match path.strip_prefix("http://").and_then(|rest| rest.split_once('/')) {
            Some((host, path)) => (Some(host.to_string()), format!("/{path}")),
            None => (None, path),
        };
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        match line.trim_end().split_once(':') {
            Some((name, value)) => {
                headers.insert(name.to_lowercase(), value.trim().to_string());
            }
            None => break,
        }
    }
    let length = headers.get("content-length").and_then(|v: &String| v.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Request { host, through_proxy_to: host_asked, method, path, headers, body })
}

fn answer(world: &Mutex<World>, host: Host, mut stream: TcpStream) -> Option<()> {
    let request = read(&stream, host)?;
    let (fault, reply) = {
        let mut world = world.lock().unwrap();
        let alike = |old: &&Request| old.host == host && old.method == request.method;
        let n = world.requests.iter().filter(alike).count();
        world.requests.push(request.clone());
        let fault = (world.misbehave)(&request, n);
        let mut request = request.clone();
        if !world.queries {
            request.path.truncate(request.path.find('?').unwrap_or(request.path.len()));
        }
        (
            fault,
            match host {
                Host::Hub => hub(&world, &request),
                Host::Bytes => bytes(&world, &request),
            },
        )
    };
    reply.send(&mut stream, &request, fault).ok()
}

/// An answer, before anything is wrong with it.
struct Reply {
    status: u16,
    headers: Vec<(&'static str, String)>,
    /// The whole file; a range of it is sent when one is asked for.
    body: Vec<u8>,
}

impl Reply {
    fn new(status: u16, headers: Vec<(&'static str, String)>, body: Vec<u8>) -> Self {
        Self { status, headers, body }
    }

    fn json(value: &Value) -> Self {
        let kind = vec![("Content-Type", "application/json".to_string())];
        Self::new(200, kind, value.to_string().into_bytes())
    }

    fn error(status: u16, code: &str) -> Self {
        Self::new(status, vec![("X-Error-Code", code.into())], b"{\"error\": \"no\"}".to_vec())
    }

    fn send(
        mut self,
        stream: &mut TcpStream,
        request: &Request,
        fault: Option<Fault>,
    ) -> std::io::Result<()> {
        let range = request.header("range").and_then(|range| {
            let (from, to) = range.strip_prefix("bytes=")?.split_once('-')?;
            Some((from.parse::<usize>().ok()?, to.parse::<usize>().ok()))
        });
        let range = range.filter(|_| self.status == 200 && request.method == "GET");
        let range = range.filter(|_| !matches!(fault, Some(Fault::NoRange)));
        let whole = self.body.len();
        let mut measured = true;
        match &fault {
            Some(Fault::Status(status, headers)) => {
                self = Self::new(*status, headers.clone(), b"no".to_vec());
            }
            Some(Fault::Silence) => {
                std::thread::sleep(Duration::from_secs(30));
                return Ok(());
            }
            Some(Fault::Instead(body, kind)) => {
                self = Self::new(200, vec![("Content-Type", (*kind).into())], body.clone());
            }
            Some(Fault::Answer(status, headers, body)) => {
                self = Self::new(*status, headers.clone(), body.clone());
            }
            Some(Fault::Endless(status) | Fault::Dribble(status)) => {
                let kind = vec![("Content-Type", "application/json".into())];
                (self, measured) = (Self::new(*status, kind, vec![]), false);
            }
            Some(Fault::Unmeasured(body)) => {
                (self.body, measured) = (body.clone(), false);
            }
            _ => {
                if let Some((from, to)) = range {
                    if from >= whole {
                        self = Self::new(416, vec![], vec![]);
                    } else {
                        let to = to.unwrap_or(whole - 1).min(whole - 1);
                        self.status = 206;
                        self.headers.push(("Content-Range", format!("bytes {from}-{to}/{whole}")));
                        self.body = self.body[from..=to].to_vec();
                    }
                }
            }
        }
        if let Some(Fault::Headers(headers)) = &fault {
            self.headers.retain(|(name, _)| headers.iter().all(|(other, _)| other != name));
            self.headers.extend(headers.iter().filter(|(_, value)| !value.is_empty()).cloned());
        }
        let mut head = format!("HTTP/1.1 {} Any\r\nConnection: close\r\n", self.status);
        if measured {
            head += &format!("Content-Length: {}\r\n", self.body.len());
        }
        for (name, value) in &self.headers {
            head += &format!("{name}: {value}\r\n");
        }
        stream.write_all((head + "\r\n").as_bytes())?;
        if request.method == "HEAD" {
            return Ok(());
        }
        match fault {
            Some(Fault::Cut(bytes)) => stream.write_all(&self.body[..bytes.min(self.body.len())]),
            Some(Fault::Stall(bytes)) => {
                stream.write_all(&self.body[..bytes.min(self.body.len())])?;
                stream.flush()?;
                std::thread::sleep(Duration::from_secs(30));
                Ok(())
            }
            // Until the client has enough.
            Some(Fault::Endless(_)) => {
                stream.write_all(b"{\"error\": \"")?;
                loop {
                    stream.write_all(&[b'x'; 1 << 16])?;
                }
            }
            Some(Fault::Dribble(_)) => loop {
                stream.write_all(b" ")?;
                std::thread::sleep(Duration::from_millis(20));
            },
            Some(Fault::Slow(pause)) => {
                for piece in self.body.chunks(4096) {
                    stream.write_all(piece)?;
                    std::thread::sleep(pause);
                }
                Ok(())
            }
            _ => stream.write_all(&self.body),
        }
    }
}

/// The first host.
fn hub(world: &World, request: &Request) -> Reply {
    let path = request.path.as_str();
    let model = "/api/models/owner/name";
    if let Some(rest) = path.strip_prefix(model) {
        let revision = rest.rsplit('/').next().unwrap_or("");
        if !["", "main", "v1", COMMIT, NEXT].contains(&revision) {
            return Reply::error(404, "RevisionNotFound");
        }
        if rest.starts_with("/paths-info/") && request.method != "POST" {
            return Reply::new(405, vec![], vec![]);
        }
        if rest.starts_with("/paths-info/") {
            return paths_info(world, &request.body);
        }
        return Reply::json(&json!({"id": "owner/name", "sha": world.commit}));
    }
    let file = path.strip_prefix("/owner/name/resolve/").and_then(|rest| rest.split_once('/'));
    match file.and_then(|(_, file)| world.files.get(file)) {
        None if path.starts_with("/owner/name") => Reply::error(404, "EntryNotFound"),
        None => Reply::error(404, "RepoNotFound"),
        Some(blob) => {
            let etag = format!("\"{}\"", blob.etag());
            let mut headers = vec![("X-Repo-Commit", world.commit.clone()), ("ETag", etag.clone())];
            if !blob.large {
                return Reply::new(200, headers, blob.bytes.clone());
            }
            headers.push(("X-Linked-Etag", etag));
            headers.push(("X-Linked-Size", blob.bytes.len().to_string()));
            let port = world.bytes_port;
            headers.push(("Location", format!("http://127.0.0.1:{port}/{}", blob.etag())));
            Reply::new(302, headers, vec![])
        }
    }
}

/// As the real hub: the sha256 of a large file is called `oid`, which hf-hub does not read.
fn paths_info(world: &World, body: &[u8]) -> Reply {
    let asked: Value = serde_json::from_slice(body).unwrap();
    let paths = asked["paths"].as_array().unwrap().iter().filter_map(Value::as_str);
    let entries = paths.filter_map(|path| {
        let blob = world.files.get(path)?;
        let mut entry =
            json!({"type": "file", "path": path, "size": blob.bytes.len(), "oid": "0".repeat(40)});
        if blob.large {
            entry["lfs"] =
                json!({"oid": blob.etag(), "size": blob.bytes.len(), "pointerSize": 134});
        } else {
            entry["oid"] = blob.etag().into();
        }
        Some(entry)
    });
    Reply::json(&entries.collect())
}

/// The second host: it knows addresses of bytes and nothing else.
fn bytes(world: &World, request: &Request) -> Reply {
    let wanted = request.path.trim_start_matches('/');
    match world.files.values().find(|blob| blob.etag() == wanted) {
        Some(blob) => {
            let headers = vec![("ETag", "\"another\"".into()), ("Accept-Ranges", "bytes".into())];
            Reply::new(200, headers, blob.bytes.clone())
        }
        None => Reply::new(403, vec![], b"AccessDenied".to_vec()),
    }
}
