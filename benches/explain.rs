//! What every method costs: passes through the network and time, as one table.
//!
//!     CONVSCOPE_BENCH_MODEL=resnet50.safetensors cargo bench --bench explain
//!
//! Without the variable the built-in network is used; `tools/make_random_resnet.py` writes a ResNet-50. A method of
//! many passes runs for some seconds; its whole time is then told from the steps behind it, and marked `~`.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::path::PathBuf;
use std::time::{Duration, Instant};

use convscope::base::{Cancel, LayerId, Progress};
use convscope::session::ask::*;
use convscope::session::{Options, Session};

/// How long a method may run before its time is told from what is behind.
const LIMIT: Duration = Duration::from_secs(8);

fn main() {
    let model = match std::env::var_os("CONVSCOPE_BENCH_MODEL") {
        Some(path) => ModelRef::File(PathBuf::from(path)),
        None => ModelRef::Builtin,
    };
    let session = Session::new(Options { memory: 4 << 30, ..Options::default() });
    let network = ask(&session, &request::Network(model));
    let photo = PhotoRef::Sample(2);
    let input = ask(&session, &request::Input { network: network.id, photo });
    let outcome = ask(&session, &request::Forward::plain(network.id, input.id));
    let run = outcome.run;
    let layer = last_map(&outcome.layers).unwrap();
    println!(
        "{} at {}x{}, forward {:.0} ms, layer {}\n",
        network.name,
        input.shape.h,
        input.shape.w,
        outcome.milliseconds,
        outcome.layers[layer.0].name
    );
    println!("| method | forward | backward | ms |\n|---|--:|--:|--:|");
    let target = Target::Class(outcome.ranked[0].0);
    for method in Method::all() {
        let question = Question { layer, target, parameters: Parameters::default() };
        let size = Size {
            channels: outcome.layers[layer.0].shape.c,
            input: input.shape,
            parameters: question.parameters,
        };
        let passes = method.passes(&size);
        let explain =
            |layer| Job::Explain(Explain { run, method, question: Question { layer, ..question } });
        // The kernels that only a gradient needs are turned around once: not in the time.
        if passes.forward + passes.backward <= 2 && method.takes_layer() {
            timed(&session, explain(LayerId(layer.0 - 1)));
        }
        let time = timed(&session, explain(layer));
        println!("| {} | {} | {} | {time} |", method.name(), passes.forward, passes.backward);
    }
    for (name, wish) in rebuilds(layer, target) {
        let time = timed(&session, Job::Rebuild(Rebuild { run, wish }));
        println!("| {name} | 50 | 50 | {time} |");
    }
    let explain = Explain {
        run,
        method: Method::named("grad-cam").unwrap(),
        question: Question { layer, target, parameters: Parameters::default() },
    };
    println!("| judge grad-cam | | | {} |", timed(&session, Job::Judge(Judge(explain))));
    let rank = Job::Rank(Rank { run, layer, target });
    println!(
        "| rank {} channels | | | {} |",
        outcome.layers[layer.0].shape.c,
        timed(&session, rank)
    );
}

fn ask<A: Ask>(session: &Session, request: &A) -> A::Answer {
    session.ask(request, &Cancel::new(), &mut Progress::none()).unwrap()
}

fn rebuilds(layer: LayerId, target: Target) -> [(&'static str, Wish); 2] {
    let (iterations, seed) = (Some(50), 0);
    [
        ("invert, 50", Wish::Invert(Inversion { layer, channels: None, iterations, seed })),
        (
            "maximize a class, 50",
            Wish::Maximize(Maximization { target, iterations, seed, variants: 1 }),
        ),
    ]
}

/// Milliseconds.
fn timed(session: &Session, job: Job) -> String {
    let (since, cancel) = (Instant::now(), Cancel::new());
    let mut steps = (0, 1);
    let mut progress = Progress::new(|done, total| {
        steps = (done, total);
        if since.elapsed() > LIMIT && done < total {
            cancel.cancel();
        }
    });
    let answer = session.ask(&job, &cancel, &mut progress);
    drop(progress);
    let elapsed = since.elapsed().as_secs_f64() * 1000.0;
    match answer {
        Ok(_) => format!("{elapsed:.1}"),
        Err(SessionError::Canceled) => {
            format!("~{:.0}", elapsed * steps.1 as f64 / steps.0.max(1) as f64)
        }
        Err(error) => error.to_string(),
    }
}
