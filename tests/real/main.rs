//! Holds what we say against what others saw of it: nginx's access log over TLS, curl,
//! promtool, Prometheus and Exim; what a full disk does; that boards show something; and that the program needs no system
//! around it.

#[cfg(test)]
mod agreement;
#[cfg(test)]
mod bare_root;
#[cfg(test)]
mod boards;
#[cfg(test)]
mod exim;
#[cfg(test)]
mod full_disk;
#[cfg(test)]
mod full_ledger;
#[cfg(test)]
mod mail;
#[cfg(test)]
mod manual;
#[cfg(test)]
mod metrics;
#[cfg(test)]
mod nginx;
#[cfg(test)]
#[expect(dead_code, reason = "shared with the tests of the crate, which also need bad certificates")]
#[path = "../../src/net/tests/pki.rs"]
mod pki;
#[cfg(test)]
#[path = "../it/daemon/program.rs"]
mod program;
#[cfg(test)]
mod prometheus;
