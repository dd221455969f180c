//! `sweep`: what drills left behind, and what becomes of it.
//!
//! Runs the step of the deployed sweep with the rights of who runs the command. Without `--delete` it decides the
//! same and has its hands tied.

use anyhow::Result;
use drill::steps::sweep_orphans::{self, Action, Input, Item};
use serde_json::json;

use crate::{
    arguments::{Format, Place},
    clock,
    exit::Exit,
    operator::{Hands, Operator, Sweeper},
    output::{self, Output, Paint},
    table::{self, Cell},
};

/// Shows the sweep, or makes it.
pub(crate) async fn sweep(acts: bool, place: &Place, output: Output) -> Result<Exit> {
    let operator = Operator::of(place).await?;
    let hands = if acts { Hands::Free } else { Hands::Tied };
    let sweeper = Sweeper { operator: &operator, hands };
    let swept = sweep_orphans::run(&sweeper, &operator.settings, Input::default(), clock::now()).await?;
    match output.format() {
        Format::Json => {
            let result = json!({ "acted": acts, "items": swept.items });
            output::result(&serde_json::to_string_pretty(&result)?)?;
        }
        Format::Table if swept.items.is_empty() => output::progress("No replica is there."),
        Format::Table => {
            let rows: Vec<Vec<Cell>> = swept.items.iter().map(|item| row(item, hands)).collect();
            output::result(&table::render(&["INSTANCE", "ACTION", "WHY"], &rows, output))?;
        }
    }
    let changes = swept.items.iter().filter(|item| is_change(item)).count();
    if !acts && changes > 0 {
        output::progress("Nothing was done. restore-drill sweep --delete decides anew and acts.");
    }
    Ok(Exit::Done)
}

fn is_change(item: &Item) -> bool {
    matches!(item.action, Action::Stop | Action::Delete)
}

fn row(item: &Item, hands: Hands) -> Vec<Cell> {
    let action = match (item.action, hands) {
        (Action::Keep, _) => Cell::new("keep"),
        (Action::Report, _) => Cell::painted("look", Paint::Yellow),
        (Action::Stop, Hands::Tied) => Cell::new("would stop"),
        (Action::Stop, Hands::Free) => Cell::new("stopped"),
        (Action::Delete, Hands::Tied) => Cell::painted("would delete", Paint::Red),
        (Action::Delete, Hands::Free) => Cell::painted("deleted", Paint::Red),
    };
    vec![Cell::new(&item.instance), action, Cell::new(&item.reason)]
}
