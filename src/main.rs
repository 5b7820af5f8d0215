//! The binary: nothing but the door to the library.

fn main() {}
