//! Runs courses of the simulation: many for a figure, one for its tale, or a history of another engine.

use std::io::{self, Read, Write};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use simulation::{Counts, Orders, run};

const HELP: &str =
    "simulate --seeds 1000 [--from 1] [--nights 7]   courses side by side, and how many a second
simulate --seed 123 [--nights 7]                one course as a tale
simulate --trace < history.json                 the runner on another engine's history, for a comparison
";

struct Arguments(Vec<String>);

impl Arguments {
    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|a| a == name)
    }
    fn number(&self, name: &str) -> Option<u64> {
        let at = self.0.iter().position(|a| a == name)?;
        self.0.get(at + 1)?.parse().ok()
    }
    fn orders(&self, seed: u64) -> Orders {
        let nights = self.number("--nights").unwrap_or(7);
        Orders { seed: Some(seed), nights, calm_nights: 2, ..Orders::default() }
    }
}

fn main() -> io::Result<ExitCode> {
    let arguments = Arguments(std::env::args().skip(1).collect());
    let mut out = io::stdout().lock();
    if arguments.has("--trace") {
        let mut told = String::new();
        io::stdin().read_to_string(&mut told)?;
        return match simulation::trace(&told) {
            Ok(trace) => writeln!(out, "{trace}").map(|()| ExitCode::SUCCESS),
            Err(problem) => writeln!(out, "{problem}").map(|()| ExitCode::FAILURE),
        };
    }
    if let Some(seed) = arguments.number("--seed") {
        return tell(&arguments, seed, &mut out);
    }
    match arguments.number("--seeds") {
        Some(seeds) => run_many(&arguments, seeds, &mut out),
        None => out.write_all(HELP.as_bytes()).map(|()| ExitCode::from(2)),
    }
}

fn tell(arguments: &Arguments, seed: u64, out: &mut impl Write) -> io::Result<ExitCode> {
    let course = run(Orders { is_told: true, ..arguments.orders(seed) });
    for line in &course.tale {
        writeln!(out, "{line}")?;
    }
    writeln!(out, "{:?}", course.counts)?;
    let Some(violation) = course.violation else { return Ok(ExitCode::SUCCESS) };
    writeln!(out, "VIOLATED {violation}")?;
    Ok(ExitCode::FAILURE)
}

fn run_many(arguments: &Arguments, seeds: u64, out: &mut impl Write) -> io::Result<ExitCode> {
    let from = arguments.number("--from").unwrap_or(1);
    let (next, sum) = (AtomicU64::new(from), Mutex::new((Counts::default(), Vec::new())));
    let threads = std::thread::available_parallelism().map_or(1, Into::into);
    let began = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= from + seeds {
                        return;
                    }
                    let course = run(arguments.orders(seed));
                    let mut sum = sum.lock().expect("nobody panicked while holding it");
                    sum.0 += course.counts;
                    sum.1.extend(course.violation.map(|v| (seed, v)));
                }
            });
        }
    });
    let took = began.elapsed().as_secs_f64();
    let (counts, mut violations) = sum.into_inner().expect("nobody panicked while holding it");
    violations.sort_by_key(|(seed, _)| *seed);
    for (seed, violation) in &violations {
        writeln!(out, "seed {seed}: {violation}")?;
    }
    writeln!(out, "{counts:#?}")?;
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    let rate = |count: u64| count as f64 / took;
    writeln!(
        out,
        "{seeds} seeds in {took:.1} s on {threads} threads: {:.1} seeds, {:.0} nights a second; {} violations",
        rate(seeds),
        rate(counts.nights as u64),
        violations.len()
    )?;
    Ok(if violations.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
