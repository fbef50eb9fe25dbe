//! REST, events, dashboard.
