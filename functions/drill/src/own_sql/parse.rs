//! From the tokens to a tree, by the parser of the crate `sqlparser`.
//!
//! The parser brings a reader of tokens of its own, made for many dialects. It is believed only where
//! it takes the same characters for the same kind of token as [`super::text`] does, which knows
//! PostgreSQL alone.

use sqlparser::ast::Query;
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Location, Token as Parsed, TokenWithSpan, Tokenizer};

use super::refusal::{Place, Refusal, shown};
use super::text::{Kind, Token};

/// The tree of the one query.
pub(super) fn parse(sql: &str, tokens: &[Token<'_>]) -> Result<Box<Query>, Refusal> {
    let dialect = PostgreSqlDialect {};
    let parsed =
        Tokenizer::new(&dialect, sql).tokenize_with_location().map_err(|error| unreadable(&error.message))?;
    let mut parsed: Vec<TokenWithSpan> =
        parsed.into_iter().filter(|parsed| !matches!(parsed.token, Parsed::Whitespace(_))).collect();
    if parsed.last().is_some_and(|last| last.token == Parsed::SemiColon) {
        parsed.pop();
    }
    agree(tokens, &parsed)?;
    let mut parser = Parser::new(&dialect).with_tokens_with_locations(parsed);
    let query = parser.parse_query().map_err(|error| match error {
        ParserError::RecursionLimitExceeded => Refusal::new(
            "is nested too deeply",
            "make it simpler, or let a view in the source hold a part of it",
        ),
        ParserError::ParserError(message) | ParserError::TokenizerError(message) => unreadable(&message),
    })?;
    match parser.peek_token_ref() {
        TokenWithSpan { token: Parsed::EOF, .. } => Ok(query),
        more => {
            let token = shown(&more.token.to_string());
            let refusal = Refusal::new(format!("can't be read from {token} on"), WAY_OUT);
            Err(refusal.at(place(more.span.start)))
        }
    }
}

const WAY_OUT: &str = "mend it; where PostgreSQL takes it, write it in a more usual way: the parser of checks doesn't \
                       know all of PostgreSQL's syntax";

fn unreadable(message: &str) -> Refusal {
    let fact = message.split(" at Line: ").next().unwrap_or(message);
    let refusal = Refusal::new(format!("can't be read: {}", shown(fact)), WAY_OUT);
    match place_of(message) {
        Some(place) => refusal.at(place),
        None => refusal,
    }
}

/// The place at the end of the parser's message, `… at Line: 1, Column: 8`.
fn place_of(message: &str) -> Option<Place> {
    let (line, column) = message.split_once(" at Line: ")?.1.split_once(", Column: ")?;
    Some(Place { line: line.parse().ok()?, column: column.trim().parse().ok()? })
}

pub(super) fn place(location: Location) -> Place {
    Place { line: location.line, column: location.column }
}

/// Refuses a query that the two readers of tokens don't cut alike.
fn agree(ours: &[Token<'_>], theirs: &[TokenWithSpan]) -> Result<(), Refusal> {
    let differs = |place: Place| {
        Refusal::new(
            "can be read in more than one way",
            "put spaces between its parts, and leave odd quotes out",
        )
        .at(place)
    };
    for (at, token) in ours.iter().enumerate() {
        let same = theirs.get(at).is_some_and(|parsed| {
            place(parsed.span.start) == token.begin
                && place(parsed.span.end) == token.end
                && is_of_kind(&parsed.token, token.kind)
        });
        if !same {
            return Err(differs(token.begin));
        }
    }
    match theirs.get(ours.len()) {
        Some(more) => Err(differs(place(more.span.start))),
        None => Ok(()),
    }
}

fn is_of_kind(parsed: &Parsed, kind: Kind) -> bool {
    match parsed {
        Parsed::Word(word) => match word.quote_style {
            None => kind == Kind::Word,
            Some(quote) => quote == '"' && kind == Kind::QuotedWord,
        },
        Parsed::Number(_, long) => kind == Kind::Number && !long,
        Parsed::SingleQuotedString(_) | Parsed::EscapedStringLiteral(_) => kind == Kind::Text,
        // Whatever it is, text, a name or a number it isn't: the characters are looked at by ours.
        _ => kind == Kind::Symbol,
    }
}

#[cfg(test)]
mod tests {
    use super::super::text::tokens;
    use super::*;

    #[test]
    fn a_text_that_the_two_readers_cut_differently_is_refused() {
        // The left is what ours would have taken for the text on the right.
        for (ours, sql) in [
            ("SELECT 1", "SELECT 11"),
            ("SELECT 1 ", "SELECT 1, 2"),
            ("SELECT 1, 2", "SELECT 1"),
            ("SELECT 'a'", "SELECT \"a\""),
            ("SELECT a", "SELECT 7"),
            ("SELECT a", "SELECT +"),
            ("SELECT abc", "SELECT X'b'"),
        ] {
            let refusal = parse(sql, &tokens(ours).unwrap()).expect_err(sql);
            assert_eq!(refusal.reason, "can be read in more than one way", "{sql}");
        }
        assert!(parse("SELECT 1", &tokens("SELECT 1").unwrap()).is_ok());
    }
}
