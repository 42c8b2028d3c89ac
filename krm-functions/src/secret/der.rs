//! DER, as far as finding keys in certificates needs it: one element after the other. Owns the encoding of tags and lengths;
//! nothing recurses, nothing is copied.

/// SEQUENCE
pub(super) const SEQUENCE: u8 = 0x30;
/// INTEGER
pub(super) const INTEGER: u8 = 0x02;
/// BIT STRING
const BIT_STRING: u8 = 0x03;
/// OCTET STRING
pub(super) const OCTET_STRING: u8 = 0x04;
/// OBJECT IDENTIFIER
pub(super) const OID: u8 = 0x06;
/// `[0]`, constructed
pub(super) const CONTEXT_0: u8 = 0xa0;
/// `[1]`, constructed
pub(super) const CONTEXT_1: u8 = 0xa1;

/// What is left to read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    /// Reads from the begin of `bytes`.
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The next element's tag.
    pub(super) fn peek(&self) -> Option<u8> {
        self.0.first().copied()
    }

    /// Content of the next element, which must have this tag.
    pub(super) fn take(&mut self, tag: u8) -> Option<&'a [u8]> {
        let (&found, rest) = self.0.split_first()?;
        let (&first, mut rest) = rest.split_first()?;
        let mut length = usize::from(first);
        if first >= 0x80 {
            let count = usize::from(first & 0x7f);
            // Four bytes of length are 4 GiB; none at all is the indefinite form, which DER has not.
            if !(1..=4).contains(&count) {
                return None;
            }
            let (bytes, behind) = rest.split_at_checked(count)?;
            length = bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
            rest = behind;
        }
        let (content, behind) = rest.split_at_checked(length)?;
        if found != tag {
            return None;
        }
        self.0 = behind;
        Some(content)
    }

    /// The next element, opened.
    pub(super) fn open(&mut self, tag: u8) -> Option<Self> {
        self.take(tag).map(Self)
    }

    /// Passes over the next element if it has this tag.
    pub(super) fn skip_if(&mut self, tag: u8) -> Option<()> {
        if self.peek() == Some(tag) { self.take(tag).map(drop) } else { Some(()) }
    }

    /// An unsigned integer without leading zeros.
    pub(super) fn unsigned(&mut self) -> Option<&'a [u8]> {
        let bytes = self.take(INTEGER)?;
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        Some(&bytes[zeros..])
    }

    /// A bit string of whole bytes.
    pub(super) fn bits(&mut self) -> Option<&'a [u8]> {
        match self.take(BIT_STRING)?.split_first() {
            Some((0, bytes)) => Some(bytes),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_one_after_the_other() {
        let mut der = Der::new(&[0x30, 0x06, 0x02, 0x02, 0x00, 0x81, 0x03, 0x00, 0x04, 0x81, 0x01, 0x07]);
        let mut inner = der.open(SEQUENCE).unwrap();
        assert_eq!(inner.unsigned(), Some([0x81].as_slice()));
        assert_eq!(inner.bits(), None, "a bit string says how many bits it does not use");
        assert_eq!(der.take(OCTET_STRING), Some([7].as_slice()));
        assert_eq!(der.peek(), None);
    }

    #[test]
    fn what_is_cut_off_is_nothing() {
        for bytes in [
            &[][..],
            &[0x30],
            &[0x30, 0x02, 0x00],
            &[0x30, 0x80, 0x00, 0x00],
            &[0x30, 0x85, 1, 1, 1, 1, 1],
            &[0x30, 0x82, 1],
        ] {
            assert!(Der::new(bytes).take(SEQUENCE).is_none(), "{bytes:?}");
        }
    }
}
