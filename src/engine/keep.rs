//! Which layers' values a capture keeps when not all of them fit.

use crate::base::{LayerId, Shape};
use crate::engine::Edits;
use crate::model::{Graph, Value, costs, extents};
use crate::ops::{Reads, ReluRule};

/// Which layers to keep: all, when they fit into `limit` bytes; else the first that fit in this order:
/// values that everything after them passes through (stem, blocks' outputs, logits) before others, and
/// among equals those whose computation costs most for each byte.
///
/// Where something is left out, room for the largest such value is set aside: the one that was computed
/// again last is held too. `bytes` says what each layer takes; one that is not wanted takes nothing.
pub fn kept(
    graph: &Graph,
    (input, shapes): (Shape, &[Shape]),
    bytes: &[usize],
    limit: usize,
) -> Vec<bool> {
    if bytes.iter().sum::<usize>() <= limit {
        return vec![true; bytes.len()];
    }
    let cuts = cuts(graph);
    let work = work(graph, (input, shapes), &cuts);
    let worth = |i: &usize| (cuts[*i], work[*i] / bytes[*i].max(1) as f64);
    let mut order: Vec<usize> = (0..bytes.len()).collect();
    order.sort_by(|a, b| {
        let (a, b) = (worth(a), worth(b));
        b.0.cmp(&a.0).then(b.1.total_cmp(&a.1))
    });
    let largest = bytes.iter().copied().max().unwrap_or(0);
    let mut room = limit.saturating_sub(largest);
    let mut keep = vec![false; bytes.len()];
    for i in order {
        if let Some(rest) = room.checked_sub(bytes[i]) {
            (room, keep[i]) = (rest, true);
        }
    }
    keep
}

/// These layers, and those whose value a gradient from one of them asks for ([`Reads`]). What came out of a layer that is
/// edited is computed again from what went in.
pub fn taped(graph: &Graph, layers: &[LayerId], edits: &Edits) -> Vec<bool> {
    let mut before = vec![false; graph.nodes.len()];
    let mut taped = before.clone();
    for layer in layers.iter().filter(|layer| layer.0 < graph.nodes.len()) {
        (before[layer.0], taped[layer.0]) = (true, true);
    }
    for (i, node) in graph.nodes.iter().enumerate().rev() {
        if !before[i] {
            continue;
        }
        let changed = edits.iter().any(|edit| edit.layer().0 == i);
        let (own, reads) = match node.op.reads(ReluRule::Plain) {
            Reads::Nothing => (false, false),
            Reads::Inputs => (false, true),
            Reads::Output => (!changed, changed),
        };
        taped[i] |= own;
        for value in &node.inputs {
            if let Value::Output { layer, .. } = value {
                before[layer.0] = true;
                taped[layer.0] |= reads;
            }
        }
    }
    taped
}

/// Layers whose value alone is needed by all that follow.
fn cuts(graph: &Graph) -> Vec<bool> {
    // The last user of each value; the network's input counts as value 0, layer i as value i + 1.
    let mut last = vec![0; graph.nodes.len() + 1];
    for (i, node) in graph.nodes.iter().enumerate() {
        for value in &node.inputs {
            let at = match value {
                Value::Input => 0,
                Value::Output { layer, .. } => layer.0 + 1,
            };
            last[at] = i;
        }
    }
    let mut reach = 0;
    let cut = |i: usize| {
        // Nothing before layer i is used after it.
        reach = reach.max(last[i]);
        reach <= i
    };
    (0..graph.nodes.len()).map(cut).collect()
}

/// Products and passes over values to compute each layer from the cuts before it.
fn work(graph: &Graph, (input, shapes): (Shape, &[Shape]), cuts: &[bool]) -> Vec<f64> {
    let own = extents(graph, input).map(|dims| costs(graph, input, &dims)).unwrap_or_default();
    let mut work: Vec<f64> = Vec::with_capacity(graph.nodes.len());
    for (i, node) in graph.nodes.iter().enumerate() {
        let before = node.inputs.iter().map(|value| match value {
            Value::Output { layer, .. } if !cuts[layer.0] => work[layer.0],
            _ => 0.0,
        });
        work.push(
            before.sum::<f64>()
                + own.get(i).map_or(0.0, |cost| cost.multiply_adds as f64)
                + shapes[i].len() as f64,
        );
    }
    work
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::LayerId;
    use crate::model::Node;
    use crate::ops::{Activation, Binary, Flatten, Op};

    /// A stem, a block of two layers with a shortcut, and a layer after it.
    fn graph() -> Graph {
        let node = |name: &str, op: Op, inputs: &[usize]| Node {
            name: name.into(),
            file_name: None,
            op,
            inputs: match inputs {
                [] => vec![Value::Input],
                all => all.iter().map(|i| Value::of(LayerId(*i))).collect(),
            },
        };
        let nodes = vec![
            node("stem", Activation::Relu.into(), &[]),
            node("a", Activation::Relu.into(), &[0]),
            node("b", Activation::Relu.into(), &[1]),
            node("add", Binary::SUM.into(), &[2, 0]),
            node("flatten", Flatten.into(), &[3]),
        ];
        Graph {
            name: "test".into(),
            input_channels: 1,
            usual_input: [1; 2],
            outputs: vec![Value::of(LayerId(nodes.len() - 1))],
            nodes,
            assumptions: Vec::new(),
            notes: Vec::new(),
        }
    }

    #[test]
    fn what_all_that_follows_passes_through_is_kept_first() {
        let graph = graph();
        assert_eq!(cuts(&graph), [true, false, false, true, true]);
        let shapes = vec![Shape::new(1, 1, 5, 5); 5];
        let keep = |limit| kept(&graph, (shapes[0], &shapes), &[100; 5], limit);
        assert_eq!(keep(500), [true; 5]);
        // One layer's room is set aside for what is computed again; the block's output comes first.
        assert_eq!(keep(499), [true, false, false, true, true]);
        assert_eq!(keep(200), [false, false, false, true, false]);
        assert_eq!(keep(0), [false; 5]);
        // What is not wanted takes no room.
        let keep = kept(&graph, (shapes[0], &shapes), &[100, 0, 0, 100, 0], 200);
        assert!(keep[0] && keep[3]);
    }
}
