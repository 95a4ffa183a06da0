//! HTTP on this machine: `/livez`, `/readyz`, `/metrics`.

use super::health::Health;
use super::metrics::Metrics;
use bytes::Bytes;
use http_body_util::Full;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// Connections at a time: a scraper, a probe, somebody looking.
const CONNECTIONS_MAX: usize = 16;
/// How long one may last.
const CONNECTION_WAIT: Duration = Duration::from_secs(10);
/// What the text of a scrape is (OpenMetrics 1.0).
const METRICS_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Answers for as long as it is polled.
pub(crate) async fn serve(listener: TcpListener, health: Arc<Health>, metrics: Arc<Metrics>) {
    let mut connections = JoinSet::new();
    loop {
        while connections.len() >= CONNECTIONS_MAX {
            connections.join_next().await;
        }
        let Ok((stream, _)) = listener.accept().await else {
            // Out of file descriptors, say: not to be asked again at once.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let (health, metrics) = (Arc::clone(&health), Arc::clone(&metrics));
        connections.spawn(async move {
            let service = service_fn(move |request| {
                let answer = answer(&request, &health, &metrics);
                async move { Ok::<_, Infallible>(answer) }
            });
            let mut server = http1::Builder::new();
            server.timer(TokioTimer::new()).keep_alive(false);
            let connection = server.serve_connection(TokioIo::new(stream), service);
            // A client that asks wrongly or goes away is no concern of the relay's.
            drop(tokio::time::timeout(CONNECTION_WAIT, connection).await);
        });
    }
}

fn answer<B>(request: &Request<B>, health: &Health, metrics: &Metrics) -> Response<Full<Bytes>> {
    if request.method() != Method::GET {
        return plain(StatusCode::METHOD_NOT_ALLOWED, "only GET\n");
    }
    match request.uri().path() {
        "/livez" => plain(StatusCode::OK, "alive\n"),
        "/readyz" => match health.unready() {
            None => plain(StatusCode::OK, "ready\n"),
            Some(why) => plain(StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")),
        },
        "/metrics" => match metrics.text() {
            Ok(text) => {
                let mut response = plain(StatusCode::OK, text);
                let kind = hyper::header::HeaderValue::from_static(METRICS_TYPE);
                response.headers_mut().insert(hyper::header::CONTENT_TYPE, kind);
                response
            }
            Err(_) => plain(StatusCode::INTERNAL_SERVER_ERROR, "cannot be written\n"),
        },
        _ => plain(StatusCode::NOT_FOUND, "here are /livez, /readyz and /metrics\n"),
    }
}

fn plain(status: StatusCode, text: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(text.into()));
    *response.status_mut() = status;
    response
}
