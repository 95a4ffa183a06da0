//! What a connection costs a broker that has nothing to do for it.

use crate::measured::figure;
use crate::peer::Peer;
use std::fs;
use std::thread;
use std::time::Duration;

/// Until what opening connections left behind is tidied up.
const SETTLE: Duration = Duration::from_secs(2);

pub(crate) fn measure(peer: &Peer, connections: usize, pid: u32) {
    // The first connections pay for what is made once.
    let warm: Vec<_> = (0..100).map(|_| peer.idle()).collect();
    thread::sleep(SETTLE);
    let before = resident_kilobytes(pid);
    let open: Vec<_> = (0..connections).map(|_| peer.idle()).collect();
    thread::sleep(SETTLE);
    let grown = resident_kilobytes(pid) - before;
    figure("kilobytes", grown as f64 / connections as f64);
    drop((warm, open));
}

fn resident_kilobytes(pid: u32) -> i64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
