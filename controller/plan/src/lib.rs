//! Diff, order, prove.
