//! Downloads from a hub on this machine that answers as the real one does, and misbehaves on demand. After
//! every one of them the cache is walked: nothing half or false stands in it under a final name.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "hub/broken.rs"]
mod broken;
#[path = "hub/canceling.rs"]
mod canceling;
#[path = "hub/disks.rs"]
mod disks;
#[path = "hub/hostile.rs"]
mod hostile;
#[path = "hub/mirrors.rs"]
mod mirrors;
#[path = "hub/mutations.rs"]
mod mutations;
#[path = "hub/processes.rs"]
mod processes;
#[path = "hub/redirects.rs"]
mod redirects;
#[path = "hub/refusals.rs"]
mod refusals;
#[path = "hub/server.rs"]
mod server;
#[path = "hub/support.rs"]
mod support;
#[path = "hub/whole.rs"]
mod whole;
