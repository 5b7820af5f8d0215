//! One-time passwords: RFC 6238 with SHA-1, 30 seconds and six digits, from a base32 secret as apps show it.

use hmac::{Hmac, Mac as _};
use sha1::Sha1;

const STEP_SECONDS: i64 = 30;

/// The code at a time; none if the secret is not base32.
pub(super) fn code(secret: &str, unix_seconds: i64) -> Option<String> {
    let key = base32(secret)?;
    let counter = u64::try_from(unix_seconds.max(0) / STEP_SECONDS).ok()?;
    let digest = Hmac::<Sha1>::new_from_slice(&key).ok()?.chain_update(counter.to_be_bytes()).finalize().into_bytes();
    // RFC 4226, 5.3: four bytes from where the last four bits point.
    let at = usize::from(digest[19] & 15);
    let number = digest[at..at + 4].iter().fold(0_u32, |number, byte| number << 8 | u32::from(*byte)) & 0x7fff_ffff;
    Some(format!("{:06}", number % 1_000_000))
}

/// RFC 4648, in either case, padded or not; blanks and hyphens are for people.
fn base32(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0_u32, 0);
    for character in text.trim_end_matches(['=', ' ']).chars().filter(|c| !matches!(c, ' ' | '-')) {
        let value = match character.to_ascii_uppercase() {
            letter @ 'A'..='Z' => u32::from(letter) - u32::from('A'),
            digit @ '2'..='7' => u32::from(digit) - u32::from('2') + 26,
            _ => return None,
        };
        bits = bits << 5 | value;
        count += 5;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xff).unwrap_or_default());
            bits &= (1 << count) - 1;
        }
    }
    if bytes.is_empty() { None } else { Some(bytes) }
}

#[cfg(test)]
mod tests {
    use super::code;

    #[test]
    fn the_test_vectors_of_rfc_6238_with_six_digits() {
        let secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
        for (seconds, expected) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(code(secret, seconds).as_deref(), Some(expected), "{seconds}");
        }
    }

    #[test]
    fn secrets_are_read_as_people_copy_them() {
        let plain = code("JBSWY3DPEHPK3PXP", 0);
        assert!(plain.is_some());
        for text in ["jbsw y3dp ehpk 3pxp", "JBSW-Y3DP-EHPK-3PXP", "JBSWY3DPEHPK3PXP===="] {
            assert_eq!(code(text, 0), plain, "{text}");
        }
        for text in ["", "====", "JBSWY3DP1", "JBSWY3DPÄ"] {
            assert_eq!(code(text, 0), None, "{text}");
        }
    }
}
