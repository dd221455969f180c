//! A Map: its machine for each item, some of them side by side.

use serde_json::{Value, json};

use crate::Failure;
use crate::definition::Definition;
use crate::expression::{Scope, Template};
use crate::machine::{Engine, Outcome, Run, machine};
use crate::position::{Inner, Place, Position};
use crate::side_by_side::{Boxed, side_by_side};

impl<E: Engine> Run<'_, E> {
    /// The results in the order of the items; the first error that isn't caught inside ends all.
    pub(crate) async fn map(
        &self,
        items: &Template,
        selector: &Template,
        at_once: &Template,
        processor: &Definition,
    ) -> Result<Value, Failure> {
        let items = self.value(items, None)?;
        let Value::Array(items) = items else { return Err(Failure::query(format!("{items} is no list"))) };
        let at_once = self.value(at_once, None)?;
        let limit = at_once.as_u64().and_then(|n| usize::try_from(n).ok());
        let limit = limit.ok_or_else(|| Failure::query(format!("{at_once} iterations at once")))?;
        self.place.with_inner(|inner| inner.resize_with(items.len(), || Inner::Waiting));
        let iterations: Vec<Boxed<'_, Result<Value, Failure>>> = (items.into_iter().enumerate())
            .map(|(index, item)| {
                let iteration: Boxed<'_, _> = Box::pin(self.iteration(index, item, selector, processor));
                iteration
            })
            .collect();
        side_by_side(iterations, limit).await.map(Value::Array)
    }

    async fn iteration(
        &self,
        index: usize,
        item: Value,
        selector: &Template,
        processor: &Definition,
    ) -> Result<Value, Failure> {
        let mut context = self.context.clone();
        context["Map"] = json!({"Item": {"Index": index, "Value": item}});
        let begun = self.place.with_inner(|inner| inner[index].clone());
        let place = match begun {
            Inner::Done(value) => return Ok(value),
            Inner::At(place) => place,
            Inner::Waiting => {
                let (input, variables) = self.place.with(|own| {
                    let scope = Scope {
                        variables: &own.variables,
                        input: &own.input,
                        context: &context,
                        result: None,
                        error: None,
                    };
                    Ok::<_, Failure>((selector.value(&scope)?, own.variables.clone()))
                })?;
                let state = processor.start_at.clone();
                let place = Place::new(Position { state, input, variables, iterations: Vec::new() });
                self.place.with_inner(|inner| inner[index] = Inner::At(place.clone()));
                place
            }
        };
        match machine(processor, self.engine, &context, &place, true).await.outcome {
            Outcome::Succeeded(value) => {
                self.place.with_inner(|inner| inner[index] = Inner::Done(value.clone()));
                Ok(value)
            }
            Outcome::Failed(failure) => Err(failure),
        }
    }
}
