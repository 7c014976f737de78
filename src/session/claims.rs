//! What the files beside the weights say about the architecture, compared with the tensors.

use crate::base::clean;
use crate::model::Graph;
use crate::ops::{Conv, Linear};
use crate::source::{Claim, Trait};

/// A sentence for each claim that the tensors contradict; they count.
pub fn contradictions(claims: &[Claim], graph: &Graph) -> Vec<String> {
    let differs = |claim: &&Claim| {
        fact(graph, claim.about).is_some_and(|fact| !fact.eq_ignore_ascii_case(&claim.value))
    };
    let note = |claim: &Claim| {
        let is = fact(graph, claim.about).unwrap_or_default();
        let Claim { field, about, value } = claim;
        let value = clean(value);
        format!(
            "config.json: {field} says {}, the tensors say {is}: the tensors are used",
            named(*about, &value)
        )
    };
    claims.iter().filter(differs).map(note).collect()
}

/// A value and what it is.
fn named(about: Trait, value: &str) -> String {
    match about {
        Trait::Blocks => format!("blocks {value}"),
        Trait::Block => format!("{value} blocks"),
        Trait::Groups => format!("{value} groups"),
        Trait::StemWidth => format!("a stem of {value} channels"),
        Trait::Widths => format!("stages of {value} channels"),
        Trait::InputChannels => format!("{value} input channels"),
        Trait::Classes => format!("{value} classes"),
    }
}

/// What the graph has, as [`Trait`] writes it; `None` where it has no such thing.
fn fact(graph: &Graph, about: Trait) -> Option<String> {
    let conv = |name: &str| graph.nodes.iter().find(|node| node.name == name)?.op.get::<Conv>();
    let last = if conv("layer1.0.conv3").is_some() { "conv3" } else { "conv2" };
    let stages = || (1..).take_while(|s| conv(&format!("layer{s}.0.conv1")).is_some());
    let joined =
        |numbers: Vec<usize>| numbers.iter().map(usize::to_string).collect::<Vec<_>>().join("-");
    match about {
        Trait::Blocks => {
            let block = |s: usize, b: &usize| conv(&format!("layer{s}.{b}.conv1")).is_some();
            Some(joined(stages().map(|s| (0..).take_while(|b| block(s, b)).count()).collect()))
        }
        Trait::Block => Some(if last == "conv3" { "bottleneck" } else { "basic" }.into()),
        Trait::Groups => Some(conv("layer1.0.conv2")?.groups.to_string()),
        Trait::StemWidth => Some(conv("conv1")?.weight.dims()[0].to_string()),
        Trait::Widths => {
            let width = |s: usize| Some(conv(&format!("layer{s}.0.{last}"))?.weight.dims()[0]);
            Some(joined(stages().map_while(width).collect()))
        }
        Trait::InputChannels => Some(graph.input_channels.to_string()),
        Trait::Classes => {
            let head = graph.nodes.iter().any(|node| node.op.is::<Linear>());
            head.then(|| graph.classes().to_string())
        }
    }
}
