//! The vectors of `test-vectors/vault`, made by another implementation of chapter 13. Every file of the
//! folder is read and every vector in it answered.

// A test may stop at the first surprise.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::arithmetic_side_effects, missing_docs)]

use chappe_codec::health::{self, SAMPLE_OCTETS};
use chappe_codec::identity::Prekeys;
use chappe_codec::limits::PREKEY_LIFE_SECONDS;
use chappe_codec::realm::Realm;
use chappe_codec::vault::{
    Area, Bounds, Page, PageContent, PageKey, Place, PrekeyPage, RecordKey, RootFile, SLOTS_OCTETS,
    SlotContent, StretchedKey, Vault, VaultError, Work, WrappingKey, sealed_file,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use zeroize::Zeroizing;

type Answer = Result<Value, &'static str>;

#[test]
#[cfg_attr(miri, ignore)] // reads files, and works through 64 MiB
fn every_vector_is_answered_as_it_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../test-vectors/vault");
    let (mut failures, mut counts) = (Vec::new(), BTreeMap::<String, usize>::new());
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let file: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        assert_eq!(file["schema"], "chappe-vectors/1");
        for vector in file["vectors"].as_array().unwrap() {
            let kind = vector["kind"].as_str().unwrap();
            *counts.entry(kind.to_owned()).or_default() += 1;
            let found = answer(kind, &vector["in"]);
            let holds = match (vector["result"].as_str().unwrap(), &found) {
                ("valid", Ok(out)) => *out == vector["out"],
                ("invalid", Err(name)) => vector["error"]["kind"] == **name,
                _ => false,
            };
            if !holds {
                failures.push(format!("{} ({}): {found:?}", vector["id"], vector["comment"]));
            }
        }
    }
    println!("{counts:?}");
    assert_eq!(counts.len(), 17, "{counts:?}");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn answer(kind: &str, given: &Value) -> Answer {
    match kind {
        "health" => {
            let draw = |name: &str| array::<SAMPLE_OCTETS>(&given[name]);
            health::check(&draw("first"), &draw("second")).map_err(|error| error.name())?;
            Ok(json!({"healthy": true}))
        }
        "stretch" | "stretch_full" => {
            let passphrase = given["passphrase"].as_str().unwrap();
            let key = work(given)
                .stretch(passphrase.as_bytes(), &array(&given["salt"]))
                .map_err(VaultError::name)?;
            Ok(json!({"stretched": hex(key.octets())}))
        }
        "slot_write" => {
            let content = SlotContent {
                key: wrapping_key(given),
                decoy: given["decoy"].as_bool().unwrap(),
                area: area(given),
                kept: number(&given["kept"]),
            };
            let mut vault = Vault::empty(work(given), array(&given["salt"]), &[0; SLOTS_OCTETS]);
            let slot = vault
                .put(&stretched(given), number(&given["slot"]), &content, array(&given["nonce"]))
                .map_err(VaultError::name)?;
            Ok(json!({"header": hex(&vault.to_octets()[..512]), "slot": hex(&slot)}))
        }
        "vault_open" => {
            let vault = Vault::parse(&octets(&given["file"]), &Bounds::SPECIFIED)
                .map_err(VaultError::name)?;
            let unlocked = vault.open(&stretched(given)).map_err(VaultError::name)?;
            let content = unlocked.content;
            // The key is not shown; that it is the right one shows in what it seals.
            let expected = sealed_file::seal(
                &WrappingKey::new(Zeroizing::new(array(&json!(WRAPPING_KEY)))),
                content.area,
                "x",
                [0; 12],
                b"",
            );
            let found = sealed_file::seal(&content.key, content.area, "x", [0; 12], b"");
            assert_eq!(found, expected);
            Ok(json!({
                "slot": unlocked.slot,
                "wrapping_key": WRAPPING_KEY,
                "decoy": content.decoy,
                "area": content.area.number(),
                "kept": content.kept,
            }))
        }
        "root_file_write" => {
            let realm = Realm::parse(&array::<5>(&given["realm"])).unwrap();
            let (seed, salt, nonce) =
                (array(&given["seed"]), array(&given["salt"]), array(&given["nonce"]));
            let file = RootFile::seal(&seed, realm, &stretched(given), work(given), salt, nonce)
                .map_err(VaultError::name)?;
            Ok(json!({"file": hex(&file.to_octets())}))
        }
        "root_file_open" => {
            let file = RootFile::parse(&octets(&given["file"]), &Bounds::SPECIFIED)
                .map_err(VaultError::name)?;
            let seed = file.open(&stretched(given)).map_err(VaultError::name)?;
            Ok(json!({"realm": hex(&file.realm().to_bytes()), "seed": hex(&*seed)}))
        }
        "page_write" => {
            let place = place(&given["place"]);
            let sealed = page_key(given)
                .seal(&page(given), place, array(&given["nonce"]))
                .map_err(VaultError::name)?;
            Ok(json!({"octets": hex(&sealed)}))
        }
        "page_open" => {
            let placed = page_key(given).open(&octets(&given["file"])).map_err(VaultError::name)?;
            Ok(json!({
                "serial": placed.page.serial.to_string(),
                "generation": placed.page.generation.to_string(),
                "generation_key": hex(&*placed.page.generation_key),
                "first": placed.page.first.to_string(),
                "reserved": placed.page.reserved.to_string(),
                "place": u8::from(placed.place == Place::Second),
                "other_open": placed.is_other_open,
            }))
        }
        "prekeys_write" => {
            let page = PrekeyPage {
                serial: number(&given["serial"]),
                prekeys: prekeys(&given["prekeys"]),
            };
            let sealed = PageKey::of_prekeys(&wrapping_key(given), area(given))
                .seal(&page, place(&given["place"]), array(&given["nonce"]))
                .map_err(VaultError::name)?;
            Ok(json!({"octets": hex(&sealed)}))
        }
        "prekeys_open" => {
            let placed = PageKey::of_prekeys(&wrapping_key(given), area(given))
                .open(&octets(&given["file"]))
                .map_err(VaultError::name)?;
            Ok(json!({
                "serial": placed.page.serial.to_string(),
                "prekeys": shown(&placed.page),
                "place": u8::from(placed.place == Place::Second),
                "other_open": placed.is_other_open,
            }))
        }
        "page_check" => {
            let page = Page {
                serial: 0,
                generation: 0,
                generation_key: Zeroizing::default(),
                first: number(&given["first"]),
                reserved: number(&given["reserved"]),
            };
            page.check(number(&given["log_first"]), number(&given["log_next"]))
                .map_err(VaultError::name)?;
            Ok(json!({"whole": true}))
        }
        "record_write" => {
            let record = record_key(given)
                .seal(array(&given["opening"]), number(&given["number"]), &octets(&given["octets"]))
                .map_err(VaultError::name)?;
            Ok(json!({"record": hex(&record)}))
        }
        "record_open" => {
            let found = record_key(given)
                .open(number(&given["number"]), &octets(&given["record"]))
                .map_err(VaultError::name)?;
            Ok(json!({"octets": hex(&found)}))
        }
        "file_write" => {
            let (key, name) = (wrapping_key(given), given["name"].as_str().unwrap());
            let nonce = array(&given["nonce"]);
            let file = sealed_file::seal(&key, area(given), name, nonce, &octets(&given["octets"]))
                .map_err(VaultError::name)?;
            Ok(json!({"file": hex(&file)}))
        }
        "file_open" => {
            let (key, name) = (wrapping_key(given), given["name"].as_str().unwrap());
            let found = sealed_file::open(&key, area(given), name, &octets(&given["file"]))
                .map_err(VaultError::name)?;
            Ok(json!({"octets": hex(&found)}))
        }
        "keyed_name" => {
            let (kind, hash) = (number(&given["receipt_kind"]), array(&given["statement_hash"]));
            let name = sealed_file::keyed_name(&wrapping_key(given), area(given), kind, &hash);
            Ok(json!({"name": hex(&name)}))
        }
        other => panic!("nobody answers {other}"),
    }
}

/// The one wrapping key of these vectors.
const WRAPPING_KEY: &str = "63bb91d234648a593bc1822462afbab55ea9a821bc9e795967e0c4056300c769";

fn work(given: &Value) -> Work {
    Work {
        memory_kib: number(&given["memory_kib"]),
        passes: number(&given["passes"]),
        lanes: number(&given["lanes"]),
    }
}

fn stretched(given: &Value) -> StretchedKey {
    StretchedKey::new(Zeroizing::new(array(&given["stretched"])))
}

fn wrapping_key(given: &Value) -> WrappingKey {
    WrappingKey::new(Zeroizing::new(array(&given["wrapping_key"])))
}

fn area(given: &Value) -> Area {
    Area::new(number(&given["area"])).unwrap()
}

fn place(value: &Value) -> Place {
    if number::<u8>(value) == 0 { Place::First } else { Place::Second }
}

fn page(given: &Value) -> Page {
    Page {
        serial: number(&given["serial"]),
        generation: number(&given["generation"]),
        generation_key: Zeroizing::new(array(&given["generation_key"])),
        first: number(&given["first"]),
        reserved: number(&given["reserved"]),
    }
}

/// The oldest is made first, each 30 days before it expires.
fn prekeys(given: &Value) -> Prekeys {
    let mut oldest_first = given.as_array().unwrap().iter().rev();
    let first = oldest_first.next().unwrap();
    let mut prekeys = Prekeys::expiring_at(&array(&first["seed"]), number(&first["expiry"]));
    for one in oldest_first {
        prekeys.renew(&array(&one["seed"]), number::<u64>(&one["expiry"]) - PREKEY_LIFE_SECONDS);
    }
    prekeys
}

/// Seeds are not shown but in what is sealed.
fn shown(page: &PrekeyPage) -> Value {
    let content = page.to_octets();
    let each = page.prekeys.public().into_iter().enumerate().map(|(at, (_, expiry))| {
        json!({"seed": hex(&content[10 + 37 * at..][..32]), "expiry": expiry.to_string()})
    });
    each.collect()
}

fn page_key(given: &Value) -> PageKey {
    PageKey::new(&wrapping_key(given), area(given), given["name"].as_str().unwrap())
}

fn record_key(given: &Value) -> RecordKey {
    let page = Page {
        serial: 0,
        generation: number(&given["generation"]),
        generation_key: Zeroizing::new(array(&given["generation_key"])),
        first: 0,
        reserved: 0,
    };
    RecordKey::new(&page, area(given), given["name"].as_str().unwrap())
}

fn octets(value: &Value) -> Vec<u8> {
    let digits = value.as_str().unwrap_or_else(|| panic!("not hex: {value}")).as_bytes();
    let digit = |character: u8| char::from(character).to_digit(16).expect("hex");
    digits
        .chunks(2)
        .map(|pair| (digit(pair[0]) * 16 + digit(pair[1])).try_into().unwrap())
        .collect()
}

fn array<const N: usize>(value: &Value) -> [u8; N] {
    octets(value).try_into().unwrap_or_else(|_| panic!("not {N} octets: {value}"))
}

/// An integer of whatever width its field has; wide ones are decimal strings.
fn number<T: TryFrom<u64>>(value: &Value) -> T {
    let wide = value.as_str().map(|text| text.parse().unwrap());
    let number = wide.or_else(|| value.as_u64()).unwrap_or_else(|| panic!("no number: {value}"));
    T::try_from(number).unwrap_or_else(|_| panic!("too wide: {value}"))
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}
