//! The order of keys in build output: go-yaml v2's, in which `a2` comes before `a10` and letters come last.

use std::cmp::Ordering;

/// Sorts `items` by `key`. The order has cycles (`a10` < `a1b` < `a2` < `a10`), which the standard library's sort may answer
/// with a panic; a merge sort of our own never does.
pub(super) fn sort_by_key<T: Copy>(items: &mut [T], key: impl Fn(&T) -> &str + Copy) {
    if items.len() <= 20 {
        insertion_sort(items, key);
        return;
    }
    if items.windows(2).all(|w| compare_keys(key(&w[0]), key(&w[1])) != Ordering::Greater) {
        return;
    }
    let (left, right) = items.split_at_mut(items.len() / 2);
    sort_by_key(left, key);
    sort_by_key(right, key);
    let (a, b) = (left.to_vec(), right.to_vec());
    let (mut i, mut j) = (0, 0);
    for slot in items.iter_mut() {
        let take_left = j == b.len() || i < a.len() && compare_keys(key(&a[i]), key(&b[j])) != Ordering::Greater;
        let from = if take_left { &a[i] } else { &b[j] };
        *slot = *from;
        if take_left { i += 1 } else { j += 1 }
    }
}

fn insertion_sort<T: Copy>(items: &mut [T], key: impl Fn(&T) -> &str) {
    for end in 1..items.len() {
        let mut at = end;
        while at > 0 && compare_keys(key(&items[at]), key(&items[at - 1])) == Ordering::Less {
            items.swap(at, at - 1);
            at -= 1;
        }
    }
}

/// go-yaml v2's order of two string keys.
#[inline]
pub(super) fn compare_keys(a: &str, b: &str) -> Ordering {
    let same = a.bytes().zip(b.bytes()).take_while(|(x, y)| x == y).count();
    if same == a.len().min(b.len()) {
        return a.len().cmp(&b.len());
    }
    match (a.as_bytes()[same], b.as_bytes()[same]) {
        // Two ASCII letters need no look around.
        (x, y) if x.is_ascii_alphabetic() && y.is_ascii_alphabetic() => x.cmp(&y),
        _ => compare_at(a, b, same),
    }
}

fn compare_at(a: &str, b: &str, mut same: usize) -> Ordering {
    while !a.is_char_boundary(same) || !b.is_char_boundary(same) {
        same -= 1;
    }
    let (rest_a, rest_b) = (&a[same..], &b[same..]);
    let (Some(x), Some(y)) = (rest_a.chars().next(), rest_b.chars().next()) else { return a.len().cmp(&b.len()) };
    match (is_letter(x), is_letter(y)) {
        (true, true) => return x.cmp(&y),
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    // Behind a digit that is not 0, a 0 is not a leading one.
    let mut start = 0;
    if x == '0' || y == '0' {
        let digits = a[..same].chars().rev().take_while(|c| is_digit(*c));
        start = i64::from(digits.into_iter().any(|c| c != '0'));
    }
    let (number_a, len_a) = leading_number(rest_a, start);
    let (number_b, len_b) = leading_number(rest_b, start);
    number_a.cmp(&number_b).then(len_a.cmp(&len_b)).then(x.cmp(&y))
}

fn leading_number(text: &str, start: i64) -> (i64, usize) {
    let digits = text.chars().take_while(|c| is_digit(*c));
    digits.fold((start, 0), |(value, len), c| {
        let digit = i64::from(u32::from(c)) - i64::from(u32::from('0'));
        (value.wrapping_mul(10).wrapping_add(digit), len + 1)
    })
}

/// The zero of every block of ten decimal digits in Unicode 15, which is Go's.
const ZEROS: [u32; 68] = [
    0x30, 0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xDE6, 0xE50, 0xED0,
    0xF20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50, 0x1BB0, 0x1C40, 0x1C50, 0xA620,
    0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0xFF10, 0x104A0, 0x10D30, 0x11066, 0x110F0, 0x11136, 0x111D0,
    0x112F0, 0x11450, 0x114D0, 0x11650, 0x116C0, 0x11730, 0x118E0, 0x11950, 0x11C50, 0x11D50, 0x11DA0, 0x11F50,
    0x16A60, 0x16AC0, 0x16B50, 0x1D7CE, 0x1D7D8, 0x1D7E2, 0x1D7EC, 0x1D7F6, 0x1E140, 0x1E2F0, 0x1E4F0, 0x1E950,
    0x1FBF0,
];

/// Go's letters, but for the combining marks that Rust calls alphabetic.
fn is_letter(c: char) -> bool {
    if c.is_ascii() { c.is_ascii_alphabetic() } else { c.is_alphabetic() }
}

fn is_digit(c: char) -> bool {
    let code = u32::from(c);
    let below = ZEROS.partition_point(|&zero| zero <= code);
    c.is_ascii_digit() || below > 0 && code - ZEROS[below - 1] < 10
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_sorted_naturally() {
        let mut keys = ["a10", "a2", "a-b", "a.b", "B", "a", "_x", "a1", "a01", "é", "1", "10", "9", "", "a/b"];
        sort_by_key(&mut keys, |k| k);
        assert_eq!(keys, ["", "_x", "1", "9", "10", "B", "a", "a-b", "a.b", "a/b", "a1", "a01", "a2", "a10", "é"]);
    }

    #[test]
    fn digits_of_all_scripts_count() {
        assert!(['0', '9', '٣', '９', '𝟿'].into_iter().all(is_digit));
        assert!(['a', '/', ':', '²', 'Ⅷ', '½'].into_iter().all(|c| !is_digit(c)));
    }

    #[test]
    fn a_cycle_in_the_order_is_harmless() {
        let mut keys: Vec<String> = (0..90).map(|n| ["a10", "a1b", "a2"][n % 3].to_owned() + &n.to_string()).collect();
        let before = keys.len();
        let mut slices: Vec<&str> = keys.iter().map(String::as_str).collect();
        sort_by_key(&mut slices, |k| k);
        assert_eq!(slices.len(), before);
        keys.clear();
    }
}
