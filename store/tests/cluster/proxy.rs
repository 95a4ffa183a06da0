//! A TCP proxy in front of a node: it can be cut, and it can withhold what a consumer is given.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

pub struct Proxy {
    pub port: u16,
    open: Arc<AtomicBool>,
    withholds: Arc<AtomicBool>,
    pipes: Arc<Mutex<Vec<TcpStream>>>,
}

impl Proxy {
    pub fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy = Self {
            port: listener.local_addr().unwrap().port(),
            open: Arc::new(AtomicBool::new(true)),
            withholds: Arc::default(),
            pipes: Arc::default(),
        };
        let (is_open, withholds) = (proxy.open.clone(), proxy.withholds.clone());
        let all = proxy.pipes.clone();
        thread::spawn(move || {
            for client in listener.incoming() {
                let Ok(client) = client else { return };
                // Held until it is noted: one that is taken while the way is cut would stay.
                let mut noted = all.lock().unwrap();
                if !is_open.load(Ordering::SeqCst) {
                    continue;
                }
                let Ok(server) = TcpStream::connect(("127.0.0.1", port)) else { continue };
                noted.extend([client.try_clone().unwrap(), server.try_clone().unwrap()]);
                drop(noted);
                let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
                thread::spawn(move || {
                    std::io::copy(&mut from, &mut to).unwrap_or_default();
                    to.shutdown(Shutdown::Both).unwrap_or_default();
                });
                let withholds = withholds.clone();
                thread::spawn(move || {
                    pass_on(&server, &client, &withholds).unwrap_or_default();
                    client.shutdown(Shutdown::Both).unwrap_or_default();
                });
            }
        });
        proxy
    }

    /// Ends all connections and takes no new ones.
    pub fn cut(&self) {
        let mut noted = self.pipes.lock().unwrap();
        self.open.store(false, Ordering::SeqCst);
        for pipe in noted.drain(..) {
            pipe.shutdown(Shutdown::Both).unwrap_or_default();
        }
    }

    pub fn mend(&self) {
        self.open.store(true, Ordering::SeqCst);
    }

    /// From now on, or no longer, what consumers are given is lost on the way; all else passes, heartbeats too.
    pub fn withhold(&self, withholds: bool) {
        self.withholds.store(withholds, Ordering::SeqCst);
    }
}

/// What a server says, line by line: a message has its octets behind its line, and how many they are at the line's
/// end (NATS client protocol, "MSG", "HMSG"). One that a consumer gives has its acknowledgement's subject in it.
fn pass_on(
    server: &TcpStream,
    mut client: &TcpStream,
    withholds: &AtomicBool,
) -> std::io::Result<()> {
    let mut server = BufReader::new(server);
    loop {
        let mut said = Vec::new();
        if server.read_until(b'\n', &mut said)? == 0 {
            return Ok(());
        }
        let line = String::from_utf8_lossy(&said).into_owned();
        let is_message = line.starts_with("MSG ") || line.starts_with("HMSG ");
        if is_message {
            let octets: u64 = line.split_whitespace().last().unwrap().parse().unwrap();
            server.by_ref().take(octets + 2).read_to_end(&mut said)?;
        }
        let is_given = is_message && line.contains(" $JS.ACK.");
        if !(is_given && withholds.load(Ordering::SeqCst)) {
            client.write_all(&said)?;
        }
    }
}
