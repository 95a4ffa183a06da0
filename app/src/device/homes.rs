//! The device's home relays: where it reads, and what its card says of that (spec/10-identity.md,
//! "Card"; spec/13-storage.md, "Sealed files").

use super::Device;
use super::prekeys::Former;
use super::sealing::Sealing;
use super::settings::Settings;
use crate::exit::Outcome;
use chappe_codec::card::Card;
use chappe_codec::home::HomeRelays;

impl Device {
    /// The home relays, as set now.
    pub(crate) fn homes(&self) -> Outcome<HomeRelays> {
        Ok(self.settings()?.homes)
    }

    /// Sets them, and gives the card that says so. "Who changes home relays makes a new prekey, so that
    /// the newer card counts"; the card goes to contacts by itself with what is next said to them.
    pub(crate) fn set_homes(&self, homes: HomeRelays) -> Outcome<Card> {
        let mut sealing = Sealing::open(self)?;
        let settings = self.settings()?;
        if settings.homes == homes {
            return Ok(sealing.own_card().clone());
        }
        // "The page with the new prekey is written first": a crash in between leaves a new card that
        // names the former home relays, never two cards of which neither counts before the other.
        sealing.renew_prekey(Former::Kept)?;
        Settings { homes: homes.clone(), ..settings }.write(&self.area)?;
        sealing.take_homes(homes)?;
        let card = sealing.own_card().clone();
        sealing.keep()?;
        Ok(card)
    }
}

#[cfg(test)]
mod tests {
    use crate::device::tests::device;
    use crate::device::{card_from_text, card_to_text};
    use crate::files::fault;
    use chappe_codec::home::{HomeRelay, HomeRelays};
    use chappe_codec::identity::Directory;
    use chappe_codec::key::SignKey;

    fn homes(numbers: &[u8]) -> HomeRelays {
        let home = |number: &u8| {
            let key = SignKey::from_seed(&[*number; 32]).public();
            HomeRelay::new(key, format!("192.0.2.{number}:7406")).unwrap()
        };
        HomeRelays::new(numbers.iter().map(home).collect()).unwrap()
    }

    #[test]
    fn a_card_with_other_home_relays_counts_before_the_one_before() {
        let folder = tempfile::tempdir().unwrap();
        let device = device(folder.path());
        let first = device.current_card().unwrap();
        assert!(first.homes().is_empty());
        let mut reader = Directory::new(device.realm);
        reader.take_card(&first.to_bytes()).unwrap();
        for numbers in [&[1, 2][..], &[2, 1], &[1, 2, 3], &[]] {
            let card = device.set_homes(homes(numbers)).unwrap();
            assert_eq!(
                (card.homes(), device.homes().unwrap()),
                (homes(numbers).as_slice(), homes(numbers))
            );
            assert_eq!(device.current_card().unwrap(), card);
            assert_eq!(reader.take_card(&card.to_bytes()).unwrap().1.len(), 1, "it counts");
            let text = card_to_text(&card);
            assert_eq!(card_from_text(&text, device.realm).unwrap(), card);
        }
        // What is as before is no change, and costs no prekey.
        let card = device.set_homes(homes(&[])).unwrap();
        assert!(reader.take_card(&card.to_bytes()).unwrap().1.is_empty());
    }

    /// Wherever the disk ends it: what is on it then is a card that was never given out with other
    /// home relays under the same prekey.
    #[test]
    fn no_two_cards_have_one_prekey_and_other_home_relays() {
        let folder = tempfile::tempdir().unwrap();
        let device = device(folder.path());
        let mut before = device.current_card().unwrap();
        let mut completed = false;
        for (count, number) in (0..).zip(1_u8..40) {
            let (_, lived) = fault::dying_at(count, || device.set_homes(homes(&[number])).is_ok());
            let card = device.current_card().unwrap();
            if card.prekey() == before.prekey() {
                assert_eq!(card, before, "{count}");
            } else {
                assert!(card.prekey_expiry() > before.prekey_expiry());
            }
            assert_eq!(card.homes(), device.homes().unwrap().as_slice());
            before = card;
            completed |= lived;
        }
        assert!(completed, "a run that no fault ended");
    }
}
