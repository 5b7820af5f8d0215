//! Throws texts at the template parser, and renders what it takes.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| forerunner_fuzz::template(data));
