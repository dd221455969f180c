//! What stands in `FROM`: relations, sub-queries, functions, joins.

use sqlparser::ast::{
    Join, JoinConstraint, JoinOperator, TableAlias, TableAliasColumnDef, TableFactor, TableFunctionArgs,
    TableWithJoins,
};

use super::{Part, Walk, absent, at, construct, folded, is_name, parts_of, printed};
use crate::own_sql::allowed;
use crate::own_sql::refusal::{Refusal, shown};

impl<'a> Walk<'a> {
    pub(super) fn table(&mut self, table: &'a TableFactor) -> Result<(), Refusal> {
        match table {
            TableFactor::Table { .. } => self.relation(table),
            TableFactor::Derived { lateral: _, subquery, alias, sample } => {
                absent(sample.is_none(), "TABLESAMPLE")?;
                self.todo.push(Part::Query(subquery));
                self.maybe_alias(alias.as_ref())
            }
            TableFactor::Function { lateral: _, name, args, with_ordinality: _, alias } => {
                self.callable(name)?;
                self.arguments(args)?;
                self.maybe_alias(alias.as_ref())
            }
            TableFactor::UNNEST {
                alias,
                array_exprs,
                with_offset,
                with_offset_alias,
                with_ordinality: _,
            } => {
                absent(!with_offset && with_offset_alias.is_none(), "WITH OFFSET")?;
                self.all_later(array_exprs);
                self.maybe_alias(alias.as_ref())
            }
            TableFactor::NestedJoin { table_with_joins, alias } => {
                let TableWithJoins { relation, joins } = table_with_joins.as_ref();
                self.todo.push(Part::Table(relation));
                self.joins(joins)?;
                self.maybe_alias(alias.as_ref())
            }
            TableFactor::JsonTable { .. } | TableFactor::OpenJsonTable { .. } => Err(construct("JSON_TABLE")),
            TableFactor::XmlTable { .. } => Err(construct("XMLTABLE")),
            TableFactor::TableFunction { .. }
            | TableFactor::Pivot { .. }
            | TableFactor::Unpivot { .. }
            | TableFactor::UnpivotExpr { .. }
            | TableFactor::MatchRecognize { .. }
            | TableFactor::SemanticView { .. } => Err(construct("a table of another dialect")),
        }
    }

    /// A relation, or a function without `LATERAL`.
    fn relation(&mut self, table: &'a TableFactor) -> Result<(), Refusal> {
        let TableFactor::Table {
            name,
            alias,
            args,
            with_hints,
            version,
            with_ordinality: _,
            partitions,
            json_path,
            sample,
            index_hints,
        } = table
        else {
            return Err(construct("a table of another dialect"));
        };
        absent(sample.is_none(), "TABLESAMPLE")?;
        let plain =
            with_hints.is_empty() && version.is_none() && partitions.is_empty() && index_hints.is_empty();
        absent(plain && json_path.is_none(), "words after a table")?;
        if let Some(TableFunctionArgs { args, settings }) = args {
            absent(settings.is_none(), "SETTINGS")?;
            self.callable(name)?;
            self.arguments(args)?;
            return self.maybe_alias(alias.as_ref());
        }
        let parts = parts_of(name)?;
        let Some(last) = parts.last() else { return Err(construct("a table without a name")) };
        if allowed::SECRETS.contains(&folded(last).as_str()) {
            let reason = format!("reads {}, which holds secrets", printed(&parts));
            return Err(at(last, Refusal::new(reason, "read pg_roles or another view that leaves them out")));
        }
        self.maybe_alias(alias.as_ref())
    }

    pub(super) fn joins(&mut self, joins: &'a [Join]) -> Result<(), Refusal> {
        for Join { relation, global, join_operator } in joins {
            absent(!global, "GLOBAL JOIN")?;
            self.todo.push(Part::Table(relation));
            match join_operator {
                JoinOperator::Join(constraint)
                | JoinOperator::Inner(constraint)
                | JoinOperator::Left(constraint)
                | JoinOperator::LeftOuter(constraint)
                | JoinOperator::Right(constraint)
                | JoinOperator::RightOuter(constraint)
                | JoinOperator::FullOuter(constraint)
                | JoinOperator::CrossJoin(constraint) => match constraint {
                    JoinConstraint::On(condition) => self.later(condition),
                    JoinConstraint::Using(columns) => {
                        for column in columns {
                            parts_of(column)?;
                        }
                    }
                    JoinConstraint::Natural | JoinConstraint::None => {}
                },
                JoinOperator::Semi(_)
                | JoinOperator::LeftSemi(_)
                | JoinOperator::RightSemi(_)
                | JoinOperator::Anti(_)
                | JoinOperator::LeftAnti(_)
                | JoinOperator::RightAnti(_)
                | JoinOperator::CrossApply
                | JoinOperator::OuterApply
                | JoinOperator::AsOf { .. }
                | JoinOperator::StraightJoin(_)
                | JoinOperator::ArrayJoin
                | JoinOperator::LeftArrayJoin
                | JoinOperator::InnerArrayJoin => return Err(construct("a join of another dialect")),
            }
        }
        Ok(())
    }

    fn maybe_alias(&mut self, alias: Option<&'a TableAlias>) -> Result<(), Refusal> {
        alias.map_or(Ok(()), |alias| self.alias(alias))
    }

    pub(super) fn alias(&mut self, alias: &'a TableAlias) -> Result<(), Refusal> {
        let TableAlias { explicit: _, name, columns, at: index } = alias;
        absent(index.is_none(), "AT after a name")?;
        is_name(name)?;
        for TableAliasColumnDef { name, data_type } in columns {
            is_name(name)?;
            self.todo.extend(data_type.iter().map(Part::Type));
        }
        if columns.is_empty() {
            return Ok(());
        }
        let folded = folded(name);
        if allowed::is_of_catalogue(&folded) {
            let reason = format!("names its columns after {}, which is a function too", shown(&folded));
            return Err(at(name, Refusal::new(reason, "give it another name")));
        }
        self.lists_of_columns.push(folded);
        Ok(())
    }
}
