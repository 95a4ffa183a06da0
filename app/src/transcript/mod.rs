//! Transcripts: what a run leaves behind, for anyone to check (spec/08-transcript.md).

mod account;
mod carriage_lines;
mod ledger_lines;
mod line;
mod message_lines;
mod recorder;
mod shown;
#[cfg(test)]
mod tests;
mod verifier;

pub(crate) use line::{
    AccountKeys, Content, FrameState, MessageLine, PublicKeys, Refused, Verdict,
};
pub(crate) use recorder::Recorder;
pub(crate) use verifier::verify;

/// The format's name, and the context of the seal's signature.
const FORMAT: &str = "chappe-transcript/1";
