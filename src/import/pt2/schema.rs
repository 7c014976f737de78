//! The text of a program as `torch.export` writes it: what is read of it. Unknown fields are passed over, and what a call
//! says is read when its turn comes: a text takes little more memory than its bytes, whatever stands in it.
//!
//! Schema: `torch/_export/serde/schema.py`.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Value as Json;
use serde_json::value::RawValue;

use crate::import::calls::args::Named;
use crate::model::ModelError;

/// Most calls of a program, and most values.
pub const CALLS: usize = 100_000;
/// Most bytes that a call says of one thing.
const LONGEST: usize = 1 << 20;

/// A program.
#[derive(Deserialize)]
pub struct Program<'a> {
    #[serde(borrow)]
    pub graph_module: Module<'a>,
    pub schema_version: Version,
}

#[derive(Deserialize)]
pub struct Version {
    pub major: u64,
    #[serde(default)]
    pub minor: u64,
}

#[derive(Deserialize)]
pub struct Module<'a> {
    #[serde(borrow)]
    pub graph: Text<'a>,
    #[serde(borrow)]
    pub signature: Signature<'a>,
}

/// The nodes in the order in which they run.
#[derive(Deserialize)]
pub struct Text<'a> {
    #[serde(borrow, deserialize_with = "few")]
    pub nodes: Vec<Node<'a>>,
    #[serde(borrow, default, deserialize_with = "few_named")]
    pub tensor_values: HashMap<Cow<'a, str>, &'a RawValue>,
    #[serde(borrow, default, deserialize_with = "few_named")]
    pub sym_int_values: HashMap<Cow<'a, str>, &'a RawValue>,
}

/// A call that was not read yet.
#[derive(Deserialize)]
pub struct Node<'a> {
    #[serde(borrow)]
    pub target: Cow<'a, str>,
    #[serde(borrow, default)]
    inputs: Option<&'a RawValue>,
    #[serde(borrow, default)]
    outputs: Option<&'a RawValue>,
    #[serde(borrow, default)]
    metadata: Option<&'a RawValue>,
}

/// A call.
pub struct Step {
    pub target: String,
    pub inputs: Vec<Named>,
    pub outputs: Vec<Json>,
    pub metadata: HashMap<String, String>,
}

impl Node<'_> {
    /// What it says.
    ///
    /// # Errors
    /// When it says what no call does.
    pub fn read(&self) -> serde_json::Result<Step> {
        Ok(Step {
            target: self.target.clone().into_owned(),
            inputs: read_some(self.inputs)?,
            outputs: read_some(self.outputs)?,
            metadata: read_some(self.metadata)?,
        })
    }
}

fn read_some<T: for<'d> Deserialize<'d> + Default>(
    raw: Option<&RawValue>,
) -> serde_json::Result<T> {
    raw.map_or_else(|| Ok(T::default()), read)
}

/// What was not read yet.
///
/// # Errors
/// When it is something else, or longer than anything that a call says.
pub fn read<T: for<'d> Deserialize<'d>>(raw: &RawValue) -> serde_json::Result<T> {
    if raw.get().len() > LONGEST {
        return Err(Error::custom(format!("{} bytes for one thing", raw.get().len())));
    }
    serde_json::from_str(raw.get())
}

/// A program that is not read.
pub fn broken(why: &str) -> ModelError {
    ModelError::NoNetwork(format!("the program in it {why}"))
}

/// A text that is something else than it should be.
pub fn unread(why: &serde_json::Error) -> ModelError {
    broken(&format!("cannot be read ({why}): export the network again"))
}

/// What is known of a tensor.
#[derive(Deserialize)]
pub struct Meta {
    #[serde(default)]
    pub sizes: Vec<Json>,
    /// The type of its numbers, as PyTorch counts types.
    #[serde(default)]
    pub dtype: Option<i64>,
}

/// What the inputs and outputs of the graph are.
#[derive(Deserialize)]
pub struct Signature<'a> {
    #[serde(borrow, default, deserialize_with = "few")]
    pub input_specs: Vec<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "few")]
    pub output_specs: Vec<&'a RawValue>,
}

/// A list that ends before it is too long.
fn few<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Vec<T>, D::Error> {
    struct List<T>(PhantomData<T>);
    impl<'de, T: Deserialize<'de>> Visitor<'de> for List<T> {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Vec<T>, A::Error> {
            let mut all = Vec::new();
            while let Some(one) = from.next_element()? {
                if all.len() >= CALLS {
                    return Err(too_many());
                }
                all.push(one);
            }
            Ok(all)
        }
    }
    from.deserialize_seq(List(PhantomData))
}

/// The same of values by their names.
fn few_named<'de, D, T>(from: D) -> Result<HashMap<Cow<'de, str>, T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    struct Names<T>(PhantomData<T>);
    impl<'de, T: Deserialize<'de>> Visitor<'de> for Names<T> {
        type Value = HashMap<Cow<'de, str>, T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("values by their names")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Self::Value, A::Error> {
            let mut all = HashMap::new();
            while let Some((name, value)) = from.next_entry()? {
                if all.len() >= 4 * CALLS {
                    return Err(too_many());
                }
                all.insert(name, value);
            }
            Ok(all)
        }
    }
    from.deserialize_map(Names(PhantomData))
}

fn too_many<E: Error>() -> E {
    E::custom(format!("more than {CALLS} calls or values"))
}
