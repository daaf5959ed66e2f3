//! That the check of texts can fail, and is silent where it should be.

use bench_runner::charts::check::text_problems;

/// What [`text_problems`] says of a small SVG with these elements.
fn problems(body: &str) -> Vec<String> {
    text_problems(&format!(
        "<svg xmlns='http://www.w3.org/2000/svg' width='400' height='100'>{body}</svg>"
    ))
}

#[test]
fn the_check_is_silent_about_good_text() {
    let good = "<text x='10' y='40' font-family='Inter' font-size='20'>left</text>\
                <text x='390' y='40' font-family='Inter' font-size='20' text-anchor='end' font-weight='bold'>right</text>\
                <g opacity='0.5'><text x='10' y='64' font-family='Inter' font-size='20'>next line, gjpqy</text></g>";
    assert_eq!(problems(good), Vec::<String>::new());
}

#[test]
fn the_check_finds_text_outside_the_canvas() {
    for place in ["x='380' y='40'", "x='-9' y='40'", "x='10' y='12'", "x='10' y='98'"] {
        let found = problems(&format!(
            "<text {place} font-family='Inter' font-size='20'>gone by</text>"
        ));
        assert!(
            found.len() == 1 && found[0].contains("'gone by' leaves the canvas"),
            "{place}: {found:?}"
        );
    }
}

#[test]
fn the_check_finds_overlapping_texts() {
    let found = problems(
        "<text x='10' y='40' font-family='Inter' font-size='20'>first words</text>\
         <g transform='translate(100 0)'><text x='0' y='45' font-family='Inter' font-size='20'>second</text></g>",
    );
    assert!(
        found.len() == 1 && found[0].contains("'first words' and 'second' overlap"),
        "{found:?}"
    );
}

#[test]
fn the_check_finds_text_that_is_too_faint_for_its_ground() {
    let text =
        |fill: &str| format!("<text x='10' y='40' font-family='Inter' font-size='20' fill='{fill}'>words</text>");
    let dark = "<rect width='400' height='100' fill='#14171C'/>";
    for (ground, fill) in [("", "#8A9199"), (dark, "#555C66"), (dark, "#000000")] {
        let found = problems(&format!("{ground}{}", text(fill)));
        assert!(
            found.len() == 1 && found[0].contains(&format!("'words' in {fill}")),
            "{found:?}"
        );
    }
    assert_eq!(problems(&text("#555C66")), Vec::<String>::new());
    assert_eq!(problems(&format!("{dark}{}", text("#F2F4F7"))), Vec::<String>::new());
    assert!(problems(&text("red"))[0].contains("'red'"));
}

#[test]
fn the_check_finds_text_that_is_not_drawn() {
    let found = problems(
        "<text x='10' y='40' font-family='Inter' font-size='20'>seen</text>\
         <text x='10' y='80' font-family='Comic Sans MS' font-size='20'>unseen</text>",
    );
    assert!(
        found.len() == 1 && found[0].contains("not drawn: [\"unseen\"]"),
        "{found:?}"
    );
}

#[test]
fn the_check_finds_a_character_without_a_glyph() {
    let found = problems("<text x='10' y='40' font-family='Inter' font-size='20'>fine ฬ</text>");
    assert!(found.iter().any(|p| p.contains("no glyph for 'ฬ'")), "{found:?}");
}

#[test]
fn the_check_finds_what_is_no_svg() {
    assert!(text_problems("<svg")[0].starts_with("not XML"));
    assert!(text_problems("<p/>")[0].starts_with("not SVG"));
}
