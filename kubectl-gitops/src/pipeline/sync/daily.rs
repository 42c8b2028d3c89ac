//! Once a day every object is applied, whatever the digests say. Owns when: at a time of the day that follows from the set's
//! id, so that the sets of a cluster and the clusters of a fleet do not meet.

use jiff::Timestamp;

use crate::inventory::Inventory;

const DAY_S: i64 = 86_400;

/// Is it time? Also where no such run is on record, and where the recorded one lies in the future: a clock was set back.
pub(super) fn is_due(inventory: &Inventory, now: Timestamp) -> bool {
    if inventory.is_blank() {
        // The first run applies everything anyway.
        return false;
    }
    let Ok(last) = inventory.full.parse::<Timestamp>() else { return true };
    let offset = inventory.id.to_string().get(..8).and_then(|digits| i64::from_str_radix(digits, 16).ok());
    let day = |time: Timestamp| (time.as_second() - offset.unwrap_or(0) % DAY_S).div_euclid(DAY_S);
    day(now) > day(last) || last.as_second() > now.as_second() + DAY_S
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::{InventoryId, RootRef};

    #[test]
    fn it_is_time_once_a_day() {
        // 0x00000e10 seconds after midnight: at one o'clock.
        let mut id = [0; 16];
        (id[2], id[3]) = (0x0e, 0x10);
        let set = Inventory::new(InventoryId::from_bytes(id), RootRef::of_set("ns", "a"));
        let due = |last: &str, now: &str| {
            let inventory = Inventory { full: last.to_owned(), revision: "r".to_owned(), ..set.clone() };
            is_due(&inventory, now.parse().unwrap())
        };
        assert!(!is_due(&set, "2026-03-01T00:00:00Z".parse().unwrap()), "nothing is applied yet");
        for (last, now, expected) in [
            ("", "2026-03-01T00:00:00Z", true),
            ("damaged", "2026-03-01T00:00:00Z", true),
            ("2026-03-01T02:00:00Z", "2026-03-01T23:00:00Z", false),
            ("2026-03-01T02:00:00Z", "2026-03-02T00:59:59Z", false),
            ("2026-03-01T02:00:00Z", "2026-03-02T01:00:00Z", true),
            ("2026-03-01T00:59:00Z", "2026-03-01T01:00:00Z", true),
            ("2026-03-01T02:00:00Z", "2026-02-28T22:00:00Z", false),
            ("2027-03-01T02:00:00Z", "2026-03-01T02:00:00Z", true),
        ] {
            assert_eq!(due(last, now), expected, "{last} {now}");
        }
    }
}
