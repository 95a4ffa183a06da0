//! The ledger's client: what it returns is verified.

use crate::checkpoint::{CheckpointError, SignedCheckpoint};
use crate::key::LedgerKey;
use crate::limits::{
    ANSWER_TIMEOUT, CHECKPOINT_OCTETS_MAX, RECEIPT_OCTETS_MAX, REFUSAL_OCTETS_MAX,
};
use crate::receipt::{Receipt, ReceiptError, Verified};
use crate::refusal::Refusal;
use crate::submission::Submission;
use bytes::Bytes;
use chappe_codec::error::DecodeError;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Speaks to one ledger and trusts nothing it says but what its key has signed.
#[derive(Debug, Clone)]
pub struct LedgerClient {
    address: SocketAddr,
    key: LedgerKey,
    timeout: Duration,
}

/// A receipt and what it proves.
#[derive(Debug, Clone, PartialEq)]
pub struct Anchored {
    /// The receipt, to be kept.
    pub receipt: Receipt,
    /// What was verified of it.
    pub verified: Verified,
}

impl LedgerClient {
    /// A client of the ledger at `address`, known by its `key`.
    #[must_use]
    pub const fn new(address: SocketAddr, key: LedgerKey) -> Self {
        Self { address, key, timeout: ANSWER_TIMEOUT }
    }

    /// The same with another time-out, which covers everything from connecting to the last octet.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// Submits, waits for the receipt, and verifies that it proves this very body under the
    /// ledger's key and realm.
    ///
    /// # Errors
    ///
    /// [`ClientError`]. After anything but [`ClientError::Refused`] with a kind other than
    /// `unavailable`, submitting again is right: a body that is logged already yields its receipt.
    pub async fn submit(&self, submission: &Submission) -> Result<Anchored, ClientError> {
        let request = self.request("POST", "/submit", submission.to_bytes())?;
        let text = self.exchange(request, RECEIPT_OCTETS_MAX).await?;
        let receipt = Receipt::parse(&text).map_err(|error| ClientError::Receipt(error.into()))?;
        let verified = receipt
            .verify(std::slice::from_ref(&self.key), self.key.origin().realm())
            .map_err(ClientError::Receipt)?;
        match &verified.leaf {
            Some(leaf) if leaf.body == *submission.body() => Ok(Anchored { receipt, verified }),
            Some(_) | None => Err(ClientError::OtherLeaf),
        }
    }

    /// The ledger's latest checkpoint, verified.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub async fn checkpoint(&self) -> Result<SignedCheckpoint, ClientError> {
        let request = self.request("GET", "/checkpoint", Vec::new())?;
        let text = self.exchange(request, CHECKPOINT_OCTETS_MAX).await?;
        let checkpoint = SignedCheckpoint::parse(&text).map_err(ClientError::BadCheckpoint)?;
        checkpoint
            .verify(std::slice::from_ref(&self.key))
            .map_err(ClientError::ForeignCheckpoint)?;
        Ok(checkpoint)
    }

    fn request(
        &self,
        method: &str,
        path: &str,
        body: Vec<u8>,
    ) -> Result<Request<Full<Bytes>>, ClientError> {
        Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, self.address.to_string())
            .header(CONTENT_TYPE, "application/octet-stream")
            .body(Full::new(Bytes::from(body)))
            .map_err(|error| ClientError::Io(io::Error::other(error)))
    }

    async fn exchange(
        &self,
        request: Request<Full<Bytes>>,
        octets_max: usize,
    ) -> Result<Vec<u8>, ClientError> {
        match timeout(self.timeout, self.exchange_untimed(request, octets_max)).await {
            Ok(answer) => answer,
            Err(_) => Err(ClientError::Timeout),
        }
    }

    async fn exchange_untimed(
        &self,
        request: Request<Full<Bytes>>,
        octets_max: usize,
    ) -> Result<Vec<u8>, ClientError> {
        let stream = TcpStream::connect(self.address).await.map_err(ClientError::Io)?;
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(ClientError::Http)?;
        let exchange = async {
            let response = sender.send_request(request).await.map_err(ClientError::Http)?;
            let status = response.status();
            if status == StatusCode::OK {
                return read(response, octets_max).await;
            }
            let body = read(response, REFUSAL_OCTETS_MAX).await?;
            Err(ClientError::Refused {
                status: status.as_u16(),
                refusal: Refusal::from_json(&body),
            })
        };
        // The connection must be driven while the exchange waits, and is of no use after it.
        let mut exchange = std::pin::pin!(exchange);
        tokio::select! {
            answer = &mut exchange => answer,
            ended = connection => match ended {
                Ok(()) => exchange.await,
                Err(error) => Err(ClientError::Http(error)),
            },
        }
    }
}

async fn read(response: Response<Incoming>, octets_max: usize) -> Result<Vec<u8>, ClientError> {
    match Limited::new(response.into_body(), octets_max).collect().await {
        Ok(collected) => Ok(collected.to_bytes().to_vec()),
        Err(error) => Err(ClientError::Io(io::Error::other(error))),
    }
}

/// Why a ledger gave no answer that verifies.
#[derive(Debug)]
#[non_exhaustive]
pub enum ClientError {
    /// The ledger could not be reached, or said more than it may.
    Io(io::Error),
    /// What came back is no HTTP, or broke off.
    Http(hyper::Error),
    /// It did not answer in time.
    Timeout,
    /// The ledger refused.
    Refused {
        /// The HTTP status.
        status: u16,
        /// Why, if it said so in the form of `spec/07-anchor.md`.
        refusal: Option<Refusal>,
    },
    /// The receipt does not verify: the ledger, or whoever answers in its place, lies.
    Receipt(ReceiptError),
    /// The receipt verifies, but for another body than the one submitted.
    OtherLeaf,
    /// The checkpoint cannot be read.
    BadCheckpoint(DecodeError),
    /// The checkpoint is not of this ledger's key.
    ForeignCheckpoint(CheckpointError),
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "the ledger cannot be reached: {error}"),
            Self::Http(error) => write!(f, "the ledger's answer broke off: {error}"),
            Self::Timeout => f.write_str("the ledger did not answer in time"),
            Self::Refused { status, refusal: Some(refusal) } => {
                write!(f, "the ledger refused ({status}): {refusal}")
            }
            Self::Refused { status, refusal: None } => write!(f, "the ledger refused ({status})"),
            Self::Receipt(error) => write!(f, "the ledger's receipt does not verify: {error}"),
            Self::OtherLeaf => f.write_str("the ledger's receipt is for something else"),
            Self::BadCheckpoint(error) => write!(f, "not a checkpoint: {error}"),
            Self::ForeignCheckpoint(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ClientError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            Self::Http(error) => Some(error),
            Self::Receipt(error) => Some(error),
            Self::BadCheckpoint(error) => Some(error),
            Self::ForeignCheckpoint(error) => Some(error),
            Self::Timeout | Self::Refused { .. } | Self::OtherLeaf => None,
        }
    }
}
