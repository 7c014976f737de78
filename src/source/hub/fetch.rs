//! From a name to a whole network in the cache.

use std::path::Path;
use std::time::{Duration, Instant};

use super::answer::{Proof, Remote};
use super::ask::{Body, Listing, Version};
use super::cache::{Cache, SIDES, WEIGHTS, is_index, within_bounds};
use super::failure::{Asked, Attempts, Failure};
use super::meter::Meter;
use super::net::Hub;
use super::part::{self, Part};
use super::{HubError, HubOptions, RepoRef, Snapshot};
use crate::base::{Cancel, Progress, count};

/// All weights of a network together: what `source::checkpoint` reads at most.
const LIMIT: u64 = 8 << 30;
/// An attempt that brings so much was a good one.
const MUCH: u64 = 1 << 20;
/// One that brings less than this within [`super::Limits::stall`] has failed.
const LITTLE: u64 = 1 << 10;

pub(super) fn fetch(
    options: &HubOptions,
    repo: &RepoRef,
    cancel: &Cancel,
    progress: &mut Progress,
) -> Result<Snapshot, HubError> {
    let old = super::cached(options, repo)?;
    let cache = Cache::new(&options.cache, repo);
    let mut job = Job {
        repo,
        cache,
        meter: Meter::new(progress),
        notes: Vec::new(),
        unproven: Vec::new(),
        copies: false,
    };
    match old {
        Some(old) if options.offline || repo.is_pinned() => Ok(old),
        None if options.offline => Err(HubError::Offline {
            repo: repo.to_string(),
            cache: crate::base::clean(&options.cache.to_string_lossy()),
        }),
        None => {
            let hub = Hub::open(options, cancel)?;
            let version = Attempts::ask(&hub, || hub.version(repo, options.limits.stall))?;
            job.bring(&hub, &version)
        }
        Some(old) => match job.renew(options, &old, cancel) {
            Err(error) if !error.is_cancelled() => {
                let note =
                    format!("using the cached copy of {repo}, which may be outdated: {error}");
                let notes = old.notes.iter().cloned().chain([note]).collect();
                Ok(Snapshot { notes, ..old })
            }
            renewed => renewed,
        },
    }
}

pub(super) fn check(options: &HubOptions) -> Result<Duration, HubError> {
    if options.offline {
        return Err(HubError::Setup {
            why: "convscope is offline".into(),
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
    notes: Vec<String>,
    /// Files of which only the length could be checked.
    unproven: Vec<String>,
    /// Some files are copies, not links.
    copies: bool,
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
        let version =
            hub.version(self.repo, options.limits.check).map_err(|failure| failure.error)?;
        if version.commit == old.commit && self.knows_sides(&version.commit)? {
            return Ok(old.clone());
        }
        self.bring(&hub, &version)
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
    fn bring(&mut self, hub: &Hub<'_>, version: &Version) -> Result<Snapshot, HubError> {
        let asked = Asked::new(hub.options, self.repo, None);
        let commit = &version.commit;
        let weights: Vec<&str> = match &self.repo.file {
            Some(file) => vec![file],
            None => WEIGHTS.to_vec(),
        };
        let names: Vec<_> = weights.iter().chain(&SIDES).map(ToString::to_string).collect();
        let listing = Attempts::ask(hub, || hub.listing(self.repo, version, &names))?;
        let mut chosen = None;
        for name in weights {
            chosen = self.find(hub, version, &listing, name)?;
            if chosen.is_some() {
                break;
            }
        }
        let chosen = chosen.ok_or_else(|| match &self.repo.file {
            Some(file) => asked.no_file(file),
            None => {
                let repo = self.repo.owner_name.clone();
                HubError::NoWeights { repo, page: asked.files_page() }
            }
        })?;
        let mut sides = Vec::new();
        let mut lacking = Vec::new();
        for side in SIDES {
            match self.find(hub, version, &listing, side)? {
                Some(remote) => sides.push(remote),
                None => lacking.push(side),
            }
        }
        self.meter.total = total(sides.iter().chain([&chosen]));
        self.within_limit(self.meter.total)?;
        for side in &sides {
            self.file(hub, version, side)?;
        }
        for side in lacking {
            self.cache.mark_lacking(commit, side);
        }
        self.file(hub, version, &chosen)?;
        if is_index(&chosen.file) {
            self.shards(hub, version, &chosen.file)?;
        }
        self.meter.say(0, true);
        self.cache.write_ref(self.repo.revision(), commit)?;
        let whole = self.cache.whole(commit, self.repo.file.as_deref())?;
        let whole = whole.ok_or_else(|| HubError::Cache {
            path: crate::base::clean(&self.cache.file(commit, &chosen.file).to_string_lossy()),
            why: "it was removed while it was fetched".into(),
        })?;
        Ok(Snapshot { notes: self.notes(&asked.host), ..whole })
    }

    /// What should be said about what was brought.
    fn notes(&mut self, host: &str) -> Vec<String> {
        let mut notes = std::mem::take(&mut self.notes);
        if let [first, more @ ..] = self.unproven.as_slice() {
            let more = match more.len() {
                0 => String::new(),
                more => format!(" and {}", count(more, "other file")),
            };
            notes.push(format!(
                "{host} gives no verifiable hash of {first}{more}: only the size was checked"
            ));
        }
        if self.copies {
            notes.push(
                "the disk of the cache does not support links: files are copied, which takes twice the space"
                    .into(),
            );
        }
        notes
    }

    /// Brings the shards of an index that is there.
    fn shards(&mut self, hub: &Hub<'_>, version: &Version, index: &str) -> Result<(), HubError> {
        let names = self.cache.shards(&version.commit, index)?;
        let listing = Attempts::ask(hub, || hub.listing(self.repo, version, &names))?;
        let mut shards = Vec::new();
        for name in &names {
            shards.push(
                self.find(hub, version, &listing, name)?
                    .ok_or_else(|| Asked::new(hub.options, self.repo, None).no_file(name))?,
            );
        }
        let size = total(&shards);
        self.within_limit(size)?;
        self.meter.total += size;
        for shard in &shards {
            self.file(hub, version, shard)?;
        }
        Ok(())
    }

    /// A file with its blob and size, asked for where the list does not say them; `None` when the commit has no such file.
    fn find(
        &self,
        hub: &Hub<'_>,
        version: &Version,
        listing: &Listing,
        file: &str,
    ) -> Result<Option<Remote>, HubError> {
        let found = match listing {
            Listing::Known(files) => match files.get(file) {
                Some(Some(remote)) => Some(remote.clone()),
                Some(None) => Attempts::ask(hub, || hub.look(self.repo, version, file))?,
                None => None,
            },
            Listing::Unknown => Attempts::ask(hub, || hub.look(self.repo, version, file))?,
        };
        if let Some(remote) = &found {
            within_bounds(remote, &Asked::hub(hub.options).host)?;
        }
        Ok(found)
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
    fn file(&mut self, hub: &Hub<'_>, version: &Version, remote: &Remote) -> Result<(), HubError> {
        let blob = self.cache.blob(&remote.etag);
        if !is_whole(&self.cache.file(&version.commit, &remote.file), remote) {
            if !is_whole(&blob, remote) {
                self.blob(hub, version, remote, &blob)?;
            }
            self.copies |= self.cache.link(&version.commit, &remote.file, &remote.etag)?;
        }
        self.meter.before += remote.size;
        Ok(())
    }

    /// Brings the bytes of a file: all that are missing, in as many attempts as are allowed.
    fn blob(
        &mut self,
        hub: &Hub<'_>,
        version: &Version,
        remote: &Remote,
        blob: &Path,
    ) -> Result<(), HubError> {
        let blobs = self.cache.folder("blobs")?;
        let mut part = Part::claim(&blobs, remote, hub.cancel, &mut self.notes)?;
        // Another thread had the part, and finished.
        if is_whole(blob, remote) {
            return part.discard();
        }
        if Proof::of(&remote.etag) == Proof::Length {
            self.unproven.push(remote.file.clone());
        }
        let mut attempts = Attempts::new();
        let mut most = part.len;
        while let Err(failure) = self.attempt(hub, version, remote, &mut part) {
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
        version: &Version,
        remote: &Remote,
        part: &mut Part,
    ) -> Result<(), Failure> {
        let asked = Asked::new(hub.options, self.repo, Some(&remote.file));
        let kept = part.len;
        let mut sender = asked.host.clone();
        self.meter.say(part.len, true);
        if part.len < remote.size {
            let Some(mut body) = hub.bytes(self.repo, version, remote, part.len)? else {
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
        body: &mut Body,
        remote: &Remote,
        part: &mut Part,
    ) -> Result<(), Failure> {
        let (host, file, want) = (body.host.clone(), remote.file.clone(), remote.size);
        let stall = hub.options.limits.stall;
        let (mut since, mut before) = (Instant::now(), part.len);
        let ended = loop {
            match hub.next(asked, &mut body.response) {
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
                    if since.elapsed() >= stall {
                        if part.len < want && part.len - before < LITTLE {
                            break Some(Failure::passing(asked.stalled(stall)));
                        }
                        (since, before) = (Instant::now(), part.len);
                    }
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

fn total<'r>(files: impl IntoIterator<Item = &'r Remote>) -> u64 {
    files.into_iter().map(|remote| remote.size).fold(0, u64::saturating_add)
}

/// Whether a file is there with the length that the hub names, through links.
fn is_whole(path: &Path, remote: &Remote) -> bool {
    std::fs::metadata(path).is_ok_and(|data| data.is_file() && data.len() == remote.size)
}
