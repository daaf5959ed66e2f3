//! What a catalogue, a command or a server says is text, whatever it looks like.

use bench_runner::catalog::Nature;
use bench_runner::record::{Subject, Warning};

use crate::support::{Page, Recorded};

const NAME: &str = "<script>alert(1)</script>";
const TEXT: &str = "\"'></script></style></title><img src=x onerror=alert(2)><!--<script>";

/// A run of two servers, of which one has such words wherever words of others can stand.
fn run() -> Recorded {
    let mut recorded = Recorded::reference("");
    recorded
        .rows
        .retain(|row| row.server == "poll" || row.server == "select");
    let run = &mut recorded.run;
    run.servers = vec!["poll".to_owned(), NAME.to_owned()];
    run.run_id = TEXT.to_owned();
    run.version = TEXT.to_owned();
    run.settings.path = Some(TEXT.to_owned());
    run.warnings = vec![Warning::new(TEXT, TEXT)];
    run.environment.command_line = vec![
        "bench-runner".to_owned(),
        "--server".to_owned(),
        format!("{NAME}={TEXT}"),
    ];
    run.environment.cpu.model = Some(TEXT.to_owned());
    for binary in &mut run.environment.binaries {
        (binary.name, binary.path) = (TEXT.to_owned(), TEXT.into());
    }
    run.catalog = vec![Subject {
        name: NAME.to_owned(),
        summary: TEXT.to_owned(),
        bound: TEXT.to_owned(),
        spins: true,
        nature: Nature {
            portable: Some(TEXT.to_owned()),
            ..Nature::default()
        },
    }];
    for row in recorded.rows.iter_mut().filter(|row| row.server == "select") {
        (row.server, row.family, row.cell_id) = (NAME.to_owned(), TEXT.to_owned(), TEXT.to_owned());
        row.evidence.values_mut().for_each(|why| TEXT.clone_into(why));
        row.sources.insert(TEXT.to_owned(), TEXT.to_owned());
        row.limited_by = row.limited_by.take().map(|_| TEXT.to_owned());
        (row.limit_evidence, row.last_stderr) = (Some(TEXT.to_owned()), Some(TEXT.to_owned()));
        row.warnings = vec![Warning::new(TEXT, TEXT)];
        if row.round == 3 {
            row.reason = Some(TEXT.to_owned());
        }
    }
    recorded
}

#[test]
fn foreign_words_are_text_and_nothing_else() {
    let page = Page::of(&run());
    assert_eq!(page.parse_errors(), Vec::<String>::new());
    assert_eq!(
        page.loads(),
        Vec::<String>::new(),
        "no handler of an event, and nothing to load"
    );
    assert_eq!(page.count("script"), 2, "the page's data and its own script");
    assert_eq!(page.count("img"), 0);
    assert_eq!(page.count("style"), 1);
    // They are all there, as they were said.
    let text = page.texts("body").concat();
    assert!(
        text.contains(NAME) && text.matches(TEXT).count() > 20,
        "{}",
        text.matches(TEXT).count()
    );
    assert!(page.texts("title")[0].ends_with(TEXT));
    assert!(page.texts(".command")[0].contains(TEXT.split('\'').next().unwrap()));
    assert_eq!(page.data()["models"][1]["name"], NAME);
    // And they can be switched.
    assert!(
        page.values("svg g[data-model]", "data-model")
            .iter()
            .any(|model| model == NAME)
    );
    assert!(
        page.values("[data-switch]", "data-switch")
            .iter()
            .any(|model| model == NAME)
    );
}

#[test]
fn the_test_would_see_what_is_not_escaped() {
    let page = Page::of(&run());
    // In a text: within the quotes of an attribute it would do nothing.
    let escaped = "</i>&lt;script&gt;alert(1)&lt;/script&gt;";
    assert!(page.text.contains(escaped));
    let broken = page.text.replacen(escaped, &format!("</i>{NAME}"), 1);
    let document = scraper::Html::parse_document(&broken);
    let scripts = scraper::Selector::parse("script").unwrap();
    assert_eq!(document.select(&scripts).count(), 3);
}
