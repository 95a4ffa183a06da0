//! The relay as a program: sockets, disk and clock around the [`node`](crate::node).
pub struct RelayServer;
