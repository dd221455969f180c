//! What `init` writes: the configuration of the drills, a Terraform root that deploys them, and the SQL of the role.
//!
//! Decides every line of them. Writes nothing.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};

use super::hour::TimeOfDay;
use super::source::Facts;
use crate::configuration::Level;
use crate::ids::{Deployment, SourceId, rfc3339};

/// What was chosen, all of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// The deployment.
    pub deployment: Deployment,
    /// The source.
    pub source: SourceId,
    /// The database in it.
    pub database: String,
    /// How much is checked.
    pub level: Level,
    /// The class of the replicas.
    pub instance_class: String,
    /// When the drill begins.
    pub at: TimeOfDay,
    /// In which zone.
    pub zone: String,
    /// Who is told.
    pub emails: Vec<String>,
    /// Subnets of the replicas.
    pub subnets: Vec<String>,
    /// The key of the source's backups, where it isn't AWS's.
    pub kms_key: Option<String>,
    /// Where the Terraform module is, as `main.tf` names it.
    pub module: String,
    /// The folder of `plan.zip`, `control.zip` and `verify.zip`, as `main.tf` names it.
    pub artifacts: String,
    /// What the zips were built for.
    pub architecture: &'static str,
    /// The bucket of Terraform's state.
    pub state_bucket: String,
    /// From when silence counts until the first verified night.
    pub since: DateTime<Utc>,
}

/// The name of the configuration beside `main.tf`.
pub const CONFIGURATION: &str = "drill.toml";
/// The name of the Terraform root.
pub const ROOT: &str = "main.tf";
/// The name of the file about its state.
pub const BACKEND: &str = "backend.tf";

/// The class of the replicas when nobody says otherwise: the source's, which the backup is sure to fit. A burstable or
/// smaller one is cheaper and enough for most.
pub fn default_class(facts: &Facts) -> &str {
    &facts.instance_class
}

/// The name of the bucket for Terraform's state when nobody says otherwise: unique by account and Region.
pub fn default_state_bucket(facts: &Facts) -> String {
    format!("restore-drill-state-{}-{}", facts.of_arn(4), facts.of_arn(3))
}

/// A level by its name.
pub fn level(level: Level) -> &'static str {
    match level {
        Level::Quick => "quick",
        Level::Standard => "standard",
        Level::Deep => "deep",
    }
}

/// A text in quotes for TOML that Terraform's `templatefile` reads first, and for HCL: `${` and `%{` are doubled.
fn quoted(text: &str) -> String {
    let text = serde_json::to_string(text).expect("a text can be written as JSON");
    text.replace("${", "$${").replace("%{", "%%{")
}

fn listed(texts: &[String]) -> String {
    let texts: Vec<String> = texts.iter().map(|text| quoted(text)).collect();
    format!("[{}]", texts.join(", "))
}

/// The configuration, as Terraform's template: the module fills in what stands in `${…}`.
pub fn configuration(choice: &Choice) -> String {
    format!(
        r#"# The drills of {source}. Every field: examples/drill.toml of restore-drill. The module fills in its three groups.
# After a change: restore-drill checks validate {CONFIGURATION}, then terraform apply.

source = "{source}"
level = "{level}" # "quick", "standard" or "deep"

[backup]
max_age = "26h" # a nightly backup, with two hours of slack

[replica]
instance_class = {class}
subnet_group = "${{subnet_group}}"
security_groups = ["${{security_group}}"]
parameter_group = "${{parameter_group}}"

[database]
name = {database}

# What only you know makes a drill worth more; every table is counted without it, too.
#
# [tables."public.orders"]
# min_rows = 1_000
# fresh = {{ column = "created_at", within = "26h" }}
#
# [[queries]]
# name = "no order without its customer"
# sql = "SELECT count(*) FROM orders o LEFT JOIN customers c ON c.id = o.customer_id WHERE c.id IS NULL"
# equals = 0
#
# [promotion] # for the night on which the replica becomes production; fill it in while it is quiet
# security_groups = ["sg-…"]
"#,
        source = choice.source,
        level = level(choice.level),
        class = quoted(&choice.instance_class),
        database = quoted(&choice.database),
    )
}

/// A configuration in which the module's placeholders stand for something of the right form, so that it can be
/// checked before anything is deployed. `None` where it has no placeholder: it is what it is.
pub fn filled_in(text: &str) -> Option<String> {
    const PLACEHOLDERS: [(&str, &str); 3] = [
        ("${security_group}", "sg-00000000000000000"),
        ("${subnet_group}", "restore-drill"),
        ("${parameter_group}", "restore-drill"),
    ];
    if !PLACEHOLDERS.iter().any(|(placeholder, _)| text.contains(placeholder)) {
        return None;
    }
    let filled = PLACEHOLDERS.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value));
    Some(filled.replace("$${", "${").replace("%%{", "%{"))
}

/// The Terraform root.
pub fn root(choice: &Choice, facts: &Facts) -> String {
    let mut more = String::new();
    if let Some(port) = facts.port.filter(|port| *port != 5432) {
        let _ = writeln!(more, "\n  port = {port}");
    }
    if let Some(key) = &choice.kms_key {
        let _ = writeln!(more, "\n  # The backups' key: the role that restores may use it.");
        let _ = writeln!(more, "  source_kms_key_arns = [{}]", quoted(key));
    }
    format!(
        r#"# The drill of {source}, every night at {at} {zone}. Written by restore-drill init; yours from now on.
# All inputs: infra/README.md of restore-drill.

provider "aws" {{
  region = "{region}"
}}

module "restore_drill" {{
  source = {module}

  deployment = "{deployment}"

  sources = {{
    {source} = {{
      checks_file      = "${{path.module}}/{CONFIGURATION}"
      postgres_version = {major}
      # Keeps the drill out of production's database. A source that is made anew has another: apply again.
      resource_id = "{resource_id}"
      # From here on silence counts, also if no night ever begins.
      watched_since = "{since}"
    }}
  }}

  # After the source's backup window, {window} UTC, all year.
  at        = "{at}"
  time_zone = "{zone}"

  # Replicas have no public address and no way out; any of the source's subnets will do.
  vpc_id             = "{vpc}"
  replica_subnet_ids = {subnets}
{more}
  artifacts    = {{ folder = {artifacts} }}
  architecture = "{architecture}"

  # AWS sends each a link; until it is followed nothing arrives.
  notify_emails = {emails}
}}

output "evidence_bucket" {{
  value = module.restore_drill.evidence_bucket
}}

output "configurations" {{
  value = module.restore_drill.configurations
}}
"#,
        source = choice.source,
        at = choice.at,
        zone = choice.zone,
        region = facts.of_arn(3),
        module = quoted(&choice.module),
        deployment = choice.deployment,
        major = facts.major().unwrap_or_default(),
        resource_id = facts.resource_id,
        since = rfc3339(choice.since),
        window = facts.backup_window.as_deref().unwrap_or("none"),
        vpc = facts.vpc.as_deref().unwrap_or_default(),
        subnets = listed(&choice.subnets),
        artifacts = path(&choice.artifacts),
        architecture = choice.architecture,
        emails = listed(&choice.emails),
    )
}

/// A path in HCL: a relative one is meant from the root's own folder, wherever Terraform is started.
fn path(text: &str) -> String {
    let text = quoted(text);
    match text.strip_prefix("\".") {
        Some(rest) => format!("\"${{path.module}}/.{rest}"),
        None => text,
    }
}

/// Where Terraform keeps the state of that root.
pub fn backend(choice: &Choice, facts: &Facts) -> String {
    format!(
        r#"# The drill's own state, apart from production's: one `destroy` there takes nothing here.

terraform {{
  # use_lockfile: a lock beside the state in S3. Terraform or OpenTofu 1.10.
  required_version = ">= 1.10"

  backend "s3" {{
    bucket       = {bucket}
    key          = "restore-drill/{deployment}.tfstate"
    region       = "{region}"
    encrypt      = true
    use_lockfile = true
  }}

  required_providers {{
    aws = {{
      source  = "hashicorp/aws"
      version = ">= 5.32, < 7.0"
    }}
  }}
}}
"#,
        bucket = quoted(&choice.state_bucket),
        deployment = choice.deployment,
        region = facts.of_arn(3),
    )
}

/// The SQL of the read-only role; each backup that is taken after it has the role in it.
pub fn role(choice: &Choice) -> String {
    let deep = "-- For level deep: its functions read every page.\n\
                CREATE EXTENSION IF NOT EXISTS amcheck;\n\
                GRANT EXECUTE ON FUNCTION verify_heapam, bt_index_check(regclass, boolean) TO restore_drill;\n";
    format!(
        "-- In the database {database} of {source}, as its master user. Each backup that is taken from then on has it.\n\
         CREATE ROLE restore_drill LOGIN;\n\
         GRANT rds_iam, pg_read_all_data TO restore_drill;\n\
         ALTER ROLE restore_drill SET default_transaction_read_only = on;\n{more}",
        database = choice.database.replace(['\n', '\r'], " "),
        source = choice.source,
        more = if choice.level == Level::Deep { deep } else { "" },
    )
}

/// What is left to do, in order, as lines of a shell with what each is for.
pub fn next(choice: &Choice, facts: &Facts, directory: &str) -> Vec<(String, Vec<String>)> {
    let (bucket, region) = (&choice.state_bucket, facts.of_arn(3));
    // us-east-1 is the one Region that this constraint can't name (Amazon S3 API reference, `CreateBucket`).
    let place = match region {
        "us-east-1" => String::new(),
        region => format!(" \\\n  --create-bucket-configuration LocationConstraint={region}"),
    };
    let step = |words: &str, lines: &[String]| (words.to_owned(), lines.to_vec());
    vec![
        step("Run the SQL above. The drill needs a backup that was taken after it.", &[]),
        step("Build the zips, unless those of a release are there:", &["make lambdas".to_owned()]),
        step(
            "Make the bucket for Terraform's state, once, apart from production's:",
            &[
                format!("aws s3api create-bucket --bucket {bucket} --region {region}{place}"),
                format!(
                    "aws s3api put-bucket-versioning --bucket {bucket} \\\n  --versioning-configuration Status=Enabled"
                ),
            ],
        ),
        step(
            "Deploy, and follow the link in each mail:",
            &[format!("terraform -chdir={directory} init"), format!("terraform -chdir={directory} apply")],
        ),
        step(
            "See that nothing is missing, then don't wait for the night:",
            &[
                format!("restore-drill doctor --deployment {}", choice.deployment),
                format!("restore-drill run --deployment {} --source {}", choice.deployment, choice.source),
            ],
        ),
    ]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::configuration;
    use crate::ids::DbiResourceId;

    pub(super) fn facts() -> Facts {
        Facts {
            id: "courses-prod".to_owned(),
            arn: "arn:aws:rds:eu-central-1:123456789012:db:courses-prod".to_owned(),
            resource_id: DbiResourceId::parse("db-ABC").unwrap(),
            status: "available".to_owned(),
            engine: "postgres".to_owned(),
            engine_version: "17.4".to_owned(),
            cluster: None,
            replicates: None,
            instance_class: "db.r7g.large".to_owned(),
            storage_gib: 100,
            storage_type: None,
            multi_az: true,
            is_public: false,
            deletion_protection: true,
            iam_authentication: false,
            kms_key: None,
            vpc: Some("vpc-1".to_owned()),
            subnets: vec![],
            backup_window: Some("02:00-02:30".to_owned()),
            retention_days: 7,
            port: Some(6543),
            database: None,
        }
    }

    pub(super) fn choice(database: &str, level: Level) -> Choice {
        Choice {
            deployment: Deployment::parse("main").unwrap(),
            source: SourceId::parse("courses-prod").unwrap(),
            database: database.to_owned(),
            level,
            instance_class: "db.t4g.medium".to_owned(),
            at: TimeOfDay::parse("05:00").unwrap(),
            zone: "Europe/Berlin".to_owned(),
            emails: vec!["night@example.com".to_owned()],
            subnets: vec!["subnet-1".to_owned(), "subnet-2".to_owned()],
            kms_key: Some("arn:aws:kms:eu-central-1:123456789012:key/one".to_owned()),
            module: "../infra".to_owned(),
            artifacts: "../target/lambda".to_owned(),
            architecture: "arm64",
            state_bucket: default_state_bucket(&facts()),
            since: "2026-11-21T12:00:00Z".parse().unwrap(),
        }
    }

    #[test]
    fn the_configuration_is_one_that_the_drill_takes() {
        for level in [Level::Quick, Level::Standard, Level::Deep] {
            let text = filled_in(&configuration(&choice("courses", level))).unwrap();
            let read = configuration::parse_toml(&text).unwrap_or_else(|mistakes| panic!("{mistakes:?}"));
            assert_eq!((read.level, read.database.name.as_str()), (level, "courses"));
            assert_eq!(read.replica.instance_class, "db.t4g.medium");
            // Terraform's template takes a comment for no less than the rest.
            assert!(!text.contains("${") && !text.contains("%{"), "{text}");
        }
    }

    #[test]
    fn a_file_without_placeholders_is_checked_as_it_is() {
        assert_eq!(filled_in("source = \"courses-prod\""), None);
    }

    #[test]
    fn the_sql_is_for_the_level() {
        assert!(role(&choice("courses", Level::Deep)).contains("amcheck"));
        assert!(!role(&choice("courses", Level::Standard)).contains("amcheck"));
        // A name of a database can't end the comment that it stands in.
        let sql = role(&choice("courses\nDROP DATABASE courses; --", Level::Quick));
        assert!(!sql.contains("\nDROP"), "{sql}");
    }

    #[test]
    fn the_root_says_all_that_the_module_asks_for() {
        snapbox::assert_data_eq!(
            root(&choice("courses", Level::Standard), &facts()),
            snapbox::file!["../../tests/setup/main.tf"].raw()
        );
        assert_eq!(choice("", Level::Quick).state_bucket, "restore-drill-state-123456789012-eu-central-1");
    }

    #[test]
    fn us_east_1_is_named_by_no_constraint() {
        let mut facts = facts();
        let has = |facts: &Facts| {
            let steps = next(&choice("courses", Level::Quick), facts, "drill");
            steps.iter().any(|(_, lines)| lines.iter().any(|line| line.contains("LocationConstraint")))
        };
        assert!(has(&facts));
        facts.arn = "arn:aws:rds:us-east-1:123456789012:db:courses-prod".to_owned();
        assert!(!has(&facts));
    }

    proptest! {
        /// Whatever a database is called: what the drill reads in the end is that name, or the file is refused.
        #[test]
        fn a_name_comes_through_terraform_s_template_as_it_is(name in "\\PC{1,30}") {
            // What Terraform makes of it: doubled signs are single ones, placeholders are filled in.
            let text = filled_in(&configuration(&choice(&name, Level::Quick))).unwrap();
            if let Ok(read) = configuration::parse_toml(&text) {
                prop_assert_eq!(read.database.name, name);
            }
        }
    }
}
