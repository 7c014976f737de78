//! The tabs of the views in the first row: how much of their names fits, and where each stands.

use super::views::ViewId;
use super::{Layout, State};
use crate::base::{Choice, Rect, columns};

/// Columns of the network's and the photo's name that tabs leave to them.
const NAMES: (usize, usize) = (9, 15);

/// A tab.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tab {
    /// Its view.
    pub view: ViewId,
    /// The key of the view and its name, or one of them.
    pub text: String,
    /// Where it stands.
    pub rect: Rect,
}

/// The name of a view for people.
const fn title(view: ViewId) -> &'static str {
    match view {
        ViewId::Maps => "Maps",
        ViewId::Map => "Map",
        ViewId::Kernels => "Kernels",
        ViewId::Depth => "Depth",
        ViewId::Explain => "Explain",
        ViewId::Rebuild => "Rebuild",
    }
}

impl State {
    /// The tabs: with all names where the names of network and photo have room beside them, else only the name of the
    /// view on the screen; none where that does not fit.
    pub fn tabs(&self) -> Vec<Tab> {
        let Some(row) = Layout::of(self).map(|layout| layout.title) else { return Vec::new() };
        let network = self.shown.network.as_ref().map_or(0, |network| columns(&network.name));
        let photo = self.shown.input.as_ref().map_or(0, |input| columns(&input.name));
        let names = 5 + network.min(NAMES.0) + photo.min(NAMES.1);
        let forms = [(true, 2), (true, 1), (false, 1)];
        let tabs = forms.map(|(named, gap)| self.tabs_of(row, named, gap));
        let fits = |least: usize| {
            tabs.iter()
                .find(|tabs| tabs.first().is_some_and(|tab| usize::from(tab.rect.x) >= least))
        };
        fits(names).or_else(|| fits(1)).cloned().unwrap_or_default()
    }

    /// The tabs at the right end of the row; empty where they do not fit.
    fn tabs_of(&self, row: Rect, named: bool, gap: u16) -> Vec<Tab> {
        let text = |view: ViewId| {
            let key = self.setup.keys.keys_of(view.name()).first().map(ToString::to_string);
            match key {
                Some(key) if named || view == self.view => format!("{key} {}", title(view)),
                Some(key) => key,
                None => title(view).to_string(),
            }
        };
        let texts: Vec<String> = ViewId::ALL.iter().map(|view| text(*view)).collect();
        let width = |text: &String| columns(text) as u16 + gap;
        let all: u16 = texts.iter().map(width).sum::<u16>() - gap + 1;
        let Some(start) = row.width.checked_sub(all) else { return Vec::new() };
        let mut x = row.x + start;
        let tab = |(view, text): (&ViewId, String)| {
            let rect = Rect::new(x, row.y, columns(&text) as u16, 1);
            x += rect.width + gap;
            Tab { view: *view, text, rect }
        };
        ViewId::ALL.iter().zip(texts).map(tab).collect()
    }
}
