//! Numbers and truths as Go's strconv prints and reads them. Must not know where they stand.

/// A float without exponent, with as many digits as needed (`strconv.FormatFloat(f, 'f', -1, 64)`).
pub(super) fn go_float(value: f64) -> String {
    if value.is_nan() {
        "NaN".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { "+Inf".to_owned() } else { "-Inf".to_owned() }
    } else {
        format!("{value}")
    }
}

/// A float with an exponent where it is long, and with a dot where it could pass for a whole number.
pub(super) fn readable_float(value: f64) -> String {
    if !value.is_finite() {
        return go_float(value);
    }
    let text = krm::yaml::yaml_float(value).replace('e', "E");
    if text.contains(['.', 'E']) { text } else { format!("{value:.1}") }
}

/// A float in decimal, infinite or no number.
pub(super) fn parse_float(text: &str) -> Option<f64> {
    text.parse().ok()
}

/// `strconv.ParseBool`
pub(super) fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readable_floats_are_no_integers() {
        for (value, text) in [(1.0, "1.0"), (0.5, "0.5"), (1e6, "1E+06"), (1e-7, "1E-07"), (f64::INFINITY, "+Inf")] {
            assert_eq!(readable_float(value), text);
        }
    }

    #[test]
    fn floats_have_no_exponent() {
        for (value, text) in [
            (1.0, "1"),
            (1e21, "1000000000000000000000"),
            (1.5e-7, "0.00000015"),
            (-0.0, "-0"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(go_float(value), text);
            assert!(parse_float(text).is_some_and(|read| read.to_bits() == value.to_bits() || value.is_nan()));
        }
    }
}
