//! Throws cookies at the selectors that take them apart, as a hostile target would.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| forerunner_fuzz::cookie(data));
