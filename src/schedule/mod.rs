//! Floor 5, pure: when is what due, and may it start now. Asks no clock and starts nothing itself.

pub mod admission;
pub mod claim;
pub mod entry;
pub mod grid;
pub mod moment;
pub mod skip;
pub mod timetable;
pub mod totals;
