//! What is seen, as a file.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use safetensors::Dtype;
use safetensors::tensor::TensorView;

use super::SessionError;
use super::ask::files::{Export, ExportWhat, Exported};
use super::ask::known::{LayerInfo, NetworkInfo};
use super::ask::refs::Plane;
use super::ask::seen::Seen;
use super::run::{Colors, scale};
use super::store::{Ask, Session};
use super::write::write_new;
use crate::base::{Array, Cancel, Progress, clean, significant};
use crate::picture::{Bar, Picture, captioned, npy};

/// Colors in the scale of a caption.
const COLORS: usize = 64;

impl Ask for Export {
    type Answer = Arc<Exported>;

    fn answer(
        &self,
        session: &Session,
        _: &Cancel,
        _: &mut Progress,
    ) -> Result<Self::Answer, SessionError> {
        Ok(Arc::new(session.export(self)?))
    }
}

impl Session {
    /// Writes a file under a name that is free.
    fn export(&self, export: &Export) -> Result<Exported, SessionError> {
        let (ending, bytes) = match &export.what {
            ExportWhat::Picture { seen, caption } => ("png", self.png(seen, caption)?),
            ExportWhat::Values(seen) => ("npy", self.npy(seen)?),
            ExportWhat::Layer(seen) => ("safetensors", self.layer(seen)?),
            ExportWhat::Text { text, ending } => (*ending, text.clone().into_bytes()),
        };
        let name = |n: usize| {
            let mut name = export.stem.clone().into_os_string();
            name.push(if n == 1 { format!(".{ending}") } else { format!("-{n}.{ending}") });
            PathBuf::from(name)
        };
        for path in (1..10_000).map(name) {
            let written = write_new(&path, &bytes).map_err(|e| {
                let shown = clean(&path.to_string_lossy());
                SessionError::Failed(format!("{shown}: cannot be written: {e}"))
            })?;
            if written {
                return Ok(Exported { path, bytes: bytes.len() });
            }
        }
        Err(SessionError::Failed(format!(
            "{}: no free name",
            clean(&export.stem.to_string_lossy())
        )))
    }

    fn png(&self, seen: &Seen, caption: &[String]) -> Result<Vec<u8>, SessionError> {
        let mut picture: Picture = self.sheet(seen, None)?;
        if !caption.is_empty() {
            picture = captioned(&picture, caption, self.bar(seen)?.as_ref());
        }
        picture
            .png()
            .map_err(|e| SessionError::Failed(format!("the picture cannot be encoded: {e}")))
    }

    /// The colors and what their ends stand for, where all tiles agree on it.
    fn bar(&self, seen: &Seen) -> Result<Option<Bar>, SessionError> {
        let Seen::Maps { run, layer, maps, look, .. } = seen else { return Ok(None) };
        let held = self.run(*run)?;
        let mut found = None;
        for what in maps {
            let plane = Plane { run: *run, layer: *layer, what: *what };
            let Colors { map, range, .. } = held.colors(plane, held.plane(plane)?.map(0), *look)?;
            match found {
                None => found = Some((map, range)),
                Some(first) if first == (map, range) => {}
                Some((map, _)) => {
                    let ends = ["min".to_string(), "max of each".to_string()];
                    return Ok(Some(Bar { colors: scale(map, COLORS), ends }));
                }
            }
        }
        Ok(found.map(|(map, range)| {
            let ends = [significant(range.low), significant(range.high)];
            Bar { colors: scale(map, COLORS), ends }
        }))
    }

    fn npy(&self, seen: &Seen) -> Result<Vec<u8>, SessionError> {
        let values = self.tile_values(seen)?;
        let [n, c, h, w] = [values.shape.n, values.shape.c, values.shape.h, values.shape.w];
        let extents = match seen {
            Seen::Maps { .. } => vec![c, h, w],
            Seen::Kernels { .. } => vec![n, c, h, w],
            // A map is [H, W]; several are stacked.
            Seen::Explanation { .. } => {
                let one = if c == 1 { vec![h, w] } else { vec![c, h, w] };
                if n == 1 { one } else { [vec![n], one].concat() }
            }
        };
        Ok(npy(&extents, &values.data))
    }

    fn layer(&self, seen: &Seen) -> Result<Vec<u8>, SessionError> {
        let mut tensors = BTreeMap::new();
        let network = match seen {
            Seen::Maps { run, layer, .. } => {
                let held = self.run(*run)?;
                let name = |l: &&LayerInfo| l.id == *layer;
                let name = held.outcome.layers.iter().find(name).map_or("layer", |l| &l.name);
                tensors.insert(name.to_string(), held.values(*layer, None)?);
                let input = self.input(run.input)?.prepared.input.clone();
                tensors.insert("input".to_string(), Arc::new(input));
                run.network
            }
            Seen::Kernels { network, layer, .. } => {
                let kernels = self.kernels(*network, *layer)?;
                let graph = &self.network(*network)?.graph;
                let name = graph.nodes.get(kernels.info.layer.0).map_or("layer", |n| &n.name);
                tensors.insert(format!("{name}.weight"), Arc::new(kernels.values(None)?));
                *network
            }
            Seen::Explanation { sights, .. } => {
                let run = sights.first().ok_or(SessionError::NotReady)?.job.run();
                for (i, job) in seen.jobs().into_iter().enumerate() {
                    let name =
                        if i == 0 { "explanation".into() } else { format!("explanation.{i}") };
                    tensors.insert(name, self.found_values(job)?);
                }
                let input = self.input(run.input)?.prepared.input.clone();
                tensors.insert("input".to_string(), Arc::new(input));
                run.network
            }
        };
        let info = &self.network(network)?.info;
        serialize(&tensors, &made_by(info))
    }
}

/// What stands in a file of values about how they came to be.
pub fn made_by(network: &NetworkInfo) -> String {
    format!(
        "convscope {}: {}, {}, {} ({})",
        env!("CARGO_PKG_VERSION"),
        network.name,
        network.source,
        network.recipe,
        network.recipe_origin
    )
}

/// The bytes of a `.safetensors` file.
///
/// # Errors
/// When a value does not have as many elements as its shape says.
pub fn serialize(
    tensors: &BTreeMap<String, Arc<Array>>,
    made_by: &str,
) -> Result<Vec<u8>, SessionError> {
    let bytes =
        |array: &Array| array.data.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>();
    let data: Vec<(&str, Vec<usize>, Vec<u8>)> = tensors
        .iter()
        .map(|(name, array)| (name.as_str(), array.shape.dims(), bytes(array)))
        .collect();
    let failed = |e: safetensors::SafeTensorError| {
        SessionError::Failed(format!("the values cannot be written: {e}"))
    };
    let mut views = Vec::new();
    for (name, dims, bytes) in &data {
        views.push((*name, TensorView::new(Dtype::F32, dims.clone(), bytes).map_err(failed)?));
    }
    // One entry only: the order of several would change from run to run.
    let about = HashMap::from([("made_by".to_string(), made_by.to_string())]);
    safetensors::serialize(views, Some(about)).map_err(failed)
}
