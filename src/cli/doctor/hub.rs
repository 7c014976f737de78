//! The cache of networks and the hub that they come from.

use std::time::Duration;

use super::{Finding, Known, no, yes};
use crate::base::{count, short_count};
use crate::cli::output::shown;
use crate::source::hub::{HubError, HubOptions, check, room, shown as hub_address};

/// How long the bytes in the cache are counted.
const COUNTING: Duration = Duration::from_secs(2);
/// Below this a network may not fit: those of the catalogue have up to 500 MB.
const LITTLE: u64 = 1 << 30;

fn unusable(error: &HubError) -> Vec<Finding> {
    vec![no(error.to_string(), "the built-in network and your own files do not need the hub")]
}

/// The folder of the cache.
pub(super) fn cache(known: &Known) -> Vec<Finding> {
    let options = match HubOptions::from_environment(known.offline) {
        Ok(options) => options,
        Err(error) => return unusable(&error),
    };
    let room = room(&options, COUNTING);
    let folder = shown(&options.cache);
    let mut found = Vec::new();
    found.push(if room.exists {
        let least = if room.complete { "" } else { "more than " };
        let networks = count(room.networks, "network");
        yes(format!("{folder}: {networks}, {least}{}B", short_count(room.used)))
    } else {
        yes(format!("{folder}: made with the first network"))
    });
    found.push(if room.writable {
        yes("can be written")
    } else {
        no(
            "cannot be written: networks in it can be used, but none can be added",
            "set HF_HUB_CACHE to a folder that you can write to",
        )
    });
    found.push(match room.free {
        Some(free) if free < LITTLE => no(
            format!("{}B free on its disk", short_count(free)),
            "free some, or set HF_HUB_CACHE to a folder on another disk",
        ),
        Some(free) => yes(format!("{}B free on its disk", short_count(free))),
        None => no("the free space on its disk is unknown", "check it with `df`"),
    });
    found
}

/// Whether the hub can be asked.
pub(super) fn hub(known: &Known) -> Vec<Finding> {
    let options = match HubOptions::from_environment(known.offline) {
        Ok(options) => options,
        Err(error) => return unusable(&error),
    };
    let endpoint = hub_address(&options.endpoint);
    let mut found = Vec::new();
    found.push(match options.token.usable() {
        Ok(Some(_)) => yes("there is a token"),
        Ok(None) => no("there is no token", "only gated networks need one: set HF_TOKEN"),
        // Nothing is asked with it.
        Err(error) => {
            let advice = "until then, use --offline with cached networks or files";
            return vec![no(error.to_string(), advice)];
        }
    });
    if options.offline {
        let advice = "to ask it, leave out --offline and unset HF_HUB_OFFLINE";
        found.push(no(format!("{endpoint}: not asked: offline"), advice));
        return found;
    }
    found.push(match check(&options) {
        Ok(took) => yes(format!("{endpoint} answers within {} ms", took.as_millis())),
        Err(error) => no(
            error.to_string(),
            "until then, use --offline with files or with networks that `convscope models` lists as cached",
        ),
    });
    found
}
