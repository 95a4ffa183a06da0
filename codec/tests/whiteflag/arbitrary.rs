//! Any message at all, any octets at all, any text at all.

use super::given::shown;
use super::notation;
use chappe_codec::signal::packed::item::{PackedItem, Referenced};
use chappe_codec::signal::packed::{self, Packed, TextBuffer};
use chappe_codec::signal::{
    Body, CryptoData, CryptoDataType, DateTime, Decimal, Duration, EncodeError,
    EncryptionIndicator, Latitude, Longitude, Message, ObjectType, ReferenceIndicator,
    ReferencedMessage, RequestObject, RequestObjects, ResourceMethod, Sign, SubjectCode, Text,
    VerificationMethod, check, encryption_of,
};
use proptest::prelude::*;
use proptest::sample::Index;

/// Every form of a message reads back to it.
pub(crate) fn same_in_every_form(message: &Message<'_>) {
    notation::displayed(message);
    let serialized = message.to_serialized();
    assert_eq!(Message::parse_serialized(&serialized), Ok(*message));
    let fields = shown(message);
    let pairs: Vec<_> =
        fields.iter().rev().map(|(name, value, ..)| (name.as_str(), value.as_str())).collect();
    assert_eq!(Message::from_pairs(&pairs), Ok(*message));
    assert_eq!(fields.iter().map(|(_, value, ..)| value.as_str()).collect::<String>(), serialized);
    let bits = fields.iter().fold(0, |at, (.., offset, length)| {
        assert_eq!(at, *offset);
        at + length
    });
    assert_eq!(bits, message.standard_bits());
    if message.encryption == EncryptionIndicator::NONE {
        let wire = message.to_standard_vec().unwrap();
        assert_eq!(wire.len(), bits.div_ceil(8));
        assert_eq!(Message::parse_standard(&wire), Ok(*message));
        assert_eq!(encryption_of(&wire), Ok(EncryptionIndicator::NONE));
        packs_and_unpacks(message);
        let mut short = vec![0; wire.len() - 1];
        let refused = EncodeError::TooShort { octets_needed: wire.len() };
        assert_eq!(message.to_standard(&mut short), Err(refused));
        let mut long = vec![0xAA; wire.len() + 9];
        assert_eq!(message.to_standard(&mut long), Ok(wire.len()));
        assert_eq!(long[..wire.len()], wire);
        assert!(long[wire.len()..].iter().all(|octet| *octet == 0xAA));
    } else {
        let refused = EncodeError::Encrypted(message.encryption);
        assert_eq!(message.to_standard_vec(), Err(refused));
    }
    // Judging stops at nothing, and what it names are fields this message has.
    for violation in check::violations(message) {
        assert!(fields.iter().any(|(name, ..)| name == violation.field), "{violation:?}");
    }
}

/// What is packed is unpacked bit for bit; the identifier it refers to stands in the item.
fn packs_and_unpacks(message: &Message<'_>) {
    let packed = Packed::Whole(*message);
    let body = packed.to_vec().unwrap();
    assert_eq!(packed.octets(), Ok(body.len()));
    let mut short = vec![0; body.len() - 1];
    let refused = EncodeError::TooShort { octets_needed: body.len() };
    assert_eq!(packed.emit(&mut short), Err(refused));
    let item = packed::item::item(&body, message.referenced_message);
    let mut buffer = TextBuffer::new();
    let read = packed::item::parse(&item, &mut buffer).unwrap();
    let referenced = Referenced::Known(message.referenced_message);
    assert_eq!(read, PackedItem { packed, referenced });
}

fn any_sign() -> impl Strategy<Value = Sign> {
    let place = (-9_999_999_i32..=9_999_999, -99_999_999_i32..=99_999_999);
    let size = (0_u16..10_000, 0_u16..10_000, 0_u16..1000);
    let duration = (0_u8..100, 0_u8..100, 0_u8..100);
    (any::<(u8, u8)>(), 0_u64..253_402_300_800, duration, place, size).prop_map(
        |((subject, object), seconds, (days, hours, minutes), (north, east), (one, two, turn))| {
            Sign {
                subject: SubjectCode(subject),
                date_time: DateTime::from_unix_seconds(seconds),
                duration: Duration::new(days, hours, minutes).unwrap(),
                object_type: ObjectType(object),
                latitude: Latitude::from_hundred_thousandths(north).unwrap(),
                longitude: Longitude::from_hundred_thousandths(east).unwrap(),
                size_1: Decimal::new(one).unwrap(),
                size_2: Decimal::new(two).unwrap(),
                orientation: Decimal::new(turn).unwrap(),
            }
        },
    )
}

fn any_requests() -> impl Strategy<Value = RequestObjects> {
    let object = (any::<u8>(), 0_u16..100).prop_map(|(object, quantity)| RequestObject {
        object_type: ObjectType(object),
        quantity: Decimal::new(quantity).unwrap(),
    });
    proptest::collection::vec(object, 0..=8)
        .prop_map(|objects| RequestObjects::new(&objects).unwrap())
}

/// What a body is made of, for those that borrow.
#[derive(Debug)]
struct Parts {
    kind: Index,
    sign: Sign,
    objects: RequestObjects,
    nibble: u8,
    octet: u8,
    text: String,
    data: Vec<u8>,
}

fn any_parts() -> impl Strategy<Value = Parts> {
    let text = "[\\x00-\\x7F]{0,60}";
    let data = proptest::collection::vec(any::<u8>(), 0..60);
    (any::<Index>(), any_sign(), any_requests(), 0_u8..16, any::<u8>(), text, data).prop_map(
        |(kind, sign, objects, nibble, octet, text, data)| Parts {
            kind,
            sign,
            objects,
            nibble,
            octet,
            text,
            data,
        },
    )
}

impl Parts {
    fn body(&self) -> Body<'_> {
        let text = Text::new(&self.text).unwrap();
        match self.kind.index(11) {
            0 => Body::ProtectiveSign(self.sign),
            1 => Body::EmergencySignal(self.sign),
            2 => Body::StatusSignal(self.sign),
            3 => Body::DangerSign(self.sign),
            4 => Body::InfrastructureSign(self.sign),
            5 => Body::MissionSignal(self.sign),
            6 => Body::RequestSignal(self.sign, self.objects),
            7 => Body::Authentication {
                method: VerificationMethod::new(self.nibble).unwrap(),
                data: text,
            },
            8 => Body::CryptographicSupport {
                data_type: CryptoDataType(self.octet),
                data: CryptoData::new(&self.data).unwrap(),
            },
            9 => Body::Resource { method: ResourceMethod::new(self.nibble).unwrap(), data: text },
            _ => Body::FreeText { text },
        }
    }
}

proptest! {
    #[test]
    fn any_message_is_the_same_in_every_form(
        parts in any_parts(),
        (duress, test) in any::<(bool, bool)>(),
        indicator in 0_u8..16,
        identifier in any::<[u8; 32]>(),
        encryption in prop_oneof![4 => Just("0"), 1 => Just("1"), 1 => Just("z")],
    ) {
        same_in_every_form(&Message {
            encryption: EncryptionIndicator::new(encryption.as_bytes()[0]).unwrap(),
            duress,
            test,
            reference_indicator: ReferenceIndicator::new(indicator).unwrap(),
            referenced_message: ReferencedMessage(identifier),
            body: parts.body(),
        });
    }

    #[test]
    fn any_octets_are_refused_or_read_exactly(
        octets in proptest::collection::vec(any::<u8>(), 0..120),
        // Random octets hardly ever begin like a message; half of these do.
        like in any::<bool>(),
        code in prop::sample::select(b"AKTPESDIMQRF".to_vec()),
    ) {
        let mut octets = octets;
        if like && octets.len() > 5 {
            octets[..4].copy_from_slice(b"WF10");
            octets[4] = octets[4] & 0x80 | code >> 1;
            octets[5] = octets[5] & 0x7F | code << 7;
        }
        if let Ok(message) = Message::parse_standard(&octets) {
            prop_assert_eq!(&message.to_standard_vec().unwrap(), &octets);
            same_in_every_form(&message);
        }
    }

    #[test]
    fn any_text_is_refused_or_read(text in "\\PC*", like in "WF1[0-9a-f]{0,4}[APF][0-9a-g]{65}\\PC*") {
        for text in [text, like] {
            if let Ok(message) = Message::parse_serialized(&text) {
                prop_assert!(message.to_serialized().eq_ignore_ascii_case(&text));
                same_in_every_form(&message);
            }
        }
    }

    #[test]
    fn any_pairs_are_refused_or_read(
        names in proptest::collection::vec(
            prop::sample::select(vec!["Prefix", "Version", "Text", "ObjectType1", "?"]), 0..80),
        value in "\\PC*",
    ) {
        let pairs: Vec<_> = names.iter().map(|name| (*name, value.as_str())).collect();
        prop_assert!(Message::from_pairs(&pairs).is_err());
    }
}
