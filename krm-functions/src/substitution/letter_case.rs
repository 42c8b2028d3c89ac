//! Letters in their other case, one character for one, as Unicode's simple mappings, Go and C libraries have it. Owns what
//! differs from Rust's own, which may give several.

/// One character for one: `ß` stays.
pub(crate) fn to_upper(c: char) -> char {
    if c.is_ascii() {
        return c.to_ascii_uppercase();
    }
    // Greek with a subscript iota has a title case of its own, which Unicode's simple mapping takes for the upper case.
    let offset = match u32::from(c) {
        0x1F80..=0x1F87 | 0x1F90..=0x1F97 | 0x1FA0..=0x1FA7 => 8,
        0x1FB3 | 0x1FC3 | 0x1FF3 => 9,
        _ => return single(c.to_uppercase(), c),
    };
    char::from_u32(u32::from(c) + offset).unwrap_or(c)
}

/// One character for one: `İ` is `i`.
pub(crate) fn to_lower(c: char) -> char {
    if c == 'İ' { 'i' } else { single(c.to_lowercase(), c) }
}

fn single(mut changed: impl Iterator<Item = char>, c: char) -> char {
    match (changed.next(), changed.next()) {
        (Some(only), None) => only,
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_changes_one_character_for_one() {
        for (lower, upper) in
            [('a', 'A'), ('é', 'É'), ('ß', 'ß'), ('ǆ', 'Ǆ'), ('ᾳ', 'ᾼ'), ('ŉ', 'ŉ'), ('ﬁ', 'ﬁ'), ('ა', 'Ა')]
        {
            assert_eq!(to_upper(lower), upper);
        }
        for (upper, lower) in [('Σ', 'σ'), ('İ', 'i'), ('\u{1F88}', '\u{1F80}'), ('1', '1')] {
            assert_eq!(to_lower(upper), lower);
        }
    }
}
