//! Reading a definition. What isn't known here is refused, with the place where it stands.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::expression::{Expression, Template};
use crate::retry::Retrier;

/// Why a definition isn't run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {problem}")]
pub struct Refused {
    /// The state, or `the machine`.
    pub place: String,
    /// What stands there.
    pub problem: String,
}

/// A state machine, or the inside of a Map.
#[derive(Debug, Clone, PartialEq)]
pub struct Definition {
    pub(crate) start_at: String,
    /// How long the whole may take; nothing inside a Map.
    pub time_out: Option<Duration>,
    pub(crate) states: BTreeMap<String, State>,
}

/// A state.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct State {
    pub(crate) kind: Kind,
    /// Where it leads when all goes well; nothing at an end.
    pub(crate) next: Option<String>,
    pub(crate) assign: Option<Template>,
    pub(crate) output: Option<Template>,
    pub(crate) catchers: Vec<Catcher>,
}

/// What a state does.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    /// Sets variables.
    Pass,
    /// Waits so many seconds.
    Wait { seconds: Template },
    /// Goes on by the first rule that holds.
    Choice { rules: Vec<Rule> },
    /// Calls a function.
    Task {
        /// The function, as the definition names it.
        function: String,
        payload: Template,
        /// How long the call may take.
        time_out: Duration,
        /// What is tried again.
        retriers: Vec<Retrier>,
    },
    /// Runs a machine for each item.
    Map { items: Template, selector: Template, at_once: Template, processor: Definition },
    /// The green end.
    Succeed,
    /// The red end.
    Fail { error: Template, cause: Template },
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Rule {
    pub(crate) condition: Expression,
    pub(crate) assign: Option<Template>,
    pub(crate) next: String,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Catcher {
    pub(crate) errors: Vec<String>,
    pub(crate) assign: Option<Template>,
    pub(crate) next: String,
}

/// The fields of an object, each of which must be taken.
struct Fields<'a> {
    place: &'a str,
    left: Map<String, Value>,
}

impl<'a> Fields<'a> {
    fn of(place: &'a str, value: &Value) -> Result<Self, Refused> {
        let left = value.as_object().cloned();
        left.map(|left| Self { place, left }).ok_or_else(|| refused(place, format!("{value} is no object")))
    }
    fn take(&mut self, name: &str) -> Option<Value> {
        self.left.remove(name)
    }
    fn needed(&mut self, name: &str) -> Result<Value, Refused> {
        self.take(name).ok_or_else(|| refused(self.place, format!("{name} is missing")))
    }
    fn text(&mut self, name: &str) -> Result<String, Refused> {
        let value = self.needed(name)?;
        let text = value.as_str().filter(|text| !crate::expression::is_half(text) && !text.contains("{%"));
        text.map(ToOwned::to_owned).ok_or_else(|| refused(self.place, format!("{name} is {value}, no text")))
    }
    fn whole(&mut self, name: &str) -> Result<u32, Refused> {
        let value = self.needed(name)?;
        let whole = value.as_u64().and_then(|n| u32::try_from(n).ok());
        whole.ok_or_else(|| refused(self.place, format!("{name} is {value}, no whole number")))
    }
    fn seconds(&mut self, name: &str) -> Result<Duration, Refused> {
        self.whole(name).map(|s| Duration::from_secs(s.into()))
    }
    fn template(&mut self, name: &str) -> Result<Option<Template>, Refused> {
        let read = |v: Value| Template::read(&v).map_err(|e| refused(self.place, format!("{name}: {e}")));
        self.take(name).map(read).transpose()
    }
    fn list(&mut self, name: &str) -> Result<Vec<Value>, Refused> {
        match self.take(name) {
            None => Ok(Vec::new()),
            Some(Value::Array(items)) => Ok(items),
            Some(other) => Err(refused(self.place, format!("{name} is {other}, no list"))),
        }
    }
    fn must_be(&mut self, name: &str, value: &str) -> Result<(), Refused> {
        let found = self.text(name)?;
        if found == value { Ok(()) } else { Err(refused(self.place, format!("{name} is {found}"))) }
    }
    fn end(self) -> Result<(), Refused> {
        match self.left.keys().next() {
            None => Ok(()),
            Some(field) => Err(refused(self.place, format!("{field} isn't known to this runner"))),
        }
    }
}

fn refused(place: &str, problem: impl Into<String>) -> Refused {
    Refused { place: place.to_owned(), problem: problem.into() }
}

impl Definition {
    /// Reads a definition as it is deployed, placeholders of functions included.
    ///
    /// # Errors
    /// [`Refused`] for all that isn't in the subset.
    pub fn read(text: &str) -> Result<Self, Refused> {
        let value = serde_json::from_str(text).map_err(|e| refused("the machine", e.to_string()))?;
        let mut fields = Fields::of("the machine", &value)?;
        fields.must_be("QueryLanguage", "JSONata")?;
        let time_out = fields.seconds("TimeoutSeconds")?;
        Ok(Self { time_out: Some(time_out), ..Self::inside(fields)? })
    }

    fn inside(mut fields: Fields<'_>) -> Result<Self, Refused> {
        fields.take("Comment");
        let start_at = fields.text("StartAt")?;
        let place = fields.place;
        let states = fields.needed("States")?;
        fields.end()?;
        let states = states.as_object().ok_or_else(|| refused(place, "States is no object"))?;
        let read = |(name, body): (&String, &Value)| Ok((name.clone(), State::read(name, body)?));
        let states: BTreeMap<String, State> = states.iter().map(read).collect::<Result<_, Refused>>()?;
        let targets = states.iter().flat_map(|(name, s)| s.leads_to().into_iter().map(move |t| (name, t)));
        for (name, target) in targets {
            if !states.contains_key(target) {
                return Err(refused(name, format!("there is no state {target}")));
            }
        }
        if !states.contains_key(&start_at) {
            return Err(refused(place, format!("there is no state {start_at}")));
        }
        Ok(Self { start_at, time_out: None, states })
    }
}

impl State {
    fn leads_to(&self) -> Vec<&str> {
        let rules = if let Kind::Choice { rules } = &self.kind { rules.as_slice() } else { &[] };
        let of_rules = rules.iter().map(|r| r.next.as_str());
        of_rules.chain(self.catchers.iter().map(|c| c.next.as_str())).chain(self.next.as_deref()).collect()
    }

    fn read(name: &str, body: &Value) -> Result<Self, Refused> {
        let mut fields = Fields::of(name, body)?;
        fields.take("Comment");
        let kind_name = fields.text("Type")?;
        let assign = fields.template("Assign")?;
        let catchers =
            fields.list("Catch")?.iter().map(|c| read_catcher(name, c)).collect::<Result<Vec<_>, _>>()?;
        let mut output = None;
        let kind = match kind_name.as_str() {
            "Pass" => Kind::Pass,
            "Succeed" => Kind::Succeed,
            "Wait" => Kind::Wait { seconds: needed(&mut fields, "Seconds")? },
            "Fail" => {
                Kind::Fail { error: needed(&mut fields, "Error")?, cause: needed(&mut fields, "Cause")? }
            }
            "Choice" => {
                let rules = fields.list("Choices")?;
                Kind::Choice { rules: rules.iter().map(|r| read_rule(name, r)).collect::<Result<_, _>>()? }
            }
            "Task" => {
                output = fields.template("Output")?;
                read_task(&mut fields)?
            }
            "Map" => read_map(&mut fields)?,
            other => return Err(refused(name, format!("Type is {other}"))),
        };
        let next = match &kind {
            Kind::Succeed | Kind::Fail { .. } => None,
            Kind::Choice { .. } => Some(fields.text("Default")?),
            _ if fields.left.get("End") == Some(&Value::Bool(true)) => {
                fields.take("End");
                None
            }
            _ => Some(fields.text("Next")?),
        };
        if !catchers.is_empty() && !matches!(kind, Kind::Task { .. } | Kind::Map { .. }) {
            return Err(refused(name, format!("a {kind_name} catches nothing")));
        }
        fields.end()?;
        Ok(Self { kind, next, assign, output, catchers })
    }
}

fn needed(fields: &mut Fields<'_>, name: &str) -> Result<Template, Refused> {
    fields.template(name)?.ok_or_else(|| refused(fields.place, format!("{name} is missing")))
}

fn errors(fields: &mut Fields<'_>) -> Result<Vec<String>, Refused> {
    let listed = fields.list("ErrorEquals")?;
    let names: Option<Vec<String>> = listed.iter().map(|e| e.as_str().map(ToOwned::to_owned)).collect();
    names.filter(|n| !n.is_empty()).ok_or_else(|| refused(fields.place, "ErrorEquals lists no names"))
}

fn read_rule(place: &str, rule: &Value) -> Result<Rule, Refused> {
    let mut fields = Fields::of(place, rule)?;
    let Template::Expression(condition @ Expression::Is(..)) = needed(&mut fields, "Condition")? else {
        return Err(refused(place, "Condition is no comparison with a literal"));
    };
    let rule = Rule { condition, assign: fields.template("Assign")?, next: fields.text("Next")? };
    fields.end()?;
    Ok(rule)
}

fn read_catcher(place: &str, catcher: &Value) -> Result<Catcher, Refused> {
    let mut fields = Fields::of(place, catcher)?;
    let errors = errors(&mut fields)?;
    let catcher = Catcher { errors, assign: fields.template("Assign")?, next: fields.text("Next")? };
    fields.end()?;
    Ok(catcher)
}

fn read_retrier(place: &str, retrier: &Value) -> Result<Retrier, Refused> {
    let mut fields = Fields::of(place, retrier)?;
    fields.must_be("JitterStrategy", "FULL")?;
    let retrier = Retrier {
        errors: errors(&mut fields)?,
        interval: fields.seconds("IntervalSeconds")?,
        backoff: fields.whole("BackoffRate")?,
        attempts_max: fields.whole("MaxAttempts")?,
        delay_max: fields.seconds("MaxDelaySeconds")?,
    };
    fields.end()?;
    Ok(retrier)
}

fn read_task(fields: &mut Fields<'_>) -> Result<Kind, Refused> {
    fields.must_be("Resource", "arn:aws:states:::lambda:invoke")?;
    let arguments = fields.needed("Arguments")?;
    let mut arguments = Fields::of(fields.place, &arguments)?;
    let function = arguments.text("FunctionName")?;
    let payload = needed(&mut arguments, "Payload")?;
    arguments.end()?;
    let retriers = fields.list("Retry")?;
    let retriers = retriers.iter().map(|r| read_retrier(fields.place, r)).collect::<Result<_, _>>()?;
    Ok(Kind::Task { function, payload, time_out: fields.seconds("TimeoutSeconds")?, retriers })
}

fn read_map(fields: &mut Fields<'_>) -> Result<Kind, Refused> {
    let processor = fields.needed("ItemProcessor")?;
    let mut processor = Fields::of(fields.place, &processor)?;
    let configuration = processor.needed("ProcessorConfig")?;
    let mut configuration = Fields::of(fields.place, &configuration)?;
    configuration.must_be("Mode", "INLINE")?;
    configuration.end()?;
    Ok(Kind::Map {
        items: needed(fields, "Items")?,
        selector: needed(fields, "ItemSelector")?,
        at_once: needed(fields, "MaxConcurrency")?,
        processor: Definition::inside(processor)?,
    })
}
