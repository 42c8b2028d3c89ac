//! Durations as Go writes them (`1m30s`, `1.5h`), as far as they are positive.

use std::time::Duration;

/// Go counts nanoseconds in a signed 64-bit integer; what does not fit is no duration.
const NANOSECONDS_MAX: u128 = i64::MAX as u128;

/// A positive duration; none for anything else.
pub(super) fn parse(text: &str) -> Option<Duration> {
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    let mut total = 0_u128;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let (nanoseconds, tail) = part(rest)?;
        total = total.checked_add(nanoseconds)?;
        if total > NANOSECONDS_MAX {
            return None;
        }
        rest = tail;
    }
    let nanoseconds = u64::try_from(total).ok()?;
    (nanoseconds > 0).then(|| Duration::from_nanos(nanoseconds))
}

/// One number with its unit, and what follows.
fn part(text: &str) -> Option<(u128, &str)> {
    let (whole, rest) = digits(text);
    let (fraction, rest) = rest.strip_prefix('.').map_or(("", rest), digits);
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let end = rest.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(rest.len());
    let (unit, rest) = rest.split_at(end);
    let unit: u128 = match unit {
        "ns" => 1,
        "us" | "\u{b5}s" | "\u{3bc}s" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return None,
    };
    let whole: u128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let mut scale = unit;
    let mut nanoseconds = whole.checked_mul(unit)?;
    // Digits beyond a nanosecond do not count.
    let mut below = 0_u128;
    let mut divisor = 1_u128;
    for digit in fraction.bytes().take(18) {
        below = below * 10 + u128::from(digit - b'0');
        divisor *= 10;
    }
    scale = scale.checked_mul(below)? / divisor;
    nanoseconds = nanoseconds.checked_add(scale)?;
    Some((nanoseconds, rest))
}

fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()))
}
