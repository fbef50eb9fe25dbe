//! Intent files to desired state.
