//! From a name to a whole network in the cache.

use std::path::Path;
use std::time::{Duration, Instant};

use super::cache::{Cache, SIDES, WEIGHTS, is_index};
use super::failure::{Asked, Attempts, Failure};
use super::net::{Hub, Listed, Remote};
use super::part::{self, Part};
use super::{HubError, HubOptions, RepoRef, Snapshot};
use crate::base::{Cancel, Progress};

/// All weights of a network together: what `source::checkpoint` reads at most.
const LIMIT: u64 = 8 << 30;
/// An attempt that brings so much was a good one.
const MUCH: u64 = 1 << 20;
/// Between two reports.
const REPORT: Duration = Duration::from_millis(50);

pub(super) fn fetch(
    options: &HubOptions,
    repo: &RepoRef,
    cancel: &Cancel,
    progress: &mut Progress,
) -> Result<Snapshot, HubError> {
    let old = super::cached(options, repo)?;
    let cache = Cache::new(&options.cache, repo);
    let mut job = Job { repo, cache, meter: Meter::new(progress) };
    match old {
        Some(old) if options.offline || repo.is_pinned() => Ok(old),
        None if options.offline => Err(HubError::Offline {
            repo: repo.to_string(),
            cache: crate::base::clean(&options.cache.to_string_lossy()),
        }),
        None => {
            let hub = Hub::open(options, cancel)?;
            let commit = match repo.is_pinned() {
                true => repo.revision().to_string(),
                false => Attempts::ask(&hub, || hub.commit(repo, options.limits.stall))?,
            };
            job.bring(&hub, &commit)
        }
        Some(old) => match job.renew(options, &old, cancel) {
            Err(error) if !error.is_cancelled() => {
                let note =
                    format!("the copy of {repo} in the cache is used, which may be old: {error}");
                Ok(Snapshot { note: Some(note), ..old })
            }
            renewed => renewed,
        },
    }
}

pub(super) fn check(options: &HubOptions) -> Result<Duration, HubError> {
    if options.offline {
        return Err(HubError::Setup {
            why: "the network is switched off".into(),
            advice: "drop --offline and HF_HUB_OFFLINE",
        });
    }
    let cancel = Cancel::new();
    let hub = Hub::open(options, &cancel)?;
    let start = Instant::now();
    let status = hub.knock().map_err(|failure| failure.error)?;
    tracing::debug!(%status, "the hub answers");
    Ok(start.elapsed())
}

/// One network on its way.
struct Job<'a, 'p, 'q> {
    repo: &'a RepoRef,
    cache: Cache,
    meter: Meter<'p, 'q>,
}

impl Job<'_, '_, '_> {
    /// Looks whether a branch has moved, and brings what is new.
    fn renew(
        &mut self,
        options: &HubOptions,
        old: &Snapshot,
        cancel: &Cancel,
    ) -> Result<Snapshot, HubError> {
        let hub = Hub::open(options, cancel)?;
        let commit =
            hub.commit(self.repo, options.limits.check).map_err(|failure| failure.error)?;
        if commit == old.commit && self.knows_sides(&commit)? {
            return Ok(old.clone());
        }
        self.bring(&hub, &commit)
    }

    /// Whether each of the small files is there or known to be missing.
    fn knows_sides(&self, commit: &str) -> Result<bool, HubError> {
        for side in SIDES {
            if !self.cache.file(commit, side).exists() && !self.cache.lacks(commit, side)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Brings all files of a commit that are not there. The revision is remembered last: until then it
    /// means the version before, which is whole.
    fn bring(&mut self, hub: &Hub<'_>, commit: &str) -> Result<Snapshot, HubError> {
        let asked = Asked::new(hub.options, self.repo, None);
        let weights: Vec<&str> = match &self.repo.file {
            Some(file) => vec![file],
            None => WEIGHTS.to_vec(),
        };
        let names: Vec<_> = weights.iter().chain(&SIDES).map(ToString::to_string).collect();
        let files = Attempts::ask(hub, || hub.files(self.repo, commit, &names))?;
        let find = |name: &str| files.iter().find(|listed| listed.file() == name);
        let chosen =
            weights.iter().find_map(|name| find(name)).ok_or_else(|| match &self.repo.file {
                Some(file) => asked.no_file(file),
                None => HubError::NoWeights {
                    repo: self.repo.owner_name.clone(),
                    page: asked.files_page(),
                },
            })?;
        let chosen = self.whole(hub, commit, chosen)?;
        let sides = SIDES.iter().filter_map(|side| find(side));
        let sides: Vec<_> =
            sides.map(|side| self.whole(hub, commit, side)).collect::<Result<_, _>>()?;
        let sizes = sides.iter().chain([&chosen]).map(|remote| remote.size);
        self.meter.total = sizes.fold(0, u64::saturating_add);
        self.within_limit(self.meter.total)?;
        for side in &sides {
            self.file(hub, commit, side)?;
        }
        for side in SIDES.iter().filter(|side| find(side).is_none()) {
            self.cache.mark_lacking(commit, side);
        }
        self.file(hub, commit, &chosen)?;
        if is_index(&chosen.file) {
            self.shards(hub, commit, &chosen.file)?;
        }
        self.meter.say(0, true);
        self.cache.write_ref(self.repo.revision(), commit)?;
        let whole = self.cache.whole(commit, self.repo.file.as_deref())?;
        whole.ok_or_else(|| HubError::Cache {
            path: crate::base::clean(&self.cache.file(commit, &chosen.file).to_string_lossy()),
            why: "it was removed while it was fetched".into(),
        })
    }

    /// Brings the shards of an index that is there.
    fn shards(&mut self, hub: &Hub<'_>, commit: &str, index: &str) -> Result<(), HubError> {
        let names = self.cache.shards(commit, index)?;
        let shards = Attempts::ask(hub, || hub.files(self.repo, commit, &names))?;
        if let Some(missing) = names.iter().find(|name| !shards.iter().any(|s| s.file() == *name)) {
            return Err(Asked::new(hub.options, self.repo, None).no_file(missing));
        }
        let shards: Vec<_> =
            shards.iter().map(|shard| self.whole(hub, commit, shard)).collect::<Result<_, _>>()?;
        let size = shards.iter().map(|shard| shard.size).fold(0, u64::saturating_add);
        self.within_limit(size)?;
        self.meter.total += size;
        for shard in &shards {
            self.file(hub, commit, shard)?;
        }
        Ok(())
    }

    /// A file with its hash and size, asked for where the list does not say them.
    fn whole(&self, hub: &Hub<'_>, commit: &str, listed: &Listed) -> Result<Remote, HubError> {
        match listed {
            Listed::Known(remote) => Ok(remote.clone()),
            Listed::Unnamed(file) => Attempts::ask(hub, || hub.head(self.repo, commit, file)),
        }
    }

    fn within_limit(&self, size: u64) -> Result<(), HubError> {
        if size > LIMIT {
            let repo = self.repo.owner_name.clone();
            return Err(HubError::TooLarge {
                repo,
                gib: size.div_ceil(1 << 30),
                limit: LIMIT >> 30,
            });
        }
        Ok(())
    }

    /// Brings one file and links it.
    fn file(&mut self, hub: &Hub<'_>, commit: &str, remote: &Remote) -> Result<(), HubError> {
        let blob = self.cache.blob(&remote.etag);
        if !is_whole(&self.cache.file(commit, &remote.file), remote) {
            if !is_whole(&blob, remote) {
                self.blob(hub, commit, remote, &blob)?;
            }
            self.cache.link(commit, &remote.file, &remote.etag)?;
        }
        self.meter.before += remote.size;
        Ok(())
    }

    /// Brings the bytes of a file: all that are missing, in as many attempts as are allowed.
    fn blob(
        &mut self,
        hub: &Hub<'_>,
        commit: &str,
        remote: &Remote,
        blob: &Path,
    ) -> Result<(), HubError> {
        let blobs = self.cache.blobs();
        let mut part = Part::claim(&blobs, remote, hub.cancel)?;
        // Another thread had the part, and finished.
        if is_whole(blob, remote) {
            return part.discard();
        }
        let mut attempts = Attempts::new();
        let mut most = part.len;
        while let Err(failure) = self.attempt(hub, commit, remote, &mut part) {
            if part.len >= most + MUCH {
                attempts.forget();
            }
            most = most.max(part.len);
            if let Err(error) = attempts.after(hub, failure) {
                // What is known to be false, and the empty file of a refusal, are of no use.
                if part.len == 0 {
                    part.discard()?;
                }
                return Err(error);
            }
        }
        part.finish(blob, hub)?;
        part::sweep(&blobs, &remote.etag);
        Ok(())
    }

    /// Goes on from where the part ends; when this returns, the part is whole and true.
    fn attempt(
        &mut self,
        hub: &Hub<'_>,
        commit: &str,
        remote: &Remote,
        part: &mut Part,
    ) -> Result<(), Failure> {
        let asked = Asked::new(hub.options, self.repo, Some(&remote.file));
        let kept = part.len;
        let mut sender = asked.host.clone();
        self.meter.say(part.len, true);
        if part.len < remote.size {
            let Some(mut body) = hub.bytes(self.repo, commit, remote, part.len)? else {
                // What is kept is not the beginning of what the server has.
                part.cut(0)?;
                return Err(Failure::passing(asked.odd("it has no such range")));
            };
            sender = body.host.clone();
            let (host, file, want) = (sender.clone(), remote.file.clone(), remote.size);
            if let Some(have) = body.promised.map(|promised| body.start.saturating_add(promised))
                && have != want
            {
                part.cut(0)?;
                return Err(Failure::passing(HubError::WrongLength { host, file, have, want }));
            }
            part.cut(body.start)?;
            self.receive(hub, &asked, &mut body, remote, part)?;
        }
        if part.is_true(&remote.etag, hub.cancel)? {
            return Ok(());
        }
        part.cut(0)?;
        let error = HubError::WrongHash { host: sender, file: remote.file.clone() };
        // What was kept may have been at fault; what just came would come again.
        Err(if kept > 0 { Failure::passing(error) } else { Failure::last(error) })
    }

    /// Appends what comes until the part has the file's length.
    fn receive(
        &mut self,
        hub: &Hub<'_>,
        asked: &Asked,
        body: &mut super::net::Body,
        remote: &Remote,
        part: &mut Part,
    ) -> Result<(), Failure> {
        let (host, file, want) = (body.host.clone(), remote.file.clone(), remote.size);
        let ended = loop {
            match hub.next(asked, body) {
                Ok(Some(bytes)) => {
                    let bytes = bytes.as_ref();
                    let have = part.len + bytes.len() as u64;
                    if have > want {
                        part.cut(0)?;
                        return Err(Failure::passing(HubError::WrongLength {
                            host,
                            file,
                            have,
                            want,
                        }));
                    }
                    part.append(bytes)?;
                    self.meter.say(part.len, false);
                }
                Ok(None) => break None,
                Err(failure) => break Some(failure),
            }
        };
        self.meter.say(part.len, true);
        match ended {
            _ if part.len == want => Ok(()),
            // Without a promised length, a broken connection looks like an end.
            Some(Failure { error: HubError::Unreachable { .. }, .. }) | None => {
                Err(Failure::passing(HubError::Broken { host, file, have: part.len, want }))
            }
            Some(failure) => Err(failure),
        }
    }
}

/// Whether a file is there with the length that the hub names, through links.
fn is_whole(path: &Path, remote: &Remote) -> bool {
    std::fs::metadata(path).is_ok_and(|data| data.is_file() && data.len() == remote.size)
}

/// Bytes over all files.
struct Meter<'p, 'q> {
    progress: &'p mut Progress<'q>,
    before: u64,
    total: u64,
    said: Option<Instant>,
}

impl<'p, 'q> Meter<'p, 'q> {
    fn new(progress: &'p mut Progress<'q>) -> Self {
        Self { progress, before: 0, total: 0, said: None }
    }

    /// `done` bytes of the file under way. Chunks are many: unless it `must`, not all are reported.
    fn say(&mut self, done: u64, must: bool) {
        if must || self.said.is_none_or(|said| said.elapsed() >= REPORT) {
            let whole = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
            self.progress.report(whole(self.before + done), whole(self.total));
            self.said = Some(Instant::now());
        }
    }
}
