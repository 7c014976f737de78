//! Answers about the weights of convolutions.

use std::sync::Arc;

use super::SessionError;
use super::ask::known::{Heatmap, KernelInfo};
use super::ask::refs::NetworkId;
use super::ask::request;
use super::lock::lock;
use super::store::{Ask, Session};
use super::weights::Kernels;
use crate::base::{Array, Cancel, LayerId, Progress};
use crate::model::ModelError;
use crate::ops::Conv;

impl Ask for request::Kernels {
    type Answer = Arc<KernelInfo>;

    fn answer(
        &self,
        session: &Session,
        _: &Cancel,
        _: &mut Progress,
    ) -> Result<Self::Answer, SessionError> {
        Ok(session.kernels(self.network, self.layer)?.info.clone())
    }
}

impl Ask for request::Kernel {
    type Answer = Arc<Heatmap>;

    fn answer(
        &self,
        session: &Session,
        _: &Cancel,
        _: &mut Progress,
    ) -> Result<Self::Answer, SessionError> {
        let kernels = session.kernels(self.kernel.network, self.kernel.layer)?;
        Ok(Arc::new(kernels.heatmap(self.kernel, self.size, self.look)?))
    }
}

impl Ask for request::KernelValues {
    type Answer = Arc<Array>;

    fn answer(
        &self,
        session: &Session,
        _: &Cancel,
        _: &mut Progress,
    ) -> Result<Self::Answer, SessionError> {
        let all = session.kernels(self.network, self.layer)?;
        Ok(Arc::new(all.values(self.kernels.as_deref())?))
    }
}

impl Session {
    /// The weights behind a layer's channels.
    pub(super) fn kernels(
        &self,
        network: NetworkId,
        layer: LayerId,
    ) -> Result<Arc<Kernels>, SessionError> {
        let network_of = self.network(network)?;
        let graph = &network_of.graph;
        let name = graph.nodes.get(layer.0).map_or("", |node| &node.name);
        let missing =
            || SessionError::Unknown(format!("{name} has no kernels: it is not a convolution"));
        let info = network_of.info.layers.get(layer.0).ok_or_else(missing)?;
        let layer = match *info.makers().as_slice() {
            [by] => by,
            [] => return Err(missing()),
            [..] => {
                let several = format!("{name} is made by several convolutions: choose one of them");
                return Err(SessionError::Unknown(several));
            }
        };
        let mut held = lock(&self.weights);
        if let Some(known) = held.as_ref().filter(|k| k.network == network && k.info.layer == layer)
        {
            return Ok(known.clone());
        }
        let node = graph.nodes.get(layer.0);
        let conv = node.and_then(|node| node.op.get::<Conv>()).ok_or_else(missing)?;
        let kernels =
            Arc::new(Kernels::new(network, layer, conv.kernels().map_err(ModelError::from)?));
        *held = Some(kernels.clone());
        Ok(kernels)
    }
}
