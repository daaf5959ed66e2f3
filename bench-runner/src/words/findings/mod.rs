//! Findings in words, a topic a file.

mod costs;
mod details;
mod open;
mod others;
mod rates;
mod served;
mod steps;

use loadgen::units::short;

use super::breaks::closed_up;
use super::{Lang, say};
use crate::record::Window;
use crate::stats::findings::Named;
use crate::stats::{Finding, Message, Suspect};

impl Finding {
    /// The finding as a sentence.
    #[must_use]
    pub fn text(&self, lang: Lang) -> String {
        self.message.text(lang) + lang.stop()
    }
}

impl Message {
    /// What it says, as a title: without a full stop.
    #[must_use]
    pub fn text(&self, lang: Lang) -> String {
        let text = match self {
            Self::Failed { server, reasons } => {
                let reasons = reasons.join("; ");
                say!(lang, "{server} failed: {reasons}", "{server} 失败：{reasons}")
            }
            Self::Served(said) => said.text(lang),
            Self::Rates(said) => said.text(lang),
            Self::Open(said) => said.text(lang),
            Self::Waiting(said) => said.text(lang),
            Self::Costs(said) => said.text(lang),
            Self::Detail(said) => said.text(lang),
            Self::Steps(said) => said.text(lang),
            Self::Suspect(said) => said.text(lang),
        };
        closed_up(&text)
    }
}

impl Named {
    /// The server and how many are like it.
    fn text(&self, lang: Lang) -> String {
        let Self { server, like } = self;
        match like {
            0 => server.clone(),
            like => say!(lang, "{server} and {like} like it", "{server}（及 {like} 个相近者）"),
        }
    }
}

impl Suspect {
    fn text(&self, lang: Lang) -> String {
        let Self {
            cell,
            window,
            rate_per_s,
            observed,
            expected,
        } = self;
        let window = match (rate_per_s.map(short), window) {
            (Some(rate), _) => say!(lang, "open window at {rate} req/s", "{rate} 请求/秒的开环窗口"),
            (None, Window::Busy) => say!(lang, "busy window", "全部活跃的窗口"),
            (None, Window::Idle) => say!(lang, "idle window", "多数静默的窗口"),
            (None, Window::Open) => say!(lang, "open window", "开环窗口"),
        };
        say!(
            lang,
            "Not to be trusted: {cell}, {window}: mean latency × rate is {observed:.1} where {expected:.0} requests were \
             under way",
            "不可信：{cell}，{window}：平均延迟 × 速率为 {observed:.1}，而进行中的请求有 {expected:.0} 个",
        )
    }
}
