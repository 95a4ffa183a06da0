//! A relay in a process of its own, to be killed: another test of the same program, run by itself.

use chappe_relay::RelayServer;
use std::ffi::OsStr;
use std::net::SocketAddr;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// Starts the test of that name, which ends in [`serve`], with these variables set; where it listens.
pub(crate) async fn start(test: &str, variables: &[(&str, &OsStr)]) -> (Child, SocketAddr) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([test, "--exact", "--ignored", "--nocapture"])
        .envs(variables.iter().copied())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    while let Some(line) = lines.next_line().await.unwrap() {
        if let Some(address) = line.strip_prefix("listening ") {
            return (child, address.parse().unwrap());
        }
    }
    panic!("the relay did not start");
}

/// Says where the relay listens, and serves until the process is killed.
pub(crate) async fn serve(server: RelayServer) {
    println!("\nlistening {}", server.local_addr().unwrap());
    server.run(std::future::pending()).await;
}
