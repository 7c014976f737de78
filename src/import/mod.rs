//! Networks out of files: every loader ends in one [`crate::model::Graph`].
//!
//! | what a file has | loader |
//! |---|---|
//! | tensors alone, of a ResNet | [`find`] says which tensors are one, [`resnet`] builds it |
//! | a program that `torch.export` wrote | [`pt2`] |
//! | a graph of ONNX | [`onnx`] |

mod calls;
mod draft;
pub mod find;
mod names;
pub mod onnx;
pub mod pt2;
pub mod resnet;
