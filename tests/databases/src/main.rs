//! `make museum`.

fn main() {}
