//! The ResourceList wire protocol. Filled by the functions work.
