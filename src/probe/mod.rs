//! Floor 3: how things are measured. One folder per kind of probe; a probe knows no template and no journey.

pub mod http;
