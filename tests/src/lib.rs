//! Tests of the whole: what no single crate can promise by itself. There is no code here, only `tests/`.
