//! The log and the relay's undertakings for a collector of OpenTelemetry's on this machine, which may send them
//! on (OTLP over HTTP, protobuf). Needs a program built with the feature `otlp`.
//!
//! What goes there is what the log says, and no more: neither a client nor a key, an address or a parcel.

#[cfg(feature = "otlp")]
mod collector;
#[cfg(feature = "otlp")]
mod export;

#[cfg(feature = "otlp")]
pub(crate) use export::{Export, layer, start};

use super::config::Config;
use crate::exit::{Exit, Failure, Outcome};

/// Whether this program can do what is asked.
pub(crate) fn look(config: &Config) -> Outcome<()> {
    if config.address("otlp.address").is_some() && cfg!(not(feature = "otlp")) {
        let message = "otlp.address needs a program built with the feature otlp";
        return Err(Failure::new(Exit::Failure, "otlp", message.to_owned()));
    }
    Ok(())
}

#[cfg(not(feature = "otlp"))]
mod absent {
    use super::Config;
    use crate::exit::Outcome;
    use tracing_subscriber::layer::Identity;

    /// Nothing is exported.
    #[derive(Debug)]
    pub(crate) enum Export {}

    impl Export {
        /// There is none.
        pub(crate) fn end(self) {
            match self {}
        }
    }

    /// Never one, as [`super::look`] made sure.
    pub(crate) fn start(_: &Config) -> Outcome<Option<Export>> {
        Ok(None)
    }

    /// Nothing.
    pub(crate) fn layer(export: Option<&Export>) -> Option<Identity> {
        export.map(|_| Identity::new())
    }
}

#[cfg(not(feature = "otlp"))]
pub(crate) use absent::{Export, layer, start};
