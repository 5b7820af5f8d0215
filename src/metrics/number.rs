//! Numbers as text, fast and exact: a scrape writes hundreds of thousands of them.

/// Decimal digits.
pub fn integer(out: &mut Vec<u8>, value: u64) {
    let mut digits = [0_u8; 20];
    let mut at = digits.len();
    let mut rest = value;
    loop {
        at -= 1;
        digits[at] = digit(rest % 10);
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

/// Nanoseconds as seconds, without trailing zeros: `1.25`, `3`.
pub fn seconds(out: &mut Vec<u8>, nanos: u64) {
    fraction(out, nanos, 1_000_000_000);
}

/// Milliseconds since the epoch as seconds; moments before it are the epoch.
pub fn timestamp(out: &mut Vec<u8>, unix_millis: i64) {
    fraction(out, u64::try_from(unix_millis).unwrap_or_default(), 1_000);
}

/// The shortest text that reads back as the same number; the infinities and NaN as the formats spell them.
pub fn float(out: &mut Vec<u8>, value: f64) {
    let text = if value.is_nan() {
        "NaN".to_owned()
    } else if value.is_infinite() {
        (if value > 0.0 { "+Inf" } else { "-Inf" }).to_owned()
    } else {
        value.to_string()
    };
    out.extend_from_slice(text.as_bytes());
}

/// `value / scale`, where `scale` is a power of ten.
fn fraction(out: &mut Vec<u8>, value: u64, scale: u64) {
    integer(out, value / scale);
    let mut rest = value % scale;
    if rest == 0 {
        return;
    }
    out.push(b'.');
    let mut unit = scale / 10;
    while rest > 0 {
        out.push(digit(rest / unit));
        rest %= unit;
        unit /= 10;
    }
}

fn digit(value: u64) -> u8 {
    b'0' + u8::try_from(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).expect("digits")
    }

    #[test]
    fn no_trailing_zeros() {
        for (nanos, expected) in [(0, "0"), (1, "0.000000001"), (250_000_000, "0.25"), (10_000_000_000, "10")] {
            assert_eq!(text(|out| seconds(out, nanos)), expected);
        }
        assert_eq!(text(|out| timestamp(out, 1_795_334_400_120)), "1795334400.12");
        assert_eq!(text(|out| timestamp(out, -5)), "0");
        assert_eq!(text(|out| float(out, f64::NEG_INFINITY)), "-Inf");
    }

    proptest! {
        #[test]
        fn integers_are_those_of_the_standard_library(value: u64) {
            prop_assert_eq!(text(|out| integer(out, value)), value.to_string());
        }

        #[test]
        fn seconds_read_back_exactly(nanos in 0..1_000_000_000_000_u64) {
            let read: f64 = text(|out| seconds(out, nanos)).parse().expect("a number");
            prop_assert_eq!((read * 1e9).round().to_string(), nanos.to_string());
        }
    }
}
