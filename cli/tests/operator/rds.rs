//! Answers of RDS, in the form of its API, for one replica in the states that it goes through.

pub(crate) const REPLICA: &str = "drill-main-courses-prod-20261121030000-1d2371b1";
pub(crate) const RESOURCE_ID: &str = "db-ABCDEFGHIJKLMNOP";
/// The instance as it is at one moment.
#[derive(Clone)]
pub(crate) struct State {
    pub(crate) id: &'static str,
    pub(crate) status: &'static str,
    pub(crate) tags: Vec<(&'static str, &'static str)>,
    pub(crate) security_group: &'static str,
    /// The parameter group and its status.
    pub(crate) parameters: (&'static str, &'static str),
    pub(crate) retention_days: u32,
    pub(crate) is_protected: bool,
    pub(crate) pending: &'static str,
    pub(crate) resource_id: &'static str,
}

pub(crate) const OURS: &[(&str, &str)] = &[
    ("restore-drill:deployment", "main"),
    ("restore-drill:source", "courses-prod"),
    ("restore-drill:source-resource-id", "db-SOURCE"),
    ("restore-drill:drill", super::DRILL),
    ("restore-drill:backup", "rds:courses-prod-2026-11-21-02-03"),
    ("restore-drill:backup-data-at", "2026-11-21T02:03:11Z"),
];
pub(crate) const MARKS: &[(&str, &str)] =
    &[("restore-drill:hold", "promoted by ada"), ("restore-drill:promoted", super::DRILL)];

/// The standby as its drill left it.
pub(crate) fn standby() -> State {
    State {
        id: REPLICA,
        status: "stopped",
        tags: OURS.to_vec(),
        security_group: "sg-0a1b2c3d",
        parameters: ("restore-drill-postgres16", "in-sync"),
        retention_days: 0,
        is_protected: false,
        pending: "",
        resource_id: RESOURCE_ID,
    }
}

/// The production instance.
pub(crate) fn source() -> State {
    State { id: "courses-prod", status: "available", tags: vec![], resource_id: "db-SOURCE", ..standby() }
}

impl State {
    fn xml(&self) -> String {
        let tag = |(key, value): &(&str, &str)| format!("<Tag><Key>{key}</Key><Value>{value}</Value></Tag>");
        let tags: String = self.tags.iter().map(tag).collect();
        let restart = if self.status == "stopped" {
            "<AutomaticRestartTime>2026-11-28T03:55:00Z</AutomaticRestartTime>"
        } else {
            ""
        };
        let State { id, status, security_group, retention_days, is_protected, pending, resource_id, .. } =
            self;
        let (group, apply_status) = self.parameters;
        format!(
            "<DBInstance><DBInstanceIdentifier>{id}</DBInstanceIdentifier><DBInstanceStatus>{status}</DBInstanceStatus>\
             <DBInstanceClass>db.t4g.medium</DBInstanceClass><Engine>postgres</Engine><EngineVersion>16.4</EngineVersion>\
             <Endpoint><Address>{id}.c9akciq32rgh.eu-central-1.rds.amazonaws.com</Address><Port>5432</Port></Endpoint>\
             <AllocatedStorage>100</AllocatedStorage><InstanceCreateTime>2026-11-21T03:04:05Z</InstanceCreateTime>\
             <BackupRetentionPeriod>{retention_days}</BackupRetentionPeriod><MultiAZ>false</MultiAZ>\
             <VpcSecurityGroups><VpcSecurityGroupMembership><VpcSecurityGroupId>{security_group}</VpcSecurityGroupId>\
             <Status>active</Status></VpcSecurityGroupMembership></VpcSecurityGroups><DBParameterGroups>\
             <DBParameterGroup><DBParameterGroupName>{group}</DBParameterGroupName><ParameterApplyStatus>{apply_status}\
             </ParameterApplyStatus></DBParameterGroup></DBParameterGroups>\
             <PendingModifiedValues>{pending}</PendingModifiedValues><DbiResourceId>{resource_id}</DbiResourceId>\
             <DBInstanceArn>arn:aws:rds:eu-central-1:123456789012:db:{id}</DBInstanceArn>{restart}\
             <DeletionProtection>{is_protected}</DeletionProtection><TagList>{tags}</TagList></DBInstance>"
        )
    }
}

/// A list of instances, or one that was asked for by its name.
pub(crate) fn described(states: &[State]) -> String {
    let instances: String = states.iter().map(State::xml).collect();
    format!(
        "<DescribeDBInstancesResponse xmlns=\"http://rds.amazonaws.com/doc/2014-10-31/\"><DescribeDBInstancesResult>\
         <DBInstances>{instances}</DBInstances></DescribeDBInstancesResult></DescribeDBInstancesResponse>"
    )
}

/// The answer to a call that changes something.
pub(crate) fn taken(action: &str) -> String {
    format!(
        "<{action}Response xmlns=\"http://rds.amazonaws.com/doc/2014-10-31/\"><{action}Result></{action}Result>\
         </{action}Response>"
    )
}
