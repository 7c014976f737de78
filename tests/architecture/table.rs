//! The import table: which module of `src/` may use which, and which external paths are fenced in.
//!
//! ARCHITECTURE.md says why; this is the same table as data. Modules stand in layers: a module may
//! only name modules above it in the list, so the table cannot hold a circle.

/// The rules that [`crate::checker`] applies to a source tree.
pub struct Rules {
    /// One row per top-level module of `src/`, from the bottom of the house to the top.
    pub modules: &'static [Module],
    /// Edges that let only part of a module through.
    pub narrow: &'static [Narrow],
    /// External paths that only some modules may use.
    pub external: &'static [External],
}

/// A top-level module: `src/<name>.rs` or `src/<name>/`.
pub struct Module {
    /// Its name below `crate::`.
    pub name: &'static str,
    /// The other top-level modules that it may use.
    pub may_use: Uses,
}

/// What a module may use inside the crate.
pub enum Uses {
    /// Every module, and names at the crate root.
    Everything,
    /// Itself and these.
    Only(&'static [&'static str]),
}

/// `from` may use `to`, but only below these paths.
pub struct Narrow {
    /// The module that imports.
    pub from: &'static str,
    /// The module imported from.
    pub to: &'static str,
    /// Paths without `crate::`. Everything below each of them is allowed too.
    pub only: &'static [&'static str],
}

/// An external path (`ratatui`, `std::fs`), everything below it, and who may use it.
pub struct External {
    /// The path. Crate names are written with underscores, as in code.
    pub path: &'static str,
    /// Where it may be used.
    pub scope: Scope,
}

/// The modules an [`External`] rule speaks about.
pub enum Scope {
    /// Allowed in these modules and nowhere else.
    OnlyIn(&'static [&'static str]),
    /// Allowed everywhere but in these modules.
    NeverIn(&'static [&'static str]),
}

use Scope::{NeverIn, OnlyIn};
use Uses::{Everything, Only};

/// The house of convscope.
pub const HOUSE: Rules = Rules {
    modules: &[
        row("base", Only(&[])),
        // A hook of the tests, which must see every thread panic.
        row("fault", Only(&[])),
        row("config", Only(&["base"])),
        row("onnx", Only(&[])),
        row("source", Only(&["base", "config", "onnx"])),
        row("ops", Only(&["base"])),
        row("model", Only(&["base", "ops"])),
        row("import", Only(&["base", "onnx", "ops", "model"])),
        row("engine", Only(&["base", "ops", "model"])),
        row("analysis", Only(&["base", "ops", "model", "engine"])),
        row("picture", Only(&["base"])),
        row(
            "session",
            Only(&[
                "base", "fault", "config", "source", "ops", "model", "import", "engine",
                "analysis", "picture",
            ]),
        ),
        row("explorer", Only(&["base", "config", "session"])),
        row("screen", Only(&["base", "explorer"])),
        row("terminal", Only(&["base", "fault", "picture", "screen"])),
        row("cli", Everything),
        row("app", Everything),
        row("main", Everything),
        row("lib", Everything),
    ],
    narrow: &[
        // The request and answer types. A type re-exported by `session` itself is named in full.
        Narrow { from: "explorer", to: "session", only: &["session::ask"] },
    ],
    external: &[
        fence("candle_core", OnlyIn(&["source", "ops", "model", "import", "engine"])),
        fence("candle_nn", OnlyIn(&["ops", "import"])),
        fence("gemm", OnlyIn(&["engine"])),
        fence("rustfft", OnlyIn(&["analysis"])),
        fence("realfft", OnlyIn(&["analysis"])),
        fence("ratatui", OnlyIn(&["screen", "terminal", "app"])),
        // ratatui re-exports it: the screen draws, it does not talk to the terminal.
        fence("ratatui::crossterm", OnlyIn(&["terminal", "app"])),
        fence("crossterm", OnlyIn(&["terminal", "app"])),
        // source::hub asks whose part of a download it is, and whether that process lives; base opens files without
        // waiting for pipes and asks how much memory is left; session gives files their names when they are whole.
        fence("rustix", OnlyIn(&["base", "source", "session", "terminal", "app", "engine"])),
        // The fast backend asks for large pages.
        fence("rustix::mm", OnlyIn(&["engine"])),
        fence("rustix::termios", OnlyIn(&["terminal", "app"])),
        fence("hf_hub", OnlyIn(&["source"])),
        fence("reqwest", OnlyIn(&["source"])),
        fence("tokio", OnlyIn(&["source"])),
        // Handlers of fatal signals.
        fence("libc", OnlyIn(&["terminal"])),
        fence("unicode_width", OnlyIn(&["base", "screen"])),
        fence("signal_hook", OnlyIn(&["terminal", "app"])),
        fence("image", OnlyIn(&["source", "picture", "terminal", "cli", "session"])),
        fence("gif", OnlyIn(&["source"])),
        fence("jxl_oxide", OnlyIn(&["source"])),
        fence("fast_image_resize", OnlyIn(&["source", "picture", "cli", "session"])),
        // source::hub knows a password by the form in which it is sent.
        fence("base64", OnlyIn(&["source", "terminal"])),
        fence("icy_sixel", OnlyIn(&["terminal"])),
        fence("png", OnlyIn(&["terminal"])),
        fence("viuer", OnlyIn(&["terminal", "cli"])),
        fence("clap", OnlyIn(&["cli", "app", "main"])),
        fence("indicatif", OnlyIn(&["cli", "app", "main"])),
        fence("anyhow", OnlyIn(&["cli", "app", "main"])),
        fence("tracing_subscriber", OnlyIn(&["app", "main", "cli"])),
        fence("safetensors", OnlyIn(&["source", "session", "cli"])),
        fence("zip", OnlyIn(&["source"])),
        fence("colorous", OnlyIn(&["picture"])),
        fence("nucleo_matcher", OnlyIn(&["explorer"])),
        fence("toml", OnlyIn(&["config"])),
        fence(
            "std::fs",
            NeverIn(&[
                "ops", "model", "import", "engine", "analysis", "picture", "explorer", "screen",
            ]),
        ),
        fence("std::io", NeverIn(&["explorer", "screen"])),
        fence("std::net", NeverIn(&["explorer", "screen"])),
        fence("std::thread", NeverIn(&["explorer", "screen"])),
    ],
};

/// Files of one room that use each other in a circle, mostly a `mod.rs` with the words and the table of its files. Each row
/// may only lose files.
pub const CIRCLES: &[&[&str]] = &[
    &[
        "src/analysis/explain/ablation_cam.rs",
        "src/analysis/explain/cam.rs",
        "src/analysis/explain/deconvnet.rs",
        "src/analysis/explain/eigen_cam.rs",
        "src/analysis/explain/finish.rs",
        "src/analysis/explain/grad_cam.rs",
        "src/analysis/explain/grad_cam_elementwise.rs",
        "src/analysis/explain/grad_cam_plus_plus.rs",
        "src/analysis/explain/guided_backprop.rs",
        "src/analysis/explain/guided_grad_cam.rs",
        "src/analysis/explain/hirescam.rs",
        "src/analysis/explain/integrated_gradients.rs",
        "src/analysis/explain/layer_cam.rs",
        "src/analysis/explain/mod.rs",
        "src/analysis/explain/occlusion.rs",
        "src/analysis/explain/saliency.rs",
        "src/analysis/explain/score_cam.rs",
        "src/analysis/explain/smoothgrad.rs",
        "src/analysis/explain/weighted.rs",
        "src/analysis/explain/xgrad_cam.rs",
        "src/analysis/ranking.rs",
    ],
    &["src/analysis/judge/mod.rs", "src/analysis/judge/randomization.rs"],
    &[
        "src/cli/args/groups.rs",
        "src/cli/args/mod.rs",
        "src/cli/args/order.rs",
        "src/cli/completions.rs",
        "src/cli/context.rs",
        "src/cli/failure.rs",
        "src/cli/help.rs",
        "src/cli/notes.rs",
        "src/cli/output.rs",
        "src/cli/photos.rs",
        "src/cli/print/cells.rs",
        "src/cli/print/mod.rs",
        "src/cli/print/printer.rs",
        "src/cli/user_files.rs",
    ],
    &[
        "src/cli/doctor/hub.rs",
        "src/cli/doctor/machine.rs",
        "src/cli/doctor/mod.rs",
        "src/cli/doctor/terminal.rs",
    ],
    &["src/config/address.rs", "src/config/repo.rs"],
    &[
        "src/config/labels.rs",
        "src/config/labels/columns.rs",
        "src/config/labels/json.rs",
        "src/config/labels/yaml.rs",
    ],
    &[
        "src/engine/device/choose.rs",
        "src/engine/device/cuda.rs",
        "src/engine/device/metal.rs",
        "src/engine/device/mod.rs",
    ],
    &["src/engine/fast/conv.rs", "src/engine/fast/weights.rs"],
    &["src/import/find/looks_like.rs", "src/import/find/mod.rs"],
    &["src/import/resnet/builder.rs", "src/import/resnet/mod.rs", "src/import/resnet/plan.rs"],
    &["src/source/checkpoint/entry.rs", "src/source/checkpoint/mod.rs"],
    &["src/source/checkpoint/index.rs", "src/source/checkpoint/load.rs"],
    &[
        "src/source/checkpoint/torch/archive.rs",
        "src/source/checkpoint/torch/flatten.rs",
        "src/source/checkpoint/torch/legacy.rs",
        "src/source/checkpoint/torch/mod.rs",
    ],
    &[
        "src/source/hub/address.rs",
        "src/source/hub/answer.rs",
        "src/source/hub/cache.rs",
        "src/source/hub/failure.rs",
        "src/source/hub/net.rs",
        "src/source/hub/options.rs",
        "src/source/hub/part.rs",
    ],
    &["src/source/hub/fetch.rs", "src/source/hub/mod.rs"],
    &[
        "src/source/photo/bmp.rs",
        "src/source/photo/gif.rs",
        "src/source/photo/jpeg.rs",
        "src/source/photo/jxl.rs",
        "src/source/photo/mod.rs",
        "src/source/photo/tiff/mod.rs",
        "src/source/photo/tiff/samples.rs",
    ],
    &["src/source/recipe.rs", "src/source/stated.rs"],
    &[
        "src/source/recognize/archive.rs",
        "src/source/recognize/media.rs",
        "src/source/recognize/mod.rs",
        "src/source/recognize/model.rs",
        "src/source/recognize/signatures.rs",
        "src/source/recognize/text.rs",
    ],
    &["src/source/repo_config/mod.rs", "src/source/repo_config/network.rs"],
    &[
        "src/terminal/graphics/encoder.rs",
        "src/terminal/graphics/palette.rs",
        "src/terminal/graphics/sixel.rs",
    ],
];

/// A row of [`Rules::modules`].
pub const fn row(name: &'static str, may_use: Uses) -> Module {
    Module { name, may_use }
}

/// A row of [`Rules::external`].
pub const fn fence(path: &'static str, scope: Scope) -> External {
    External { path, scope }
}
