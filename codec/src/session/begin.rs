//! Both halves of a beginning: making a session to a prekey, and taking one up that was made to ours.

use super::agreement::{self, Beginning, MASK_OCTETS};
use super::epoch::{self, EpochKeys, Role};
use super::peers::Standing;
use super::ratchet::{Pending, Ratchet, agree};
use super::receive::{Place, Receiving};
use super::replay::Remembered;
use super::seal::SealError;
use super::send::{Flight, Sending};
use super::session::{Session, Silence};
use super::sessions::Sessions;
use super::{Party, Recipient};
use crate::digest::Keyed;
use crate::envelope::{OpenError, SealedEnvelope};
use crate::error::{DecodeError, ErrorKind};
use crate::key_store::{AgreementKey, KeyStore, KeyStoreError};
use crate::limits::FIRST_FLIGHTS_MAX;
use crate::realm::Realm;
use subtle::ConstantTimeEq;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

/// A session that a first flight would begin, if it opens.
pub(super) struct Begun {
    pub(super) session: Session,
    pub(super) remembered: Remembered,
}

/// Makes a session of `me`, the initiator, to a recipient's prekey.
pub(super) fn initiate(
    keys: &impl KeyStore,
    realm: Realm,
    me: &Party,
    to: &Recipient,
    ephemeral_seed: Zeroizing<[u8; 32]>,
) -> Result<Session, SealError> {
    let (peer, prekey) = (&to.party, &to.prekey);
    // "A session is between two devices that are not the same".
    if me.is_same_device(peer) {
        return Err(SealError::Oneself);
    }
    let ephemeral = PublicKey::from(&StaticSecret::from(*ephemeral_seed)).to_bytes();
    let d1 = keys.agree(AgreementKey::Identity, prekey)?;
    let d2 = agree(&ephemeral_seed, &peer.identity).ok_or(SealError::WeakKey)?;
    let d3 = agree(&ephemeral_seed, prekey).ok_or(SealError::WeakKey)?;
    let beginning =
        Beginning { realm, initiator: me, responder: peer, prekey, ephemeral: &ephemeral };
    let root = beginning.root([&d1, &d2, &d3]);
    let flight = if to.knows_us {
        let key = agreement::flight_hint_key(&d1, realm, me, peer);
        Flight { hint: agreement::flight_hint(&Keyed::new(&key), &ephemeral), masked: None }
    } else {
        let key = agreement::stranger_hint_key(&d3, realm);
        let claim = agreement::claim_of(me);
        let masked = agreement::mask([&d2, &d3], realm, &peer.identity, prekey, &ephemeral, &claim);
        Flight { hint: agreement::flight_hint(&Keyed::new(&key), &ephemeral), masked: Some(masked) }
    };
    let mut session = new_session(&root, Role::Initiator, peer, *prekey, ephemeral);
    session.ratchet.own = Some(ephemeral_seed);
    session.sending.flight = Some(flight);
    Ok(session)
}

/// Goes through those who may have written a first flight of somebody whose card is held, and those
/// prekeys it may be to; gives the first one `take` takes.
pub(super) fn answer_contact<T>(
    sessions: &Sessions,
    keys: &impl KeyStore,
    hint: [u8; 3],
    ephemeral: &[u8; 32],
    take: impl Fn(&mut Begun) -> Result<T, OpenError>,
) -> Result<(Begun, T), OpenError> {
    let mut refusal = OpenError::UnknownHint;
    for (author, prekey) in sessions.peers.authors(hint, ephemeral) {
        let begun = respond(sessions, keys, &author, &prekey, ephemeral, None);
        match begun.and_then(|mut begun| take(&mut begun).map(|taken| (begun, taken))) {
            Ok(taken) => return Ok(taken),
            Err(other) => refusal = other,
        }
    }
    Err(refusal)
}

/// The same for a stranger's first flight.
pub(super) fn answer_stranger<T>(
    sessions: &Sessions,
    keys: &impl KeyStore,
    hint: [u8; 3],
    ephemeral: &[u8; 32],
    masked: &[u8; MASK_OCTETS],
    take: impl Fn(&mut Begun) -> Result<T, OpenError>,
) -> Result<(Begun, T), OpenError> {
    let mut refusal = OpenError::UnknownHint;
    for prekey in keys.prekeys() {
        // "A contact or prekey that gives a zero D1 or D3 is passed over."
        let d3 = match keys.agree(AgreementKey::Prekey(*prekey), ephemeral) {
            Ok(d3) => d3,
            Err(KeyStoreError::WeakKey | KeyStoreError::UnknownKey) => continue,
            Err(KeyStoreError::Unavailable) => return Err(OpenError::Unavailable),
        };
        let key = agreement::stranger_hint_key(&d3, sessions.realm);
        if !bool::from(agreement::flight_hint(&Keyed::new(&key), ephemeral).ct_eq(&hint)) {
            continue;
        }
        let begun = unmask(sessions, keys, prekey, ephemeral, &d3, masked)
            .and_then(|author| respond(sessions, keys, &author, prekey, ephemeral, Some(d3)));
        match begun.and_then(|mut begun| take(&mut begun).map(|taken| (begun, taken))) {
            Ok(taken) => return Ok(taken),
            Err(other) => refusal = other,
        }
    }
    Err(refusal)
}

/// The counters of first flights whose keys are still there.
pub(super) fn flight_places() -> impl Iterator<Item = Place> {
    (0..FIRST_FLIGHTS_MAX).map(|counter| Place { epoch: 0, counter })
}

/// The E of a first flight.
pub(super) const fn ephemeral_of<'a>(envelope: &'a SealedEnvelope<'_>) -> Option<&'a [u8; 32]> {
    use crate::envelope::SealedClass::{Chain, FirstFlight, RandomAccess, StrangerFlight};
    match &envelope.class {
        FirstFlight { ephemeral, .. } | StrangerFlight { ephemeral, .. } => Some(ephemeral),
        Chain { .. } | RandomAccess { .. } => None,
    }
}

fn unmask(
    sessions: &Sessions,
    keys: &impl KeyStore,
    prekey: &[u8; 32],
    ephemeral: &[u8; 32],
    d3: &[u8; 32],
    masked: &[u8; MASK_OCTETS],
) -> Result<Party, OpenError> {
    let d2 = keys.agree(AgreementKey::Identity, ephemeral)?;
    let identity = &sessions.me.identity;
    let claim = agreement::mask([&d2, d3], sessions.realm, identity, prekey, ephemeral, masked);
    Ok(agreement::party_of(&claim))
}

/// Steps 4 and 5 of the order in which spec/03-envelope.md has a first flight checked, and the
/// session behind them.
fn respond(
    sessions: &Sessions,
    keys: &impl KeyStore,
    author: &Party,
    prekey: &[u8; 32],
    ephemeral: &[u8; 32],
    d3: Option<Zeroizing<[u8; 32]>>,
) -> Result<Begun, OpenError> {
    let refused = |kind| OpenError::Decode(DecodeError::at_octet(kind, "device", 0));
    let is_stranger_flight = d3.is_some();
    let d2 = keys.agree(AgreementKey::Identity, ephemeral)?;
    let d3 = match d3 {
        Some(d3) => d3,
        None => keys.agree(AgreementKey::Prekey(*prekey), ephemeral)?,
    };
    let d1 = keys.agree(AgreementKey::Prekey(*prekey), &author.identity)?;
    if is_stranger_flight && author.device == 0 {
        return Err(refused(ErrorKind::Reserved));
    }
    if sessions.me.is_same_device(author) {
        return Err(refused(ErrorKind::Inconsistent));
    }
    let is_stranger = match sessions.peers.standing(author) {
        Standing::OtherIdentity => return Err(OpenError::UnknownAccount),
        Standing::Revoked => return Err(OpenError::Revoked),
        Standing::Known => false,
        Standing::Unknown => true,
    };
    let remembered = Remembered::of(*prekey, author, is_stranger, ephemeral);
    let budgets = sessions.window.memory();
    if sessions.memory.is_full(budgets, prekey, remembered.contact)
        || !sessions.has_room(author, is_stranger)
    {
        return Err(OpenError::Unavailable);
    }
    let (realm, responder) = (sessions.realm, &sessions.me);
    let beginning = Beginning { realm, initiator: author, responder, prekey, ephemeral };
    let root = beginning.root([&d1, &d2, &d3]);
    let mut session = new_session(&root, Role::Responder, author, *prekey, *ephemeral);
    session.is_stranger = is_stranger;
    Ok(Begun { session, remembered })
}

impl From<KeyStoreError> for OpenError {
    fn from(error: KeyStoreError) -> Self {
        match error {
            KeyStoreError::WeakKey => Self::WeakKey,
            KeyStoreError::UnknownKey => Self::UnknownHint,
            KeyStoreError::Unavailable => Self::Unavailable,
        }
    }
}

fn new_session(
    root: &[u8; 32],
    role: Role,
    peer: &Party,
    prekey: [u8; 32],
    ephemeral: [u8; 32],
) -> Session {
    let outgoing = epoch::chain_id(root, role.outgoing());
    let incoming = epoch::chain_id(root, role.incoming());
    let keys = EpochKeys::of_root(root, role);
    let other = match role {
        Role::Initiator => prekey,
        Role::Responder => ephemeral,
    };
    Session {
        number: 0,
        role,
        peer: *peer,
        is_stranger: false,
        ephemeral,
        outgoing,
        incoming,
        begun: None,
        heard: 0,
        used: 0,
        silence: Silence::default(),
        ratchet: Ratchet {
            epoch: 0,
            carry: keys.carry,
            own: None,
            other,
            pending: Pending::None,
            post_quantum: None,
            sent: 0,
            received: 0,
            since: None,
        },
        sending: Sending::new(0, keys.outgoing, None),
        receiving: Receiving::new(0, keys.incoming),
    }
}
