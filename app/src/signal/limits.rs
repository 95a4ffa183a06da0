//! Every maximum of the signal commands.

/// Octets of one line: the longest text a signal holds, every character escaped, fits twice.
pub(crate) const LINE_OCTETS_MAX: usize = 32 * 1024;

/// Levels of a JSON message. The deepest there is, a test of a request, has five.
pub(crate) const JSON_LEVELS_MAX: usize = 8;

/// Keys of one JSON object. The largest message has 33 fields.
pub(crate) const JSON_KEYS_MAX: usize = 64;
