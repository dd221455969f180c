//! `make model`: the larger worlds by the product's own rules, then each naive rule with the path that it fails on.
//!
//! Arguments: `--scenario NAME` checks one world only. Ends with 1 where a promise is broken, a naive rule isn't
//! found wrong, or a world wasn't walked to its end.

#![expect(clippy::print_stdout, reason = "it is a program whose output people read")]

use std::process::ExitCode;

use rotation_model::check::{self, Checked, Limits};
use rotation_model::naive::Rule;
use rotation_model::next::PROMISES;
use rotation_model::scenario::Scenario;
use rotation_model::timeline;

/// A state takes some 35 bytes once it is known: 7 GB, even if each transition led to a new one.
const LIMITS: Limits = Limits { states: 200_000_000, threads: 2 };

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let only = match arguments.as_slice() {
        [] => None,
        [flag, name] if flag == "--scenario" => Some(name.as_str()),
        _ => {
            println!("usage: rotation-model [--scenario NAME], where NAME is one of:");
            for (name, scenario) in Scenario::named().into_iter().chain(Scenario::larger()) {
                println!("  {name:<14} {}", scenario.words);
            }
            return ExitCode::from(2);
        }
    };
    let mut is_good = true;
    println!("The product's own rules");
    let larger = Scenario::larger().into_iter().filter(|_| only.is_some());
    for (name, scenario) in Scenario::named().into_iter().chain(larger) {
        if only.is_none_or(|only| only == name) {
            is_good &= keeps_its_promises(name, &scenario);
        }
    }
    if only.is_none() {
        for rule in Rule::NAIVE {
            is_good &= is_found_wrong(rule);
        }
    }
    println!("\nmost memory: {}", memory().unwrap_or_else(|| "unknown".to_owned()));
    if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn keeps_its_promises(name: &str, scenario: &Scenario) -> bool {
    println!("\n{name}: {}", scenario.words);
    let model = scenario.model(Rule::Ours);
    let checked = check::all(model.clone(), LIMITS);
    let Checked { states, depth, runs, took, is_complete, .. } = &checked;
    println!("  {states} states, paths of up to {depth}, {runs} runs of steps, {:.0} s", took.as_secs_f64());
    if !is_complete {
        println!("  STOPPED at the limit of {} states: nothing is said of the rest", LIMITS.states);
    }
    let mut is_good = *is_complete;
    for promise in PROMISES {
        let is_broken = checked.seen.contains_key(promise);
        println!("  {:<6} {promise}", if is_broken { "BROKEN" } else { "kept" });
        is_good &= !is_broken;
        let path = is_broken.then(|| check::shortest(&model, promise)).flatten();
        for line in path.map(|path| timeline::lines(&model, path)).unwrap_or_default() {
            println!("    {line}");
        }
    }
    for seen in checked.seen.keys().filter(|name| !PROMISES.contains(name)) {
        println!("  seen   {seen}");
    }
    is_good
}

fn is_found_wrong(rule: Rule) -> bool {
    let (promise, path, model) = check::against(rule);
    println!("\nNaive rule: {}", rule.words());
    let Some(path) = path else {
        println!("  NOT FOUND WRONG: nothing breaks {promise:?}");
        return false;
    };
    println!("  breaks: {promise}");
    for line in timeline::lines(&model, path) {
        println!("  {line}");
    }
    true
}

/// The most memory that the process had, where the kernel tells it.
fn memory() -> Option<String> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(format!("{} MiB", kib >> 10))
}
