// A test may stop at the first surprise.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    missing_docs
)]

//! The log on a real disk: what it promised it keeps, and what it cannot keep it does not sign.

mod scene;

use chappe_anchor::bundle;
use chappe_anchor::checkpoint::SignedCheckpoint;
use chappe_anchor::key::LedgerSecret;
use chappe_anchor::leaf::Body;
use chappe_anchor::log::{IntakeError, LogError, ShardLog};
use chappe_anchor::origin::Origin;
use chappe_anchor::tile::{Tile, TileKind};
use chappe_anchor::tree::Tree;
use chappe_codec::account::Account;
use chappe_codec::identity::Signer;
use chappe_codec::merkle;
use chappe_codec::realm::Realm;
use chappe_codec::statement::Evidence;
use proptest::prelude::*;
use scene::{
    LIVE, NOW, author_signer, blinded, ledger_key, ledger_secret, submission, submitter, whole,
};
use std::fs;
use std::path::Path;

fn open(folder: &Path) -> ShardLog {
    ShardLog::open(folder, ledger_secret()).unwrap()
}

#[test]
fn a_whole_statement_is_proven_to_anyone() {
    let folder = tempfile::tempdir().unwrap();
    let evidence = whole(1, 0);
    let receipt = open(folder.path()).intake(&submission(&evidence), NOW).unwrap();
    let verified = receipt.verify(&[ledger_key()], LIVE).unwrap();
    let leaf = verified.leaf.as_ref().unwrap();
    assert_eq!(leaf.body, Body::Whole(evidence.statement.clone()));
    assert_eq!(leaf.log_time_seconds, NOW);
    assert_eq!(leaf.submitter, Account::of_key(&submitter().public()).id());
    assert_eq!((verified.index, verified.size()), (0, 1));
    assert_eq!(verified.verify_evidence(&evidence, &author_signer()), Ok(()));
    assert!(
        verified
            .verify_evidence(
                &evidence,
                &Signer::root(Account::of_key(&submitter().public())).unwrap()
            )
            .is_err()
    );
}

#[test]
fn a_blinded_statement_is_proven_to_who_holds_the_evidence_and_told_to_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    let evidence = blinded(1, 0);
    let mut log = open(folder.path());
    let receipt = log.intake(&submission(&evidence), NOW).unwrap();
    let verified = receipt.verify(&[ledger_key()], LIVE).unwrap();
    assert_eq!(verified.verify_evidence(&evidence, &author_signer()), Ok(()));
    assert!(verified.verify_evidence(&whole(1, 0), &author_signer()).is_err());

    let statement = evidence.statement.to_bytes();
    let bundle = log.tile(&"tile/entries/000.p/1".parse().unwrap()).unwrap().unwrap();
    for secret in [&statement[1..9], &statement[10..18], &statement[24..56], &statement[95..]] {
        assert!(!bundle.windows(secret.len()).any(|window| window == secret));
    }
    // The submitter answers for it, and the ledger can show that.
    let kept = log.submission(0).unwrap();
    assert_eq!(kept, submission(&evidence));
    assert_eq!(kept.admit(LIVE).unwrap().submitter(), &submitter().public());
}

#[test]
fn the_same_body_has_one_leaf() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = open(folder.path());
    let first = submission(&whole(1, 0));
    let twice = [first.clone(), first.clone(), submission(&blinded(1, 0)), first.clone()];
    let twice = twice.map(|submission| submission.admit(LIVE).unwrap());
    let receipts = log.intake_batch(&twice, NOW).unwrap();
    let places: Vec<u64> = receipts
        .iter()
        .map(|receipt| receipt.verify(&[ledger_key()], LIVE).unwrap().index)
        .collect();
    assert_eq!(places, [0, 0, 1, 0]);
    let before = log.checkpoint().clone();
    let again = log.intake(&first, NOW + 100).unwrap();
    assert_eq!(again, receipts[0]);
    assert_eq!(log.checkpoint(), &before);
    drop(log);
    assert_eq!(open(folder.path()).intake(&first, NOW + 200).unwrap(), receipts[0]);
}

#[test]
fn leaves_of_one_chain_name_the_one_before() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = open(folder.path());
    let mut latest = [0; 32];
    for round in 0..3 {
        // Two of chain 1 with one of chain 2 between them in each batch, and a restart after it.
        let batch = [whole(1, 2 * round), whole(2, round), whole(1, 2 * round + 1)];
        let batch = batch.map(|evidence| submission(&evidence).admit(LIVE).unwrap());
        let receipts = log.intake_batch(&batch, NOW).unwrap();
        for receipt in [&receipts[0], &receipts[2]] {
            let leaf = receipt.verify(&[ledger_key()], LIVE).unwrap().leaf.unwrap();
            assert_eq!(leaf.previous, latest);
            latest = leaf.hash();
        }
        drop(log);
        log = open(folder.path());
    }
}

#[test]
fn a_refused_submission_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = open(folder.path());
    let elsewhere = Realm { network: 2, ..LIVE };
    let foreign =
        chappe_anchor::submission::Submission::blinded([7; 32], &submitter(), elsewhere).unwrap();
    match log.intake(&foreign, NOW) {
        Err(IntakeError::Refused(error)) => assert_eq!(error.field, "signature"),
        other => panic!("{other:?}"),
    }
    assert_eq!(log.checkpoint().claimed().size, 0);
    drop(log);
    assert_eq!(open(folder.path()).checkpoint().claimed().size, 0);
}

#[test]
fn a_restart_keeps_the_tree_and_extends_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut checkpoints: Vec<SignedCheckpoint> = Vec::new();
    for round in 0..4_u32 {
        let mut log = open(folder.path());
        if let Some(last) = checkpoints.last() {
            assert_eq!(log.checkpoint(), last);
        }
        for first in 0..=round {
            log.intake(&submission(&whole(1, round * 10 + first)), NOW).unwrap();
        }
        for older in &checkpoints {
            let path = log.prove_consistency(older.claimed().size).unwrap();
            assert!(log.checkpoint().claimed().extends(older.claimed(), &path));
            assert!(!older.claimed().extends(log.checkpoint().claimed(), &path));
        }
        assert_eq!(log.checkpoint().verify(&[ledger_key()]), Ok(&ledger_key()));
        checkpoints.push(log.checkpoint().clone());
    }
}

#[test]
fn leaves_without_a_checkpoint_are_covered_at_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let checkpoint_file = folder.path().join("checkpoint");
    let mut log = open(folder.path());
    log.intake(&submission(&whole(1, 0)), NOW).unwrap();
    let old = fs::read(&checkpoint_file).unwrap();
    log.intake(&submission(&whole(1, 1)), NOW).unwrap();
    let full = log.checkpoint().clone();
    drop(log);
    // As after a crash between the leaves and their checkpoint.
    fs::write(&checkpoint_file, old).unwrap();
    assert_eq!(open(folder.path()).checkpoint(), &full);
}

#[test]
fn there_is_no_receipt_without_a_durable_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = open(folder.path());
    let it = submission(&whole(1, 0));
    // A folder where the checkpoint is first written: creating the file fails, for root as well.
    let obstacle = folder.path().join("checkpoint.new");
    fs::create_dir(&obstacle).unwrap();
    for _ in 0..2 {
        match log.intake(&it, NOW) {
            Err(IntakeError::Log(LogError::Io { doing: "write the checkpoint", .. })) => {}
            other => panic!("{other:?}"),
        }
        assert_eq!(log.checkpoint().claimed().size, 0);
        assert!(matches!(log.receipt(0), Err(LogError::NoSuchLeaf { index: 0 })));
        assert_eq!(log.tile(&"tile/0/000.p/1".parse().unwrap()).unwrap(), None);
    }
    fs::remove_dir(&obstacle).unwrap();
    // The leaf was stored the first time; it is not stored again.
    let verified = log.intake(&it, NOW + 5).unwrap().verify(&[ledger_key()], LIVE).unwrap();
    assert_eq!((verified.index, verified.size()), (0, 1));
    assert_eq!(verified.leaf.unwrap().log_time_seconds, NOW);
}

#[test]
fn it_signs_nothing_that_contradicts_its_last_checkpoint() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for (folder, chain) in [(&one, 1), (&other, 2)] {
        let mut log = open(folder.path());
        log.intake(&submission(&whole(chain, 0)), NOW).unwrap();
        log.intake(&submission(&whole(chain, 1)), NOW).unwrap();
    }
    let promised = fs::read(one.path().join("checkpoint")).unwrap();

    let shorter = tempfile::tempdir().unwrap();
    open(shorter.path()).intake(&submission(&whole(1, 0)), NOW).unwrap();
    fs::write(shorter.path().join("checkpoint"), &promised).unwrap();
    let error = ShardLog::open(shorter.path(), ledger_secret()).unwrap_err();
    assert!(matches!(error, LogError::Shrunk { promised: 2, found: 1 }), "{error:?}");

    fs::write(other.path().join("checkpoint"), &promised).unwrap();
    let error = ShardLog::open(other.path(), ledger_secret()).unwrap_err();
    assert!(matches!(error, LogError::Forked { size: 2 }), "{error:?}");
    // It left what it found.
    assert_eq!(fs::read(other.path().join("checkpoint")).unwrap(), promised);

    fs::remove_file(one.path().join("checkpoint")).unwrap();
    let error = ShardLog::open(one.path(), ledger_secret()).unwrap_err();
    assert!(matches!(error, LogError::CheckpointMissing), "{error:?}");

    fs::write(one.path().join("checkpoint"), &promised[1..]).unwrap();
    let error = ShardLog::open(one.path(), ledger_secret()).unwrap_err();
    assert!(matches!(error, LogError::BadCheckpoint(_)), "{error:?}");
}

#[test]
fn a_log_belongs_to_one_key_and_origin_and_process() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = open(folder.path());
    log.intake(&submission(&whole(1, 0)), NOW).unwrap();
    let error = ShardLog::open(folder.path(), ledger_secret()).unwrap_err();
    assert!(matches!(error, LogError::Store(chappe_store::StoreError::Locked)), "{error:?}");
    drop(log);
    let origin = Origin::new(LIVE, "ledger").unwrap();
    for secret in [
        LedgerSecret::from_seed(origin, &[9; 32]),
        LedgerSecret::from_seed(Origin::new(LIVE, "second").unwrap(), &[0x1E; 32]),
    ] {
        let error = ShardLog::open(folder.path(), secret).unwrap_err();
        assert!(matches!(error, LogError::ForeignCheckpoint(_)), "{error:?}");
    }
}

#[test]
fn tiles_give_back_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = open(folder.path());
    let admitted: Vec<_> = (0..600)
        .map(|n: u32| {
            let mut commitment = [0; 32];
            commitment[..4].copy_from_slice(&n.to_be_bytes());
            chappe_anchor::submission::Submission::blinded(commitment, &submitter(), LIVE)
                .unwrap()
                .admit(LIVE)
                .unwrap()
        })
        .collect();
    log.intake_batch(&admitted, NOW).unwrap();
    while log.publish_tiles().unwrap() {}

    // A mirror that knows the checkpoint alone rebuilds the tree from tiles and finds its root.
    let (mut mirror, mut leaves) = (Tree::new(), Vec::new());
    for path in ["tile/entries/000", "tile/entries/001", "tile/entries/002.p/88"] {
        let octets = log.tile(&path.parse().unwrap()).unwrap().unwrap();
        leaves.extend(bundle::parse(&octets).unwrap().into_iter().map(<[u8]>::to_vec));
    }
    leaves.iter().for_each(|leaf| mirror.push(merkle::leaf_hash(leaf)));
    assert_eq!(mirror.root(600), Some(log.checkpoint().claimed().root));
    for path in ["tile/0/000", "tile/0/001", "tile/0/002.p/88", "tile/0/002.p/3", "tile/1/000.p/2"]
    {
        let tile: Tile = path.parse().unwrap();
        assert_eq!(log.tile(&tile).unwrap(), Some(tile.hashes(&mirror).unwrap()), "{path}");
    }
    for path in ["tile/0/002.p/89", "tile/0/003.p/1", "tile/entries/002", "tile/2/000.p/1"] {
        assert_eq!(log.tile(&path.parse().unwrap()).unwrap(), None, "{path}");
    }

    // The files are what is served, partial ones are not among them, and a spoilt one is not used.
    let tile = Tile::new(TileKind::Entries, 1, 256).unwrap();
    let file = folder.path().join(tile.to_string());
    let good = fs::read(&file).unwrap();
    assert_eq!(log.tile(&tile).unwrap().as_ref(), Some(&good));
    assert!(folder.path().join("tile/0/000").exists() && folder.path().join("tile/0/001").exists());
    assert!(!folder.path().join("tile/0/002.p").exists());
    let mut spoilt = good.clone();
    spoilt[300] ^= 1;
    fs::write(&file, &spoilt).unwrap();
    assert_eq!(log.tile(&tile).unwrap().as_ref(), Some(&good));
    drop(log);
    fs::remove_file(folder.path().join("tile/0/000")).unwrap();
    let mut log = open(folder.path());
    while log.publish_tiles().unwrap() {}
    assert_eq!(fs::read(&file).unwrap(), good);
    assert!(folder.path().join("tile/0/000").exists());
}

fn evidence_of_others<'a>(
    all: &'a [Evidence],
    it: &'a Evidence,
) -> impl Iterator<Item = &'a Evidence> {
    all.iter().filter(move |other| *other != it)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn every_receipt_of_a_log_verifies_and_fits_no_other_leaf(
        given in proptest::collection::vec((any::<bool>(), 0_u8..4, 0_u32..20), 1..24),
        split in 0_usize..24,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let evidence: Vec<_> = given
            .into_iter()
            .map(|(blind, chain, first)| {
                if blind { blinded(chain, first) } else { whole(chain, first) }
            })
            .collect();
        let admitted: Vec<_> =
            evidence.iter().map(|evidence| submission(evidence).admit(LIVE).unwrap()).collect();
        let (early, late) = admitted.split_at(split.min(admitted.len()));
        let mut log = open(folder.path());
        let mut receipts = log.intake_batch(early, NOW).unwrap();
        receipts.extend(log.intake_batch(late, NOW + 1).unwrap());
        for (receipt, it) in receipts.iter().zip(&evidence) {
            let verified = receipt.verify(&[ledger_key()], LIVE).unwrap();
            prop_assert_eq!(verified.verify_evidence(it, &author_signer()), Ok(()));
            for other in evidence_of_others(&evidence, it) {
                prop_assert!(verified.verify_evidence(other, &author_signer()).is_err());
            }
            // An older receipt and the one under the latest checkpoint prove the same leaf.
            let fresh = log.receipt(verified.index).unwrap();
            prop_assert_eq!(fresh.verify(&[ledger_key()], LIVE).unwrap().leaf, verified.leaf);
        }
    }
}
