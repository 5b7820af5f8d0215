//! Throws headers at the selectors and filters that read them, as a hostile target would.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| forerunner_fuzz::header(data));
