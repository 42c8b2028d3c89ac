//! Edits of texts.
use super::*;
