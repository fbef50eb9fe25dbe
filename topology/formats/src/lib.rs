//! Network files to TED.
