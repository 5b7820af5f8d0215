//! Throws texts at the selector parser, and lets what it takes look at an answer.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| forerunner_fuzz::selector(data));
