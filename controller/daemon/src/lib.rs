//! The trunkline binary.
