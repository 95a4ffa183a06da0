//! The program `chappe`.

mod clock;
mod device;
mod exit;
mod files;
mod hex;
mod key_file;
mod passphrase;
mod report;

fn main() {}
