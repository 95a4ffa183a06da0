//! A gateway and several home relays from outside: one that is away, hangs or refuses costs nobody else anything.

// A test may stop at the first surprise.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(missing_docs)]

mod homes;

use homes::home::{Relay, set_homes};
use homes::{Homes, Server};
use serde_json::{Value, json};

/// ana on the air, the gateway hill, and ben, who reads at home relays.
struct Field {
    homes: Homes,
    _air: Server,
    gateway: Server,
    ana: Server,
}

impl Field {
    /// The gateway reads at the first of `own`; ben at `bens`, in that order.
    fn new(homes: Homes, own: &[&Relay], bens: &[&Relay]) -> Self {
        homes.people(&["ana", "ben", "hill"]);
        let named = |relays: &[&Relay]| relays.iter().map(|relay| relay.home()).collect::<Vec<_>>();
        let (own, bens) = (named(own), named(bens));
        let own: Vec<&str> = own.iter().map(String::as_str).collect();
        let bens: Vec<&str> = bens.iter().map(String::as_str).collect();
        set_homes(&homes, "hill", "ben", &own);
        for other in ["ana", "hill"] {
            set_homes(&homes, "ben", other, &bens);
        }
        let air = Server::field();
        let on_air = ["--radio".to_owned(), air.of("address")];
        let on_air: Vec<&str> = on_air.iter().map(String::as_str).collect();
        let gateway = Server::start(&homes, "hill", &[&["gateway"], &on_air[..]].concat());
        assert_eq!(homes.chappe("ben", &["lease", "--gateway", "hill", "--up"], "").0, 0);
        gateway.next("lease");
        let handset = [&["handset", "--position", "300,400"], &on_air[..]].concat();
        let ana = Server::start(&homes, "ana", &handset);
        Self { homes, _air: air, gateway, ana }
    }

    /// ana says something, and the gateway has heard it.
    fn says(&mut self, text: &str, to: &str, precedence: &str) {
        self.ana.say(&json!({"text": text, "to": to, "precedence": precedence}));
        self.ana.next("delivered");
    }

    /// The same until these relays took it: the gateway connects to somebody's home relays when it first has something
    /// for them, and does not wait for the second.
    fn says_until(&mut self, text: &str, to: &str, precedence: &str, relays: &[&Relay]) {
        for _ in 0..10 {
            self.says(text, to, precedence);
            if self.relayed() == sorted(relays) {
                return;
            }
        }
        panic!("{text:?} never came where it should");
    }

    /// Which relays took what the gateway heard, in the order of the relays' keys.
    fn relayed(&self) -> Vec<String> {
        let event = self.gateway.next("parcel");
        let relays = event["relays"].as_array().unwrap().iter();
        let mut keys: Vec<String> = relays.flat_map(Value::as_str).map(str::to_owned).collect();
        keys.sort_unstable();
        keys
    }
}

fn sorted(relays: &[&Relay]) -> Vec<String> {
    let mut keys: Vec<String> = relays.iter().map(|relay| relay.key.clone()).collect();
    keys.sort_unstable();
    keys
}

#[test]
fn a_flash_from_the_air_goes_to_every_home_relay_or_is_taken_there() {
    let homes = Homes::new();
    let [one, mut two] = Relay::peers(&homes);
    let mut field = Field::new(homes, &[&one], &[&one, &two]);
    field.says_until("to both", "ben", "flash", &[&one, &two]);

    // One of them is away: the other is asked to take it there.
    two.kill();
    field.says_until("to the other later", "ben", "flash", &[&one]);
    two.come_back(&field.homes);
    let at_two = Server::start(&field.homes, "ben", &two.named(&["recv", "--follow"]));
    while !at_two.next("message")["summary"].as_str().unwrap().contains("to the other later") {}
}

#[test]
fn a_home_relay_that_hangs_holds_up_nothing_else() {
    let homes = Homes::new();
    let (one, two) = (Relay::start(&homes, "one"), Relay::start(&homes, "two"));
    let mut field = Field::new(homes, &[&one], &[&two, &one]);
    field.says_until("he is connected there", "ben", "routine", &[&two]);

    // It keeps its connections and answers nothing.
    two.signal("-STOP");
    field.says("to the one that hangs", "ben", "routine");
    field.says("to everyone", "open", "routine");
    // What was said later and goes elsewhere is there first; then the other home has what this one does not take.
    let microseconds = [(); 2].map(|()| field.gateway.next("parcel")["microseconds"].as_u64());
    assert!(microseconds[0] < Some(3_000_000), "{microseconds:?}");
    assert!(microseconds[1] > Some(4_900_000), "{microseconds:?}");
    assert_eq!(field.homes.chappe("ben", &one.named(&["recv"]), "").0, 0);
    two.signal("-CONT");
}

#[test]
fn what_one_home_relay_refuses_goes_to_the_other() {
    let homes = Homes::new();
    let (one, mut two) = (Relay::start(&homes, "one"), Relay::start(&homes, "two"));
    two.kill();
    let strict = "[admission]\nstrangers = \"ROUTINE\"\n";
    std::fs::write(homes.path("two").join("relay.toml"), strict).unwrap();
    two.come_back(&homes);
    let mut field = Field::new(homes, &[&one], &[&two, &one]);
    field.says_until("this he may", "ben", "routine", &[&two]);
    field.says("he may not", "ben", "priority");
    assert_eq!(field.relayed(), sorted(&[&one]));
}
