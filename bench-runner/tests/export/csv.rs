//! CSV as RFC 4180 has it, columns as docs/FORMAT.md has them, values as the records have them.

use bench_runner::export::Format;
use bench_runner::record::{Row, Window};
use serde_json::Value;

use crate::support::{all_of, closed, fail, offered, one, rounds};

const FORMAT: &str = include_str!("../../../docs/FORMAT.md");

/// Reads by the grammar of RFC 4180, section 2, but for rule 1: a line ends in LF alone.
fn parse(text: &str) -> Result<Vec<Vec<String>>, String> {
    let (mut records, mut record) = (Vec::new(), Vec::new());
    let mut rest = text.chars().peekable();
    while rest.peek().is_some() {
        let mut field = String::new();
        if rest.next_if_eq(&'"').is_some() {
            loop {
                match rest.next() {
                    Some('"') if rest.next_if_eq(&'"').is_some() => field.push('"'),
                    Some('"') => break,
                    Some(c) => field.push(c),
                    None => return Err("a quote is not closed".to_owned()),
                }
            }
        } else {
            // Rules 5 to 7: such a field has none of these inside.
            while let Some(c) = rest.next_if(|c| !",\"\r\n".contains(*c)) {
                field.push(c);
            }
        }
        record.push(field);
        match rest.next() {
            Some(',') if rest.peek().is_none() => return Err("the last line has no end".to_owned()),
            Some(',') => {
                // An empty last field before a line's end is one too.
                if rest.peek() == Some(&'\n') {
                    record.push(String::new());
                    rest.next();
                    records.push(std::mem::take(&mut record));
                }
            }
            Some('\n') => records.push(std::mem::take(&mut record)),
            Some(c) => return Err(format!("'{c}' behind a field")),
            None => return Err("the last line has no end".to_owned()),
        }
    }
    // Rule 4: each line has the same number of fields.
    match records.iter().find(|record| record.len() != records[0].len()) {
        Some(record) => Err(format!("{} fields beside {}", record.len(), records[0].len())),
        None => Ok(records),
    }
}

#[test]
fn the_reader_refuses_what_rfc_4180_does_not_have() {
    assert_eq!(parse("a,b\n1,\"x \"\"y\"\",\nz\"\n").unwrap()[1], ["1", "x \"y\",\nz"]);
    assert_eq!(parse("a,b\n1,\n").unwrap()[1], ["1", ""]);
    for wrong in ["a,b", "a,b\n1\n", "a\n\"1\n", "a\nx\"y\n", "a\n\"x\"y\n", "a\r\n1\r\n"] {
        assert!(parse(wrong).is_err(), "{wrong:?}");
    }
}

/// The fields of a row that are single values or lists of them, in the order of docs/FORMAT.md.
fn documented() -> Vec<String> {
    let rows = FORMAT
        .split("\n## ")
        .find(|section| section.starts_with("Rows:"))
        .unwrap();
    let shared = FORMAT
        .split("\n## ")
        .find(|section| section.starts_with("Shared tables"))
        .unwrap();
    let entries = |text: &str| {
        let lines = text.lines().filter(|line| line.starts_with("| `"));
        let cells = lines.map(|line| line.trim_matches('|').split('|').map(str::trim).collect::<Vec<_>>());
        let entry = cells.map(|cells| (cells[0].trim_matches('`').to_owned(), cells[1].to_owned()));
        // The tables of verdicts and warnings have no units.
        entry
            .filter(|(_, unit)| !unit.starts_with("nothing"))
            .collect::<Vec<_>>()
    };
    let rows = rows
        .split("\n### ")
        .filter(|section| section.contains("| field | unit | meaning |"));
    let mut columns = Vec::new();
    for (path, unit) in rows.flat_map(entries) {
        let path = path.trim_end_matches("[]").to_owned();
        let single = !path.contains('*') && !path.contains("[]") && path != "warnings" && !unit.contains("#series");
        let anchor = unit.split_once("](#").and_then(|(_, rest)| rest.split_once(')'));
        match anchor {
            _ if !single || unit.starts_with("histogram") => {}
            Some((anchor, _)) => {
                let heading = |section: &&str| {
                    let title = section.lines().next().unwrap().to_lowercase();
                    title.replace(' ', "-").replace('\'', "") == anchor
                };
                let table = shared
                    .split("\n### ")
                    .find(heading)
                    .unwrap_or_else(|| panic!("no table {anchor}"));
                columns.extend(entries(table).into_iter().map(|(field, _)| format!("{path}{field}")));
            }
            None if unit.starts_with("object") => {}
            None => columns.push(path),
        }
    }
    columns
}

#[test]
fn the_columns_are_the_documented_fields_in_the_documented_order() {
    let (text, _) = one(Format::Csv, closed(), &rounds("poll", 1, Window::Busy));
    let header = parse(&text).unwrap().remove(0);
    let documented = documented();
    for (column, field) in header.iter().zip(&documented) {
        assert_eq!(column, field);
    }
    assert_eq!(header, documented);
    assert!(header.len() > 150, "{}", header.len());
}

/// The value at a path of a record, as it is to stand in the table.
fn expected(row: &Value, path: &str) -> String {
    let plain = |value: &Value| match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        value => value.to_string(),
    };
    match row
        .pointer(&format!("/{}", path.replace('.', "/")))
        .unwrap_or(&Value::Null)
    {
        Value::Array(elements) => elements.iter().map(plain).collect::<Vec<_>>().join(" "),
        value => plain(value),
    }
}

#[test]
fn every_value_of_every_row_is_that_of_the_record() {
    for recorded in [closed(), offered()] {
        let exported = all_of(Format::Csv, recorded);
        assert_eq!((exported.files.len(), exported.notes.len()), (1, 0));
        let table = parse(&exported.files[0].text).unwrap();
        assert_eq!(table.len(), recorded.rows.len() + 1);
        for (row, line) in recorded.rows.iter().zip(&table[1..]) {
            let row = serde_json::to_value(row).unwrap();
            for (path, field) in table[0].iter().zip(line) {
                assert_eq!(*field, expected(&row, path), "{path} of {}", row["cell_id"]);
            }
        }
    }
}

fn column<'a>(table: &'a [Vec<String>], name: &str) -> Vec<&'a str> {
    let index = table[0].iter().position(|column| column == name);
    let index = index.unwrap_or_else(|| panic!("no column {name}"));
    table[1..].iter().map(|line| &*line[index]).collect()
}

#[test]
fn what_failed_is_a_line_and_its_words_survive() {
    let mut rows = rounds("poll", 10_000, Window::Busy);
    let reason = "it said \"no\",\nand died; code 1,5";
    fail(&mut rows[1], reason);
    rows[2].server_cpus = vec![0, 2];
    let (text, notes) = one(Format::Csv, closed(), &rows);
    let table = parse(&text).unwrap();
    assert_eq!(column(&table, "verdict")[1], "failed");
    assert_eq!(column(&table, "reason"), ["", reason, ""]);
    // What was not measured is nothing, and no 0.
    for name in [
        "rate_per_s",
        "latency_ns.p99",
        "connections.served",
        "cpu_ns_per_request",
    ] {
        let values = column(&table, name);
        assert_eq!(values[1], "", "{name}");
        assert!(values[0].parse::<f64>().unwrap() > 0.0, "{name}");
    }
    assert_eq!(column(&table, "server_cpus"), ["0", "0", "0 2"]);
    assert_eq!(notes, Vec::<String>::new());
}

#[test]
fn no_row_is_a_heading() {
    let none: &[Row] = &[];
    let (text, _) = one(Format::Csv, closed(), none);
    assert_eq!(parse(&text).unwrap().len(), 1);
}
