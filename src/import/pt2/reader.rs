//! Walking the calls of a program.

use std::collections::{HashMap, HashSet};

use candle_core::Tensor;
use serde_json::Value as Json;

use super::args::{Args, Whole, whole};
use super::schema::{Module, Signature, Step};
use super::{aten, fold};
use crate::import::draft::{Draft, Drawn, Origin};
use crate::model::{ModelError, Value};
use crate::ops::{Dims, Op};

/// What a name of the program stands for.
#[derive(Clone)]
pub enum Known {
    /// A value that depends on the input.
    Drawn(Drawn),
    /// Numbers of the file, or made of such.
    Constant(Constant),
}

/// Numbers that no input changes.
#[derive(Clone)]
pub struct Constant {
    /// The numbers.
    pub tensor: Tensor,
    /// What the file calls them; `None` of what was made of others.
    pub file: Option<String>,
}

/// The program as far as it was read.
pub struct Reader<'a> {
    /// The layers so far.
    pub draft: Draft,
    module: &'a Module,
    known: HashMap<String, Known>,
    wholes: HashMap<String, i64>,
    /// Modules with a weight.
    owners: HashSet<String>,
    /// Tensors that the file does not have, or not as numbers to compute with.
    missing: HashMap<String, String>,
}

/// A call with all that its rule may ask for.
pub struct Call<'a> {
    /// `conv2d`, without the mark of a call in place.
    pub base: &'a str,
    /// The arguments.
    pub args: Args<'a>,
    /// Path of the module that it stands in.
    path: &'a str,
    /// Whether that module is one of PyTorch's own layers.
    is_leaf: bool,
}

/// The tensors of the file by what the program calls them.
pub fn sources(signature: &Signature) -> HashMap<String, String> {
    let source = |spec: &Json| {
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
    signature.input_specs.iter().filter_map(source).collect()
}

/// The name of an input or output of the user's.
fn user<'j>(spec: &'j Json, kind: &str) -> Option<&'j str> {
    spec.get(kind)?.get("arg")?.get("as_tensor")?.get("name")?.as_str()
}

impl<'a> Reader<'a> {
    /// At the first call.
    ///
    /// # Errors
    /// When the program does not take one batch of maps, or a tensor is missing.
    pub fn new(module: &'a Module, tensors: &HashMap<String, Tensor>) -> Result<Self, ModelError> {
        let signature = &module.signature;
        let mut inputs = signature.input_specs.iter().filter_map(|spec| user(spec, "user_input"));
        let (Some(input), None) = (inputs.next(), inputs.next()) else {
            let what =
                "the network does not take one tensor: only networks of one picture are read";
            return Err(ModelError::NoNetwork(what.into()));
        };
        let sizes = module.graph.tensor_values.get(input).map(|meta| &meta.sizes);
        let sizes = sizes.and_then(|sizes| sizes.iter().map(extent).collect::<Option<Vec<_>>>());
        let dims = sizes.and_then(|sizes| Dims::new(&sizes)).filter(|dims| dims.rank() == 4);
        let dims =
            dims.filter(|dims| !dims.is_empty() && dims.as_slice().iter().all(|e| *e < 1 << 16));
        let dims = dims.ok_or_else(|| {
            let what = "the network does not take pictures [N, C, H, W]";
            ModelError::NoNetwork(what.into())
        })?;
        let draft = Draft::new(dims);
        let mut known = HashMap::from([(input.to_string(), Known::Drawn(draft.input()))]);
        let mut missing = HashMap::new();
        for (name, file) in sources(signature) {
            match tensors.get(&file) {
                Some(tensor) => {
                    let (tensor, file) = (tensor.clone(), Some(file));
                    known.insert(name, Known::Constant(Constant { tensor, file }));
                }
                None => drop(missing.insert(name, file)),
            }
        }
        let owner = |file: &String| file.strip_suffix(".weight").map(str::to_string);
        let owners = tensors.keys().filter_map(owner).collect();
        Ok(Self { draft, module, known, wholes: HashMap::new(), owners, missing })
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
        // What a layer with weights does besides has a name of its own.
        let is_leaf = is_leaf && !self.owners.contains(path);
        let call = Call { base, args: Args(&step.inputs), path, is_leaf };
        if overload == "int" && base == "sym_size" {
            return self.size_of(&call, step);
        }
        if let Some(file) = call.args.names().find_map(|name| self.missing.get(name)) {
            return Err(ModelError::Missing(file.clone()));
        }
        let refused = || ModelError::Unsupported {
            name: if path.is_empty() { base.to_string() } else { path.to_string() },
            what: format!("the operation {}", step.target.trim_start_matches("torch.ops.")),
        };
        let found = if self.is_constant(&step.inputs) {
            let folded = fold::evaluate(self, &call).map_err(|_| refused())?.ok_or_else(refused)?;
            folded
                .into_iter()
                .map(|tensor| Known::Constant(Constant { tensor, file: None }))
                .collect()
        } else {
            let rule = aten::rule(base).ok_or_else(refused)?;
            rule(self, &call)?.ok_or_else(refused)?
        };
        let names = step.outputs.iter().flat_map(output_names);
        for (name, known) in names.zip(&found) {
            self.known.insert(name.to_string(), known.clone());
        }
        // What was changed in place is what its name means from now on.
        if base.len() < full.len()
            && let (Some(own), Some(known)) =
                (call.args.tensor("self").or(call.args.tensor("input")), found.first())
        {
            self.known.insert(own.to_string(), known.clone());
        }
        Ok(())
    }

    /// What the program gives back.
    ///
    /// # Errors
    /// When nothing of it depends on the input.
    pub fn outputs(&self, signature: &Signature) -> Result<Vec<Value>, ModelError> {
        let names = signature.output_specs.iter().filter_map(|spec| user(spec, "user_output"));
        let value = |name: &str| match self.known.get(name) {
            Some(Known::Drawn(drawn)) => Some(drawn.value),
            _ => None,
        };
        let outputs: Vec<Value> = names.filter_map(value).collect();
        let layers = outputs.iter().any(|value| matches!(value, Value::Output { .. }));
        let nothing = || ModelError::NoNetwork("the program computes nothing of its input".into());
        if layers { Ok(outputs) } else { Err(nothing()) }
    }

    /// `x.shape[i]`: of a picture's axis a number.
    fn size_of(&mut self, call: &Call<'_>, step: &Step) -> Result<(), ModelError> {
        let drawn = self.drawn(call, "self");
        let axis = call.args.whole("dim").unwrap_or(0);
        let size = drawn.map_or(1, |drawn| drawn.dims.at(axis.max(0) as usize));
        for output in &step.outputs {
            let name =
                output.get("as_sym_int").and_then(|o| o.get("as_name")).and_then(Json::as_str);
            if let Some(name) = name {
                self.wholes.insert(name.to_string(), size as i64);
            }
        }
        Ok(())
    }

    /// Whether no tensor of a call depends on the input.
    fn is_constant(&self, inputs: &[super::schema::Named]) -> bool {
        Args(inputs).names().all(|name| !matches!(self.known.get(name), Some(Known::Drawn(_))))
    }

    /// An argument that depends on the input.
    pub fn drawn(&self, call: &Call<'_>, name: &str) -> Option<Drawn> {
        self.drawn_named(call.args.tensor(name)?)
    }

    /// A value that depends on the input, by its name.
    pub fn drawn_named(&self, name: &str) -> Option<Drawn> {
        match self.known.get(name)? {
            Known::Drawn(drawn) => Some(*drawn),
            Known::Constant(_) => None,
        }
    }

    /// An argument of numbers.
    pub fn constant(&self, call: &Call<'_>, name: &str) -> Option<&Constant> {
        self.constant_named(call.args.tensor(name)?)
    }

    /// Numbers by their name.
    pub fn constant_named(&self, name: &str) -> Option<&Constant> {
        match self.known.get(name)? {
            Known::Constant(constant) => Some(constant),
            Known::Drawn(_) => None,
        }
    }

    /// Several arguments that all depend on the input.
    pub fn all_drawn(&self, call: &Call<'_>, name: &str) -> Option<Vec<Drawn>> {
        call.args.tensors(name)?.into_iter().map(|name| self.drawn_named(name)).collect()
    }

    /// Whole numbers, with what symbols stand for.
    pub fn integers(&self, call: &Call<'_>, name: &str) -> Option<Vec<i64>> {
        let known = |whole| match whole {
            Whole::Is(number) => Some(number),
            Whole::Symbol(name) => self.symbol(&name),
        };
        call.args.wholes(name)?.into_iter().map(known).collect()
    }

    fn symbol(&self, name: &str) -> Option<i64> {
        if let Some(known) = self.wholes.get(name) {
            return Some(*known);
        }
        match whole(self.module.graph.sym_int_values.get(name)?)? {
            Whole::Is(number) => Some(number),
            Whole::Symbol(_) => None,
        }
    }

    /// Adds a layer: named by its weights' file name where it has any, else by its module, else by what it does.
    ///
    /// # Errors
    /// As [`Draft::push`].
    pub fn push(
        &mut self,
        call: &Call<'_>,
        weights: Option<&Constant>,
        op: impl Into<Op>,
        inputs: &[Drawn],
    ) -> Result<Drawn, ModelError> {
        let file = weights.and_then(|weights| weights.file.as_deref());
        let file = file.map(|file| file.strip_suffix(".weight").unwrap_or(file));
        let own = call.name();
        let name = match file {
            Some(file) => file,
            // Weights that were made of others belong to their module.
            None if weights.is_some() && !call.path.is_empty() => call.path,
            None => own.as_str(),
        };
        let origin = Origin { name, file_name: file };
        let op = op.into();
        if let [input] = inputs
            && input.channels_last
            && let Some(out) = self.draft.push_channels_last(origin, &op, *input)?
        {
            return Ok(out);
        }
        self.draft.push(origin, op, inputs)
    }
}

impl Call<'_> {
    /// The name of a layer without weights.
    pub fn name(&self) -> String {
        match (self.path, self.is_leaf) {
            ("", _) => self.base.to_string(),
            (path, true) => path.to_string(),
            (path, false) => format!("{path}.{}", self.base),
        }
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

/// The names of an output: of one tensor, of several.
fn output_names(output: &Json) -> Vec<&str> {
    if let Some(one) = output.get("as_tensor") {
        return one.get("name").and_then(Json::as_str).into_iter().collect();
    }
    let many = output.get("as_tensors").and_then(Json::as_array);
    many.into_iter().flatten().filter_map(|one| one.get("name")?.as_str()).collect()
}

/// An extent of a tensor, as it was when the program was written.
fn extent(size: &Json) -> Option<usize> {
    match whole(size)? {
        Whole::Is(number) => usize::try_from(number).ok(),
        Whole::Symbol(_) => None,
    }
}
