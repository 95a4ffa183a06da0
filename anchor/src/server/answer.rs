//! One request, one answer (spec/07-anchor.md, "Over HTTP").

use super::ServerOptions;
use super::writer::Jobs;
use crate::key::LedgerKey;
use crate::limits::{RECEIPT_TIMEOUT, REQUEST_BODY_TIMEOUT, SUBMISSION_OCTETS_MAX};
use crate::refusal::Refusal;
use crate::submission::Submission;
use crate::tile::Tile;
use bytes::Bytes;
use chappe_codec::key::VerifyKey;
use chappe_codec::realm::Realm;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use hyper::{Method, Request, Response, StatusCode};
use std::convert::Infallible;
use tokio::time::timeout;

const TEXT: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json";
const OCTETS: &str = "application/octet-stream";
/// What a checkpoint or receipt says changes with the next batch.
const FRESH: &str = "no-cache";
/// What a tile says never changes.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

pub(super) struct Answerer {
    jobs: Jobs,
    realm: Realm,
    submitters: Option<Vec<VerifyKey>>,
}

impl Answerer {
    pub(super) fn new(jobs: Jobs, key: &LedgerKey, options: &ServerOptions) -> Self {
        Self { jobs, realm: key.origin().realm(), submitters: options.submitters.clone() }
    }

    pub(super) async fn answer(
        &self,
        request: Request<Incoming>,
    ) -> Result<Response<Full<Bytes>>, Infallible> {
        let path = request.uri().path().to_owned();
        let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
        Ok(match path.as_str() {
            "/submit" if request.method() == Method::POST => {
                self.submit(request.into_body()).await.unwrap_or_else(Refused::into_response)
            }
            "/submit" => wrong_method("POST"),
            _ if !is_read => wrong_method("GET, HEAD"),
            "/checkpoint" => {
                respond(StatusCode::OK, TEXT, FRESH, self.jobs.checkpoint().to_string())
            }
            _ => self.tile(&path).await,
        })
    }

    async fn submit(&self, body: Incoming) -> Result<Response<Full<Bytes>>, Refused> {
        let octets = read_body(body).await?;
        let submission = Submission::parse(&octets)
            .map_err(|error| Refused(StatusCode::BAD_REQUEST, error.into()))?;
        let admitted = submission
            .admit(self.realm)
            .map_err(|error| Refused(StatusCode::FORBIDDEN, error.into()))?;
        if self.submitters.as_ref().is_some_and(|known| !known.contains(admitted.submitter())) {
            let message = "this ledger takes submissions of registered accounts only";
            let refusal = Refusal::new("unknown_account", "submitter", message);
            return Err(Refused(StatusCode::FORBIDDEN, refusal));
        }
        let waiting = self.jobs.submit(admitted).ok_or_else(unavailable)?;
        match timeout(RECEIPT_TIMEOUT, waiting).await {
            Ok(Ok(receipt)) => Ok(respond(StatusCode::OK, TEXT, FRESH, receipt.to_text())),
            Ok(Err(_)) | Err(_) => Err(unavailable()),
        }
    }

    async fn tile(&self, path: &str) -> Response<Full<Bytes>> {
        let tile = path.strip_prefix('/').and_then(|path| path.parse::<Tile>().ok());
        let Some(tile) = tile else { return not_found() };
        match self.jobs.tile(tile).await {
            Ok(Some(octets)) => respond(StatusCode::OK, OCTETS, FOR_EVER, octets),
            Ok(None) => not_found(),
            Err(_) => unavailable().into_response(),
        }
    }
}

async fn read_body(body: Incoming) -> Result<Bytes, Refused> {
    let limited = Limited::new(body, SUBMISSION_OCTETS_MAX);
    match timeout(REQUEST_BODY_TIMEOUT, limited.collect()).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => {
            let message = "longer than any submission";
            let refusal = Refusal::new("too_long", "submission", message);
            Err(Refused(StatusCode::PAYLOAD_TOO_LARGE, refusal))
        }
        Ok(Err(_)) => {
            let refusal = Refusal::new("truncated", "submission", "the body did not arrive whole");
            Err(Refused(StatusCode::BAD_REQUEST, refusal))
        }
        Err(_) => {
            let refusal = Refusal::new("timeout", "submission", "the body came too slowly");
            Err(Refused(StatusCode::REQUEST_TIMEOUT, refusal))
        }
    }
}

struct Refused(StatusCode, Refusal);

impl Refused {
    fn into_response(self) -> Response<Full<Bytes>> {
        let mut response = respond(self.0, JSON, FRESH, self.1.to_json());
        if self.0 == StatusCode::SERVICE_UNAVAILABLE {
            set(&mut response, RETRY_AFTER, "1");
        }
        response
    }
}

fn unavailable() -> Refused {
    let message = "the ledger cannot answer now; try later";
    Refused(StatusCode::SERVICE_UNAVAILABLE, Refusal::new("unavailable", "ledger", message))
}

fn not_found() -> Response<Full<Bytes>> {
    let refusal = Refusal::new("not_found", "path", "there is nothing at this path");
    Refused(StatusCode::NOT_FOUND, refusal).into_response()
}

fn wrong_method(allowed: &'static str) -> Response<Full<Bytes>> {
    let refusal = Refusal::new("wrong_method", "method", "not with this method");
    let mut response = Refused(StatusCode::METHOD_NOT_ALLOWED, refusal).into_response();
    set(&mut response, ALLOW, allowed);
    response
}

fn respond(
    status: StatusCode,
    content_type: &'static str,
    caching: &'static str,
    body: impl Into<Bytes>,
) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    set(&mut response, CONTENT_TYPE, content_type);
    set(&mut response, CACHE_CONTROL, caching);
    response
}

fn set(response: &mut Response<Full<Bytes>>, name: HeaderName, value: &'static str) {
    response.headers_mut().insert(name, HeaderValue::from_static(value));
}
