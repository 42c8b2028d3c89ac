//! When to send again. Owns the pauses and the patience; must not send anything. No jitter: the pauses of a run are a
//! function of its answers, and a single client does not herd.

use std::time::Duration;

use super::error::{ClusterError, Code};

/// How long one request is tried. The defaults outlast the restart of a K3s server (about 45 s).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// For one answer.
    pub request_timeout: Duration,
    /// From the first failure of a request to giving it up.
    pub total: Duration,
    /// The same while no request was ever answered: a wrong address should be told soon.
    pub first_contact: Duration,
    /// The same for an internal error, which is usually a webhook that fails for good.
    pub internal_error: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            request_timeout: Duration::from_secs(30),
            total: Duration::from_mins(1),
            first_contact: Duration::from_secs(2),
            internal_error: Duration::from_secs(10),
        }
    }
}

const PAUSE_MIN: Duration = Duration::from_millis(200);
const PAUSE_MAX: Duration = Duration::from_secs(5);
/// A server may ask for more than is sensible within a run.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(30);

/// What is known when a request failed.
#[derive(Debug, Clone, Copy)]
pub struct Attempt {
    /// How many tries failed so far, this one included.
    pub failed: u32,
    /// Since the first try began.
    pub elapsed: Duration,
    /// Has any request of this client ever been answered well?
    pub contacted: bool,
}

impl Patience {
    /// With the user's limit for one answer; none keeps the default, zero lifts it.
    #[must_use]
    pub fn with_request_timeout(mut self, limit: Option<Duration>) -> Self {
        const UNLIMITED: Duration = Duration::from_hours(365 * 24);
        self.request_timeout = match limit {
            None => self.request_timeout,
            Some(limit) if limit.is_zero() => UNLIMITED,
            Some(limit) => limit,
        };
        self
    }

    /// The pause before the next try, or none to give up.
    pub fn pause(&self, error: &ClusterError, attempt: Attempt) -> Option<Duration> {
        let limit = match error.code {
            Code::Unavailable if error.status == Some(500) => self.internal_error.min(self.total),
            Code::Unreachable | Code::Timeout if !attempt.contacted => self.first_contact,
            Code::TooManyRequests | Code::Unavailable | Code::Unreachable | Code::Timeout => self.total,
            // A token may just have been rotated: the next one is read from its file. Once.
            Code::Unauthorized if attempt.contacted && attempt.failed == 1 => self.total,
            _ => return None,
        };
        let doubled = PAUSE_MIN.saturating_mul(1 << (attempt.failed - 1).min(8)).min(PAUSE_MAX);
        let pause = error.retry_after.map_or(doubled, |wish| wish.clamp(doubled, RETRY_AFTER_MAX));
        (attempt.elapsed + pause <= limit).then_some(pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::Verb;

    fn error(code: Code, status: Option<u16>, retry_after: Option<u64>) -> ClusterError {
        ClusterError {
            status,
            retry_after: retry_after.map(Duration::from_secs),
            ..ClusterError::local(code, Verb::Get, "pods a/b", "m")
        }
    }

    fn pause(error: &ClusterError, failed: u32, elapsed_s: u64, contacted: bool) -> Option<u128> {
        let attempt = Attempt { failed, elapsed: Duration::from_secs(elapsed_s), contacted };
        Patience::default().pause(error, attempt).map(|pause| pause.as_millis())
    }

    #[test]
    fn pauses_double_up_to_a_cap_and_end_with_the_patience() {
        let unavailable = error(Code::Unavailable, Some(503), None);
        assert_eq!(pause(&unavailable, 1, 0, true), Some(200));
        assert_eq!(pause(&unavailable, 3, 1, true), Some(800));
        assert_eq!(pause(&unavailable, 30, 50, true), Some(5000));
        assert_eq!(pause(&unavailable, 30, 56, true), None);
    }

    #[test]
    fn each_code_has_its_own_patience() {
        for (error, failed, elapsed_s, contacted, expected) in [
            (error(Code::Unreachable, None, None), 2, 1, false, Some(400)),
            (error(Code::Unreachable, None, None), 4, 2, false, None),
            (error(Code::Unreachable, None, None), 4, 44, true, Some(1600)),
            (error(Code::TooManyRequests, Some(429), Some(7)), 1, 0, true, Some(7000)),
            (error(Code::TooManyRequests, Some(429), Some(7000)), 1, 0, true, Some(30_000)),
            (error(Code::Unavailable, Some(500), None), 5, 9, true, None),
            (error(Code::Unauthorized, Some(401), None), 1, 0, true, Some(200)),
            (error(Code::Unauthorized, Some(401), None), 2, 0, true, None),
            (error(Code::Unauthorized, Some(401), None), 1, 0, false, None),
            (error(Code::Forbidden, Some(403), None), 1, 0, true, None),
            (error(Code::Invalid, Some(422), None), 1, 0, true, None),
            (error(Code::Conflict, Some(409), None), 1, 0, true, None),
        ] {
            assert_eq!(pause(&error, failed, elapsed_s, contacted), expected, "{error:?} {failed}");
        }
    }
}
