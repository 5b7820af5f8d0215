//! Amounts of bytes as people write them: `1MiB`, `500kB`, `4096`.

use super::duration::{NotReadable, decimal_prefix, scaled};

const UNITS: [(&str, u128); 7] = [
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1_000),
    ("B", 1),
];

/// A number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Size(pub u64);

/// Reads `1MiB`, `1.5kB` or a bare number of bytes.
///
/// # Errors
/// An unknown unit, a fraction of a bare number, or a value above `u64`.
pub fn parse_size(text: &str) -> Result<u64, NotReadable> {
    let bad = || NotReadable(format!("`{text}` is not a size: write for example `1MiB`, `500kB` or a number of bytes"));
    let number = decimal_prefix(text);
    let unit = match &text[number.len()..] {
        "" if !number.is_empty() && !number.contains('.') => 1,
        rest => UNITS.iter().find(|(name, _)| *name == rest).ok_or_else(bad)?.1,
    };
    if number.is_empty() {
        return Err(bad());
    }
    scaled(number, unit).and_then(|bytes| u64::try_from(bytes).ok()).ok_or_else(bad)
}

/// Bytes in the largest binary unit that divides them, so that [`parse_size`] reads it back exactly.
#[must_use]
pub fn format_size(bytes: u64) -> String {
    UNITS[..3]
        .iter()
        .find(|(_, length)| bytes > 0 && u128::from(bytes) % length == 0)
        .map_or_else(|| format!("{bytes}B"), |(unit, length)| format!("{}{unit}", u128::from(bytes) / length))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sizes_as_people_write_them() {
        for (text, bytes) in
            [("0", 0), ("4096", 4096), ("1MiB", 1 << 20), ("1.5kB", 1500), ("2GB", 2_000_000_000), ("7B", 7)]
        {
            assert_eq!(parse_size(text), Ok(bytes), "{text}");
        }
        for text in ["", "MiB", "1.5", "1 MiB", "1mb", "-1", "99999999999GiB"] {
            assert!(parse_size(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_back(bytes: u64) {
            prop_assert_eq!(parse_size(&format_size(bytes)), Ok(bytes));
        }
    }
}
