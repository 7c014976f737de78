//! What a user calls a node: the path of its module, from the best source that the exporter left.

use std::collections::{HashMap, HashSet};

use crate::onnx::Node;

/// The paths of the modules of nodes, and which of those hold no other module.
pub struct Names {
    paths: HashMap<usize, String>,
    containers: HashSet<String>,
}

impl Names {
    /// Of a whole graph.
    pub fn new(nodes: &[Node]) -> Self {
        let paths: HashMap<usize, String> =
            nodes.iter().enumerate().map(|(i, node)| (i, path(node))).collect();
        let mut containers = HashSet::new();
        for path in paths.values() {
            for (at, _) in path.match_indices('.') {
                containers.insert(path[..at].to_string());
            }
        }
        Self { paths, containers }
    }

    /// The path of a node, and whether its module is a layer by itself.
    pub fn of(&self, node: usize) -> (&str, bool) {
        let path = self.paths.get(&node).map_or("", String::as_str);
        (path, !path.is_empty() && !self.containers.contains(path))
    }
}

/// The path of the module that a node stands in.
fn path(node: &Node) -> String {
    let scopes = node.metadata.iter().find(|pair| pair.key == "pkg.torch.onnx.name_scopes");
    if let Some(scopes) = scopes {
        // As Python prints a list: `['', 'layer1', 'layer1.0', 'conv2d']`; the last is the call.
        let inside = scopes.value.trim_matches(['[', ']']);
        let scopes: Vec<&str> =
            inside.split(',').map(|scope| scope.trim().trim_matches(['\'', '"'])).collect();
        let module = scopes.len().checked_sub(2).and_then(|at| scopes.get(at));
        return module.map_or_else(String::new, |module| (*module).to_string());
    }
    let mut parts: Vec<String> = Vec::new();
    let pieces = node.name.split(['/', ';']).filter(|piece| !piece.is_empty());
    for piece in pieces {
        match parts.last_mut() {
            // The older exporter of PyTorch writes each module with the path of the one around it.
            Some(last) if piece.starts_with(&format!("{last}.")) => *last = piece.to_string(),
            _ => parts.push(piece.to_string()),
        }
    }
    // The last is the operation with its number, or a name that says no path.
    let is_call = |last: &String| {
        last.strip_prefix(node.op_type.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
    };
    if parts.last().is_some_and(is_call) || parts.len() == 1 {
        let only = parts.pop().unwrap_or_default();
        let numbered =
            is_call(&only) || only.starts_with("node_") || only.chars().all(|c| c.is_ascii_digit());
        if parts.is_empty() && !numbered {
            return only;
        }
    }
    parts.join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str, op: &str) -> String {
        path(&Node { name: name.into(), op_type: op.into(), ..Node::default() })
    }

    #[test]
    fn paths_are_those_of_modules() {
        assert_eq!(named("/layer1/layer1.0/conv1/Conv", "Conv"), "layer1.0.conv1");
        assert_eq!(named("/layer1/layer1.0/Add_1", "Add"), "layer1.0");
        assert_eq!(named("/Flatten", "Flatten"), "");
        assert_eq!(named("Conv_12", "Conv"), "");
        assert_eq!(named("", "Conv"), "");
        assert_eq!(named("model/conv1/Conv2D", "Conv"), "model.conv1.Conv2D");
        assert_eq!(named("node_conv2d", "Conv"), "");
        let mut node = Node { op_type: "Conv".into(), ..Node::default() };
        let pair = ("pkg.torch.onnx.name_scopes", "['', 'features', 'features.0', 'conv2d']");
        node.metadata.push(crate::onnx::Pair { key: pair.0.into(), value: pair.1.into() });
        assert_eq!(path(&node), "features.0");
    }
}
