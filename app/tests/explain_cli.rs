//! `chappe signal explain`, the real program, in every language.

// A test may stop at the first surprise.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

use serde_json::Value;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use unicode_bidi::{BidiInfo, Level};

/// With the locale and the zone set, so that neither is the machine's.
fn explain(arguments: &[&str], environment: &[(&str, &str)], input: &str) -> (i32, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_chappe"))
        .args(["signal", "explain"])
        .args(arguments)
        .env_remove("LC_MESSAGES")
        .env_remove("LANG")
        .env("LC_ALL", "C")
        .env("TZ", "UTC0")
        .envs(environment.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    // A program that refuses its arguments does not read.
    let writer = std::thread::spawn(move || drop(stdin.write_all(input.as_bytes())));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
}

fn read(path: &str) -> String {
    std::fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// Every message of every vector that is one, whether or not it keeps the rules: a line each.
fn messages() -> String {
    let mut lines = String::new();
    let mut add = |line: &Value| {
        lines.push_str(&line.to_string());
        lines.push('\n');
    };
    for file in ["wire.json", "rules.json"] {
        let document = read(&format!("../test-vectors/whiteflag/{file}"));
        let document: Value = serde_json::from_str(&document).unwrap();
        let vectors = document["vectors"].as_array().unwrap().iter();
        vectors
            .filter(|vector| vector["kind"] == "message" || vector["kind"] == "rules")
            .for_each(|vector| add(&vector["in"]["fields"]));
    }
    for line in read("../test-vectors/whiteflag/open.jsonl").lines() {
        let vector: Value = serde_json::from_str(line).unwrap();
        if vector["kind"] == "encode" {
            add(&vector["inputs"]["fields"]);
        }
    }
    lines
}

/// Isolates are closed in order, never by what came from the network, on every line.
fn isolates_are_closed(line: &str) -> bool {
    let depth = line.chars().try_fold(0_u32, |depth, character| match character {
        '\u{2066}'..='\u{2068}' => depth.checked_add(1),
        '\u{2069}' => depth.checked_sub(1),
        _ => Some(depth),
    });
    depth == Some(0)
}

#[test]
fn every_message_is_explained_in_every_language() {
    let messages = messages();
    let count = messages.lines().count();
    assert!(count > 500, "{count}");
    let mut explained = Vec::new();
    for language in ["en", "fr", "ar"] {
        let (code, text) = explain(&["--fields", "--language", language], &[], &messages);
        assert_eq!(code, 0);
        assert_eq!(text.lines().filter(|line| line.is_empty()).count(), count);
        for line in text.lines() {
            assert!(!line.contains(char::is_control), "{line:?} steers the terminal");
            assert!(!line.contains(['\u{202A}', '\u{202D}', '\u{202E}']), "{line:?}");
            assert!(isolates_are_closed(line), "{line:?}");
            assert!(line.contains('"') || !line.contains("{}"), "{line:?} has a place left");
            let from_the_right =
                line.starts_with(" \u{200F}\u{2067}") && line.ends_with('\u{2069}');
            assert!(line.is_empty() || from_the_right == (language == "ar"), "{line:?}");
        }
        explained.push(text.lines().count());
    }
    // The same lines in each, whatever their words.
    assert!(explained.iter().all(|lines| *lines == explained[0]), "{explained:?}");
}

#[test]
fn json_has_the_names_of_the_language() {
    let messages = messages();
    for language in ["en", "fr", "ar"] {
        let (code, text) = explain(&["--json", "--language", language], &[], &messages);
        assert_eq!(code, 0);
        for line in text.lines() {
            let answer: Value = serde_json::from_str(line).unwrap();
            assert_eq!(answer["language"], language);
            let fields = answer["fields"].as_array().unwrap();
            assert!(fields.iter().all(|field| field["name"].is_string()), "{line}");
            assert!(fields.iter().any(|field| field["meaning"].is_string()), "{line}");
        }
    }
}

/// A line as a terminal that follows UAX #9 puts it up, from left to right, without what takes no
/// room; `base` is the direction the terminal gives it, none if it looks for itself.
fn on_screen(line: &str, base: Option<Level>) -> String {
    let bidi = BidiInfo::new(line, base);
    let visual = bidi.reorder_line(&bidi.paragraphs[0], 0..line.len());
    visual.chars().filter(|c| !takes_no_room(*c)).collect()
}

fn takes_no_room(character: char) -> bool {
    matches!(character, '\u{200F}' | '\u{2066}'..='\u{2069}')
}

/// Arabic stands in its order from the right, and every code and text in its own from the left,
/// whether a terminal looks for a line's direction or takes all for left to right.
#[test]
fn arabic_goes_from_the_right_and_codes_do_not() {
    let arguments = ["--fields", "--language", "ar"];
    let (_, text) = explain(&arguments, &[], &messages());
    for line in text.lines().filter(|line| !line.is_empty()) {
        let seen: String = line.chars().filter(|c| !takes_no_room(*c)).collect();
        let runs = line.split(['\u{2066}', '\u{2068}']).skip(1);
        let runs: Vec<_> = runs.map(|run| run.split('\u{2069}').next().unwrap()).collect();
        // Dates, coordinates, codes: whatever has no Arabic in it, in isolates or not.
        let codes = seen.split_whitespace().filter(|word| !word.contains(is_arabic));
        let codes =
            codes.map(|word| word.strip_prefix('(').map_or(word, |w| w.trim_end_matches(')')));
        let whole: Vec<_> = codes.chain(runs.iter().copied()).collect();
        for base in [None, Some(Level::ltr()), Some(Level::rtl())] {
            let visual = on_screen(line, base);
            for code in &whole {
                assert!(visual.contains(code), "{code} is torn: {visual}");
            }
            // What is no code is Arabic: mirrored, the line begins as it is read.
            let words = seen.trim_start().split("  ").find(|words| words.contains(is_arabic));
            let words = words.unwrap_or_default().trim();
            let digits = |c: char| c.is_ascii_alphanumeric();
            if !words.contains(digits) && runs.first().is_none_or(|run| !words.contains(run)) {
                let mirrored: String = words.chars().rev().collect();
                assert!(visual.contains(&mirrored), "{words} is not in {visual}");
            }
        }
        let first = seen.trim_start().chars().next().unwrap();
        if is_arabic(first) {
            assert!(on_screen(line, Some(Level::ltr())).ends_with([first, ' ']), "{line:?}");
        }
    }
}

fn is_arabic(character: char) -> bool {
    matches!(character, '\u{600}'..='\u{6FF}')
}

/// Made by `chappe signal explain --fields --local=+01:00 --language TAG < messages.jsonl`, then
/// read by a person.
#[test]
fn the_text_is_as_it_was_read() {
    let messages = read("tests/explain/messages.jsonl");
    for language in ["en", "fr", "ar"] {
        let arguments = ["--fields", "--local=+01:00", "--language", language];
        let (code, text) = explain(&arguments, &[], &messages);
        assert_eq!(code, 0);
        assert_eq!(text, read(&format!("tests/explain/{language}.txt")), "{language}");
    }
}

#[test]
fn language_and_zone_come_from_the_environment() {
    let messages = read("tests/explain/messages.jsonl");
    let danger = |environment: &[(&str, &str)]| explain(&[], environment, &messages).1;
    for (environment, expected) in [
        (("LC_ALL", "fr_CA.UTF-8"), "signe de danger"),
        (("LC_ALL", "ar"), "علامة خطر"),
        (("LC_ALL", "tlh_QO.UTF-8"), "danger sign"),
        (("TZ", "UTC0"), "= 2026-11-20 22:30:00 local (+00:00)"),
        (("TZ", "HERE-5:45"), "= 2026-11-21 04:15:00 local (+05:45)"),
        (("TZ", "No/Where"), "local time unknown"),
    ] {
        let text = danger(&[environment]);
        assert!(text.contains(expected), "{environment:?}: {text}");
    }
    // LC_ALL goes before the others, and these in their order.
    let languages = [("LC_ALL", ""), ("LC_MESSAGES", "ar_SY"), ("LANG", "fr_FR")];
    assert!(danger(&languages).contains("علامة خطر"));
    assert_eq!(explain(&["--local", "-03:30"], &[], &messages).0, 0);
    assert_eq!(explain(&["--local", "No/Where"], &[], &messages).0, 2);
    assert_eq!(explain(&["--language", "tlh"], &[], &messages).0, 2);
}

/// A text is ASCII, so what could turn a line comes in where nothing is read yet: it is escaped
/// there as well.
#[test]
fn what_cannot_be_read_cannot_steer() {
    let steering = "\u{202E}\u{2069}\u{9B}2J\u{7F}\u{200F}";
    let message = read("tests/explain/messages.jsonl").lines().next().unwrap().to_owned();
    for line in [
        message.replacen("MessageCode", steering, 1),
        message.replacen("2026", steering, 1),
        format!("WF1{steering}"),
        format!("{{\"Text\":\"{steering}\"}}"),
        steering.to_owned(),
    ] {
        for language in ["en", "ar"] {
            let (code, text) = explain(&["--language", language], &[], &(line.clone() + "\n"));
            assert_eq!(code, 3, "{text}");
            let answer: Value = serde_json::from_str(&text).unwrap();
            assert!(answer["error"]["kind"].is_string());
            assert!(
                !text.trim_end().contains(|c: char| steering.contains(c) && !c.is_alphanumeric())
            );
        }
    }
}
