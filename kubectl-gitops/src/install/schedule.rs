//! When a CronJob runs. Owns cron's grammar as Kubernetes reads it, how an interval becomes a schedule, and what runs cost. Must
//! not know a clock: where in its interval a run falls follows from a number that is handed in.

use std::fmt;
use std::time::Duration;

/// What one Job costs a K3s server: written by the database, and by database, containerd and kubelet together, in megabytes.
/// Measured on SQLite with kine's defaults, around a program that does nothing.
const JOB_DATABASE_MB: f64 = 1.8;
const JOB_WRITTEN_MB: f64 = 3.8;
/// Runs a day of the default, every 5 minutes: more than these are told what they cost.
const RUNS_A_DAY_QUIET: u32 = 288;

/// The default interval of a CronJob.
pub const EVERY_DEFAULT: Duration = Duration::from_mins(5);

/// A schedule that no CronJob can have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// Not five fields.
    #[error("a schedule has five fields (minute, hour, day of month, month, day of week), `{text}` has {count}")]
    Fields {
        /// The schedule.
        text: String,
        /// Its fields.
        count: usize,
    },
    /// A field is not understood.
    #[error("the {field} `{text}` of the schedule is not understood: {why}")]
    Field {
        /// Which.
        field: &'static str,
        /// Its text.
        text: String,
        /// What is wrong.
        why: String,
    },
    /// A time zone in the schedule.
    #[error("a schedule of a CronJob cannot hold `{0}`")]
    Zone(String),
    /// A word that cron does not know.
    #[error("`{0}` is no schedule: there are @hourly, @daily, @weekly, @monthly and @yearly")]
    Word(String),
    /// `@every` counts from the last run, in a way that is not what it says.
    #[error("`@every` drifts in a CronJob")]
    Every,
    /// No interval that a schedule can express.
    #[error("a schedule cannot express every {0}")]
    Interval(String),
}

impl ScheduleError {
    /// What to do.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Every => "write `--every 5m`",
            Self::Interval(_) => {
                "minutes that divide an hour (1m to 30m, 1h) and hours that divide a day (2h to 24h) can be had; \
                 `--systemd` takes any interval"
            }
            _ => "write as cron does: `*/5 * * * *` is every 5 minutes, `0 3 * * 1-5` at 3:00 from Monday to Friday",
        }
    }
}

/// A schedule in cron's form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    text: String,
    runs_a_day: u32,
}

struct Field {
    name: &'static str,
    least: u32,
    most: u32,
    words: &'static [&'static str],
}

const FIELDS: [Field; 5] = [
    Field { name: "minute", least: 0, most: 59, words: &[] },
    Field { name: "hour", least: 0, most: 23, words: &[] },
    Field { name: "day of month", least: 1, most: 31, words: &[] },
    Field {
        name: "month",
        least: 1,
        most: 12,
        words: &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
    },
    Field { name: "day of week", least: 0, most: 6, words: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"] },
];

impl Schedule {
    /// Reads what the user wrote.
    ///
    /// # Errors
    /// The API server would refuse it, or it would not do what it says.
    pub fn parse(text: &str) -> Result<Self, ScheduleError> {
        let trimmed = text.trim();
        if trimmed.starts_with("TZ=") || trimmed.starts_with("CRON_TZ=") {
            return Err(ScheduleError::Zone(trimmed.split(' ').next().unwrap_or_default().to_owned()));
        }
        if trimmed.starts_with("@every") {
            return Err(ScheduleError::Every);
        }
        if trimmed.starts_with('@') {
            let runs_a_day = match trimmed {
                "@hourly" => 24,
                "@daily" | "@midnight" | "@weekly" | "@monthly" | "@yearly" | "@annually" => 1,
                _ => return Err(ScheduleError::Word(trimmed.to_owned())),
            };
            return Ok(Self { text: trimmed.to_owned(), runs_a_day });
        }
        let fields: Vec<&str> = trimmed.split_whitespace().collect();
        if fields.len() != FIELDS.len() {
            return Err(ScheduleError::Fields { text: trimmed.to_owned(), count: fields.len() });
        }
        let mut runs_a_day = 1;
        for (field, text) in FIELDS.iter().zip(&fields) {
            let times = field.read(text)?.count_ones();
            if ["minute", "hour"].contains(&field.name) {
                runs_a_day *= times;
            }
        }
        Ok(Self { text: fields.join(" "), runs_a_day })
    }

    /// Every so often, at a place in the interval that `seed` chooses: many clusters do not ask one server at once.
    ///
    /// # Errors
    /// Cron cannot express the interval.
    pub fn every(interval: Duration, seed: u64) -> Result<Self, ScheduleError> {
        let refused = || Err(ScheduleError::Interval(crate::settings::format_duration(interval)));
        let seconds = interval.as_secs();
        if seconds == 0 || !seconds.is_multiple_of(60) || interval.subsec_nanos() > 0 {
            return refused();
        }
        let minutes = seconds / 60;
        let minute = |below: u64| seed % below;
        let text = match minutes {
            1 => "* * * * *".to_owned(),
            2..60 if 60_u64.is_multiple_of(minutes) => format!("{}-59/{minutes} * * * *", minute(minutes)),
            60 => format!("{} * * * *", minute(60)),
            1440 => format!("{} {} * * *", minute(60), seed / 60 % 24),
            _ if minutes.is_multiple_of(60) && 1440_u64.is_multiple_of(minutes) => {
                let hours = minutes / 60;
                format!("{} {}-23/{hours} * * *", minute(60), seed / 60 % hours)
            }
            _ => return refused(),
        };
        Self::parse(&text)
    }

    /// What it costs, if it is worth saying.
    pub fn cost(&self) -> Option<String> {
        if self.runs_a_day <= RUNS_A_DAY_QUIET {
            return None;
        }
        let gigabytes = |megabytes: f64| f64::from(self.runs_a_day) * megabytes / 1000.0;
        Some(format!(
            "{} runs a day make a K3s server write about {:.1} GB a day, {:.1} of them by its database, whatever a run does: \
             on an SD card every 5 minutes is better, and `--systemd` on the server costs nothing",
            self.runs_a_day,
            gigabytes(JOB_WRITTEN_MB),
            gigabytes(JOB_DATABASE_MB),
        ))
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Field {
    /// The values that a field holds, one bit each.
    fn read(&self, text: &str) -> Result<u64, ScheduleError> {
        text.split(',')
            .try_fold(0, |bits, part| Ok(bits | self.part(part)?))
            .map_err(|why: String| ScheduleError::Field { field: self.name, text: text.to_owned(), why })
    }

    /// `*`, `a`, `a-b`, each with `/step`.
    fn part(&self, text: &str) -> Result<u64, String> {
        let (range, step) = match text.split_once('/') {
            Some((range, step)) => (range, Some(number(step)?)),
            None => (text, None),
        };
        let (from, to) = match (range, range.split_once('-')) {
            ("*" | "?", _) => (self.least, self.most),
            (_, Some((from, to))) => (self.value(from)?, self.value(to)?),
            (one, None) => {
                let from = self.value(one)?;
                (from, if step.is_some() { self.most } else { from })
            }
        };
        if from > to {
            return Err(format!("{from} is after {to}"));
        }
        let step = step.unwrap_or(1);
        if step == 0 {
            return Err("a step is at least 1".to_owned());
        }
        let step = usize::try_from(step).map_err(|_| "the step is too large".to_owned())?;
        Ok((from..=to).step_by(step).fold(0, |bits, value| bits | 1 << value))
    }

    fn value(&self, text: &str) -> Result<u32, String> {
        let named = self.words.iter().position(|word| text.eq_ignore_ascii_case(word));
        let value = match named.and_then(|at| u32::try_from(at).ok()) {
            Some(at) => at + self.least,
            None => number(text)?,
        };
        if (self.least..=self.most).contains(&value) {
            Ok(value)
        } else {
            Err(format!("{value} is not between {} and {}", self.least, self.most))
        }
    }
}

fn number(text: &str) -> Result<u32, String> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|_| digits).ok_or_else(|| format!("`{text}` is no number"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_kubernetes_takes_is_taken() {
        for (text, runs) in [
            ("* * * * *", 1440),
            ("*/5 * * * *", 288),
            ("3-59/5 * * * *", 12 * 24),
            ("7/15 * * * *", 4 * 24),
            ("0,30 8-17 * * MON-Fri", 20),
            ("? 3 1 jan,JUL ?", 60),
            ("0  3 * * 0", 1),
            ("@hourly", 24),
            ("@midnight", 1),
        ] {
            assert_eq!(Schedule::parse(text).unwrap().runs_a_day, runs, "{text}");
        }
        assert_eq!(Schedule::parse(" 0  3 * * 0 ").unwrap().to_string(), "0 3 * * 0");
    }

    #[test]
    fn what_it_refuses_is_refused_before_it_is_asked() {
        for (text, says) in [
            ("", "has 0"),
            ("* * * *", "has 4"),
            ("* * * * * *", "has 6"),
            ("60 * * * *", "the minute `60`"),
            ("* 24 * * *", "24 is not between 0 and 23"),
            ("* * 0 * *", "0 is not between 1 and 31"),
            ("* * * 13 *", "13 is not between 1 and 12"),
            ("* * * * 7", "7 is not between 0 and 6"),
            ("*/0 * * * *", "at least 1"),
            ("30-10 * * * *", "30 is after 10"),
            ("1,,2 * * * *", "`` is no number"),
            ("+5 * * * *", "`+5` is no number"),
            ("5- * * * *", "`` is no number"),
            ("99999999999 * * * *", "is no number"),
            ("* * * mon *", "`mon` is no number"),
            ("TZ=Europe/Zurich 0 3 * * *", "cannot hold `TZ=Europe/Zurich`"),
            ("@every 5m", "drifts"),
            ("@reboot", "`@reboot` is no schedule"),
        ] {
            let error = Schedule::parse(text).unwrap_err();
            assert!(error.to_string().contains(says), "{text}: {error}");
            assert!(!error.hint().is_empty());
        }
    }

    #[test]
    fn an_interval_falls_where_the_seed_says() {
        for (every, seed, text) in [
            ("1m", 77, "* * * * *"),
            ("5m", 77, "2-59/5 * * * *"),
            ("30m", 59, "29-59/30 * * * *"),
            ("1h", 77, "17 * * * *"),
            ("6h", 77 * 60 + 5, "5 5-23/6 * * *"),
            ("24h", 77, "17 1 * * *"),
        ] {
            let interval = crate::settings::parse_duration(every).unwrap();
            assert_eq!(Schedule::every(interval, seed).unwrap().to_string(), text, "{every}");
        }
        for every in ["0s", "30s", "90s", "7m", "90m", "5h", "48h", "60500ms"] {
            let interval = crate::settings::parse_duration(every).unwrap();
            assert!(matches!(Schedule::every(interval, 1), Err(ScheduleError::Interval(_))), "{every}");
        }
    }

    #[test]
    fn often_is_told_what_it_costs() {
        let cost = |text| Schedule::parse(text).unwrap().cost();
        assert_eq!(cost("*/5 * * * *"), None);
        assert!(
            cost("* * * * *")
                .unwrap()
                .starts_with("1440 runs a day make a K3s server write about 5.5 GB a day, 2.6 of")
        );
        assert!(cost("*/2 * * * *").unwrap().contains("about 2.7 GB"));
    }
}
