//! The one loop that joins explorer, session and terminal.

use std::sync::Arc;

use crate::config::Settings;
use crate::session::Session;
use crate::session::ask::{ModelRef, PhotoRef};

/// What the explorer starts with.
pub struct Start {
    /// Where everything is asked.
    pub session: Arc<Session>,
    /// The settings in force.
    pub settings: Settings,
    /// The network.
    pub model: ModelRef,
    /// The photos; at least one.
    pub photos: Vec<PhotoRef>,
    /// The view to open, by name.
    pub view: Option<String>,
    /// The layer to open, by any of its names.
    pub layer: Option<String>,
    /// The channel to open.
    pub channel: Option<usize>,
}

/// Runs the explorer until the user leaves it.
///
/// # Errors
/// When the terminal fails.
pub fn run(start: Start) -> anyhow::Result<()> {
    let _ = start;
    anyhow::bail!("the explorer is not built yet")
}
