//! The chip as a driver sees it: an SPI device, a reset pin, BUSY and DIO1.

use core::convert::Infallible;
use core::future::poll_fn;
use core::task::{Poll, Waker};
use core::time::Duration;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use embedded_hal_async::delay::DelayNs;
use embedded_hal_async::spi::{ErrorType, Operation, SpiDevice};
use lora_phy::mod_params::RadioError;
use lora_phy::mod_traits::InterfaceVariant;

use super::Chip;
use crate::antenna::{Report, Request};
use crate::clock::Clock;
use crate::time::Instant;

/// A chip on its board. Clones are the same board.
#[derive(Debug, Clone)]
pub struct Board<C> {
    shared: Arc<Mutex<Shared>>,
    clock: C,
}

#[derive(Debug)]
struct Shared {
    chip: Chip,
    /// Counts what has happened to the chip, so that no change is slept through.
    changes: u64,
    /// A fault: DIO1 stays low whatever the chip does.
    dio1_broken: bool,
    waiting: Vec<Waker>,
}

impl<C: Clock> Board<C> {
    /// A board with a new chip.
    #[must_use]
    pub fn new(clock: C) -> Self {
        let shared =
            Shared { chip: Chip::new(), changes: 0, dio1_broken: false, waiting: Vec::new() };
        Self { shared: Arc::new(Mutex::new(shared)), clock }
    }

    /// The SPI side, for a driver.
    #[must_use]
    pub fn spi(&self) -> ChipSpi<C> {
        ChipSpi { board: self.clone(), octet: Duration::ZERO }
    }

    /// The SPI side with a bus that needs so long for an octet: 1 µs at 8 MHz.
    #[must_use]
    pub fn spi_taking(&self, octet: Duration) -> ChipSpi<C> {
        ChipSpi { board: self.clone(), octet }
    }

    /// The pins, for a driver.
    #[must_use]
    pub fn pins(&self) -> ChipPins<C> {
        ChipPins { board: self.clone() }
    }

    /// What the chip does with its antenna next.
    #[must_use]
    pub fn poll_request(&self) -> Option<Request> {
        self.lock().chip.poll_request()
    }

    /// Something reached the antenna.
    pub fn handle_report(&self, report: &Report) {
        self.change(|chip, _| chip.handle_report(report));
    }

    /// When [`Board::handle_timeout`] is due.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.lock().chip.poll_timeout()
    }

    /// A timer of the chip may have run out.
    pub fn handle_timeout(&self) {
        self.change(|chip, now| chip.handle_timeout(now));
    }

    /// Mistakes of the driver; see [`Chip::busy_violations`].
    #[must_use]
    pub fn busy_violations(&self) -> u64 {
        self.lock().chip.busy_violations()
    }

    /// Breaks or mends the wire of DIO1.
    pub fn break_dio1(&self, broken: bool) {
        self.lock().dio1_broken = broken;
        self.change(|_, _| ());
    }

    /// How often something has happened to the chip.
    #[must_use]
    pub fn changes(&self) -> u64 {
        self.lock().changes
    }

    /// Waits until something has happened to the chip since it had happened `seen` times. Safe to
    /// drop.
    pub async fn changed(&self, seen: u64) {
        self.until(|shared| shared.changes != seen).await;
    }

    async fn until(&self, condition: impl Fn(&Shared) -> bool) {
        poll_fn(|context| {
            let mut shared = self.lock();
            if condition(&shared) {
                return Poll::Ready(());
            }
            if !shared.waiting.iter().any(|waker| waker.will_wake(context.waker())) {
                shared.waiting.push(context.waker().clone());
            }
            Poll::Pending
        })
        .await;
    }

    fn change<T>(&self, act: impl FnOnce(&mut Chip, Instant) -> T) -> T {
        let now = self.clock.now();
        let mut shared = self.lock();
        let result = act(&mut shared.chip, now);
        shared.changes = shared.changes.wrapping_add(1);
        let waiting = core::mem::take(&mut shared.waiting);
        drop(shared);
        waiting.into_iter().for_each(Waker::wake);
        result
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        // No code that holds the lock can panic half-way through a change.
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The SPI device of a [`Board`].
#[derive(Debug)]
pub struct ChipSpi<C> {
    board: Board<C>,
    octet: Duration,
}

impl<C> ErrorType for ChipSpi<C> {
    type Error = Infallible;
}

impl<C: Clock> SpiDevice<u8> for ChipSpi<C> {
    async fn transaction(
        &mut self,
        operations: &mut [Operation<'_, u8>],
    ) -> Result<(), Infallible> {
        let mosi = mosi(operations);
        if !self.octet.is_zero() {
            let octets = u32::try_from(mosi.len()).unwrap_or(u32::MAX);
            let end = self.board.clock.now().after(self.octet.saturating_mul(octets));
            self.board.clock.sleep_until(end).await;
        }
        let miso = self.board.change(|chip, now| chip.transfer(now, &mosi));
        deal_out(&miso, operations);
        Ok(())
    }
}

fn mosi(operations: &[Operation<'_, u8>]) -> Vec<u8> {
    let mut mosi = Vec::new();
    for operation in operations {
        match operation {
            Operation::Write(octets) | Operation::Transfer(_, octets) => {
                mosi.extend_from_slice(octets);
            }
            Operation::TransferInPlace(octets) => mosi.extend_from_slice(octets),
            Operation::Read(octets) => mosi.extend(octets.iter().map(|_| 0)),
            Operation::DelayNs(_) => {}
        }
    }
    mosi
}

fn deal_out(miso: &[u8], operations: &mut [Operation<'_, u8>]) {
    let mut miso = miso.iter().copied();
    for operation in operations {
        match operation {
            Operation::Write(octets) => miso.by_ref().take(octets.len()).for_each(drop),
            Operation::Read(octets) | Operation::TransferInPlace(octets) => {
                octets.iter_mut().zip(miso.by_ref()).for_each(|(cell, octet)| *cell = octet);
            }
            Operation::Transfer(octets, sent) => {
                let clocked = miso.by_ref().take(sent.len());
                octets.iter_mut().zip(clocked).for_each(|(cell, octet)| *cell = octet);
            }
            Operation::DelayNs(_) => {}
        }
    }
}

/// The pins of a [`Board`].
#[derive(Debug)]
pub struct ChipPins<C> {
    board: Board<C>,
}

impl<C: Clock> InterfaceVariant for ChipPins<C> {
    async fn reset(&mut self, delay: &mut impl DelayNs) -> Result<(), RadioError> {
        // 8.1: low for at least 100 µs; then the chip starts up for 3.5 ms.
        delay.delay_us(200).await;
        self.board.change(|chip, now| chip.reset(now));
        delay.delay_ms(5).await;
        Ok(())
    }

    async fn wait_on_busy(&mut self) -> Result<(), RadioError> {
        let busy_until = self.board.lock().chip.busy_until();
        self.board.clock.sleep_until(busy_until).await;
        Ok(())
    }

    async fn await_irq(&mut self) -> Result<(), RadioError> {
        self.board.until(|shared| shared.chip.dio1() && !shared.dio1_broken).await;
        Ok(())
    }

    async fn enable_rf_switch_rx(&mut self) -> Result<(), RadioError> {
        Ok(())
    }

    async fn enable_rf_switch_tx(&mut self) -> Result<(), RadioError> {
        Ok(())
    }

    async fn disable_rf_switch(&mut self) -> Result<(), RadioError> {
        Ok(())
    }
}
