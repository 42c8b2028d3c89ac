//! The matrix: one cell is one run with one fault at one of its requests, perhaps with somebody else at work at the same
//! moment, followed by runs with what is wanted next. Owns the words of a cell's name and the choice of a sample.

use std::fmt;
use std::str::FromStr;

/// Declares an enum with a word for each value and the list of all.
macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $value:ident = $word:literal),+ $(,)? }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum $name { $($(#[$doc])* $value),+ }

        impl $name {
            pub(crate) const ALL: &[Self] = &[$(Self::$value),+];

            pub(crate) const fn word(self) -> &'static str {
                match self { $(Self::$value => $word),+ }
            }
        }

        impl FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                let known = Self::ALL.iter().copied().find(|value| value.word() == text);
                known.ok_or_else(|| format!("`{text}` is no {}", stringify!($name).to_lowercase()))
            }
        }
    };
}

words! {
    /// What the run with the fault does.
    Scenario {
        /// Creates, updates, deletes and leaves alone.
        Update = "update",
        /// The first run of a set.
        First = "first",
        /// Most leaves the set, one object is let go instead of deleted.
        Shrink = "shrink",
        /// The set is deleted.
        Delete = "delete",
        /// Objects that kubectl made are taken over.
        Adopt = "adopt",
        /// A field that cannot change does: deleted and created again.
        Recreate = "recreate",
        /// A definition and an object of it arrive.
        Definition = "definition",
        /// A set so large that its inventory has shards.
        Shards = "shards",
    }
}

words! {
    /// What happens to the request.
    Mode {
        /// Nothing: only the intruder acts.
        Clean = "clean",
        /// The program dies before it is sent.
        KillBefore = "kill-before",
        /// It is done, and the program dies before the reply.
        KillAfter = "kill-after",
        /// It is done, and the connection ends without a reply.
        Dropped = "dropped",
        /// It is done, and the connection is reset in the middle of the reply.
        Torn = "torn",
        /// It is done, and the reply comes late and twice.
        Twice = "twice",
        /// It is never done, and no reply comes.
        Timeout = "timeout",
        /// No reply comes, and it is done after the program has given it up.
        Late = "late",
        /// SIGTERM comes while it is under way.
        Terminate = "terminate",
        /// From here on the credentials have expired.
        Expired = "expired",
        Unauthorized = "401",
        Forbidden = "403",
        Conflict = "409",
        TooMany = "429",
        Internal = "500",
        Unavailable = "503",
    }
}

words! {
    /// What is wanted after that.
    Next {
        Same = "same",
        Previous = "previous",
        /// Without the object.
        Without = "without",
        /// The object has another name.
        Renamed = "renamed",
        /// The object belongs to another set.
        Moved = "moved",
    }
}

words! {
    /// Who else is at work at that moment.
    Intruder {
        Nobody = "nobody",
        Deletes = "deletes",
        /// Deletes the object and makes another one of its name.
        Recreates = "recreates",
        /// Writes another set's name on it.
        Steals = "steals",
        StripsLabel = "strips-label",
        /// Takes both of our marks off.
        StripsMarks = "strips-marks",
        /// Changes content of ours.
        Edits = "edits",
        AddsFinalizer = "adds-finalizer",
        DeletesRoot = "deletes-root",
        /// Labels the root by hand.
        LabelsRoot = "labels-root",
        DeletesDefinition = "deletes-definition",
        /// Another run of the same set.
        SecondRun = "second-run",
    }
}

words! {
    /// The object that the intruder is after.
    Victim {
        /// One that is there and stays.
        A = "a",
        /// One that comes.
        B = "b",
        /// One that goes.
        C = "c",
    }
}

/// One cell. Its name says everything that is needed to run it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Cell {
    pub(crate) scenario: Scenario,
    /// Which request of the run, counted as they arrive.
    pub(crate) request: usize,
    pub(crate) mode: Mode,
    pub(crate) next: Next,
    pub(crate) intruder: Intruder,
    pub(crate) victim: Victim,
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scenario, request, mode, next, intruder, victim } = self;
        let words = [mode.word(), next.word(), intruder.word(), victim.word()].join("/");
        write!(f, "{}/{request}/{words}", scenario.word())
    }
}

impl FromStr for Cell {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let words: Vec<&str> = text.split('/').collect();
        let [scenario, request, mode, next, intruder, victim] = words.as_slice() else {
            return Err(format!("`{text}` is no cell: scenario/request/mode/next/intruder/victim"));
        };
        let request = request.parse().map_err(|_| format!("`{request}` is no number of a request"))?;
        let (scenario, mode, next) = (scenario.parse()?, mode.parse()?, next.parse()?);
        Ok(Self { scenario, request, mode, next, intruder: intruder.parse()?, victim: victim.parse()? })
    }
}

impl Cell {
    /// The cells whose runs with the fault are the same: they differ in what is wanted next.
    pub(crate) fn siblings(self) -> impl Iterator<Item = Self> {
        Next::ALL.iter().map(move |&next| Self { next, ..self })
    }

    /// Does its intruder choose an object?
    fn aims(&self) -> bool {
        use Intruder::{DeletesDefinition, DeletesRoot, LabelsRoot, Nobody, SecondRun};
        !matches!(self.intruder, Nobody | DeletesRoot | LabelsRoot | DeletesDefinition | SecondRun)
    }

    /// Does it differ from the other cells? Whom the intruder is after matters only to some, and with neither fault nor
    /// intruder nothing happens.
    fn is_distinct(&self) -> bool {
        let defines = self.scenario == Scenario::Definition;
        (self.aims() || self.victim == Victim::B)
            && (defines || self.intruder != Intruder::DeletesDefinition)
            && (self.mode, self.intruder) != (Mode::Clean, Intruder::Nobody)
    }
}

/// Every cell, when each scenario's run has so many requests.
pub(crate) fn matrix(requests: impl Fn(Scenario) -> usize) -> Vec<Cell> {
    let mut cells = Vec::new();
    for &scenario in Scenario::ALL {
        for request in 0..requests(scenario) {
            for &mode in Mode::ALL {
                for &next in Next::ALL {
                    for &intruder in Intruder::ALL {
                        // Whom the intruder is after takes turns: three times the cells would tell little more.
                        let turn = request + mode as usize + intruder as usize;
                        let aimed = Cell { scenario, request, mode, next, intruder, victim: Victim::ALL[turn % 3] };
                        let cell = if aimed.aims() { aimed } else { Cell { victim: Victim::B, ..aimed } };
                        cells.extend(Some(cell).filter(Cell::is_distinct));
                    }
                }
            }
        }
    }
    cells
}

/// How often a scenario is chosen for a sample: often what writes much, seldom what the server does slowly.
const fn weight(scenario: Scenario) -> u64 {
    match scenario {
        Scenario::Update => 30,
        Scenario::First | Scenario::Shrink => 15,
        Scenario::Adopt | Scenario::Recreate => 12,
        Scenario::Delete => 10,
        Scenario::Definition => 4,
        Scenario::Shards => 2,
    }
}

/// A reproducible choice of cells. A third has no intruder, so that a plain fault comes often enough.
pub(crate) fn sample(seed: u64, count: usize, requests: impl Fn(Scenario) -> usize) -> Vec<Cell> {
    let mut dice = Dice(seed);
    let mut cells: Vec<Cell> = Vec::new();
    while cells.len() < count {
        let mut ticket = dice.below(Scenario::ALL.iter().map(|&scenario| weight(scenario)).sum());
        let scenario = *Scenario::ALL
            .iter()
            .find(|&&scenario| {
                let hit = ticket < weight(scenario);
                ticket = ticket.saturating_sub(weight(scenario));
                hit
            })
            .expect("the ticket is below the sum");
        let plain = dice.below(3) == 0;
        let cell = Cell {
            scenario,
            request: dice.pick_below(requests(scenario)),
            mode: *dice.of(Mode::ALL),
            next: *dice.of(Next::ALL),
            intruder: if plain { Intruder::Nobody } else { *dice.of(Intruder::ALL) },
            victim: *dice.of(Victim::ALL),
        };
        if cell.is_distinct() && !cells.contains(&cell) {
            cells.push(cell);
        }
    }
    cells
}

/// Cells in an order in which any beginning is a fair sample.
pub(crate) fn shuffle(cells: &mut [Cell], seed: u64) {
    let mut dice = Dice(seed);
    for end in (1..cells.len()).rev() {
        cells.swap(end, dice.pick_below(end + 1));
    }
}

/// Splitmix64: small, and the same everywhere.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.roll() % limit
    }

    fn pick_below(&mut self, limit: usize) -> usize {
        usize::try_from(self.below(limit.max(1) as u64)).expect("below a usize")
    }

    fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.pick_below(all.len())]
    }
}
