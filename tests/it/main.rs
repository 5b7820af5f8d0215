//! The one integration test binary: each module holds the crate to one kind of promise.

// `cfg(test)` is always true here; it tells clippy that these modules are tests all through.
#[cfg(test)]
mod boards;
#[cfg(test)]
mod cli;
#[cfg(test)]
mod daemon;
#[cfg(test)]
mod docs;
#[cfg(test)]
mod examples;
#[cfg(test)]
mod floors;
#[cfg(test)]
mod journeys;
#[cfg(test)]
mod mail;
#[cfg(test)]
mod packaging;
#[cfg(test)]
mod probe;
#[cfg(test)]
mod reference;
#[cfg(test)]
mod repository;
#[cfg(test)]
mod schema;
#[cfg(test)]
mod seeds;
#[cfg(test)]
mod source;
#[cfg(test)]
mod support;
#[cfg(test)]
mod tidy;
#[cfg(test)]
mod walks;
