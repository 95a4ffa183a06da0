//! The vectors of `test-vectors/session`, whose expected octets come from a second implementation
//! (test-vectors/session/README.md). Every file of the folder is read and every vector answered; here,
//! inside the crate, since the steps between are compared too.

// A test may stop at the first surprise.
#![allow(clippy::arithmetic_side_effects)]

extern crate std;

mod derivations;
mod device;
mod given;
mod transcript;

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use serde_json::{Value, json};
use std::path::Path;
use std::println;

/// What was found, or the registered name of a refusal.
type Answer = Result<Value, Refusal>;

struct Refusal {
    kind: &'static str,
    /// Where it was noticed, if the refusal says so.
    field: Option<&'static str>,
}

impl Refusal {
    const fn new(kind: &'static str) -> Self {
        Self { kind, field: None }
    }

    /// Whether it is this one. Where it was noticed is compared if both say it; not that octets are
    /// missing, which one reader notices in an item and another one in its body.
    fn is(&self, expected: &Value) -> bool {
        let field = self.field.filter(|_| self.kind != "truncated");
        expected["kind"] == json!(self.kind)
            && field.is_none_or(|field| expected["field"] == json!(field))
    }
}

#[test]
fn every_vector_is_answered_as_it_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../test-vectors/session");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = files.filter(|p| p.extension().is_some_and(|e| e == "json")).collect();
    files.sort();
    assert!(!files.is_empty(), "no vectors");
    let mut ids = BTreeSet::new();
    let mut answered: BTreeMap<String, usize> = BTreeMap::new();
    let mut failures = Vec::new();
    for path in files {
        let file: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        assert_eq!(file["schema"], "chappe-vectors/1", "{}", path.display());
        let vectors = file["vectors"].as_array().unwrap();
        assert!(!vectors.is_empty(), "{} is empty", path.display());
        for vector in vectors {
            let (id, kind) = (vector["id"].as_str().unwrap(), vector["kind"].as_str().unwrap());
            assert!(ids.insert(id.to_string()), "{id} is there twice");
            *answered.entry(kind.to_string()).or_default() += 1;
            if let Err(difference) = judge(vector) {
                failures.push(format!("{id} ({}): {difference}", vector["comment"]));
            }
        }
    }
    for (kind, count) in &answered {
        println!("{kind}: {count}");
    }
    println!("{} vectors", ids.len());
    assert!(failures.is_empty(), "{}\n{} vectors failed", failures.join("\n"), failures.len());
}

fn judge(vector: &Value) -> Result<(), String> {
    let given = &vector["in"];
    let answer = match vector["kind"].as_str().unwrap() {
        "agreement" => derivations::agreement(given),
        "agreement_refused" => derivations::agreement_refused(given),
        "counter_keys" => derivations::counter_keys(given),
        "random_access_counter" => derivations::random_access_counter(given),
        "step" => derivations::step(given),
        "hybrid_step" => derivations::hybrid_step(given),
        // A refusal is a step's answer there.
        "transcript" => return transcript::judge(given, &vector["out"]),
        kind => panic!("{}: no function for the kind {kind}", vector["id"]),
    };
    match (vector["result"].as_str().unwrap(), answer) {
        ("valid", Ok(found)) if found == vector["out"] => Ok(()),
        ("valid", Ok(found)) => Err(format!("found {found}\nexpected {}", vector["out"])),
        ("invalid", Err(refusal)) if refusal.is(&vector["error"]) => Ok(()),
        ("valid" | "invalid", found) => Err(format!(
            "found {:?}, expected {} {}",
            found.map_err(|refusal| refusal.kind),
            vector["result"],
            vector["error"]
        )),
        (other, _) => panic!("{}: result {other}", vector["id"]),
    }
}
