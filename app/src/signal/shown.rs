//! Signals in JSON of either shape, where something may be missing.

use super::json::{self, HEADER};
use super::reading::Reading;
use chappe_codec::signal::packed::item::Referenced;
use chappe_codec::signal::packed::{Packed, Repeat};
use chappe_codec::signal::{Field, MessageCode, layout};
use serde_json::{Map, Value, json};

/// The message; what a packed signal may lack is named: a `reference_prefix` in the place of
/// ReferencedMessage, a `repeat` in the place of a body that is not at hand.
pub(crate) fn to_json(reading: &Reading<'_>, is_flat: bool) -> Value {
    let mut value = match &reading.content {
        Packed::Repeat(repeat) => json!({"repeat": repeated(repeat, reading.referenced)}),
        Packed::Whole(message) if is_flat => json::flat(message),
        Packed::Whole(message) => json::nested(message),
    };
    if let (Referenced::Prefix(prefix), Value::Object(root)) = (reading.referenced, &mut value) {
        let name = layout::REFERENCED_MESSAGE.name;
        root.remove(name);
        if let Some(Value::Object(header)) = root.get_mut(HEADER) {
            header.remove(name);
        }
        root.insert("reference_prefix".into(), crate::hex::encode(&prefix).into());
    }
    value
}

/// The fields a repeat has.
fn repeated(repeat: &Repeat, referenced: Referenced) -> Value {
    let mut fields = Map::new();
    let mut set = |field: &Field, value: String| fields.insert(field.name.into(), value.into());
    let code = repeat.code.to_string();
    set(&layout::DURESS_INDICATOR, u8::from(repeat.duress).to_string());
    if repeat.test {
        set(&layout::MESSAGE_CODE, MessageCode::Test.to_string());
        set(&layout::PSEUDO_MESSAGE_CODE, code);
    } else {
        set(&layout::MESSAGE_CODE, code);
    }
    set(&layout::REFERENCE_INDICATOR, repeat.indicator.to_string());
    if let Referenced::Known(identifier) = referenced {
        set(&layout::REFERENCED_MESSAGE, identifier.to_string());
    }
    Value::Object(fields)
}
