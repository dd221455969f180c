//! What can be told from the tokens alone: whether it is one query, and what it calls.
//!
//! In PostgreSQL's grammar a function is called by its name and a parenthesis. So each name before a
//! parenthesis must be one that is allowed, whatever the tree says that it is: where the parser and
//! PostgreSQL should take the same tokens for different things, this still holds.

use super::allowed;
use super::refusal::{Place, Refusal, shown};
use super::text::{Kind, Token};

/// How deep parentheses, brackets and `CASE` may be in each other.
const NESTED_MAX: usize = 32;
/// How many joins there may be.
const JOINS_MAX: usize = 100;
/// How many `NOT` may follow each other.
const NEGATIONS_MAX: usize = 8;

/// The names before a parenthesis.
#[derive(Debug, Default)]
pub(super) struct Calls {
    /// Where each call begins that isn't qualified by its schema and must be.
    pub(super) unqualified: Vec<usize>,
    /// What isn't allowed as a call. It may be the name of columns' names: `t (a, b)`.
    pub(super) unexplained: Vec<(String, Place)>,
}

impl Calls {
    /// The refusal of the first name that is no name of columns' names either.
    pub(super) fn first_unexplained(&self, lists_of_columns: &[String]) -> Option<Refusal> {
        let (name, place) = self.unexplained.iter().find(|(name, _)| !lists_of_columns.contains(name))?;
        Some(not_allowed(name, *place))
    }
}

/// Looks at the tokens of the query; a `;` at the end is taken off.
pub(super) fn find(tokens: &mut Vec<Token<'_>>) -> Result<Calls, Refusal> {
    if tokens.last().is_some_and(|last| last.is(";")) {
        tokens.pop();
    }
    begins_as_a_query(tokens)?;
    nested_within_bounds(tokens)?;
    let mut calls = Calls::default();
    for (at, token) in tokens.iter().enumerate() {
        let next = tokens.get(at + 1);
        refuse_keywords(&tokens[at..])?;
        refuse_writing(tokens, at)?;
        match token.kind {
            Kind::Symbol if token.is(";") => {
                return Err(Refusal::new("holds more than one statement", "make a [[queries]] of each")
                    .at(token.begin));
            }
            Kind::Symbol if token.is("::") => cast(tokens, at)?,
            Kind::Symbol => operator(token)?,
            Kind::Text => after_a_word(tokens, at)?,
            Kind::Word | Kind::QuotedWord if next.is_some_and(|next| next.is("(")) => {
                before_parenthesis(tokens, at, &mut calls)?;
            }
            _ => {}
        }
    }
    Ok(calls)
}

fn begins_as_a_query(tokens: &[Token<'_>]) -> Result<(), Refusal> {
    let Some(first) = tokens.iter().find(|token| !token.is("(")) else {
        return Err(Refusal::new("holds no statement", "write one SELECT"));
    };
    if first.is_one_of(&["select", "with", "values"]) {
        return Ok(());
    }
    let way_out = if first.is_keyword("table") {
        "write SELECT … FROM the table"
    } else if first.is_keyword("show") {
        "write SELECT current_setting('…')"
    } else {
        "a check is one SELECT (or WITH … SELECT, or VALUES)"
    };
    Err(Refusal::new(format!("begins with {}, and only a query may be run", shown(first.text)), way_out)
        .at(first.begin))
}

/// The parser reads these by recursion; without bounds they could use up its stack.
fn nested_within_bounds(tokens: &[Token<'_>]) -> Result<(), Refusal> {
    let (mut open, mut joins, mut negations) = (0usize, 0usize, 0usize);
    for token in tokens {
        if token.is("(") || token.is("[") || token.is_keyword("case") {
            open += 1;
        } else if token.is(")") || token.is("]") || token.is_keyword("end") {
            open = open.saturating_sub(1);
        }
        joins += usize::from(token.is_keyword("join"));
        negations = if token.is_keyword("not") { negations + 1 } else { 0 };
        let (what, most) = match () {
            () if open > NESTED_MAX => ("levels of parentheses", NESTED_MAX),
            () if joins > JOINS_MAX => ("joins", JOINS_MAX),
            () if negations > NEGATIONS_MAX => ("NOT after each other", NEGATIONS_MAX),
            () => continue,
        };
        return Err(Refusal::new(
            format!("has more than {most} {what}"),
            "make it simpler, or let a view in the source hold a part of it",
        )
        .at(token.begin));
    }
    Ok(())
}

/// Refuses what PostgreSQL can mean in one way only, whatever is around it.
fn refuse_keywords(tokens: &[Token<'_>]) -> Result<(), Refusal> {
    let begins = |words: &[&str]| {
        tokens.len() >= words.len() && tokens.iter().zip(words).all(|(token, word)| token.is_keyword(word))
    };
    let locks =
        [["for", "update"].as_slice(), &["for", "share"], &["for", "no", "key"], &["for", "key", "share"]];
    let refusal = if begins(&["into"]) {
        Refusal::new("has INTO, which writes", "leave INTO and its target out")
    } else if locks.iter().any(|words| begins(words)) {
        Refusal::new(
            "locks rows (FOR UPDATE or FOR SHARE)",
            "leave it out: nobody else writes to the replica",
        )
    } else if begins(&["tablesample"]) {
        Refusal::new(
            "has TABLESAMPLE, which calls a function and gives another result each time",
            "read the whole table, or a part by its key",
        )
    } else if begins(&["operator"]) && tokens.get(1).is_some_and(|next| next.is("(")) {
        Refusal::new(
            "has OPERATOR(…), which can name one of the database's own",
            "write the operator by itself",
        )
    } else {
        return Ok(());
    };
    Err(refusal.at(tokens[0].begin))
}

/// A statement that writes stands in a query only after a parenthesis: `WITH x AS (DELETE …)`.
fn refuse_writing(tokens: &[Token<'_>], at: usize) -> Result<(), Refusal> {
    let token = &tokens[at];
    let after_parenthesis = at.checked_sub(1).is_some_and(|at| tokens[at].is("(") || tokens[at].is(")"));
    if !after_parenthesis || !token.is_one_of(&["insert", "update", "delete", "merge"]) {
        return Ok(());
    }
    let reason = format!("has {}, which writes", token.text.to_ascii_uppercase());
    Err(Refusal::new(reason, "write a SELECT; a column of that name goes into double quotes").at(token.begin))
}

/// A string after a name makes the name a type: `public.mine 'x'` calls what the type brings with it.
fn after_a_word(tokens: &[Token<'_>], at: usize) -> Result<(), Refusal> {
    let Some(before) = at.checked_sub(1).map(|at| &tokens[at]) else { return Ok(()) };
    let is_type = before.kind == Kind::Word
        && before.name().is_some_and(|name| allowed::BEFORE_VALUE.contains(&name.as_str()))
        && !at.checked_sub(2).is_some_and(|at| tokens[at].is("."));
    if is_type || value_follows(&tokens[..at]) {
        return Ok(());
    }
    let name = before.name().unwrap_or_else(|| before.text.to_owned());
    let reason = format!("has a string right after {}", shown(&name));
    Err(Refusal::new(reason, "write a type after its value, as in '…'::inet, and a name in double quotes")
        .at(tokens[at].begin))
}

/// Whether, after these tokens, PostgreSQL's grammar has a value and nothing else.
fn value_follows(tokens: &[Token<'_>]) -> bool {
    let [before @ .., last] = tokens else { return false };
    let after = |words: &[&str]| before.last().is_some_and(|token| token.is_one_of(words));
    if last.kind == Kind::Symbol {
        return ![")", "]", "."].contains(&last.text);
    }
    // Some keywords can be names as well, so that their neighbours have to be looked at.
    if last.is_keyword("by") {
        return after(&["group", "order", "partition"]);
    }
    if last.is_keyword("zone") {
        return after(&["time"]);
    }
    if last.is_keyword("precision") {
        return after(&["double"]);
    }
    if last.is_keyword("varying") {
        return after(&["bit", "char", "character"]);
    }
    if last.is_one_of(&["like", "ilike", "escape"]) {
        let [operand @ .., _] = before else { return false };
        return !value_follows(if after(&["not"]) { operand } else { before });
    }
    last.is_one_of(allowed::BEFORE_TEXT)
}

/// What stands after `::` must be one of the types; the tree tells the same of `CAST (… AS …)`.
fn cast(tokens: &[Token<'_>], at: usize) -> Result<(), Refusal> {
    let name = |steps: usize| tokens.get(at + steps).and_then(Token::name);
    let qualified = tokens.get(at + 2).is_some_and(|dot| dot.is("."));
    let (schema, last) = if qualified { (name(1), name(3)) } else { (None, name(1)) };
    let of_catalogue = schema.as_deref().is_none_or(|schema| schema == "pg_catalog");
    match last {
        Some(last) if of_catalogue && (allowed::TYPES.contains(&last.as_str()) || last == "double") => Ok(()),
        last => {
            let whole: Vec<String> = schema.into_iter().chain(last).collect();
            Err(type_not_allowed(&whole.join(".")).at(tokens[at].begin))
        }
    }
}

fn operator(token: &Token<'_>) -> Result<(), Refusal> {
    let punctuation = [",", "(", ")", "[", "]", ".", ";", ":", "::", ":="];
    if punctuation.contains(&token.text) || allowed::OPERATORS.contains(&token.text) {
        return Ok(());
    }
    Err(Refusal::new(
        format!("has the operator {}, which isn't one of PostgreSQL's own", shown(token.text)),
        "write what it does with PostgreSQL's own operators, and a space between two of them",
    )
    .at(token.begin))
}

/// Sorts the name before a parenthesis.
fn before_parenthesis(tokens: &[Token<'_>], at: usize, calls: &mut Calls) -> Result<(), Refusal> {
    let token = &tokens[at];
    let Some(name) = token.name() else { return Ok(()) };
    let before = |steps: usize| at.checked_sub(steps).map(|at| &tokens[at]);
    let after_dot = before(1).is_some_and(|dot| dot.is("."));
    let start = if after_dot { before(3) } else { before(1) };
    // `AS numeric(10, 2)`, `::varchar(3)`, `AS t (a, b)`: never a call.
    let is_type_or_alias = start.is_some_and(|start| start.is_keyword("as") || start.is("::"));
    if after_dot {
        let schema = before(2).and_then(Token::name);
        let in_catalogue = schema.as_deref() == Some("pg_catalog") && !start.is_some_and(|dot| dot.is("."));
        if in_catalogue && (is_type_or_alias || allowed::is_of_catalogue(&name)) {
            return Ok(());
        }
        let whole = format!("{}.{name}", schema.unwrap_or_else(|| "…".to_owned()));
        return Err(not_allowed(&whole, token.begin));
    }
    let keyword = |list: &[&str]| token.kind == Kind::Word && list.contains(&name.as_str());
    if is_type_or_alias || keyword(allowed::BEFORE_PARENTHESIS) || keyword(allowed::GRAMMAR) {
        return Ok(());
    }
    if !allowed::is_of_catalogue(&name) {
        calls.unexplained.push((name, token.begin));
    } else if !is_of_grammar(&name, &tokens[at + 1..]) {
        calls.unqualified.push(token.offset);
    }
    Ok(())
}

/// Whether PostgreSQL's grammar has a form of its own for these arguments, in which the name can't have
/// a schema: `substring(a FROM 2)`, `overlay(a PLACING b FROM 2)`, and `unnest` of several arrays.
fn is_of_grammar(name: &str, arguments: &[Token<'_>]) -> bool {
    let form: fn(&Token<'_>) -> bool = match name {
        "substring" | "overlay" => |token| token.is_one_of(&["from", "for", "similar", "placing"]),
        "unnest" => |token| token.is(","),
        _ => return false,
    };
    let mut open = 0usize;
    for token in arguments {
        if token.is("(") || token.is("[") {
            open += 1;
        } else if token.is(")") || token.is("]") {
            open -= 1;
            if open == 0 {
                return false;
            }
        } else if open == 1 && form(token) {
            return true;
        }
    }
    false
}

/// The refusal of a call.
pub(super) fn not_allowed(name: &str, place: Place) -> Refusal {
    let name = shown(name);
    let whose = match name.split_once('.') {
        Some((schema, _)) if schema != "pg_catalog" => "a function of the database's own",
        _ => "which isn't a function that a check may call",
    };
    Refusal::new(
        format!("calls {name}, {whose}"),
        "write what it does as a plain query; docs/own-sql.md tells which functions there are",
    )
    .at(place)
}

/// The refusal of a cast.
pub(super) fn type_not_allowed(name: &str) -> Refusal {
    let way_out = if name.trim_start_matches("pg_catalog.").starts_with("reg") {
        "call to_regclass('…') or one of its like"
    } else {
        "compare with a quoted value, which takes its type by itself, or cast to text"
    };
    Refusal::new(format!("casts to {}, which isn't a type that a check may cast to", shown(name)), way_out)
}
