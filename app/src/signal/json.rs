//! Messages in JSON, both shapes (spec/01-signal.md, "JSON form").

use super::flaw::Flaw;
use super::limits::{JSON_KEYS_MAX, JSON_LEVELS_MAX};
use chappe_codec::error::ErrorKind;
use chappe_codec::signal::{Message, layout};
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value, json};
use std::cell::RefCell;
use std::fmt;

pub(super) const HEADER: &str = "MessageHeader";
const BODY: &str = "MessageBody";
const META: &str = "MetaHeader";
const REQUEST_OBJECTS: &str = "requestObjects";
const PSEUDO_BODY: &str = "PseudoMessageBody";

/// Names and text values of a message's fields.
pub(crate) type Pairs = Vec<(String, String)>;

/// Reads a message of either shape down to its pairs.
pub(crate) fn read(text: &str) -> Result<Pairs, Flaw> {
    let Json::Object(root) = parse(text)? else {
        return Err(not("an object", "message"));
    };
    let nested = root.iter().any(|(key, _)| key == HEADER || key == BODY);
    let mut pairs = Pairs::new();
    if nested {
        read_nested(root, &mut pairs)?
    } else {
        read_fields(root, &mut pairs, |_| true)?
    }
    match pairs.iter().find(|(name, _)| layout::named(name).is_none()) {
        Some((name, _)) => Err(Flaw::of_field(ErrorKind::Unexpected, name)),
        None => Ok(pairs),
    }
}

/// `MessageHeader` and `MessageBody`, the shape of the standard's schema.
fn read_nested(root: Object, pairs: &mut Pairs) -> Result<(), Flaw> {
    let is_header = |name: &str| layout::HEADER.iter().any(|field| field.name == name);
    let (mut header, mut body) = (None, None);
    for (key, value) in root {
        match key.as_str() {
            HEADER => header = Some(object(value, HEADER)?),
            BODY => body = Some(object(value, BODY)?),
            META => {}
            other => return Err(Flaw::of_field(ErrorKind::Unexpected, other)),
        }
    }
    let missing = |key| Flaw::of_field(ErrorKind::Missing, key);
    read_fields(header.ok_or_else(|| missing(HEADER))?, pairs, is_header)?;
    let body = body.ok_or_else(|| missing(BODY))?;
    let code = pairs.iter().find(|(name, _)| name == layout::MESSAGE_CODE.name);
    if code.is_none_or(|(_, code)| code != "T") {
        return read_body(body, pairs);
    }
    let (mut pseudo_body, mut others) = (None, Object::new());
    for (key, value) in body {
        if key == PSEUDO_BODY {
            pseudo_body = Some(object(value, PSEUDO_BODY)?);
        } else {
            others.push((key, value));
        }
    }
    read_fields(others, pairs, |name| name == layout::PSEUDO_MESSAGE_CODE.name)?;
    read_body(pseudo_body.ok_or_else(|| missing(PSEUDO_BODY))?, pairs)
}

/// A body of fields and, in a request, `requestObjects`.
fn read_body(body: Object, pairs: &mut Pairs) -> Result<(), Flaw> {
    let mut others = Object::new();
    for (key, value) in body {
        if key != REQUEST_OBJECTS {
            others.push((key, value));
            continue;
        }
        let Json::List(objects) = value else { return Err(not("an array", REQUEST_OBJECTS)) };
        for (number, value) in (1_usize..).zip(objects) {
            let mut fields = Pairs::new();
            let names = ["ObjectType", "ObjectTypeQuant"];
            read_fields(object(value, REQUEST_OBJECTS)?, &mut fields, |name| {
                names.contains(&name)
            })?;
            pairs.extend(fields.into_iter().map(|(name, value)| {
                let suffix = name.strip_prefix("ObjectType").unwrap_or_default();
                (format!("ObjectType{number}{suffix}"), value)
            }));
        }
    }
    // What belongs to the header or to `requestObjects` has no place beside them.
    let belongs = |name: &str| {
        let in_header = layout::HEADER.iter().any(|field| field.name == name);
        let numbered = name.len() > 10 && name.starts_with("ObjectType");
        let of_a_test = [layout::PSEUDO_MESSAGE_CODE.name, PSEUDO_BODY].contains(&name);
        !in_header && !numbered && !of_a_test
    };
    read_fields(others, pairs, belongs)
}

/// Fields whose values are strings and whose names belong here.
fn read_fields(
    fields: Object,
    pairs: &mut Pairs,
    belongs: impl Fn(&str) -> bool,
) -> Result<(), Flaw> {
    for (name, value) in fields {
        if !belongs(&name) {
            return Err(Flaw::of_field(ErrorKind::Unexpected, &name));
        }
        let Json::Text(value) = value else { return Err(not("a string", &name)) };
        pairs.push((name, value));
    }
    Ok(())
}

fn object(value: Json, key: &str) -> Result<Object, Flaw> {
    match value {
        Json::Object(object) => Ok(object),
        Json::Text(_) | Json::List(_) => Err(not("an object", key)),
    }
}

fn not(what: &str, field: &str) -> Flaw {
    Flaw { message: format!("not {what}"), ..Flaw::of_field(ErrorKind::BadLiteral, field) }
}

/// The message as one object of all fields.
pub(super) fn flat(message: &Message<'_>) -> Value {
    let mut all = Map::new();
    message.visit(|view| {
        all.insert(view.field.name.into(), view.value.to_string().into());
    });
    Value::Object(all)
}

/// The message in the shape of the standard's schema.
pub(super) fn nested(message: &Message<'_>) -> Value {
    let (mut header, mut body, mut pseudo_code) = (Map::new(), Map::new(), None);
    let (mut object_types, mut quantities) = (Vec::new(), Vec::new());
    message.visit(|view| {
        let value = Value::from(view.value.to_string());
        if layout::HEADER.contains(view.field) {
            header.insert(view.field.name.into(), value);
        } else if *view.field == layout::PSEUDO_MESSAGE_CODE {
            pseudo_code = Some(value);
        } else if layout::REQUEST_OBJECTS.iter().any(|(object_type, _)| object_type == view.field) {
            object_types.push(value);
        } else if layout::REQUEST_OBJECTS.iter().any(|(_, quantity)| quantity == view.field) {
            quantities.push(value);
        } else {
            body.insert(view.field.name.into(), value);
        }
    });
    if !object_types.is_empty() {
        let objects = object_types.into_iter().zip(quantities).map(|(object_type, quantity)| {
            json!({"ObjectType": object_type, "ObjectTypeQuant": quantity})
        });
        body.insert(REQUEST_OBJECTS.into(), objects.collect());
    }
    let body = match pseudo_code {
        None => Value::Object(body),
        Some(code) => json!({"PseudoMessageCode": code, PSEUDO_BODY: body}),
    };
    json!({HEADER: header, BODY: body})
}

/// The JSON a message may consist of.
#[derive(Debug)]
enum Json {
    Text(String),
    List(Vec<Json>),
    Object(Object),
}

type Object = Vec<(String, Json)>;

fn parse(text: &str) -> Result<Json, Flaw> {
    let flaw = RefCell::new(None);
    let mut reader = serde_json::Deserializer::from_str(text);
    let parsed = Level { depth: 0, flaw: &flaw }.deserialize(&mut reader);
    let parsed = parsed.map_err(|error| {
        let kind = if error.is_eof() { ErrorKind::Truncated } else { ErrorKind::BadLiteral };
        located(flaw.take().unwrap_or((kind, "json".into())), &error)
    })?;
    let end = (ErrorKind::Trailing, "json".into());
    reader.end().map_err(|error| located(end, &error))?;
    Ok(parsed)
}

/// The parser knows where it stopped: a column, counted from 1, on the only line there is.
fn located((kind, field): (ErrorKind, String), error: &serde_json::Error) -> Flaw {
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or_default();
    Flaw::at_octet(kind, &field, error.column().saturating_sub(1), message)
}

/// One level of the JSON; where it fails, it leaves kind and field behind.
#[derive(Clone, Copy)]
struct Level<'f> {
    depth: usize,
    flaw: &'f RefCell<Option<(ErrorKind, String)>>,
}

impl Level<'_> {
    fn deeper<E: Error>(self) -> Result<Self, E> {
        if self.depth >= JSON_LEVELS_MAX {
            return Err(self.refuse(ErrorKind::TooLong, "json", "too many levels"));
        }
        Ok(Self { depth: self.depth.saturating_add(1), ..self })
    }

    fn refuse<E: Error>(self, kind: ErrorKind, field: &str, message: &str) -> E {
        *self.flaw.borrow_mut() = Some((kind, field.into()));
        E::custom(message)
    }
}

impl<'de> DeserializeSeed<'de> for Level<'_> {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Level<'_> {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string, an array or an object")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Text(text.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Json, A::Error> {
        let deeper = self.deeper()?;
        let mut list = Vec::new();
        while let Some(value) = values.next_element_seed(deeper)? {
            if list.len() >= JSON_KEYS_MAX {
                return Err(self.refuse(ErrorKind::TooLong, "json", "too many elements"));
            }
            list.push(value);
        }
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Json, A::Error> {
        let deeper = self.deeper()?;
        let mut object = Object::new();
        let mut has_meta = false;
        while let Some(key) = entries.next_key::<String>()? {
            let is_meta = self.depth == 0 && key == META;
            if object.iter().any(|(known, _)| *known == key) || is_meta && has_meta {
                return Err(self.refuse(ErrorKind::Unexpected, &key, "a key given twice"));
            }
            if object.len() >= JSON_KEYS_MAX {
                return Err(self.refuse(ErrorKind::TooLong, "json", "too many keys"));
            }
            if is_meta {
                entries.next_value::<IgnoredAny>()?;
                has_meta = true;
            } else {
                object.push((key, entries.next_value_seed(deeper)?));
            }
        }
        Ok(Json::Object(object))
    }
}
