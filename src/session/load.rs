//! Loading networks, making inputs ready, and choosing the device.

use std::sync::Arc;

use super::SessionError;
use super::ask::known::{DeviceNow, InputInfo, NetworkInfo};
use super::ask::request;
use super::input::ready;
use super::locate::locate;
use super::lock::lock;
use super::network::Network;
use super::store::{Ask, Session};
use crate::base::{Array, Cancel, Progress};
use crate::picture::{Cells, Grid};

impl Ask for request::Network {
    type Answer = Arc<NetworkInfo>;

    fn answer(
        &self,
        session: &Session,
        cancel: &Cancel,
        progress: &mut Progress,
    ) -> Result<Self::Answer, SessionError> {
        let Self(model) = self;
        if let Some(network) = lock(&session.networks).get(model) {
            return Ok(network.info.clone());
        }
        // A device that cannot be had is said before the work, not after it.
        session.place.now(&session.options)?;
        let located = locate(model, &session.options, cancel, progress)?;
        let network = Network::load(&located, &session.options.wishes)?;
        let info = network.info.clone();
        lock(&session.networks).insert(model.clone(), Arc::new(network));
        Ok(info)
    }
}

impl Ask for request::Input {
    type Answer = Arc<InputInfo>;

    fn answer(
        &self,
        session: &Session,
        cancel: &Cancel,
        _: &mut Progress,
    ) -> Result<Self::Answer, SessionError> {
        let (held, info) = ready(&*session.network(self.network)?, &self.photo, cancel)?;
        let bytes = held.bytes();
        lock(&session.inputs).insert(info.id, Arc::new(held), bytes);
        Ok(Arc::new(info))
    }
}

impl Ask for request::InputValues {
    type Answer = Arc<Array>;

    fn answer(
        &self,
        session: &Session,
        _: &Cancel,
        _: &mut Progress,
    ) -> Result<Self::Answer, SessionError> {
        Ok(Arc::new(session.input(self.0)?.prepared.input.clone()))
    }
}

impl Ask for request::Photo {
    type Answer = Arc<Cells>;

    fn answer(
        &self,
        session: &Session,
        _: &Cancel,
        _: &mut Progress,
    ) -> Result<Self::Answer, SessionError> {
        let (columns, rows) = self.size;
        let grid = Grid { columns, rows, blocks: self.blocks };
        Ok(Arc::new(Cells::photo(session.input(self.input)?.photo()?, grid)))
    }
}

impl Ask for request::Device {
    type Answer = Arc<DeviceNow>;

    fn answer(
        &self,
        session: &Session,
        _: &Cancel,
        _: &mut Progress,
    ) -> Result<Self::Answer, SessionError> {
        let (chosen, changed) = session.place.change(&session.options, self.0)?;
        if changed {
            // Values of two devices must not stand side by side under one name.
            lock(&session.runs).clear();
            lock(&session.found).clear();
            lock(&session.halted).clear();
        }
        Ok(Arc::new(chosen.as_ref().into()))
    }
}
