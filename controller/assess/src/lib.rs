//! Observed state to judgement.
