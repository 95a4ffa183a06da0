// A test may stop at the first surprise.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    missing_docs
)]

//! The ledger over HTTP, on a real socket and a real disk.

mod scene;

use chappe_anchor::bundle;
use chappe_anchor::checkpoint::SignedCheckpoint;
use chappe_anchor::client::{ClientError, LedgerClient};
use chappe_anchor::key::{LedgerKey, LedgerSecret};
use chappe_anchor::limits::SUBMISSION_OCTETS_MAX;
use chappe_anchor::origin::Origin;
use chappe_anchor::receipt::{Receipt, ReceiptError};
use chappe_anchor::server::{LedgerServer, ServerError, ServerOptions};
use chappe_anchor::submission::Submission;
use chappe_codec::realm::Realm;
use scene::{
    LIVE, NOW, author, author_account, author_signer, blinded, ledger_key, ledger_secret,
    submission, submitter, whole,
};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

const ANY_PORT: &str = "127.0.0.1:0";

struct Running {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<(), ServerError>>,
}

impl Running {
    async fn start(folder: &Path, options: ServerOptions) -> Self {
        let options = ServerOptions { clock: Arc::new(|| NOW), ..options };
        let address = ANY_PORT.parse().unwrap();
        let server = LedgerServer::bind(address, folder, ledger_secret(), options).await.unwrap();
        assert_eq!(server.key(), &ledger_key());
        let address = server.local_addr();
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(server.run(async move {
            // A dropped sender stops the server as well.
            drop(stopped.await);
        }));
        Self { address, stop, task }
    }

    fn client(&self) -> LedgerClient {
        LedgerClient::new(self.address, ledger_key())
    }

    async fn stop(self) {
        self.stop.send(()).unwrap();
        self.task.await.unwrap().unwrap();
    }
}

fn quick() -> ServerOptions {
    ServerOptions { checkpoint_interval: Duration::from_millis(5), ..ServerOptions::default() }
}

/// One raw request, one raw answer: status line and head, body.
async fn exchange(address: SocketAddr, request: &[u8]) -> (String, Vec<u8>) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    (String::from_utf8(answer[..end].to_vec()).unwrap(), answer[end + 4..].to_vec())
}

async fn get(address: SocketAddr, path: &str) -> (String, Vec<u8>) {
    let request = format!("GET {path} HTTP/1.1\r\nhost: ledger\r\nconnection: close\r\n\r\n");
    exchange(address, request.as_bytes()).await
}

async fn post(address: SocketAddr, body: &[u8]) -> (String, Vec<u8>) {
    let length = body.len();
    let mut request = format!(
        "POST /submit HTTP/1.1\r\nhost: ledger\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
    )
    .into_bytes();
    request.extend_from_slice(body);
    exchange(address, &request).await
}

#[tokio::test]
async fn a_submitted_statement_comes_back_proven() {
    let folder = tempfile::tempdir().unwrap();
    let server = Running::start(folder.path(), quick()).await;
    for evidence in [whole(1, 0), blinded(2, 0)] {
        let anchored = server.client().submit(&submission(&evidence)).await.unwrap();
        // What is kept is text; it verifies later with the key alone.
        let text = anchored.receipt.to_text();
        let verified = text.parse::<Receipt>().unwrap().verify(&[ledger_key()], LIVE).unwrap();
        assert_eq!(verified, anchored.verified);
        assert_eq!(verified.leaf.as_ref().unwrap().log_time_seconds, NOW);
        assert_eq!(verified.verify_evidence(&evidence, &author_signer()), Ok(()));
    }
    server.stop().await;
}

#[tokio::test]
async fn it_is_published_as_tiles_under_a_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let server = Running::start(folder.path(), quick()).await;
    let (head, body) = get(server.address, "/checkpoint").await;
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    assert!(head.contains("content-type: text/plain; charset=utf-8"), "{head}");
    assert_eq!(SignedCheckpoint::parse(&body).unwrap().claimed().size, 0);

    let anchored = server.client().submit(&submission(&whole(1, 0))).await.unwrap();
    let checkpoint = server.client().checkpoint().await.unwrap();
    assert_eq!(&checkpoint, anchored.receipt.checkpoint());
    let (head, hashes) = get(server.address, "/tile/0/000.p/1").await;
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    assert!(head.contains("content-type: application/octet-stream"), "{head}");
    assert_eq!(hashes, anchored.verified.leaf_hash);
    let (_, bundle) = get(server.address, "/tile/entries/000.p/1").await;
    assert_eq!(bundle::parse(&bundle).unwrap(), [anchored.receipt.claimed_leaf()]);
    for path in ["/", "/tile/0/000", "/tile/0/000.p/2", "/tile/0/0", "/tile/8/0/000", "/submi"] {
        let (head, body) = get(server.address, path).await;
        assert!(head.starts_with("HTTP/1.1 404"), "{path}: {head}");
        assert!(body.starts_with(br#"{"kind":"not_found""#), "{path}");
    }
    server.stop().await;
}

#[tokio::test]
async fn what_is_no_good_is_refused_by_name_and_logged_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let server = Running::start(folder.path(), quick()).await;
    let good = submission(&whole(1, 0)).to_bytes();
    let mut forged = good.clone();
    forged[250] ^= 1;
    let elsewhere =
        Submission::blinded([1; 32], &submitter(), Realm { network: 2, ..LIVE }).unwrap();
    let long = vec![1; SUBMISSION_OCTETS_MAX + 1];
    for (body, status, error) in [
        (&b""[..], 400, r#"{"kind":"truncated","field":"version","offset":0,"message":""#),
        (&good[..100], 400, r#"{"kind":"truncated","field":"root","offset":90,"#),
        (&forged, 403, r#"{"kind":"bad_signature","field":"signature","offset":225,"#),
        (&elsewhere.to_bytes(), 403, r#"{"kind":"bad_signature","field":"signature","offset":98,"#),
        (&long, 413, r#"{"kind":"too_long","field":"submission","offset":0,"#),
    ] {
        let (head, answer) = post(server.address, body).await;
        assert!(head.starts_with(&format!("HTTP/1.1 {status}")), "{head}");
        assert!(head.contains("content-type: application/json"), "{head}");
        let answer = String::from_utf8(answer).unwrap();
        assert!(answer.starts_with(error), "{answer}");
    }
    let (head, _) = get(server.address, "/submit").await;
    assert!(head.starts_with("HTTP/1.1 405") && head.contains("allow: POST"), "{head}");
    let request = "DELETE /checkpoint HTTP/1.1\r\nhost: l\r\nconnection: close\r\n\r\n";
    let (head, _) = exchange(server.address, request.as_bytes()).await;
    assert!(head.starts_with("HTTP/1.1 405") && head.contains("allow: GET, HEAD"), "{head}");
    assert_eq!(server.client().checkpoint().await.unwrap().claimed().size, 0);

    // The client hears the same, in words.
    match server.client().submit(&elsewhere).await.unwrap_err() {
        ClientError::Refused { status: 403, refusal: Some(refusal) } => {
            assert_eq!(refusal.kind, "bad_signature");
            assert_eq!(refusal.offset, 98);
        }
        other => panic!("{other:?}"),
    }
    server.stop().await;
}

#[tokio::test]
async fn many_at_once_share_checkpoints() {
    let folder = tempfile::tempdir().unwrap();
    let interval = Duration::from_millis(60);
    let server =
        Running::start(folder.path(), ServerOptions { checkpoint_interval: interval, ..quick() })
            .await;
    let submitting: Vec<_> = (0..60)
        .map(|first| {
            let client = server.client();
            tokio::spawn(async move { client.submit(&submission(&whole(1, first))).await.unwrap() })
        })
        .collect();
    let (mut indexes, mut sizes) = (BTreeSet::new(), BTreeSet::new());
    for task in submitting {
        let anchored = task.await.unwrap();
        indexes.insert(anchored.verified.index);
        sizes.insert(anchored.verified.size());
    }
    assert_eq!(indexes, (0..60).collect());
    assert!(sizes.len() <= 30, "{sizes:?}");
    server.stop().await;
}

#[tokio::test]
async fn a_failing_disk_is_told_as_try_later() {
    let folder = tempfile::tempdir().unwrap();
    let server = Running::start(folder.path(), quick()).await;
    let it = submission(&whole(1, 0));
    let obstacle = folder.path().join("checkpoint.new");
    std::fs::create_dir(&obstacle).unwrap();
    let (head, body) = post(server.address, &it.to_bytes()).await;
    assert!(head.starts_with("HTTP/1.1 503") && head.contains("retry-after: 1"), "{head}");
    assert!(body.starts_with(br#"{"kind":"unavailable""#));
    assert_eq!(server.client().checkpoint().await.unwrap().claimed().size, 0);
    std::fs::remove_dir(&obstacle).unwrap();
    assert_eq!(server.client().submit(&it).await.unwrap().verified.index, 0);
    server.stop().await;
}

#[tokio::test]
async fn a_restart_goes_on_where_it_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let first = submission(&whole(1, 0));
    let server = Running::start(folder.path(), quick()).await;
    let before = server.client().submit(&first).await.unwrap();
    server.stop().await;
    let server = Running::start(folder.path(), quick()).await;
    let again = server.client().submit(&first).await.unwrap();
    assert_eq!(again.receipt, before.receipt);
    let next = server.client().submit(&submission(&whole(1, 1))).await.unwrap();
    assert_eq!(next.verified.leaf.unwrap().previous, before.verified.leaf_hash);
    server.stop().await;
}

#[tokio::test]
async fn a_ledger_may_choose_its_submitters() {
    let folder = tempfile::tempdir().unwrap();
    let options = ServerOptions { submitters: Some(vec![submitter().public()]), ..quick() };
    let server = Running::start(folder.path(), options).await;
    let stranger =
        Submission::whole(whole(1, 0).statement, &author_account(), None, &author(), LIVE).unwrap();
    match server.client().submit(&stranger).await.unwrap_err() {
        ClientError::Refused { status: 403, refusal: Some(refusal) } => {
            assert_eq!(
                (refusal.kind.as_str(), refusal.field.as_str()),
                ("unknown_account", "submitter")
            );
        }
        other => panic!("{other:?}"),
    }
    server.client().submit(&submission(&whole(1, 0))).await.unwrap();
    server.stop().await;
}

#[tokio::test]
async fn it_listens_to_this_machine_unless_told_otherwise() {
    let folder = tempfile::tempdir().unwrap();
    let anywhere: SocketAddr = "0.0.0.0:0".parse().unwrap();
    let error = LedgerServer::bind(anywhere, folder.path(), ledger_secret(), quick()).await;
    assert!(matches!(error, Err(ServerError::NotLoopback { .. })), "{error:?}");
    assert!(chappe_anchor::server::ADDRESS_DEFAULT.ip().is_loopback());
}

#[tokio::test]
async fn a_peer_that_sends_nothing_or_rubbish_stops_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let server = Running::start(folder.path(), quick()).await;
    let silent = TcpStream::connect(server.address).await.unwrap();
    let (head, _) = exchange(server.address, b"\x16\x03\x01\x02\x00\x01\xFC\x03\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 400"), "{head}");
    let mut half = TcpStream::connect(server.address).await.unwrap();
    half.write_all(b"POST /submit HTTP/1.1\r\nhost: l\r\ncontent-length: 200\r\n\r\nx")
        .await
        .unwrap();
    drop(half);
    server.client().submit(&submission(&whole(1, 0))).await.unwrap();
    // Stopping does not wait for the silent one either.
    tokio::time::timeout(Duration::from_secs(6), server.stop()).await.unwrap();
    drop(silent);
}

/// A server that answers every request with the same octets.
async fn impostor(answer: Vec<u8>) -> SocketAddr {
    let listener = TcpListener::bind(ANY_PORT).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = vec![0; 1024];
            assert!(stream.read(&mut request).await.unwrap() > 0);
            // The client may have hung up on what it has seen so far.
            drop(stream.write_all(&answer).await);
        }
    });
    address
}

fn ok(body: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

#[tokio::test]
async fn the_client_believes_nothing_but_the_ledgers_signature() {
    let (folder, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let it = submission(&whole(1, 0));
    let mut log = chappe_anchor::log::ShardLog::open(folder.path(), ledger_secret()).unwrap();
    let right = log.intake(&it, NOW).unwrap().to_text();
    let other = log.intake(&submission(&whole(1, 1)), NOW).unwrap().to_text();
    let stranger: LedgerSecret =
        LedgerSecret::from_seed(Origin::new(LIVE, "ledger").unwrap(), &[0xEE; 32]);
    let mut theirs = chappe_anchor::log::ShardLog::open(second.path(), stranger).unwrap();
    let forged = theirs.intake(&it, NOW).unwrap().to_text();

    let ask = async |answer: Vec<u8>| {
        let client = LedgerClient::new(impostor(answer).await, ledger_key());
        client.with_timeout(Duration::from_secs(5)).submit(&it).await
    };
    assert!(ask(ok(&right)).await.is_ok());
    assert!(matches!(ask(ok(&other)).await, Err(ClientError::OtherLeaf)));
    assert!(matches!(ask(ok(&forged)).await, Err(ClientError::Receipt(ReceiptError::UnknownLog))));
    assert!(matches!(ask(ok("hello")).await, Err(ClientError::Receipt(ReceiptError::Parse(_)))));
    let endless = ok(&"x".repeat(chappe_anchor::limits::RECEIPT_OCTETS_MAX + 1));
    assert!(matches!(ask(endless).await, Err(ClientError::Io(_))));
    assert!(matches!(ask(b"rubbish\r\n\r\n".to_vec()).await, Err(ClientError::Http(_))));
    assert!(matches!(ask(Vec::new()).await, Err(ClientError::Http(_))));
    let refused = b"HTTP/1.1 503 Busy\r\ncontent-length: 2\r\n\r\n{}".to_vec();
    assert!(matches!(ask(refused).await, Err(ClientError::Refused { status: 503, refusal: None })));
}

#[tokio::test]
async fn the_client_does_not_wait_for_ever() {
    let listener = TcpListener::bind(ANY_PORT).await.unwrap();
    let address = listener.local_addr().unwrap();
    let key: LedgerKey = ledger_key();
    let client = LedgerClient::new(address, key).with_timeout(Duration::from_millis(50));
    let error = client.checkpoint().await.unwrap_err();
    assert!(matches!(error, ClientError::Timeout), "{error:?}");
}
