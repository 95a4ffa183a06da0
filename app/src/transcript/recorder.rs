//! Writes a transcript as things happen, and seals it.

use super::FORMAT;
use super::line::{Content, Line};
use crate::exit::{Exit, Failure, Outcome};
use crate::hex;
use chappe_codec::digest;
use chappe_codec::key::SignKey;
use chappe_codec::realm::Realm;
use std::time::Instant;

/// A transcript in the making.
pub(crate) struct Recorder {
    secret: SignKey,
    realm: Realm,
    began: Instant,
    at_ms: u64,
    lines: u64,
    text: String,
}

impl Recorder {
    pub(crate) fn new(secret: SignKey, realm: Realm) -> Outcome<Self> {
        let mut recorder =
            Self { secret, realm, began: Instant::now(), at_ms: 0, lines: 0, text: String::new() };
        recorder.add(Content::Head { format: FORMAT.into(), realm: realm.to_string() })?;
        Ok(recorder)
    }

    pub(crate) fn add(&mut self, content: Content) -> Outcome<()> {
        self.at_ms = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.write(content)
    }

    fn write(&mut self, content: Content) -> Outcome<()> {
        let line = Line { n: self.lines, at_ms: self.at_ms, content };
        let text = serde_json::to_string(&line)
            .map_err(|error| Failure::new(Exit::Failure, "transcript", error.to_string()))?;
        self.text.push_str(&text);
        self.text.push('\n');
        self.lines = self.lines.saturating_add(1);
        Ok(())
    }

    /// The whole transcript, sealed.
    pub(crate) fn seal(mut self) -> Outcome<String> {
        let sha256 = digest::sha256(self.text.as_bytes());
        let signature = self.secret.sign(FORMAT, self.realm, &[&sha256]);
        // Nothing covers the seal itself, so nothing in it may be free: it bears the time of the line
        // before it.
        self.write(Content::Seal {
            lines: self.lines,
            sha256: hex::encode(&sha256),
            signature: hex::encode(&signature),
        })?;
        Ok(self.text)
    }
}
