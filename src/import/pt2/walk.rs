//! Walking the calls of a program.

use std::collections::{HashMap, HashSet};

use candle_core::Tensor;
use serde_json::Value as Json;
use serde_json::value::RawValue;

use super::fold;
use super::schema::{self, Meta, Module, Signature, Step, unread};
use crate::import::calls::args::{Args, Named, Whole, whole};
use crate::import::calls::reader::{Call, Constant, Known, Reader};
use crate::import::calls::{aten, computed};
use crate::import::draft::Drawn;
use crate::model::ModelError;
use crate::ops::{Dims, Expand};

/// A program on its way to a graph.
pub struct Walk<'a> {
    /// What is known so far.
    pub reader: Reader,
    module: &'a Module<'a>,
    /// Modules with a weight.
    owners: HashSet<String>,
    /// Of names that share their numbers with others, the first of those: views, and what changes nothing.
    shared: HashMap<String, String>,
    /// Names whose numbers were changed under another name.
    changed: HashSet<String>,
    /// Tensors that the file does not have, or not as numbers to compute with.
    missing: HashMap<String, String>,
}

impl<'a> Walk<'a> {
    /// At the first call.
    ///
    /// # Errors
    /// When the program does not take one batch of maps, or its text is something else.
    pub fn new(
        module: &'a Module<'a>,
        tensors: &HashMap<String, Tensor>,
    ) -> Result<Self, ModelError> {
        let mut inputs = module.signature.input_specs.iter();
        let mut inputs = inputs.by_ref().filter_map(|spec| user(spec, "user_input"));
        let (Some(input), None) = (inputs.next(), inputs.next()) else {
            let what =
                "the network does not take one tensor: only networks of one picture are read";
            return Err(ModelError::NoNetwork(what.into()));
        };
        let sizes = meta(module, &input).map(|meta| meta.sizes);
        let sizes = sizes.and_then(|sizes| sizes.iter().map(extent).collect::<Option<Vec<_>>>());
        let dims = sizes.and_then(|sizes| Dims::new(&sizes));
        let mut reader = Reader::new((&input, dims), tensors)?;
        let mut missing = HashMap::new();
        for (name, file) in sources(&module.signature)? {
            match tensors.get(&file) {
                Some(tensor) => {
                    let (tensor, file) = (tensor.clone(), Some(file));
                    reader.known.insert(name, Known::Constant(Constant { tensor, file }));
                }
                None => drop(missing.insert(name, file)),
            }
        }
        for (name, said) in &module.graph.sym_int_values {
            let Ok(said) = schema::read::<Json>(said) else { continue };
            if let Some(Whole::Is(hint)) = whole(&said) {
                reader.sizes.hints.insert(name.to_string(), hint);
            }
            if let Some(formula) = expression(&said) {
                reader.sizes.formulas.insert(name.to_string(), formula);
            }
        }
        for name in module.graph.tensor_values.keys() {
            let sizes = meta(module, name).map(|meta| meta.sizes).unwrap_or_default();
            if let [_, _, rows, columns] = sizes.as_slice()
                && let (Some(rows), Some(columns)) = (expression(rows), expression(columns))
            {
                reader.sizes.sides.insert(name.to_string(), [rows, columns]);
            }
        }
        let owner = |file: &String| file.strip_suffix(".weight").map(str::to_string);
        let owners = tensors.keys().filter_map(owner).collect();
        let (shared, changed) = (HashMap::new(), HashSet::new());
        Ok(Self { reader, module, owners, shared, changed, missing })
    }

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
        let found = if self.reader.is_constant(call.args.names()) {
            let dtype = step.outputs.iter().flat_map(output_names).next();
            let dtype = dtype.and_then(|name| meta(self.module, name)?.dtype);
            let folded = match fold::evaluate(&self.reader, &call, dtype).map_err(|_| refused())? {
                Some(folded) => folded,
                None => computed::by_rule(&mut self.reader, &call)?.ok_or_else(refused)?,
            };
            self.reader.make(folded)?
        } else {
            self.repeat(&call)?;
            let rule = aten::rule(base).ok_or_else(refused)?;
            rule(&mut self.reader, &call)?.ok_or_else(refused)?
        };
        let own = call.args.tensor("self").or(call.args.tensor("input"));
        let in_place = base.len() < full.len();
        if in_place {
            self.change(own);
        }
        let names: Vec<&str> = step.outputs.iter().flat_map(output_names).collect();
        for (name, known) in names.iter().zip(&found) {
            self.reader.known.insert((*name).to_string(), known.clone());
            if let Some(own) = own.filter(|_| in_place || aten::shares(base)) {
                let root = self.shared.get(own).map_or(own, String::as_str).to_string();
                self.shared.insert((*name).to_string(), root);
            }
        }
        self.reader.release(&names_of(&step.inputs));
        // What was changed in place is what its name means from now on.
        if let (true, Some(own), Some(known)) = (in_place, own, found.first()) {
            self.reader.known.insert(own.to_string(), known.clone());
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
            let Some(Known::Drawn(drawn)) = self.reader.known.get(*name).cloned() else { continue };
            let Some(to) = drawn.repeated else { continue };
            let covers = |other: &&str| {
                let other = self.reader.drawn_named(other).filter(|other| other.repeated.is_none());
                let other = other.filter(|other| other.order == drawn.order);
                other.is_some_and(|other| other.dims.repeated(&to) == Some(other.dims))
            };
            if aten::broadcasts(call.base) && names.iter().any(covers) {
                continue;
            }
            let own = Drawn { repeated: None, ..drawn };
            let repeated = self.reader.push_alike(call, None, Expand { to }, own)?;
            self.reader.known.insert((*name).to_string(), Known::Drawn(repeated));
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
            self.reader.known.remove(&name);
            self.changed.insert(name);
        }
    }

    /// `x.shape[i]`: of a picture's axis a number.
    fn size_of(&mut self, call: &Call<'_>, step: &Step) -> Result<(), ModelError> {
        let drawn = self.reader.drawn(call, "self");
        let axis = call.args.whole("dim").unwrap_or(0);
        let size = drawn.map_or(1, |drawn| drawn.seen().at(axis.max(0) as usize));
        for output in &step.outputs {
            let name =
                output.get("as_sym_int").and_then(|o| o.get("as_name")).and_then(Json::as_str);
            if let Some(name) = name {
                self.reader.sizes.hints.insert(name.to_string(), size as i64);
            }
        }
        Ok(())
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

/// The tensors of the file by what the program calls them.
///
/// # Errors
/// When the text is something else.
pub fn sources(signature: &Signature<'_>) -> Result<HashMap<String, String>, ModelError> {
    let source = |spec: Json| {
        let spec = spec.as_object()?;
        let (kind, what) = spec.iter().next()?;
        let key = match kind.as_str() {
            "parameter" => "parameter_name",
            "buffer" => "buffer_name",
            "tensor_constant" => "tensor_constant_name",
            _ => return None,
        };
        let name = what.get("arg")?.get("name")?.as_str()?;
        Some((name.to_string(), what.get(key)?.as_str()?.to_string()))
    };
    let specs = signature.input_specs.iter();
    let found = specs.map(|spec| Ok(source(schema::read(spec).map_err(|why| unread(&why))?)));
    found.filter_map(Result::transpose).collect()
}

/// The name of an input or output of the user's.
pub fn user(spec: &RawValue, kind: &str) -> Option<String> {
    let spec: Json = schema::read(spec).ok()?;
    Some(spec.get(kind)?.get("arg")?.get("as_tensor")?.get("name")?.as_str()?.to_string())
}

/// The formula of a size that follows the input's.
fn expression(size: &Json) -> Option<String> {
    Some(size.get("as_expr")?.get("expr_str")?.as_str()?.to_string())
}

/// What is said of a value.
fn meta(module: &Module<'_>, name: &str) -> Option<Meta> {
    schema::read(module.graph.tensor_values.get(name)?).ok()
}

/// An extent of a tensor, as it was when the program was written.
fn extent(size: &Json) -> Option<usize> {
    match whole(size)? {
        Whole::Is(number) => usize::try_from(number).ok(),
        Whole::Symbol(_) => None,
    }
}
