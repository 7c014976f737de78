//! What is known of a program while its calls are read.

use std::collections::{HashMap, HashSet};

use candle_core::Tensor;
use serde_json::Value as Json;
use serde_json::value::RawValue;

use super::args::{Args, Whole, whole};
use super::schema::{self, Meta, Module, Signature, unread};
use crate::import::draft::{Draft, Drawn, Order, Origin};
use crate::model::{ModelError, Value};
use crate::ops::{Dims, Op};

/// Numbers of a table that a program makes of nothing: positions, masks.
const TABLE: usize = 1 << 21;

/// What a name of the program stands for.
#[derive(Clone)]
pub enum Known {
    /// A value that depends on the input.
    Drawn(Drawn),
    /// Numbers of the file, or made of such.
    Constant(Constant),
    /// Where a value is above a number.
    Above(Above),
}

/// Where a value is above a number; only a choice by it can be read.
#[derive(Clone, Copy)]
pub struct Above {
    /// The value.
    pub value: Value,
    /// The number.
    pub bound: f64,
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
    module: &'a Module<'a>,
    pub(super) known: HashMap<String, Known>,
    pub(super) wholes: HashMap<String, i64>,
    /// Modules with a weight.
    pub(super) owners: HashSet<String>,
    /// Of names that share their numbers with others, the first of those: views, and what changes nothing.
    pub(super) shared: HashMap<String, String>,
    /// Names whose numbers were changed under another name.
    pub(super) changed: HashSet<String>,
    /// Tensors that the file does not have, or not as numbers to compute with.
    pub(super) missing: HashMap<String, String>,
    /// How many calls that were not read yet ask for a value.
    pub(super) uses: HashMap<String, usize>,
    /// Most numbers that a call on numbers of the file makes: a table, or as many as the file has.
    pub(super) most: usize,
    /// How many such calls made, of which some are still asked for.
    pub(super) made: usize,
}

/// A call with all that its rule may ask for.
pub struct Call<'a> {
    /// `conv2d`, without the mark of a call in place.
    pub base: &'a str,
    /// The arguments.
    pub args: Args<'a>,
    /// Path of the module that it stands in.
    pub path: &'a str,
    /// Whether that module is one of PyTorch's own layers.
    pub is_leaf: bool,
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
fn user(spec: &RawValue, kind: &str) -> Option<String> {
    let spec: Json = schema::read(spec).ok()?;
    Some(spec.get(kind)?.get("arg")?.get("as_tensor")?.get("name")?.as_str()?.to_string())
}

impl<'a> Reader<'a> {
    /// At the first call.
    ///
    /// # Errors
    /// When the program does not take one batch of maps, or a tensor is missing.
    pub fn new(
        module: &'a Module<'a>,
        tensors: &HashMap<String, Tensor>,
    ) -> Result<Self, ModelError> {
        let signature = &module.signature;
        let mut inputs = signature.input_specs.iter().filter_map(|spec| user(spec, "user_input"));
        let (Some(input), None) = (inputs.next(), inputs.next()) else {
            let what =
                "the network does not take one tensor: only networks of one picture are read";
            return Err(ModelError::NoNetwork(what.into()));
        };
        let sizes = meta(module, &input).map(|meta| meta.sizes);
        let sizes = sizes.and_then(|sizes| sizes.iter().map(extent).collect::<Option<Vec<_>>>());
        let dims = sizes.and_then(|sizes| Dims::new(&sizes)).filter(|dims| dims.rank() == 4);
        let dims =
            dims.filter(|dims| !dims.is_empty() && dims.as_slice().iter().all(|e| *e < 1 << 16));
        let dims = dims.ok_or_else(|| {
            let what = "the network does not take pictures [N, C, H, W]";
            ModelError::NoNetwork(what.into())
        })?;
        let draft = Draft::new(dims);
        let mut known = HashMap::from([(input, Known::Drawn(draft.input()))]);
        let mut missing = HashMap::new();
        for (name, file) in sources(signature)? {
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
        Ok(Self {
            draft,
            module,
            known,
            wholes: HashMap::new(),
            owners,
            shared: HashMap::new(),
            changed: HashSet::new(),
            missing,
            most: TABLE + tensors.values().map(Tensor::elem_count).sum::<usize>(),
            made: 0,
            uses: HashMap::new(),
        })
    }

    /// What the program gives back.
    ///
    /// # Errors
    /// When nothing of it depends on the input.
    pub fn outputs(&self, signature: &Signature<'_>) -> Result<Vec<Value>, ModelError> {
        let names = signature.output_specs.iter().filter_map(|spec| user(spec, "user_output"));
        let value = |name: String| match self.known.get(&name) {
            Some(Known::Drawn(drawn)) => Some(drawn.value),
            _ => None,
        };
        let outputs: Vec<Value> = names.filter_map(value).collect();
        let layers = outputs.iter().any(|value| matches!(value, Value::Output { .. }));
        let nothing = || ModelError::NoNetwork("the program computes nothing of its input".into());
        if layers { Ok(outputs) } else { Err(nothing()) }
    }

    /// An argument that depends on the input.
    pub fn drawn(&self, call: &Call<'_>, name: &str) -> Option<Drawn> {
        self.drawn_named(call.args.tensor(name)?)
    }

    /// A value that depends on the input, by its name.
    pub fn drawn_named(&self, name: &str) -> Option<Drawn> {
        match self.known.get(name)? {
            Known::Drawn(drawn) => Some(*drawn),
            Known::Constant(_) | Known::Above(_) => None,
        }
    }

    /// A comparison by its name.
    pub fn above(&self, name: &str) -> Option<Above> {
        match self.known.get(name)? {
            Known::Above(above) => Some(*above),
            Known::Drawn(_) | Known::Constant(_) => None,
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
            Known::Drawn(_) | Known::Above(_) => None,
        }
    }

    /// The type of the numbers of a value, as PyTorch counts types.
    pub fn dtype(&self, name: &str) -> Option<i64> {
        meta(self.module, name)?.dtype
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

    /// The first value with rows and columns that are the two symbols of an argument, whatever the input's size.
    pub fn with_sides(&self, call: &Call<'_>, name: &str) -> Option<Drawn> {
        let symbol = |whole: &Whole| match whole {
            Whole::Symbol(name) => expression(&self.size(name)?),
            Whole::Is(_) => None,
        };
        let wanted: Vec<String> =
            call.args.wholes(name)?.iter().map(symbol).collect::<Option<_>>()?;
        let place = |drawn: &Drawn| match drawn.value {
            Value::Input => 0,
            Value::Output { layer, .. } => layer.0 + 1,
        };
        let fits = |(name, known): (&String, &Known)| match known {
            Known::Drawn(drawn) if drawn.order == Order::Plain && drawn.repeated.is_none() => {
                let sizes = meta(self.module, name)?.sizes;
                let [_, _, h, w] = sizes.as_slice() else { return None };
                ([expression(h)?, expression(w)?] == *wanted).then_some(*drawn)
            }
            _ => None,
        };
        self.known.iter().filter_map(fits).min_by_key(place)
    }

    /// What is said of a symbol.
    fn size(&self, name: &str) -> Option<Json> {
        schema::read(self.module.graph.sym_int_values.get(name)?).ok()
    }

    fn symbol(&self, name: &str) -> Option<i64> {
        if let Some(known) = self.wholes.get(name) {
            return Some(*known);
        }
        match whole(&self.size(name)?)? {
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
            && let Some(out) = self.draft.push_in_order(origin, &op, *input)?
        {
            return Ok(out);
        }
        self.draft.push(origin, op, inputs)
    }

    /// Adds a layer that acts on an input's axes here, and whose value the file sees in the same order.
    ///
    /// # Errors
    /// As [`Draft::push`].
    pub fn push_alike(
        &mut self,
        call: &Call<'_>,
        weights: Option<&Constant>,
        op: impl Into<Op>,
        input: Drawn,
    ) -> Result<Drawn, ModelError> {
        Ok(self.push(call, weights, op, &[input.here()])?.ordered(input.order))
    }

    /// A value with its axes in the file's order.
    ///
    /// # Errors
    /// As [`Draft::push`].
    pub fn straight(&mut self, call: &Call<'_>, value: Drawn) -> Result<Drawn, ModelError> {
        let name = call.name();
        self.draft.straight(Origin { name: &name, file_name: None }, value)
    }
}

impl<'a> Call<'a> {
    /// A part of what the call does, as a call of that name in its module.
    pub const fn part(&self, word: &'a str) -> Self {
        Call { base: word, args: Args(self.args.0), path: self.path, is_leaf: false }
    }

    /// The name of a layer without weights.
    pub fn name(&self) -> String {
        match (self.path, self.is_leaf) {
            ("", _) => self.base.to_string(),
            (path, true) => path.to_string(),
            (path, false) => format!("{path}.{}", self.base),
        }
    }
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
