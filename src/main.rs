//! temp
use std::sync::Arc;
use convscope::session::{Session, Options, ask::*};
fn main() -> anyhow::Result<()> {
    let settings = convscope::config::Settings::load(None)?;
    let session = Arc::new(Session::new(Options{dtype: settings.run.dtype, overrides: Default::default(), memory: 1<<30}));
    convscope::app::run(convscope::app::Start{session, settings, model: ModelRef::Builtin, photos: (0..3).map(PhotoRef::Sample).collect(), view: None, layer: None, channel: None})
}
