//! `Masked<T>`: a value that no formatting reveals and that leaves no trace in memory. Owns nothing else.

use std::fmt;

use zeroize::Zeroize;

/// Decrypted data, keys, tokens. `Debug` prints `***`, there is no `Display`; only [`Masked::expose`] (easy to grep for)
/// gives the value. Its memory is overwritten when it is dropped; what was moved or grown before it came here is not.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Masked<T: Zeroize>(T);

impl<T: Zeroize> Masked<T> {
    /// Hides `value`.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value. Every caller must keep it out of output, logs, errors and the inventory.
    pub const fn expose(&self) -> &T {
        &self.0
    }

    /// The value, for changing in place.
    pub const fn expose_mut(&mut self) -> &mut T {
        &mut self.0
    }

    /// The value, taken out: nobody overwrites it any more.
    pub fn into_exposed(mut self) -> T
    where
        T: Default,
    {
        std::mem::take(&mut self.0)
    }
}

impl<T: Zeroize> Zeroize for Masked<T> {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}

impl<T: Zeroize> Drop for Masked<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<T: Zeroize> fmt::Debug for Masked<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_reveals_nothing() {
        assert_eq!(format!("{:?}", Masked::new("hunter2".to_owned())), "***");
    }

    #[test]
    fn a_value_taken_out_is_whole() {
        assert_eq!(Masked::new("hunter2".to_owned()).into_exposed(), "hunter2");
    }

    #[test]
    fn zeroize_overwrites() {
        let mut masked = Masked::new(b"hunter2".to_vec());
        masked.zeroize();
        assert!(masked.expose().is_empty());
    }
}
