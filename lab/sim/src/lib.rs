//! Links, traffic and faults in memory.
