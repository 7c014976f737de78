//! Finding a layer by what a person calls it.

use super::{Graph, ModelError};
use crate::base::{LayerId, nearest};

impl Graph {
    /// The layer of that name. Besides the node names these are understood: a block or a stage
    /// (`layer1.0`, `layer4`: its last node) and the file's own tensor names.
    ///
    /// # Errors
    /// [`ModelError::UnknownLayer`] with similar names.
    pub fn find(&self, wanted: &str) -> Result<LayerId, ModelError> {
        let tensor = wanted.trim_end_matches(".weight").trim_end_matches(".bias");
        let exact = |n: &super::Node| n.name == wanted || n.file_name.as_deref() == Some(tensor);
        let prefix = format!("{wanted}.");
        let inside = |n: &super::Node| n.name.starts_with(&prefix);
        let found = self.nodes.iter().position(exact);
        found.or_else(|| self.nodes.iter().rposition(inside)).map(LayerId).ok_or_else(|| {
            let stages = ["layer1", "layer2", "layer3", "layer4"];
            let names = self.nodes.iter().map(|n| n.name.as_str()).chain(stages);
            let near = nearest(wanted, names).into_iter().map(String::from).collect();
            ModelError::UnknownLayer { wanted: crate::base::clean(wanted), near }
        })
    }
}
