//! The comparison as Markdown, as GitHub shows it.

use std::fmt::Write;

use super::columns::{Detail, columns};
use super::notes::{apart, headline, missing, same, side};
use super::reading::{DRIFT, reading};
use super::{Document, words};
use crate::stats::compare::{Change, Judgement};

/// All of it.
#[must_use]
pub fn markdown(document: &Document) -> String {
    let (base, current) = (document.base, document.current);
    let mut text = format!("## {}\n\n", headline(document));
    let _ = writeln!(text, "- base: {}", plain(&side(base.0, base.1)));
    let _ = writeln!(
        text,
        "- current: {}, {}",
        plain(&side(current.0, current.1)),
        apart(base.1, current.1)
    );
    let differences = &document.comparison.differences;
    if differences.is_empty() {
        text += "\nTheir environments and settings do not differ in anything that is recorded.\n";
    } else {
        text +=
            "\n### What differs between them beside the numbers\n\n| | | base | current |\n| --- | --- | --- | --- |\n";
        for difference in differences {
            let cells = [&difference.name, &difference.base, &difference.current].map(|cell| plain(cell));
            let _ = writeln!(text, "| {} | {} |", difference.group.name(), cells.join(" | "));
        }
    }
    text.push('\n');
    for paragraph in same(document.comparison).iter().chain(&missing(document)) {
        let _ = writeln!(text, "- {}", plain(paragraph));
    }
    let mut section = |judgement, heading: &str| {
        let changes: Vec<&Change> = document.comparison.of(judgement).collect();
        if !changes.is_empty() {
            let _ = write!(text, "\n### {heading}\n\n{}", table(&changes));
        }
    };
    section(Judgement::Worse, "Worse");
    section(Judgement::Better, "Better");
    if document.all {
        section(Judgement::CannotTell, "Cannot be told");
        section(Judgement::NoDifference, "No difference");
    }
    text.push('\n');
    for note in reading(document) {
        let _ = writeln!(text, "- {}", plain(&note));
    }
    let _ = write!(text, "\n{DRIFT}\n");
    text
}

fn table(changes: &[&Change]) -> String {
    let columns = columns(changes, Detail::Ranges);
    let heads: Vec<&str> = columns.iter().map(|column| column.head).collect();
    let rules: Vec<&str> = columns
        .iter()
        .map(|column| if column.right { "---:" } else { "---" })
        .collect();
    let mut text = format!("| {} | |\n| {} | --- |\n", heads.join(" | "), rules.join(" | "));
    for (row, change) in changes.iter().enumerate() {
        let cells: Vec<String> = columns.iter().map(|column| plain(&column.cells[row])).collect();
        let why = change.why.as_ref().map(words::why).unwrap_or_default();
        let _ = writeln!(text, "| {} | {} |", cells.join(" | "), plain(&why));
    }
    text
}

/// Text of a record in which nothing is a sign of Markdown's: a server's last words may hold anything.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\n' | '\r' => plain.push(' '),
            '|' | '`' | '*' | '_' | '<' | '>' | '[' | ']' | '\\' | '#' | '~' => plain.extend(['\\', letter]),
            letter => plain.push(letter),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn nothing_in_a_record_is_markup() {
        assert_eq!(plain("a|b <i>`x`\n*"), r"a\|b \<i\>\`x\` \*");
    }
}
