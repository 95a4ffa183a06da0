//! A relay in a process of its own, to be killed: another test of the same program, run by itself.

use chappe_relay::RelayServer;
use std::ffi::OsStr;
use std::net::SocketAddr;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// Starts the test of that name, which ends in [`serve`], with these variables set; where it listens.
pub(crate) async fn start(test: &str, variables: &[(&str, &OsStr)]) -> (Child, SocketAddr) {
    let mut child = command(&[], test, variables).spawn().unwrap();
    let mut lines = lines_of(&mut child);
    let address = said(&mut lines, "listening ").await;
    (child, address.parse().unwrap())
}

/// The test of that name as a process, run through programs that decide where and how it runs.
pub(crate) fn command(through: &[&str], test: &str, variables: &[(&str, &OsStr)]) -> Command {
    let program = std::env::current_exe().unwrap();
    let mut command = match through {
        [] => Command::new(program),
        [first, others @ ..] => {
            let mut led = Command::new(first);
            led.args(others).arg(program);
            led
        }
    };
    command
        .args([test, "--exact", "--ignored", "--nocapture"])
        .envs(variables.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true);
    command
}

pub(crate) type Said = Lines<BufReader<ChildStdout>>;

pub(crate) fn lines_of(child: &mut Child) -> Said {
    BufReader::new(child.stdout.take().unwrap()).lines()
}

/// What follows these words in the next line that begins with them.
pub(crate) async fn said(lines: &mut Said, words: &str) -> String {
    while let Some(line) = lines.next_line().await.unwrap() {
        if let Some(rest) = line.strip_prefix(words) {
            return rest.to_owned();
        }
    }
    panic!("the process ended and did not say: {words}");
}

/// Says where the relay listens, and serves until the process is killed.
pub(crate) async fn serve(server: RelayServer) {
    println!("\nlistening {}", server.local_addr().unwrap());
    server.run(std::future::pending()).await;
}
