//! What is on the screen in words: as a command line, as a caption, as a file's name.

use super::{State, What};
use crate::base::{Choice, LayerId, ranges};
use crate::session::ask::{KnockOut, ModelRef, PlaneKind, Seen, Slice, Target};

/// The command that shows what the view shows.
pub(super) fn command_line(state: &State) -> String {
    let mut words = vec!["convscope".to_string()];
    let photo =
        state.wanted.photos.get(state.shown.photo).map(|photo| photo.text()).unwrap_or_default();
    let layer = state.layer_info().map(|l| l.name.clone()).unwrap_or_default();
    let seen = state.view().seen(state);
    // A command refuses flags that it does not use.
    let is_weights = matches!(seen, Some(Seen::Kernels { .. }));
    let is_statistics = seen.is_none() && !state.rebuilds();
    match seen {
        Some(Seen::Maps { maps, over_photo, .. }) => {
            words.extend(["maps".into(), photo, "--layer".into(), layer]);
            words.extend(planes(&maps));
            if let Some(blending) = over_photo {
                words.extend(["--overlay".into(), blending.name().into()]);
            }
            words.extend(state.shows_difference().then(|| "--difference".to_string()));
            words.push("--print".into());
        }
        Some(Seen::Kernels { kernels, layer, .. }) => {
            let convolution = state.layers().get(layer.0).map(|l| l.name.clone());
            words.extend(["kernels".into(), "--layer".into(), convolution.unwrap_or_default()]);
            words.extend(kernel_flags(state, &kernels));
            words.push("--print".into());
        }
        _ if state.rebuilds() => words.extend(rebuild_line(state, photo)),
        Some(Seen::Explanation { .. }) => {
            words.extend(["explain".into(), photo]);
            words.extend(explain_flags(state));
            words.push("--print".into());
        }
        None => words.extend(["stats".into(), photo]),
    }
    if state.wanted.model != ModelRef::Builtin {
        words.extend(["--model".into(), state.wanted.model.text(&state.setup.catalogue)]);
    }
    if !is_statistics {
        words.extend(look_flags(state));
    }
    words.extend(state.setup.flags.network.iter().cloned());
    if !is_weights {
        words.extend(knock_out_flags(state));
        words.extend(state.setup.flags.run.iter().cloned());
    }
    let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    words.join(" ")
}

/// The method, the layer and the target.
fn explain_flags(state: &State) -> Vec<String> {
    let mut flags = vec!["--method".to_string(), state.explain.method.name().to_string()];
    let name = |layer: LayerId| {
        state.layers().get(layer.0).map(|info| info.name.clone()).unwrap_or_default()
    };
    if state.explain.method.takes_layer() {
        flags.extend(["--layer".into(), name(state.cursor.layer)]);
    }
    match state.target() {
        Some(Target::Class(class)) => flags.extend(["--class".into(), class.to_string()]),
        Some(Target::Channel { layer, channel }) => {
            flags.extend(["--layer".into(), name(layer), "--channel".into(), channel.to_string()])
        }
        Some(Target::Unit { layer, channel, row, column }) => flags.extend([
            "--layer".into(),
            name(layer),
            "--unit".into(),
            format!("{channel},{row},{column}"),
        ]),
        None => {}
    }
    flags
}

/// The command that makes what the Rebuild view makes.
fn rebuild_line(state: &State, photo: String) -> Vec<String> {
    let layer = state.layer_info().map(|info| info.name.clone()).unwrap_or_default();
    let channel = || ["--channel".to_string(), state.cursor.channel.to_string()];
    let mut words: Vec<String> = match state.rebuild.what {
        What::InvertLayer => vec!["invert".into(), photo],
        What::InvertStages => {
            let name = |id: LayerId| state.layers().get(id.0).map(|info| info.name.clone());
            let names: Vec<String> = state.stage_maps().into_iter().filter_map(name).collect();
            vec!["invert".into(), photo, "--layers".into(), names.join(",")]
        }
        What::InvertChannel => {
            vec!["invert".into(), photo, "--channels".into(), state.cursor.channel.to_string()]
        }
        What::DreamLayer => vec!["dream".into(), photo],
        What::DreamChannel => ["dream".to_string(), photo].into_iter().chain(channel()).collect(),
        What::MaximizeChannel => ["dream".to_string()].into_iter().chain(channel()).collect(),
        What::MaximizeUnit => {
            let (row, column) = state.cursor.unit;
            let unit = format!("{},{row},{column}", state.cursor.channel);
            vec!["dream".into(), "--unit".into(), unit]
        }
        What::MaximizeClass => {
            let class = state.class().unwrap_or(0).to_string();
            vec!["dream".into(), "--class".into(), class]
        }
    };
    if !matches!(state.rebuild.what, What::MaximizeClass | What::InvertStages) {
        words.extend(["--layer".into(), layer]);
    }
    if let Some(iterations) = state.rebuild.iterations {
        words.extend(["--iterations".into(), iterations.to_string()]);
    }
    if state.rebuild.variants > 1 && state.rebuild.what.from_noise() {
        words.extend(["--variants".into(), state.rebuild.variants.to_string()]);
    }
    if state.rebuild.seed > 0 {
        words.extend(["--seed".into(), state.rebuild.seed.to_string()]);
    }
    words.push("--print".into());
    words
}

/// What is knocked out in the run on the screen.
fn knock_out_flags(state: &State) -> Vec<String> {
    let flag = |knock: &KnockOut| {
        let layer = state.layers().get(knock.layer.0).map_or("", |info| info.name.as_str());
        ["--knock-out".to_string(), knock.text(layer)]
    };
    state.shown.knock_outs.iter().flat_map(flag).collect()
}

fn planes(maps: &[PlaneKind]) -> Vec<String> {
    if let [PlaneKind::Combined(how)] = maps {
        return vec!["--combine".into(), how.name().into()];
    }
    let channel = |what: &PlaneKind| match what {
        PlaneKind::Channel(channel) => Some(*channel),
        PlaneKind::Combined(_) => None,
    };
    let channels: Vec<usize> = maps.iter().filter_map(channel).collect();
    vec!["--channels".into(), ranges(&channels)]
}

fn kernel_flags(state: &State, kernels: &[(usize, Slice)]) -> Vec<String> {
    let mut flags = Vec::new();
    if kernels.iter().any(|(_, slice)| *slice == Slice::Matrix) {
        return flags;
    }
    if state.display.inputs {
        flags.extend(["--channels".into(), state.cursor.channel.to_string()]);
    } else {
        let channels: Vec<usize> = kernels.iter().map(|(kernel, _)| *kernel).collect();
        flags.extend(["--channels".into(), ranges(&channels)]);
    }
    let slice = if state.display.inputs {
        Some(&Slice::Input(state.cursor.slice))
    } else {
        kernels.first().map(|k| &k.1)
    };
    if let Some(Slice::Input(input)) = slice {
        flags.extend(["--slice".into(), input.to_string()]);
    }
    flags
}

/// What differs from the settings. The channels are listed in their order: it needs no flag.
fn look_flags(state: &State) -> Vec<String> {
    let mut flags = Vec::new();
    let signed = state.view().signed(state);
    let (chosen, usual) = match signed {
        true => (state.display.look.signed_colormap, state.setup.usual_look.signed_colormap),
        false => (state.display.look.colormap, state.setup.usual_look.colormap),
    };
    if chosen != usual && !state.rebuilds() {
        flags.extend(["--colormap".into(), chosen.name().into()]);
    }
    if !state.rebuilds() && state.display.look.range != state.setup.usual_look.range {
        flags.extend(["--range".into(), state.display.look.range.name().into()]);
    }
    flags
}

/// A word as a shell reads it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:,@+=%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_string()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// Network, photo, layer, maps, range: the lines below an exported picture.
pub(super) fn caption(state: &State) -> Vec<String> {
    let mut first = Vec::new();
    if let Some(network) = &state.shown.network {
        first.push(format!("{} ({})", network.name, network.source));
    }
    let on_photo = !matches!(state.view().seen(state), Some(Seen::Kernels { .. }));
    if let Some(input) = state.shown.input.as_ref().filter(|_| on_photo) {
        first.push(format!("{} {}x{}", input.name, input.shape.w, input.shape.h));
    }
    first.push(state.device.label.clone());
    let mut second = Vec::new();
    if let Some(layer) = state.layer_info() {
        second.push(format!("{} {}", layer.name, layer.shape));
    }
    match state.view().seen(state) {
        Some(Seen::Maps { maps, over_photo, .. }) => {
            second.push(match maps.as_slice() {
                [PlaneKind::Channel(channel)] => format!("channel {channel}"),
                [PlaneKind::Combined(how)] => format!("{how} of all channels"),
                maps => format!("{}, by {}", numbered(maps), state.display.sort),
            });
            if over_photo.is_some() {
                second.push("over the photo".into());
            }
            if state.shows_difference() {
                second.push("what the knock-outs change".into());
            }
        }
        Some(Seen::Explanation { .. }) if state.rebuilds() => {
            second = vec![state.rebuild_words(), format!("seed {}", state.rebuild.seed)];
        }
        Some(Seen::Explanation { .. }) => {
            if !state.explain.method.takes_layer() {
                second.clear();
            }
            let methods: Vec<&str> =
                state.explanations().iter().map(|of| of.method.name()).collect();
            second.push(format!("{} of {}", methods.join(" and "), state.target_words()));
        }
        Some(Seen::Kernels { kernels, .. }) => {
            second.push(match (state.display.inputs, kernels.first()) {
                (true, _) => format!("inputs of kernel {}", state.cursor.channel),
                (false, Some((_, Slice::Input(input)))) => {
                    format!("{} kernels, input {input}", kernels.len())
                }
                (false, Some((_, Slice::Matrix))) => "1x1 kernels as a matrix".to_string(),
                (false, _) => format!("{} kernels in color", kernels.len()),
            });
        }
        None => {}
    }
    let (map, mode) = state.display.look.resolve(state.view().signed(state));
    if state.explains() {
        second.push(map.to_string());
    } else if !state.rebuilds() {
        second.push(format!("{map}, range {mode}"));
    }
    let knocked: Vec<String> = knock_out_flags(state).into_iter().skip(1).step_by(2).collect();
    if !knocked.is_empty() {
        second.push(format!("knocked out {}", knocked.join(" ")));
    }
    // The letters of the strip have no dots in the middle.
    vec![first.join(", "), second.join(", ")]
}

/// Most channels that are listed.
const LISTED: usize = 32;

/// `channels 7 0 12`, in the order of the tiles.
fn numbered(maps: &[PlaneKind]) -> String {
    let number = |what: &PlaneKind| match what {
        PlaneKind::Channel(channel) => channel.to_string(),
        PlaneKind::Combined(how) => how.to_string(),
    };
    let numbers: Vec<String> = maps.iter().take(LISTED).map(number).collect();
    let more = if maps.len() > LISTED { " ..." } else { "" };
    format!("channels {}{more}", numbers.join(" "))
}

/// `convscope-resnet50-layer1.0.relu-5`.
pub(super) fn file_stem(state: &State) -> String {
    let model = state.wanted.model.text(&state.setup.catalogue);
    let model = model.rsplit('/').next().unwrap_or_default().to_string();
    let model = model.split(".safetensors").next().unwrap_or_default().to_string();
    let mut parts = vec!["convscope".to_string(), model];
    parts.extend(state.layer_info().map(|l| l.name.clone()));
    match state.view().seen(state) {
        Some(Seen::Maps { maps, .. }) => match maps.as_slice() {
            [PlaneKind::Channel(channel)] => parts.push(channel.to_string()),
            [PlaneKind::Combined(how)] => parts.push(how.to_string()),
            _ => parts.push("maps".into()),
        },
        Some(Seen::Kernels { .. }) => parts.push("kernels".into()),
        Some(Seen::Explanation { .. }) if state.rebuilds() => {
            if state.rebuild.what == What::InvertStages {
                parts.pop();
            }
            parts.push(state.rebuild.what.name().to_string());
        }
        Some(Seen::Explanation { .. }) => {
            if !state.explain.method.takes_layer() {
                parts.pop();
            }
            parts.extend(state.explanations().iter().map(|of| of.method.name().to_string()));
            parts.push(state.target_words().replace(" (", "_").replace(')', ""));
        }
        None => {
            parts.pop();
            parts.push("depth".into());
        }
    }
    let harmless = |c: char| c.is_ascii_alphanumeric() || "-_.+".contains(c);
    parts.join("-").chars().map(|c| if harmless(c) { c } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_for_the_shell() {
        assert_eq!(quoted("a/b.png"), "a/b.png");
        assert_eq!(quoted("my cat's.jpg"), "'my cat'\\''s.jpg'");
    }
}
