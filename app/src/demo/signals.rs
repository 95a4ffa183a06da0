//! What is said in the demo, as flat Whiteflag JSON.

use serde_json::{Map, Value};

const ZEROS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// A2(0): the aid organisation shows who it is by a token the parties know.
pub(super) fn authentication(token: &str) -> Value {
    let mut fields = header("A", "0", ZEROS);
    fields.set("VerificationMethod", "2");
    fields.set("VerificationData", token);
    fields.0.into()
}

/// Q20: access to an area for two days, for 12 vehicles, 30 people and 60 units of goods.
pub(super) fn area_access(reference: &str, referenced: Option<&str>) -> Value {
    let mut fields = header("Q", reference, referenced.unwrap_or(ZEROS));
    place(
        &mut fields,
        "20",
        ("2026-11-22T06:00:00Z", "P02D00H00M"),
        "22",
        ["+46.20440", "+006.14320"],
    );
    size(&mut fields, "5000", "2000", "045");
    for (index, (object, quantity)) in [("40", "12"), ("11", "30"), ("80", "60")].iter().enumerate()
    {
        let number = index + 1;
        fields.set(&format!("ObjectType{number}"), object);
        fields.set(&format!("ObjectType{number}Quant"), quantity);
    }
    fields.0.into()
}

/// D21: a mine field, a circle of 200 m.
pub(super) fn mine_field(latitude: &str, longitude: &str) -> Value {
    let mut fields = header("D", "0", ZEROS);
    place(&mut fields, "21", ("2026-11-22T09:10:00Z", "P00D00H00M"), "21", [latitude, longitude]);
    size(&mut fields, "0200", "0000", "000");
    fields.0.into()
}

/// D52: an uprising, in an area not known more closely.
pub(super) fn uprising() -> Value {
    let mut fields = header("D", "0", ZEROS);
    place(
        &mut fields,
        "52",
        ("2026-11-22T09:25:00Z", "P00D12H00M"),
        "20",
        ["+46.23110", "+006.16840"],
    );
    fields.0.into()
}

/// M25(5): food distribution, related to a danger reported nearby.
pub(super) fn food_distribution(danger: &str) -> Value {
    let mut fields = header("M", "5", danger);
    place(
        &mut fields,
        "25",
        ("2026-11-22T11:00:00Z", "P01D06H00M"),
        "20",
        ["+46.24010", "+006.17000"],
    );
    fields.0.into()
}

/// P11(5): a red cross over the site, related to the mission there.
pub(super) fn red_cross(mission: &str) -> Value {
    let mut fields = header("P", "5", mission);
    place(
        &mut fields,
        "11",
        ("2026-11-22T11:00:00Z", "P01D06H00M"),
        "20",
        ["+46.24010", "+006.17000"],
    );
    fields.0.into()
}

/// F: free text.
pub(super) fn text(reference: &str, referenced: Option<&str>, text: &str) -> Value {
    let mut fields = header("F", reference, referenced.unwrap_or(ZEROS));
    fields.set("Text", text);
    fields.0.into()
}

/// The fields of one message, in order.
struct Fields(Map<String, Value>);

impl Fields {
    fn set(&mut self, name: &str, value: &str) {
        self.0.insert(name.to_owned(), value.into());
    }
}

fn header(code: &str, reference: &str, referenced: &str) -> Fields {
    let mut fields = Fields(Map::new());
    for (name, value) in [
        ("Prefix", "WF"),
        ("Version", "1"),
        ("EncryptionIndicator", "0"),
        ("DuressIndicator", "0"),
        ("MessageCode", code),
        ("ReferenceIndicator", reference),
        ("ReferencedMessage", referenced),
    ] {
        fields.set(name, value);
    }
    fields
}

fn place(fields: &mut Fields, subject: &str, when: (&str, &str), object: &str, at: [&str; 2]) {
    let [latitude, longitude] = at;
    for (name, value) in [
        ("SubjectCode", subject),
        ("DateTime", when.0),
        ("Duration", when.1),
        ("ObjectType", object),
        ("ObjectLatitude", latitude),
        ("ObjectLongitude", longitude),
        ("ObjectSizeDim1", "0000"),
        ("ObjectSizeDim2", "0000"),
        ("ObjectOrientation", "999"),
    ] {
        fields.set(name, value);
    }
}

fn size(fields: &mut Fields, first: &str, second: &str, orientation: &str) {
    fields.set("ObjectSizeDim1", first);
    fields.set("ObjectSizeDim2", second);
    fields.set("ObjectOrientation", orientation);
}
