//! Somebody's own SQL, looked at before anything of it is run: the first of two locks.
//!
//! Decides whether a text is one query that only reads, and calls nothing but functions of
//! PostgreSQL's own that compute; the list is in `allowed.rs`. What isn't known to be harmless is
//! refused. It runs nothing; the second lock is how the query is run, in
//! `functions/postgres/src/own_query.rs`.
//!
//! Four steps, each of which has to agree:
//! 1. `text.rs` cuts the text into tokens by PostgreSQL's own rules, or rather a part of them.
//! 2. `calls.rs` looks at what can be told from tokens: one statement, and the names before a parenthesis.
//! 3. `parse.rs` makes a tree of it, with a parser of many dialects that must cut the tokens alike.
//! 4. `walk` goes through the tree and knows each node that may be in it.
//!
//! What it can't see: what the database itself attaches to tables, operators, types and views. A view
//! may call anything. That is for the second lock, and for whoever made the view.

mod allowed;
mod calls;
mod parse;
mod refusal;
mod text;
mod walk;

pub use refusal::{Place, Refusal};

use crate::configuration::limits;

/// The parser reads by recursion. Within the bounds that are checked before, a build without
/// optimisation needs a quarter of this; of what isn't used nothing is taken.
const STACK_BYTES: usize = 32 * 1024 * 1024;

/// Whether the text is one query that may be run as a check.
///
/// Works on a thread of its own, for its stack; touches nothing outside.
///
/// # Errors
/// A [`Refusal`], with what is wrong, where, and what to write instead.
pub fn check(sql: &str) -> Result<(), Refusal> {
    qualified(sql).map(drop)
}

/// The query with `pg_catalog.` before each function that stands without a schema, and otherwise as it
/// is written. A function of the database's own with the same name and better fitting arguments would
/// be called instead, else (PostgreSQL documentation, 10.3 "Functions").
///
/// # Errors
/// As [`check`].
pub fn qualified(sql: &str) -> Result<String, Refusal> {
    if sql.len() > limits::SQL_MAX_BYTES {
        return Err(Refusal::new(
            format!("is {} bytes long", sql.len()),
            format!(
                "{} bytes are the most; a view in the source can hold a longer query",
                limits::SQL_MAX_BYTES
            ),
        ));
    }
    if sql.contains('\0') {
        return Err(Refusal::new("holds a NUL character", "PostgreSQL takes no NUL in a query; remove it"));
    }
    let examined = std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK_BYTES);
        thread.spawn_scoped(scope, || examine(sql)).ok()?.join().ok()
    });
    examined.unwrap_or_else(|| Err(Refusal::new("couldn't be examined", "write it in another way")))
}

/// The functions of the schema `pg_catalog` that a query may call.
pub fn allowed_functions() -> impl Iterator<Item = &'static str> {
    allowed::CATALOGUE.iter().flat_map(|line| line.split(' '))
}

/// The operators that a query may use, as they are written.
pub fn allowed_operators() -> impl Iterator<Item = &'static str> {
    allowed::OPERATORS.iter().copied()
}

/// The types that a query may cast to, as they are written.
pub fn allowed_types() -> impl Iterator<Item = &'static str> {
    allowed::TYPES.iter().copied()
}

fn examine(sql: &str) -> Result<String, Refusal> {
    let mut tokens = text::tokens(sql)?;
    let calls = calls::find(&mut tokens)?;
    let tree = parse::parse(sql, &tokens).and_then(|query| walk::walk(&query));
    let lists_of_columns = match tree {
        Ok(names) => names,
        // A call that isn't allowed is the better reason than a construct that the parser doesn't know.
        Err(refusal) => return Err(calls.first_unexplained(&[]).unwrap_or(refusal)),
    };
    if let Some(refusal) = calls.first_unexplained(&lists_of_columns) {
        return Err(refusal);
    }
    Ok(qualify(sql, &calls.unqualified))
}

fn qualify(sql: &str, places: &[usize]) -> String {
    let mut text = String::with_capacity(sql.len() + places.len() * "pg_catalog.".len());
    let mut done = 0;
    for place in places {
        text.push_str(&sql[done..*place]);
        text.push_str("pg_catalog.");
        done = *place;
    }
    text + &sql[done..]
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Escapes {
        escape: Vec<Escape>,
    }

    #[derive(Deserialize)]
    struct Escape {
        sql: String,
        refused: String,
    }

    /// The escapes whose reason begins so.
    fn escapes(begin: &str) -> Vec<String> {
        let all: Escapes = toml::from_str(include_str!("../tests/own_sql/escapes.toml")).unwrap();
        let some: Vec<String> =
            all.escape.into_iter().filter(|e| e.refused.starts_with(begin)).map(|e| e.sql).collect();
        assert!(!some.is_empty(), "{begin}");
        some
    }

    fn by_tokens(sql: &str) -> Result<(), Refusal> {
        let calls = calls::find(&mut text::tokens(sql)?)?;
        calls.first_unexplained(&[]).map_or(Ok(()), Err)
    }

    fn by_tree(sql: &str) -> Result<(), Refusal> {
        let mut tokens = text::tokens(sql)?;
        if tokens.last().is_some_and(|last| last.is(";")) {
            tokens.pop();
        }
        parse::parse(sql, &tokens).and_then(|query| walk::walk(&query)).map(drop)
    }

    #[test]
    fn the_tokens_alone_refuse_what_calls_writes_locks_or_casts() {
        for begin in ["calls ", "has ", "casts to ", "locks ", "begins ", "more than one statement"] {
            for sql in escapes(begin) {
                // The types of CAST (… AS …) and of a list of columns are the tree's to see.
                let of_tree = sql.contains(" AS regproc") || sql.contains("(x public.checked)");
                assert!(by_tokens(&sql).is_err() || of_tree, "{sql}");
            }
        }
    }

    #[test]
    fn the_tree_alone_refuses_what_calls_writes_locks_or_casts() {
        for begin in ["calls ", "has ", "casts to ", "locks ", "reads ", "begins ", "more than one statement"]
        {
            for sql in escapes(begin) {
                assert!(by_tree(&sql).is_err(), "{sql}");
            }
        }
        for sql in ["SELECT x 'alias'", "SELECT x AS 'alias'", "SELECT public.mine 'x'", "SELECT rollup(1)"] {
            assert!(by_tree(sql).is_err(), "{sql}");
        }
    }
}
