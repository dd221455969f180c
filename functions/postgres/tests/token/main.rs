//! Tokens compared with those of botocore, an implementation of AWS's own (`make_golden.py`).

use chrono::{DateTime, Utc};
use drill::instance::Endpoint;
use restore_drill_postgres::token::{Credentials, sign};
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    access_key_id: String,
    secret_access_key: String,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    instant: DateTime<Utc>,
    region: String,
    host: String,
    port: u16,
    user: String,
    session_token: Option<String>,
    token: String,
}

#[test]
fn tokens_equal_those_of_botocore() {
    let golden: Golden = serde_json::from_str(include_str!("golden.json")).unwrap();
    assert!(golden.cases.len() >= 8);
    for case in golden.cases {
        let credentials =
            Credentials::new(&golden.access_key_id, &golden.secret_access_key, case.session_token);
        let endpoint = Endpoint { host: case.host, port: case.port };
        let token = sign(&credentials, &case.region, &endpoint, &case.user, case.instant).unwrap();
        assert_eq!(token.expose(), case.token, "role {:?}", case.user);
    }
}
