//! The messages and texts of test-vectors/corpus.

use chappe_codec::signal::packed::{Packed, Repeat};
use chappe_codec::signal::{
    Body, CryptoData, CryptoDataType, Message, MessageCode, ReferencedMessage,
};
use chappe_codec::text;
use serde_json::Value;
use std::fs;
use std::path::Path;

/// A message in both forms. Texts live as long as the program: messages are views over them.
pub(crate) struct Sample {
    pub(crate) message: Message<'static>,
    pub(crate) standard: Vec<u8>,
    pub(crate) packed: Vec<u8>,
}

/// What a benchmark works on.
pub(crate) struct Corpus {
    pub(crate) messages: Vec<Sample>,
}

impl Corpus {
    /// All messages of one code: signs and requests as they are, other types made of the texts.
    pub(crate) fn read(folder: &str, code: Option<MessageCode>) -> Self {
        let mut lines: Vec<String> = Vec::new();
        for file in ["signs_realistic.jsonl", "requests.jsonl"] {
            lines.extend(read(folder, file).lines().map(str::to_owned));
        }
        let texts = read(folder, "text_en.txt");
        let urls = read(folder, "urls.txt");
        for (text, url) in texts.lines().zip(urls.lines().cycle()) {
            let escaped = serde_json::to_string(text).unwrap();
            lines.push(other("F", &format!("\"Text\":{escaped}")));
            let url = serde_json::to_string(url).unwrap();
            lines.push(other("R", &format!("\"ResourceMethod\":\"1\",\"ResourceData\":{url}")));
            lines.push(other(
                "A",
                &format!("\"VerificationMethod\":\"1\",\"VerificationData\":{url}"),
            ));
            let key = format!("02{}", "a7".repeat(32));
            lines.push(other("K", &format!("\"CryptoDataType\":\"0A\",\"CryptoData\":\"{key}\"")));
        }
        // A test of each sign, one in four.
        let tests: Vec<_> = lines
            .iter()
            .step_by(4)
            .filter_map(|line| {
                let mut fields: Value = serde_json::from_str(line).unwrap();
                let tested = fields["MessageCode"].take();
                fields["MessageCode"] = "T".into();
                fields["PseudoMessageCode"] = tested;
                serde_json::to_string(&fields).ok()
            })
            .collect();
        lines.extend(tests);
        let samples = lines.into_iter().map(sample);
        let messages = samples
            .filter(|sample| code.is_none_or(|code| sample.message.code() == code))
            .collect();
        Self { messages }
    }
}

fn other(code: &str, body: &str) -> String {
    let zeros = "0".repeat(64);
    format!(
        "{{\"Prefix\":\"WF\",\"Version\":\"1\",\"EncryptionIndicator\":\"0\",\"DuressIndicator\":\"0\",\
         \"MessageCode\":\"{code}\",\"ReferenceIndicator\":\"0\",\"ReferencedMessage\":\"{zeros}\",{body}}}"
    )
}

fn read(folder: &str, file: &str) -> String {
    let path = Path::new(folder).join(file);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn sample(line: String) -> Sample {
    let message = message(line);
    let standard = message.to_standard_vec().unwrap();
    let packed = Packed::Whole(message).to_vec().unwrap();
    Sample { message, standard, packed }
}

fn message(line: String) -> Message<'static> {
    let fields: Value = serde_json::from_str(&line).unwrap();
    let fields: &'static Value = Box::leak(Box::new(fields));
    let fields = fields.as_object().unwrap();
    let pairs: Vec<_> =
        fields.iter().map(|(name, value)| (name.as_str(), value.as_str().unwrap())).collect();
    Message::from_pairs(&pairs).unwrap_or_else(|error| panic!("{line}: {error}"))
}

/// A line for each message: its file, its code or language, octets raw and octets packed.
pub(crate) fn sizes(folder: &str) {
    repeats(folder);
    key_data();
    for file in [
        "signs_realistic.jsonl",
        "signs_realistic_second.jsonl",
        "signs_stress.jsonl",
        "signs_stress_second.jsonl",
        "requests.jsonl",
        "requests_second.jsonl",
        "references.jsonl",
    ] {
        for line in read(folder, file).lines() {
            let sample = sample(line.to_owned());
            let reference = match sample.message.referenced_message {
                ReferencedMessage::NONE => 0,
                // Where the receiver can resolve it.
                _ => 8,
            };
            let (standard, packed) = (sample.standard.len(), sample.packed.len() + reference);
            println!("{file} {} {standard} {packed}", sample.message.code());
        }
    }
    for file in ["text_en.txt", "text_fr.txt", "text_other.txt", "urls.txt"] {
        for line in read(folder, file).lines() {
            let (language, text) = line.split_once('\t').unwrap_or(("-", line));
            let (raw, in_body) = (text.len(), text::octets(text).unwrap());
            // As a message of its own: an F or R of the standard where it can be one, else family 04.
            let message = if file == "urls.txt" {
                message(other(
                    "R",
                    &format!("\"ResourceMethod\":\"1\",\"ResourceData\":{}", Value::from(text)),
                ))
            } else if text.is_ascii() {
                message(other("F", &format!("\"Text\":{}", Value::from(text))))
            } else {
                println!("{file} {language} {raw} {in_body}");
                continue;
            };
            println!("{file} {language} {raw} {}", Packed::Whole(message).octets().unwrap());
        }
    }
}

/// Every message of the corpus, repeated with each indicator that repeats, alone, as a test, under
/// duress and both.
fn repeats(folder: &str) {
    for sample in Corpus::read(folder, None).messages {
        for (indicator, flags) in Repeat::INDICATORS.iter().flat_map(|one| {
            [(false, false), (true, false), (false, true), (true, true)].map(|flags| (one, flags))
        }) {
            let repeating = Message {
                reference_indicator: *indicator,
                test: flags.0,
                duress: flags.1,
                ..sample.message
            };
            let referenced = Message { test: flags.0, ..sample.message };
            let repeat = Repeat::of(&repeating, &referenced).unwrap();
            let octets = Packed::Repeat(repeat).octets().unwrap() + 8;
            println!("repeats {} {} {octets}", repeating.code(), sample.standard.len());
        }
    }
}

/// Key data of every type and of several lengths.
fn key_data() {
    for data_type in 0..=255_u8 {
        for length in [0, 1, 16, 33, 64, 2000] {
            let octets = vec![data_type ^ 0x5A; length];
            let body = Body::CryptographicSupport {
                data_type: CryptoDataType(data_type),
                data: CryptoData::new(&octets).unwrap(),
            };
            let packed = Packed::Whole(Message::original(body)).octets().unwrap();
            println!("key_data K {length} {packed}");
        }
    }
}
