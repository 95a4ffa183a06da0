//! `chappe signal decrypt`, `encrypt` and `authenticate`, the real program, over the vectors of chapter 12.

// A test may stop at the first surprise.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    missing_docs
)]

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Runs `chappe signal` on lines.
fn run(arguments: &[&str], lines: &[String]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_chappe"))
        .arg("signal")
        .args(arguments)
        .env("LC_ALL", "C")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = lines.join("\n") + "\n";
    // One that refuses its keys reads no line.
    let writer = std::thread::spawn(move || drop(stdin.write_all(input.as_bytes())));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

fn answers(output: &Output) -> (i32, Vec<Value>) {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (output.status.code().unwrap(), lines)
}

fn vectors(kind: &str) -> Vec<Value> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../test-vectors/whiteflag");
    let text = std::fs::read_to_string(folder.join("cryptography.json")).unwrap();
    let document: Value = serde_json::from_str(&text).unwrap();
    let all = document["vectors"].as_array().unwrap().iter();
    all.filter(|vector| vector["kind"] == kind).cloned().collect()
}

/// A file of keys that only its owner can read.
struct KeyFile {
    folder: tempfile::TempDir,
}

impl KeyFile {
    fn new(content: &Value) -> Self {
        let file = Self { folder: tempfile::tempdir().unwrap() };
        std::fs::write(file.path(), content.to_string()).unwrap();
        file.set_mode(0o600);
        file
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("keys")
    }

    fn set_mode(&self, mode: u32) {
        let permissions = std::os::unix::fs::PermissionsExt::from_mode(mode);
        std::fs::set_permissions(self.path(), permissions).unwrap();
    }

    fn run(&self, action: &str, more: &[&str], lines: &[String]) -> Output {
        let path = self.path();
        run(&[&[action, "--keys", text(&path)], more].concat(), lines)
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn other(binary: &Value) -> Value {
    json!({"form": "other", "text": binary, "binary": binary})
}

fn file(own: &Value, originators: &[Value]) -> Value {
    json!({"format": "chappe-whiteflag-keys/1", "own": {"address": own}, "originators": originators})
}

/// Text forms to the standard wire.
fn encoded(texts: &[String]) -> Vec<String> {
    let output = run(&["encode"], texts);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

const ADDRESS: &str = "1C8KSK68SJjfDSBx9BpSx3qB3bePf23r77";
const ME: &str = "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf";
const SHARED: &str = "32676187ba7badda85ea63a69870a7133909f1999774abb2eed251073616a6e7";

fn bitcoin(more: Value) -> Value {
    let mut one = json!({"address": {"form": "base58check", "text": ADDRESS}});
    one.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    one
}

fn me() -> Value {
    json!({"form": "hexadecimal", "text": ME})
}

/// Key rings: what is read after the messages so far. Times are left out: the program's is the clock's.
#[test]
fn a_ledger_is_read_in_its_order() {
    let (mut seen, mut read) = (0, 0);
    for vector in vectors("ring") {
        let given = &vector["in"];
        let mut by_address = BTreeMap::new();
        let steps = given["steps"].as_array().unwrap();
        for step in steps {
            let binary = &step["originator"];
            by_address.insert(binary.as_str().unwrap(), json!({"address": other(binary)}));
        }
        for shared in given["shared"].as_array().unwrap() {
            if shared["expires"].is_null() {
                let one = by_address.get_mut(shared["with"].as_str().unwrap()).unwrap();
                one["pre_shared"] = shared["secret"].clone();
            }
        }
        let originators: Vec<_> = by_address.into_values().collect();
        let mut keys = file(&other(&given["own"]), &originators);
        keys["own"]["secret_key"] = given["secret_key"].clone();
        let lines: Vec<_> = steps
            .iter()
            .map(|step| json!({"originator": step["originator"], "id": step["id"], "hex": step["hex"]}))
            .map(|line| line.to_string())
            .collect();
        let (code, found) = answers(&KeyFile::new(&keys).run("decrypt", &[], &lines));
        assert_eq!(found.len(), steps.len());
        if vector["comment"].as_str().unwrap().contains("expires") {
            continue;
        }
        for (found, expected) in found.iter().zip(vector["out"]["steps"].as_array().unwrap()) {
            seen += 1;
            if let Some(error) = expected.get("error") {
                // A message that is neither encrypted nor a K is shown, not learned from.
                if error["field"] == "MessageCode" {
                    assert_eq!(found["encrypted"], false);
                    continue;
                }
                assert_eq!(found["error"]["kind"], error["kind"], "{}", vector["id"]);
                assert_eq!(found["error"]["field"], error["field"], "{}", vector["id"]);
                assert_ne!(code, 0);
            } else if let Some(learned) = expected.get("learned") {
                assert_eq!((&found["learned"], &found["encrypted"]), (learned, &json!(false)));
                assert!(found.get("integrity").is_none());
            } else {
                read += 1;
                assert_eq!(found["encrypted"], true);
                assert!(found["integrity"].as_str().unwrap().starts_with("none"));
                // The message is the one the vector has.
                let plain = expected["plain"].as_str().unwrap();
                let open = format!("{}30{}", &plain[..6], &plain[8..]);
                let mut message = found["message"].clone();
                message["MessageHeader"]["EncryptionIndicator"] = "0".into();
                assert_eq!(encoded(&[message.to_string()]), [open]);
            }
        }
    }
    assert!(seen > 100 && read > 10, "{seen} {read}");
}

#[test]
fn a_key_that_has_expired_opens_nothing() {
    let id = "5a".repeat(32);
    let vector = format!("WF100K3{id}21{}", "0f".repeat(16));
    let k = encoded(&[vector]).remove(0);
    let encrypted = format!("57463132{}", "5b".repeat(60));
    let lines = [("01".repeat(32), k), (id, encrypted)]
        .map(|(id, hex)| json!({"originator": ADDRESS, "id": id, "hex": hex}).to_string());
    for (expires, wanted, code) in [(1_u64 << 40, None, 3), (1, Some("expired"), 4)] {
        let keys = file(&me(), &[bitcoin(json!({"pre_shared": SHARED, "expires": expires}))]);
        let (found_code, found) = answers(&KeyFile::new(&keys).run("decrypt", &[], &lines));
        let kind = found[1]["error"]["kind"].as_str().unwrap();
        // Under the key that still holds these octets are a text that is no message.
        assert_eq!((kind == "expired", found_code), (wanted.is_some(), code), "{found:?}");
    }
}

/// What one encrypts the other decrypts; the K between them is the one the answer has.
#[test]
fn two_programs_talk() {
    let secrets = ["11", "22"].map(|digits| digits.repeat(32));
    let addresses = [ADDRESS, ME];
    let forms = ["base58check", "hexadecimal"];
    let keys: Vec<_> = (0..2)
        .map(|own| {
            let address = |of: usize| json!({"form": forms[of], "text": addresses[of]});
            let other = json!({"address": address(1 - own), "pre_shared": SHARED});
            let mut keys = file(&address(own), &[other]);
            keys["own"]["secret_key"] = secrets[own].clone().into();
            KeyFile::new(&keys)
        })
        .collect();
    // Public keys of the secret keys above, by the program itself: one K of each on the ledger.
    let public = |own: usize| {
        let secret = chappe_codec::signal::cryptography::AgreementSecret::from_bytes(
            &[if own == 0 { 0x11 } else { 0x22 }; 32],
        );
        let octets = secret.unwrap().public().to_bytes();
        octets.iter().map(|octet| format!("{octet:02x}")).collect::<String>()
    };
    for indicator in ["1", "2"] {
        let said = format!("WF1{indicator}1F0{:064}Bridge mined", 0);
        let mut more = vec!["--to", ME];
        let public_key = public(1);
        if indicator == "1" {
            more.extend(["--public-key", &*public_key]);
        }
        let (code, sent) = answers(&keys[0].run("encrypt", &more, &[said.clone(), said]));
        assert_eq!(code, 0, "{sent:?}");
        assert!(sent[0]["integrity"].as_str().unwrap().starts_with("none"));
        // Never the same octets for the same message.
        assert_ne!(sent[0]["hex"], sent[1]["hex"]);

        let id = "77".repeat(32);
        let mut then = sent[0]["then"].clone();
        then["ReferencedMessage"] = id.clone().into();
        let announced = format!("WF100K0{:064}0A{}", 0, public(0));
        let k = encoded(&[then.to_string(), announced]);
        let line = |id: &str, hex: &Value| {
            json!({"originator": ADDRESS, "id": id, "hex": hex}).to_string()
        };
        let lines = [
            line(&"01".repeat(32), &k[1].clone().into()),
            line(&"02".repeat(32), &k[0].clone().into()),
            line(&id, &sent[0]["hex"]),
        ];
        let (code, heard) = answers(&keys[1].run("decrypt", &[], &lines));
        assert_eq!(code, 0, "{heard:?}");
        let message = &heard[2]["message"];
        assert_eq!(message["MessageBody"]["Text"], "Bridge mined");
        assert_eq!(message["MessageHeader"]["DuressIndicator"], "1");
        assert_eq!(message["MessageHeader"]["EncryptionIndicator"], indicator);
    }
}

/// Every vector of an A1, by the key and address it is about.
#[test]
fn pages_are_verified() {
    let mut groups: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for vector in vectors("jws") {
        let given = &vector["in"];
        let key = json!({"curve": given["curve"], "octets": given["key"]});
        let one = json!({"address": given["address"], "key": key});
        groups.entry(one.to_string()).or_default().push(vector);
    }
    let (mut good, mut bad, mut refused) = (0, 0, 0);
    for (one, vectors) in groups {
        let one: Value = serde_json::from_str(&one).unwrap();
        let texts: Vec<_> = vectors
            .iter()
            .map(|vector| format!("WF100A0{:064}1{}", 0, vector["in"]["url"].as_str().unwrap()))
            .collect();
        let lines: Vec<_> = encoded(&texts)
            .into_iter()
            .zip(&vectors)
            .map(|(hex, vector)| {
                let given = &vector["in"];
                let mut line = json!({"originator": given["address"]["text"], "hex": hex,
                                      "resource": given["resource"]});
                if let Some(fetched_from) = given.get("fetched_from") {
                    line["fetched_from"] = fetched_from.clone();
                }
                line.to_string()
            })
            .collect();
        let keys = file(&me(), std::slice::from_ref(&one));
        let (code, found) = answers(&KeyFile::new(&keys).run("authenticate", &[], &lines));
        if found.is_empty() {
            assert!(vectors.iter().all(|vector| vector["error"]["field"] == "key") && code == 4);
            refused += vectors.len();
            continue;
        }
        assert_eq!(found.len(), vectors.len());
        for (found, vector) in found.iter().zip(&vectors) {
            let id = &vector["id"];
            if vector["result"] == "invalid" {
                bad += 1;
                assert_eq!(found["error"]["kind"], vector["error"]["kind"], "{id}");
                assert_eq!(found["error"]["field"], vector["error"]["field"], "{id}");
                assert!([3, 4].contains(&code));
            } else {
                good += 1;
                let out = &vector["out"];
                assert_eq!(found["authenticated"], "internet_resource", "{id}");
                assert_eq!(found["orgname"], out["claims"]["orgname"], "{id}");
                assert_eq!(found["url"], out["claims"]["url"], "{id}");
                assert_eq!(found["algorithm"], out["algorithm"], "{id}");
                assert_eq!(found["misnamed"], out["misnamed"], "{id}");
            }
        }
    }
    assert!(good > 25 && bad > 200 && refused > 20, "{good} {bad} {refused}");
}

#[test]
fn tokens_are_verified() {
    // The derivation of wf-149's kind, with a token that is long enough.
    for vector in vectors("token") {
        let given = &vector["in"];
        let fields = &given["fields"];
        let one = json!({"address": other(&given["address"]), "token": given["token"]});
        let keys = KeyFile::new(&file(&me(), &[one]));
        let hex = encoded(&[fields.to_string()]).remove(0);
        let line = json!({"originator": given["address"], "hex": hex}).to_string();
        let (code, found) = answers(&keys.run("authenticate", &[], &[line]));
        match vector["result"].as_str().unwrap() {
            "valid" => {
                assert_eq!((code, &found[0]["authenticated"]), (0, &json!("shared_token")));
            }
            // A token that is none is refused with the file.
            _ if vector["error"]["field"] == "token" => assert_eq!((code, found.len()), (4, 0)),
            // It is taken for an A1, which comes with a page.
            _ if fields["VerificationMethod"] == "1" => {
                assert_eq!(found[0]["error"]["field"], "resource");
            }
            _ => {
                assert_ne!(code, 0);
                assert_eq!(found[0]["error"]["kind"], vector["error"]["kind"], "{}", vector["id"]);
            }
        }
    }
}

/// Keys come from a file that is its owner's alone, and nothing of them is said.
#[test]
fn keys_are_kept() {
    let keys = KeyFile::new(&file(&me(), &[bitcoin(json!({"pre_shared": SHARED}))]));
    for mode in [0o640, 0o604, 0o660, 0o602, 0o777] {
        keys.set_mode(mode);
        for action in ["decrypt", "authenticate"] {
            let output = keys.run(action, &[], &[]);
            assert_eq!(output.status.code(), Some(4), "{mode:o}");
            let said = String::from_utf8(output.stderr).unwrap();
            assert!(said.contains("others can read") && !said.contains("3267"), "{said}");
        }
    }
    keys.set_mode(0o400);
    assert_eq!(keys.run("decrypt", &[], &[]).status.code(), Some(3)); // one empty line
    assert_eq!(run(&["decrypt"], &[]).status.code(), Some(2));
    assert_eq!(run(&["decrypt", "--keys", "/nowhere"], &[]).status.code(), Some(5));

    // What is wrong with a file is said without what stands in it.
    let weak = |secret: &str| file(&me(), &[bitcoin(json!({"pre_shared": secret}))]);
    let mut unknown = file(&me(), &[]);
    unknown["own"]["secretkey"] = SHARED.into();
    let mut version = file(&me(), &[]);
    version["format"] = "chappe-whiteflag-keys/2".into();
    let mut number = file(&me(), &[]);
    number["own"]["secret_key"] = 3_267_618.into();
    let mut zero = file(&me(), &[]);
    zero["own"]["secret_key"] = "00".repeat(32).into();
    for (content, kind, exit) in [
        (weak("3267"), "weak_key", 4),
        (weak(""), "weak_key", 4),
        (weak(&"32".repeat(32)), "weak_key", 4),
        (weak("3267x"), "bad_character", 3),
        (weak("326"), "bad_character", 3),
        (unknown, "bad_literal", 3),
        (version, "unknown_version", 3),
        (number, "bad_literal", 3),
        (zero, "weak_key", 4),
        (json!([]), "bad_literal", 3),
    ] {
        let output = KeyFile::new(&content).run("decrypt", &["--json"], &[]);
        let (code, said) = answers(&output);
        assert_eq!((code, &said[0]["error"]["kind"]), (exit, &json!(kind)), "{content}");
        let all = [output.stdout, output.stderr].concat();
        assert!(!String::from_utf8(all).unwrap().contains("326"), "{content}");
    }
}

#[test]
fn a_bad_line_harms_no_other() {
    let keys = KeyFile::new(&file(&me(), &[bitcoin(json!({"pre_shared": SHARED}))]));
    let hex = encoded(&[format!("WF100F0{:064}open", 0)]).remove(0);
    let good = json!({"originator": ADDRESS, "id": "01".repeat(32), "hex": hex});
    let with = |name: &str, value: Value| {
        let mut line = good.clone();
        line[name] = value;
        line.to_string()
    };
    let lines = [
        (good.to_string(), "", ""),
        (String::new(), "truncated", "json"),
        ("{".to_owned(), "truncated", "json"),
        ("[]".to_owned(), "bad_literal", "json"),
        (format!("{good}x"), "bad_literal", "json"),
        (with("other", json!(1)), "bad_literal", "json"),
        (with("originator", json!("1F3sAm6ZtwLAUnj7d38pGFxtP3RVEvtsbV")), "missing", "originator"),
        (with("id", json!("01")), "too_short", "id"),
        (with("id", json!("01".repeat(33))), "too_long", "id"),
        (with("id", json!("0x")), "bad_character", "id"),
        (with("hex", json!("574")), "too_short", "hex"),
        (with("hex", json!("00")), "truncated", "Prefix"),
        (good.to_string(), "", ""),
    ];
    let input: Vec<_> = lines.iter().map(|(line, ..)| line.clone()).collect();
    let (code, found) = answers(&keys.run("decrypt", &[], &input));
    assert_eq!((code, found.len()), (3, lines.len()));
    for (found, (line, kind, field)) in found.iter().zip(&lines) {
        if kind.is_empty() {
            assert_eq!(found["message"]["MessageBody"]["Text"], "open");
        } else {
            let error = &found["error"];
            assert_eq!((&error["kind"], &error["field"]), (&json!(kind), &json!(field)), "{line}");
        }
    }
    // A writer takes messages that name an encryption, for an originator it has the key of.
    for (arguments, said, kind) in [
        (["--to", ADDRESS], "0", "unexpected"),
        (["--to", ADDRESS], "A", "unsupported"),
        (["--to", ADDRESS], "1", "missing"),
    ] {
        let message = format!("WF1{said}0F0{:064}x", 0);
        let (code, found) = answers(&keys.run("encrypt", &arguments, &[message]));
        assert_eq!((code, &found[0]["error"]["kind"]), (3, &json!(kind)));
    }
    let output = keys.run("encrypt", &["--to", "nobody"], &[]);
    assert_eq!(output.status.code(), Some(3));
}

/// It says what it is.
#[test]
fn the_help_says_legacy() {
    for action in ["decrypt", "encrypt", "authenticate"] {
        let help = run(&[action, "--help"], &[]).stdout;
        assert!(String::from_utf8(help).unwrap().starts_with("Legacy"), "{action}");
    }
}
