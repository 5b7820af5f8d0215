//! Versions that are wanted, and those that fit them.

use super::version_fits;

#[test]
fn a_caret_takes_what_does_not_break() {
    for (wanted, has, expected) in [
        ("1.2.3", "1.2.3", true),
        ("1.2.3", "1.2.4", false),
        ("^1.2", "1.2.0", true),
        ("^1.2", "1.9.9", true),
        ("^1.2", "1.1.9", false),
        ("^1.2", "2.0.0", false),
        ("^1.2.5", "1.2.4", false),
        ("^1", "1.0.0", true),
        ("^0.2", "0.2.7", true),
        ("^0.2", "0.3.0", false),
        ("^", "1.0.0", false),
        ("^1.x", "1.0.0", false),
        ("1.2", "1.2.0", false),
    ] {
        assert_eq!(version_fits(wanted, has), expected, "{wanted} {has}");
    }
}
