//! Keys, mouse, sizes, pastes and late answers in random order: nothing panics, and no step asks for more than a screen
//! can show.

use std::sync::Arc;
use std::time::Duration;

use convscope::base::{Key, Mouse, MouseKind, Random};
use convscope::explorer::{Effect, Msg, Work, demand, update};
use convscope::session::ask::{LaneName, ModelRef, PhotoRef, Request, SessionError, request};
use convscope::terminal::window;

use crate::render;
use crate::support::Explorer;

const STEPS: usize = 1_500;
const SIZES: [(u16, u16); 12] = [
    (0, 0),
    (1, 1),
    (19, 4),
    (20, 5),
    (21, 60),
    (60, 20),
    (80, 24),
    (99, 30),
    (120, 40),
    (65535, 6),
    (22, 65535),
    (65535, 0),
];
/// Pictures of a page and the rest of a screen.
const MOST_WANTED: usize = 1_000;

fn random_key(random: &mut Random) -> Key {
    const KEYS: [&str; 52] = [
        "h", "j", "k", "l", "g", "G", "C-d", "C-u", "Enter", "Esc", "Tab", "S-Tab", "]", "[", "}",
        "{", "/", "#", "1", "2", "3", "4", "5", "6", "t", "T", "f", "M", "B", "w", "J", "x", "X",
        "u", "d", "i", "L", "s", "a", "c", "r", "+", "-", "o", "n", "N", "m", "p", "D", "v", ":",
        "?",
    ];
    KEYS[random.below(KEYS.len())].parse().unwrap()
}

fn random_message(random: &mut Random, step: usize) -> Msg {
    const TEXTS: [&str; 5] =
        ["relu", "漢字\u{301}\u{301}", "\x1b[2J\n\x07", "99999999999999999999", "no/such.png"];
    match random.below(20) {
        0 => {
            let (columns, rows) = SIZES[random.below(SIZES.len())];
            let (columns, rows) = (columns.min(window::MOST.0), rows.min(window::MOST.1));
            Msg::Resize(columns, rows, [1.0, 2.0, 4.0][random.below(3)])
        }
        1 => Msg::Paste(TEXTS[random.below(TEXTS.len())].repeat(1 + 2_000 * random.below(2))),
        2 | 3 => {
            let kinds =
                [MouseKind::Press, MouseKind::Drag, MouseKind::WheelUp, MouseKind::WheelDown];
            let at = |random: &mut Random| [0, 5, 31, 77, 65535][random.below(5)];
            Msg::Mouse(Mouse {
                kind: kinds[random.below(4)],
                column: at(random),
                row: at(random),
                time: Duration::from_millis(40 * step as u64),
            })
        }
        4 => Msg::Settled,
        5 => Msg::Progress(Work {
            lane: [LaneName::Run, LaneName::Job, LaneName::Transfer][random.below(3)],
            done: random.below(9),
            total: random.below(9),
            elapsed: Duration::from_secs(1),
        }),
        _ => Msg::Key(random_key(random)),
    }
}

/// What the built-in network and this machine can answer; the rest fails, as a cable or a file may.
fn answer(explorer: &mut Explorer, request: Request) {
    match &request {
        Request::Network(request::Network(ModelRef::Builtin))
        | Request::Input(_)
        | Request::Forward(_)
        | Request::Heatmap(_)
        | Request::Statistics(_)
        | Request::Photo(_)
        | Request::Models(_)
        | Request::Folder(_) => explorer.answer(request),
        _ => {
            let failed = Msg::Answered(request, Err(SessionError::NotReady));
            update(&mut explorer.state, failed);
        }
    }
}

#[test]
fn storms_neither_panic_nor_ask_for_more_than_a_screen() {
    for seed in 0..2 {
        let mut random = Random::new(seed);
        let mut explorer = Explorer::open((80, 24));
        explorer.state.terminal.cell_pixels = (seed % 2 == 1).then_some((9, 18));
        let mut late: Vec<Request> = Vec::new();
        for step in 0..STEPS {
            let msg = random_message(&mut random, step);
            let effects = update(&mut explorer.state, msg);
            assert!(effects.len() <= 8, "{effects:?}");
            for effect in effects {
                if let Effect::Transfer(request) | Effect::Run(request) | Effect::Job(request) =
                    effect
                {
                    late.push(request);
                }
            }
            let wanted = demand(&explorer.state);
            assert!(
                wanted.len() <= MOST_WANTED,
                "seed {seed}, step {step}: {} wanted",
                wanted.len()
            );
            if random.below(3) == 0
                && let Some(request) = wanted.into_iter().next()
            {
                answer(&mut explorer, request);
            }
            if random.below(20) == 0 && !late.is_empty() {
                let at = random.below(late.len());
                answer(&mut explorer, late.swap_remove(at));
            }
            if step % 8 == 0 {
                render(&explorer.state);
            }
        }
    }
}

/// Names in files have any length and any letters.
#[test]
fn endless_names_stay_in_their_places() {
    for letter in ["x", "漢", "e\u{301}", "\u{301}", "\u{202e}", "👩\u{200d}👧"] {
        let name = letter.repeat(65_536);
        for size in [(40, 12), (120, 40)] {
            let photos = vec![PhotoRef::Sample(0)];
            let mut explorer = Explorer::with(ModelRef::Builtin, photos, size);
            let network = Arc::make_mut(explorer.state.shown.network.as_mut().unwrap());
            (network.name, network.source) = (name.clone(), name.clone());
            network.classes.iter_mut().for_each(|class| class.name.clone_from(&name));
            let outcome = Arc::make_mut(explorer.state.shown.outcome.as_mut().unwrap());
            let mut layers = outcome.layers.as_ref().clone();
            layers.iter_mut().for_each(|layer| layer.name.clone_from(&name));
            outcome.layers = Arc::new(layers);
            Arc::make_mut(explorer.state.shown.input.as_mut().unwrap()).name.clone_from(&name);
            for keys in ["", "i", "Esc /", "Esc f", "Esc 5", "4", "3", "2"] {
                for key in keys.split_whitespace() {
                    update(&mut explorer.state, Msg::Key(key.parse().unwrap()));
                }
                let buffer = render(&explorer.state);
                let longest = buffer.content.iter().map(|cell| cell.symbol().len()).max();
                assert!(longest <= Some(64), "{letter:?}, {keys:?}: {longest:?} bytes in a cell");
            }
        }
    }
}
