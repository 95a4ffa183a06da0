//! Who lost much finds its place again, and what it holds meanwhile.

use super::device::Device;
use super::figure;
use chappe_codec::session::{Steps, Window};

const LOST: u32 = 10_000;

pub(crate) fn measure() {
    for (name, window) in [("station", Window::STATION), ("handset", Window::HANDSET)] {
        deaf(name, window, true);
        deaf(name, window, false);
    }
    memory();
}

/// Counters after which A hears B: fewer than begin a new session.
const HEARD_AFTER: u32 = 50;

/// 10,000 counters of A's are lost; then all arrive. Meanwhile A hears B just often enough to go on in
/// the session; or nobody hears anybody, and A begins others.
fn deaf(name: &str, window: Window, is_heard: bool) {
    let (mut a, mut b) = Device::acquainted(u64::from(LOST), window);
    let to = b.recipient(true);
    let (mut said, mut heard) = (0, 0);
    while said < LOST {
        let sent = a.say(&to);
        said += sent.said.every_message().len() as u32;
        if is_heard && said >= heard + HEARD_AFTER {
            b.tell(&mut a);
            heard = said;
        }
    }
    let mut received = 1;
    while b.open(&a.say(&to).envelope).is_err() {
        received += 1;
        if is_heard && received % HEARD_AFTER == 0 {
            b.tell(&mut a);
        }
        assert!(received < 4 * LOST, "still deaf");
    }
    let next = a.say(&to);
    b.open(&next.envelope).unwrap();
    let how = if is_heard { "one way" } else { "both ways" };
    let size = b.sessions.size();
    figure(&format!("{name}, {how}, received until back"), received);
    figure(&format!("{name}, {how}, hints"), size.hints);
    figure(&format!("{name}, {how}, skipped keys"), size.skipped);
    figure(&format!("{name}, {how}, snapshot"), b.snapshot_octets());
}

/// Of one session: when nothing is under way, and when everything is.
fn memory() {
    let (a, _) = Device::acquainted(5, Window::STATION);
    figure("idle, snapshot", a.snapshot_octets());
    figure("idle, hints", a.sessions.size().hints);
    let (mut a, mut b) = Device::acquainted(6, Window::STATION);
    b.steps = Steps { now: true, hybrid: true };
    let to = b.recipient(true);
    let (mut snapshot, mut hints, mut skipped) = (0, 0, 0);
    for _ in 0..20 {
        (0..30).for_each(|_| drop(a.say(&to)));
        b.open(&a.say(&to).envelope).unwrap();
        // B's offer is under way and lost; what A must hear comes later.
        drop(b.say(&a.recipient(true)));
        snapshot = b.snapshot_octets().max(snapshot);
        hints = b.sessions.size().hints.max(hints);
        skipped = b.sessions.size().skipped.max(skipped);
        b.tell(&mut a);
    }
    figure("full, snapshot", snapshot);
    figure("full, hints", hints);
    figure("full, skipped keys", skipped);
}
