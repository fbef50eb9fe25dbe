//! The independent witness.
