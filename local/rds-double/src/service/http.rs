//! Serves HTTP on one listener: the API at any other path, control under `/_double/`.

use std::io;
use std::sync::Arc;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::net::TcpListener;

use super::state::Double;
use super::{control, requests};

/// The largest request; seeds of tests can be big scripts.
const BODY_MAX_BYTES: usize = 256 * 1024 * 1024;

/// The connection is to be closed without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the connection is cut on purpose")]
struct Cut;

/// Serves connections for ever.
///
/// # Errors
/// If the listener fails.
pub async fn serve(listener: TcpListener, double: Arc<Double>) -> io::Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        let double = Arc::clone(&double);
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                let double = Arc::clone(&double);
                async move { respond(&double, request).await }
            });
            // A cut connection and a client that leaves both end here; neither is news.
            let _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

async fn respond(double: &Double, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Cut> {
    let method = request.method().as_str().to_owned();
    let path = request.uri().path().to_owned();
    let limited = Limited::new(request.into_body(), BODY_MAX_BYTES);
    let body = limited.collect().await.map_err(|_| Cut)?.to_bytes();
    if let Some(rest) = path.strip_prefix("/_double/") {
        let (status, value) = match control::answer(double, &method, rest, &body).await {
            Ok(value) => (200, value),
            Err(refusal) => (refusal.status, json!({"error": refusal.reason})),
        };
        return Ok(response(status, "application/json", value.to_string().into_bytes()));
    }
    match requests::answer(double, &body).await {
        requests::Response::Cut => Err(Cut),
        requests::Response::Xml(status, xml, id) => {
            let mut response = response(status, "text/xml", xml);
            if let Ok(value) = id.parse() {
                response.headers_mut().insert("x-amzn-requestid", value);
            }
            Ok(response)
        }
    }
}

fn response(status: u16, kind: &'static str, body: Vec<u8>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(hyper::header::CONTENT_TYPE, hyper::header::HeaderValue::from_static(kind));
    response
}
