//! Throws texts at the journey reader, as a stranger's package would.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| forerunner_fuzz::journey(data));
