//! A message in words: what it says, where, when, of what, and what to be careful about.
//!
//! A line that asks for caution begins with an exclamation mark and comes first; nothing is told by
//! colour. Where a sign ends or there is none, what is so is unknown, never safe.

use super::page::{DOT, Page, columns_of, padded};
use super::when::{self, LocalZone};
use crate::signal::reading::Reading;
use chappe_codec::signal::packed::{Packed, Repeat};
use chappe_codec::signal::{
    Body, Dimension, EncryptionIndicator, Latitude, Longitude, Message, MessageCode, Orientation,
    ReferenceIndicator, RequestObjects, Sign,
};

/// Heading and lines.
pub(super) fn write(reading: &Reading<'_>, zone: &LocalZone, page: &mut Page) {
    let header = Header::of(reading);
    let mut entries = Entries { page, all: Vec::new() };
    entries.header(reading, &header);
    if let Packed::Whole(message) = &reading.content {
        entries.body(message, zone);
    }
    entries.standing(reading, &header);
    let Entries { mut all, .. } = entries;
    all.sort_by_key(|entry| !entry.warns);

    let heading = heading(reading, &header, page);
    page.line(&heading);
    let labels = page.names().iter().filter(|(key, _)| key.starts_with("label "));
    let width = labels.map(|(_, label)| columns_of(label)).max().unwrap_or(0);
    for Entry { warns, label, value } in all {
        let mark = if warns { '!' } else { ' ' };
        let label = page.word("label ", label);
        page.line(&format!("{mark} {}  {value}", padded(label, width)));
    }
}

/// What is known of every message, whether or not its body is at hand.
struct Header {
    code: MessageCode,
    test: bool,
    duress: bool,
    indicator: ReferenceIndicator,
}

impl Header {
    const fn of(reading: &Reading<'_>) -> Self {
        match &reading.content {
            Packed::Whole(message) => Self {
                code: message.body.code(),
                test: message.test,
                duress: message.duress,
                indicator: message.reference_indicator,
            },
            Packed::Repeat(Repeat { code, test, duress, indicator }) => {
                Self { code: *code, test: *test, duress: *duress, indicator: *indicator }
            }
        }
    }
}

/// Notation, and in words: that it is a test, what it does to an earlier message, kind and subject.
fn heading(reading: &Reading<'_>, header: &Header, page: &Page) -> String {
    let mut parts = Vec::new();
    if header.test {
        parts.push(page.word("message ", "T").to_owned());
    }
    if header.indicator != ReferenceIndicator::ORIGINAL {
        parts.push(coded(page, "reference ", &header.indicator.to_string()));
    }
    let kind = header.code.to_string();
    parts.push(coded(page, "message ", &kind));
    if let Packed::Whole(message) = &reading.content
        && let Some(sign) = message.body.sign()
    {
        parts.push(coded(page, &kind, &sign.subject.to_string()));
    }
    format!("{}  {}", page.code(&reading.notation()), parts.join(" — "))
}

/// The name of a code, or the code and that the standard has none.
fn coded(page: &Page, kind: &str, code: &str) -> String {
    page.names().get(kind, code).map_or_else(
        || format!("{} ({})", page.word("word ", "undefined"), page.code(code)),
        str::to_owned,
    )
}

/// A line of the summary.
struct Entry {
    /// It asks for caution.
    warns: bool,
    /// The key of the label.
    label: &'static str,
    value: String,
}

struct Entries<'p> {
    page: &'p Page,
    all: Vec<Entry>,
}

impl Entries<'_> {
    fn say(&mut self, label: &'static str, value: String) {
        self.add(false, label, value);
    }

    fn warn(&mut self, label: &'static str, value: String) {
        self.add(true, label, value);
    }

    fn add(&mut self, warns: bool, label: &'static str, value: String) {
        self.all.push(Entry { warns, label, value });
    }

    fn has(&self, label: &str) -> bool {
        self.all.iter().any(|entry| entry.label == label)
    }

    fn word(&self, code: &str) -> String {
        self.page.word("word ", code).to_owned()
    }

    fn coded(&self, kind: &str, code: &str) -> String {
        coded(self.page, kind, code)
    }

    /// What asks for caution whatever the message says.
    fn header(&mut self, reading: &Reading<'_>, header: &Header) {
        if header.test {
            self.warn("test", self.word("test"));
        }
        if header.duress {
            let duress = format!("{} — {}", self.coded("duress ", "1"), self.word("duress"));
            self.warn("duress", duress);
        }
        let violations = reading.violations().unwrap_or_default();
        if !violations.is_empty() {
            self.warn("caution", self.word("breaks"));
        }
        for one in violations {
            let rule = self.page.code(&format!("{} {}", one.rule, one.field));
            self.warn("breaks", format!("{rule} — {}", self.page.names().rule(one.message)));
        }
        let ended = [ReferenceIndicator::RECALL, ReferenceIndicator::DISCONTINUE];
        let is_ended = ended.contains(&header.indicator);
        if is_ended || reading.is_reference_unknown() {
            self.warn("refers", self.reference(reading, header));
        }
        if is_ended {
            self.warn("now", self.word("unknown"));
        }
    }

    /// What the message says.
    fn body(&mut self, message: &Message<'_>, zone: &LocalZone) {
        match &message.body {
            Body::Authentication { method, data } => {
                self.say("method", self.coded("method A", &format!("{:X}", method.to_u8())));
                self.say("data", self.page.foreign(&data.to_string()));
            }
            Body::CryptographicSupport { data_type, data } => {
                self.say("method", self.coded("data ", &format!("{:02X}", data_type.0)));
                self.say("data", self.page.fill("unit ", "octet", &[&data.len().to_string()]));
            }
            Body::Resource { method, data } => {
                self.say("method", self.coded("method R", &format!("{:X}", method.to_u8())));
                self.say("data", self.page.foreign(&data.to_string()));
            }
            Body::FreeText { text } => self.say("text", self.page.foreign(&text.to_string())),
            Body::RequestSignal(sign, objects) => {
                self.sign(message, sign, zone);
                self.request_objects(objects);
            }
            Body::ProtectiveSign(sign)
            | Body::EmergencySignal(sign)
            | Body::StatusSignal(sign)
            | Body::DangerSign(sign)
            | Body::InfrastructureSign(sign)
            | Body::MissionSignal(sign) => self.sign(message, sign, zone),
        }
    }

    fn sign(&mut self, message: &Message<'_>, sign: &Sign, zone: &LocalZone) {
        self.say("where", self.location(sign.latitude, sign.longitude));
        self.say("from", when::from(sign.date_time, zone, self.page));
        self.say("until", when::until(sign.date_time, sign.duration, zone, self.page));
        let code = message.body.code();
        if !self.has("now") {
            self.say("after", self.word("unknown"));
        }
        if matches!(code, MessageCode::ProtectiveSign | MessageCode::DangerSign) {
            self.say("elsewhere", self.word("no sign"));
        }
        self.say("affected", self.page.word("affected ", &code.to_string()).to_owned());
        self.say("object", self.coded("object ", &sign.object_type.to_string()));
        self.say("size", self.size(sign));
        self.say("orientation", self.orientation(sign.orientation));
    }

    fn location(&self, latitude: Latitude, longitude: Longitude) -> String {
        if (latitude, longitude) == (Latitude::OMITTED, Longitude::OMITTED) {
            return self.word("not given");
        }
        let degrees = |text: &str, positive, negative| {
            let point = if text.starts_with('-') { negative } else { positive };
            let digits = text.trim_start_matches(['+', '-']).trim_start_matches('0');
            let zero = if digits.starts_with('.') { "0" } else { "" };
            let degrees = self.page.code(&format!("{zero}{digits}°"));
            format!("{degrees} {}", self.page.word("compass ", point))
        };
        let latitude = degrees(&latitude.to_string(), "N", "S");
        let longitude = degrees(&longitude.to_string(), "E", "W");
        format!("{latitude}{DOT}{longitude}")
    }

    /// What the two dimensions are depends on the shape (4.3.1.7).
    fn size(&self, sign: &Sign) -> String {
        let (first, second) = match sign.object_type.0 {
            0x21 | 0x31 => ("radius", "second"),
            0x22 | 0x32 => ("side", "other side"),
            0x23 | 0x33 => ("height", "base"),
            _ => ("first", "second"),
        };
        let mut parts = Vec::new();
        for (dimension, role) in [(sign.size_1, first), (sign.size_2, second)] {
            if dimension != Dimension::OMITTED {
                let metres = self.page.fill("unit ", "metre", &[&dimension.value().to_string()]);
                parts.push(self.page.word("size ", role).replace("{}", &metres));
            }
        }
        if parts.is_empty() {
            return self.word("not given");
        }
        let is_people = matches!(sign.object_type.0, 0x10..=0x1F);
        if is_people {
            parts.push(self.page.word("size ", "people").to_owned());
        }
        parts.join(DOT)
    }

    fn orientation(&self, orientation: Orientation) -> String {
        const POINTS: [&str; 8] = ["N", "NE", "E", "SE", "S", "SW", "W", "NW"];
        if orientation == Orientation::OMITTED {
            return self.word("not given");
        }
        let degrees = orientation.value();
        if degrees > 359 {
            return format!("{} — {}", self.page.code(&degrees.to_string()), self.word("invalid"));
        }
        // Each point has 45 degrees, half of them on either side.
        let point = degrees.saturating_mul(2).saturating_add(45) / 90 % 8;
        let point = usize::try_from(point).ok().and_then(|point| POINTS.get(point));
        let point = self.page.word("compass ", point.unwrap_or(&"N"));
        let from_north = self.page.fill("word ", "from north", &[&format!("{degrees}°")]);
        format!("{from_north}{DOT}{point}")
    }

    fn request_objects(&mut self, objects: &RequestObjects) {
        for object in objects.iter() {
            let name = self.coded("object ", &object.object_type.to_string());
            let quantity = match object.quantity.value() {
                0 => self.word("number unknown"),
                quantity => self.page.code(&format!("× {quantity}")),
            };
            self.say("asked", format!("{name}{DOT}{quantity}"));
        }
    }

    fn reference(&self, reading: &Reading<'_>, header: &Header) -> String {
        let mut parts = vec![self.coded("refers ", &header.indicator.to_string())];
        if header.indicator != ReferenceIndicator::ORIGINAL {
            parts.push(self.page.code(&reading.identifier()));
            if reading.is_reference_unknown() {
                parts.push(self.word("reference unknown"));
            }
        }
        parts.join(" — ")
    }

    /// Where the message stands: towards earlier ones, the rules, and whoever sent it.
    fn standing(&mut self, reading: &Reading<'_>, header: &Header) {
        if !self.has("refers") {
            self.say("refers", self.reference(reading, header));
        }
        if let Packed::Whole(message) = &reading.content
            && message.encryption != EncryptionIndicator::NONE
        {
            self.say("encryption", self.coded("encryption ", &message.encryption.to_string()));
        }
        if !header.test {
            self.say("test", self.word("no test"));
        }
        if !header.duress {
            self.say("duress", self.coded("duress ", "0"));
        }
        if !self.has("caution") && reading.violations().is_some() {
            self.say("rules", self.word("keeps"));
        }
        // Only an envelope tells who sent it.
        self.say("sender", self.word("unchecked"));
    }
}
