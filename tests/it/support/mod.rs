//! Peers on loopback that do exactly what a test says, good or bad. They end with the test's runtime.

pub mod answers;
pub mod http1;
pub mod http2;
// One set of certificates for the tests inside the crate and those outside.
#[path = "../../../src/net/tests/pki.rs"]
pub mod pki;
pub mod proxy;
pub mod smtp;
pub mod tls;
