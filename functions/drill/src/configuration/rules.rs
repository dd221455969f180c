//! What a value must fulfil beyond its kind, and what to say when it doesn't.

use super::{
    Span,
    document::{Entry, Node, Value},
    limits,
    mistake::nearest,
    read::Reader,
};
use crate::own_sql;

/// Why there is no field for a password.
pub(super) const NO_SECRETS: &str = "there are no secrets in this configuration: the verifier signs in by IAM \
     authentication, so give the role in database.user the grant rds_iam and remove this field";

/// Whether a field's name says, even misspelled, that its value could be a secret. Such a value
/// must not be repeated in a log.
pub(super) fn looks_like_a_secret(name: &str) -> bool {
    const SECRETS: &[&str] = &["password", "passwd", "passphrase", "secret", "token", "credential"];
    let lower = name.to_lowercase();
    SECRETS.iter().chain(&["pwd", "pass", "dsn", "url"]).any(|word| lower.contains(word))
        || nearest(name, SECRETS).is_some()
}

/// What to say about an unknown field that has a place elsewhere.
pub(super) fn hint_for_unknown(path: &str, entry: &Entry) -> Option<String> {
    if let (Some(schema), Value::Table(_)) = (path.strip_prefix("tables."), &entry.node.value) {
        return Some(format!(
            "put the whole name of the table in quotes: [tables.\"{schema}.{}\"]",
            entry.name
        ));
    }
    super::fields::SECTIONS
        .iter()
        .find(|(_, fields)| fields.contains(&entry.name.as_str()))
        .map(|(section, _)| format!("it belongs in {section}"))
}

/// A span between two others, both included.
pub(super) fn between(least: Span, most: Span) -> impl Fn(&Span, &Node, &mut Reader) {
    move |span, node, reader| {
        if *span < least || *span > most {
            reader.report(
                node,
                format!("must be from {least} to {most}"),
                format!("write a span in that range, like {:?}", most.min(Span::hours(26)).to_string()),
            );
        }
    }
}

/// A text of at most so many bytes without control characters.
pub(super) fn short<T: AsRef<str>>(most: usize) -> impl Fn(&T, &Node, &mut Reader) {
    move |text, node, reader| short_text(text.as_ref(), most, node, reader)
}

fn short_text(text: &str, most: usize, node: &Node, reader: &mut Reader) {
    if text.len() > most {
        reader.report(node, format!("is {} bytes long", text.len()), format!("{most} bytes are the most"));
    }
    if text.chars().any(char::is_control) {
        reader.report(node, "holds control characters", "write it on one line, without tabs");
    }
    if text.trim() != text {
        reader.report(node, "begins or ends with a space", "remove the space");
    }
}

/// The name of a column; PostgreSQL lets it hold spaces.
pub(super) fn column(name: &impl AsRef<str>, node: &Node, reader: &mut Reader) {
    let name = name.as_ref();
    if name.len() > limits::IDENTIFIER_MAX_BYTES || name.contains('\0') {
        reader.report(
            node,
            "can't be the name of a column",
            format!("a name has {} bytes at most and no NUL", limits::IDENTIFIER_MAX_BYTES),
        );
    }
}

/// A DB instance class.
pub(super) fn instance_class(class: &impl AsRef<str>, node: &Node, reader: &mut Reader) {
    let parts: Vec<&str> = class.as_ref().split('.').collect();
    let clean = parts
        .iter()
        .all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()));
    if parts[0] == "db" && parts.len() >= 3 && clean {
        return;
    }
    let hint = match parts.as_slice() {
        ["db", family] if clean => format!("add the size: \"db.{family}.medium\""),
        [family, size] if clean && *family != "db" => format!("did you mean \"db.{family}.{size}\"?"),
        [family] if clean && *family != "db" => format!("write the whole class, like \"db.{family}.medium\""),
        _ => "write a class such as \"db.t4g.medium\"".to_owned(),
    };
    reader.report(node, "is not a DB instance class, which is db.FAMILY.SIZE", hint);
}

/// A DB subnet group or DB parameter group.
pub(super) fn group_name(name: &impl AsRef<str>, node: &Node, reader: &mut Reader) {
    let name = name.as_ref();
    let fits = name.len() <= limits::GROUP_NAME_MAX_BYTES
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b" ._-".contains(&b))
        && name.trim() == name;
    if !fits {
        reader.report(
            node,
            "is not the name of a group in RDS",
            "letters, digits, hyphens, dots, underscores and spaces make a name; give the name, not the ARN",
        );
    }
}

/// A storage type of RDS.
pub(super) fn storage_type(value: &impl AsRef<str>, node: &Node, reader: &mut Reader) {
    if !limits::STORAGE_TYPES.contains(&value.as_ref()) {
        reader.report(
            node,
            "is not a storage type of RDS for PostgreSQL",
            format!(
                "the types are {}; leave it out to keep the snapshot's own",
                limits::STORAGE_TYPES.join(", ")
            ),
        );
    }
}

/// The list of security groups.
pub(super) fn security_groups(node: &Node, reader: &mut Reader) {
    for_each_item(node, reader, |group, earlier, node, reader| {
        let fits = group.strip_prefix("sg-").is_some_and(|id| {
            !id.is_empty()
                && id.len() <= 32
                && id.bytes().all(|b| b.is_ascii_hexdigit() && !b.is_ascii_uppercase())
        });
        if !fits {
            reader.report(
                node,
                "is not the id of a security group",
                "write the id, like \"sg-0a1b2c3d4e5f60718\", not the group's name",
            );
        } else if earlier {
            reader.report(node, "is given twice", "leave one of the two");
        }
    });
}

/// The list of checks that may stay unmeasured.
pub(super) fn accepted(node: &Node, reader: &mut Reader) {
    for_each_item(node, reader, |name, earlier, node, reader| {
        short_text(name, 2 * limits::TABLE_NAME_MAX_BYTES, node, reader);
        if name.trim().is_empty() {
            return;
        }
        if !name.split_once(' ').is_some_and(|(check, subject)| !check.is_empty() && !subject.is_empty()) {
            reader.report(
                node,
                "is not a check as the report names it",
                "the kind, a space and the subject: \"rows public.audit\" or \"query newest enrolment\"",
            );
        } else if earlier {
            reader.report(node, "is given twice", "leave one of the two");
        }
    });
}

/// Runs a rule on each text of a list; tells it whether the same text stood earlier.
fn for_each_item(node: &Node, reader: &mut Reader, rule: impl Fn(&str, bool, &Node, &mut Reader)) {
    let Value::List(items) = &node.value else { return };
    for (index, item) in items.iter().enumerate() {
        if let Value::Text(text) = &item.value {
            let earlier = items[..index].iter().any(|other| other.value == item.value);
            reader.in_item(index, |reader| rule(text, earlier, item, reader));
        }
    }
}

/// A rule on a field as it was written, which runs even when a value in it couldn't be read.
pub(super) fn on(name: &'static str, rule: impl Fn(&Node, &mut Reader)) -> impl Fn(&Node, &mut Reader) {
    move |table, reader| {
        if let Some(node) = table.field(name) {
            reader.in_field(name, |reader| rule(node, reader));
        }
    }
}

/// A list or table of so many entries.
pub(super) fn count(least: usize, most: usize) -> impl Fn(&Node, &mut Reader) {
    move |node, reader| {
        let found = match &node.value {
            Value::List(items) => items.len(),
            Value::Table(entries) => entries.len(),
            _ => return,
        };
        if found < least {
            reader.report(node, "is empty", format!("write at least {least}"));
        } else if found > most {
            reader.report(node, format!("has {found} entries"), format!("{most} are the most"));
        }
    }
}

/// The text of a query.
pub(super) fn sql(sql: &impl AsRef<str>, node: &Node, reader: &mut Reader) {
    if let Err(refusal) = own_sql::check(sql.as_ref()) {
        reader.report(node, refusal.problem(), refusal.way_out);
    }
}

/// How long production's automated backups are kept. 0 would turn them off.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "a rule takes its value by reference")]
pub(super) fn retention_days(days: &u64, node: &Node, reader: &mut Reader) {
    let most = limits::BACKUP_RETENTION_MAX_DAYS;
    if *days == 0 {
        reader.report(
            node,
            "would leave production without automated backups",
            "write a number of days, like 7; nothing here can drill what has no backups",
        );
    } else if *days > most {
        reader.report(node, format!("must be from 1 to {most}"), "RDS keeps automated backups no longer");
    }
}

/// The largest share of rows that may have come.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "a rule takes its value by reference")]
pub(super) fn max_growth(share: &f64, node: &Node, reader: &mut Reader) {
    if *share < 0.0 {
        reader.report(
            node,
            "must be 0 or more",
            "write a share such as 0.5, which lets a table grow by half",
        );
    }
}

/// The largest share of rows that may be missing.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "a rule takes its value by reference")]
pub(super) fn max_drop(share: &f64, node: &Node, reader: &mut Reader) {
    if (0.0..=1.0).contains(share) {
        return;
    }
    let hint = if (1.0..=100.0).contains(share) {
        format!("it is a share, not a percentage: write {}", share / 100.0)
    } else {
        "write a share such as 0.05, which lets 5 % of the rows go".to_owned()
    };
    reader.report(node, "must be from 0 to 1", hint);
}

/// The name of a secret that the functions may read: their deployment is its second part.
pub(super) fn secret_name(name: &impl AsRef<str>, node: &Node, reader: &mut Reader) {
    let is_word = |part: &str, also: &[u8]| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || also.contains(&b))
    };
    let fits =
        name.as_ref().strip_prefix("restore-drill/").and_then(|rest| rest.split_once('/')).is_some_and(
            |(deployment, rest)| is_word(deployment, b"-") && is_word(rest, b"/_+=.@-") && rest.len() <= 200,
        );
    if !fits {
        // Somebody may have written the address itself: it isn't repeated.
        reader.report(
            node,
            "is not the name of a secret that the functions may read",
            "put the address into a secret and write its name: restore-drill/<deployment>/<name>",
        );
    }
}
