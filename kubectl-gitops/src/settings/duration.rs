//! Durations as kubectl and Go write them: `90s`, `1m30s`, `1.5h`, and bare seconds.

use std::time::Duration;

/// Longest accepted duration: ten years. Longer ones are typing errors, and arithmetic on clocks stays in range.
const LONGEST_S: f64 = 10.0 * 365.0 * 86_400.0;

/// The text is no duration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a duration; write `90s`, `5m` or `1h30m`")]
pub struct ParseDurationError(pub String);

/// Reads `300ms`, `90s`, `1m30s`, `1.5h`; a bare number is seconds, as in kubectl's `--request-timeout`.
pub fn parse_duration(text: &str) -> Result<Duration, ParseDurationError> {
    let refused = || ParseDurationError(text.to_owned());
    if text.is_empty() {
        return Err(refused());
    }
    if let Ok(seconds) = text.parse::<u32>() {
        return Ok(Duration::from_secs(u64::from(seconds)));
    }
    let mut rest = text;
    let mut total_s = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(refused)?;
        let number: f64 = rest[..digits].parse().map_err(|_| refused())?;
        rest = &rest[digits..];
        let unit = rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len());
        let unit_s = match &rest[..unit] {
            "h" => 3600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 1e-3,
            "us" | "µs" => 1e-6,
            _ => return Err(refused()),
        };
        rest = &rest[unit..];
        total_s += number * unit_s;
    }
    if total_s > LONGEST_S { Err(refused()) } else { Ok(Duration::from_secs_f64(total_s)) }
}

/// Writes a duration for people: `0.11s`, `8.4s`, `41s`, `1m32s`, `2h5m`, `3d`.
pub fn format_duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0 => format!("{:.2}s", duration.as_secs_f64()),
        1..=9 => format!("{:.1}s", duration.as_secs_f64()),
        10..=59 => format!("{seconds}s"),
        60..=3599 => pair(seconds / 60, "m", seconds % 60, "s"),
        3600..=86_399 => pair(seconds / 3600, "h", seconds % 3600 / 60, "m"),
        _ => pair(seconds / 86_400, "d", seconds % 86_400 / 3600, "h"),
    }
}

fn pair(large: u64, large_unit: &str, small: u64, small_unit: &str) -> String {
    if small == 0 { format!("{large}{large_unit}") } else { format!("{large}{large_unit}{small}{small_unit}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn go_durations_are_read() {
        for (text, ms) in [
            ("0", 0),
            ("30", 30_000),
            ("90s", 90_000),
            ("1m30s", 90_000),
            ("1.5h", 5_400_000),
            ("300ms", 300),
            ("0s", 0),
        ] {
            assert_eq!(parse_duration(text), Ok(Duration::from_millis(ms)), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in ["", "5x", "m", "-1s", "1m30", "1..5s", "99999999999h", "5 m"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn durations_are_short_for_people() {
        for (ms, text) in [
            (110, "0.11s"),
            (8_400, "8.4s"),
            (41_300, "41s"),
            (92_000, "1m32s"),
            (120_000, "2m"),
            (7_500_000, "2h5m"),
            (3 * 86_400_000, "3d"),
        ] {
            assert_eq!(format_duration(Duration::from_millis(ms)), text);
        }
    }
}
