//! Reads values out of the tree of what was written, and goes on after a mistake, so that all
//! mistakes are told at once.
//!
//! Knows kinds of values, not what they are for; the fields and their rules are in
//! [`super::fields`] and [`super::rules`].

use std::{collections::BTreeMap, fmt::Write as _};

use super::{
    document::{Entry, Node, Value},
    mistake::{Mistake, nearest, shown},
};

/// A rule on a field that was read: reports what it finds wrong with the value.
pub(super) type Rule<'r, T> = &'r dyn Fn(&T, &Node, &mut Reader);

/// A value that can be read from a node.
pub(super) trait Read: Sized {
    /// # Errors
    /// [`Reported`] after having reported why there is no value.
    fn read(node: &Node, reader: &mut Reader) -> Result<Self, Reported>;
}

/// There is no value, and the mistake has been reported already.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reported;

/// Collects mistakes and knows at which field the reading is.
#[derive(Default)]
pub(super) struct Reader {
    path: String,
    pub(super) mistakes: Vec<Mistake>,
}

impl Reader {
    /// Reads one level deeper, in the field of that name.
    pub(super) fn in_field<T>(&mut self, name: &str, read: impl FnOnce(&mut Self) -> T) -> T {
        let bare = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
        let dot = if self.path.is_empty() { "" } else { "." };
        let step = if bare && !name.is_empty() { format!("{dot}{name}") } else { format!("{dot}{name:?}") };
        self.deeper(&step, read)
    }

    /// Reads one level deeper, in an item of a list.
    pub(super) fn in_item<T>(&mut self, index: usize, read: impl FnOnce(&mut Self) -> T) -> T {
        self.deeper(&format!("[{index}]"), read)
    }

    fn deeper<T>(&mut self, step: &str, read: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.path.len();
        let _ = self.path.write_str(step);
        let result = read(self);
        self.path.truncate(length);
        result
    }

    /// Reports a mistake in the value at which the reading is.
    pub(super) fn report(&mut self, node: &Node, problem: impl Into<String>, hint: impl Into<String>) {
        self.push(node.line, Some(shown(node)), problem.into(), hint.into());
    }

    /// Reports a mistake without repeating the value.
    pub(super) fn report_unseen(
        &mut self,
        line: Option<usize>,
        problem: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.push(line, None, problem.into(), hint.into());
    }

    fn push(&mut self, line: Option<usize>, value: Option<String>, problem: String, hint: String) {
        self.mistakes.push(Mistake { line, field: self.path.clone(), value, problem, hint });
    }

    pub(super) fn wrong_kind<T>(&mut self, node: &Node, wanted: &str, hint: &str) -> Result<T, Reported> {
        self.report(node, format!("must be {wanted}, but is {}", node.kind()), hint);
        Err(Reported)
    }

    /// The table at which the reading is, after reporting the fields that it can't have.
    pub(super) fn table<'n>(&mut self, node: &'n Node, names: &[&str]) -> Result<&'n [Entry], Reported> {
        let Value::Table(entries) = &node.value else {
            return self.wrong_kind(node, "a table", &format!("its fields are {}", names.join(", ")));
        };
        for (at, entry) in entries.iter().enumerate() {
            if !names.contains(&entry.name.as_str()) {
                self.unknown(entry, names);
            } else if entries[..at].iter().any(|other| other.name == entry.name) {
                self.in_field(&entry.name, |reader| {
                    reader.report(&entry.node, "is given twice", "leave one of the two");
                });
            }
        }
        Ok(entries)
    }

    fn unknown(&mut self, entry: &Entry, names: &[&str]) {
        let secret = super::rules::looks_like_a_secret(&entry.name);
        let hint = if secret {
            super::rules::NO_SECRETS.to_owned()
        } else if let Some(name) = nearest(&entry.name, names) {
            format!("did you mean {name:?}?")
        } else {
            super::rules::hint_for_unknown(&self.path, entry)
                .unwrap_or_else(|| format!("the fields here are {}", names.join(", ")))
        };
        self.in_field(&entry.name, |reader| {
            let value = (!secret).then(|| shown(&entry.node));
            reader.push(entry.line, value, "is not a field of this configuration".to_owned(), hint);
        });
    }

    /// A field that must be there; the example shows how it's written.
    pub(super) fn required<T: Read>(
        &mut self,
        table: &Node,
        name: &str,
        example: &str,
        rules: &[Rule<'_, T>],
    ) -> Result<T, Reported> {
        let Some(node) = table.field(name) else {
            let hint = format!("add, for example, {example}");
            self.in_field(name, |reader| reader.report_unseen(table.line, MISSING, hint));
            return Err(Reported);
        };
        self.value(node, name, rules)
    }

    /// A field that may be absent, in which case its default holds.
    pub(super) fn optional<T: Read>(
        &mut self,
        table: &Node,
        name: &str,
        default: impl FnOnce() -> T,
        rules: &[Rule<'_, T>],
    ) -> Result<T, Reported> {
        match table.field(name) {
            None => Ok(default()),
            Some(node) => self.value(node, name, rules),
        }
    }

    /// A field that may be absent without anything taking its place.
    pub(super) fn maybe<T: Read>(
        &mut self,
        table: &Node,
        name: &str,
        rules: &[Rule<'_, T>],
    ) -> Result<Option<T>, Reported> {
        match table.field(name) {
            None => Ok(None),
            Some(node) => self.value(node, name, rules).map(Some),
        }
    }

    fn value<T: Read>(&mut self, node: &Node, name: &str, rules: &[Rule<'_, T>]) -> Result<T, Reported> {
        self.in_field(name, |reader| {
            let value = T::read(node, reader)?;
            for rule in rules {
                rule(&value, node, reader);
            }
            Ok(value)
        })
    }
}

/// The problem of a required field that is absent.
pub(super) const MISSING: &str = "is missing";

/// Reads a value without reporting, for rules that look at more than one field.
pub(super) fn peek<T: Read>(node: &Node) -> Option<T> {
    T::read(node, &mut Reader::default()).ok()
}

impl Read for String {
    fn read(node: &Node, reader: &mut Reader) -> Result<Self, Reported> {
        match &node.value {
            Value::Text(text) if text.trim().is_empty() => {
                reader.report(
                    node,
                    "is empty",
                    "write its value, or leave the field out if it may be absent",
                );
                Err(Reported)
            }
            Value::Text(text) => Ok(text.clone()),
            Value::Instant(_) | Value::Integer(_) | Value::Float(_) | Value::Boolean(_) => {
                reader.wrong_kind(node, "text", "put it in quotes")
            }
            _ => reader.wrong_kind(node, "text", "write it in quotes"),
        }
    }
}

impl Read for bool {
    fn read(node: &Node, reader: &mut Reader) -> Result<Self, Reported> {
        match node.value {
            Value::Boolean(value) => Ok(value),
            _ => reader.wrong_kind(node, "true or false", "write true or false, without quotes"),
        }
    }
}

impl Read for u64 {
    fn read(node: &Node, reader: &mut Reader) -> Result<Self, Reported> {
        match node.value {
            // TOML's integers end at i64::MAX, so that is the most in both formats.
            Value::Integer(value) => match u64::try_from(value) {
                Ok(value) if i64::try_from(value).is_ok() => Ok(value),
                _ => {
                    reader.report(
                        node,
                        "is out of range",
                        format!("write a whole number from 0 to {}", i64::MAX),
                    );
                    Err(Reported)
                }
            },
            _ => reader.wrong_kind(node, "a whole number", "write it without quotes and without a fraction"),
        }
    }
}

impl Read for f64 {
    fn read(node: &Node, reader: &mut Reader) -> Result<Self, Reported> {
        let value = match node.value {
            Value::Float(value) => value,
            // Beyond 2^53 the nearest floating-point number is what serde would give as well.
            #[expect(clippy::cast_precision_loss, reason = "the nearest number is wanted")]
            Value::Integer(value) => value as f64,
            _ => return reader.wrong_kind(node, "a number", "write it without quotes, like 0.05"),
        };
        if value.is_finite() {
            return Ok(value);
        }
        reader.report(node, "is not a finite number", "write a number like 0.05");
        Err(Reported)
    }
}

impl<T: Read> Read for Vec<T> {
    fn read(node: &Node, reader: &mut Reader) -> Result<Self, Reported> {
        let Value::List(items) = &node.value else {
            return reader.wrong_kind(node, "a list", "write it in brackets: [ … ]");
        };
        // All items are read before any can end the reading, so that each can be reported.
        let items: Vec<Result<T, Reported>> = items
            .iter()
            .enumerate()
            .map(|(index, item)| reader.in_item(index, |reader| T::read(item, reader)))
            .collect();
        items.into_iter().collect()
    }
}

impl<T: Read> Read for BTreeMap<String, T> {
    fn read(node: &Node, reader: &mut Reader) -> Result<Self, Reported> {
        let Value::Table(entries) = &node.value else {
            return reader.wrong_kind(node, "a table", "write a header such as [tables.\"public.orders\"]");
        };
        let mut fields: BTreeMap<String, Result<T, Reported>> = BTreeMap::new();
        for Entry { name, node, .. } in entries {
            reader.in_field(name, |reader| {
                let value = T::read(node, reader);
                if fields.insert(name.clone(), value).is_some() {
                    reader.report_unseen(node.line, "is given twice", "leave one of the two");
                }
            });
        }
        fields.into_iter().map(|(name, value)| Ok((name, value?))).collect()
    }
}

/// Declares how a type is read: each of its fields, whether it is required (with an example) or
/// what holds when it's absent, the rules on its value, and the rules on the whole, which run
/// even when a field couldn't be read. A field of the type that is left out here doesn't compile.
macro_rules! record {
    (
        $type:ty $(, whole $whole:expr)*;
        $($field:ident: $presence:ident $(($filling:expr))? $(, $rule:expr)*;)*
    ) => {
        impl $type {
            /// The names of its fields.
            pub(super) const FIELDS: &[&str] = &[$(stringify!($field)),*];
        }

        impl Read for $type {
            fn read(node: &Node, reader: &mut Reader) -> Result<Self, Reported> {
                reader.table(node, Self::FIELDS)?;
                $(
                    let $field = reader.$presence(
                        node, stringify!($field), $($filling,)? &[$(&$rule),*],
                    );
                )*
                $($whole(node, reader);)*
                Ok(Self { $($field: $field?),* })
            }
        }
    };
}
pub(super) use record;
