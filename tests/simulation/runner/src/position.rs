//! Where an execution stands: what a redrive goes on with.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::Value;

/// Where an execution or an iteration of a Map stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Position {
    /// The state that it is in.
    pub state: String,
    /// The state's input.
    pub input: Value,
    /// The variables.
    pub variables: BTreeMap<String, Value>,
    /// The iterations of the Map that it is in; empty elsewhere.
    pub iterations: Vec<Iteration>,
}

/// How far an iteration of a Map is.
#[derive(Debug, Clone, PartialEq)]
pub enum Iteration {
    /// Not begun, or begun again from the start.
    Waiting,
    /// In a state.
    At(Box<Position>),
    /// Ended with its result.
    Done(Value),
}

/// A position that the runner moves and others look at.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    own: Rc<RefCell<Position>>,
    inner: Rc<RefCell<Vec<Inner>>>,
}

#[derive(Debug, Clone)]
pub(crate) enum Inner {
    Waiting,
    At(Place),
    Done(Value),
}

impl Place {
    pub(crate) fn new(mut position: Position) -> Self {
        let inner = position.iterations.drain(..).map(|iteration| match iteration {
            Iteration::Waiting => Inner::Waiting,
            Iteration::At(position) => Inner::At(Self::new(*position)),
            Iteration::Done(value) => Inner::Done(value),
        });
        let inner = Rc::new(RefCell::new(inner.collect()));
        Self { own: Rc::new(RefCell::new(position)), inner }
    }

    /// Looks at the position or moves it.
    pub(crate) fn with<T>(&self, look: impl FnOnce(&mut Position) -> T) -> T {
        look(&mut self.own.borrow_mut())
    }

    /// Looks at the iterations or moves them.
    pub(crate) fn with_inner<T>(&self, look: impl FnOnce(&mut Vec<Inner>) -> T) -> T {
        look(&mut self.inner.borrow_mut())
    }

    /// A copy that nobody moves any more.
    pub(crate) fn copy(&self) -> Position {
        let iterations = self.with_inner(|inner| {
            inner
                .iter()
                .map(|one| match one {
                    Inner::Waiting => Iteration::Waiting,
                    Inner::At(place) => Iteration::At(Box::new(place.copy())),
                    Inner::Done(value) => Iteration::Done(value.clone()),
                })
                .collect()
        });
        Position { iterations, ..self.with(|own| own.clone()) }
    }
}
