//! The matrix of the reference run.

use super::super::tests_support::{page_of, reference};
use super::*;

#[test]
fn a_model_that_stops_is_told_with_its_limit_and_what_that_is() {
    let (run, mut rows, _) = reference();
    rows.retain(|row| row.server == "select" || row.server == "poll");
    let summary = crate::stats::summarise(&run, &rows);
    let page = page_of(&run, &rows, &summary);
    let text = matrix(&page).into_string();
    for part in [
        "FD_SETSIZE",
        "select(2) is handed sets of 1,024 bits",
        "of 10,000",
        "Met by select.",
        "POSIX and Windows",
        "no: one",
        "rests",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    let row = |model: &str| {
        let (_, row) = text.split_once(&format!("<tr data-model=\"{model}\"")).unwrap();
        row.split_once("</tr>").unwrap().0.to_owned()
    };
    assert!(
        row("select").contains("<span aria-hidden=\"true\">*</span>"),
        "over fewer clients"
    );
    assert!(
        row("poll").contains("<td class=\"none\">nothing</td>"),
        "{}",
        row("poll")
    );
    assert!(
        row("fork").contains("not measured"),
        "a server without a row has a line all the same"
    );
}

#[test]
fn each_row_has_as_many_cells_as_there_are_heads() {
    let (run, rows, _) = reference();
    let summary = crate::stats::summarise(&run, &rows);
    let text = matrix(&page_of(&run, &rows, &summary)).into_string();
    let heads = text.matches("scope=\"col\"").count();
    let body = text.split_once("<tbody>").unwrap().1.split_once("</tbody>").unwrap().0;
    let rows: Vec<&str> = body.split("</tr>").filter(|row| row.contains("<tr")).collect();
    assert_eq!(rows.len(), run.servers.len());
    for row in rows {
        let cells = row.matches("<td").count() + row.matches("<th ").count();
        assert_eq!(cells, heads, "{row}");
    }
}

#[test]
fn what_no_catalogue_tells_is_not_made_up() {
    let (mut run, mut rows, _) = reference();
    rows.retain(|row| row.server == "poll");
    for row in &mut rows {
        row.server = "mine".to_owned();
    }
    run.servers = vec!["mine".to_owned()];
    let summary = crate::stats::summarise(&run, &rows);
    let text = matrix(&page_of(&run, &rows, &summary)).into_string();
    assert_eq!(text.matches("not told").count(), 5, "{text}");
}
