//! Decides how long each status lasts at least, and how that is written on a command line.

use std::str::FromStr;

use chrono::TimeDelta;

/// The longest delay that may be asked for: nothing here waits without a bound.
const DELAY_MAX_S: f64 = 86_400.0;

/// How long each status lasts at least. Real work may make it longer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delays {
    /// `creating`, both of new and of restored instances.
    pub creating: TimeDelta,
    /// `backing-up`.
    pub backing_up: TimeDelta,
    /// `modifying`.
    pub modifying: TimeDelta,
    /// `renaming`.
    pub renaming: TimeDelta,
    /// `starting`.
    pub starting: TimeDelta,
    /// `stopping`.
    pub stopping: TimeDelta,
    /// `deleting`.
    pub deleting: TimeDelta,
    /// `creating` of a copied snapshot.
    pub copying: TimeDelta,
}

impl Default for Delays {
    fn default() -> Self {
        Self {
            creating: TimeDelta::milliseconds(1000),
            backing_up: TimeDelta::zero(),
            modifying: TimeDelta::zero(),
            renaming: TimeDelta::zero(),
            starting: TimeDelta::milliseconds(500),
            stopping: TimeDelta::milliseconds(300),
            deleting: TimeDelta::milliseconds(300),
            copying: TimeDelta::zero(),
        }
    }
}

impl FromStr for Delays {
    type Err = String;

    /// Reads `creating=1.0,stopping=0.3`: seconds; what isn't named keeps its default.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut delays = Self::default();
        for part in text.split(',').filter(|part| !part.is_empty()) {
            let (name, seconds) =
                part.split_once('=').ok_or_else(|| format!("`{part}` is not of the form status=seconds"))?;
            let slot = match name.trim() {
                "creating" => &mut delays.creating,
                "backing-up" => &mut delays.backing_up,
                "modifying" => &mut delays.modifying,
                "renaming" => &mut delays.renaming,
                "starting" => &mut delays.starting,
                "stopping" => &mut delays.stopping,
                "deleting" => &mut delays.deleting,
                "copying" => &mut delays.copying,
                other => return Err(format!("no delay is called `{other}`")),
            };
            *slot = seconds_of(seconds.trim())?;
        }
        Ok(delays)
    }
}

fn seconds_of(text: &str) -> Result<TimeDelta, String> {
    let seconds: f64 = text.parse().map_err(|_| format!("`{text}` is not a number of seconds"))?;
    if !(0.0..=DELAY_MAX_S).contains(&seconds) {
        return Err(format!("`{text}` is not between 0 and {DELAY_MAX_S} seconds"));
    }
    let span = std::time::Duration::from_secs_f64(seconds);
    TimeDelta::from_std(span).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_named_delay_replaces_its_default_only() {
        let delays: Delays = "creating=2.5,deleting=0".parse().unwrap();
        assert_eq!(delays.creating, TimeDelta::milliseconds(2500));
        assert_eq!(delays.deleting, TimeDelta::zero());
        assert_eq!(delays.starting, Delays::default().starting);
    }

    #[test]
    fn unknown_names_and_bad_numbers_are_refused() {
        for bad in ["napping=1", "creating", "creating=-1", "creating=1e9", "creating=x"] {
            assert!(bad.parse::<Delays>().is_err(), "{bad}");
        }
    }
}
