//! The way to a collector: HTTP/1.1 to an address of this machine, from the exporters' own threads.

use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use ureq::Agent;

/// How long one message may take.
const SEND_WAIT: Duration = Duration::from_secs(5);

/// Octets of an answer that are read.
const ANSWER_OCTETS_MAX: u64 = 64 << 10;

/// A collector, and whether it is there.
#[derive(Debug, Clone)]
pub(super) struct Collector {
    address: SocketAddr,
    agent: Agent,
    is_away: Arc<AtomicBool>,
}

impl Collector {
    pub(super) fn new(address: SocketAddr) -> Self {
        let agent = Agent::config_builder()
            .timeout_global(Some(SEND_WAIT))
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .build()
            .into();
        Self { address, agent, is_away: Arc::default() }
    }

    fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let response = self.agent.run(request.map(|body| body.to_vec()))?;
        let (head, mut body) = response.into_parts();
        let octets = body.with_config().limit(ANSWER_OCTETS_MAX).read_to_vec()?;
        Ok(Response::from_parts(head, octets.into()))
    }
}

#[async_trait::async_trait]
impl HttpClient for Collector {
    /// It blocks, as it may: an exporter's thread does nothing else.
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let response = self.send(request);
        let takes = response.as_ref().is_ok_and(|response| response.status().is_success());
        // Said once, not with every message.
        if self.is_away.swap(!takes, Ordering::Relaxed) == takes {
            let address = self.address;
            if takes {
                tracing::info!("otlp: the collector at {address} takes what is sent again");
            } else {
                tracing::warn!("otlp: the collector at {address} does not take what is sent");
            }
        }
        response
    }
}
