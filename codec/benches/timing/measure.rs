//! One subject: inputs of two classes, the work whose time must not tell them apart, and its test.

use super::chance::Chance;
use super::welch::Welch;
use std::hint::black_box;
use std::time::Instant;

/// Above this |t| the classes differ (dudect's "definitely not constant time").
pub(crate) const LEAK: f64 = 10.0;
/// Measurements below each of these shares are tested on their own as well: the longer a time, the
/// more of it is noise. dudect's 100 percentiles, 1 - 2^(-i/10).
const CROPS: i32 = 100;
/// A test with fewer measurements in a class says nothing.
const ENOUGH: f64 = 5_000.0;
/// Measurements that set the percentiles and the mean, and are not tested.
const FIRST: usize = 2_000;

/// What is expected of a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Both classes take the same time.
    Constant,
    /// A control: the classes differ, and the test must say so.
    Leak,
}

pub(crate) struct Subject {
    name: &'static str,
    wanted: Wanted,
    measurements: usize,
    measure: Box<Measure>,
}

/// Measures one input of a class, in nanoseconds.
type Measure = dyn FnMut(usize, &mut Chance) -> f64;

impl Subject {
    /// `inputs` makes an input of class 0 or 1; `work` is timed, `calls` of it in one measurement, which
    /// must be so many that the clock's own step is small beside them.
    ///
    /// Both classes go through one piece of code and lie in one place, so that nothing but what is in
    /// them can differ.
    pub(crate) fn new<I: 'static>(
        name: &'static str,
        wanted: Wanted,
        measurements: usize,
        calls: usize,
        mut inputs: impl FnMut(usize, &mut Chance) -> I + 'static,
        work: impl Fn(&I) -> bool + 'static,
    ) -> Self {
        let mut place: Option<I> = None;
        let measure = move |class, chance: &mut Chance| {
            let input = place.insert(inputs(class, chance));
            let begin = Instant::now();
            for _ in 0..calls {
                black_box(work(black_box(input)));
            }
            begin.elapsed().as_nanos() as f64
        };
        Self { name, wanted, measurements, measure: Box::new(measure) }
    }

    pub(crate) fn run(&mut self, chance: &mut Chance) -> Outcome {
        let mut one = |chance: &mut Chance| {
            let class = usize::from(chance.next() & 1 == 1);
            (class, (self.measure)(class, chance))
        };
        let mut first: Vec<f64> = (0..FIRST).map(|_| one(chance).1).collect();
        first.sort_by(f64::total_cmp);
        let middle = first[FIRST / 2];
        let limit = |i: i32| {
            let share = 1.0 - 0.5_f64.powf(10.0 * f64::from(i + 1) / f64::from(CROPS));
            first[((FIRST as f64 * share) as usize).min(FIRST - 1)]
        };
        let limits: Vec<f64> = (0..CROPS).map(limit).collect();

        let (mut all, mut squared) = (Welch::default(), Welch::default());
        let mut cropped = vec![Welch::default(); limits.len()];
        for _ in 0..self.measurements {
            let (class, time) = one(chance);
            all.add(class, time);
            for (test, limit) in cropped.iter_mut().zip(&limits) {
                if time < *limit {
                    test.add(class, time);
                }
            }
            // The second order: not the mean but the spread tells the classes apart. Outliers, which
            // squares would blow up, are left out.
            if time < limits[limits.len() / 2] {
                squared.add(class, (time - middle).powi(2));
            }
        }
        let tests = [all, squared].into_iter().chain(cropped);
        let t = tests.filter(|test| test.count() >= ENOUGH).map(|test| test.t());
        let t = t.fold(0.0, |most: f64, t| if t.abs() > most.abs() { t } else { most });
        assert!(all.count() >= ENOUGH, "{}: too few measurements", self.name);
        Outcome {
            name: self.name,
            wanted: self.wanted,
            measurements: self.measurements,
            means: [all.mean(0), all.mean(1)],
            t,
        }
    }
}

/// What the test of a subject came to.
pub(crate) struct Outcome {
    pub(crate) name: &'static str,
    pub(crate) wanted: Wanted,
    pub(crate) measurements: usize,
    /// Of a measurement, in nanoseconds, nothing cropped.
    pub(crate) means: [f64; 2],
    /// The one farthest from zero, of all tests of the subject.
    pub(crate) t: f64,
}

impl Outcome {
    pub(crate) fn leaks(&self) -> bool {
        self.t.abs() > LEAK
    }

    pub(crate) fn is_as_wanted(&self) -> bool {
        self.leaks() == (self.wanted == Wanted::Leak)
    }
}
