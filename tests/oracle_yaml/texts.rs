//! Random texts of every nasty class. Deterministic by seed.

/// SplitMix64: small, good enough, and the same everywhere.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// Any number.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// From 0 to `below` - 1.
    pub(crate) fn below(&mut self, below: usize) -> usize {
        usize::try_from(self.next() % below as u64).expect("smaller than a usize")
    }

    /// True in `percent` of 100 cases.
    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of `from`.
    pub(crate) fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }
}

/// What odd texts are put together of.
const PIECES: &[&str] = &[
    "a", "b", "word", "Zeile", "0", "1", "9", "10", "é", "ß", "☃", "日本", "😀", "\u{A0}", "\u{FEFF}", "\u{2028}",
    "\u{2029}", "\u{85}", "\u{7F}", "\u{1}", "\u{1B}", "\u{FFFD}", "\u{E000}", "\\", "/", "\"", "'", "''", "#", " #",
    "# ", ":", ": ", " :", "-", "- ", "--", "---", "...", "?", "? ", ",", "[", "]", "{", "}", "&", "*", "!", "|", ">",
    "%", "@", "`", "~", "=", "<<", "<", "$", "_", ".", "+", " ", "  ", "   ", "\t", "\n", "\n\n", "\n ", " \n", "\r",
    "\r\n", "\t\n", "\n\t",
];

/// Texts that are special to some reader.
pub(crate) const WORDS: &[&str] = &[
    "",
    "~",
    "null",
    "Null",
    "NULL",
    "nULL",
    "true",
    "True",
    "TRUE",
    "false",
    "False",
    "yes",
    "Yes",
    "YES",
    "no",
    "No",
    "on",
    "On",
    "ON",
    "off",
    "Off",
    "y",
    "Y",
    "n",
    "N",
    "t",
    "f",
    "0",
    "-0",
    "+0",
    "00",
    "007",
    "0644",
    "0o644",
    "0O17",
    "0x1F",
    "0X1f",
    "0b101",
    "-0b101",
    "0b-1",
    "08",
    "09.5",
    "1_000",
    "_1",
    "1_",
    "0x_1",
    "1__0",
    "1e3",
    "1E3",
    "1e+3",
    "1e-3",
    "1.",
    ".5",
    "-.5",
    "+.5",
    "1.0",
    "1.10",
    "1.50",
    "100000",
    "1000000",
    "1234567.5",
    "123456789012",
    "1e6",
    "1e20",
    "1e21",
    "1e22",
    "1e-5",
    "1e-7",
    "0.000001",
    "0.0000001",
    "1e400",
    "-1e400",
    "1e-400",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "-9223372036854775809",
    "18446744073709551615",
    "18446744073709551616",
    "123456789012345678901234567890",
    ".",
    "..",
    "...",
    "-",
    "--",
    "---",
    "+",
    "e",
    "e3",
    "1e",
    "0x",
    "0b",
    "0o",
    ".inf",
    "-.inf",
    "+.Inf",
    ".nan",
    ".NaN",
    "inf",
    "nan",
    "Infinity",
    "12:30:45",
    "10:20",
    "1:2:3.5",
    "-1:20",
    "190:20:30",
    "1:60",
    "2024-01-02",
    "2024-1-2",
    "2024-13-01",
    "2024-02-30",
    "2024-01-02T03:04:05Z",
    "2024-01-02t03:04:05+01:00",
    "2024-01-02 03:04:05",
    "2024-01-02 03:04:05.123456789123",
    "2024-01-02T3:4:5,5Z",
    "2024-01-02T03:04:05",
    "20240102",
    "1.2.3",
    "v1.2.3",
    "1.2.3.4",
    "10.0.0.0/8",
    "1Gi",
    "100m",
    "0.5",
    "5%",
    "1 2",
    "1,2",
    "1-2",
    "-a",
    "-1",
    "- 1",
    "?a",
    ":a",
    "a:",
    "a:b",
    "a: b",
    "a #b",
    "a#b",
    "#a",
    "!a",
    "&a",
    "*a",
    "|a",
    ">a",
    "%a",
    "@a",
    "`a",
    "'a'",
    "\"a\"",
    "=",
    "<<",
    "<",
    "[a]",
    "{a}",
    "[]",
    "{}",
    "0.1e1",
    "+12",
    "+1.5",
    "1.5e+3",
    "0777777777777777777777",
    "0xFFFFFFFFFFFFFFFFF",
];

/// Any string.
pub(crate) fn text(random: &mut Random) -> String {
    match random.below(10) {
        0..=2 => random.pick(WORDS).to_owned(),
        3..=5 => (0..=random.below(6)).map(|_| random.pick(PIECES)).collect(),
        6 => long_text(random),
        7 => {
            // Lines with odd edges.
            let edges = ["", "", "", " ", "  ", "\t", "- ", "# ", "a: ", "\"", "'"];
            let line = |r: &mut Random| {
                let (head, body, tail) = (r.pick(&edges), r.pick(WORDS), r.pick(&["", "", "", " ", "\t", ":", " #x"]));
                format!("{head}{body}{tail}")
            };
            let lines: Vec<String> = (0..=random.below(5)).map(|_| line(random)).collect();
            lines.join("\n") + random.pick(&["", "\n", "\n\n", "\n\n\n", " ", "\n "])
        }
        8 => {
            let quoted = random.pick(&["'", "\"", "`", "\\", "{{", "$("]);
            format!("{quoted}{}{quoted}", random.pick(WORDS))
        }
        _ => random.pick(WORDS).to_owned() + random.pick(PIECES),
    }
}

/// Text around the column where folding starts.
fn long_text(random: &mut Random) -> String {
    let mut out = String::new();
    let goal = 60 + random.below(150);
    while out.chars().count() < goal {
        let longest = if random.chance(5) { 130 } else { 14 };
        let len = 1 + random.below(longest);
        let letter = random.pick(&["a", "b", "é", "x", "1", "w", ":", "'", "\"", "#", "-"]);
        out.push_str(&letter.repeat(len));
        let odd = ["  ", "   ", "\n", " \n", ", ", ": ", " #", "\t", " '", " \"", "\\ ", "😀 "];
        out.push_str(if random.chance(12) { random.pick(&odd) } else { " " });
    }
    out
}

/// A double-quoted form that every YAML reader takes.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            ' '..='~' | '\u{A0}'..='\u{2027}' | '\u{3000}'..='\u{D7FF}' | '\u{10000}'.. => out.push(c),
            c if u32::from(c) <= 0xFF => out.push_str(&format!("\\x{:02x}", u32::from(c))),
            c => out.push_str(&format!("\\u{:04x}", u32::from(c))),
        }
    }
    out + "\""
}
