//! Calls of functions.

use sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgOperator, FunctionArgumentClause,
    FunctionArgumentList, FunctionArguments, ObjectName, WindowType,
};

use super::select::only_wildcard;
use super::{Part, Walk, absent, at, construct, folded, is_name, parts_of, printed};
use crate::own_sql::allowed;
use crate::own_sql::calls::not_allowed;
use crate::own_sql::parse::place;
use crate::own_sql::refusal::Refusal;

impl<'a> Walk<'a> {
    pub(super) fn function(&mut self, function: &'a Function) -> Result<(), Refusal> {
        let Function { name, uses_odbc_syntax, parameters, args, within_group, filter, null_treatment, over } =
            function;
        absent(
            !uses_odbc_syntax && matches!(parameters, FunctionArguments::None),
            "a call of another dialect",
        )?;
        absent(null_treatment.is_none(), "IGNORE NULLS or RESPECT NULLS")?;
        match args {
            FunctionArguments::None => without_parentheses(name)?,
            FunctionArguments::Subquery(query) => {
                // `ARRAY (SELECT …)`; any other function has the sub-query in parentheses of its own.
                let parts = parts_of(name)?;
                let is_array =
                    matches!(parts.as_slice(), [one] if one.quote_style.is_none() && folded(one) == "array");
                absent(is_array, "a call with a bare sub-query")?;
                self.todo.push(Part::Query(query));
            }
            FunctionArguments::List(FunctionArgumentList { duplicate_treatment: _, args, clauses }) => {
                self.callable(name)?;
                self.arguments(args)?;
                for clause in clauses {
                    match clause {
                        FunctionArgumentClause::OrderBy(expressions) => self.ordered(expressions)?,
                        _ => return Err(construct("a clause of another dialect in a call")),
                    }
                }
                self.several_arrays(name, args)?;
            }
        }
        self.ordered(within_group)?;
        self.all_later(filter.as_deref());
        match over {
            None => Ok(()),
            Some(WindowType::NamedWindow(name)) => is_name(name),
            Some(WindowType::WindowSpec(window)) => self.window(window),
        }
    }

    /// PostgreSQL knows `unnest` of several arrays in `FROM` only, by its grammar. Elsewhere it would be
    /// somebody's own function.
    fn several_arrays(&self, name: &ObjectName, args: &[FunctionArg]) -> Result<(), Refusal> {
        let _ = self;
        let parts = parts_of(name)?;
        let is_unnest = parts.last().is_some_and(|last| folded(last) == "unnest");
        absent(!is_unnest || args.len() < 2, "unnest of several arrays outside of FROM")
    }

    /// Refuses a function that isn't on the list, or not of the schema that the list is of.
    pub(super) fn callable(&self, name: &ObjectName) -> Result<(), Refusal> {
        let _ = self;
        let parts = parts_of(name)?;
        let listed = match parts.as_slice() {
            [one] => {
                let folded = folded(one);
                let of_grammar = one.quote_style.is_none() && allowed::GRAMMAR.contains(&folded.as_str());
                of_grammar || allowed::is_of_catalogue(&folded)
            }
            [schema, one] => folded(schema) == "pg_catalog" && allowed::is_of_catalogue(&folded(one)),
            _ => false,
        };
        match parts.last() {
            _ if listed => Ok(()),
            Some(last) => Err(not_allowed(&printed(&parts), place(last.span.start))),
            None => Err(construct("a call without a name")),
        }
    }

    pub(super) fn arguments(&mut self, args: &'a [FunctionArg]) -> Result<(), Refusal> {
        for argument in args {
            let value = match argument {
                FunctionArg::Unnamed(value) => value,
                FunctionArg::Named { name, arg, operator }
                | FunctionArg::ExprNamed { name: Expr::Identifier(name), arg, operator } => {
                    is_name(name)?;
                    let usual =
                        matches!(operator, FunctionArgOperator::RightArrow | FunctionArgOperator::Assignment);
                    absent(usual, "an argument of another dialect")?;
                    arg
                }
                FunctionArg::ExprNamed { .. } => return Err(construct("an argument of another dialect")),
            };
            match value {
                FunctionArgExpr::Expr(expression) => self.later(expression),
                FunctionArgExpr::Wildcard => {}
                FunctionArgExpr::QualifiedWildcard(name) => drop(parts_of(name)?),
                FunctionArgExpr::WildcardWithOptions(options) => only_wildcard(options)?,
            }
        }
        Ok(())
    }
}

fn without_parentheses(name: &ObjectName) -> Result<(), Refusal> {
    let parts = parts_of(name)?;
    match parts.as_slice() {
        [one]
            if one.quote_style.is_none() && allowed::WITHOUT_PARENTHESES.contains(&folded(one).as_str()) =>
        {
            Ok(())
        }
        [one, ..] => Err(at(one, not_allowed(&printed(&parts), place(one.span.start)))),
        [] => Err(construct("a call without a name")),
    }
}
