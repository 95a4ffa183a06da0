// A test may stop at the first surprise.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    missing_docs
)]

//! A ledger killed in mid-work: what it gave a receipt for is there, and nothing is contradicted.

mod scene;

use chappe_anchor::client::{Anchored, LedgerClient};
use chappe_anchor::log::ShardLog;
use chappe_anchor::server::{LedgerServer, ServerOptions};
use chappe_codec::statement::Evidence;
use scene::{LIVE, author_signer, blinded, ledger_key, ledger_secret, submission};
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const FOLDER: &str = "CHAPPE_TEST_LEDGER_FOLDER";
const READY: &str = "listening on ";

/// Not a test of its own: the ledger that the test below starts as a process, and kills.
#[tokio::test]
#[ignore = "run by the test below"]
async fn ledger_process() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else { return };
    let options =
        ServerOptions { checkpoint_interval: Duration::from_millis(1), ..ServerOptions::default() };
    let address = "127.0.0.1:0".parse().unwrap();
    let server = LedgerServer::bind(address, folder, ledger_secret(), options).await.unwrap();
    println!("\n{READY}{}", server.local_addr());
    server.run(std::future::pending()).await.unwrap();
}

#[tokio::test]
async fn a_killed_ledger_keeps_its_word() {
    let folder = tempfile::tempdir().unwrap();
    let mut kept: Vec<(Evidence, Anchored)> = Vec::new();
    for round in 0..3_u32 {
        let mut ledger = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "ledger_process", "--nocapture"])
            .env(FOLDER, folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(ledger.stdout.take().unwrap()).lines();
        let address = lines
            .find_map(|line| line.unwrap().strip_prefix(READY).map(str::to_owned))
            .unwrap()
            .parse()
            .unwrap();
        // Several clients at work, so that the kill falls between leaves, checkpoint and answer.
        let answers = Arc::new(AtomicUsize::new(0));
        let clients: Vec<_> = (0..4_u8)
            .map(|chain| {
                let client =
                    LedgerClient::new(address, ledger_key()).with_timeout(Duration::from_secs(5));
                let answers = Arc::clone(&answers);
                tokio::spawn(async move {
                    let mut answered = Vec::new();
                    for first in 0..1000 {
                        let evidence = blinded(chain, round * 1000 + first);
                        match client.submit(&submission(&evidence)).await {
                            Ok(anchored) => {
                                answered.push((evidence, anchored));
                                answers.fetch_add(1, Ordering::Relaxed);
                            }
                            Err(_) => break,
                        }
                    }
                    answered
                })
            })
            .collect();
        while answers.load(Ordering::Relaxed) < 40 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        // SIGKILL: no destructor runs, no buffer is flushed.
        ledger.kill().unwrap();
        ledger.wait().unwrap();
        for client in clients {
            kept.extend(client.await.unwrap());
        }
    }

    let log = ShardLog::open(folder.path(), ledger_secret()).unwrap();
    let latest = log.checkpoint().claimed();
    for (evidence, Anchored { receipt, verified }) in &kept {
        assert_eq!(receipt.verify(&[ledger_key()], LIVE).as_ref(), Ok(verified));
        assert_eq!(verified.verify_evidence(evidence, &author_signer()), Ok(()));
        assert_eq!(log.leaf(verified.index).unwrap(), receipt.claimed_leaf());
        let path = log.prove_consistency(verified.size()).unwrap();
        assert!(latest.extends(receipt.checkpoint().claimed(), &path));
    }
}
