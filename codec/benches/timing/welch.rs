//! Welch's t-test, as numbers come in.

/// Mean and variance of one class (Welford's method).
#[derive(Debug, Clone, Copy, Default)]
struct Class {
    count: f64,
    mean: f64,
    /// Sum of squared distances from the mean.
    squares: f64,
}

impl Class {
    fn add(&mut self, value: f64) {
        self.count += 1.0;
        let distance = value - self.mean;
        self.mean += distance / self.count;
        self.squares += distance * (value - self.mean);
    }

    /// The mean's own variance.
    fn variance_of_mean(&self) -> f64 {
        self.squares / (self.count - 1.0) / self.count
    }
}

/// The test of two classes.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Welch([Class; 2]);

impl Welch {
    pub(crate) fn add(&mut self, class: usize, value: f64) {
        self.0[class].add(value);
    }

    pub(crate) fn mean(&self, class: usize) -> f64 {
        self.0[class].mean
    }

    /// How many the smaller class has.
    pub(crate) fn count(&self) -> f64 {
        self.0[0].count.min(self.0[1].count)
    }

    /// t; zero where both classes are constant and alike.
    pub(crate) fn t(&self) -> f64 {
        let [a, b] = self.0;
        let spread = (a.variance_of_mean() + b.variance_of_mean()).sqrt();
        let difference = a.mean - b.mean;
        if difference == 0.0 { 0.0 } else { difference / spread }
    }
}
