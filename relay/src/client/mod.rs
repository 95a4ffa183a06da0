//! The client.
pub struct RelayClient;
