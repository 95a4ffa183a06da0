//! A session as octets for the sealed store (spec/11-session.md, "Snapshot").

use super::Party;
use super::agreement::MASK_OCTETS;
use super::chain::Chain;
use super::ended::Ended;
use super::epoch::{Role, WayKeys};
use super::hint::HintKey;
use super::hybrid::{CIPHERTEXT_OCTETS, SEED_OCTETS};
use super::message_keys::{MESSAGE_KEYS_OCTETS, MessageKeys};
use super::passed_over::{PassedOver, Skipped};
use super::ratchet::{HYBRID_OFFER_OCTETS, Pending, Ratchet};
use super::receive::{LiveEpoch, Receiving};
use super::send::{Flight, Sending};
use super::session::{Session, Silence};
use super::sessions::SessionNumber;
use crate::account::Account;
use crate::chain::ChainId;
use crate::error::{DecodeError, ErrorKind};
use crate::framing::{self, Parsed, field, octets, refuse};
use crate::limits::{
    FIRST_FLIGHTS_MAX, SESSION_COUNTERS_MAX, SESSION_SNAPSHOT_OCTETS_MAX, SKIPPED_KEYS_MAX,
};
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
        let generation = session.sending.generation;
        Self { number: SessionNumber(session.number), generation, octets }
    }

    /// Of what is left of a session.
    pub(super) fn of_ended(ended: &Ended) -> Self {
        let mut octets = Zeroizing::new(Vec::with_capacity(SESSION_SNAPSHOT_OCTETS_MAX));
        put_ended(&mut octets, ended);
        Self { number: SessionNumber(ended.number), generation: 0, octets }
    }

    /// Reads octets and writes them again: what a fuzzer and a checker ask.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] for octets that are no snapshot.
    pub fn parse(octets: &[u8]) -> Result<Self, DecodeError> {
        parse(octets).map(|stored| match stored {
            Stored::Live(session) => Self::of(&session, false),
            Stored::Ended(ended) => Self::of_ended(&ended),
        })
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Snapshot of session {}", self.number.0)
    }
}

/// What a snapshot is of.
pub(super) enum Stored {
    Live(Box<Session>),
    Ended(Ended),
}

impl Stored {
    pub(super) const fn number(&self) -> u32 {
        match self {
            Self::Live(session) => session.number,
            Self::Ended(ended) => ended.number,
        }
    }
}

/// What these octets are of.
pub(super) fn parse(octets: &[u8]) -> Result<Stored, DecodeError> {
    if octets.len() > SESSION_SNAPSHOT_OCTETS_MAX {
        return Err(DecodeError::at_octet(ErrorKind::TooLong, "snapshot", 0));
    }
    framing::parse_all(octets, read_stored)
}

/// What both kinds begin with.
struct Front {
    number: u32,
    role: Role,
    is_stranger: bool,
    peer: Party,
    ephemeral: [u8; 32],
    incoming: ChainId,
}

fn put_front(out: &mut Vec<u8>, is_ended: bool, front: &Front) {
    out.push(VERSION);
    out.extend_from_slice(&front.number.to_be_bytes());
    out.push(u8::from(is_ended));
    out.push(front.role.outgoing());
    out.push(u8::from(front.is_stranger));
    out.extend_from_slice(&front.peer.account.0);
    out.push(front.peer.device);
    out.extend_from_slice(&front.peer.identity);
    out.extend_from_slice(&front.ephemeral);
    out.extend_from_slice(&front.incoming.0);
}

fn read_stored(input: &[u8]) -> Parsed<'_, Stored> {
    let (rest, version) = field("version", u8)(input)?;
    if version != VERSION {
        return refuse(ErrorKind::UnknownVersion, "version", input);
    }
    let (rest, number) = field("number", be_u32)(rest)?;
    let (rest, is_ended) = field("ended", flag)(rest)?;
    let (rest, is_responder) = field("role", flag)(rest)?;
    let role = if is_responder { Role::Responder } else { Role::Initiator };
    let (rest, is_stranger) = field("stranger", flag)(rest)?;
    let (rest, account) = field("account", octets::<32>)(rest)?;
    let (rest, device) = field("device", u8)(rest)?;
    let (rest, identity) = field("identity key", octets::<32>)(rest)?;
    let peer = Party { account: Account(account), device, identity };
    let (rest, ephemeral) = field("ephemeral key", octets::<32>)(rest)?;
    let (rest, incoming) = field("chain", octets::<8>)(rest)?;
    let incoming = ChainId(incoming);
    let front = Front { number, role, is_stranger, peer, ephemeral, incoming };
    if is_ended {
        let (rest, ended) = read_ended(front, rest)?;
        return Ok((rest, Stored::Ended(ended)));
    }
    let (rest, session) = read_session(front, rest)?;
    Ok((rest, Stored::Live(Box::new(session))))
}

fn put_ended(out: &mut Vec<u8>, ended: &Ended) {
    let Ended { number, role, is_stranger, peer, ephemeral, incoming, .. } = *ended;
    put_front(out, true, &Front { number, role, is_stranger, peer, ephemeral, incoming });
    out.extend_from_slice(&ended.ended.to_be_bytes());
    out.extend_from_slice(&ended.behind.to_be_bytes());
    put_passed_over(out, &ended.kept);
}

fn read_ended(front: Front, input: &[u8]) -> Parsed<'_, Ended> {
    let Front { number, role, is_stranger, peer, ephemeral, incoming } = front;
    let (at_behind, ended) = field("ended", be_u64)(input)?;
    let (rest, behind) = field("behind", be_u32)(at_behind)?;
    if behind > SESSION_COUNTERS_MAX {
        return refuse(ErrorKind::OutOfRange, "behind", at_behind);
    }
    // Of counters from n on there are keys of first flights alone, which only a responder has.
    let flights_end = if role == Role::Responder { FIRST_FLIGHTS_MAX } else { 0 };
    let is_fitting =
        |counter: u32, epoch: u32| counter < behind || epoch == 0 && counter < flights_end;
    let max = ENDED_KEYS_MAX;
    let (rest, kept) = read_passed_over(max, is_fitting, rest)?;
    let ended = Ended { number, role, peer, is_stranger, ephemeral, incoming, ended, behind, kept };
    Ok((rest, ended))
}

fn put_session(out: &mut Vec<u8>, session: &Session, in_order: bool) {
    let Session { number, role, is_stranger, peer, ephemeral, incoming, .. } = *session;
    put_front(out, false, &Front { number, role, is_stranger, peer, ephemeral, incoming });
    out.extend_from_slice(&session.outgoing.0);
    put_time(out, session.begun);
    out.extend_from_slice(&session.heard.to_be_bytes());
    out.extend_from_slice(&session.used.to_be_bytes());
    out.extend_from_slice(&session.silence.counter.to_be_bytes());
    put_time(out, session.silence.since);
    put_ratchet(out, &session.ratchet);
    put_sending(out, &session.sending, in_order);
    put_receiving(out, &session.receiving);
}

fn read_session(front: Front, input: &[u8]) -> Parsed<'_, Session> {
    let Front { number, role, is_stranger, peer, ephemeral, incoming } = front;
    let (rest, outgoing) = field("chain", octets::<8>)(input)?;
    let outgoing = ChainId(outgoing);
    let (rest, begun) = field("begun", option(be_u64))(rest)?;
    let (rest, heard) = field("heard", be_u64)(rest)?;
    let (rest, used) = field("used", be_u64)(rest)?;
    let (rest, counter) = field("silence", be_u32)(rest)?;
    let (rest, since) = field("silence", option(be_u64))(rest)?;
    let silence = Silence { counter, since };
    let (at_sending, ratchet) = read_ratchet(rest)?;
    let (at_receiving, sending) = read_sending(ratchet.epoch, at_sending)?;
    let (rest, receiving) = read_receiving(ratchet.epoch, at_receiving)?;
    Ok((
        rest,
        Session {
            number,
            role,
            peer,
            is_stranger,
            ephemeral,
            outgoing,
            incoming,
            begun,
            heard,
            used,
            silence,
            ratchet,
            sending,
            receiving,
        },
    ))
}

fn put_ratchet(out: &mut Vec<u8>, ratchet: &Ratchet) {
    out.extend_from_slice(&ratchet.epoch.to_be_bytes());
    out.extend_from_slice(&*ratchet.carry);
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
        Pending::ToAnswer(offer) => put_coded(out, 3, &**offer),
        Pending::HybridAnswer(ciphertext) => put_coded(out, 4, &**ciphertext),
    }
}

fn read_ratchet(input: &[u8]) -> Parsed<'_, Ratchet> {
    let (rest, epoch) = field("epoch", be_u32)(input)?;
    let (rest, carry) = field("carry", secret::<32>)(rest)?;
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
        // Its F is made of the own key.
        2 if own.is_none() => return refuse(ErrorKind::Inconsistent, "pending", at_pending),
        2 => {
            let (rest, seed) = field("pending", secret::<SEED_OCTETS>)(rest)?;
            (rest, Pending::HybridOffer(seed))
        }
        3 => {
            let (rest, offer) = field("pending", octets::<HYBRID_OFFER_OCTETS>)(rest)?;
            (rest, Pending::ToAnswer(Box::new(offer)))
        }
        4 => {
            let (rest, ciphertext) = field("pending", octets::<CIPHERTEXT_OCTETS>)(rest)?;
            (rest, Pending::HybridAnswer(Box::new(ciphertext)))
        }
        _ => return refuse(ErrorKind::UnknownCode, "pending", at_pending),
    };
    Ok((rest, Ratchet { epoch, carry, own, other, pending, post_quantum, sent, received, since }))
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
    put_passed_over(out, &receiving.skipped);
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
    let is_fitting = |counter: u32, epoch: u32| counter < behind && epoch <= newest;
    let (rest, skipped) = read_passed_over(SKIPPED_KEYS_MAX, is_fitting, at_count)?;
    Ok((rest, Receiving { behind, newest: newest_live, older, skipped }))
}

fn put_passed_over(out: &mut Vec<u8>, passed_over: &PassedOver) {
    out.push(u8::try_from(passed_over.len()).unwrap_or(u8::MAX));
    for skipped in passed_over.all() {
        out.extend_from_slice(&skipped.counter.to_be_bytes());
        out.extend_from_slice(&skipped.epoch.to_be_bytes());
        out.extend_from_slice(&skipped.hint);
        put_time(out, skipped.since);
        out.extend_from_slice(skipped.keys.octets());
    }
}

/// At most `max`, ascending, each of a counter and epoch that may be there.
fn read_passed_over(
    max: usize,
    is_fitting: impl Fn(u32, u32) -> bool,
    input: &[u8],
) -> Parsed<'_, PassedOver> {
    let (mut rest, count) = field("count", u8)(input)?;
    if usize::from(count) > max {
        return refuse(ErrorKind::TooLong, "count", input);
    }
    let mut passed_over = PassedOver::default();
    for _ in 0..count {
        let (after, skipped) = read_skipped(rest)?;
        let last = passed_over.all().last().map(|last| (last.counter, last.epoch));
        if last.is_some_and(|last| (skipped.counter, skipped.epoch) <= last) {
            return refuse(ErrorKind::NotCanonical, "counter", rest);
        }
        if !is_fitting(skipped.counter, skipped.epoch) {
            return refuse(ErrorKind::OutOfRange, "counter", rest);
        }
        passed_over.push(skipped);
        rest = after;
    }
    Ok((rest, passed_over))
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

/// Keys of passed-over counters and of first flights: what an ended session has at most.
const ENDED_KEYS_MAX: usize = SKIPPED_KEYS_MAX + FIRST_FLIGHTS_MAX as usize;

// The longest snapshots fit: everything but keys of counters is below three kilobytes, and 200 octets in
// an ended session.
#[expect(clippy::disallowed_macros, reason = "run by the compiler, over constants")]
const _: () = {
    let each = MESSAGE_KEYS_OCTETS + 20;
    assert!(SKIPPED_KEYS_MAX * each + 3072 <= SESSION_SNAPSHOT_OCTETS_MAX);
    assert!(ENDED_KEYS_MAX * each + 200 <= SESSION_SNAPSHOT_OCTETS_MAX);
};
