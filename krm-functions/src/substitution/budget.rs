//! What one run may use. Owns the bounds, so that neither a variable bomb nor a pattern eats the machine; must not know
//! templates.

/// Largest text that one object may become. An API server takes no object over 3 MiB.
pub(crate) const OBJECT_BYTES_MAX: usize = 32 << 20;
/// So much may all objects of a run become together.
const RUN_BYTES_MAX: usize = 1 << 30;
/// So many steps may patterns take in one run: a second or two.
const STEPS_MAX: u64 = 300_000_000;

/// What is left.
#[derive(Debug, Clone)]
pub(crate) struct Budget {
    run_bytes: usize,
    object_bytes: usize,
    steps: u64,
}

/// It is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Exceeded {
    #[error("with its variables put in the object has more than {} MiB", OBJECT_BYTES_MAX >> 20)]
    Object,
    #[error("with their variables put in all objects together have more than {} MiB", RUN_BYTES_MAX >> 20)]
    Run,
    #[error("its patterns take too long on these values")]
    Steps,
}

impl Budget {
    pub(crate) const fn new() -> Self {
        Self { run_bytes: RUN_BYTES_MAX, object_bytes: OBJECT_BYTES_MAX, steps: STEPS_MAX }
    }

    /// Starts on the next object.
    pub(crate) const fn next_object(&mut self) {
        self.object_bytes = OBJECT_BYTES_MAX;
    }

    /// Before `bytes` are written.
    pub(crate) fn write(&mut self, bytes: usize) -> Result<(), Exceeded> {
        self.object_bytes = self.object_bytes.checked_sub(bytes).ok_or(Exceeded::Object)?;
        self.run_bytes = self.run_bytes.checked_sub(bytes).ok_or(Exceeded::Run)?;
        Ok(())
    }

    /// Before `steps` steps of matching.
    pub(crate) fn step(&mut self, steps: u64) -> Result<(), Exceeded> {
        self.steps = self.steps.checked_sub(steps).ok_or(Exceeded::Steps)?;
        Ok(())
    }
}
