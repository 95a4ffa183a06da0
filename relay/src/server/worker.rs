//! What the store's thread does: commits, reads, and a failed log's second chance.

use super::event::RelayEvent;
use super::options::{Clock, Observer};
use super::store::{Intake, PublishJob, ReadJob, Work};
use super::subscribers::Subscribers;
use crate::limits::READS_BETWEEN_COMMITS_MAX;
use crate::node::{Node, Stored};
use crate::parcel::Parcel;
use crate::protocol::Reason;
use chappe_store::{Recovery, Storage, StoreError};
use std::time::{Duration, Instant};

/// Opens the log once more.
pub(super) type Reopen<S> = Box<dyn FnMut() -> Result<(Node<S>, Recovery), StoreError> + Send>;

/// The store's thread.
pub(super) struct Worker<S: Storage> {
    log: u64,
    /// `None` while the log has failed.
    node: Option<Node<S>>,
    failed_at: Option<Instant>,
    reopen: Reopen<S>,
    /// A failed log is opened again at most this often.
    reopen_every: Duration,
    clock: Clock,
    observer: Observer,
    subscribers: Subscribers,
}

impl<S: Storage> Worker<S> {
    pub(super) fn new(
        node: Node<S>,
        reopen: Reopen<S>,
        reopen_every: Duration,
        clock: Clock,
        observer: Observer,
    ) -> Self {
        Self {
            log: node.log_name(),
            node: Some(node),
            failed_at: None,
            reopen,
            reopen_every,
            clock,
            observer,
            subscribers: Subscribers::default(),
        }
    }

    pub(super) async fn run(mut self, mut intake: Intake) {
        while let Some(work) = intake.next().await {
            match work {
                Work::Read(ReadJob::Stop) => return,
                Work::Read(job) => self.read(job),
                Work::Commit(jobs) => {
                    self.commit(jobs);
                    // A flood of publishes must not keep readers waiting for ever.
                    for _ in 0..READS_BETWEEN_COMMITS_MAX {
                        match intake.reads.try_recv() {
                            Ok(ReadJob::Stop) => return,
                            Ok(job) => self.read(job),
                            Err(_) => break,
                        }
                    }
                }
            }
        }
    }

    fn commit(&mut self, jobs: Vec<PublishJob>) {
        let now_seconds = self.clock.now_seconds();
        self.open_again();
        let mut parcels = Vec::with_capacity(jobs.len());
        let mut waiting = Vec::with_capacity(jobs.len());
        for PublishJob { parcel, number, answer, received } in jobs {
            parcels.push(parcel);
            waiting.push((number, answer, received));
        }
        let (answers, error) = match &mut self.node {
            Some(node) => node.commit(&parcels, now_seconds),
            None => (vec![Err(Reason::TryLater); parcels.len()], None),
        };
        for (stored, (number, answer, _)) in answers.iter().zip(&waiting) {
            // The queue has room for as many answers as its lane may have publishes open; when the
            // lane is gone its client will ask again.
            answer.try_send((*number, stored.map(|_| ()))).ok();
        }
        for ((parcel, stored), (.., received)) in parcels.iter().zip(answers).zip(waiting) {
            self.tell(parcel, stored, received.elapsed());
            if let Ok(Stored::New { cursor, previous }) = stored {
                self.subscribers.offer(parcel, cursor, previous);
            }
        }
        if let Some(error) = error {
            self.failed(error);
        }
    }

    fn tell(&self, parcel: &Parcel, stored: Result<Stored, Reason>, elapsed: Duration) {
        let id = parcel.id();
        self.observer.note(&match stored {
            Ok(Stored::New { .. }) => RelayEvent::Stored {
                parcel: id,
                precedence: parcel.precedence,
                octets: parcel.octets(),
                elapsed,
            },
            Ok(Stored::Duplicate) => RelayEvent::Duplicate { parcel: id },
            Err(reason) => RelayEvent::Refused { parcel: id, reason },
        });
    }

    /// After a failed sync what is on disk is unknown until the log is opened again.
    fn failed(&mut self, error: StoreError) {
        let is_lost = match &error {
            StoreError::Io { doing, .. } => *doing == "sync",
            StoreError::Poisoned => true,
            _ => false,
        };
        self.observer.note(&RelayEvent::StoreFailed { error });
        if is_lost {
            self.node = None;
            self.failed_at = Some(Instant::now());
        }
    }

    fn open_again(&mut self) {
        let is_due = self.failed_at.is_none_or(|failed| failed.elapsed() >= self.reopen_every);
        if self.node.is_some() || !is_due {
            return;
        }
        self.failed_at = Some(Instant::now());
        match (self.reopen)() {
            // Another log in the same place would give the cursors clients hold another meaning.
            Ok((node, recovery)) if node.log_name() == self.log => {
                self.node = Some(node);
                self.observer.note(&RelayEvent::StoreReopened { recovery });
            }
            Ok(_) => {}
            Err(error) => self.observer.note(&RelayEvent::StoreFailed { error }),
        }
    }

    fn read(&mut self, job: ReadJob) {
        let now_seconds = self.clock.now_seconds();
        match job {
            ReadJob::Page { address, cursor, limit, answer } => {
                let page = match &self.node {
                    Some(node) => node.fetch(&address, cursor, limit, now_seconds),
                    None => Err(Reason::TryLater),
                };
                // Whoever asked may be gone.
                drop(answer.send(page));
            }
            ReadJob::Subscribe { address, subscriber } => {
                self.subscribers.insert(address, subscriber);
            }
            ReadJob::Unsubscribe { address, id } => self.subscribers.remove(&address, id),
            ReadJob::Discard => {
                if let Some(Err(error)) =
                    self.node.as_mut().map(|node| node.discard_expired(now_seconds))
                {
                    self.observer.note(&RelayEvent::StoreFailed { error });
                }
            }
            ReadJob::Stop => {}
        }
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::*;
    use crate::address::{Address, AddressKind};
    use chappe_codec::precedence::Precedence;
    use chappe_store::{Directory, Log, Options, StorageFile};
    use std::io;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::{Arc, Mutex};
    use tokio::sync::{mpsc, oneshot};

    const NOW: u64 = 1_000_000;

    /// A real folder whose syncs can be made to fail.
    #[derive(Debug)]
    struct Faulty(Directory, Arc<AtomicBool>);

    #[derive(Debug)]
    struct FaultyFile(std::fs::File, Arc<AtomicBool>);

    impl Storage for Faulty {
        type File = FaultyFile;

        fn lock(&mut self) -> io::Result<bool> {
            self.0.lock()
        }

        fn list(&self) -> io::Result<Vec<String>> {
            self.0.list()
        }

        fn create(&mut self, name: &str) -> io::Result<FaultyFile> {
            Ok(FaultyFile(self.0.create(name)?, Arc::clone(&self.1)))
        }

        fn open(&self, name: &str) -> io::Result<FaultyFile> {
            Ok(FaultyFile(self.0.open(name)?, Arc::clone(&self.1)))
        }

        fn remove(&mut self, name: &str) -> io::Result<()> {
            self.0.remove(name)
        }

        fn sync_names(&mut self) -> io::Result<()> {
            self.0.sync_names()
        }

        fn new_identity(&mut self) -> u64 {
            self.0.new_identity()
        }
    }

    impl StorageFile for FaultyFile {
        fn octets(&self) -> io::Result<u64> {
            self.0.octets()
        }

        fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
            self.0.read_at(offset, buffer)
        }

        fn write_at(&mut self, offset: u64, octets: &[u8]) -> io::Result<()> {
            self.0.write_at(offset, octets)
        }

        fn truncate(&mut self, octets: u64) -> io::Result<()> {
            self.0.truncate(octets)
        }

        fn sync(&mut self) -> io::Result<()> {
            if self.1.load(Ordering::SeqCst) {
                return Err(io::Error::other("told to fail"));
            }
            self.0.sync()
        }
    }

    const TOPIC: Address = Address { kind: AddressKind::Topic, octets: [1; 16] };

    fn publish(worker: &mut Worker<Faulty>, envelope: u8) -> Result<(), Reason> {
        let parcel = Parcel::new(TOPIC, Precedence::Routine, NOW + 9, vec![envelope]).unwrap();
        let (answer, mut answers) = mpsc::channel(1);
        worker.commit(vec![PublishJob { parcel, number: 1, answer, received: Instant::now() }]);
        answers.try_recv().unwrap().1
    }

    fn fetch(worker: &mut Worker<Faulty>) -> Result<usize, Reason> {
        let (answer, mut page) = oneshot::channel();
        worker.read(ReadJob::Page { address: TOPIC, cursor: 0, limit: 9, answer });
        page.try_recv().unwrap().map(|page| page.parcels.len())
    }

    #[test]
    fn nothing_is_acknowledged_that_was_not_synced_and_the_log_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_path_buf();
        let fails = Arc::new(AtomicBool::new(false));
        let told = Arc::new(Mutex::new(Vec::new()));
        let mut reopen: Reopen<Faulty> = {
            let fails = Arc::clone(&fails);
            Box::new(move || {
                let storage = Faulty(Directory::new(&path).unwrap(), Arc::clone(&fails));
                let (log, recovery) = Log::open_on(storage, Options::default())?;
                Ok((Node::of(log)?, recovery))
            })
        };
        let (node, _) = reopen().unwrap();
        let lines = Arc::clone(&told);
        let observer = Observer::new(move |event| lines.lock().unwrap().push(event.to_string()));
        let mut worker = Worker::new(node, reopen, Duration::ZERO, Clock::new(|| NOW), observer);

        assert_eq!(publish(&mut worker, 1), Ok(()));
        fails.store(true, Ordering::SeqCst);
        assert_eq!(publish(&mut worker, 2), Err(Reason::TryLater));
        // The log cannot even be opened: reading it would promise what is not durable.
        assert_eq!(publish(&mut worker, 3), Err(Reason::TryLater));
        assert_eq!(publish(&mut worker, 1), Err(Reason::TryLater));
        assert_eq!(fetch(&mut worker), Err(Reason::TryLater));
        fails.store(false, Ordering::SeqCst);
        assert_eq!(publish(&mut worker, 2), Ok(()));
        assert_eq!(publish(&mut worker, 3), Ok(()));
        assert_eq!(fetch(&mut worker), Ok(3));
        let told = told.lock().unwrap().join("\n");
        assert!(told.contains("log failed: cannot sync"), "{told}");
        assert!(told.contains("log works again"), "{told}");
    }
}
