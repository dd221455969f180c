//! Goes through the tree of a query, and knows each node that may be in it.
//!
//! The parser's tree has the constructs of many dialects. Each node is taken apart here field by
//! field: what isn't named is refused, and a field that a new version of the parser adds doesn't
//! compile. Nothing recurses: what is left to look at is on a list.

mod expression;
mod function;
mod select;
mod table;
mod types;

use sqlparser::ast::{DataType, Expr, Ident, ObjectName, ObjectNamePart, Query, SetExpr, TableFactor};

use super::parse::place;
use super::refusal::{Refusal, shown};

/// A part of the tree that is still to be looked at.
enum Part<'a> {
    Query(&'a Query),
    Set(&'a SetExpr),
    Table(&'a TableFactor),
    Expression(&'a Expr),
    Type(&'a DataType),
}

/// What is left to look at, and what was found.
#[derive(Default)]
struct Walk<'a> {
    todo: Vec<Part<'a>>,
    lists_of_columns: Vec<String>,
}

/// Looks at the whole tree. Gives the names before lists of columns' names, as in `t (a, b)`, which
/// look like calls.
pub(super) fn walk(query: &Query) -> Result<Vec<String>, Refusal> {
    let mut walk = Walk { todo: vec![Part::Query(query)], ..Walk::default() };
    while let Some(part) = walk.todo.pop() {
        match part {
            Part::Query(query) => walk.query(query)?,
            Part::Set(set) => walk.set(set)?,
            Part::Table(table) => walk.table(table)?,
            Part::Expression(expression) => walk.expression(expression)?,
            Part::Type(data_type) => walk.data_type(data_type)?,
        }
    }
    Ok(walk.lists_of_columns)
}

impl<'a> Walk<'a> {
    fn later(&mut self, expression: &'a Expr) {
        self.todo.push(Part::Expression(expression));
    }

    fn all_later(&mut self, expressions: impl IntoIterator<Item = &'a Expr>) {
        self.todo.extend(expressions.into_iter().map(Part::Expression));
    }
}

/// What a construct is refused with that PostgreSQL has, but a check doesn't need, or that it hasn't.
fn construct(what: &str) -> Refusal {
    Refusal::new(
        format!("has {what}, which a check may not have"),
        "write it with plain SELECT, JOIN and WHERE",
    )
}

/// Goes on only where a construct is absent.
fn absent(is_absent: bool, what: &str) -> Result<(), Refusal> {
    if is_absent { Ok(()) } else { Err(construct(what)) }
}

/// The name as PostgreSQL sees it.
fn folded(name: &Ident) -> String {
    if name.quote_style.is_some() { name.value.clone() } else { name.value.to_ascii_lowercase() }
}

/// Refuses a name in other quotes than PostgreSQL's: what the parser takes for one can be a value.
fn is_name(name: &Ident) -> Result<(), Refusal> {
    match name.quote_style {
        None | Some('"') => Ok(()),
        Some(_) => Err(at(name, construct("a string in the place of a name"))),
    }
}

/// The parts of a name with its schema.
fn parts_of(name: &ObjectName) -> Result<Vec<&Ident>, Refusal> {
    name.0
        .iter()
        .map(|part| match part {
            ObjectNamePart::Identifier(name) => is_name(name).map(|()| name),
            ObjectNamePart::Function(_) => Err(construct("a name that is computed")),
        })
        .collect()
}

/// A refusal at the place of a name.
fn at(name: &Ident, refusal: Refusal) -> Refusal {
    if name.span.start.line == 0 { refusal } else { refusal.at(place(name.span.start)) }
}

/// The name as the query has it.
fn printed(parts: &[&Ident]) -> String {
    shown(&parts.iter().map(|part| folded(part)).collect::<Vec<_>>().join("."))
}
