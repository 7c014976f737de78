//! The layers as a list of stages, blocks and layers that can be folded.

use std::collections::BTreeSet;

use super::{Layout, State};
use crate::base::LayerId;
use crate::session::ask::LayerInfo;

/// One row of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// 0 for a stage, 1 for a block or a layer of the stem, 2 for a layer of a block.
    pub depth: u16,
    /// The last part of its name.
    pub label: String,
    /// The layer; of a group, its last one.
    pub layer: LayerId,
    /// The name of the group that this row opens and folds.
    pub group: Option<String>,
    /// Whether the group is open.
    pub open: bool,
}

/// Layers `features.0`, `features.1`, ... that are a stage of their own; fewer belong to the stem or the head.
const STAGE: usize = 4;

/// The stage and the block that a layer belongs to: `layer1`, `layer1.0`. Layers outside the stages
/// belong to `stem` or, after them, `head`.
fn groups(layers: &[LayerInfo], index: usize) -> (String, Option<String>) {
    let parts: Vec<&str> = layers[index].name.split('.').collect();
    match parts[..] {
        [stage, block, _, ..] => (stage.to_string(), Some(format!("{stage}.{block}"))),
        [stage, _] if siblings(layers, index, stage) => (stage.to_string(), None),
        _ => {
            let staged = |i: usize| match layers[i].name.split('.').collect::<Vec<_>>()[..] {
                [_, _, _, ..] => true,
                [stage, _] => siblings(layers, i, stage),
                _ => false,
            };
            let after = (0..index).any(staged);
            (if after { "head" } else { "stem" }.to_string(), None)
        }
    }
}

/// Whether enough layers around this one belong to the same module.
fn siblings(layers: &[LayerInfo], index: usize, stage: &str) -> bool {
    let own = |layer: &&LayerInfo| layer.name.split('.').next() == Some(stage);
    let before = layers[..index].iter().rev().take_while(own).take(STAGE).count();
    before + layers[index..].iter().take_while(own).take(STAGE).count() >= STAGE
}

/// The visible rows, given which groups are folded.
pub fn rows(layers: &[LayerInfo], folded: &BTreeSet<String>) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    let (mut stage_row, mut block_row) = (usize::MAX, usize::MAX);
    for (index, info) in layers.iter().enumerate() {
        let (stage, block) = groups(layers, index);
        let open = |group: &String| !folded.contains(group);
        if rows.get(stage_row).and_then(|r| r.group.as_ref()) != Some(&stage) {
            stage_row = rows.len();
            rows.push(group_row(0, &stage, info.id, open(&stage)));
        }
        rows[stage_row].layer = info.id;
        if !rows[stage_row].open {
            continue;
        }
        if let Some(block) = &block {
            if rows.get(block_row).and_then(|r| r.group.as_ref()) != Some(block) {
                block_row = rows.len();
                rows.push(group_row(1, block, info.id, open(block)));
            }
            rows[block_row].layer = info.id;
            if !rows[block_row].open {
                continue;
            }
        }
        let prefix = block.as_ref().map_or(0, |b| b.len() + 1);
        rows.push(Row {
            depth: if block.is_some() { 2 } else { 1 },
            label: info.name[prefix..].to_string(),
            layer: info.id,
            group: None,
            open: false,
        });
    }
    rows
}

fn group_row(depth: u16, name: &str, layer: LayerId, open: bool) -> Row {
    let label = name.rsplit('.').next().unwrap_or(name).to_string();
    Row { depth, label, layer, group: Some(name.to_string()), open }
}

/// The blocks of a network: all of them start folded, so that a stage is read at a glance.
pub fn blocks(layers: &[LayerInfo]) -> BTreeSet<String> {
    (0..layers.len()).filter_map(|i| groups(layers, i).1).collect()
}

impl State {
    /// The visible rows of the list.
    pub fn tree(&self) -> Vec<Row> {
        rows(self.layers(), &self.cursor.folded)
    }

    /// The row of the chosen layer: its group's where that was chosen, else its own.
    pub fn tree_row(&self, rows: &[Row]) -> usize {
        let chosen = |r: &&Row| r.layer == self.cursor.layer && r.group == self.cursor.group;
        let by = |f: &dyn Fn(&&Row) -> bool| rows.iter().position(|r| f(&r));
        by(&chosen)
            .or_else(|| by(&|r| r.layer == self.cursor.layer && r.group.is_none()))
            .or_else(|| by(&|r| r.layer == self.cursor.layer))
            .unwrap_or(0)
    }

    /// Scrolls the list no further than needed for the chosen row to be on the screen.
    pub(super) fn scroll_list(&mut self) {
        let Some(layout) = Layout::of(self).filter(|l| !l.layers.is_empty()) else { return };
        let rows = self.tree();
        let (at, height) = (self.tree_row(&rows), usize::from(layout.layers.inner().height));
        let last_top = rows.len().saturating_sub(height);
        let lowest = (at + 1).saturating_sub(height);
        self.cursor.list_top = self.cursor.list_top.clamp(lowest, at.max(lowest)).min(last_top);
    }

    /// Opens the groups around the chosen layer, so that its own row is visible.
    pub(super) fn reveal(&mut self) {
        let layers = self.layers();
        if self.cursor.layer.0 < layers.len() {
            let (stage, block) = groups(layers, self.cursor.layer.0);
            self.cursor.folded.remove(&stage);
            if let Some(block) = block {
                self.cursor.folded.remove(&block);
            }
        }
    }

    /// The last layer of each stage.
    fn stage_ends(&self) -> Vec<usize> {
        let layers = self.layers();
        let stage = |i: usize| groups(layers, i).0;
        let is_last = |i: &usize| i + 1 == layers.len() || stage(*i) != stage(i + 1);
        (0..layers.len()).filter(is_last).collect()
    }

    /// The last layer of each stage, where that is a map.
    pub(super) fn stage_maps(&self) -> Vec<LayerId> {
        let is_map = |i: &usize| self.layers().get(*i).is_some_and(|layer| layer.shape.area() > 1);
        self.stage_ends().into_iter().filter(is_map).map(LayerId).collect()
    }

    /// The last layer of the next or the previous stage.
    pub(super) fn stage_step(&self, forward: bool) -> Option<LayerId> {
        let layers = self.layers();
        let stage = |i: usize| groups(layers, i).0;
        let here = stage(self.cursor.layer.0.min(layers.len().checked_sub(1)?));
        let ends = self.stage_ends();
        let at = ends.iter().position(|i| stage(*i) == here)?;
        let wanted = if forward { at + 1 } else { at.checked_sub(1)? };
        ends.get(wanted).map(|i| LayerId(*i))
    }
}
