//! FLASH overtakes: on the way to the relay, in it, and on the way from it.

use crate::chance::Chance;
use crate::relay::SimulatedRelay;
use crate::story::in_virtual_time;
use crate::support::{NOW, topic};
use crate::weather::{QUEUE, Weather};
use crate::world::World;
use chappe_codec::precedence::Precedence;
use chappe_relay::{Parcel, Reading};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Parcels in front of the FLASH.
const FLOOD: u64 = 1500;

const OCTETS: usize = 1000;

fn parcel(precedence: Precedence, number: u64) -> Parcel {
    let mut envelope = vec![0x55; OCTETS];
    envelope[..8].copy_from_slice(&number.to_be_bytes());
    Parcel::new(topic("a"), precedence, NOW + 3600, envelope).unwrap()
}

/// A flood of ROUTINE waits at a narrow link, then comes a FLASH. It has to wait for what the link has taken
/// already, for what the window of congestion control had let out, and for a few round trips; not for the
/// flood.
#[test]
fn a_flash_does_not_wait_for_the_flood_before_it() {
    for seed in 0..12 {
        in_virtual_time(async {
            let mut chance = Chance::new(seed);
            let mut relay = SimulatedRelay::start(&mut chance);
            let link = Weather {
                delay: Duration::from_millis(*chance.pick(&[5, 40, 250])),
                jitter: *chance.pick(&[0, 10]),
                loss: *chance.pick(&[0, 0, 10]),
                rate: *chance.pick(&[60_000, 120_000, 250_000]),
                ..Weather::FAIR
            };
            relay.world.change(1, |weather| *weather = link);
            relay.world.change(2, |weather| *weather = link);
            let reader = relay.connector(2).connect(World::relay_address()).await.unwrap();
            let mut subscription = reader.subscribe(Reading::all(topic("a"))).await.unwrap();
            let publisher = relay.connector(1).connect(World::relay_address()).await.unwrap();
            // The lane of FLASH is there, as it is in a client that has ever said something urgent.
            publisher.publish(parcel(Precedence::Flash, 0)).await.unwrap();
            let mut flood = Vec::new();
            for number in 1..=FLOOD {
                let routine = parcel(Precedence::Routine, number);
                // The client's buffer is bounded: what it does not take is not in front of anybody.
                let started = publisher.start_publish(routine);
                match tokio::time::timeout(Duration::from_millis(5), started).await {
                    Ok(pending) => flood.push(pending.unwrap()),
                    Err(_) => break,
                }
            }
            assert!(flood.len() > 100, "seed {seed}: {} is no flood", flood.len());
            sleep(Duration::from_millis(100)).await;
            let began = Instant::now();
            publisher.publish(parcel(Precedence::Flash, 1)).await.unwrap();
            let took = began.elapsed();
            let all = u64::try_from(flood.len() * OCTETS).unwrap();
            let in_turn = Duration::from_secs_f64(all as f64 / link.rate as f64);
            // Lost once and found out by a timer, at worst; and acknowledgements wait for nobody.
            let patience = QUEUE + link.delay * 6 + Duration::from_millis(link.jitter * 4 + 150);
            assert!(
                took < patience && took < in_turn,
                "seed {seed}: FLASH took {took:?}, the flood {in_turn:?}, {link:?}"
            );
            // To the reader too it comes before most of the flood.
            let mut before = 0_usize;
            loop {
                let delivery = subscription.next().await.unwrap().parcel;
                match delivery.precedence {
                    Precedence::Flash if delivery == parcel(Precedence::Flash, 1) => break,
                    Precedence::Flash => {}
                    _ => before += 1,
                }
            }
            assert!(before < flood.len() / 2, "seed {seed}: behind {before} of {}", flood.len());
            for pending in flood {
                pending.wait().await.unwrap();
            }
            relay.stop().await;
        });
    }
}
