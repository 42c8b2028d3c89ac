//! pkt-line: four hexadecimal digits of length, then that much. Owns the cutting of a stream into packets.

use super::WireError;

/// Longest packet, its length included.
const PACKET_MAX: usize = 65520;

/// One packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packet<'a> {
    /// `0000`: the end of a message.
    Flush,
    /// `0001`: the end of a section.
    Delimiter,
    /// `0002`: the end of a reply.
    End,
    /// Anything else.
    Data(&'a [u8]),
}

/// Bytes that arrive in any pieces, cut into packets. Holds at most one packet and one piece.
#[derive(Debug, Default)]
pub(crate) struct Packets {
    buffer: Vec<u8>,
    at: usize,
}

impl Packets {
    /// Takes the next bytes of the stream.
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.at);
        self.at = 0;
        self.buffer.extend_from_slice(bytes);
    }

    /// The next packet, if it is complete.
    pub(crate) fn next(&mut self) -> Result<Option<Packet<'_>>, WireError> {
        let Some(digits) = self.buffer.get(self.at..self.at + 4) else { return Ok(None) };
        let length = length(digits).ok_or(WireError::Length)?;
        let packet = match length {
            0 => Packet::Flush,
            1 => Packet::Delimiter,
            2 => Packet::End,
            3 => return Err(WireError::Length),
            _ => {
                let Some(content) = self.buffer.get(self.at + 4..self.at + length) else { return Ok(None) };
                self.at += length;
                return Ok(Some(Packet::Data(content)));
            }
        };
        self.at += 4;
        Ok(Some(packet))
    }

    /// What is left, when packets have ended.
    pub(crate) fn rest(&mut self) -> &[u8] {
        let at = std::mem::replace(&mut self.at, self.buffer.len());
        &self.buffer[at..]
    }
}

fn length(digits: &[u8]) -> Option<usize> {
    let mut value = 0;
    for digit in digits {
        value = value * 16 + char::from(*digit).to_digit(16)? as usize;
    }
    (value <= PACKET_MAX).then_some(value)
}

/// Appends a packet with this content.
pub(crate) fn data(into: &mut Vec<u8>, content: &[u8]) {
    let length = content.len() + 4;
    assert!(length <= PACKET_MAX, "what we say fits into a packet");
    into.extend_from_slice(format!("{length:04x}").as_bytes());
    into.extend_from_slice(content);
}

/// Appends a packet with this line.
pub(crate) fn text(into: &mut Vec<u8>, line: &str) {
    data(into, format!("{line}\n").as_bytes());
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cut(stream: &[u8], pieces: usize) -> Result<Vec<Option<Vec<u8>>>, WireError> {
        let mut packets = Packets::default();
        let mut found = Vec::new();
        for piece in stream.chunks(pieces.max(1)) {
            packets.feed(piece);
            while let Some(packet) = packets.next()? {
                found.push(if let Packet::Data(content) = packet { Some(content.to_vec()) } else { None });
            }
        }
        Ok(found)
    }

    proptest! {
        #[test]
        fn packets_survive_any_cutting(
            contents in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..20),
            pieces in 1..700_usize,
        ) {
            let mut stream = Vec::new();
            for content in &contents {
                data(&mut stream, content);
            }
            stream.extend(b"0000");
            let mut expected: Vec<_> = contents.into_iter().map(Some).collect();
            expected.push(None);
            prop_assert_eq!(cut(&stream, pieces).unwrap(), expected);
        }

        #[test]
        fn nothing_panics(stream in prop::collection::vec(any::<u8>(), 0..300), pieces in 1..50_usize) {
            drop(cut(&stream, pieces));
        }
    }

    #[test]
    fn malformed_lengths_are_errors() {
        for stream in ["0003", "zzzz", "fff1", "+123", "HTTP"] {
            assert_eq!(cut(stream.as_bytes(), 9), Err(WireError::Length), "{stream}");
        }
        assert_eq!(cut(b"00", 9), Ok(vec![]));
        assert_eq!(cut(b"0005", 9), Ok(vec![]));
    }
}
