//! What stands over the screen: a list to choose from, or the list of keys.

/// What stands over the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Overlay {
    /// All keys and commands.
    Help(Help),
    /// A list to choose from.
    Picker(Picker),
}

/// What a list chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PickerKind {
    /// A command, with an argument after a space.
    Command,
    /// A layer.
    Layer,
    /// A channel, by its number.
    Channel,
    /// A network.
    Model,
    /// A photo.
    Photo,
    /// Where to run.
    Device,
    /// A class.
    Class,
    /// A method that explains.
    Method,
    /// A method to compare with.
    Compare,
    /// A file to write.
    Export,
}

/// A list with an input line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picker {
    /// What it chooses.
    pub kind: PickerKind,
    /// What was typed.
    pub input: String,
    /// The chosen place among the items.
    pub chosen: usize,
}

/// One item of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PickerItem {
    /// What is matched.
    pub name: String,
    /// What explains it.
    pub note: String,
    /// What stands before the name.
    pub mark: &'static str,
    /// What stands at its right: keys, shapes.
    pub side: String,
}

impl Picker {
    /// An empty list of that kind.
    pub const fn new(kind: PickerKind) -> Self {
        Self { kind, input: String::new(), chosen: 0 }
    }

    /// The title of the list.
    pub const fn title(&self) -> &'static str {
        match self.kind {
            PickerKind::Command => "Command",
            PickerKind::Layer => "Find a layer",
            PickerKind::Channel => "Go to channel",
            PickerKind::Model => "Networks",
            PickerKind::Photo => "Photos",
            PickerKind::Device => "Run on",
            PickerKind::Class => "Classes",
            PickerKind::Method => "Methods",
            PickerKind::Compare => "Compare with",
            PickerKind::Export => "Save",
        }
    }
}

impl PickerItem {
    /// An item without a mark.
    pub(in crate::explorer) fn new(
        name: &str,
        note: impl Into<String>,
        side: impl Into<String>,
    ) -> Self {
        Self { name: name.to_string(), note: note.into(), side: side.into(), mark: "" }
    }
}

/// The list of keys while it is open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Help {
    /// What the lines have to contain.
    pub filter: String,
    /// Whether keys write the filter.
    pub typing: bool,
    /// The number of lines above the first on the screen, at most what there are.
    pub(in crate::explorer) top: usize,
}
