//! Draws the span id of each request from the trace of the run, so that a replayed run sends the same ids.

/// The `traceparent` of one request, W3C Trace Context level 2: sampled, and the trace id is random.
pub(super) fn traceparent(trace: u128, span: u64) -> String {
    format!("00-{trace:032x}-{span:016x}-03")
}

/// The span ids of one trace, never zero: splitmix64 (Steele, Lea and Flood 2014) over a counter.
pub(super) struct Spans {
    state: u64,
}

impl Spans {
    pub(super) fn new(trace: u128) -> Self {
        let bytes = trace.to_be_bytes();
        let (high, low) = bytes.split_at(8);
        let word = |half: &[u8]| half.iter().fold(0_u64, |word, byte| word << 8 | u64::from(*byte));
        Self { state: word(high).rotate_left(32) ^ word(low) }
    }

    pub(super) fn draw(&mut self) -> u64 {
        loop {
            self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut mixed = self.state;
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            mixed ^= mixed >> 31;
            if mixed != 0 {
                return mixed;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn spans_of_a_trace_differ_and_can_be_replayed() {
        let draw = |trace| {
            let mut spans = Spans::new(trace);
            (0..1_000).map(move |_| spans.draw()).collect::<Vec<_>>()
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
        let distinct: HashSet<u64> = draw(7).into_iter().collect();
        assert_eq!(distinct.len(), 1_000);
        assert!(!distinct.contains(&0));
    }

    #[test]
    fn traceparent_has_the_shape_of_level_two() {
        assert_eq!(traceparent(0xabc, 0x1), "00-00000000000000000000000000000abc-0000000000000001-03");
    }
}
