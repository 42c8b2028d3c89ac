//! Numbers as Go spells them where it turns one into a text. Owns the spelling of floats only.

/// From this power of ten on Go writes an exponent.
const EXPONENT_FROM: i32 = 6;

/// The shortest spelling that reads as the same float: `100000`, `1e+06`, `0.0001`, `1e-05`, `+Inf`.
pub(crate) fn float(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let scientific = format!("{value:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if (-4..EXPONENT_FROM).contains(&exponent) {
        return value.to_string();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

#[cfg(test)]
mod tests {
    use super::float;

    #[test]
    fn floats_are_spelt_as_in_go() {
        for (value, expected) in [
            (1.0, "1"),
            (-2.5, "-2.5"),
            (999_999.0, "999999"),
            (1e6, "1e+06"),
            (1_234_567.5, "1.2345675e+06"),
            (1.5e20, "1.5e+20"),
            (0.000_12, "0.00012"),
            (0.000_01, "1e-05"),
            (1e300, "1e+300"),
            (f64::INFINITY, "+Inf"),
        ] {
            assert_eq!(float(value), expected);
        }
    }
}
