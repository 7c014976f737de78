//! What is known of a program while its calls are read.

use std::collections::HashMap;

use candle_core::Tensor;

use super::args::{Args, Whole};
use crate::import::draft::{Draft, Drawn, Order, Origin};
use crate::model::{Graph, ModelError, Value};
use crate::ops::{Dims, Op, Softmax};

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

/// What is said of sizes that follow the input's.
#[derive(Default)]
pub struct Sizes {
    /// What symbols were when the program was written.
    pub hints: HashMap<String, i64>,
    /// Their formulas.
    pub formulas: HashMap<String, String>,
    /// The formulas of the rows and columns of values.
    pub sides: HashMap<String, [String; 2]>,
}

/// A program as far as it was read.
pub struct Reader {
    /// The layers so far.
    pub draft: Draft,
    /// What names stand for.
    pub known: HashMap<String, Known>,
    /// Sizes that follow the input's.
    pub sizes: Sizes,
    /// Most numbers that a call on numbers of the file makes: a table, or as many as the file has.
    pub most: usize,
    /// How many calls that were not read yet ask for a value.
    uses: HashMap<String, usize>,
    /// How many numbers such calls made, of which some are still asked for.
    made: usize,
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

impl Reader {
    /// At the first call: with the input by its name, and the numbers of the file.
    ///
    /// # Errors
    /// When the program does not take one batch of maps.
    pub fn new(
        (input, dims): (&str, Option<Dims>),
        tensors: &HashMap<String, Tensor>,
    ) -> Result<Self, ModelError> {
        let fits = |dims: &Dims| {
            let extents = dims.as_slice();
            extents.len() == 4 && !dims.is_empty() && extents.iter().all(|e| *e < 1 << 16)
        };
        let dims = dims.filter(fits).ok_or_else(|| {
            let what = "the network does not take pictures [N, C, H, W]";
            ModelError::NoNetwork(what.into())
        })?;
        let draft = Draft::new(dims);
        let known = HashMap::from([(input.to_string(), Known::Drawn(draft.input()))]);
        Ok(Self {
            draft,
            known,
            sizes: Sizes::default(),
            most: TABLE + tensors.values().map(Tensor::elem_count).sum::<usize>(),
            made: 0,
            uses: HashMap::new(),
        })
    }

    /// The network that gives back these values.
    ///
    /// # Errors
    /// When nothing of it depends on the input.
    pub fn finish(
        self,
        name: String,
        outputs: impl Iterator<Item = String>,
    ) -> Result<Graph, ModelError> {
        let value = |name: String| self.drawn_named(&name).map(|drawn| drawn.value);
        let outputs: Vec<Value> = outputs.filter_map(value).collect();
        if !outputs.iter().any(|value| matches!(value, Value::Output { .. })) {
            return Err(ModelError::NoNetwork("the program computes nothing of its input".into()));
        }
        let (mut notes, input) = (Vec::new(), self.draft.input().dims);
        let (nodes, mut outputs) = self.draft.finish(&outputs);
        // Shares are explained by what stands before them, and are not made twice.
        if let Some(first) = outputs.first_mut()
            && let Value::Output { layer, .. } = *first
            && let Some(node) = nodes.get(layer.0).filter(|node| node.op.is::<Softmax>())
            && let Some(before) = node.inputs.first()
        {
            *first = *before;
            notes.push(format!(
                "the network ends with {}: classes are told and explained by the values before it",
                node.name
            ));
        }
        Ok(Graph {
            name,
            input_channels: input.at(1),
            usual_input: input.sides(),
            nodes,
            outputs,
            assumptions: Vec::new(),
            notes,
        })
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

    /// Several arguments that all depend on the input.
    pub fn all_drawn(&self, call: &Call<'_>, name: &str) -> Option<Vec<Drawn>> {
        call.args.tensors(name)?.into_iter().map(|name| self.drawn_named(name)).collect()
    }

    /// Whole numbers, with what symbols stand for.
    pub fn integers(&self, call: &Call<'_>, name: &str) -> Option<Vec<i64>> {
        let known = |whole| match whole {
            Whole::Is(number) => Some(number),
            Whole::Symbol(name) => self.sizes.hints.get(&name).copied(),
        };
        call.args.wholes(name)?.into_iter().map(known).collect()
    }

    /// The first value with rows and columns that are the two symbols of an argument, whatever the input's size.
    pub fn with_sides(&self, call: &Call<'_>, name: &str) -> Option<Drawn> {
        let symbol = |whole: &Whole| match whole {
            Whole::Symbol(name) => self.sizes.formulas.get(name),
            Whole::Is(_) => None,
        };
        let wanted: Vec<&String> =
            call.args.wholes(name)?.iter().map(symbol).collect::<Option<_>>()?;
        let [rows, columns] = wanted.as_slice() else { return None };
        let place = |drawn: &Drawn| match drawn.value {
            Value::Input => 0,
            Value::Output { layer, .. } => layer.0 + 1,
        };
        let fits = |(name, known): (&String, &Known)| match known {
            Known::Drawn(drawn) if drawn.order == Order::Plain && drawn.repeated.is_none() => {
                let [h, w] = self.sizes.sides.get(name)?;
                (h == *rows && w == *columns).then_some(*drawn)
            }
            _ => None,
        };
        self.known.iter().filter_map(fits).min_by_key(place)
    }

    /// Calls ask for these values.
    pub fn count(&mut self, names: impl Iterator<Item = String>) {
        names.for_each(|name| *self.uses.entry(name).or_default() += 1);
    }

    /// Numbers were made of the file's.
    ///
    /// # Errors
    /// When they are many more than those.
    pub fn make(&mut self, tensors: Vec<Tensor>) -> Result<Vec<Known>, ModelError> {
        self.made += tensors.iter().map(Tensor::elem_count).sum::<usize>();
        if self.made > 4 * self.most {
            let what =
                "the program in it makes more numbers than its weights are, which is not read";
            return Err(ModelError::NoNetwork(what.into()));
        }
        let known = |tensor| Known::Constant(Constant { tensor, file: None });
        Ok(tensors.into_iter().map(known).collect())
    }

    /// A call was read: numbers that no later one asks for go, but those of the file.
    pub fn release(&mut self, names: &[String]) {
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

    /// Whether no value of these depends on the input.
    pub fn is_constant<'n>(&self, mut names: impl Iterator<Item = &'n str>) -> bool {
        names.all(|name| !matches!(self.known.get(name), Some(Known::Drawn(_) | Known::Above(_))))
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
