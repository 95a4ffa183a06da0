//! Every setting of a relay, in one table: the file, the environment, `check` and the operator's page go by it.

use crate::device::public_key;
use crate::exit::Outcome;
use crate::network::transport_key;
use chappe_codec::precedence::Precedence;
use std::collections::BTreeMap;
use std::net::SocketAddr;

/// One setting.
#[derive(Debug)]
pub(crate) struct Setting {
    /// `section.key` in the file.
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) default: &'static str,
    /// Whether a running relay takes a new value on SIGHUP.
    pub(crate) reloads: bool,
    pub(crate) meaning: &'static str,
}

/// What a value may be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    Address,
    /// An address of this machine alone, or `off`.
    Loopback,
    Path,
    /// Octets, with KiB, MiB or GiB if one likes.
    Octets(u64, u64),
    Count(u64, u64),
    OneOf(&'static [&'static str]),
    /// Transport keys, hexadecimal, apart by commas; in the file an array.
    Keys,
    /// Accounts, hexadecimal, each with `=` and a precedence if one likes; apart by commas; in the file an
    /// array.
    Accounts,
    /// Host and port, or nothing.
    NetworkAddress,
    /// Servers of a cluster, apart by commas; in the file an array.
    Servers,
    /// Letters, digits, `-` and `_`, or nothing.
    Word,
}

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const TIB: u64 = 1 << 40;

const PRECEDENCES: &[&str] = &["FLASH", "IMMEDIATE", "PRIORITY", "ROUTINE"];

macro_rules! setting {
    ($name:literal, $kind:expr, $default:literal, $reloads:literal, $meaning:literal) => {
        Setting {
            name: $name,
            kind: $kind,
            default: $default,
            reloads: $reloads,
            meaning: $meaning,
        }
    };
}

#[rustfmt::skip] // a table
pub(crate) const SETTINGS: &[Setting] = &[
    setting!("listen.address", Kind::Address, "127.0.0.1:7406", false, "Where it listens (UDP)"),
    setting!("listen.public", Kind::NetworkAddress, "", true, "Where clients reach it, HOST:PORT, for invitations"),
    setting!("home.folder", Kind::Path, ".chappe", false, "Its keys and parcels"),
    setting!("home.passphrase_file", Kind::Path, "", false, "File with its passphrase; else it asks"),
    setting!("store.segment", Kind::Octets(4 * KIB, 256 * MIB), "64 MiB", false, "Size of one file of a log"),
    setting!("store.scrub", Kind::Octets(0, 1024 * MIB), "1 MiB", false, "Octets a second read again to find rot; 0: never"),
    setting!("store.sender_quota", Kind::Octets(4 * KIB, TIB), "1 GiB", true, "What one sender may have stored"),
    setting!("store.mailbox_quota", Kind::Octets(4 * KIB, TIB), "4 GiB", true, "What one mailbox may have stored"),
    setting!("store.peer_quota", Kind::Octets(64 * KIB, TIB), "256 MiB", false, "What may wait for one peer, in each of two queues"),
    setting!("store.kind", Kind::OneOf(&["folder", "cluster"]), "folder", false, "Where parcels are kept: its own folder, or a cluster"),
    setting!("cluster.servers", Kind::Servers, "", false, "NATS servers that relays share, nats:// or tls://"),
    setting!("cluster.name", Kind::Word, "chappe", false, "What the names of its streams begin with"),
    setting!("cluster.user", Kind::Word, "", false, "As whom it logs in there"),
    setting!("cluster.password_file", Kind::Path, "", false, "File with the password for that"),
    setting!("cluster.ca_file", Kind::Path, "", false, "File of certificates the servers' must lead to"),
    setting!("cluster.certificate_file", Kind::Path, "", false, "File of the certificate it shows them"),
    setting!("cluster.key_file", Kind::Path, "", false, "File of that certificate's key"),
    setting!("admission.who", Kind::OneOf(&["everybody", "listed"]), "everybody", true, "Who may use it"),
    setting!("admission.keys", Kind::Keys, "", true, "Transport keys that may, as chappe id show shows them"),
    setting!("admission.accounts", Kind::Accounts, "", true, "Accounts whose devices may, each with its most urgent precedence"),
    setting!("admission.revocations", Kind::Path, "", true, "File with revocations of devices, one a line"),
    setting!("admission.invitations", Kind::OneOf(&["yes", "no"]), "yes", true, "Whether its invitations let in who is not listed"),
    setting!("admission.strangers", Kind::OneOf(PRECEDENCES), "FLASH", true, "Most urgent precedence of who shows no certificate"),
    setting!("rates.messages", Kind::Count(0, 1_000_000), "0", true, "Messages a second by one sender, FLASH apart; 0: no limit"),
    setting!("rates.octets", Kind::Octets(0, 1024 * MIB), "0", true, "Their octets a second; 0: no limit"),
    setting!("rates.flash_messages", Kind::Count(0, 1_000_000), "0", true, "FLASH messages a second by one sender; 0: no limit"),
    setting!("rates.flash_octets", Kind::Octets(0, 1024 * MIB), "0", true, "Their octets a second; 0: no limit"),
    setting!("rates.burst", Kind::Count(1, 3600), "10", true, "Seconds' worth that may come at once after a pause"),
    setting!("limits.connections", Kind::Count(1, 65_536), "65536", false, "Connections at a time"),
    setting!("http.address", Kind::Loopback, "off", false, "Where it answers this machine: health, metrics"),
    setting!("otlp.address", Kind::Loopback, "off", false, "Where a collector of this machine takes OTLP over HTTP"),
    setting!("log.form", Kind::OneOf(&["text", "json"]), "text", false, "How a line of the log looks"),
    setting!("log.level", Kind::OneOf(&["error", "warn", "info", "debug"]), "info", true, "What is worth a line"),
];

/// The setting of that name.
pub(crate) fn find(name: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.name == name)
}

/// The name most like one that is unknown.
pub(crate) fn nearest(unknown: &str) -> Option<&'static str> {
    let near = SETTINGS.iter().map(|setting| (distance(unknown, setting.name), setting.name));
    near.min().filter(|(distance, _)| *distance <= 4).map(|(_, name)| name)
}

impl Setting {
    /// The environment variable of this setting.
    pub(crate) fn variable(&self) -> String {
        format!("CHAPPE_RELAY_{}", self.name.replace('.', "_").to_uppercase())
    }

    /// Why a value does not do.
    pub(crate) fn flaw(&self, value: &str) -> Option<String> {
        match self.kind {
            Kind::Path => None,
            Kind::Address => value.parse::<SocketAddr>().err().map(|_| {
                "is no address: say IP:PORT, such as 0.0.0.0:7406 or [::]:7406".to_owned()
            }),
            Kind::Loopback if value == "off" => None,
            Kind::Loopback => match value.parse::<SocketAddr>() {
                Ok(address) if address.ip().is_loopback() => None,
                Ok(_) => Some("must be of this machine alone: 127.0.0.1:PORT".to_owned()),
                Err(_) => Some("is no address: say 127.0.0.1:7408, or off".to_owned()),
            },
            Kind::Octets(least, most) => match octets(value) {
                Some(number) if (least..=most).contains(&number) => None,
                Some(_) => Some(format!("is not between {} and {}", shown(least), shown(most))),
                None => Some("is no size: say 512 KiB, 64 MiB or 2 GiB".to_owned()),
            },
            Kind::Count(least, most) => match value.parse::<u64>() {
                Ok(number) if (least..=most).contains(&number) => None,
                _ => Some(format!("is not a number between {least} and {most}")),
            },
            Kind::OneOf(words) => {
                (!words.contains(&value)).then(|| format!("is none of {}", words.join(", ")))
            }
            Kind::Servers => super::cluster::servers(value).err().map(str::to_owned),
            Kind::Word => {
                let is_fit = |letter: u8| letter.is_ascii_alphanumeric() || b"-_".contains(&letter);
                let why = "may have letters, digits, - and _ only";
                (!value.bytes().all(is_fit)).then(|| why.to_owned())
            }
            Kind::Keys => keys(value).err().map(|failure| failure.to_string()),
            Kind::Accounts => accounts(value).err(),
            Kind::NetworkAddress if value.is_empty() || is_network_address(value) => None,
            Kind::NetworkAddress => {
                Some("is no address: say HOST:PORT, such as relay.example:7406".to_owned())
            }
        }
    }
}

/// Transport keys apart by commas.
pub(crate) fn keys(value: &str) -> Outcome<Vec<chappe_relay::TransportKey>> {
    let keys = value.split(',').map(str::trim).filter(|key| !key.is_empty());
    keys.map(|key| transport_key("admission.keys", key)).collect()
}

/// Accounts apart by commas, each with the most urgent precedence its devices may use.
pub(crate) fn accounts(value: &str) -> Result<BTreeMap<[u8; 32], Precedence>, String> {
    let mut accounts = BTreeMap::new();
    for entry in value.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
        let (account, highest) = entry.split_once('=').unwrap_or((entry, "FLASH"));
        let account = public_key("admission.accounts", account.trim())
            .map_err(|failure| failure.to_string())?;
        let highest = highest.trim();
        if !PRECEDENCES.contains(&highest) {
            return Err(format!("{highest} is none of {}", PRECEDENCES.join(", ")));
        }
        if accounts.insert(account, precedence(highest)).is_some() {
            return Err("names an account twice".to_owned());
        }
    }
    Ok(accounts)
}

/// Host and port as in a URI (RFC 3986 §3.2).
pub(crate) fn is_network_address(value: &str) -> bool {
    let Some((host, port)) = value.rsplit_once(':') else { return false };
    let is_host = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(host) => host.parse::<std::net::Ipv6Addr>().is_ok(),
        None => {
            let is_fit = |letter: u8| letter.is_ascii_alphanumeric() || b"-.".contains(&letter);
            !host.is_empty() && host.bytes().all(is_fit)
        }
    };
    is_host && port.parse::<u16>().is_ok_and(|port| port != 0) && value.len() <= 255
}

/// A precedence; what `flaw` has looked at.
pub(crate) fn precedence(value: &str) -> Precedence {
    value.parse().unwrap_or(Precedence::Routine)
}

/// Octets of a size such as `64 MiB`.
pub(crate) fn octets(value: &str) -> Option<u64> {
    let digits = value.trim_end_matches(|character: char| !character.is_ascii_digit());
    let unit = match value.strip_prefix(digits)?.trim() {
        "" | "B" => 1,
        "KiB" => KIB,
        "MiB" => MIB,
        "GiB" => 1 << 30,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(unit)
}

fn shown(octets: u64) -> String {
    match octets {
        0..KIB => octets.to_string(),
        KIB..MIB => format!("{} KiB", octets >> 10),
        MIB..0x4000_0000 => format!("{} MiB", octets >> 20),
        _ => format!("{} GiB", octets >> 30),
    }
}

/// Letters to change, add or leave out (Levenshtein).
fn distance(left: &str, right: &str) -> usize {
    let mut row: Vec<usize> = (0..=right.chars().count()).collect();
    for (place, one) in left.chars().enumerate() {
        let mut next = vec![place.saturating_add(1)];
        for ((other, above_left), above) in right.chars().zip(&row).zip(row.iter().skip(1)) {
            let before = next.last().copied().unwrap_or(0);
            let replaced = above_left.saturating_add(usize::from(one != other));
            next.push(replaced.min(above.saturating_add(1)).min(before.saturating_add(1)));
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}
