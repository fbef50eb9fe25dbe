//! The simplest device: a value in memory that keeps the contract.
