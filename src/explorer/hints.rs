//! The last row: which keys matter where the cursor is, and where each hint stands. A click on a hint is its key.

use super::views::ViewId;
use super::{Layout, Overlay, Pane, PickerKind, State, progress};
use crate::base::{Key, Rect, columns};

/// Commands and a short word for what their keys do, the most important first.
type Hints = &'static [(&'static [&'static str], &'static str)];

const MOVE: &[&str] = &["left", "down", "up", "right"];
const LAYER: &[&str] = &["previous-layer", "next-layer"];
const CHANNEL: &[&str] = &["previous-channel", "next-channel"];

const IN_MAPS: Hints = &[
    (&["back"], "cancel"),
    (&["difference"], "difference"),
    (&["open"], "map"),
    (LAYER, "layer"),
    (&["sort"], "sort"),
    (&["drives-channel"], "explain"),
    (&["knock-out"], "knock out"),
    (&["rank"], "rank"),
    (&["overlay"], "overlay"),
    (MOVE, "move"),
    (&["find-layer"], "find layer"),
    (&["channel"], "channel"),
    (&["combine"], "combine"),
    (&["colormap"], "colors"),
    (&["export"], "save"),
];
const IN_MAP: Hints = &[
    (&["back"], "cancel"),
    (CHANNEL, "channel"),
    (MOVE, "unit"),
    (&["difference"], "difference"),
    (LAYER, "layer"),
    (&["smaller", "larger"], "zoom"),
    (&["overlay"], "overlay"),
    (&["drives-unit"], "explain"),
    (&["maximum"], "maximum"),
    (&["knock-out"], "knock out"),
    (&["open"], "all maps"),
    (&["channel"], "go to channel"),
    (&["range"], "range"),
    (&["colormap"], "colors"),
    (&["export"], "save"),
];
const IN_KERNELS: Hints = &[
    (MOVE, "move"),
    (&["open"], "inputs"),
    (&["back"], "back"),
    (LAYER, "layer"),
    (&["sort"], "sort"),
    (&["channel"], "channel"),
    (&["smaller", "larger"], "size"),
    (&["find-layer"], "find layer"),
    (&["colormap"], "colors"),
    (&["range"], "range"),
    (&["export"], "save"),
];
const IN_DEPTH: Hints = &[
    (&["left", "right"], "layer"),
    (&["up", "down"], "stage"),
    (&["open"], "maps"),
    (&["find-layer"], "find layer"),
    (&["export"], "save as CSV"),
    (&["next-photo"], "next photo"),
];
const IN_EXPLAIN: Hints = &[
    (&["back"], "cancel"),
    (&["pause"], "pause"),
    (&["open"], "run"),
    (&["up", "down"], "class"),
    (&["left", "right"], "method"),
    (&["class"], "find class"),
    (LAYER, "layer"),
    (&["compare"], "compare"),
    (&["judge"], "score"),
    (&["smaller", "larger"], "opacity"),
    (&["method"], "all methods"),
    (&["export"], "save"),
];
const IN_REBUILD: Hints = &[
    (&["back"], "cancel"),
    (&["pause"], "pause"),
    (&["open"], "start"),
    (&["left", "right"], "what"),
    (&["up", "down"], "channel"),
    (LAYER, "layer"),
    (&["find-layer"], "find layer"),
    (&["channel"], "go to channel"),
    (&["export"], "save"),
];
const IN_LAYERS: Hints = &[
    (&["up", "down"], "layer"),
    (&["left", "right"], "fold"),
    (&["open"], "open"),
    (&["next-pane"], "to the view"),
    (&["find-layer"], "find layer"),
    (&["next-stage"], "next stage"),
    (&["layers"], "hide"),
];
const IN_HELP: Hints = &[
    (&["find-layer"], "filter"),
    (&["up", "down"], "line"),
    (&["page-up", "page-down"], "page"),
    (&["back"], "close"),
];
/// At the right end, in every view: from the right, each with the least width of the screen that shows it.
const ALWAYS: [(&str, &str, u16); 2] = [("help", "help", 40), ("command", "commands", 60)];

/// A hint on the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// The keys.
    pub keys: Vec<Key>,
    /// What they do.
    pub word: &'static str,
    /// Where it stands.
    pub rect: Rect,
}

impl Hint {
    fn new(keys: Vec<Key>, word: &'static str) -> Self {
        let width = columns(&keys_text(&keys)) + 1 + columns(word);
        Self { keys, word, rect: Rect::new(0, 0, width as u16, 1) }
    }

    fn at(self, x: u16, y: u16) -> Self {
        let rect = Rect::new(x, y, self.rect.width, 1);
        Self { rect, ..self }
    }

    /// Its keys as they stand there: `hjkl`, `[ ]`, `Enter`.
    pub fn text(&self) -> String {
        keys_text(&self.keys)
    }

    /// The key at a column: the one that stands there, else the last.
    pub fn key_at(&self, x: u16) -> Option<Key> {
        let at = usize::from(x.saturating_sub(self.rect.x));
        let mut end = 0;
        let pressed = self.keys.iter().find(|key| {
            end += columns(&key.to_string()) + glue(&self.keys).len();
            at < end
        });
        pressed.or(self.keys.last()).copied()
    }
}

/// What stands between keys: nothing between more than two letters.
fn glue(keys: &[Key]) -> &'static str {
    let letters = keys.iter().all(|key| key.to_string().chars().count() == 1);
    if letters && keys.len() > 2 { "" } else { " " }
}

fn keys_text(keys: &[Key]) -> String {
    let texts: Vec<String> = keys.iter().map(Key::to_string).collect();
    texts.join(glue(keys))
}

/// Where everything of the last row stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Footer {
    /// The hints; at the left none while there is a message.
    pub hints: Vec<Hint>,
    /// The room for a message.
    pub message: Rect,
    /// How far the work in progress is, and where that stands.
    pub work: Option<(Rect, String)>,
}

impl State {
    /// The last row.
    pub fn footer(&self) -> Option<Footer> {
        let row = Layout::of(self)?.footer;
        let (left, mut right) = (row.x + 1, (row.x + row.width).saturating_sub(1));
        let mut hints = Vec::new();
        if self.overlay.is_none() {
            for (command, word, least) in ALWAYS {
                let hint = Hint::new(self.first_keys(&[command]), word);
                let fits = row.width >= least && left + hint.rect.width < right;
                if !hint.keys.is_empty() && fits {
                    right -= hint.rect.width;
                    hints.push(hint.at(right, row.y));
                    right = right.saturating_sub(2);
                }
            }
        }
        let room = right.saturating_sub(left);
        // The rest is for a message or hints.
        let fitting = |words: &String| columns(words) <= usize::from(room) * 2 / 3;
        let work = progress::words(self).into_iter().find(fitting).map(|words| {
            right = right.saturating_sub(columns(&words) as u16);
            let rect = Rect::new(right, row.y, columns(&words) as u16, 1);
            right = right.saturating_sub(2);
            (rect, words)
        });
        let message = Rect::new(left, row.y, right.saturating_sub(left), 1);
        if self.message.is_none() {
            let mut x = left;
            for hint in self.hints_here() {
                if x + hint.rect.width <= right {
                    let hint = hint.at(x, row.y);
                    x += hint.rect.width + 2;
                    hints.push(hint);
                }
            }
        }
        Some(Footer { hints, message, work })
    }

    /// The hints for what the keys move in, the most important first.
    fn hints_here(&self) -> Vec<Hint> {
        let table = match (&self.overlay, self.cursor.pane, self.view) {
            (Some(Overlay::Help(_)), ..) => IN_HELP,
            (Some(Overlay::Picker(list)), ..) => return list_hints(list.kind),
            (None, Pane::Layers, _) => IN_LAYERS,
            (None, Pane::View, ViewId::Maps) => IN_MAPS,
            (None, Pane::View, ViewId::Map) => IN_MAP,
            (None, Pane::View, ViewId::Kernels) => IN_KERNELS,
            (None, Pane::View, ViewId::Depth) => IN_DEPTH,
            (None, Pane::View, ViewId::Explain) => IN_EXPLAIN,
            (None, Pane::View, ViewId::Rebuild) => IN_REBUILD,
        };
        let useful =
            table.iter().filter(|(commands, _)| commands.iter().all(|c| self.is_useful(c)));
        let hints = useful.map(|(commands, word)| Hint::new(self.first_keys(commands), word));
        hints.filter(|hint| !hint.keys.is_empty()).collect()
    }

    /// Whether a command does something here now.
    fn is_useful(&self, command: &str) -> bool {
        let combined = self.display.combine.is_some();
        match (command, self.view) {
            ("back", _) if self.overlay.is_some() => true,
            ("back", ViewId::Kernels) => self.display.inputs,
            ("back", _) => self.waiting.request.is_some() || self.jobs.running.is_some(),
            ("pause", _) => self.jobs.running.is_some(),
            ("open", ViewId::Explain) => self.slow_explanation().is_some(),
            ("open", ViewId::Kernels) => !self.display.inputs && self.kernels().is_some(),
            ("difference", _) => !self.wanted.knock_outs.is_empty(),
            ("overlay", _) => self.shown.input.as_ref().is_some_and(|i| i.placement.is_some()),
            ("rank", _) => self.class().is_some() && !combined,
            ("knock-out" | "drives-channel" | "drives-unit" | "sort", _) => !combined,
            ("previous-channel" | "next-channel", _) => !combined,
            _ => true,
        }
    }

    /// The first key of each command; nothing when one of them has none.
    fn first_keys(&self, commands: &[&str]) -> Vec<Key> {
        let first = |command: &&str| self.setup.keys.keys_of(command).first().copied();
        commands.iter().map(first).collect::<Option<Vec<Key>>>().unwrap_or_default()
    }
}

/// The keys of lists, which no table changes: letters go into the input line.
fn list_hints(kind: PickerKind) -> Vec<Hint> {
    let word = match kind {
        PickerKind::Command => "run",
        PickerKind::Layer | PickerKind::Channel => "go there",
        PickerKind::Model | PickerKind::Photo => "open",
        PickerKind::Device | PickerKind::Class | PickerKind::Method => "choose",
        PickerKind::Compare => "compare",
        PickerKind::Export => "save",
    };
    let named = |names: &[&str]| names.iter().filter_map(|name| Key::named(name)).collect();
    vec![
        Hint::new(named(&["Enter"]), word),
        Hint::new(named(&["Up", "Down"]), "move"),
        Hint::new(named(&["Esc"]), "close"),
    ]
}
