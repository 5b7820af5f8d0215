//! Tests of the store as its users see it: definitions and runs go in, exposition text comes out.

mod concurrency;
mod coverage;
mod encoding;
mod reading;
mod reload;
mod runs;
mod sample;
