//! The numbers: every layer, input and statistic against PyTorch, torchvision and PIL (the fixtures
//! that `tools/make_fixtures.py` writes), against candle-transformers' ResNets, and against direct
//! loops where no library has the operation.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "parity/edits.rs"]
mod edits;
#[path = "parity/memory.rs"]
mod memory;
#[path = "parity/networks.rs"]
mod networks;
#[path = "parity/oracle.rs"]
mod oracle;
#[path = "parity/preprocess.rs"]
mod preprocess;
#[path = "parity/published.rs"]
mod published;
#[path = "parity/rebuild.rs"]
mod rebuild;
#[path = "parity/statistics.rs"]
mod statistics;
#[path = "parity/support.rs"]
mod support;
#[path = "parity/windows.rs"]
mod windows;
