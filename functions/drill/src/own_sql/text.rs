//! The text of a query as PostgreSQL reads it: which characters are one token.
//!
//! Written from PostgreSQL's documentation, chapter 4.1 "Lexical Structure", and its `scan.l`. What a
//! check doesn't need and what readers of SQL disagree about is refused instead of read: parameters,
//! dollar quotes, bit strings, Unicode escapes, strings that go on after a line break. What remains
//! has one meaning, with `standard_conforming_strings` on, as the session sets it.

use super::refusal::{Place, Refusal, shown};

/// What kind of token it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A keyword or a name without quotes.
    Word,
    /// A name in double quotes.
    QuotedWord,
    /// A number.
    Number,
    /// Text in single quotes, with or without an `E` before it.
    Text,
    /// An operator or a sign of punctuation.
    Symbol,
}

/// A token and where it stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind,
    /// As it is written, quotes included.
    pub(super) text: &'a str,
    /// Its first byte in the query.
    pub(super) offset: usize,
    pub(super) begin: Place,
    /// The place after its last character.
    pub(super) end: Place,
}

impl Token<'_> {
    /// Whether it's that sign.
    pub(super) fn is(&self, symbol: &str) -> bool {
        self.kind == Kind::Symbol && self.text == symbol
    }

    /// Whether it's that keyword, given in lower case.
    pub(super) fn is_keyword(&self, word: &str) -> bool {
        self.kind == Kind::Word && self.text.eq_ignore_ascii_case(word)
    }

    /// Whether it's one of these keywords.
    pub(super) fn is_one_of(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.is_keyword(word))
    }

    /// The name that it is in PostgreSQL; `None` when it is none.
    pub(super) fn name(&self) -> Option<String> {
        match self.kind {
            Kind::Word => Some(self.text.to_ascii_lowercase()),
            Kind::QuotedWord => Some(self.text[1..self.text.len() - 1].replace("\"\"", "\"")),
            _ => None,
        }
    }
}

/// The tokens of the text, without white space and comments.
pub(super) fn tokens(text: &str) -> Result<Vec<Token<'_>>, Refusal> {
    let mut cursor = Cursor { text, offset: 0, place: Place { line: 1, column: 1 } };
    let mut tokens: Vec<Token<'_>> = Vec::new();
    loop {
        cursor.skip_blank()?;
        let Some(first) = cursor.peek() else { return Ok(tokens) };
        let (offset, begin) = (cursor.offset, cursor.place);
        let kind = cursor.token(first).map_err(|refusal| refusal.at(begin))?;
        let token = Token { kind, text: &text[offset..cursor.offset], offset, begin, end: cursor.place };
        if kind == Kind::Text && tokens.last().is_some_and(|last| last.kind == Kind::Text) {
            // After a line break it would go on with the string before, and with its escapes.
            return Err(Refusal::new("has one string right after another", "join them with ||").at(begin));
        }
        tokens.push(token);
    }
}

struct Cursor<'a> {
    text: &'a str,
    offset: usize,
    place: Place,
}

impl<'a> Cursor<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.offset..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn bump(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.offset += next.len_utf8();
        if next == '\n' {
            self.place = Place { line: self.place.line + 1, column: 1 };
        } else {
            self.place.column += 1;
        }
        Some(next)
    }

    fn skip_while(&mut self, holds: impl Fn(char) -> bool) {
        while self.peek().is_some_and(&holds) {
            self.bump();
        }
    }

    /// Skips white space and comments, which nest.
    fn skip_blank(&mut self) -> Result<(), Refusal> {
        loop {
            self.skip_while(|c| matches!(c, ' ' | '\t' | '\n' | '\r'));
            if self.rest().starts_with("--") {
                self.skip_while(|c| !matches!(c, '\n' | '\r'));
            } else if self.rest().starts_with("/*") {
                self.skip_comment()?;
            } else {
                return Ok(());
            }
        }
    }

    fn skip_comment(&mut self) -> Result<(), Refusal> {
        let (begin, mut open) = (self.place, 0usize);
        loop {
            let step = match self.rest() {
                rest if rest.starts_with("/*") => {
                    open += 1;
                    2
                }
                rest if rest.starts_with("*/") => {
                    open -= 1;
                    2
                }
                "" => return Err(Refusal::new("has a comment without an end", "close it with */").at(begin)),
                _ => 1,
            };
            for _ in 0..step {
                self.bump();
            }
            if open == 0 {
                return Ok(());
            }
        }
    }

    /// Reads the token that begins here.
    fn token(&mut self, first: char) -> Result<Kind, Refusal> {
        let second = self.rest()[first.len_utf8()..].chars().next();
        match (first, second) {
            ('e' | 'E', Some('\'')) => {
                self.bump();
                self.quoted('\'', true)?;
                Ok(Kind::Text)
            }
            ('b' | 'B' | 'x' | 'X' | 'n' | 'N', Some('\'')) => {
                Err(Refusal::new(format!("has a string marked with {first}"), "write it without the mark"))
            }
            ('u' | 'U', Some('&')) if self.rest()[2..].starts_with(['\'', '"']) => {
                Err(Refusal::new("has Unicode escapes (U&)", "write the characters themselves"))
            }
            ('\'', _) => self.quoted('\'', false).map(|()| Kind::Text),
            ('"', _) => self.quoted('"', false).map(|()| Kind::QuotedWord),
            ('0'..='9', _) | ('.', Some('0'..='9')) => self.number(),
            (c, _) if c.is_ascii_alphabetic() || c == '_' || !c.is_ascii() => {
                self.skip_while(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '$') || !c.is_ascii());
                Ok(Kind::Word)
            }
            ('$', Some('0'..='9')) => Err(Refusal::new(
                "has a parameter ($1), and there is nothing to fill it",
                "write the value into the query",
            )),
            ('$', _) => Err(Refusal::new("has a string in dollar quotes", "write it in single quotes")),
            (',' | '(' | ')' | '[' | ']' | '.' | ';', _) => {
                self.bump();
                Ok(Kind::Symbol)
            }
            (':', _) => {
                self.bump();
                if matches!(self.peek(), Some(':' | '=')) {
                    self.bump();
                }
                Ok(Kind::Symbol)
            }
            (c, _) if is_of_operator(c) => {
                for _ in 0..operator_length(self.rest()) {
                    self.bump();
                }
                Ok(Kind::Symbol)
            }
            (c, _) => Err(Refusal::new(
                format!("holds {:?}, which no query holds outside of quotes", shown(&c.to_string())),
                "remove it",
            )),
        }
    }

    /// Reads to the end of what is in quotes; a quote is doubled to be in it.
    fn quoted(&mut self, quote: char, escapes: bool) -> Result<(), Refusal> {
        self.bump();
        while let Some(next) = self.bump() {
            if next == '\\' && escapes {
                self.bump();
            } else if next == quote {
                if self.peek() != Some(quote) {
                    return Ok(());
                }
                self.bump();
            }
        }
        Err(Refusal::new("has a quote without an end", format!("close it with {quote}")))
    }

    /// Reads a decimal number.
    fn number(&mut self) -> Result<Kind, Refusal> {
        let begin = self.offset;
        self.skip_while(|c| c.is_ascii_digit());
        if self.peek() == Some('.') {
            self.bump();
            self.skip_while(|c| c.is_ascii_digit());
        }
        let exponent =
            self.rest().strip_prefix(['e', 'E']).map(|rest| rest.strip_prefix(['+', '-']).unwrap_or(rest));
        if exponent.is_some_and(|digits| digits.starts_with(|c: char| c.is_ascii_digit())) {
            self.bump();
            self.skip_while(|c| matches!(c, '+' | '-'));
            self.skip_while(|c| c.is_ascii_digit());
        }
        match self.peek() {
            // Versions of PostgreSQL differ on `1a` and on `1_000`.
            Some(c)
                if c.is_ascii_alphanumeric()
                    || matches!(c, '_' | '.' | '$' | '\'' | '"')
                    || !c.is_ascii() =>
            {
                let text = shown(&self.text[begin..self.offset]);
                Err(Refusal::new(format!("goes on right after the number {text}"), "write a space after it"))
            }
            _ => Ok(Kind::Number),
        }
    }
}

fn is_of_operator(c: char) -> bool {
    matches!(
        c,
        '~' | '!' | '@' | '#' | '^' | '&' | '|' | '`' | '?' | '+' | '-' | '*' | '/' | '%' | '<' | '>' | '='
    )
}

/// How many of the characters at the beginning are one operator: as many as can be, but a comment ends
/// it, and `+` or `-` is the last of several only beside certain others (documentation, 4.1.3).
fn operator_length(text: &str) -> usize {
    let end = text.find(|c| !is_of_operator(c)).unwrap_or(text.len());
    let comment = [text[..end].find("--"), text[..end].find("/*")].into_iter().flatten().min();
    let operator = &text[..comment.unwrap_or(end)];
    if operator.contains(['~', '!', '@', '#', '^', '&', '|', '`', '?', '%']) {
        return operator.len();
    }
    operator.trim_end_matches(['+', '-']).len().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<&str> {
        tokens(text).unwrap().iter().map(|token| token.text).collect()
    }

    #[test]
    fn an_operator_ends_where_postgresql_ends_it() {
        for (text, tokens) in [
            ("a<-1", vec!["a", "<", "-", "1"]),
            ("a*-1", vec!["a", "*", "-", "1"]),
            ("a+-+1", vec!["a", "+", "-", "+", "1"]),
            ("a@-1", vec!["a", "@-", "1"]),
            ("a<--b\n1", vec!["a", "<", "1"]),
            ("a</*b*/1", vec!["a", "<", "1"]),
            ("a->>'b'", vec!["a", "->>", "'b'"]),
            ("a::int[1:2]", vec!["a", "::", "int", "[", "1", ":", "2", "]"]),
        ] {
            assert_eq!(read(text), tokens, "{text}");
        }
    }

    #[test]
    fn quotes_and_comments_end_where_postgresql_ends_them() {
        for (text, tokens) in [
            ("'a''b' c", vec!["'a''b'", "c"]),
            (r"'\' c", vec![r"'\'", "c"]),
            (r"E'\'' c", vec![r"E'\''", "c"]),
            (r"e'\\' c", vec![r"e'\\'", "c"]),
            ("date'2026-01-01'", vec!["date", "'2026-01-01'"]),
            ("\"a\"\"b\" c", vec!["\"a\"\"b\"", "c"]),
            ("a /* /* */ */ b -- c\r d", vec!["a", "b", "d"]),
            ("a$b 1.5e3 .5 1. ", vec!["a$b", "1.5e3", ".5", "1."]),
        ] {
            assert_eq!(read(text), tokens, "{text}");
        }
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_refused() {
        for text in [
            "E'a'\n'\\'",
            "'a' 'b'",
            "'a' -- c\n 'b'",
            "X'\\'",
            "B'1'",
            "N'a'",
            "U&'\\0061'",
            "u&\"a\"",
            "$$a$$",
            "$1",
            "1a",
            "1_0",
            "1..2",
            "0x1F",
            "'a",
            "\"a",
            "/* a",
            "a\\b",
            "a\u{b}b",
            "{a}",
        ] {
            assert!(tokens(text).is_err(), "{text}");
        }
    }
}
