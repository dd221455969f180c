//! Expressions.

use sqlparser::ast::{
    AccessExpr, Array, BinaryOperator, CaseWhen, CastKind, CeilFloorKind, DateTimeField, Expr, Interval,
    Subscript, TypedString, UnaryOperator, Value,
};

use super::{Part, Walk, absent, construct, is_name, parts_of};
use crate::own_sql::refusal::Refusal;

impl<'a> Walk<'a> {
    pub(super) fn expression(&mut self, expression: &'a Expr) -> Result<(), Refusal> {
        match expression {
            Expr::Identifier(name) => is_name(name)?,
            Expr::CompoundIdentifier(names) => names.iter().try_for_each(is_name)?,
            Expr::Wildcard(_) => {}
            Expr::QualifiedWildcard(name, _) => drop(parts_of(name)?),
            Expr::IsFalse(of)
            | Expr::IsNotFalse(of)
            | Expr::IsTrue(of)
            | Expr::IsNotTrue(of)
            | Expr::IsNull(of)
            | Expr::IsNotNull(of)
            | Expr::IsUnknown(of)
            | Expr::IsNotUnknown(of)
            | Expr::IsJson { expr: of, kind: _, unique_keys: _, negated: _ }
            | Expr::IsNormalized { expr: of, form: _, negated: _ }
            | Expr::Nested(of)
            | Expr::Extract { field: _, syntax: _, expr: of } => self.later(of),
            Expr::Collate { expr, collation } => {
                parts_of(collation)?;
                self.later(expr);
            }
            Expr::IsDistinctFrom(left, right)
            | Expr::IsNotDistinctFrom(left, right)
            | Expr::AtTimeZone { timestamp: left, time_zone: right }
            | Expr::Position { expr: left, r#in: right } => self.all_later([&**left, &**right]),
            Expr::Between { expr, negated: _, low, high } => self.all_later([&**expr, &**low, &**high]),
            Expr::BinaryOp { left, op, right }
            | Expr::AnyOp { left, compare_op: op, right, is_some: _ }
            | Expr::AllOp { left, compare_op: op, right } => {
                binary(op)?;
                self.all_later([&**left, &**right]);
            }
            Expr::UnaryOp { op, expr } => {
                unary(*op)?;
                self.later(expr);
            }
            Expr::Like { negated: _, any: _, expr, pattern, escape_char }
            | Expr::ILike { negated: _, any: _, expr, pattern, escape_char }
            | Expr::SimilarTo { negated: _, expr, pattern, escape_char } => {
                self.all_later([&**expr, &**pattern]);
                self.all_later(escape_char.as_deref());
            }
            Expr::InList { expr, list, negated: _ } => {
                self.later(expr);
                self.all_later(list);
            }
            Expr::InSubquery { expr, subquery, negated: _ } => {
                self.later(expr);
                self.todo.push(Part::Query(subquery));
            }
            Expr::Exists { subquery, negated: _ } | Expr::Subquery(subquery) => {
                self.todo.push(Part::Query(subquery));
            }
            Expr::Tuple(items) | Expr::Array(Array { elem: items, named: _ }) => self.all_later(items),
            Expr::Value(with_span) => value(&with_span.value)?,
            Expr::Function(function) => self.function(function)?,
            other => self.with_form_of_its_own(other)?,
        }
        Ok(())
    }

    /// Expressions that have a syntax of their own in the grammar.
    fn with_form_of_its_own(&mut self, expression: &'a Expr) -> Result<(), Refusal> {
        match expression {
            Expr::Cast { kind, expr, data_type, format } => {
                let usual = matches!(kind, CastKind::Cast | CastKind::DoubleColon) && format.is_none();
                absent(usual, "a cast of another dialect")?;
                self.todo.push(Part::Type(data_type));
                self.later(expr);
            }
            Expr::TypedString(TypedString { data_type, value: with_span, uses_odbc_syntax }) => {
                absent(!uses_odbc_syntax, "braces")?;
                value(&with_span.value)?;
                self.todo.push(Part::Type(data_type));
            }
            Expr::Interval(Interval {
                value,
                leading_field: _,
                leading_precision: _,
                last_field: _,
                fractional_seconds_precision: _,
            }) => self.later(value),
            Expr::Ceil { expr, field } | Expr::Floor { expr, field } => {
                let usual = matches!(field, CeilFloorKind::DateTimeField(DateTimeField::NoDateTime));
                absent(usual, "ceil or floor with a second argument")?;
                self.later(expr);
            }
            Expr::Substring { expr, substring_from, substring_for, special: _, shorthand: _ } => {
                self.later(expr);
                self.all_later(substring_from.as_deref());
                self.all_later(substring_for.as_deref());
            }
            Expr::Trim { trim_where: _, trim_what, expr, trim_characters } => {
                self.later(expr);
                self.all_later(trim_what.as_deref());
                self.all_later(trim_characters.iter().flatten());
            }
            Expr::Overlay { expr, overlay_what, overlay_from, overlay_for } => {
                self.all_later([&**expr, &**overlay_what, &**overlay_from]);
                self.all_later(overlay_for.as_deref());
            }
            Expr::Case { case_token: _, end_token: _, operand, conditions, else_result } => {
                self.all_later(operand.as_deref());
                for CaseWhen { condition, result } in conditions {
                    self.all_later([condition, result]);
                }
                self.all_later(else_result.as_deref());
            }
            Expr::CompoundFieldAccess { root, access_chain } => {
                self.later(root);
                for access in access_chain {
                    self.access(access)?;
                }
            }
            Expr::GroupingSets(_) | Expr::Cube(_) | Expr::Rollup(_) => {
                return Err(construct("GROUPING SETS, CUBE or ROLLUP outside of GROUP BY"));
            }
            _ => return Err(construct("an expression that isn't PostgreSQL's, or a very unusual one")),
        }
        Ok(())
    }

    fn access(&mut self, access: &'a AccessExpr) -> Result<(), Refusal> {
        match access {
            AccessExpr::Dot(field) => self.later(field),
            AccessExpr::Subscript(Subscript::Index { index }) => self.later(index),
            AccessExpr::Subscript(Subscript::Slice { lower_bound, upper_bound, stride }) => {
                absent(stride.is_none(), "a slice with a stride")?;
                self.all_later(lower_bound);
                self.all_later(upper_bound);
            }
        }
        Ok(())
    }
}

fn value(value: &Value) -> Result<(), Refusal> {
    match value {
        Value::Number(_, false)
        | Value::SingleQuotedString(_)
        | Value::EscapedStringLiteral(_)
        | Value::Boolean(_)
        | Value::Null => Ok(()),
        _ => Err(construct("an unusual kind of value")),
    }
}

fn unary(operator: UnaryOperator) -> Result<(), Refusal> {
    match operator {
        UnaryOperator::BitwiseNot
        | UnaryOperator::Plus
        | UnaryOperator::Minus
        | UnaryOperator::Not
        | UnaryOperator::PGAbs
        | UnaryOperator::PGCubeRoot
        | UnaryOperator::PGSquareRoot
        | UnaryOperator::AtDashAt
        | UnaryOperator::DoubleAt
        | UnaryOperator::Hash
        | UnaryOperator::QuestionDash
        | UnaryOperator::QuestionPipe => Ok(()),
        UnaryOperator::BangNot | UnaryOperator::PGPostfixFactorial | UnaryOperator::PGPrefixFactorial => {
            Err(construct("the operator !"))
        }
    }
}

/// The characters of an operator were looked at already; this is about words, and about what the parser
/// would take for another dialect's.
fn binary(operator: &BinaryOperator) -> Result<(), Refusal> {
    match operator {
        BinaryOperator::Plus
        | BinaryOperator::Minus
        | BinaryOperator::Multiply
        | BinaryOperator::Divide
        | BinaryOperator::Modulo
        | BinaryOperator::StringConcat
        | BinaryOperator::Gt
        | BinaryOperator::Lt
        | BinaryOperator::GtEq
        | BinaryOperator::LtEq
        | BinaryOperator::Eq
        | BinaryOperator::NotEq
        | BinaryOperator::And
        | BinaryOperator::Or
        | BinaryOperator::BitwiseOr
        | BinaryOperator::BitwiseAnd
        | BinaryOperator::BitwiseXor
        | BinaryOperator::Custom(_)
        | BinaryOperator::PGBitwiseXor
        | BinaryOperator::PGBitwiseShiftLeft
        | BinaryOperator::PGBitwiseShiftRight
        | BinaryOperator::PGExp
        | BinaryOperator::PGOverlap
        | BinaryOperator::PGRegexMatch
        | BinaryOperator::PGRegexIMatch
        | BinaryOperator::PGRegexNotMatch
        | BinaryOperator::PGRegexNotIMatch
        | BinaryOperator::PGLikeMatch
        | BinaryOperator::PGILikeMatch
        | BinaryOperator::PGNotLikeMatch
        | BinaryOperator::PGNotILikeMatch
        | BinaryOperator::PGStartsWith
        | BinaryOperator::Arrow
        | BinaryOperator::LongArrow
        | BinaryOperator::HashArrow
        | BinaryOperator::HashLongArrow
        | BinaryOperator::AtAt
        | BinaryOperator::AtArrow
        | BinaryOperator::ArrowAt
        | BinaryOperator::HashMinus
        | BinaryOperator::AtQuestion
        | BinaryOperator::Question
        | BinaryOperator::QuestionAnd
        | BinaryOperator::QuestionPipe
        | BinaryOperator::Overlaps
        | BinaryOperator::DoubleHash
        | BinaryOperator::LtDashGt
        | BinaryOperator::AndLt
        | BinaryOperator::AndGt
        | BinaryOperator::LtLtPipe
        | BinaryOperator::PipeGtGt
        | BinaryOperator::AndLtPipe
        | BinaryOperator::PipeAndGt
        | BinaryOperator::LtCaret
        | BinaryOperator::GtCaret
        | BinaryOperator::QuestionHash
        | BinaryOperator::QuestionDash
        | BinaryOperator::QuestionDashPipe
        | BinaryOperator::QuestionDoublePipe
        | BinaryOperator::At
        | BinaryOperator::TildeEq => Ok(()),
        _ => Err(construct("an operator that isn't PostgreSQL's, or a very unusual one")),
    }
}
