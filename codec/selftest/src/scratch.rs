//! Where messages are written to. The caller owns it, so that a microcontroller can keep it out of
//! its stack.

use chappe_codec::limits::SIGNAL_OCTETS_MAX;
use chappe_codec::signal::{EncodeError, Message};
use core::fmt::{self, Write};

/// Characters of the longest text form: two hexadecimal digits an octet, and the literals that the
/// wire leaves out.
const TEXT_MAX: usize = 2 * SIGNAL_OCTETS_MAX;

/// Room for one message in each form.
#[derive(Debug)]
pub struct Scratch {
    pub(crate) octets: [u8; SIGNAL_OCTETS_MAX],
    pub(crate) text: TextBuffer,
}

impl Scratch {
    /// Empty.
    #[must_use]
    pub const fn new() -> Self {
        Self { octets: [0; _], text: TextBuffer { octets: [0; _], length: 0 } }
    }
}

impl Default for Scratch {
    fn default() -> Self {
        Self::new()
    }
}

/// A message on the standard wire.
pub(crate) fn standard<'b>(
    message: &Message<'_>,
    buffer: &'b mut [u8],
) -> Result<&'b [u8], EncodeError> {
    let length = message.to_standard(buffer)?;
    Ok(buffer.get(..length).unwrap_or_default())
}

/// A text that begins anew with [`TextBuffer::empty`].
#[derive(Debug)]
pub(crate) struct TextBuffer {
    octets: [u8; TEXT_MAX],
    length: usize,
}

impl TextBuffer {
    /// Without the text written before.
    pub(crate) fn empty(&mut self) -> &mut Self {
        self.length = 0;
        self
    }

    pub(crate) fn as_str(&self) -> &str {
        let written = self.octets.get(..self.length).unwrap_or_default();
        // Only whole strings are written.
        core::str::from_utf8(written).unwrap_or_default()
    }
}

impl Write for TextBuffer {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.length.checked_add(text.len()).ok_or(fmt::Error)?;
        let room = self.octets.get_mut(self.length..end).ok_or(fmt::Error)?;
        #[expect(clippy::disallowed_methods, reason = "cut to the same length one line up")]
        room.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}
