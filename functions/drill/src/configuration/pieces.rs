//! Single settings of a configuration that may be wrong elsewhere, for the steps that clean up: they act
//! though no plan could be made, and often because none could be.
//!
//! A piece is believed where its own section is right. Nothing is where the text isn't TOML, since a broken
//! header puts lines into another section, nor where the configuration is another source's.
//!
//! Own SQL isn't looked at here: the steps that delete hold no parser of it.

use super::{
    Deadlines, HeartbeatSettings, ReplicaSettings, Span, across,
    document::{self, Node},
    limits,
    read::{Reader, Reported},
};
use crate::ids::SourceId;

/// The switch that the drills of this source reach; `None` when there is none, or it can't be believed.
pub fn heartbeat(text: &str, source: &SourceId) -> Option<HeartbeatSettings> {
    piece(text, source, |root, reader| reader.maybe(root, "heartbeat", &[])).flatten()
}

/// How long a replica without a drill is kept; `None` when the sections `[replica]` and `[deadlines]` can't be
/// believed, or the time is shorter than what a drill may take.
pub fn abandoned_max_age(text: &str, source: &SourceId) -> Option<Span> {
    piece(text, source, |root, reader| {
        // What can't be read agrees with anything.
        reader.optional(root, "deadlines", Deadlines::default, &[])?;
        across::spans_agree(root, reader);
        reader.required::<ReplicaSettings>(root, "replica", "", &[])
    })
    .map(|replica| replica.abandoned_max_age)
}

fn piece<T>(
    text: &str,
    source: &SourceId,
    read: impl FnOnce(&Node, &mut Reader) -> Result<T, Reported>,
) -> Option<T> {
    if text.len() > limits::FILE_MAX_BYTES {
        return None;
    }
    let (root, errors) = document::from_toml(text);
    let mut reader = Reader::default();
    let owner = reader.required::<SourceId>(&root, "source", "", &[]).ok()?;
    let value = read(&root, &mut reader).ok()?;
    (errors.is_empty() && reader.mistakes.is_empty() && owner == *source).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two sections that are right, in a configuration whose own SQL and level aren't.
    const WRONG_ELSEWHERE: &str = r#"
source = "courses-prod"
level = "thorough"
[replica]
instance_class = "db.t4g.medium"
subnet_group = "restore-drill"
security_groups = ["sg-0a1b2c3d4e5f60718"]
abandoned_max_age = "50h"
[heartbeat]
secret = "restore-drill/main/courses-prod-heartbeat"
[deadlines]
available = "3h"
[[queries]]
name = "gone"
sql = "DELETE FROM orders"
"#;

    fn source() -> SourceId {
        SourceId::parse("courses-prod").unwrap()
    }

    fn secret(text: &str) -> Option<String> {
        heartbeat(text, &source()).map(|heartbeat| heartbeat.secret)
    }

    #[test]
    fn a_section_that_is_right_is_read_though_others_are_wrong() {
        assert!(crate::configuration::parse_toml(WRONG_ELSEWHERE).is_err());
        assert_eq!(secret(WRONG_ELSEWHERE).as_deref(), Some("restore-drill/main/courses-prod-heartbeat"));
        assert_eq!(abandoned_max_age(WRONG_ELSEWHERE, &source()), Some(Span::hours(50)));
    }

    #[test]
    fn each_piece_needs_its_own_section_to_be_right() {
        for (written, instead) in [
            ("secret = \"restore-drill/main/courses-prod-heartbeat\"", "secret = 7"),
            ("[heartbeat]", "[heartbeats]"),
            ("[heartbeat]", "[heartbeat]\nsecrets = 1"),
        ] {
            let text = WRONG_ELSEWHERE.replace(written, instead);
            assert_eq!(secret(&text), None, "{instead}");
            assert_eq!(abandoned_max_age(&text, &source()), Some(Span::hours(50)), "{instead}");
        }
        for (written, instead) in [
            ("\"50h\"", "50"),
            ("\"50h\"", "\"1s\""),
            ("[\"sg-0a1b2c3d4e5f60718\"]", "[]"),
            // A drill may take as long as this.
            ("\"3h\"", "\"50h\""),
            ("\"3h\"", "3"),
        ] {
            let text = WRONG_ELSEWHERE.replace(written, instead);
            assert_eq!(abandoned_max_age(&text, &source()), None, "{instead}");
            assert!(secret(&text).is_some(), "{instead}");
        }
    }

    #[test]
    fn nothing_is_believed_of_what_is_not_toml_or_is_another_source_s() {
        let broken = WRONG_ELSEWHERE.replace("[deadlines]", "[deadlines");
        let foreign = WRONG_ELSEWHERE.replace("courses-prod\"\nlevel", "orders-prod\"\nlevel");
        let unnamed = WRONG_ELSEWHERE.replace("source =", "# source =");
        let long = format!("{WRONG_ELSEWHERE}#{}", "x".repeat(limits::FILE_MAX_BYTES));
        for text in [&broken, &foreign, &unnamed, &long] {
            assert_ne!(text, WRONG_ELSEWHERE);
            assert_eq!(secret(text), None);
            assert_eq!(abandoned_max_age(text, &source()), None);
        }
    }

    #[test]
    fn what_is_not_written_is_no_switch_and_the_usual_time() {
        let text = "source = \"courses-prod\"\n[replica]\ninstance_class = \"db.t4g.medium\"\n\
                    subnet_group = \"g\"\nsecurity_groups = [\"sg-0a1b2c3d4e5f60718\"]\n";
        assert_eq!(secret(text), None);
        assert_eq!(abandoned_max_age(text, &source()), Some(ReplicaSettings::default_abandoned_max_age()));
    }
}
