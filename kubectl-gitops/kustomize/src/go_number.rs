//! Numbers as Go spells them where it turns one into a text: as go-yaml does, and what no YAML that is printed can hold.

use krm::yaml::yaml_float;

/// The shortest spelling that reads as the same float: `100000`, `1e+06`, `0.0001`, `1e-05`, `+Inf`.
pub(crate) fn float(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    yaml_float(value)
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
