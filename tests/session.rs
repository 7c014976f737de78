//! What a session answers about kernels, pictures and files, against the numbers in the checkpoint
//! and those of a run.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "session/files.rs"]
mod files;
#[path = "session/jobs.rs"]
mod jobs;
#[path = "session/kernels.rs"]
mod kernels;
#[path = "session/lists.rs"]
mod lists;
#[path = "session/pictures.rs"]
mod pictures;

use std::collections::HashMap;
use std::fmt::Debug;
use std::path::Path;
use std::sync::Arc;

use candle_core::{DType, Device, Tensor};
use convscope::base::{Array, Cancel, Colormap, LayerId, Progress, RangeMode};
use convscope::picture::{Blocks, Picture};
use convscope::session::ask::{
    Ask, InputInfo, Look, ModelRef, NetworkInfo, Outcome, PhotoRef, SessionError, request,
};
use convscope::session::{Options, Session};

/// What stands in the settings at first.
pub const LOOK: Look = Look {
    colormap: Colormap::Viridis,
    signed_colormap: Colormap::RdBu,
    range: RangeMode::Map,
    blocks: Blocks::Half,
};

/// A session with a network that has run on a photo.
pub struct Desk {
    pub session: Session,
    pub network: Arc<NetworkInfo>,
    pub input: Arc<InputInfo>,
    pub outcome: Arc<Outcome>,
}

impl Desk {
    /// The built-in network and its first photo.
    pub fn builtin() -> Self {
        Self::new(ModelRef::Builtin)
    }

    /// A network of the fixtures.
    pub fn fixture(name: &str) -> Self {
        Self::new(ModelRef::File(format!("tests/fixtures/{name}").into()))
    }

    pub fn new(model: ModelRef) -> Self {
        let session = Session::new(Options { memory: 1 << 28, ..Options::default() });
        let network = know(&session, &request::Network(model));
        let photo = PhotoRef::Sample(0);
        let input = know(&session, &request::Input { network: network.id, photo });
        let run = request::Forward::plain(network.id, input.id);
        let outcome = know(&session, &run);
        Self { session, network, input, outcome }
    }

    pub fn ask<A: Ask>(&self, request: &A) -> Result<A::Answer, SessionError> {
        self.session.ask(request, &Cancel::new(), &mut Progress::none())
    }

    /// The answer.
    #[track_caller]
    pub fn know<A: Ask>(&self, request: &A) -> A::Answer {
        know(&self.session, request)
    }

    /// Why a request is refused.
    #[track_caller]
    pub fn refusal<A: Ask<Answer: Debug>>(&self, request: &A) -> String {
        let error = self.ask(request).expect_err("a refusal").to_string();
        assert_eq!(error.lines().count(), 1, "{error}");
        error
    }

    pub fn layer(&self, name: &str) -> LayerId {
        self.session.find_layer(self.network.id, name).unwrap()
    }

    /// All maps of a layer.
    pub fn values(&self, name: &str) -> Arc<Array> {
        let layer = self.layer(name);
        self.know(&request::Values { run: self.outcome.run, layer, maps: None })
    }
}

/// The answer of a session.
#[track_caller]
fn know<A: Ask>(session: &Session, request: &A) -> A::Answer {
    session.ask(request, &Cancel::new(), &mut Progress::none()).unwrap()
}

/// The tensors of a file, in float32.
pub fn tensors(path: impl AsRef<Path>) -> HashMap<String, Tensor> {
    let tensors = candle_core::safetensors::load(path, &Device::Cpu).unwrap();
    let single = |(name, tensor): (String, Tensor)| (name, tensor.to_dtype(DType::F32).unwrap());
    tensors.into_iter().map(single).collect()
}

/// The built-in network's file.
pub const BUILTIN: &str = "assets/builtin.safetensors";

pub fn flat(tensor: &Tensor) -> Vec<f32> {
    tensor.flatten_all().unwrap().to_vec1().unwrap()
}

/// The pixel of a picture.
pub fn pixel(picture: &Picture, x: usize, y: usize) -> [u8; 3] {
    picture.rgb[y * picture.width + x]
}
