//! Deltas: an object as copies from another one and new bytes.

/// What a delta says first: the sizes of what it is applied to and of what comes out.
pub(super) fn sizes(delta: &[u8]) -> Option<(u64, u64, usize)> {
    let (source, first) = size(delta)?;
    let (result, second) = size(&delta[first..])?;
    Some((source, result, first + second))
}

fn size(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut value = 0_u64;
    for (count, byte) in bytes.iter().take(9).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * count);
        if byte & 0x80 == 0 {
            return Some((value, count + 1));
        }
    }
    None
}

/// Applies `delta`; nothing if it does not fit to `source` or does not keep its promise. The caller bounds the size of the
/// result beforehand, by [`sizes`].
pub(super) fn apply(source: &[u8], delta: &[u8]) -> Option<Vec<u8>> {
    let (source_size, result_size, mut at) = sizes(delta)?;
    if source_size != source.len() as u64 {
        return None;
    }
    let result_size = usize::try_from(result_size).ok()?;
    let mut result = Vec::with_capacity(result_size);
    while let Some(command) = delta.get(at) {
        at += 1;
        let piece = if command & 0x80 != 0 {
            let mut argument = |bits: std::ops::Range<u8>| -> Option<usize> {
                let mut value = 0;
                for (position, bit) in bits.enumerate() {
                    if command & (1 << bit) != 0 {
                        value |= usize::from(*delta.get(at)?) << (8 * position);
                        at += 1;
                    }
                }
                Some(value)
            };
            let offset = argument(0..4)?;
            let length = match argument(4..7)? {
                0 => 0x10000,
                length => length,
            };
            source.get(offset..offset.checked_add(length)?)?
        } else {
            // Zero is reserved.
            let length = usize::from(*command);
            let piece = delta.get(at..at + length).filter(|piece| !piece.is_empty())?;
            at += length;
            piece
        };
        if piece.len() > result_size - result.len() {
            return None;
        }
        result.extend_from_slice(piece);
    }
    (result.len() == result_size).then_some(result)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn copies_and_new_bytes_are_joined() {
        let mut delta = vec![5, 9, 0x91, 1, 3, 3, b'x', b'y', b'z', 0x90, 3];
        assert_eq!(apply(b"abcde", &delta).unwrap(), b"bcdxyzabc");
        delta[1] = 8;
        assert_eq!(apply(b"abcde", &delta), None);
        delta[1] = 10;
        assert_eq!(apply(b"abcde", &delta), None);
        assert_eq!(apply(b"abcd", &[5, 1, 1, b'a']), None);
        assert_eq!(apply(b"abcde", &[5, 1, 0]), None);
        assert_eq!(apply(b"abcde", &[5, 3, 0x91, 4, 3]), None);
        assert_eq!(apply(b"abcde", &[5, 3, 3, b'a']), None);
    }

    proptest! {
        #[test]
        fn nothing_panics_or_exceeds_its_promise(
            source in prop::collection::vec(any::<u8>(), 0..64),
            commands in prop::collection::vec(any::<u8>(), 0..64),
            promised in 0..127_u8,
        ) {
            let mut delta = vec![u8::try_from(source.len()).unwrap(), promised];
            delta.extend(commands);
            if let Some(result) = apply(&source, &delta) {
                prop_assert_eq!(result.len(), usize::from(promised));
            }
        }
    }
}
