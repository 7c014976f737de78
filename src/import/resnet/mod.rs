//! Reading a ResNet's architecture off its tensors, and building its graph.
//!
//! Names are torchvision's (`torchvision/models/resnet.py`), whatever the file calls its tensors
//! ([`Tensors`]). Depth, block kind, width, groups and classes are read off; strides are
//! not in the tensors and follow torchvision's "v1.5" (in a bottleneck the 3x3 convolution carries the
//! stride) unless [`Options`] say otherwise. A 3x3 stem is that of the networks for small pictures
//! (He et al. 2015, section 4.2): stride 1, no max pool, three or four stages.

mod builder;
mod plan;

use std::collections::HashMap;

use candle_core::Tensor;

use self::builder::Builder;
use self::plan::Plan;
use super::find::{Found, Tensors};
use crate::base::{Listing, TensorInfo};
use crate::model::{Graph, ModelError};

/// Where the strides are, which no tensor says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Strides {
    /// In a bottleneck the first 1x1 convolution carries the stride, as in the paper, and not the 3x3
    /// (`downsample_in_bottleneck` of transformers' config).
    pub in_first: bool,
    /// The first stage halves the map as the others do (`downsample_in_first_stage`).
    pub in_first_stage: bool,
}

/// What no tensor says. What is `None` is assumed, and the graph says so.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Options {
    /// Where the strides are; else where torchvision has them.
    pub strides: Option<Strides>,
    /// How many times smaller than the input the last map is at most, 8, 16 or 32: stages that would make it smaller have
    /// stride 1 and are dilated, as in timm. Else nothing is dilated.
    pub output_stride: Option<usize>,
    /// Epsilon of every batch norm; else PyTorch's 1e-5.
    pub eps: Option<f64>,
}

/// Finds the ResNet among the tensors of a file and builds its graph, with torchvision's strides.
///
/// # Errors
/// As [`Found::in_listing`] and [`build_with`].
pub fn build(tensors: &HashMap<String, Tensor>) -> Result<Graph, ModelError> {
    build_as(tensors, &Options::default())
}

/// Finds the ResNet among the tensors of a file and builds its graph.
///
/// # Errors
/// As [`Found::in_listing`] and [`build_with`].
pub fn build_as(tensors: &HashMap<String, Tensor>, options: &Options) -> Result<Graph, ModelError> {
    let info = |(name, tensor): (&String, &Tensor)| {
        (name.clone(), TensorInfo::float(tensor.dims().to_vec()))
    };
    let listing: Listing = tensors.iter().map(info).collect();
    let found = Found::in_listing(&listing, None)?;
    build_with(&found, &found.tensors(tensors)?, options)
}

/// Builds the graph of a ResNet from its tensors.
///
/// # Errors
/// When a tensor is missing, has the wrong extents, or belongs to something that is not supported.
pub fn build_with(
    found: &Found,
    tensors: &Tensors,
    options: &Options,
) -> Result<Graph, ModelError> {
    let mut builder = Builder::new(tensors);
    builder.refuse_variants()?;
    let plan = Plan::read(&builder, options)?;
    let answer = builder.network(&plan, found.head.as_ref())?;
    builder.refuse_the_rest()?;
    Ok(Graph {
        name: plan.name(),
        input_channels: plan.input_channels,
        usual_input: [if plan.small { 32 } else { 224 }; 2],
        outputs: vec![answer],
        nodes: builder.nodes,
        assumptions: plan.assumptions(found),
        notes: found.notes.clone(),
    })
}
