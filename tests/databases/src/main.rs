//! `make museum`: looks at every piece and every specimen, and writes the table of the README.
//!
//! With `--check` it writes nothing and fails when the table isn't what was seen.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for a terminal")]

use std::fs;
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result};
use restore_drill_databases::machine::Programs;
use restore_drill_databases::pieces::{self, Piece};
use restore_drill_databases::table;
use restore_drill_databases::visit::Visit;
use restore_drill_databases::zoo::{self, Cage, Habits};

/// How many clusters are looked at side by side.
const VISITORS: usize = 2;

fn main() -> ExitCode {
    let is_check = std::env::args().any(|argument| argument == "--check");
    match run(is_check) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(failures) => {
            eprintln!("{failures} failed");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Looks at all; gives how many weren't as they must be.
fn run(is_check: bool) -> Result<usize> {
    let programs = match Programs::find() {
        Ok(programs) => programs,
        Err(why) => {
            println!("SKIPPED the museum: {why}");
            return Ok(0);
        }
    };
    let (visits, mut failures) = museum(programs)?;
    failures += write_table(&table::table(programs.version(), &visits), is_check)?;
    failures += menagerie(programs);
    Ok(failures)
}

/// Puts the table where there is a place for it; gives in how many files it should have been and wasn't.
fn write_table(table: &str, is_check: bool) -> Result<usize> {
    let mut failures = 0;
    for path in table::readmes() {
        let before = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
        if !table::has_place(&before) {
            continue;
        }
        let after = table::replace(&before, table)?;
        if before == after {
            println!("the table in {} is up to date", path.display());
        } else if is_check {
            println!("the table in {} is not what was seen: `make museum` writes it", path.display());
            failures += 1;
        } else {
            fs::write(&path, after).with_context(|| format!("writing {}", path.display()))?;
            println!("the table in {} was written anew", path.display());
        }
    }
    Ok(failures)
}

/// Every piece, in the order of the table.
fn museum(programs: &'static Programs) -> Result<(Vec<Visit>, usize)> {
    let is_possible = |piece: &&Piece| piece.needs().is_none_or(|program| programs.has(program));
    let (pieces, skipped): (Vec<&'static Piece>, Vec<_>) = pieces::all().partition(is_possible);
    for piece in skipped {
        println!(
            "SKIPPED {}: this PostgreSQL comes without {:?}",
            piece.name,
            piece.needs().unwrap_or_default()
        );
    }
    let seen = side_by_side(pieces.len(), |place| {
        let began = Instant::now();
        let visit = Visit::pay(pieces[place], programs);
        let comparison = visit
            .as_ref()
            .map_err(|error| format!("{error:#}"))
            .and_then(|visit| visit.compare().map_err(|error| format!("{error:#}")));
        report(pieces[place].name, began, comparison.as_ref().err());
        (visit, comparison.is_err())
    });
    let failures = seen.iter().filter(|(_, is_failure)| *is_failure).count();
    Ok((seen.into_iter().map(|(visit, _)| visit).collect::<Result<_>>()?, failures))
}

/// Every specimen of the zoo; gives how many were rejected.
fn menagerie(programs: &'static Programs) -> usize {
    const HABITS: [Habits; 3] = [Habits::Still, Habits::Autovacuum, Habits::Restored];
    let rejected = side_by_side(HABITS.len(), |place| {
        let habits = HABITS[place];
        let mut cage = match Cage::make(programs, habits) {
            Ok(cage) => cage,
            Err(error) => {
                report("a cage", Instant::now(), Some(&format!("{error:#}")));
                return 1;
            }
        };
        let mine = (0..zoo::SPECIMENS).filter(|number| Habits::of(*number) == habits);
        mine.filter(|number| {
            let (specimen, began) = (zoo::specimen(*number), Instant::now());
            let seen = cage.visit(&specimen).map_err(|error| format!("{error:#}"));
            report(&specimen.name, began, seen.as_ref().err());
            seen.is_err()
        })
        .count()
    });
    rejected.into_iter().sum()
}

fn report(name: &str, began: Instant, error: Option<&String>) {
    let took = began.elapsed().as_secs_f64();
    match error {
        None => println!("passed  {name} ({took:.1} s)"),
        Some(error) => println!("FAILED  {name} ({took:.1} s)\n{error}"),
    }
}

/// What looking at each place gives, in the order of the places.
fn side_by_side<T: Send>(count: usize, look: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let places = Mutex::new(0..count);
    let seen = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..VISITORS {
            scope.spawn(|| {
                loop {
                    let next = places.lock().unwrap_or_else(PoisonError::into_inner).next();
                    let Some(place) = next else { return };
                    let one = look(place);
                    seen.lock().unwrap_or_else(PoisonError::into_inner).push((place, one));
                }
            });
        }
    });
    let mut seen = seen.into_inner().unwrap_or_else(PoisonError::into_inner);
    seen.sort_by_key(|(place, _)| *place);
    seen.into_iter().map(|(_, one)| one).collect()
}
