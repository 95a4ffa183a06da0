// A test may stop at the first surprise.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    missing_docs
)]

//! Every vector of `test-vectors/anchor/`, made by an implementation in another language.

mod vector;

use chappe_anchor::bundle;
use chappe_anchor::checkpoint::SignedCheckpoint;
use chappe_anchor::key::{LedgerKey, LedgerSecret};
use chappe_anchor::leaf::{Body, Leaf};
use chappe_anchor::log::ShardLog;
use chappe_anchor::proof;
use chappe_anchor::receipt::{Receipt, ReceiptError, Verified};
use chappe_anchor::submission::Submission;
use chappe_anchor::tile::{self, Tile, TileKind};
use chappe_anchor::tree::Tree;
use chappe_codec::account::Account;
use chappe_codec::digest;
use chappe_codec::identity::{Endorsement, Signer};
use chappe_codec::key::SignKey;
use chappe_codec::merkle;
use chappe_codec::statement::{BlindingSalt, Evidence, Statement};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use vector::{Input, Refused, hex, refused, refused_as};

type Outcome = Result<Value, Refused>;

#[test]
fn every_vector_holds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../test-vectors/anchor");
    let mut seen: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let mut ids = std::collections::BTreeSet::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let file: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        assert_eq!(file["schema"], "chappe-vectors/1", "{path:?}");
        let vectors = file["vectors"].as_array().unwrap();
        assert!(!vectors.is_empty(), "{path:?}");
        for vector in vectors {
            let id = vector["id"].as_str().unwrap().to_owned();
            let kind = vector["kind"].as_str().unwrap();
            let outcome = answer(kind, &Input(&vector["in"]));
            let counts = seen.entry(kind.to_owned()).or_default();
            match vector["result"].as_str().unwrap() {
                "valid" => {
                    let out = vector.get("out").cloned().unwrap_or(Value::Null);
                    assert_eq!(outcome, Ok(out), "{id}: {}", vector["comment"]);
                    counts.0 += 1;
                }
                "invalid" => {
                    let error = &vector["error"];
                    let kind = error["kind"].as_str().unwrap().to_owned();
                    let field = error["field"].as_str().unwrap_or("").to_owned();
                    assert_eq!(
                        outcome,
                        Err(Refused { kind, field }),
                        "{id}: {}",
                        vector["comment"]
                    );
                    counts.1 += 1;
                }
                other => panic!("{id}: {other}"),
            }
            assert!(ids.insert(id.clone()), "{id} stands twice");
        }
    }
    // Each kind, with its valid and invalid vectors: none may get lost.
    let expected = [
        ("bundle", (2, 5)),
        ("checkpoint_verify", (6, 32)),
        ("consistency_check", (1, 9)),
        ("consistency_prove", (10, 0)),
        ("evidence", (2, 9)),
        ("inclusion_check", (2, 10)),
        ("inclusion_prove", (8, 0)),
        ("leaf_read", (5, 15)),
        ("ledger_key", (3, 15)),
        ("log", (2, 0)),
        ("receipt_verify", (14, 39)),
        ("submission_admit", (5, 32)),
        ("submission_write", (4, 0)),
        ("tile_octets", (8, 5)),
        ("tile_path", (10, 28)),
        ("tile_widths", (12, 0)),
        ("tree_root", (9, 0)),
    ];
    let expected = expected.map(|(kind, counts)| (kind.to_owned(), counts));
    assert_eq!(seen, BTreeMap::from(expected));
}

fn answer(kind: &str, given: &Input<'_>) -> Outcome {
    match kind {
        "leaf_read" => leaf_read(given),
        "submission_write" => Ok(submission_write(given)),
        "submission_admit" => submission_admit(given),
        "ledger_key" => ledger_key(given),
        "checkpoint_verify" => checkpoint_verify(given),
        "tree_root" => Ok(json!({"root": hex(&root_of(&given.octets_list("leaves")))})),
        "inclusion_prove" => Ok(inclusion_prove(given)),
        "inclusion_check" => inclusion_check(given),
        "consistency_prove" => Ok(consistency_prove(given)),
        "consistency_check" => consistency_check(given),
        "tile_path" => tile_path(given),
        "tile_widths" => Ok(tile_widths(given)),
        "tile_octets" => tile_octets(given),
        "bundle" => bundle_read(given),
        "log" => Ok(log(given)),
        "receipt_verify" => receipt_verify(given),
        "evidence" => evidence(given),
        other => panic!("no vector kind {other}"),
    }
}

fn leaf_read(given: &Input<'_>) -> Outcome {
    let octets = given.octets("leaf");
    let leaf = Leaf::parse(&octets).map_err(refused)?;
    assert_eq!(leaf.to_bytes(), octets);
    let (kind, body) = match &leaf.body {
        Body::Whole(statement) => (0, statement.to_bytes().to_vec()),
        Body::Blinded(commitment) => (1, commitment.to_vec()),
    };
    Ok(json!({
        "kind": kind,
        "shard": leaf.shard,
        "record_key": hex(&leaf.record_key()),
        "previous": hex(&leaf.previous),
        "log_time": leaf.log_time_seconds.to_string(),
        "submitter": hex(&leaf.submitter.0),
        "body": hex(&body),
        "leaf_hash": hex(&leaf.hash()),
    }))
}

fn submission_write(given: &Input<'_>) -> Value {
    let statement = Statement::parse(&given.octets("statement")).unwrap();
    let salt = given.has("salt").then(|| BlindingSalt(given.array("salt")));
    let author = Account(given.array("author"));
    let submitter = SignKey::from_seed(&given.array("submitter_seed"));
    let evidence = Evidence { statement, salt };
    let certificate =
        given.has("certificate").then(|| Endorsement::parse(&given.octets("certificate")).unwrap());
    let submission = Submission::of_evidence(
        &evidence,
        &author,
        certificate.as_ref(),
        &submitter,
        given.realm(),
    )
    .unwrap();
    json!({"submission": hex(&submission.to_bytes())})
}

fn submission_admit(given: &Input<'_>) -> Outcome {
    let octets = given.octets("submission");
    let submission = Submission::parse(&octets).map_err(refused)?;
    assert_eq!(submission.to_bytes(), octets);
    let admitted = submission
        .admit(given.realm())
        .map_err(|error| refused_as(error.reason.name(), error.field))?;
    Ok(json!({"submitter": hex(&admitted.submitter().to_bytes())}))
}

fn ledger_key(given: &Input<'_>) -> Outcome {
    let text = given.text("text");
    let key: LedgerKey = text.parse().map_err(refused)?;
    assert_eq!(key.to_string(), text);
    let secret = LedgerSecret::from_seed(key.origin().clone(), &given.array("seed"));
    assert_eq!(secret.public(), key);
    let public = SignKey::from_seed(&given.array("seed")).public().to_bytes();
    Ok(json!({
        "origin": key.origin().as_str(),
        "key_id": hex(&key.id().to_be_bytes()),
        "key": hex(&public),
    }))
}

fn checkpoint_verify(given: &Input<'_>) -> Outcome {
    let text = given.text("text");
    let signed = SignedCheckpoint::parse(text.as_bytes()).map_err(refused)?;
    assert_eq!(signed.to_text(), text);
    signed.verify(&given.keys()).map_err(|error| refused_as(error.name(), ""))?;
    let checkpoint = signed.claimed();
    Ok(json!({
        "origin": checkpoint.origin.as_str(),
        "size": checkpoint.size.to_string(),
        "root": hex(&checkpoint.root),
    }))
}

fn tree_of(leaves: &[Vec<u8>]) -> Tree {
    let mut tree = Tree::new();
    for leaf in leaves {
        tree.push(merkle::leaf_hash(leaf));
    }
    tree
}

fn root_of(leaves: &[Vec<u8>]) -> [u8; 32] {
    let tree = tree_of(leaves);
    tree.root(tree.size()).unwrap()
}

fn inclusion_prove(given: &Input<'_>) -> Value {
    let tree = tree_of(&given.octets_list("leaves"));
    let path = tree.prove_inclusion(given.number("index"), tree.size()).unwrap();
    json!({"path": path.iter().map(|hash| hex(hash)).collect::<Vec<_>>()})
}

fn inclusion_check(given: &Input<'_>) -> Outcome {
    let (size, index) = (given.number("size"), given.number("index"));
    let (root, leaf_hash) = (given.array("root"), given.array("leaf_hash"));
    match proof::includes(&root, size, index, &leaf_hash, &given.hashes("path")) {
        true => Ok(Value::Null),
        false => Err(refused_as("bad_inclusion", "")),
    }
}

fn consistency_prove(given: &Input<'_>) -> Value {
    let tree = tree_of(&given.octets_list("leaves"));
    let path = tree.prove_consistency(given.number("old_size"), tree.size()).unwrap();
    json!({"path": path.iter().map(|hash| hex(hash)).collect::<Vec<_>>()})
}

fn consistency_check(given: &Input<'_>) -> Outcome {
    let (old_size, size) = (given.number("old_size"), given.number("size"));
    let (old_root, root) = (given.array("old_root"), given.array("root"));
    match proof::extends(&old_root, old_size, &root, size, &given.hashes("path")) {
        true => Ok(Value::Null),
        false => Err(refused_as("bad_consistency", "")),
    }
}

fn tile_path(given: &Input<'_>) -> Outcome {
    let tile: Tile = given.text("path").parse().map_err(refused)?;
    assert_eq!(tile.to_string(), given.text("path"));
    let name = match tile.kind() {
        TileKind::Hashes { level } => level.to_string(),
        TileKind::Entries => "entries".to_owned(),
    };
    Ok(json!({"tile": name, "index": tile.index().to_string(), "width": tile.width()}))
}

fn tile_widths(given: &Input<'_>) -> Value {
    let size: u64 = given.text("size").parse().unwrap();
    let levels: Vec<Value> = (0..8)
        .map(|level| {
            json!([tile::full_count(size, level).to_string(), tile::partial_width(size, level)])
        })
        .collect();
    json!({"levels": levels})
}

fn tile_octets(given: &Input<'_>) -> Outcome {
    let tile: Tile = given.text("path").parse().map_err(refused)?;
    let leaves: Vec<Vec<u8>> =
        (0..given.number("leaf_count")).map(|index| index.to_be_bytes().to_vec()).collect();
    let tree = tree_of(&leaves);
    if !tile.is_in_tree(tree.size()) {
        assert_eq!(tile.hashes(&tree), None);
        return Err(refused_as("not_found", ""));
    }
    let octets = tile.hashes(&tree).unwrap_or_else(|| {
        let start = usize::try_from(tile.start()).unwrap();
        let entries = leaves[start..].iter().take(usize::from(tile.width())).map(Vec::as_slice);
        bundle::write(entries)
    });
    Ok(json!({"octets": octets.len(), "sha256": hex(&digest::sha256(&octets))}))
}

fn bundle_read(given: &Input<'_>) -> Outcome {
    let octets = given.octets("bundle");
    let entries = bundle::parse(&octets).map_err(refused)?;
    assert_eq!(bundle::write(entries.iter().copied()), octets);
    Ok(json!({"entries": entries.into_iter().map(hex).collect::<Vec<_>>()}))
}

/// The real log on a real disk must write, leaf by leaf, what the other implementation writes.
fn log(given: &Input<'_>) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let origin = given.text("origin").parse().unwrap();
    let secret = LedgerSecret::from_seed(origin, &given.array("ledger_seed"));
    let mut log = ShardLog::open(folder.path(), secret).unwrap();
    let mut now: u64 = given.text("first_time").parse().unwrap();
    let mut receipts = Vec::new();
    for octets in given.octets_list("submissions") {
        let submission = Submission::parse(&octets).unwrap();
        receipts.push(log.intake(&submission, now).unwrap().to_text());
        now += given.number("time_step");
    }
    let size = log.checkpoint().claimed().size;
    let leaves: Vec<String> = (0..size).map(|index| hex(&log.leaf(index).unwrap())).collect();
    json!({"leaves": leaves, "receipts": receipts, "checkpoint": log.checkpoint().to_text()})
}

fn verified(given: &Input<'_>) -> Result<Verified, Refused> {
    let text = given.text("text");
    let receipt = Receipt::parse(text.as_bytes()).map_err(refused)?;
    assert_eq!(receipt.to_text(), text);
    receipt.verify(&given.keys(), given.realm()).map_err(|error| match error {
        ReceiptError::Parse(error) | ReceiptError::BadLeaf(error) => refused(error),
        other => refused_as(other.name(), ""),
    })
}

fn receipt_verify(given: &Input<'_>) -> Outcome {
    let verified = verified(given)?;
    Ok(json!({
        "index": verified.index.to_string(),
        "size": verified.size().to_string(),
        "leaf_hash": hex(&verified.leaf_hash),
        "root": hex(verified.root()),
        "leaf": verified.leaf.map(|leaf| hex(&leaf.to_bytes())),
    }))
}

fn evidence(given: &Input<'_>) -> Outcome {
    let evidence = Evidence::parse(&given.octets("evidence")).unwrap();
    let author = Signer::root(Account(given.array("author"))).unwrap();
    let verified = verified(given)?;
    match verified.verify_evidence(&evidence, &author) {
        Ok(()) => Ok(Value::Null),
        Err(error) => Err(refused_as(error.name(), "")),
    }
}
