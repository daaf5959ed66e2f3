//! A recorded run, its report, and what is in it.

use std::path::Path;
use std::sync::OnceLock;

use bench_runner::record::{self, Benches, Row, Run, Verdict};
use bench_runner::render::html;
use bench_runner::stats::summarise;
use loadgen::Quantiles;
use scraper::{ElementRef, Html, Selector};

/// No report of a run as large as the reference run may be larger.
pub(crate) const LARGEST: usize = 3_000_000;

/// A run.
#[derive(Clone)]
pub(crate) struct Recorded {
    pub(crate) run: Run,
    pub(crate) rows: Vec<Row>,
    pub(crate) benches: Option<Benches>,
}

impl Recorded {
    /// The reference run, or one in a directory of its own beside it.
    pub(crate) fn reference(name: &str) -> Self {
        // Decoding its histograms takes seconds without optimisation.
        static WHOLE: OnceLock<Recorded> = OnceLock::new();
        let read = |name: &str| {
            let directory = Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("../results/reference")
                .join(name);
            let recorded = record::read(&directory).unwrap();
            Self {
                run: recorded.run,
                rows: recorded.rows,
                benches: recorded.benches,
            }
        };
        match name {
            "" => WHOLE.get_or_init(|| read("")).clone(),
            name => read(name),
        }
    }
}

/// The row of a window that was not measured.
pub(crate) fn failed(row: Row, why: &str) -> Row {
    Row {
        verdict: Verdict::Failed,
        verdicts: vec![Verdict::Failed],
        evidence: [(Verdict::Failed, why.to_owned())].into(),
        reason: Some(why.to_owned()),
        connections: None,
        limited_by: None,
        limit_evidence: None,
        elapsed_s: None,
        requests: None,
        rate_per_s: None,
        latency_ns: Quantiles::default(),
        reply_latency_ns: Quantiles::default(),
        outcomes: None,
        cpu_ns_per_request: None,
        memory_bytes_per_connection: None,
        histogram: None,
        unfinished_histogram: None,
        littles_law: None,
        ..row
    }
}

/// A report.
pub(crate) struct Page {
    pub(crate) text: String,
    document: Html,
}

impl Page {
    pub(crate) fn of(recorded: &Recorded) -> Self {
        let Recorded { run, rows, benches } = recorded;
        let text = html::page(run, rows, &summarise(run, rows), benches.as_ref()).unwrap();
        let document = Html::parse_document(&text);
        Self { text, document }
    }

    /// What a browser would have to guess.
    pub(crate) fn parse_errors(&self) -> Vec<String> {
        self.document.errors.iter().map(ToString::to_string).collect()
    }

    pub(crate) fn select(&self, selector: &str) -> Vec<ElementRef<'_>> {
        self.document.select(&Selector::parse(selector).unwrap()).collect()
    }

    pub(crate) fn count(&self, selector: &str) -> usize {
        self.select(selector).len()
    }

    pub(crate) fn texts(&self, selector: &str) -> Vec<String> {
        let text = |element: ElementRef<'_>| element.text().collect::<String>();
        self.select(selector).into_iter().map(text).collect()
    }

    pub(crate) fn values(&self, selector: &str, attribute: &str) -> Vec<String> {
        let value = |element: ElementRef<'_>| element.attr(attribute).unwrap().to_owned();
        self.select(selector).into_iter().map(value).collect()
    }

    /// What the first child with an attribute says, and the title of its parent.
    pub(crate) fn titled(&self, selector: &str, attribute: &str) -> Vec<(String, String)> {
        let child = Selector::parse(&format!("[{attribute}]")).unwrap();
        let pair = |element: ElementRef<'_>| {
            let sign = element.select(&child).next()?.text().collect();
            Some((sign, element.attr("title")?.to_owned()))
        };
        self.select(selector).into_iter().filter_map(pair).collect()
    }

    /// The data that the script reads.
    pub(crate) fn data(&self) -> serde_json::Value {
        serde_json::from_str(&self.texts("script[type='application/json']")[0]).unwrap()
    }

    /// Everything that would have a browser ask another for something, or run what is not the page's own.
    pub(crate) fn loads(&self) -> Vec<String> {
        let mut loads = Vec::new();
        for element in self.select("*") {
            let tag = element.value();
            for (name, value) in tag.attrs() {
                let inside = value.starts_with('#') || value.starts_with("data:");
                let refers = [
                    "src",
                    "href",
                    "srcset",
                    "data",
                    "action",
                    "poster",
                    "background",
                    "xlink:href",
                ];
                if refers.contains(&name) && !inside || name.starts_with("on") || name == "style" {
                    loads.push(format!("<{} {name}=\"{value}\">", tag.name()));
                }
            }
        }
        for own in self.texts("style").into_iter().chain(self.texts("script:not([type])")) {
            let own = own.replace("http://www.w3.org/2000/svg", "").replace("url(data:", "");
            for asks in ["http:", "https:", "url(", "@import"] {
                if own.contains(asks) {
                    loads.push(format!("{asks} in a style or a script"));
                }
            }
        }
        let policy = self.values("meta[http-equiv='Content-Security-Policy']", "content");
        if !matches!(&*policy, [policy] if policy.starts_with("default-src 'none';") && !policy.contains("unsafe")) {
            loads.push(format!("the policy allows it: {policy:?}"));
        }
        loads
    }

    pub(crate) fn repeated_ids(&self) -> Vec<String> {
        let mut ids = self.values("[id]", "id");
        ids.sort();
        let repeated = ids.windows(2).filter(|pair| pair[0] == pair[1]);
        repeated.map(|pair| pair[0].clone()).collect()
    }
}
