//! What a file says about its tensors before any of them is read.

use std::collections::BTreeMap;

/// A tensor of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorInfo {
    /// Extents.
    pub dims: Vec<usize>,
    /// Whether its elements are floating-point numbers of a kind that can be read.
    pub float: bool,
    /// Bytes of the name that are keys of dicts around the state dict: 6 of `model.conv1.weight` where the file holds
    /// `{"model": {"conv1.weight": …}}`, 0 where the state dict is all there is.
    pub key: usize,
}

impl TensorInfo {
    /// A floating-point tensor of a state dict that stands alone.
    pub const fn float(dims: Vec<usize>) -> Self {
        Self { dims, float: true, key: 0 }
    }
}

/// Every tensor of a file by its whole name: the keys of dicts, the indices of lists and tuples, and the name in the
/// state dict, with dots between.
pub type Listing = BTreeMap<String, TensorInfo>;
