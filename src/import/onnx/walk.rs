//! Walking the nodes of a model.

use std::collections::HashMap;

use candle_core::{DType, Tensor};

use super::names::Names;
use super::step::{Step, numbers};
use super::{fold, rules};
use crate::import::calls::args::Args;
use crate::import::calls::computed;
use crate::import::calls::reader::{Call, Constant, Known, Reader};
use crate::import::draft::{Drawn, Order};
use crate::model::ModelError;
use crate::onnx::{Element, Model, Node};
use crate::ops::{Dims, Expand};

/// Rows and columns of an input that the file leaves open.
const USUAL: usize = 224;

/// A model on its way to a graph.
pub struct Walk {
    /// What is known so far.
    pub reader: Reader,
    /// What of the file was read in another way than it says.
    pub notes: Vec<String>,
    names: Names,
    opset: i64,
    at: usize,
}

impl Walk {
    /// At the first node.
    ///
    /// # Errors
    /// When it does not take one batch of maps.
    pub fn new(
        model: &Model,
        nodes: &[Node],
        tensors: &HashMap<String, Tensor>,
    ) -> Result<Self, ModelError> {
        let known = |name: &String| model.initializers.iter().any(|tensor| tensor.name == *name);
        let mut inputs = model.inputs.iter().filter(|(name, _)| !known(name));
        let (Some((input, extents)), None) = (inputs.next(), inputs.next()) else {
            let what =
                "the network does not take one tensor: only networks of one picture are read";
            return Err(ModelError::NoNetwork(what.into()));
        };
        // Channels come last where they are few there and not at their usual place.
        let few = |extent: Option<&Option<usize>>| matches!(extent, Some(Some(1..=4)));
        let last = extents.len() == 4 && few(extents.get(3)) && !few(extents.get(1));
        let at = |axis: usize, usual: usize| extents.get(axis).copied().flatten().unwrap_or(usual);
        let dims = (extents.len() == 4 || extents.is_empty()).then(|| match last {
            true => Dims::maps(at(0, 1), at(3, 3), at(1, USUAL), at(2, USUAL)),
            false => Dims::maps(at(0, 1), at(1, 3), at(2, USUAL), at(3, USUAL)),
        });
        let mut reader = Reader::new((input, dims), tensors)?;
        if last {
            let seen = reader.draft.input().ordered(Order::ChannelsLast);
            reader.known.insert(input.clone(), Known::Drawn(seen));
        }
        for tensor in &model.initializers {
            let name = tensor.name.clone();
            let constant = match tensors.get(&name) {
                Some(numbers) if tensor.element().is_some_and(Element::is_float) => {
                    Constant { tensor: numbers.clone(), file: own_name(&name) }
                }
                Some(whole) => Constant { tensor: whole.to_dtype(DType::I64)?, file: None },
                None => match numbers(tensor) {
                    Some(tensor) => Constant { tensor, file: None },
                    None => continue,
                },
            };
            reader.known.insert(name, Known::Constant(constant));
        }
        for node in nodes {
            reader.count(node.inputs.iter().filter(|name| !name.is_empty()).cloned());
        }
        let names = Names::new(nodes);
        Ok(Self { reader, notes: Vec::new(), names, opset: model.opset, at: 0 })
    }

    /// Reads one node.
    ///
    /// # Errors
    /// When it cannot be run here.
    pub fn node(&mut self, node: &Node) -> Result<(), ModelError> {
        let (path, is_leaf) = self.names.of(self.at);
        let (path, base) = (path.to_string(), node.op_type.to_lowercase());
        self.at += 1;
        let call = Call { base: &base, args: Args(&[]), path: &path, is_leaf };
        let step = Step { node, opset: self.opset, call };
        let own = matches!(node.domain.as_str(), "" | "ai.onnx");
        let refused = || {
            let domain = if own { String::new() } else { format!("{}.", node.domain) };
            let name = if path.is_empty() {
                node.outputs.first().cloned().unwrap_or_default()
            } else {
                path.clone()
            };
            ModelError::Unsupported {
                name,
                what: format!("the operation {domain}{}", node.op_type),
            }
        };
        if !own {
            return Err(refused());
        }
        if let Some(missing) = node
            .inputs
            .iter()
            .find(|name| !name.is_empty() && !self.reader.known.contains_key(*name))
        {
            return Err(ModelError::Missing(missing.clone()));
        }
        let names = || node.inputs.iter().filter(|name| !name.is_empty()).map(String::as_str);
        let found = if let Some(shape) = fold::shape(&self.reader, node) {
            shape.map_err(|_| refused())?
        } else if self.reader.is_constant(names()) {
            let folded = fold::evaluate(&self.reader, &step).map_err(|_| refused())?;
            let folded = match folded {
                Some(folded) => folded,
                None => {
                    let rule = rules::rule(&node.op_type).ok_or_else(refused)?;
                    let first = node.input(0).ok_or_else(refused)?;
                    let run = |reader: &mut Reader| rule(reader, &step);
                    computed::by(&mut self.reader, &step.call, first, run)?.ok_or_else(refused)?
                }
            };
            self.reader.make(folded)?
        } else {
            self.repeat(&step)?;
            self.say(node);
            let rule = rules::rule(&node.op_type).ok_or_else(refused)?;
            rule(&mut self.reader, &step)?.ok_or_else(refused)?
        };
        let taken: Vec<String> = names().map(str::to_string).collect();
        self.reader.release(&taken);
        for (name, known) in node.outputs.iter().zip(found) {
            if !name.is_empty() {
                self.reader.known.insert(name.clone(), known);
            }
        }
        Ok(())
    }

    /// What is computed in another way than the node says.
    fn say(&mut self, node: &Node) {
        let note = match node.op_type.as_str() {
            "QuantizeLinear" => {
                "the graph is quantized: weights are dequantized, activations are not rounded"
            }
            "BatchNormalization" if node.int("training_mode") == Some(1) => {
                "a batch norm is in training mode: it uses its running statistics here"
            }
            _ => return,
        };
        if !self.notes.iter().any(|known| known == note) {
            self.notes.push(note.to_string());
        }
    }

    /// Inputs that the file sees repeated are so by layers, but where the node repeats them anyway.
    fn repeat(&mut self, step: &Step<'_>) -> Result<(), ModelError> {
        if rules::keeps_repeated(&step.node.op_type) {
            return Ok(());
        }
        for name in &step.node.inputs {
            let Some(Known::Drawn(drawn)) = self.reader.known.get(name).cloned() else { continue };
            let Some(to) = drawn.repeated else { continue };
            let own = Drawn { repeated: None, ..drawn };
            let repeated = self.reader.push_alike(&step.call, None, Expand { to }, own)?;
            self.reader.known.insert(name.clone(), Known::Drawn(repeated));
        }
        Ok(())
    }
}

/// A name that a user gave: not a number that an exporter counted.
fn own_name(name: &str) -> Option<String> {
    let counted = name.starts_with("onnx::") || name.chars().all(|c| c.is_ascii_digit());
    (!counted).then(|| name.to_string())
}
