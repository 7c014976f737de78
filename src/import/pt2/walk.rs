//! Walking the calls of a program.

use candle_core::Tensor;
use serde_json::Value as Json;

use super::args::Args;
use super::reader::{Call, Constant, Known, Reader};
use super::schema::{Named, Step, broken};
use super::{aten, computed, fold};
use crate::import::draft::Drawn;
use crate::model::ModelError;
use crate::ops::Expand;

impl Reader<'_> {
    /// Reads one call.
    ///
    /// # Errors
    /// When it cannot be run here.
    pub fn call(&mut self, step: &Step) -> Result<(), ModelError> {
        let target = step.target.strip_prefix("torch.ops.").unwrap_or(&step.target);
        let target = target.strip_prefix("aten.").unwrap_or(target);
        let (full, overload) = target.split_once('.').unwrap_or((target, ""));
        let base = full.strip_suffix('_').filter(|base| !base.is_empty()).unwrap_or(full);
        let stack = step.metadata.get("nn_module_stack").map_or("", String::as_str);
        let (path, is_leaf) = module_of(stack);
        // What a layer with weights does besides gets its own name.
        let is_leaf = is_leaf && !self.owners.contains(path);
        let call = Call { base, args: Args(&step.inputs), path, is_leaf };
        // Checks, and arithmetic on sizes: what it gives stands beside the calls.
        let is_number = |output: &Json| {
            ["as_sym_int", "as_sym_bool", "as_sym_float"].iter().any(|k| output.get(k).is_some())
        };
        let checks = base.starts_with("_assert") || base.starts_with("sym_constrain");
        let computes = base != "sym_size" && !step.outputs.is_empty();
        if checks || (computes && step.outputs.iter().all(is_number)) {
            return Ok(());
        }
        if overload == "int" && base == "sym_size" {
            return self.size_of(&call, step);
        }
        if let Some(file) = call.args.names().find_map(|name| self.missing.get(name)) {
            return Err(ModelError::Missing(file.clone()));
        }
        if let Some(name) = call.args.names().find(|name| self.changed.contains(*name)) {
            let what = format!("{name}, which was changed in place through a view of it,");
            return Err(ModelError::Unsupported { name: call.name(), what });
        }
        let refused = || ModelError::Unsupported {
            name: if path.is_empty() { base.to_string() } else { path.to_string() },
            what: format!("the operation {}", step.target.trim_start_matches("torch.ops.")),
        };
        let found = if self.is_constant(&step.inputs) {
            let dtype = step.outputs.iter().flat_map(output_names).next();
            let dtype = dtype.and_then(|name| self.dtype(name));
            let folded = match fold::evaluate(self, &call, dtype).map_err(|_| refused())? {
                Some(folded) => folded,
                None => computed::by_rule(self, &call)?.ok_or_else(refused)?,
            };
            self.made += folded.iter().map(Tensor::elem_count).sum::<usize>();
            if self.made > 4 * self.most {
                return Err(broken("makes more numbers than its weights are, which is not read"));
            }
            folded
                .into_iter()
                .map(|tensor| Known::Constant(Constant { tensor, file: None }))
                .collect()
        } else {
            self.repeat(&call)?;
            let rule = aten::rule(base).ok_or_else(refused)?;
            rule(self, &call)?.ok_or_else(refused)?
        };
        let own = call.args.tensor("self").or(call.args.tensor("input"));
        let in_place = base.len() < full.len();
        if in_place {
            self.change(own);
        }
        let names: Vec<&str> = step.outputs.iter().flat_map(output_names).collect();
        for (name, known) in names.iter().zip(&found) {
            self.known.insert((*name).to_string(), known.clone());
            if let Some(own) = own.filter(|_| in_place || aten::shares(base)) {
                let root = self.shared.get(own).map_or(own, String::as_str).to_string();
                self.shared.insert((*name).to_string(), root);
            }
        }
        self.release(&names_of(&step.inputs));
        // What was changed in place is what its name means from now on.
        if let (true, Some(own), Some(known)) = (in_place, own, found.first()) {
            self.known.insert(own.to_string(), known.clone());
        }
        Ok(())
    }

    /// Arguments that the file sees repeated are so by layers, but where the call repeats them anyway or changes nothing.
    fn repeat(&mut self, call: &Call<'_>) -> Result<(), ModelError> {
        if aten::keeps_repeated(call.base) {
            return Ok(());
        }
        let names: Vec<&str> = call.args.names().collect();
        for name in &names {
            let Some(Known::Drawn(drawn)) = self.known.get(*name).cloned() else { continue };
            let Some(to) = drawn.repeated else { continue };
            let covers = |other: &&str| {
                let other = self.drawn_named(other).filter(|other| other.repeated.is_none());
                let other = other.filter(|other| other.order == drawn.order);
                other.is_some_and(|other| other.dims.repeated(&to) == Some(other.dims))
            };
            if aten::broadcasts(call.base) && names.iter().any(covers) {
                continue;
            }
            let own = Drawn { repeated: None, ..drawn };
            let repeated = self.push_alike(call, None, Expand { to }, own)?;
            self.known.insert((*name).to_string(), Known::Drawn(repeated));
        }
        Ok(())
    }

    /// A value is changed in place: other names for its numbers, or for parts of them, mean what nobody says here.
    fn change(&mut self, own: Option<&str>) {
        let Some(own) = own else { return };
        let root = self.shared.get(own).map_or(own, String::as_str).to_string();
        let others = self.shared.iter().filter(|(name, of)| **of == root && *name != own);
        let mut others: Vec<String> = others.map(|(name, _)| name.clone()).collect();
        if root != own {
            others.push(root);
        }
        for name in others {
            self.known.remove(&name);
            self.changed.insert(name);
        }
    }

    /// `x.shape[i]`: of a picture's axis a number.
    fn size_of(&mut self, call: &Call<'_>, step: &Step) -> Result<(), ModelError> {
        let drawn = self.drawn(call, "self");
        let axis = call.args.whole("dim").unwrap_or(0);
        let size = drawn.map_or(1, |drawn| drawn.seen().at(axis.max(0) as usize));
        for output in &step.outputs {
            let name =
                output.get("as_sym_int").and_then(|o| o.get("as_name")).and_then(Json::as_str);
            if let Some(name) = name {
                self.wholes.insert(name.to_string(), size as i64);
            }
        }
        Ok(())
    }

    /// A call was read: numbers that no later one asks for go, but those of the file.
    fn release(&mut self, names: &[String]) {
        for name in names {
            let Some(uses) = self.uses.get_mut(name) else { continue };
            *uses = uses.saturating_sub(1);
            let made = |known: &Known| match known {
                Known::Constant(Constant { tensor, file: None }) => Some(tensor.elem_count()),
                _ => None,
            };
            if *uses == 0
                && let Some(count) = self.known.get(name).and_then(made)
            {
                self.known.remove(name);
                self.made = self.made.saturating_sub(count);
            }
        }
    }

    /// Whether no tensor of a call depends on the input.
    fn is_constant(&self, inputs: &[Named]) -> bool {
        Args(inputs)
            .names()
            .all(|name| !matches!(self.known.get(name), Some(Known::Drawn(_) | Known::Above(_))))
    }
}

/// The path of the innermost module of a stack `key,path,class;...`, and whether it is one of PyTorch's layers.
fn module_of(stack: &str) -> (&str, bool) {
    let last = stack.rsplit(';').next().unwrap_or_default();
    let mut parts = last.splitn(3, ',').skip(1);
    let (path, class) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let leaf = class.starts_with("torch.nn.modules.") && !class.contains(".container.");
    (path, leaf)
}

/// The names of all tensors that a call takes.
pub fn names_of(inputs: &[Named]) -> Vec<String> {
    Args(inputs).names().map(str::to_string).collect()
}

/// The names of an output: of one tensor, of several.
fn output_names(output: &Json) -> Vec<&str> {
    if let Some(one) = output.get("as_tensor") {
        return one.get("name").and_then(Json::as_str).into_iter().collect();
    }
    let many = output.get("as_tensors").and_then(Json::as_array);
    many.into_iter().flatten().filter_map(|one| one.get("name")?.as_str()).collect()
}
