//! `report`: prints what is recorded of a drill.

use anyhow::{Result, bail};
use drill::{ids::DrillId, store};

use crate::{arguments::Place, conclude, deployment, exit::Exit, output::Output};

/// Prints the record as the drill ended, else as it was judged.
pub(crate) async fn report(drill: &DrillId, place: &Place, output: Output) -> Result<Exit> {
    let bucket = deployment::bucket(place).await?;
    let Some(evidence) = store::read_evidence(&bucket, drill).await? else {
        bail!(
            "there is no record of drill {drill}\nHINT: it may be going on (restore-drill status {drill}), or \
             never have been (restore-drill history)"
        );
    };
    conclude::print(&evidence, output)?;
    Ok(Exit::of(&evidence))
}
