//! Frames against test-vectors/frame, times on air against test-vectors/airtime.

// A test may stop at the first surprise.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    missing_docs
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chappe_codec::label::Label;
use chappe_codec::precedence::Precedence;
use chappe_codec::realm::{Mode, Realm};
use chappe_radio::airtime::{PacketShape, needs_low_data_rate, time_on_air};
use chappe_radio::frame::{
    Frame, FrameError, FrameKind, NetworkKey, NetworkKeys, PUBLIC_NET, Pseudonym,
};
use chappe_radio::modulation::{coding_rate_of, spreading_factor_of};
use serde_json::Value;

#[test]
fn every_frame_vector() {
    let mut run = 0;
    for path in files("frame", "json") {
        let document: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let vectors = document["vectors"].as_array().unwrap();
        assert_eq!(document["count"].as_u64(), Some(vectors.len() as u64), "{path:?}");
        for vector in vectors {
            check(vector);
            run += 1;
        }
    }
    assert!(run >= 58, "only {run} vectors were found");
}

fn check(vector: &Value) {
    let id = vector["id"].as_str().unwrap();
    assert_eq!(vector["kind"], "frame_read", "{id}: a kind without a check");
    let octets = hex(&vector["in"]["octets"]);
    let realm = realm(&vector["in"]["realm"]);
    let keys = keys(&vector["in"]["keys"]);
    let read = Frame::parse(&octets, &keys, realm);
    match vector["result"].as_str().unwrap() {
        "valid" => {
            let expected = expected(&vector["out"]);
            assert_eq!(read, Ok(expected.clone()), "{id}");
            let key = keys.get(expected.net).unwrap();
            assert_eq!(expected.emit(key, realm), Ok(octets), "{id}: written again");
        }
        "invalid" => {
            let error = read.expect_err(id);
            let wanted = &vector["error"];
            assert_eq!(error.name(), wanted["kind"].as_str().unwrap(), "{id}");
            if let FrameError::Malformed(error) = error {
                assert_eq!(error.field, wanted["field"].as_str().unwrap(), "{id}");
                assert_eq!(error.offset as u64, wanted["offset"].as_u64().unwrap(), "{id}");
            } else {
                assert!(wanted["field"].is_null(), "{id}");
            }
        }
        other => panic!("{id}: result {other}"),
    }
}

fn expected(out: &Value) -> Frame {
    let number = |name: &str| out[name].as_u64().unwrap();
    let octet = |name: &str| u8::try_from(number(name)).unwrap();
    let flag = |name: &str| out[name].as_bool().unwrap();
    let kind = match out["kind"].as_str().unwrap() {
        "data" => FrameKind::Data { label: Label(hex(&out["label"]).try_into().unwrap()) },
        "broadcast" => FrameKind::Broadcast,
        "acknowledgement" => FrameKind::Acknowledgement,
        other => panic!("{other}"),
    };
    Frame {
        precedence: Precedence::from_bits(octet("precedence")),
        hops_left: octet("hops"),
        acknowledgement_wanted: flag("wanted"),
        backbone: flag("backbone"),
        relayed: flag("relayed"),
        net: octet("net"),
        source: Pseudonym(hex(&out["source"]).try_into().unwrap()),
        sequence: u16::try_from(number("sequence")).unwrap(),
        previous: octet("previous"),
        kind,
        payload: hex(&out["envelope"]),
    }
}

fn keys(given: &Value) -> NetworkKeys {
    let mut keys = NetworkKeys::new();
    for (net, key) in given.as_object().unwrap() {
        let net: u8 = net.parse().unwrap();
        let key = NetworkKey::from_bytes(hex(key).try_into().unwrap());
        assert_eq!(keys.insert(net, key), net != PUBLIC_NET);
    }
    keys
}

fn realm(octets: &Value) -> Realm {
    let octets = hex(octets);
    let mode = if octets[0] == 0 { Mode::Live } else { Mode::Exercise };
    Realm { mode, network: u32::from_be_bytes(octets[1..].try_into().unwrap()) }
}

#[test]
fn every_time_on_air() {
    let mut rows = 0;
    for path in files("airtime", "csv") {
        let text = fs::read_to_string(&path).unwrap();
        let mut lines = text.lines();
        let (unit, tolerance) = match lines.next().unwrap().rsplit(',').next().unwrap() {
            "toa_us" => (1_000, Duration::from_micros(1)),
            "toa_ns" => (1, Duration::ZERO),
            other => panic!("{path:?}: {other}"),
        };
        for line in lines {
            let cells: Vec<&str> = line.split(',').collect();
            let number = |index: usize| cells[index].parse::<u64>().unwrap();
            let rate = cells[4].strip_prefix("4/").unwrap().parse::<u8>().unwrap();
            let shape = PacketShape {
                bandwidth_hz: u32::try_from(number(0)).unwrap(),
                spreading_factor: spreading_factor_of(u8::try_from(number(1)).unwrap()).unwrap(),
                preamble_symbols: u16::try_from(number(3)).unwrap(),
                coding_rate: coding_rate_of(rate - 4).unwrap(),
                explicit_header: number(5) == 1,
                crc: number(6) == 1,
                low_data_rate: number(7) == 1,
            };
            let low_data_rate = needs_low_data_rate(shape.spreading_factor, shape.bandwidth_hz);
            assert_eq!(shape.low_data_rate, low_data_rate, "{line}");
            let expected = Duration::from_nanos(number(8) * unit);
            let answer = time_on_air(&shape, usize::try_from(number(2)).unwrap());
            assert!(answer.abs_diff(expected) <= tolerance, "{line}: {answer:?}");
            rows += 1;
        }
    }
    assert!(rows >= 348, "only {rows} rows were found");
}

fn files(area: &str, extension: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../test-vectors").join(area);
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files: Vec<_> =
        entries.filter(|path| path.extension().is_some_and(|found| found == extension)).collect();
    assert!(!files.is_empty(), "no vectors for {area}");
    files
}

fn hex(text: &Value) -> Vec<u8> {
    let text = text.as_str().unwrap();
    let pair = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(pair).collect()
}
