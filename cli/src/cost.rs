//! `cost`: what the nights of a source cost by list prices.

use anyhow::{Context as _, Result, bail};
use drill::{
    configuration::Span,
    cost::{Bill, Night, Phases, PriceList},
    evidence::{Evidence, keys},
    ids::{DrillId, SourceId},
    ports::ReadObjects as _,
    store,
};
use serde_json::{Value, json};

use crate::{
    arguments::{Cost, Format, Place},
    deployment,
    exit::Exit,
    output::{self, Output, Paint},
    table::{self, Cell},
};

/// The most drills of a source that are looked through for one with a replica.
const DRILLS_MAX: usize = 10_000;
/// Records that are read before giving up.
const TRIES: usize = 30;

/// Prints what a night and a month cost.
pub(crate) async fn cost(arguments: &Cost, place: &Place, output: Output) -> Result<Exit> {
    let list = match &arguments.prices {
        Some(file) => {
            let text =
                std::fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
            PriceList::parse(&text).with_context(|| format!("in {}", file.display()))?
        }
        None => PriceList::built_in(),
    };
    let (night, region, of) = match &arguments.source {
        Some(source) => of_source(source, arguments, place).await?,
        None => of_flags(arguments, place)?,
    };
    let bill = Bill::of(&night, &region, &list);
    match output.format() {
        Format::Json => output::result(&serde_json::to_string_pretty(&as_json(&bill, &of))?)?,
        Format::Table => output::result(&as_table(&bill, &of, output))?,
    }
    if bill.prices_as_of.is_none() {
        let known: Vec<&str> = list.regions().collect();
        output.problem(&format!(
            "no prices of {region} are known; known are {}\nHINT: write yours in the form of \
             functions/drill/src/cost/prices.toml and give it with --prices",
            known.join(", ")
        ));
    } else if bill.unknown().next().is_some() {
        output.problem(
            "what is marked unknown isn't in the sums\nHINT: write its price in the form of \
             functions/drill/src/cost/prices.toml and give it with --prices; --iops and --storage-type say what isn't \
             recorded",
        );
    }
    Ok(if bill.unknown().next().is_some() { Exit::Other } else { Exit::Done })
}

/// A night like the last one of the source that made a replica, flags over it.
async fn of_source(source: &SourceId, arguments: &Cost, place: &Place) -> Result<(Night, String, String)> {
    let bucket = deployment::bucket(place).await?;
    let folders = bucket.folders(&keys::drills(source), None, DRILLS_MAX).await?;
    let mut drills: Vec<DrillId> = folders.iter().filter_map(|name| DrillId::parse(name).ok()).collect();
    drills.sort_by_key(DrillId::scheduled_at);
    for drill in drills.iter().rev().take(TRIES) {
        // One that can't be read doesn't hide the others.
        let Ok(Some(evidence)) = store::read_evidence(&bucket, drill).await else { continue };
        let Some(night) = Night::of_evidence(&evidence) else { continue };
        let region = region_of(place, &evidence);
        return Ok((with_flags(night, arguments), region, format!("a night like {drill}")));
    }
    bail!(
        "no drill of {source} has made a replica yet\nHINT: say what it would be like: --class db.t4g.medium \
         --storage 100 --region eu-central-1"
    );
}

fn of_flags(arguments: &Cost, place: &Place) -> Result<(Night, String, String)> {
    let (Some(class), Some(storage)) = (&arguments.class, arguments.storage) else {
        bail!("say --source, or --class and --storage");
    };
    let region = place.region.clone().context("say --region, such as eu-central-1")?;
    let usual = Phases::default();
    let phases = Phases {
        restore: arguments.restore.map_or(usual.restore, Span::duration),
        checks: arguments.checks.map_or(usual.checks, Span::duration),
        ..usual
    };
    let mut night = Night::of_phases(class, storage, phases);
    // What RDS restores to unless it is told otherwise (rds: StorageType).
    night.storage_type = Some("gp3".to_owned());
    let of = format!("a night with {class} and {storage} GiB");
    Ok((with_flags(night, arguments), region, of))
}

fn with_flags(mut night: Night, arguments: &Cost) -> Night {
    if let Some(class) = &arguments.class {
        night.instance_class.clone_from(class);
    }
    if let Some(storage) = arguments.storage {
        night.storage_gib = storage;
    }
    if arguments.storage_type.is_some() {
        night.storage_type.clone_from(&arguments.storage_type);
    }
    night.iops = arguments.iops.or(night.iops);
    night.has_heartbeat |= arguments.heartbeat;
    if let Some(architecture) = &arguments.architecture {
        night.architecture.clone_from(architecture);
    }
    night
}

/// The region that is asked for, else the one that the drill ran in.
fn region_of(place: &Place, evidence: &Evidence) -> String {
    let of_execution = || evidence.execution.split(':').nth(3).unwrap_or_default().to_owned();
    place.region.clone().unwrap_or_else(of_execution)
}

fn as_table(bill: &Bill, of: &str, output: Output) -> String {
    let unknown = || Cell::painted("unknown", Paint::Yellow);
    let usd = |usd: Option<f64>, digits: usize| {
        usd.map_or_else(unknown, |usd| Cell::new(format!("{usd:.digits$}")))
    };
    let rows: Vec<Vec<Cell>> = bill
        .lines
        .iter()
        .map(|line| {
            vec![
                Cell::new(line.item.clone()),
                Cell::new(format!("{:.3} {}", line.quantity, line.unit)),
                line.price_text().map_or_else(unknown, Cell::new),
                usd(line.night_usd(), 4),
                usd(line.month_usd(), 2),
            ]
        })
        .chain(std::iter::once(vec![
            Cell::new("together"),
            Cell::new(""),
            Cell::new(""),
            usd(Some(bill.night_usd()), 4),
            usd(Some(bill.month_usd()), 2),
        ]))
        .collect();
    let table = table::render(&["ITEM", "A NIGHT", "USD EACH", "USD A NIGHT", "USD A MONTH"], &rows, output);
    let prices = match (&bill.prices_as_of, &bill.prices_source) {
        (Some(as_of), Some(source)) => format!("{as_of}, from: {source}"),
        _ => "unknown".to_owned(),
    };
    format!(
        "{of}, with the standby until the next\n\n{table}\n\nList prices of {}, {prices}.\nWithout free tiers, \
         discounts and tax. One source in the deployment: alarms and dashboard are shared by more.",
        bill.region
    )
}

fn as_json(bill: &Bill, of: &str) -> Value {
    let lines: Vec<Value> = bill
        .lines
        .iter()
        .map(|line| {
            json!({
                "item": line.item,
                "quantity": line.quantity,
                "unit": line.unit,
                "price_usd": line.price_usd,
                "night_usd": line.night_usd(),
                "month_usd": line.month_usd(),
            })
        })
        .collect();
    json!({
        "of": of,
        "region": bill.region,
        "prices_as_of": bill.prices_as_of,
        "prices_source": bill.prices_source,
        "lines": lines,
        "is_complete": bill.unknown().next().is_none(),
        "night_usd": bill.night_usd(),
        "month_usd": bill.month_usd(),
    })
}
