//! What connections are told from outside: to be judged anew, and to end.

use tokio::sync::watch;

/// What connections are to do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Course {
    pub(super) is_draining: bool,
    /// How often everybody was to be judged anew.
    pub(super) reviews: u64,
}

/// What a connection has been told.
#[derive(Debug)]
pub(super) struct Orders {
    course: watch::Receiver<Course>,
    reviews: u64,
}

/// The next that it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// To be judged anew.
    Review,
    /// To end.
    Drain,
}

impl Orders {
    pub(super) fn new(course: watch::Receiver<Course>) -> Self {
        let reviews = course.borrow().reviews;
        Self { course, reviews }
    }

    /// Waits until it is told to end; a review is told afterwards.
    pub(super) async fn drained(&mut self) {
        // An error means that the relay itself is gone.
        drop(self.course.wait_for(|course| course.is_draining).await);
    }

    /// Waits for the next. May be dropped and asked again.
    pub(super) async fn next(&mut self) -> Order {
        let reviews = self.reviews;
        let is_news = |course: &Course| course.is_draining || course.reviews != reviews;
        let Ok(course) = self.course.wait_for(is_news).await.map(|course| *course) else {
            // The relay itself is gone.
            return Order::Drain;
        };
        if course.is_draining {
            return Order::Drain;
        }
        self.reviews = course.reviews;
        Order::Review
    }
}
