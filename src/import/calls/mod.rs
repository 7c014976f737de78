//! Programs as calls on named values: what is known while they are read, and what each call of PyTorch is as layers. Every
//! kind of program brings its own walk.
//!
//! ```text
//! reader      what is known so far: values, constants, sizes
//! args        the arguments of a call
//! aten/       what each call of PyTorch is here, a family a file
//! computed    calls on numbers of the file alone that are layers elsewhere
//! ```

pub mod args;
pub mod aten;
pub mod computed;
pub mod reader;
