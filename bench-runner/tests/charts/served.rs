//! Chart 1.

use bench_runner::charts::check::text_problems;
use bench_runner::charts::{Served, ServedBar};

use crate::support::{FOOTER, MODELS, SUBTITLE, examine, forty, light};

pub(crate) fn bar(name: &str, connected: u64, served: u64, stopped_by: &str, failed: &str) -> ServedBar {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_string());
    ServedBar {
        name: name.to_string(),
        connected,
        served,
        refused: 0,
        stopped_by: some(stopped_by),
        failed: some(failed),
    }
}

/// A server that closes all that it cannot serve.
pub(crate) fn refusing(name: &str, connected: u64, served: u64, stopped_by: &str) -> ServedBar {
    ServedBar {
        refused: connected - served,
        ..bar(name, connected, served, stopped_by, "")
    }
}

pub(crate) fn served_with(title: &str, asked: u64, bars: Vec<ServedBar>) -> Served {
    Served {
        title: title.to_string(),
        subtitle: SUBTITLE.to_string(),
        footer: FOOTER.to_string(),
        asked,
        bars,
    }
}

pub(crate) fn served_all() -> Served {
    let bars = MODELS.iter().map(|&name| match name {
        "iterative" => bar(name, 4_098, 1, "accept backlog 4,096", ""),
        "prefork" => bar(name, 4_113, 16, "accept backlog 4,096", ""),
        "thread-pool" => bar(name, 4_225, 128, "accept backlog 4,096", ""),
        "select" => refusing(name, 10_000, 1_019, "FD_SETSIZE"),
        "thread" => refusing(name, 10_000, 8_160, "max_map_count"),
        "busy-poll" => bar(name, 10_000, 7_311, "one pass takes longer than the window", ""),
        "fork" => bar(name, 312, 312, "", "died: signal 9 (SIGKILL) after 2.1 s"),
        "io-uring" => bar(name, 0, 0, "", "cannot start: io_uring_setup: operation not permitted"),
        name => bar(name, 10_000, 10_000, "", ""),
    });
    served_with(
        "select stops at 1,019; 9 of 17 serve all 10,000",
        10_000,
        bars.collect(),
    )
}

#[test]
fn served_by_seventeen() {
    examine("served-17", true, &served_all());
}

#[test]
fn served_by_forty() {
    let names = forty();
    let bars = names.iter().enumerate().map(|(i, name)| match i % 7 {
        3 => bar(name, 4_098, 1, "accept backlog 4,096", ""),
        5 => bar(name, 20_000, 19_000 + i as u64, "the window was over", ""),
        _ => bar(
            name,
            20_000 - 400 * i as u64,
            20_000 - 400 * i as u64,
            "RLIMIT_NOFILE",
            "",
        ),
    });
    let data = served_with("Forty servers in one chart", 20_000, bars.collect());
    examine("served-40", false, &data);
}

#[test]
fn served_by_servers_with_much_to_say() {
    let long = "a server from elsewhere with a name that nobody wanted to shorten, version 12.4.1-rc3+deadbeef";
    let reason =
        "exited with status 101 while connections were being opened: thread 'main' panicked at src/main.rs:42:17";
    let bars = vec![
        bar(long, 9_990, 4, &reason.repeat(2), ""),
        bar("<b>&\"quoted\"", 0, 0, "", &format!("{reason}\n\twith a second line")),
        bar("all", 10_000, 10_000, "", ""),
        bar("all but one", 10_000, 9_999, "", ""),
        bar("more than asked", 10_001, 10_001, "", ""),
        bar("none", 0, 0, "nothing listens", ""),
    ];
    let title = "A title that goes on and on, because somebody found four things at once and wanted to say all of \
                 them, and then a fifth, with numbers: 1,019; 4,098; 8,160; 10,000";
    let data = Served {
        subtitle: SUBTITLE.repeat(3),
        footer: FOOTER.repeat(4),
        ..served_with(title, 10_000, bars)
    };
    examine("served-long", true, &data);
}

#[test]
fn served_by_one_or_none() {
    let one = served_with(
        "epoll-edge serves 100 of 100",
        100,
        vec![bar("epoll-edge", 100, 100, "", "")],
    );
    examine("served-1", false, &one);
    let none = served_with("Nothing ran", 0, Vec::new());
    examine("served-0", false, &none);
    let nothing_asked = served_with("Nothing asked", 0, vec![bar("tokio", 0, 0, "", "")]);
    examine("served-asked-0", false, &nothing_asked);
}

#[test]
fn a_character_that_no_font_has_is_replaced_and_told() {
    let bars = vec![bar("服务器 ฬ龘", 10, 10, "", ""), bar("\u{1b}[1m", 10, 10, "", "")];
    let picture = light(&served_with("One server with a ฬ", 10, bars)).unwrap();
    let missing: Vec<(char, &str)> = picture.missing.iter().map(|(c, text)| (*c, text.as_str())).collect();
    let expected = [
        ('\u{1b}', "\u{1b}[1m"),
        ('ฬ', "One server with a ฬ"),
        ('龘', "服务器 ฬ龘"),
    ];
    assert_eq!(missing, expected);
    assert!(picture.svg.contains("服务器 □□") && picture.svg.contains("aria-label=\"One server with a □\""));
    assert_eq!(text_problems(&picture.svg), Vec::<String>::new());
}

#[test]
fn the_png_has_the_size_of_the_sheet() {
    let png = light(&served_all()).unwrap().png().unwrap();
    assert_eq!(&png[..8], b"\x89PNG\r\n\x1a\n");
    assert_eq!(&png[16..24], [1920_u32.to_be_bytes(), 1080_u32.to_be_bytes()].concat());
}
