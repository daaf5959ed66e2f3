//! What an export does not say of itself, in words: one line for each reason, with all that it concerns.

/// Names that a line gives before it only counts.
const NAMED: usize = 8;

/// What was left out, and what is to be read with care.
#[derive(Clone, Debug, Default)]
pub(super) struct Notes(Vec<Note>);

#[derive(Clone, Debug)]
struct Note {
    what: String,
    why: String,
    names: Vec<String>,
}

impl Notes {
    /// `what` was done with the `name`d window, and `why`.
    pub(super) fn add(&mut self, what: &str, name: &str, why: &str) {
        let same = |note: &&mut Note| note.what == what && note.why == why;
        match self.0.iter_mut().find(same) {
            Some(note) => note.names.push(name.to_owned()),
            None => self.0.push(Note {
                what: what.to_owned(),
                why: why.to_owned(),
                names: vec![name.to_owned()],
            }),
        }
    }

    /// A line for each reason.
    pub(super) fn lines(&self) -> Vec<String> {
        let line = |note: &Note| {
            let named = note.names[..note.names.len().min(NAMED)].join(", ");
            let more = match note.names.len().saturating_sub(NAMED) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            format!("{} of {named}{more}: {}", note.what, note.why)
        };
        self.0.iter().map(line).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_told_once() {
        let mut notes = Notes::default();
        notes.add("left out: throughput", "poll/1/busy", "it is a lower bound");
        (0..9).for_each(|i| notes.add("left out: latency", &format!("s{i}"), "unknown"));
        notes.add("left out: throughput", "select/1/busy", "it is a lower bound");
        assert_eq!(
            notes.lines(),
            [
                "left out: throughput of poll/1/busy, select/1/busy: it is a lower bound",
                "left out: latency of s0, s1, s2, s3, s4, s5, s6, s7 and 1 more: unknown"
            ]
        );
    }
}
