//! What happens by the clock: backups, nights, sweeps, AWS's restarts after seven days, and the days on
//! which people do things.

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use drill::ids::rfc3339;
use rds_double::model::{NextRestore, Status, Tag, TakeBackup};
use serde_json::{Value, json};

use crate::executions::Stage;
use crate::machines::Damage;
use crate::people::Act;
use crate::scenario::Scenario;
use crate::world::{State, Wish};

const SWEEP_TIME_OUT: TimeDelta = TimeDelta::seconds(300);
/// Lambda tries an asynchronous call that failed twice more, after one and two minutes (AWS Lambda developer
/// guide, "How Lambda handles errors and retries with asynchronous invocation").
const SWEEP_TRIES: i64 = 3;

/// The input of a night, as the schedule words it.
fn input_of(source: &str, at: DateTime<Utc>) -> Value {
    json!({
        "source": source, "scheduled_at": rfc3339(at), "trigger": "schedule",
        "requested_by": null, "backup": "latest", "keep": null
    })
}

impl Stage {
    /// Begins all that happens by the clock; gives the end of it.
    pub(crate) fn begin_schedules(&self, calm_nights: u64) -> DateTime<Utc> {
        let scenario = self.world.with(|s| s.scenario.clone());
        // A day between, on which what still runs comes to its end.
        let calm_from = scenario.first + Days::new(scenario.nights);
        let first_calm = calm_from + Days::new(1);
        let last = first_calm + Days::new(calm_nights.max(1));
        let nights = scenario.zone.nights(scenario.first, scenario.nights);
        let calm = scenario.zone.nights(first_calm, calm_nights);
        let at = |date: NaiveDate, hour: u32| date.and_hms_opt(hour, 0, 0).expect("an hour").and_utc();
        let ends_at = if calm_nights == 0 { at(calm_from, 12) } else { at(last, 4) };
        self.begin_backups(&scenario, last);
        self.begin_nights(&scenario, &[nights, calm].concat());
        self.begin_sweeps(scenario.sweep_every);
        self.begin_aws();
        self.begin_acts(&scenario, at(scenario.first, 0), at(calm_from, 0));
        if calm_nights > 0 {
            let (stage, calm_at, last_look) =
                (self.clone(), at(calm_from, 12), ends_at - TimeDelta::minutes(30));
            self.tasks.begin(async move {
                stage.tasks.clock.sleep_until(calm_at).await;
                stage.world.with(State::calm_down);
                for _ in 0..4 {
                    // What is being made or changed can't be deleted yet.
                    stage.tasks.clock.sleep(TimeDelta::hours(2)).await;
                    stage.world.with(State::mend);
                }
                stage.tasks.clock.sleep_until(last_look).await;
                stage.sweep().await;
            });
        }
        ends_at
    }

    fn begin_backups(&self, scenario: &Scenario, last: NaiveDate) {
        let first = scenario.first - Days::new(1);
        let count = u64::try_from((last - first).num_days()).unwrap_or(0);
        let times = (0..=count).filter_map(|n| scenario.zone.backup_at(first + Days::new(n)));
        let (stage, times): (_, Vec<_>) = (self.clone(), times.collect());
        self.tasks.begin(async move {
            for at in times {
                stage.tasks.clock.sleep_until(at).await;
                stage.world.with(State::back_up);
            }
        });
    }

    fn begin_nights(&self, scenario: &Scenario, nights: &[DateTime<Utc>]) {
        for source in scenario.sources.clone() {
            let (stage, nights) = (self.clone(), nights.to_vec());
            self.tasks.begin(async move {
                for at in nights {
                    stage.tasks.clock.sleep_until(at).await;
                    stage.world.with(|s| s.night(source, at));
                }
            });
        }
    }

    fn begin_sweeps(&self, every: TimeDelta) {
        let stage = self.clone();
        self.tasks.begin(async move {
            loop {
                stage.tasks.clock.sleep(every).await;
                stage.sweep().await;
            }
        });
    }

    /// Each hour AWS looks which instances have been stopped for seven days.
    fn begin_aws(&self) {
        let stage = self.clone();
        self.tasks.begin(async move {
            loop {
                stage.tasks.clock.sleep(TimeDelta::hours(1)).await;
                stage.world.with(State::restart_by_aws);
            }
        });
    }

    fn begin_acts(&self, scenario: &Scenario, from: DateTime<Utc>, until: DateTime<Utc>) {
        let count = scenario.acts_a_week * scenario.nights / 7;
        let stage = self.clone();
        self.tasks.begin(async move {
            let span_s = u64::try_from((until - from).num_seconds()).unwrap_or(0);
            let mut times: Vec<DateTime<Utc>> = stage.world.with(|s| {
                let time = |_| from + TimeDelta::seconds(s.dice.below(span_s).cast_signed());
                (0..count).map(time).collect()
            });
            times.sort();
            for at in times {
                stage.tasks.clock.sleep_until(at).await;
                stage.world.with(|s| {
                    let act = *s.dice.pick(Act::ALL);
                    s.act(act);
                });
            }
        });
    }

    /// Runs the sweep, and again when it fails.
    async fn sweep(&self) {
        self.world.with(|s| s.counts.sweeps += 1);
        for attempt in 1..=SWEEP_TRIES {
            if self.invoke(None, "sweep-orphans", &json!({}), SWEEP_TIME_OUT).await.is_ok() {
                return;
            }
            self.tasks.clock.sleep(TimeDelta::minutes(attempt)).await;
        }
    }

    /// Begins what was wished for.
    pub(crate) fn grant_wishes(&self) {
        for wish in self.world.with(|s| std::mem::take(&mut s.wishes)) {
            let stage = self.clone();
            match wish {
                Wish::Redrive { arn } => self.redrive(&arn),
                Wish::Start { input, after } => {
                    self.tasks.begin(async move {
                        stage.tasks.clock.sleep(after).await;
                        stage.start(input);
                    });
                }
                Wish::Sweep { after } => {
                    self.tasks.begin(async move {
                        stage.tasks.clock.sleep(after).await;
                        stage.sweep().await;
                    });
                }
                Wish::Make { name, after } => {
                    self.tasks.begin(async move {
                        stage.tasks.clock.sleep(after).await;
                        stage.world.with(|s| {
                            s.advance();
                            let made = s.make(&name, Vec::new());
                            s.say(|| format!("*** a person makes {name}: {made:?}"));
                        });
                    });
                }
            }
        }
    }
}

impl State {
    /// The account as it is at first: the sources, and instances of others that look like ours.
    pub(crate) fn found(&mut self) {
        let tag = |key: &str, value: &str| Tag { key: key.to_owned(), value: value.to_owned() };
        for source in self.scenario.sources.clone() {
            let text = self.scenario.configuration.replace("SOURCE", source);
            self.objects.insert(format!("config/{source}.toml"), text);
            self.make(source, Self::tags_of_source()).expect("there is room");
        }
        let of_others = [
            ("billing-prod", Vec::new()),
            ("drill-main-by-hand", Vec::new()),
            (
                "drill-other-courses-prod-20260101030000-00000000",
                vec![tag("restore-drill:deployment", "other")],
            ),
        ];
        for (name, tags) in of_others {
            self.make(name, tags).expect("there is room");
        }
    }

    /// The automated backups of all sources that there are.
    fn back_up(&mut self) {
        self.advance();
        for source in self.scenario.sources.clone() {
            let is_damaged = !self.is_calm && self.dice.per_mille(self.scenario.damage_rate);
            let is_unfinished = !self.is_calm && self.dice.per_mille(self.scenario.bad_restore_rate / 3);
            self.machines.next_damage = is_damaged.then(|| *self.dice.pick(Damage::ALL));
            let damage = self.machines.next_damage;
            let asked = TakeBackup { unfinished: is_unfinished, ..TakeBackup::default() };
            let taken = self.plane.take_automated_backup(self.now, source, &asked, &mut self.machines);
            self.machines.next_damage = None;
            let damage = damage.map(|d| format!(", damaged: {d:?}")).unwrap_or_default();
            self.say(|| match taken {
                Ok(id) => {
                    format!("backup {id}{damage}{}", if is_unfinished { ", never finished" } else { "" })
                }
                Err(e) => format!("no backup of {source}: {e}"),
            });
        }
        self.look_for_changes();
    }

    /// The schedule's event of a night, which may come late, twice, or both.
    fn night(&mut self, source: &str, at: DateTime<Utc>) {
        self.counts.nights += 1;
        let input = input_of(source, at);
        let (is_late, is_repeated) = if self.is_calm {
            (false, false)
        } else {
            (self.dice.per_mille(self.scenario.late_rate), self.dice.per_mille(self.scenario.repeated_rate))
        };
        let seconds = if is_late { self.dice.between(60, 40_000) } else { self.dice.between(0, 59) };
        let after = TimeDelta::seconds(seconds.cast_signed());
        if is_repeated {
            let again = TimeDelta::seconds(
                self.dice.between(0, *self.dice.clone().pick(&[2, 60, 7200])).cast_signed(),
            );
            self.wishes.push(Wish::Start { input: input.clone(), after: after + again });
        }
        self.wishes.push(Wish::Start { input, after });
        if !self.is_calm && self.dice.per_mille(self.scenario.bad_restore_rate) {
            let statuses =
                ["incompatible-network", "failed", "storage-full", "incompatible-restore", "maintenance"];
            let ends_in = Some(Status::named(*self.dice.pick(&statuses)));
            self.plane.set_next_restore(NextRestore { ends_in, ..NextRestore::default() });
        }
    }

    fn restart_by_aws(&mut self) {
        self.advance();
        let due: Vec<(String, String)> = self
            .instances()
            .filter(|i| i.automatic_restart_at().is_some_and(|at| at <= self.now))
            .map(|i| (i.id.clone(), i.resource_id.as_str().to_owned()))
            .collect();
        for (name, id) in due {
            if self.plane.restart_automatically(self.now, &name, &mut self.machines).is_ok() {
                self.say(|| format!("AWS starts {name} after seven days"));
                // Who had it before has given it up: it was stopped for a week.
                if let Some(replica) = self.truth.replicas.get_mut(&id) {
                    (replica.by_person.started_at, replica.by_person.stopped_at) = (None, None);
                }
            }
        }
        self.look_for_changes();
    }

    /// From now on nothing goes wrong, and what people broke is mended.
    fn calm_down(&mut self) {
        self.advance();
        self.say(|| "from here on all is calm".to_owned());
        self.is_calm = true;
        self.planned.clear();
        self.plane.set_next_restore(NextRestore::default());
        self.mend();
    }

    /// The sources are there, their configurations can be read, and there is room.
    fn mend(&mut self) {
        self.advance();
        self.uncrowd();
        for source in self.scenario.sources.clone() {
            let text = self.scenario.configuration.replace("SOURCE", source);
            self.objects.insert(format!("config/{source}.toml"), text);
            let _ = self.make(source, Self::tags_of_source());
        }
        self.look_for_changes();
    }
}
