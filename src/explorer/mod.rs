//! The explorer as a state machine: [`update`] takes a message and returns effects, and does nothing
//! else. It knows no terminal, no threads and no files.

mod choosing;
mod command;
mod effect;
mod explaining;
mod help;
mod hints;
mod inspector;
mod jobs;
mod keys;
mod knocking;
mod layout;
mod lists;
mod looks;
mod mouse;
mod moving;
mod opening;
mod picker;
mod printing;
mod progress;
mod questions;
mod rebuilding;
mod say;
mod spots;
mod state;
mod tabs;
mod tree;
mod typing;
mod update;
pub mod views;
mod warnings;

pub use choosing::{LONGEST_INPUT, LONGEST_PATH};
pub use command::{COMMANDS, Command, Group};
pub use effect::{Effect, Msg, Printed};
pub use help::{HelpLine, HelpPage};
pub use hints::{Footer, Hint};
pub use inspector::ClassRows;
pub use jobs::name as job_name;
pub use keys::{load_keys, markdown_tables};
pub use knocking::instead_words;
pub use layout::{Grid, Layout, MapPlace};
pub use opening::first_layer;
pub use picker::{PickerColumns, PickerPlaces};
pub use spots::Spot;
pub use state::{
    Aim, Doing, Explaining, Given, Help, Message, Opening, Overlay, Pane, Picker, PickerItem,
    PickerKind, Rebuilding, State, What, Work,
};
pub use tabs::Tab;
pub use tree::Row;
// What the screen draws; it does not know the session.
pub use crate::session::ask::{
    Cells, ChannelStatistics, Curve, Finding, Found, Heatmap, Job, Judgement, KernelInfo, Kind,
    LaneName, ModelRef, PlaneKind, Rebuilt, Slice, Target, color,
};
pub use update::{demand, start, update};
