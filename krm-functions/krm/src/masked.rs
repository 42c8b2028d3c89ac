//! `Masked<T>`: a value that no formatting reveals. Owns nothing else.

use std::fmt;

/// Decrypted data, keys, tokens. `Debug` prints `***`, there is no `Display`; only [`Masked::expose`] (easy to grep for)
/// gives the value.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Masked<T>(T);

impl<T> Masked<T> {
    /// Hides `value`.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value. Every caller must keep it out of output, logs, errors and the inventory.
    pub const fn expose(&self) -> &T {
        &self.0
    }

    /// The value, taken out.
    pub fn into_exposed(self) -> T {
        self.0
    }
}

impl<T> fmt::Debug for Masked<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_reveals_nothing() {
        assert_eq!(format!("{:?}", Masked::new("hunter2")), "***");
    }
}
