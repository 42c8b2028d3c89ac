//! Zlib over pieces of unknown length, into exactly as many bytes as were promised.

use miniz_oxide::inflate::stream::{InflateState, MinReset, inflate};
use miniz_oxide::{DataFormat, MZError, MZFlush, MZStatus};

use super::{PackError, Spool};

/// Read at once from a spool.
const PIECE: usize = 16 << 10;

/// A zlib stream in pieces.
pub(super) struct Inflater(Box<InflateState>);

/// What one step did.
pub(super) struct Step {
    /// Input used.
    pub(super) consumed: usize,
    /// Output made.
    pub(super) written: usize,
    /// Was that the end of the stream?
    pub(super) ended: bool,
}

impl Inflater {
    pub(super) fn new() -> Self {
        Self(InflateState::new_boxed(DataFormat::Zlib))
    }

    /// For the next stream.
    pub(super) fn restart(&mut self) {
        self.0.reset_as(MinReset);
    }

    /// One step; nothing if the stream is malformed.
    pub(super) fn step(&mut self, input: &[u8], output: &mut [u8]) -> Option<Step> {
        let result = inflate(&mut self.0, input, output, MZFlush::None);
        let ended = match result.status {
            Ok(MZStatus::StreamEnd) => true,
            // No progress without more input or room.
            Ok(MZStatus::Ok) | Err(MZError::Buf) => false,
            Ok(MZStatus::NeedDict) | Err(_) => return None,
        };
        Some(Step { consumed: result.bytes_consumed, written: result.bytes_written, ended })
    }
}

/// The stream that begins at `offset`, which must give exactly `size` bytes.
pub(super) fn inflated_at(spool: &Spool, mut offset: u64, size: usize) -> Result<Vec<u8>, PackError> {
    let start = offset;
    let bad = |what| PackError::Entry { offset: start, what };
    let mut inflater = Inflater::new();
    // One byte more than promised, so that a longer stream is noticed.
    let mut content = vec![0; size + 1];
    let (mut filled, mut piece) = (0, vec![0; PIECE.min(size + 1024)]);
    loop {
        let read = spool.read_at(offset, &mut piece)?;
        let mut used = 0;
        loop {
            let step = inflater.step(&piece[used..read], &mut content[filled..]).ok_or(bad("its compression"))?;
            used += step.consumed;
            filled += step.written;
            if filled > size || (step.ended && filled < size) {
                return Err(bad("its size"));
            }
            if step.ended {
                content.truncate(size);
                return Ok(content);
            }
            if step.consumed == 0 && step.written == 0 {
                break;
            }
        }
        if used == 0 {
            return Err(bad("its end is missing"));
        }
        offset += used as u64;
    }
}

/// A whole file that is one stream, of at most so many bytes; nothing if it is malformed or larger.
pub(crate) fn inflated_file(compressed: &[u8], bytes_max: usize) -> Option<Vec<u8>> {
    miniz_oxide::inflate::decompress_to_vec_zlib_with_limit(compressed, bytes_max).ok()
}

/// As a stream.
pub(super) fn deflated(content: &[u8]) -> Vec<u8> {
    const LEVEL: u8 = 6;
    miniz_oxide::deflate::compress_to_vec_zlib(content, LEVEL)
}
