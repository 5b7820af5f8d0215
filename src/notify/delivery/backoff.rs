//! How long to wait before the next attempt: sooner at first, never for long, and never all at once.

use std::time::Duration;

/// By attempts that failed. A receiver's server that does not know us yet (greylisting) lets us in after about five
/// minutes; somebody waits for this message, so that ten minutes are the longest.
const STEPS_SECONDS: [u64; 6] = [30, 60, 120, 300, 300, 600];

/// After `failed` attempts, at least one, with up to a fifth more or less. `seed` tells messages apart: the same message
/// waits equally long each time it is reckoned.
#[must_use]
pub fn back_off(failed: u32, seed: u64) -> Duration {
    let step = usize::try_from(failed.saturating_sub(1)).unwrap_or(usize::MAX).min(STEPS_SECONDS.len() - 1);
    // Per mille, 800 to 1200.
    let spread = 800 + mixed(seed ^ u64::from(failed).rotate_left(32)) % 401;
    Duration::from_millis(STEPS_SECONDS[step] * spread)
}

/// The finaliser of `SplitMix64` (Steele, Lea and Flood, 2014): every bit of the seed moves every bit of the result.
fn mixed(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_steps_grow_to_ten_minutes_and_vary_by_a_fifth() {
        for (failed, seconds) in
            [(0, 30), (1, 30), (2, 60), (3, 120), (4, 300), (5, 300), (6, 600), (7, 600), (999, 600)]
        {
            let waits: Vec<f64> = (0..1000).map(|seed| back_off(failed, seed).as_secs_f64()).collect();
            let (least, most) = (f64::from(seconds) * 0.8, f64::from(seconds) * 1.2);
            assert!(waits.iter().all(|wait| (least..=most).contains(wait)), "{failed}");
            let mean = waits.iter().sum::<f64>() / 1000.0;
            assert!((mean / f64::from(seconds) - 1.0).abs() < 0.03, "{failed}: {mean}");
        }
        assert_eq!(back_off(3, 7), back_off(3, 7));
    }
}
