//! Holds what we say against what others saw of it: nginx's access log over TLS, curl, and promtool.

#[cfg(test)]
mod agreement;
#[cfg(test)]
mod metrics;
#[cfg(test)]
mod nginx;
#[cfg(test)]
#[expect(dead_code, reason = "shared with the tests of the crate, which also need bad certificates")]
#[path = "../../src/net/tests/pki.rs"]
mod pki;
