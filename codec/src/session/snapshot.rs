//! A session as octets for the sealed store (spec/11-session.md, "Snapshot").

use super::Party;
use super::agreement::MASK_OCTETS;
use super::chain::Chain;
use super::epoch::{Role, WayKeys};
use super::hint::HintKey;
use super::hybrid::{CIPHERTEXT_OCTETS, ENCAPSULATION_KEY_OCTETS, SEED_OCTETS};
use super::message_keys::{MESSAGE_KEYS_OCTETS, MessageKeys};
use super::ratchet::{Pending, Ratchet};
use super::receive::{LiveEpoch, Receiving, Skipped};
use super::send::{Flight, Sending};
use super::session::Session;
use super::sessions::SessionNumber;
use crate::account::Account;
use crate::chain::ChainId;
use crate::error::{DecodeError, ErrorKind};
use crate::framing::{self, Parsed, field, octets, refuse};
use crate::limits::{SESSION_COUNTERS_MAX, SESSION_SNAPSHOT_OCTETS_MAX, SKIPPED_KEYS_MAX};
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use nom::number::complete::{be_u32, be_u64, u8};
use zeroize::Zeroizing;

const VERSION: u8 = 1;

/// A session's octets, to be stored encrypted. They hold its keys: wiped when dropped, and absent
/// from `Debug`.
pub struct Snapshot {
    number: SessionNumber,
    generation: u64,
    octets: Zeroizing<Vec<u8>>,
}

impl Snapshot {
    /// The session it is of.
    #[must_use]
    pub const fn number(&self) -> SessionNumber {
        self.number
    }

    /// The octets, at most [`SESSION_SNAPSHOT_OCTETS_MAX`].
    #[must_use]
    pub fn octets(&self) -> &[u8] {
        &self.octets
    }

    pub(super) const fn generation(&self) -> u64 {
        self.generation
    }

    /// Of a session as it is: what it sends begins behind the reserved counters, or where it is if
    /// it ends in order.
    pub(super) fn of(session: &Session, in_order: bool) -> Self {
        // One allocation that is never grown leaves no copy of keys behind.
        let mut octets = Zeroizing::new(Vec::with_capacity(SESSION_SNAPSHOT_OCTETS_MAX));
        put_session(&mut octets, session, in_order);
        let generation = session.sending.as_ref().map_or(0, |sending| sending.generation);
        Self { number: SessionNumber(session.number), generation, octets }
    }

    /// Reads octets and writes them again: what a fuzzer and a checker ask.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] for octets that are no snapshot.
    pub fn parse(octets: &[u8]) -> Result<Self, DecodeError> {
        parse(octets).map(|session| Self::of(&session, false))
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Snapshot of session {}", self.number.0)
    }
}

/// The session of these octets.
pub(super) fn parse(octets: &[u8]) -> Result<Session, DecodeError> {
    if octets.len() > SESSION_SNAPSHOT_OCTETS_MAX {
        return Err(DecodeError::at_octet(ErrorKind::TooLong, "snapshot", 0));
    }
    framing::parse_all(octets, read_session)
}

fn put_session(out: &mut Vec<u8>, session: &Session, in_order: bool) {
    out.push(VERSION);
    out.extend_from_slice(&session.number.to_be_bytes());
    out.push(session.role.outgoing());
    out.push(u8::from(session.is_stranger));
    out.extend_from_slice(&session.peer.account.0);
    out.push(session.peer.device);
    out.extend_from_slice(&session.peer.identity);
    out.extend_from_slice(&session.ephemeral);
    out.extend_from_slice(&session.outgoing.0);
    out.extend_from_slice(&session.incoming.0);
    out.extend_from_slice(&session.opened.to_be_bytes());
    out.extend_from_slice(&session.used.to_be_bytes());
    put_ratchet(out, &session.ratchet);
    put_option(out, session.sending.as_ref(), |out, sending| put_sending(out, sending, in_order));
    put_receiving(out, &session.receiving);
}

fn read_session(input: &[u8]) -> Parsed<'_, Session> {
    let (rest, version) = field("version", u8)(input)?;
    if version != VERSION {
        return refuse(ErrorKind::UnknownVersion, "version", input);
    }
    let (rest, number) = field("number", be_u32)(rest)?;
    let (rest, is_responder) = field("role", flag)(rest)?;
    let role = if is_responder { Role::Responder } else { Role::Initiator };
    let (rest, is_stranger) = field("stranger", flag)(rest)?;
    let (rest, account) = field("account", octets::<32>)(rest)?;
    let (rest, device) = field("device", u8)(rest)?;
    let (rest, identity) = field("identity key", octets::<32>)(rest)?;
    let peer = Party { account: Account(account), device, identity };
    let (rest, ephemeral) = field("ephemeral key", octets::<32>)(rest)?;
    let (rest, outgoing) = field("chain", octets::<8>)(rest)?;
    let (rest, incoming) = field("chain", octets::<8>)(rest)?;
    let (rest, opened) = field("opened", be_u64)(rest)?;
    let (rest, used) = field("used", be_u64)(rest)?;
    let (at_sending, ratchet) = read_ratchet(rest)?;
    let epoch = ratchet.epoch;
    let (at_receiving, sending) = option(|input| read_sending(epoch, input))(at_sending)?;
    let (rest, receiving) = read_receiving(epoch, at_receiving)?;
    Ok((
        rest,
        Session {
            number,
            role,
            peer,
            is_stranger,
            ephemeral,
            outgoing: ChainId(outgoing),
            incoming: ChainId(incoming),
            opened,
            used,
            ratchet,
            sending,
            receiving,
        },
    ))
}

fn put_ratchet(out: &mut Vec<u8>, ratchet: &Ratchet) {
    out.extend_from_slice(&ratchet.epoch.to_be_bytes());
    out.extend_from_slice(&*ratchet.root);
    out.push(u8::from(ratchet.is_odd));
    put_option(out, ratchet.own.as_ref(), |out, own| out.extend_from_slice(&**own));
    out.extend_from_slice(&ratchet.other);
    put_option(out, ratchet.post_quantum.as_ref(), |out, first| {
        out.extend_from_slice(&first.to_be_bytes());
    });
    out.extend_from_slice(&ratchet.sent.to_be_bytes());
    out.extend_from_slice(&ratchet.received.to_be_bytes());
    put_time(out, ratchet.since);
    match &ratchet.pending {
        Pending::None => out.push(0),
        Pending::Offer(public) => put_coded(out, 1, public),
        Pending::HybridOffer(seed) => put_coded(out, 2, &**seed),
        Pending::ToAnswer(key) => put_coded(out, 3, &**key),
        Pending::HybridAnswer(ciphertext) => put_coded(out, 4, &**ciphertext),
    }
}

fn read_ratchet(input: &[u8]) -> Parsed<'_, Ratchet> {
    let (rest, epoch) = field("epoch", be_u32)(input)?;
    let (rest, root) = field("root", secret::<32>)(rest)?;
    let (rest, is_odd) = field("turn", flag)(rest)?;
    let (rest, own) = field("own key", option(secret::<32>))(rest)?;
    let (rest, other) = field("other key", octets::<32>)(rest)?;
    let (rest, post_quantum) = field("post-quantum", option(be_u32))(rest)?;
    let (rest, sent) = field("sent", be_u32)(rest)?;
    let (rest, received) = field("received", be_u32)(rest)?;
    let (at_pending, since) = field("since", option(be_u64))(rest)?;
    let (rest, code) = field("pending", u8)(at_pending)?;
    let (rest, pending) = match code {
        0 => (rest, Pending::None),
        1 => {
            let (rest, public) = field("pending", octets::<32>)(rest)?;
            (rest, Pending::Offer(public))
        }
        2 => {
            let (rest, seed) = field("pending", secret::<SEED_OCTETS>)(rest)?;
            (rest, Pending::HybridOffer(seed))
        }
        3 => {
            let (rest, key) = field("pending", octets::<ENCAPSULATION_KEY_OCTETS>)(rest)?;
            (rest, Pending::ToAnswer(Box::new(key)))
        }
        4 => {
            let (rest, ciphertext) = field("pending", octets::<CIPHERTEXT_OCTETS>)(rest)?;
            (rest, Pending::HybridAnswer(Box::new(ciphertext)))
        }
        _ => return refuse(ErrorKind::UnknownCode, "pending", at_pending),
    };
    Ok((
        rest,
        Ratchet { epoch, root, is_odd, own, other, pending, post_quantum, sent, received, since },
    ))
}

fn put_sending(out: &mut Vec<u8>, sending: &Sending, in_order: bool) {
    out.extend_from_slice(&sending.epoch.to_be_bytes());
    let chain = if in_order { &sending.keys.chain } else { &sending.behind };
    put_way(out, &sending.keys.hints, chain);
    put_option(out, sending.next.as_ref(), put_keys);
    put_option(out, sending.flight.as_ref(), |out, flight| {
        out.extend_from_slice(&flight.hint);
        put_option(out, flight.masked.as_ref(), |out, masked| out.extend_from_slice(masked));
    });
}

fn read_sending(newest: u32, input: &[u8]) -> Parsed<'_, Sending> {
    let (rest, epoch) = field("epoch", be_u32)(input)?;
    let (rest, keys) = read_keys(rest)?;
    let (rest, next) = option(read_keys)(rest)?;
    // It sends in the newest epoch, or in the one before it with the keys of the newest at hand.
    let expected = if next.is_some() { epoch.checked_add(1) } else { Some(epoch) };
    if expected != Some(newest) {
        return refuse(ErrorKind::Inconsistent, "epoch", input);
    }
    let (rest, flight) = option(read_flight)(rest)?;
    Ok((rest, Sending { next, ..Sending::new(epoch, keys, flight) }))
}

fn read_flight(input: &[u8]) -> Parsed<'_, Flight> {
    let (rest, hint) = field("hint", octets::<3>)(input)?;
    let (rest, masked) = field("masked", option(octets::<MASK_OCTETS>))(rest)?;
    Ok((rest, Flight { hint, masked }))
}

fn put_receiving(out: &mut Vec<u8>, receiving: &Receiving) {
    out.extend_from_slice(&receiving.behind.to_be_bytes());
    put_keys(out, &receiving.newest.keys);
    put_option(out, receiving.older.as_ref(), |out, older| put_keys(out, &older.keys));
    let count = u8::try_from(receiving.skipped.len()).unwrap_or(u8::MAX);
    out.push(count);
    for skipped in &receiving.skipped {
        out.extend_from_slice(&skipped.counter.to_be_bytes());
        out.extend_from_slice(&skipped.epoch.to_be_bytes());
        out.extend_from_slice(&skipped.hint);
        put_time(out, skipped.since);
        out.extend_from_slice(skipped.keys.octets());
    }
}

fn read_receiving(newest: u32, input: &[u8]) -> Parsed<'_, Receiving> {
    let (at_newest, behind) = field("behind", be_u32)(input)?;
    if behind > SESSION_COUNTERS_MAX {
        return refuse(ErrorKind::OutOfRange, "behind", input);
    }
    let (at_older, newest_keys) = read_keys(at_newest)?;
    let (at_count, older_keys) = option(read_keys)(at_older)?;
    let older = older_keys.map(|keys| newest.checked_sub(1).map(|epoch| (epoch, keys)));
    let older = match older {
        Some(None) => return refuse(ErrorKind::Inconsistent, "epoch", at_older),
        Some(Some((epoch, keys))) => Some(LiveEpoch::new(epoch, keys)),
        None => None,
    };
    let newest_live = LiveEpoch::new(newest, newest_keys);
    // The chain envelopes come in stands at n; that of an epoch nothing came of yet may be behind it.
    let current = older.as_ref().unwrap_or(&newest_live).keys.chain.counter();
    if current != behind || newest_live.keys.chain.counter() > behind {
        return refuse(ErrorKind::Inconsistent, "behind", input);
    }
    let (mut rest, count) = field("count", u8)(at_count)?;
    if usize::from(count) > SKIPPED_KEYS_MAX {
        return refuse(ErrorKind::TooLong, "count", at_count);
    }
    let mut receiving = Receiving { behind, newest: newest_live, older, skipped: Vec::new() };
    receiving.skipped.reserve_exact(usize::from(count));
    for _ in 0..count {
        let (after, skipped) = read_skipped(rest)?;
        let last = receiving.skipped.last().map(|last| (last.counter, last.epoch));
        if last.is_some_and(|last| (skipped.counter, skipped.epoch) <= last) {
            return refuse(ErrorKind::NotCanonical, "counter", rest);
        }
        if skipped.counter >= behind || skipped.epoch > newest {
            return refuse(ErrorKind::OutOfRange, "counter", rest);
        }
        receiving.skipped.push(skipped);
        rest = after;
    }
    Ok((rest, receiving))
}

fn read_skipped(input: &[u8]) -> Parsed<'_, Skipped> {
    let (rest, counter) = field("counter", be_u32)(input)?;
    let (rest, epoch) = field("epoch", be_u32)(rest)?;
    let (rest, hint) = field("hint", octets::<3>)(rest)?;
    let (rest, since) = field("since", option(be_u64))(rest)?;
    let (rest, keys) = field("keys", secret::<MESSAGE_KEYS_OCTETS>)(rest)?;
    Ok((rest, Skipped { counter, epoch, hint, since, keys: MessageKeys::from_octets(keys) }))
}

fn put_keys(out: &mut Vec<u8>, keys: &WayKeys) {
    put_way(out, &keys.hints, &keys.chain);
}

fn put_way(out: &mut Vec<u8>, hints: &HintKey, chain: &Chain) {
    out.extend_from_slice(hints.octets());
    let (counter, next_block, key) = chain.parts();
    out.extend_from_slice(&counter.to_be_bytes());
    out.extend_from_slice(next_block);
    out.extend_from_slice(key);
}

fn read_keys(input: &[u8]) -> Parsed<'_, WayKeys> {
    let (rest, hints) = field("hint key", secret::<32>)(input)?;
    let (after, counter) = field("counter", be_u32)(rest)?;
    if counter > SESSION_COUNTERS_MAX {
        return refuse(ErrorKind::OutOfRange, "counter", rest);
    }
    let (rest, next_block) = field("block", secret::<32>)(after)?;
    let (rest, key) = field("chain key", secret::<32>)(rest)?;
    let chain = Chain::from_parts(counter, next_block, key);
    Ok((rest, WayKeys { hints: HintKey::new(hints), chain }))
}

fn put_coded(out: &mut Vec<u8>, code: u8, content: &[u8]) {
    out.push(code);
    out.extend_from_slice(content);
}

fn put_time(out: &mut Vec<u8>, time: Option<u64>) {
    put_option(out, time.as_ref(), |out, time| out.extend_from_slice(&time.to_be_bytes()));
}

fn put_option<T>(out: &mut Vec<u8>, value: Option<&T>, put: impl FnOnce(&mut Vec<u8>, &T)) {
    out.push(u8::from(value.is_some()));
    if let Some(value) = value {
        put(out, value);
    }
}

fn flag(input: &[u8]) -> Parsed<'_, bool> {
    let (rest, code) = u8(input)?;
    match code {
        0 => Ok((rest, false)),
        1 => Ok((rest, true)),
        _ => refuse(ErrorKind::NotCanonical, "flag", input),
    }
}

fn option<'a, T>(
    mut read: impl FnMut(&'a [u8]) -> Parsed<'a, T>,
) -> impl FnMut(&'a [u8]) -> Parsed<'a, Option<T>> {
    move |input| {
        let (rest, is_there) = field("option", flag)(input)?;
        if !is_there {
            return Ok((rest, None));
        }
        let (rest, value) = read(rest)?;
        Ok((rest, Some(value)))
    }
}

fn secret<const N: usize>(input: &[u8]) -> Parsed<'_, Zeroizing<[u8; N]>> {
    let (rest, taken) = octets::<N>(input)?;
    Ok((rest, Zeroizing::new(taken)))
}

// The longest snapshot fits: everything but passed-over keys is below four kilobytes.
const _: () =
    assert!(SKIPPED_KEYS_MAX * (MESSAGE_KEYS_OCTETS + 20) + 4096 <= SESSION_SNAPSHOT_OCTETS_MAX);
