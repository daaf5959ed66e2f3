//! What an open loop shows.

use loadgen::units::{short, time};

use crate::stats::findings::Named;
use crate::stats::findings::open::{KeepingUp, Open};
use crate::words::{Lang, lower_first, say};

impl Open {
    pub(super) fn text(&self, lang: Lang) -> String {
        match self {
            Self::KeepingUp(up) => up.text(lang),
            Self::Response { rate: at, quick, slow } => {
                let (at, (low, quick), (high, slow)) = (rate(*at, lang), told(quick, lang), told(slow, lang));
                say!(
                    lang,
                    "At {at} one request in 100 takes more than {low} with {quick} and more than {high} with {slow}",
                    "在 {at} 下，每 100 个请求中有一个的耗时，{quick} 超过 {low}，{slow} 超过 {high}"
                )
            }
            Self::Knee { server, rate: at } => {
                let at = rate(*at, lang);
                say!(lang, "The knee of {server} is at {at}", "{server} 的拐点在 {at}")
            }
            Self::SameKnee { servers, rate: at } => {
                let at = rate(*at, lang);
                say!(
                    lang,
                    "The knees of {servers} are at {at}",
                    "{servers} 个模型的拐点都在 {at}"
                )
            }
            Self::Knees { low, high } => {
                let (from, first, to, last) = (rate(low.0, lang), &low.1, rate(high.0, lang), &high.1);
                say!(
                    lang,
                    "The knees lie between {from} ({first}) and {to} ({last})",
                    "拐点在 {from}（{first}）与 {to}（{last}）之间"
                )
            }
            Self::Stopped {
                server,
                stall,
                response,
                service,
            } => {
                let [stall, response, service] = [*stall, *response, *service].map(time);
                say!(
                    lang,
                    "{server} was stopped for {stall}: from when requests were due p99 is {response}, from when they were \
                     sent {service}",
                    "{server} 被暂停 {stall}：从请求应当发出时算起 p99 为 {response}，从实际发出时算起为 {service}"
                )
            }
            Self::Title {
                rate: at,
                quick,
                slow,
                up,
            } => {
                let (at, (low, quick), (high, slow)) = (rate(*at, lang), told(quick, lang), told(slow, lang));
                let apart = say!(
                    lang,
                    "At {at} p99 is {low} with {quick}, {high} with {slow}",
                    "在 {at} 下 p99：{quick} 为 {low}，{slow} 为 {high}"
                );
                match up {
                    // A name stays as it is.
                    Some(up @ (KeepingUp::Alone { .. } | KeepingUp::AloneBehind { .. })) => {
                        apart + lang.semicolon() + &up.in_short(lang)
                    }
                    Some(up) => apart + lang.semicolon() + &lower_first(&up.in_short(lang)),
                    None => apart,
                }
            }
            Self::Nothing => say!(
                lang,
                "Nothing was answered under an offered rate",
                "在给定的请求速率下没有任何应答"
            ),
            Self::StoppedUntold { server } => say!(
                lang,
                "{server} was stopped, and too little was answered to tell",
                "{server} 被暂停，应答太少，无法判断"
            ),
        }
    }
}

impl KeepingUp {
    fn text(&self, lang: Lang) -> String {
        let short_form = self.in_short(lang);
        match self {
            Self::Some {
                first,
                behind_at,
                answered,
                ..
            } => {
                let (at, answered) = (rate(*behind_at, lang), short(*answered));
                say!(
                    lang,
                    "{short_form}; the first to fall behind is {first}, which answers {answered} of {at}",
                    "{short_form}；最先落后的是 {first}，{at} 中只应答 {answered}"
                )
            }
            Self::Alone { .. } | Self::AloneBehind { .. } | Self::All { .. } => short_form,
        }
    }

    /// Without the first that does not: a title has two lines.
    fn in_short(&self, lang: Lang) -> String {
        match self {
            Self::Alone { server, rate: at } => {
                let at = rate(*at, lang);
                say!(lang, "{server} keeps up with {at}", "{server} 跟得上 {at}")
            }
            Self::AloneBehind {
                server,
                rate: at,
                answered,
            } => {
                let (at, answered) = (rate(*at, lang), short(*answered));
                say!(
                    lang,
                    "{server} falls behind at {at} and answers {answered} of them",
                    "{server} 在 {at} 时落后，其中只应答 {answered}"
                )
            }
            Self::All { servers, rate: at } => {
                let at = rate(*at, lang);
                say!(lang, "All {servers} keep up with {at}", "{servers} 个模型都跟得上 {at}")
            }
            Self::Some {
                keeping,
                servers,
                rate: at,
                ..
            } => {
                let at = rate(*at, lang);
                match keeping {
                    0 => say!(
                        lang,
                        "None of {servers} keep up with {at}",
                        "{servers} 个模型都跟不上 {at}"
                    ),
                    1 => say!(
                        lang,
                        "1 of {servers} keeps up with {at}",
                        "{servers} 个模型中有 1 个跟得上 {at}"
                    ),
                    some => say!(
                        lang,
                        "{some} of {servers} keep up with {at}",
                        "{servers} 个模型中有 {some} 个跟得上 {at}"
                    ),
                }
            }
        }
    }
}

fn rate(per_s: f64, lang: Lang) -> String {
    let per_s = short(per_s);
    say!(lang, "{per_s} req/s", "{per_s} 请求/秒")
}

fn told((ns, who): &(f64, Named), lang: Lang) -> (String, String) {
    (time(*ns), who.text(lang))
}
