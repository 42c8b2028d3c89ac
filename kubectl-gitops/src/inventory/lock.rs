//! Who may work on a set. Owns the decisions about [`Lock`]; must not read a clock: elapsed times are arguments, measured
//! on the caller's own monotonic clock, so that two machines never compare clocks.

use std::time::Duration;

use super::Lock;

/// Added to a ttl before a lock is taken over: the holder's last request may still be under way.
pub const TAKEOVER_GRACE: Duration = Duration::from_secs(5);

/// What a run that wants the lock may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockVerdict {
    /// Nobody holds it: claim.
    Free,
    /// It is this run's own.
    Ours,
    /// The holder lives (its counter moved or it is another holder): watch from this sight on.
    Alive,
    /// It stands still, not yet long enough; look again after at most this long.
    Wait(Duration),
    /// It stood still for ttl and grace: claim by compare-and-swap on what was just read.
    TakeOver,
}

/// Judges a lock as `now` seen, against the sight `before` that was `elapsed` ago.
pub fn judge(before: Option<&Lock>, now: Option<&Lock>, elapsed: Duration, holder: &str) -> LockVerdict {
    let Some(now) = now else { return LockVerdict::Free };
    if now.holder == holder {
        return LockVerdict::Ours;
    }
    let stands_still = before.is_some_and(|before| before.holder == now.holder && before.renew == now.renew);
    if !stands_still {
        return LockVerdict::Alive;
    }
    let limit = now.ttl() + TAKEOVER_GRACE;
    match limit.checked_sub(elapsed) {
        None | Some(Duration::ZERO) => LockVerdict::TakeOver,
        Some(rest) => LockVerdict::Wait(rest),
    }
}

impl Lock {
    /// A lock that was just taken.
    pub fn taken(holder: impl Into<String>, ttl_s: u32) -> Self {
        Self { holder: holder.into(), renew: 0, ttl_s }
    }

    /// Its ttl.
    pub fn ttl(&self) -> Duration {
        Duration::from_secs(u64::from(self.ttl_s))
    }

    /// The same lock, renewed once more. The counter never repeats within a ttl, so wrapping is fine.
    #[must_use]
    pub fn renewed(&self) -> Self {
        Self { renew: self.renew.wrapping_add(1), ..self.clone() }
    }

    /// May its holder send a request, when the *sending* of the last renewal that succeeded is `since_renewal` ago? Half a
    /// ttl leaves time for the request itself before anybody takes over.
    pub fn may_send(&self, since_renewal: Duration) -> bool {
        since_renewal < self.ttl() / 2
    }

    /// Is a renewal due? A third of the ttl leaves room for one that fails.
    pub fn renewal_due(&self, since_renewal: Duration) -> bool {
        since_renewal >= self.ttl() / 3
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lock(holder: &str, renew: u64) -> Lock {
        Lock { holder: holder.to_owned(), renew, ttl_s: 30 }
    }

    #[test]
    fn only_a_lock_that_stood_still_is_taken_over() {
        let seconds = Duration::from_secs;
        let (a0, a1, b0) = (lock("a", 0), lock("a", 1), lock("b", 0));
        for (name, before, now, elapsed, verdict) in [
            ("nobody", None, None, seconds(0), LockVerdict::Free),
            ("released meanwhile", Some(&a0), None, seconds(1), LockVerdict::Free),
            ("our own", Some(&a0), Some(&lock("me", 3)), seconds(99), LockVerdict::Ours),
            ("first sight", None, Some(&a0), seconds(99), LockVerdict::Alive),
            ("renewed", Some(&a0), Some(&a1), seconds(99), LockVerdict::Alive),
            ("another holder with the same count", Some(&a0), Some(&b0), seconds(99), LockVerdict::Alive),
            ("still, early", Some(&a0), Some(&a0), seconds(20), LockVerdict::Wait(seconds(15))),
            ("still, ttl over but not the grace", Some(&a0), Some(&a0), seconds(34), LockVerdict::Wait(seconds(1))),
            ("still, all over", Some(&a0), Some(&a0), seconds(35), LockVerdict::TakeOver),
            ("still, long over", Some(&a0), Some(&a0), seconds(3601), LockVerdict::TakeOver),
        ] {
            assert_eq!(judge(before, now, elapsed, "me"), verdict, "{name}");
        }
    }

    #[test]
    fn the_ttl_that_counts_is_the_holders() {
        let long = Lock { holder: "a".into(), renew: 0, ttl_s: 600 };
        let verdict = judge(Some(&long), Some(&long), Duration::from_secs(55), "me");
        assert_eq!(verdict, LockVerdict::Wait(Duration::from_secs(550)));
    }

    #[test]
    fn a_holder_stops_sending_long_before_others_may_start() {
        let lock = Lock::taken("a", 30);
        assert!(lock.may_send(Duration::from_millis(14_999)) && !lock.may_send(Duration::from_secs(15)));
        assert!(!lock.renewal_due(Duration::from_secs(9)) && lock.renewal_due(Duration::from_secs(10)));
        assert_eq!(lock.renewed().renew, 1);
        assert_eq!(Lock { renew: u64::MAX, ..lock }.renewed().renew, 0);
    }
}
