//! Floor 2: what a step demands of an answer: a selector finds a value, a condition judges it.

pub mod condition;
pub mod filter;
pub mod jsonpath;
pub mod judge;
pub mod kinds;
pub mod schema;
pub mod selector;
pub mod subject;
