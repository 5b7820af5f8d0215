//! The two promises of the sketch: merging is adding, and quantiles are right to within one per cent.

use proptest::prelude::*;

use super::*;

fn sketch(micros: &[u64]) -> Sketch {
    let mut sketch = Sketch::default();
    for micros in micros {
        sketch.add(Duration::from_micros(*micros));
    }
    sketch
}

fn merged(one: &Sketch, other: &Sketch) -> Sketch {
    let mut sum = one.clone();
    sum.merge(other);
    sum
}

/// From a microsecond to a day, evenly by order of magnitude.
fn durations() -> impl Strategy<Value = Vec<u64>> {
    prop::collection::vec((0_u32..36).prop_flat_map(|bits| 1_u64 << bits..2 << bits), 1..200)
}

#[test]
fn an_empty_sketch_has_no_quantiles() {
    assert_eq!(Sketch::default().quantile(0.5), None);
    assert!(Sketch::default().encode().is_empty());
}

#[test]
fn the_extremes_have_buckets() {
    for duration in [Duration::ZERO, Duration::from_nanos(1), Duration::MAX] {
        let mut sketch = Sketch::default();
        sketch.add(duration);
        assert_eq!(Sketch::decode(&sketch.encode()), Ok(sketch));
    }
}

#[test]
fn an_hour_of_steady_latency_takes_few_bytes() {
    let hour: Vec<u64> = (0..360).map(|number| 20_000 + number * 37 % 4_000).collect();
    let bytes = sketch(&hour).encode().len();
    assert!(bytes < 30, "{bytes} bytes");
}

proptest! {
    #[test]
    fn quantiles_are_right_to_one_per_cent(mut micros in durations(), quantile in 0.0_f64..=1.0) {
        let found = sketch(&micros).quantile(quantile).expect("not empty").as_secs_f64() * 1e6;
        micros.sort_unstable();
        let rank = quantile * (micros.len() - 1) as f64;
        let exact = *micros.iter().enumerate().rfind(|(at, _)| *at as f64 <= rank).expect("not empty").1 as f64;
        // Results are whole nanoseconds.
        prop_assert!((found - exact).abs() <= exact * RELATIVE_ERROR * 1.000_001 + 0.001, "{found} for {exact}");
    }

    #[test]
    fn merging_is_adding_in_any_order(a in durations(), b in durations(), c in durations()) {
        let all = sketch(&[a.clone(), b.clone(), c.clone()].concat());
        let (a, b, c) = (sketch(&a), sketch(&b), sketch(&c));
        prop_assert_eq!(&merged(&merged(&a, &b), &c), &all);
        prop_assert_eq!(&merged(&a, &merged(&b, &c)), &all);
        prop_assert_eq!(&merged(&c, &merged(&b, &a)), &all);
    }

    #[test]
    fn what_is_encoded_is_decoded(micros in durations()) {
        let sketch = sketch(&micros);
        prop_assert_eq!(Sketch::decode(&sketch.encode()), Ok(sketch));
    }

    #[test]
    fn counts_within_a_limit_are_right_but_for_those_next_to_it(micros in durations(), limit in 1_u64..1_000_000_000) {
        let found = sketch(&micros).count_within(Duration::from_micros(limit));
        let within = |limit: f64| micros.iter().filter(|micros| **micros as f64 <= limit).count() as u64;
        prop_assert!(found >= within(limit as f64) && found <= within(limit as f64 * GROWTH * 1.000_001));
    }

    #[test]
    fn rubbish_is_no_sketch_or_a_sound_one(bytes: Vec<u8>) {
        if let Ok(sketch) = Sketch::decode(&bytes) {
            prop_assert_eq!(Sketch::decode(&sketch.encode()), Ok(sketch));
        }
    }
}
