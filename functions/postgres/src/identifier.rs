//! Names of the catalogue as parts of a statement.

use drill::measurement::TableName;

/// A name as a quoted identifier: always in double quotes, double quotes inside doubled (PostgreSQL
/// documentation, "Lexical Structure", 4.1.1). Quoting always rather than when needed leaves no list
/// of key words to keep.
///
/// Any text is safe in it. A name from the catalogue holds no zero byte; one from elsewhere that does
/// is refused by the protocol, which ends statements with it.
pub fn quote_identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A table as `"schema"."table"`.
pub(crate) fn quote_table(name: &TableName) -> String {
    format!("{}.{}", quote_identifier(&name.schema), quote_identifier(&name.table))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_doubled_and_everything_else_stays() {
        assert_eq!(quote_identifier("answer"), "\"answer\"");
        assert_eq!(quote_identifier("Ans\"wer"), "\"Ans\"\"wer\"");
        assert_eq!(quote_identifier("\"; DROP TABLE x; --"), "\"\"\"; DROP TABLE x; --\"");
        assert_eq!(quote_identifier("new\nline\\'"), "\"new\nline\\'\"");
        assert_eq!(quote_identifier("réponse_数据"), "\"réponse_数据\"");
    }

    #[test]
    fn a_table_is_quoted_in_two_parts() {
        let name = TableName { schema: "a.b".to_owned(), table: "c\"d".to_owned() };
        assert_eq!(quote_table(&name), "\"a.b\".\"c\"\"d\"");
    }
}
