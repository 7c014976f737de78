//! The numbers: every layer, input, statistic, gradient, explanation and judgement against PyTorch, torchvision,
//! PIL, captum and pytorch-grad-cam (the fixtures that `tools/make_fixtures.py`,
//! `tools/make_recipes.py`, `tools/make_explanations.py`, `tools/make_exported.py` and
//! `tools/make_exported_explanations.py` write), against candle-transformers' ResNets, and against direct loops where
//! no library has the operation.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "parity/convolutions.rs"]
mod convolutions;
#[path = "parity/dead.rs"]
mod dead;
#[path = "parity/dilated.rs"]
mod dilated;
#[path = "parity/edits.rs"]
mod edits;
#[path = "parity/explanations.rs"]
mod explanations;
#[path = "parity/exported.rs"]
mod exported;
#[path = "parity/exported_explanations.rs"]
mod exported_explanations;
#[path = "parity/gradients.rs"]
mod gradients;
#[path = "parity/identities.rs"]
mod identities;
#[path = "parity/judging.rs"]
mod judging;
#[path = "parity/memory.rs"]
mod memory;
#[path = "parity/networks.rs"]
mod networks;
#[path = "parity/onnx.rs"]
mod onnx;
#[path = "parity/operations.rs"]
mod operations;
#[path = "parity/oracle.rs"]
mod oracle;
#[path = "parity/preprocess.rs"]
mod preprocess;
#[path = "parity/published.rs"]
mod published;
#[path = "parity/rebuild.rs"]
mod rebuild;
#[path = "parity/reference.rs"]
mod reference;
#[path = "parity/statistics.rs"]
mod statistics;
#[path = "parity/support.rs"]
mod support;
#[path = "parity/windows.rs"]
mod windows;
