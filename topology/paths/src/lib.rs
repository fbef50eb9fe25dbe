//! Path computation.
