//! What every device must do, as one suite that each implementation runs.
