//! Timestamps in the four forms that go-yaml tries, and their RFC 3339 text. Must not know YAML syntax.

/// A time as written, with its offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Timestamp {
    date: (u32, u32, u32),
    time: (u32, u32, u32),
    nanos: u32,
    offset_minutes: i32,
}

/// Reads `text` if it is a timestamp.
pub(super) fn parse_timestamp(text: &str) -> Option<Timestamp> {
    let (year, rest) = text.split_at_checked(4)?;
    if !year.bytes().all(|b| b.is_ascii_digit()) || !rest.starts_with('-') {
        return None;
    }
    let mut cursor = Cursor { rest: &rest[1..] };
    let month = cursor.number(2)?;
    cursor.expect('-')?;
    let day = cursor.number(2)?;
    let year = year.parse().ok()?;
    if !(1..=12).contains(&month) || day < 1 || day > days_in(year, month) {
        return None;
    }
    let mut found = Timestamp { date: (year, month, day), time: (0, 0, 0), nanos: 0, offset_minutes: 0 };
    if cursor.rest.is_empty() {
        return Some(found);
    }
    let zoned = cursor.rest.starts_with(['T', 't']);
    if zoned {
        cursor.rest = &cursor.rest[1..];
    } else if cursor.rest.starts_with(' ') {
        cursor.rest = cursor.rest.trim_start_matches(' ');
    } else {
        return None;
    }
    found.time.0 = cursor.number(2)?;
    cursor.expect(':')?;
    found.time.1 = cursor.number(2)?;
    cursor.expect(':')?;
    found.time.2 = cursor.number(2)?;
    found.nanos = cursor.fraction();
    if found.time.0 > 23 || found.time.1 > 59 || found.time.2 > 59 {
        return None;
    }
    if zoned {
        found.offset_minutes = cursor.offset()?;
    }
    cursor.rest.is_empty().then_some(found)
}

fn days_in(year: u32, month: u32) -> u32 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

impl Timestamp {
    /// RFC 3339 with as many digits of the second as needed; `None` if the offset is a day or more, which JSON refuses.
    pub(super) fn to_rfc3339(self) -> Option<String> {
        let ((year, month, day), (hour, minute, second)) = (self.date, self.time);
        let mut text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
        if self.nanos > 0 {
            text.push('.');
            text.push_str(format!("{:09}", self.nanos).trim_end_matches('0'));
        }
        let offset = self.offset_minutes.abs();
        if offset >= 24 * 60 {
            return None;
        }
        if offset == 0 {
            return Some(text + "Z");
        }
        let sign = if self.offset_minutes < 0 { '-' } else { '+' };
        Some(format!("{text}{sign}{:02}:{:02}", offset / 60, offset % 60))
    }
}

struct Cursor<'a> {
    rest: &'a str,
}

impl Cursor<'_> {
    /// One to `max` digits.
    fn number(&mut self, max: usize) -> Option<u32> {
        let len = self.rest.bytes().take(max).take_while(u8::is_ascii_digit).count();
        let (digits, rest) = self.rest.split_at(len);
        self.rest = rest;
        digits.parse().ok()
    }

    fn expect(&mut self, wanted: char) -> Option<()> {
        self.rest = self.rest.strip_prefix(wanted)?;
        Some(())
    }

    /// A fraction of a second, if there is one; digits beyond the ninth are dropped.
    fn fraction(&mut self) -> u32 {
        let Some(rest) = self.rest.strip_prefix(['.', ',']) else { return 0 };
        let len = rest.bytes().take_while(u8::is_ascii_digit).count();
        if len == 0 {
            return 0;
        }
        let (digits, rest) = rest.split_at(len);
        self.rest = rest;
        format!("{:0<9}", &digits[..len.min(9)]).parse().unwrap_or(0)
    }

    /// `Z` or `+hh:mm`, in minutes.
    fn offset(&mut self) -> Option<i32> {
        if let Some(rest) = self.rest.strip_prefix('Z') {
            self.rest = rest;
            return Some(0);
        }
        let (sign, hours, minutes) = match self.rest.as_bytes() {
            [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2, ..] => (*sign, two_digits(*h1, *h2)?, two_digits(*m1, *m2)?),
            _ => return None,
        };
        if hours > 24 || minutes > 60 {
            return None;
        }
        self.rest = &self.rest[6..];
        let offset = hours * 60 + minutes;
        Some(if sign == b'-' { -offset } else { offset })
    }
}

fn two_digits(tens: u8, ones: u8) -> Option<i32> {
    (tens.is_ascii_digit() && ones.is_ascii_digit()).then(|| i32::from(tens - b'0') * 10 + i32::from(ones - b'0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_become_rfc_3339() {
        let cases = [
            ("2024-01-02", Some("2024-01-02T00:00:00Z")),
            ("2024-1-2T3:4:5Z", Some("2024-01-02T03:04:05Z")),
            ("2001-12-14t21:59:43.10-05:00", Some("2001-12-14T21:59:43.1-05:00")),
            ("2001-12-14 21:59:43,5", Some("2001-12-14T21:59:43.5Z")),
            ("2001-12-14   1:2:3", Some("2001-12-14T01:02:03Z")),
            ("2001-12-14T1:2:3+00:00", Some("2001-12-14T01:02:03Z")),
            ("2001-12-14T1:2:3+01:60", Some("2001-12-14T01:02:03+02:00")),
            ("2023-02-29", None),
            ("2024-13-01", None),
            ("2024-01-02T", None),
            ("2024-01-02T24:00:00Z", None),
            ("2001-12-14 21:59:43.10 -5", None),
            ("2001-12-14T21:59:43", None),
        ];
        for (text, expected) in cases {
            let got = parse_timestamp(text).and_then(Timestamp::to_rfc3339);
            assert_eq!(got.as_deref(), expected, "{text}");
        }
    }
}
