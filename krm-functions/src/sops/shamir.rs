//! Shamir's secret sharing over GF(2⁸), as Vault does it: a part is the polynomials' values, one per byte, and the place they are
//! taken at as its last byte. Must not know what is shared.

use krm::Masked;

use super::walk::Random;

/// Why parts cannot be made or put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ShamirProblem {
    /// Nothing to put together, or parts of different lengths.
    #[error("the parts of the data key do not fit together")]
    Parts,
    /// Two parts are of one place.
    #[error("two parts of the data key are the same")]
    Duplicate,
    /// A threshold below two, above the number of parts, or more parts than there are places.
    #[error("a threshold of {threshold} for {parts} key groups is not possible")]
    Threshold {
        /// How many parts are needed.
        threshold: usize,
        /// How many there are.
        parts: usize,
    },
}

/// The secret that `parts` are parts of.
///
/// # Errors
/// They are not parts of one secret; too few parts give another secret, not an error.
pub(super) fn combine(parts: &[Masked<Vec<u8>>]) -> Result<Masked<Vec<u8>>, ShamirProblem> {
    let length = parts.first().map_or(0, |part| part.expose().len());
    if parts.len() < 2 || length < 2 || parts.iter().any(|part| part.expose().len() != length) {
        return Err(ShamirProblem::Parts);
    }
    let places: Vec<u8> = parts.iter().map(|part| part.expose()[length - 1]).collect();
    for (index, place) in places.iter().enumerate() {
        if places[..index].contains(place) {
            return Err(ShamirProblem::Duplicate);
        }
    }
    // The polynomials' values at 0, by Lagrange: subtraction is addition in this field.
    let weights: Vec<u8> = (0..places.len())
        .map(|own| {
            let others = (0..places.len()).filter(|&other| other != own);
            others.fold(1, |weight, other| multiply(weight, divide(places[other], places[own] ^ places[other])))
        })
        .collect();
    let byte = |at: usize| {
        parts.iter().zip(&weights).fold(0, |sum, (part, &weight)| sum ^ multiply(part.expose()[at], weight))
    };
    Ok(Masked::new((0..length - 1).map(byte).collect()))
}

/// `parts` parts of `secret`, of which `threshold` give it back.
pub(super) fn split(
    secret: &Masked<Vec<u8>>,
    parts: usize,
    threshold: usize,
    random: &mut Random<'_>,
) -> Result<Vec<Masked<Vec<u8>>>, ShamirProblem> {
    if threshold < 2 || threshold > parts || parts > 255 {
        return Err(ShamirProblem::Threshold { threshold, parts });
    }
    let mut made: Vec<Masked<Vec<u8>>> =
        (0..parts).map(|_| Masked::new(Vec::with_capacity(secret.expose().len() + 1))).collect();
    let mut coefficients = Masked::new(vec![0; threshold]);
    for &byte in secret.expose() {
        random(coefficients.expose_mut());
        coefficients.expose_mut()[0] = byte;
        for (place, part) in (1..=u8::MAX).zip(&mut made) {
            let value = coefficients.expose().iter().rev().fold(0, |sum, &factor| multiply(sum, place) ^ factor);
            part.expose_mut().push(value);
        }
    }
    for (place, part) in (1..=u8::MAX).zip(&mut made) {
        part.expose_mut().push(place);
    }
    Ok(made)
}

/// The field's product, with no branch or table index that depends on a secret.
fn multiply(a: u8, b: u8) -> u8 {
    let (mut a, mut product) = (a, 0);
    for bit in 0..8 {
        product ^= a & 0_u8.wrapping_sub((b >> bit) & 1);
        a = (a << 1) ^ (0x1b & 0_u8.wrapping_sub(a >> 7));
    }
    product
}

/// `a / b`; `b` is not 0. The group has 255 elements, so that b²⁵⁴ is the inverse of b.
fn divide(a: u8, b: u8) -> u8 {
    let mut inverse = 1;
    for _ in 0..254 {
        inverse = multiply(inverse, b);
    }
    multiply(a, inverse)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_field_is_that_of_aes() {
        assert_eq!(multiply(0x57, 0x83), 0xc1);
        for b in 1..=255 {
            assert_eq!(multiply(divide(0x53, b), b), 0x53);
        }
    }

    #[test]
    fn enough_parts_give_the_secret() {
        let secret = Masked::new(b"a data key of thirty-two bytes!!".to_vec());
        let mut seed = 1_u8;
        let mut random = |out: &mut [u8]| {
            for byte in out {
                seed = seed.wrapping_mul(73).wrapping_add(41);
                *byte = seed;
            }
        };
        let parts = split(&secret, 5, 3, &mut random).unwrap();
        for chosen in [[0, 1, 2], [4, 2, 0], [1, 3, 4]] {
            let chosen: Vec<_> = chosen.iter().map(|&at| parts[at].clone()).collect();
            assert!(combine(&chosen).unwrap() == secret);
        }
        assert!(combine(&parts[..2]).unwrap() != secret);
        assert_eq!(combine(&[parts[0].clone(), parts[0].clone()]), Err(ShamirProblem::Duplicate));
        assert_eq!(combine(&parts[..1]), Err(ShamirProblem::Parts));
        assert!(split(&secret, 2, 1, &mut random).is_err());
        assert!(split(&secret, 2, 3, &mut random).is_err());
    }
}
