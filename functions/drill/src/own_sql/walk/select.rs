//! Queries: `WITH`, `SELECT`, `VALUES`, set operations, and what follows them.

use sqlparser::ast::{
    Cte, CteAsMaterialized, Distinct, Expr, Fetch, GroupByExpr, LimitClause, NamedWindowDefinition,
    NamedWindowExpr, Offset, OrderBy, OrderByExpr, OrderByKind, OrderByOptions, OrderBySort, Query, Select,
    SelectFlavor, SelectItem, SelectItemQualifiedWildcardKind, SetExpr, SetOperator, SetQuantifier,
    TableWithJoins, Values, WildcardAdditionalOptions, WindowFrame, WindowFrameBound, WindowSpec, With,
};

use super::{Part, Walk, absent, construct, is_name, parts_of};
use crate::own_sql::refusal::Refusal;

impl<'a> Walk<'a> {
    pub(super) fn query(&mut self, query: &'a Query) -> Result<(), Refusal> {
        let Query {
            with,
            body,
            order_by,
            limit_clause,
            fetch,
            locks,
            for_clause,
            settings,
            format_clause,
            pipe_operators,
        } = query;
        absent(locks.is_empty(), "FOR UPDATE or FOR SHARE")?;
        absent(
            for_clause.is_none() && settings.is_none() && format_clause.is_none(),
            "FOR, SETTINGS or FORMAT",
        )?;
        absent(pipe_operators.is_empty(), "|>")?;
        if let Some(with) = with {
            self.with(with)?;
        }
        self.todo.push(Part::Set(body));
        if let Some(order_by) = order_by {
            self.order_by(order_by)?;
        }
        if let Some(limit) = limit_clause {
            self.limit(limit)?;
        }
        if let Some(Fetch { with_ties: _, percent, quantity }) = fetch {
            absent(!percent, "FETCH … PERCENT")?;
            self.all_later(quantity);
        }
        Ok(())
    }

    fn with(&mut self, with: &'a With) -> Result<(), Refusal> {
        let With { with_token: _, recursive: _, cte_tables } = with;
        for cte in cte_tables {
            let Cte { alias, query, from, materialized, closing_paren_token: _ } = cte;
            absent(from.is_none(), "FROM after WITH")?;
            match materialized {
                None | Some(CteAsMaterialized::Materialized | CteAsMaterialized::NotMaterialized) => {}
            }
            self.alias(alias)?;
            self.todo.push(Part::Query(query));
        }
        Ok(())
    }

    fn limit(&mut self, limit: &'a LimitClause) -> Result<(), Refusal> {
        match limit {
            LimitClause::LimitOffset { limit, offset, limit_by } => {
                absent(limit_by.is_empty(), "LIMIT … BY")?;
                self.all_later(limit);
                if let Some(Offset { value, rows: _ }) = offset {
                    self.later(value);
                }
                Ok(())
            }
            LimitClause::OffsetCommaLimit { .. } => Err(construct("LIMIT with a comma")),
        }
    }

    pub(super) fn set(&mut self, set: &'a SetExpr) -> Result<(), Refusal> {
        match set {
            SetExpr::Select(select) => self.select(select),
            SetExpr::Query(query) => {
                self.todo.push(Part::Query(query));
                Ok(())
            }
            SetExpr::SetOperation { left, op, set_quantifier, right } => {
                absent(!matches!(op, SetOperator::Minus), "MINUS")?;
                let usual = matches!(
                    set_quantifier,
                    SetQuantifier::All | SetQuantifier::Distinct | SetQuantifier::None
                );
                absent(usual, "BY NAME")?;
                self.todo.extend([Part::Set(left), Part::Set(right)]);
                Ok(())
            }
            SetExpr::Values(Values { explicit_row, value_keyword, rows }) => {
                absent(!explicit_row && !value_keyword, "VALUES ROW")?;
                self.all_later(rows.iter().flat_map(|row| &row.content));
                Ok(())
            }
            SetExpr::Insert(_) => Err(writes("INSERT")),
            SetExpr::Update(_) => Err(writes("UPDATE")),
            SetExpr::Delete(_) => Err(writes("DELETE")),
            SetExpr::Merge(_) => Err(writes("MERGE")),
            SetExpr::Table(_) => Err(construct("TABLE")),
        }
    }

    fn select(&mut self, select: &'a Select) -> Result<(), Refusal> {
        let Select {
            select_token: _,
            // A comment, for PostgreSQL.
            optimizer_hints: _,
            distinct,
            select_modifiers,
            top,
            top_before_distinct: _,
            projection,
            exclude,
            into,
            from,
            lateral_views,
            prewhere,
            selection,
            connect_by,
            group_by,
            cluster_by,
            distribute_by,
            sort_by,
            having,
            named_window,
            qualify,
            window_before_qualify: _,
            value_table_mode,
            flavor,
        } = select;
        absent(into.is_none(), "INTO")?;
        absent(
            select_modifiers.is_none() && top.is_none() && value_table_mode.is_none(),
            "words after SELECT",
        )?;
        absent(exclude.is_none() && prewhere.is_none() && qualify.is_none(), "EXCLUDE, PREWHERE or QUALIFY")?;
        absent(lateral_views.is_empty() && connect_by.is_empty(), "LATERAL VIEW or CONNECT BY")?;
        absent(
            cluster_by.is_empty() && distribute_by.is_empty() && sort_by.is_empty(),
            "CLUSTER BY or SORT BY",
        )?;
        absent(matches!(flavor, SelectFlavor::Standard), "FROM before SELECT")?;
        match distinct {
            None | Some(Distinct::All | Distinct::Distinct) => {}
            Some(Distinct::On(expressions)) => self.all_later(expressions),
        }
        for item in projection {
            self.item(item)?;
        }
        for TableWithJoins { relation, joins } in from {
            self.todo.push(Part::Table(relation));
            self.joins(joins)?;
        }
        self.all_later(selection);
        self.all_later(having);
        self.group_by(group_by)?;
        for NamedWindowDefinition(name, window) in named_window {
            is_name(name)?;
            match window {
                NamedWindowExpr::NamedWindow(name) => is_name(name)?,
                NamedWindowExpr::WindowSpec(window) => self.window(window)?,
            }
        }
        Ok(())
    }

    fn item(&mut self, item: &'a SelectItem) -> Result<(), Refusal> {
        match item {
            SelectItem::UnnamedExpr(expr) => {
                self.later(expr);
                Ok(())
            }
            SelectItem::ExprWithAlias { expr, alias } => {
                self.later(expr);
                is_name(alias)
            }
            SelectItem::ExprWithAliases { .. } => Err(construct("several names for a column")),
            SelectItem::Wildcard(options) => only_wildcard(options),
            SelectItem::QualifiedWildcard(of, options) => {
                match of {
                    SelectItemQualifiedWildcardKind::ObjectName(name) => drop(parts_of(name)?),
                    SelectItemQualifiedWildcardKind::Expr(expr) => self.later(expr),
                }
                only_wildcard(options)
            }
        }
    }

    fn group_by(&mut self, group_by: &'a GroupByExpr) -> Result<(), Refusal> {
        let GroupByExpr::Expressions(expressions, modifiers) = group_by else {
            return Err(construct("GROUP BY ALL"));
        };
        absent(modifiers.is_empty(), "WITH after GROUP BY")?;
        for expression in expressions {
            // Elsewhere, `rollup (a)` and `cube (a)` are calls.
            match expression {
                Expr::GroupingSets(sets) | Expr::Cube(sets) | Expr::Rollup(sets) => {
                    self.all_later(sets.iter().flatten());
                }
                other => self.later(other),
            }
        }
        Ok(())
    }

    fn order_by(&mut self, order_by: &'a OrderBy) -> Result<(), Refusal> {
        let OrderBy { kind, interpolate } = order_by;
        absent(interpolate.is_none(), "INTERPOLATE")?;
        match kind {
            OrderByKind::Expressions(expressions) => self.ordered(expressions),
            OrderByKind::All(_) => Err(construct("ORDER BY ALL")),
        }
    }

    pub(super) fn ordered(&mut self, expressions: &'a [OrderByExpr]) -> Result<(), Refusal> {
        for OrderByExpr { expr, options: OrderByOptions { sort, nulls_first: _ }, with_fill } in expressions {
            match sort {
                None | Some(OrderBySort::Asc | OrderBySort::Desc) => {}
                Some(OrderBySort::Using(_)) => return Err(construct("ORDER BY … USING")),
            }
            absent(with_fill.is_none(), "WITH FILL")?;
            self.later(expr);
        }
        Ok(())
    }

    pub(super) fn window(&mut self, window: &'a WindowSpec) -> Result<(), Refusal> {
        let WindowSpec { window_name, partition_by, order_by, window_frame } = window;
        window_name.as_ref().map_or(Ok(()), is_name)?;
        self.all_later(partition_by);
        if let Some(WindowFrame { units: _, start_bound, end_bound }) = window_frame {
            for bound in [Some(start_bound), end_bound.as_ref()].into_iter().flatten() {
                match bound {
                    WindowFrameBound::CurrentRow => {}
                    WindowFrameBound::Preceding(rows) | WindowFrameBound::Following(rows) => {
                        self.all_later(rows.as_deref());
                    }
                }
            }
        }
        self.ordered(order_by)
    }
}

fn writes(statement: &str) -> Refusal {
    Refusal::new(format!("has {statement}, which writes"), "a check only reads: write a SELECT")
}

/// Other dialects add words to a `*`.
pub(super) fn only_wildcard(options: &WildcardAdditionalOptions) -> Result<(), Refusal> {
    let WildcardAdditionalOptions {
        wildcard_token: _,
        opt_ilike,
        opt_exclude,
        opt_except,
        opt_replace,
        opt_rename,
        opt_alias,
    } = options;
    let plain = opt_ilike.is_none()
        && opt_exclude.is_none()
        && opt_except.is_none()
        && opt_replace.is_none()
        && opt_rename.is_none()
        && opt_alias.is_none();
    absent(plain, "words after *")
}
