//! Decides whether a token opens an instance's database: looks the instance up, then at the token.

use std::io;
use std::sync::Arc;

use tokio::net::TcpListener;

use super::state::Double;
use crate::clock::now;
use crate::iam_token::{Expected, verify};
use crate::ldap::{self, Bind};

/// Answers PostgreSQL's questions about tokens for ever.
///
/// # Errors
/// If the listener fails.
pub async fn serve_logins(listener: TcpListener, double: Arc<Double>, secret: String) -> io::Result<()> {
    let secret = Arc::new(secret);
    ldap::serve(listener, move |bind| {
        let (double, secret) = (Arc::clone(&double), Arc::clone(&secret));
        async move { check(&double, &bind, &secret) }
    })
    .await
}

fn check(double: &Double, bind: &Bind, secret: &str) -> Result<(), String> {
    let plane = double.plane();
    let instance = plane
        .instance_by_resource(&bind.resource_id)
        .ok_or_else(|| format!("there is no instance {}", bind.resource_id))?;
    if !instance.settings.iam_authentication {
        return Err("IAM authentication is not enabled".into());
    }
    let endpoint = instance.endpoint.as_ref().ok_or("the instance has no endpoint")?;
    let expected = Expected {
        endpoint: &format!("{}:{}", endpoint.host, endpoint.port),
        user: &bind.user,
        region: &plane.config().region,
        secret,
    };
    verify(&bind.token, &expected, now()).map_err(|error| error.to_string())
}
