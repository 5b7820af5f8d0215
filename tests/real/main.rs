//! Holds what a run says against what others saw of it: nginx's access log over TLS, and curl.

#[cfg(test)]
mod agreement;
#[cfg(test)]
mod nginx;
#[cfg(test)]
#[expect(dead_code, reason = "shared with the tests of the crate, which also need bad certificates")]
#[path = "../../src/net/tests/pki.rs"]
mod pki;
