//! The list of all keys and commands over the screen: its lines, which of them a filter keeps, how far it is scrolled.

use super::command::{COMMANDS, Command, Group};
use super::{Help, Layout, State};
use crate::base::{Key, KeyCode, Rect, columns, wrapped};

/// Columns between keys, names and sentences.
const GAP: u16 = 2;
/// A sentence in fewer columns is hard to read: names are left out before that.
const NARROW: u16 = 32;
/// Columns of two lists beside each other.
const TWO: u16 = 150;

/// A line of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HelpLine {
    /// Between groups.
    Blank,
    /// The name of a group.
    Heading(&'static str),
    /// A command, or more words of the one above, without keys and name.
    Command {
        /// Its keys.
        keys: String,
        /// Its name and argument; empty where the screen is too narrow for it.
        name: String,
        /// What it does.
        words: String,
    },
}

/// The list on the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HelpPage {
    /// The pane.
    pub area: Rect,
    /// The row of the filter.
    pub input: Rect,
    /// The lists from left to right: where each stands, and its visible lines.
    pub lists: Vec<(Rect, Vec<HelpLine>)>,
    /// Where names and sentences begin in a list.
    pub starts: (u16, u16),
    /// Visible lines (first, past the last), and all of them.
    pub shown: (usize, usize, usize),
}

impl Help {
    /// The list on the screen; `None` without room for anything.
    pub fn page(&self, state: &State) -> Option<HelpPage> {
        let area = Layout::of(state)?.wide_overlay();
        let (input, rest) = area.inner().split_top(1);
        let count: u16 = if rest.width >= TWO { 2 } else { 1 };
        let width = (rest.width / count).saturating_sub(1);
        let rows = self.rows(state);
        let widest = |of: fn(&Row) -> &str| {
            rows.iter().map(|row| columns(of(row))).max().unwrap_or(0) as u16 + GAP
        };
        let keys = widest(|row| &row.keys);
        let named = keys + widest(|row| &row.name);
        let (names, words) =
            if named + NARROW <= width { (keys, named) } else { (keys, keys.min(width)) };
        let lists = flowed(&rows, usize::from(count), names < words, width - words);
        let height = usize::from(rest.height);
        let all = lists.iter().map(Vec::len).max().unwrap_or(0);
        let top = self.top.min(all.saturating_sub(height));
        let list = |(i, lines): (usize, Vec<HelpLine>)| {
            let x = rest.x + 1 + i as u16 * (rest.width / count);
            let visible = lines.into_iter().skip(top).take(height).collect();
            (Rect::new(x, rest.y, width, rest.height), visible)
        };
        let lists = lists.into_iter().enumerate().map(list).collect();
        let shown = (top, (top + height).min(all), all);
        Some(HelpPage { area, input, lists, starts: (names, words), shown })
    }

    /// The commands that the filter keeps: those of the view on the screen first.
    fn rows(&self, state: &State) -> Vec<Row> {
        let here = Group::of(state.view);
        let mut rows: Vec<Row> = COMMANDS.iter().map(|command| Row::of(state, command)).collect();
        rows.sort_by_key(|row| Some(row.group) != here);
        let wanted = self.filter.to_lowercase();
        let texts = |row: &Row| {
            let lower = format!("{} {} {}", row.name, row.words, row.group.title()).to_lowercase();
            // Of keys, `g` and `G` are two.
            lower.contains(&wanted) || row.keys.split(' ').any(|key| key == self.filter)
        };
        rows.retain(texts);
        rows
    }

    /// Takes a key; `None` when it closes the list.
    pub(super) fn key(mut self, state: &State, key: Key) -> Option<Self> {
        let page = self.page(state).map_or(1, |page| page.shown.1 - page.shown.0);
        match (key.code, self.typing) {
            (KeyCode::Named("Esc"), true) => self = Self::default(),
            (KeyCode::Named("Enter"), true) => self.typing = false,
            (KeyCode::Named("Backspace"), true) => {
                self.typing = self.filter.pop().is_some();
                self.top = 0;
            }
            (KeyCode::Named("Down"), true) => self.scroll(state, 1),
            (KeyCode::Named("Up"), true) => self.scroll(state, -1),
            (KeyCode::Named("PgDn"), true) => self.scroll(state, page as isize),
            (KeyCode::Named("PgUp"), true) => self.scroll(state, -(page as isize)),
            (_, true) => {
                self.filter.extend(key.text());
                self.top = 0;
            }
            (KeyCode::Char('/'), false) => self.typing = true,
            (KeyCode::Named("Esc"), false) if !self.filter.is_empty() => self = Self::default(),
            (_, false) => match state.setup.keys.command(key) {
                Some("find-layer") => self.typing = true,
                Some("down") => self.scroll(state, 1),
                Some("up") => self.scroll(state, -1),
                Some("page-down") => self.scroll(state, page as isize),
                Some("page-up") => self.scroll(state, -(page as isize)),
                Some("first") => self.top = 0,
                Some("last") => self.scroll(state, isize::MAX / 2),
                Some("back" | "help" | "quit" | "open") => return None,
                _ => {}
            },
        }
        Some(self)
    }

    /// Scrolls down by a number of lines.
    pub(super) fn scroll(&mut self, state: &State, lines: isize) {
        let Some(page) = self.page(state) else { return };
        let (top, end, all) = page.shown;
        self.top = top.saturating_add_signed(lines).min(all.saturating_sub(end - top));
    }
}

/// A command in words.
struct Row {
    group: Group,
    keys: String,
    name: String,
    words: String,
}

impl Row {
    fn of(state: &State, command: &Command) -> Self {
        let keys: Vec<String> =
            state.setup.keys.keys_of(command.name).iter().map(Key::to_string).collect();
        let name = match command.argument {
            "" => command.name.to_string(),
            argument => format!("{} {argument}", command.name),
        };
        Self { group: command.group, keys: keys.join(" "), name, words: command.doc.to_string() }
    }
}

/// The lines in `count` lists of about the same length; a group stays in one piece.
fn flowed(rows: &[Row], count: usize, names: bool, width: u16) -> Vec<Vec<HelpLine>> {
    let groups: Vec<Vec<HelpLine>> = rows
        .chunk_by(|a, b| a.group == b.group)
        .map(|group| lines(group, names, usize::from(width.max(1))))
        .collect();
    let all: usize = groups.iter().map(|group| group.len() + 1).sum();
    let mut lists: Vec<Vec<HelpLine>> = vec![Vec::new()];
    for group in groups {
        let full = lists.last().is_some_and(|list| list.len() + group.len() / 2 > all / count);
        if full && lists.len() < count {
            lists.push(Vec::new());
        }
        if let Some(list) = lists.last_mut() {
            if !list.is_empty() {
                list.push(HelpLine::Blank);
            }
            list.extend(group);
        }
    }
    lists
}

/// The lines of one group.
fn lines(group: &[Row], names: bool, width: usize) -> Vec<HelpLine> {
    let heading = group.first().map(|row| HelpLine::Heading(row.group.title()));
    let commands = group.iter().flat_map(|row| {
        wrapped(&row.words, width).into_iter().enumerate().map(|(i, words)| {
            let first = |text: &str| if i == 0 { text.to_string() } else { String::new() };
            let name = if names { first(&row.name) } else { String::new() };
            HelpLine::Command { keys: first(&row.keys), name, words }
        })
    });
    heading.into_iter().chain(commands).collect()
}
