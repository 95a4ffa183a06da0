//! A store on a real server that asks for TLS and a login: who shows what is asked for gets in, and to who
//! does not it is said at once what is wrong.

#![cfg(feature = "jetstream")]
// A test may stop at the first surprise.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    missing_docs,
    dead_code,
    unreachable_pub
)]

mod cluster;

use chappe_store::{ClusterRefusal, JetStreamOptions, JetStreamStore, StoreError};
use cluster::relay::Relay;
use cluster::{SERVER, free_ports, is_there};
use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const PASSWORD: &str = "not a secret: of this test alone";

#[test]
fn with_the_right_password_what_is_appended_is_known() {
    let Some(server) = Server::start(Asks::Password) else { return };
    let mut relay = Relay::open("one", server.options(PASSWORD));
    relay.append(10);
    relay.until("answered", |relay| relay.owed.is_empty());
    assert_eq!(relay.known.len(), 10);
}

#[test]
fn a_wrong_password_is_said_at_once() {
    let Some(server) = Server::start(Asks::Password) else { return };
    assert_eq!(refused(server.options("another")), ClusterRefusal::Login);
}

#[test]
fn a_login_that_is_missing_is_said_at_once() {
    let Some(server) = Server::start(Asks::Password) else { return };
    let options = JetStreamOptions { login: None, ..server.options(PASSWORD) };
    assert_eq!(refused(options), ClusterRefusal::Login);
}

#[test]
fn a_server_of_another_authority_is_told_nothing() {
    let Some(server) = Server::start(Asks::Password) else { return };
    let ca = Some(server.file("other-ca.pem"));
    let options = JetStreamOptions { root_certificates: ca, ..server.options(PASSWORD) };
    let refusal = refused(options);
    assert!(matches!(refusal, ClusterRefusal::UntrustedServer { .. }), "{refusal:?}");
    assert!(!server.log().contains("authentication"), "{}", server.log());
}

#[test]
fn a_server_under_another_name_is_not_trusted() {
    let Some(server) = Server::start_as("elsewhere", Asks::Password) else { return };
    let options = server.options(PASSWORD);
    let refusal = refused(options);
    assert!(matches!(refusal, ClusterRefusal::UntrustedServer { .. }), "{refusal:?}");
}

#[test]
fn with_a_certificate_that_the_server_knows_it_is_let_in() {
    let Some(server) = Server::start(Asks::Certificate) else { return };
    let mut relay = Relay::open("one", server.options_with_certificate("relay"));
    relay.append(1);
    relay.until("answered", |relay| relay.owed.is_empty());
    assert_eq!(relay.known.len(), 1);
}

#[test]
fn a_certificate_that_is_missing_or_of_another_authority_is_said_at_once() {
    let Some(server) = Server::start(Asks::Certificate) else { return };
    let none = JetStreamOptions { client_certificate: None, ..server.options(PASSWORD) };
    for options in [none, server.options_with_certificate("stranger")] {
        let refusal = refused(options);
        assert!(matches!(refusal, ClusterRefusal::ClientCertificate { .. }), "{refusal:?}");
    }
}

#[test]
fn a_file_that_holds_no_key_is_said_at_once() {
    let Some(server) = Server::start(Asks::Certificate) else { return };
    let mut options = server.options_with_certificate("relay");
    options.client_certificate = Some((server.file("relay.pem"), server.file("relay.pem")));
    let refusal = refused(options);
    assert!(matches!(refusal, ClusterRefusal::File { .. }), "{refusal:?}");
}

#[test]
fn a_server_that_is_away_is_no_refusal() {
    if !is_there() {
        return;
    }
    let servers = vec![format!("nats://127.0.0.1:{}", free_ports(1)[0])];
    let mut options = JetStreamOptions::new(servers, "rest");
    options.open_timeout = Duration::from_millis(200);
    let StoreError::Io { source, .. } = error_of(options) else { panic!() };
    assert!(!source.get_ref().unwrap().is::<ClusterRefusal>(), "{source}");
}

/// Why it is refused; not after the half minute in which a server may come back.
fn refused(options: JetStreamOptions) -> ClusterRefusal {
    let began = Instant::now();
    let error = error_of(options);
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}: {error}", began.elapsed());
    let text = error.to_string();
    assert!(text.starts_with("cannot connect to the cluster: "), "{text}");
    assert!(!text.contains(PASSWORD), "{text}");
    let StoreError::Io { source, .. } = error else { panic!("{error:?}") };
    source.get_ref().unwrap().downcast_ref::<ClusterRefusal>().expect(&text).clone()
}

fn error_of(options: JetStreamOptions) -> StoreError {
    JetStreamStore::open(options, Box::new(drop)).map(drop).unwrap_err()
}

#[derive(Clone, Copy, PartialEq)]
enum Asks {
    Password,
    Certificate,
}

/// One nats-server with TLS, with authorities and certificates made for it alone.
struct Server {
    folder: tempfile::TempDir,
    port: u16,
    process: Child,
}

impl Server {
    fn start(asks: Asks) -> Option<Self> {
        Self::start_as("server", asks)
    }

    /// With this certificate.
    fn start_as(name: &str, asks: Asks) -> Option<Self> {
        if !is_there() {
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for ca in ["ca", "other-ca"] {
            authority(folder.path(), ca);
        }
        certificate(folder.path(), "server", "ca", "IP:127.0.0.1");
        certificate(folder.path(), "elsewhere", "ca", "IP:127.0.0.2");
        certificate(folder.path(), "relay", "ca", "DNS:relay.test");
        certificate(folder.path(), "stranger", "other-ca", "DNS:relay.test");
        let login = match asks {
            Asks::Password => {
                format!("authorization {{ user: relay, password: \"{PASSWORD}\" }}\n")
            }
            Asks::Certificate => String::new(),
        };
        let port = free_ports(1)[0];
        let text = format!(
            "listen: \"127.0.0.1:{port}\"\nmax_payload: 8MB\n{login}\
             tls {{ cert_file: {:?}, key_file: {:?}, ca_file: {:?}, verify: {} }}\n\
             jetstream {{ store_dir: {:?} }}\n",
            path(&format!("{name}.pem")),
            path(&format!("{name}.key")),
            path("ca.pem"),
            asks == Asks::Certificate,
            path("store"),
        );
        fs::write(path("server.conf"), text).unwrap();
        let log = fs::File::create(path("server.log")).unwrap();
        let process = Command::new(SERVER)
            .arg("-c")
            .arg(path("server.conf"))
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let server = Self { folder, port, process };
        let end = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < end, "it does not start: {}", server.log());
            std::thread::sleep(Duration::from_millis(10));
        }
        Some(server)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn log(&self) -> String {
        fs::read_to_string(self.file("server.log")).unwrap()
    }

    fn options(&self, password: &str) -> JetStreamOptions {
        // With the end of a line, as an editor leaves it.
        fs::write(self.file("password"), format!("{password}\n")).unwrap();
        JetStreamOptions {
            replicas: 1,
            login: Some(("relay".to_owned(), self.file("password"))),
            root_certificates: Some(self.file("ca.pem")),
            ..JetStreamOptions::new(vec![format!("tls://127.0.0.1:{}", self.port)], "rest")
        }
    }

    fn options_with_certificate(&self, name: &str) -> JetStreamOptions {
        let pair = (self.file(&format!("{name}.pem")), self.file(&format!("{name}.key")));
        JetStreamOptions { login: None, client_certificate: Some(pair), ..self.options(PASSWORD) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

fn authority(folder: &Path, name: &str) {
    signed(folder, name, &["-addext", "keyUsage=critical,keyCertSign,cRLSign"]);
}

fn certificate(folder: &Path, name: &str, ca: &str, names: &str) {
    let (ca, ca_key) = (format!("{ca}.pem"), format!("{ca}.key"));
    let names = format!("subjectAltName={names}");
    let (constraints, usage) =
        ("basicConstraints=critical,CA:FALSE", "extendedKeyUsage=serverAuth,clientAuth");
    let signer = ["-CA", &ca, "-CAkey", &ca_key];
    let says = ["-addext", &names, "-addext", constraints, "-addext", usage];
    signed(folder, name, &[&signer[..], &says].concat());
}

/// A key and a certificate of it for two days, by itself unless `more` names a signer.
fn signed(folder: &Path, name: &str, more: &[&str]) {
    let curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
    let (subject, key, out) = (format!("/CN={name}"), format!("{name}.key"), format!("{name}.pem"));
    let files = ["-days", "2", "-subj", &subject, "-keyout", &key, "-out", &out];
    openssl(folder, &[&["req", "-x509"][..], &curve, &files, more].concat());
}

fn openssl(folder: &Path, arguments: &[&str]) {
    let done = Command::new("openssl").current_dir(folder).args(arguments).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}
