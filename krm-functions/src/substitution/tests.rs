//! The rules of the room, as tables.
