//! The termination message: one line that says how the run ended, where `kubectl get pod -o yaml` and alerts find it.

use std::path::Path;

use super::super::Ended;
use crate::error::Result;
use crate::report::{Console, one_line, summary_line};

/// What the kubelet keeps of it, in bytes.
const BYTES_MAX: usize = 4096;

/// Writes the line. A place that does not take it is told, and is no failure.
pub(super) fn leave(place: Option<&Path>, ended: &Result<Ended>, console: &Console) {
    let Some(path) = place else { return };
    let line = match ended {
        Ok(Ended { failure: Some(error), .. }) | Err(error) => one_line(error),
        Ok(Ended { report, .. }) => summary_line(report),
    };
    let end = line.floor_char_boundary(line.len().min(BYTES_MAX));
    if let Err(error) = std::fs::write(path, &line[..end]) {
        console.warn(&format!("the last line cannot be written to `{}`: {error}", path.display()));
    }
}
