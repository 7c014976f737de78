//! Where networks run now, and how that changes while the session goes on.

use std::sync::{Arc, Mutex};

use super::SessionError;
use super::ask::known::DeviceNow;
use super::lock::lock;
use super::options::Options;
use crate::base::{DeviceChoice, Dtype};
use crate::engine::device::Chosen;

/// The device in use. It is taken when the first network is loaded.
#[derive(Default)]
pub struct Place(Mutex<Option<Arc<Chosen>>>);

impl Place {
    /// The device in use.
    ///
    /// # Errors
    /// When the one that the options name cannot be had.
    pub fn now(&self, options: &Options) -> Result<Arc<Chosen>, SessionError> {
        let mut now = lock(&self.0);
        if let Some(chosen) = now.as_ref() {
            return Ok(chosen.clone());
        }
        let chosen = Arc::new(options.devices.choose(options.device, options.dtype)?);
        tracing::info!(label = chosen.label(), why = chosen.why, "device");
        *now = Some(chosen.clone());
        Ok(chosen)
    }

    /// Goes elsewhere, and says whether that is another device than the one in use, which stays when the
    /// new one cannot be had.
    ///
    /// # Errors
    /// As [`Place::now`].
    pub fn change(
        &self,
        options: &Options,
        to: DeviceChoice,
    ) -> Result<(Arc<Chosen>, bool), SessionError> {
        let chosen = Arc::new(options.devices.choose(to, options.dtype)?);
        let mut now = lock(&self.0);
        if let Some(same) = now.as_ref().filter(|now| now.is_same(&chosen)) {
            return Ok((same.clone(), false));
        }
        tracing::info!(label = chosen.label(), why = chosen.why, "device");
        *now = Some(chosen.clone());
        Ok((chosen, true))
    }

    /// From a GPU without memory to the CPU, with the sentence that says so. `None` when `from` is no
    /// longer in use: somebody has chosen already.
    ///
    /// # Errors
    /// When the CPU cannot be had.
    pub fn retreat(
        &self,
        options: &Options,
        from: &Arc<Chosen>,
    ) -> Result<Option<String>, SessionError> {
        let mut now = lock(&self.0);
        if !now.as_ref().is_some_and(|now| Arc::ptr_eq(now, from)) {
            return Ok(None);
        }
        // The CPU has no half precision, and what it has is closer to the exact values.
        let dtype = if from.dtype.is_narrow() { Dtype::F32 } else { from.dtype };
        let mut chosen = options.devices.choose(DeviceChoice::Cpu, dtype)?;
        let precision = if dtype == from.dtype { String::new() } else { format!(" in {dtype}") };
        let note = format!("{} is out of memory: this ran on the cpu{precision}", from.what);
        chosen.why = format!("cpu: {} is out of memory", from.what);
        tracing::warn!("{note}");
        *now = Some(Arc::new(chosen));
        Ok(Some(note))
    }

    /// Does something if `on` is still in use; nobody goes elsewhere meanwhile.
    pub fn while_on<T>(&self, on: &Arc<Chosen>, work: impl FnOnce() -> T) -> Option<T> {
        let now = lock(&self.0);
        now.as_ref().is_some_and(|now| Arc::ptr_eq(now, on)).then(work)
    }
}

impl From<&Chosen> for DeviceNow {
    fn from(chosen: &Chosen) -> Self {
        let approximate = chosen.approximate();
        Self { label: chosen.label(), why: chosen.why.clone(), approximate }
    }
}
