//! The words between the session and those who ask it: requests, answers, and what they carry.
//!
//! Files of the session name the module of a word, not this one, so that `tests/architecture.rs` sees who uses whom.

pub(super) mod answer;
pub(super) mod files;
pub(super) mod finding;
pub(super) mod job;
pub(super) mod knock_out;
pub(super) mod known;
pub(super) mod refs;
pub mod request;
pub(super) mod seen;

pub use answer::{Answer, Answered};
pub use files::{Entry, Export, ExportWhat, Exported, Fetched, InCache, ModelRow};
pub use finding::{Agreement, Explanation, Finding, Found, Ranking, Remade, Show, Sight};
pub use job::{Explain, Job, Judge, Method, Rank, Rebuild, Wish};
pub use knock_out::{EditsId, KnockOut};
pub use known::{
    ClassLabel, DeviceNow, Drawn, Heatmap, InputInfo, KernelInfo, LayerInfo, LayerSummary,
    NetworkInfo, Outcome, Timing,
};
pub use refs::{
    CellSize, InputId, KernelRef, ModelRef, NetworkId, PhotoRef, Plane, PlaneKind, RunKey, Slice,
};
pub use request::{Request, Shown};
pub use seen::{Mark, Seen};

pub use super::classes::{find_class, last_map};
pub use super::error::SessionError;
pub use super::lanes::LaneName;
pub use super::naming::sample_names;
pub use super::store::Ask;

pub use crate::analysis::explain::{Kind, Passes, Question, Size};
pub use crate::analysis::judge::{Curve, Judgement, Redrawn, Road};
pub use crate::analysis::rebuild::{Dream, Goal, Inversion, Maximization, Rebuilt};
pub use crate::analysis::{Histogram, LayerStatistics, Parameter, Parameters, Target};
pub use crate::base::OutputFunction;
pub use crate::engine::{Change, ChannelStatistics};
pub use crate::ops::{Field, FieldAxis};
pub use crate::picture::{Blocks, Cell, Cells, Look, Picture, Range, color};
pub use crate::source::hub::RepoRef;
pub use crate::source::{Placement, is_checkpoint};
