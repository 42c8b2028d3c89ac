//! Mutations that fit YAML: whole lines are copied, moved, taken out and indented. Every other time the fuzzer's own
//! mutation of bytes is used. Must not know what the text means.

/// Changes the first `size` bytes of `data` in place, at most `max_size` afterwards; answers the new size.
pub fn mutate(
    data: &mut [u8],
    size: usize,
    max_size: usize,
    seed: u32,
    bytes: fn(&mut [u8], usize, usize) -> usize,
) -> usize {
    let mut dice = Dice(u64::from(seed) | 1);
    if dice.below(2) == 0 {
        return bytes(data, size, max_size);
    }
    let mut lines: Vec<Vec<u8>> = data[..size].split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    for _ in 0..=dice.below(3) {
        step(&mut lines, &mut dice);
    }
    let mut text = lines.join(&b'\n');
    text.truncate(max_size);
    data[..text.len()].copy_from_slice(&text);
    text.len()
}

fn step(lines: &mut Vec<Vec<u8>>, dice: &mut Dice) {
    let at = dice.below(lines.len());
    let other = dice.below(lines.len());
    match dice.below(8) {
        0 if lines.len() > 1 => drop(lines.remove(at)),
        1 => lines.insert(at, lines[other].clone()),
        2 => lines.swap(at, other),
        3 => lines[at].splice(0..0, *b"  ").for_each(drop),
        4 if lines[at].starts_with(b"  ") => drop(lines[at].drain(..2)),
        // The value of one line under the key of another.
        5 => {
            let value = lines[other].iter().position(|byte| *byte == b':').map(|colon| lines[other][colon..].to_vec());
            let colon = lines[at].iter().position(|byte| *byte == b':');
            if let (Some(value), Some(colon)) = (value, colon) {
                lines[at].truncate(colon);
                lines[at].extend(value);
            }
        }
        // A block of lines again, somewhere else.
        6 => {
            let end = (at + 1 + dice.below(6)).min(lines.len());
            let block = lines[at..end].to_vec();
            let to = dice.below(lines.len() + 1);
            lines.splice(to..to, block);
        }
        _ => {
            let end = (at + 1 + dice.below(6)).min(lines.len());
            if lines.len() > end - at {
                lines.drain(at..end);
            }
        }
    }
}

struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap_or_default() % limit.max(1)
    }
}
