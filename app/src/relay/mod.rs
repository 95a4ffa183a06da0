//! The relay as its operator meets it: configuration, what it counts, how it answers on this machine.

pub(crate) mod admission;
pub(crate) mod cluster;
pub(crate) mod config;
pub(crate) mod health;
pub(crate) mod http;
pub(crate) mod measured;
pub(crate) mod metrics;
pub(crate) mod otlp;
pub(crate) mod peers;
pub(crate) mod rates;
pub(crate) mod setting;
