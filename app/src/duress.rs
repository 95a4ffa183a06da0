//! What goes out of a device under duress, and what must not go out of any by mistake
//! (spec/13-storage.md, "Duress").

use crate::device::Device;
use crate::device::sent::Audience;
use crate::exit::{Exit, Failure, Outcome};
use crate::signal::Draft;

/// The item that is sent of a signal.
///
/// Whether the device is under duress changes nothing but the octets that are returned: a refusal must
/// be the same, or it tells the one who stands beside.
pub(crate) fn outgoing(
    device: &Device,
    audience: &Audience,
    draft: Draft,
    forced: bool,
) -> Outcome<Vec<u8>> {
    match audience {
        Audience::Open if draft.says_duress && !forced => {
            let message = "everyone would read that you are under duress";
            Err(Failure::new(Exit::Usage, "open_duress", message)
                .advise("seal it to someone, or insist with --duress-in-the-open"))
        }
        Audience::Contact { .. } if device.is_under_duress() => Ok(draft.under_duress),
        Audience::Open | Audience::Contact { .. } => Ok(draft.written),
    }
}
