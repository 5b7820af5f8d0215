//! Floor 4: journeys, from the text a person wrote to the run that was made of it.

pub mod bind;
pub mod binding;
pub mod check;
pub mod definition;
pub mod execute;
pub mod load;
pub mod objective;
pub mod resolved;
