//! What somebody may have meant: the nearest of the known names. Must not know what the names are for.

/// The candidate nearest to `name`, if it is near enough to be a slip.
pub fn nearest<'a>(name: &str, candidates: &[&'a str]) -> Option<&'a str> {
    let lower = name.to_ascii_lowercase();
    let scored = candidates.iter().map(|c| (distance(&lower, &c.to_ascii_lowercase()), *c));
    let (score, best) = scored.min_by_key(|(score, _)| *score)?;
    let allowed = 1 + name.chars().count() / 4;
    if score <= allowed {
        return Some(best);
    }
    // `tag` for `newTag`: a part of a name is what people remember of it.
    let holding = candidates.iter().filter(|c| lower.len() >= 3 && c.to_ascii_lowercase().contains(&lower));
    holding.min_by_key(|c| c.len()).copied()
}

/// Edit distance in characters.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(ca != *cb);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_found_only_if_it_is_near() {
        let known = ["resources", "replicas", "namePrefix"];
        for (name, expected) in [
            ("resource", Some("resources")),
            ("resourcs", Some("resources")),
            ("nameprefx", Some("namePrefix")),
            ("somethingElse", None),
            ("prefix", Some("namePrefix")),
            ("x", None),
        ] {
            assert_eq!(nearest(name, &known), expected, "{name}");
        }
    }
}
