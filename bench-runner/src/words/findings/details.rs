//! What else there is to see.

use loadgen::units::{grouped, short, time};

use crate::stats::findings::details::{Compared, Detail, Never, Talk};
use crate::words::{Lang, lower_first, say};

/// Of more servers than these the others are counted.
const NAMED: usize = 3;

impl Detail {
    pub(super) fn text(&self, lang: Lang) -> String {
        match self {
            Self::Tails { talk, said } => {
                let (talk, said) = (talk.text(lang), tails(said, lang));
                say!(lang, "{talk}: {said}", "{talk}：{said}")
            }
            Self::Fairness { said, alike } => fairness(said, *alike, lang),
            Self::NoFairness => say!(
                lang,
                "No server serves all connections, so that their fairness is not compared",
                "没有一个服务器服务了全部连接，因此不比较其公平性"
            ),
            Self::Silent {
                silent: 1,
                longest,
                for_s,
                ..
            } => say!(
                lang,
                "{longest} answers nobody for {for_s:.1} s of the window",
                "{longest} 在窗口内有 {for_s:.1} s 未应答任何请求"
            ),
            Self::Silent {
                silent,
                servers,
                longest,
                for_s,
            } => say!(
                lang,
                "{silent} of {servers} answer nobody for a while, {longest} for {for_s:.1} s",
                "{servers} 个模型中有 {silent} 个一度不应答，其中 {longest} 为 {for_s:.1} s"
            ),
            Self::Steady { only: Some(server), .. } => say!(
                lang,
                "The throughput of {server} neither rises nor falls all through the window",
                "{server} 的吞吐量在窗口内无持续升降"
            ),
            Self::Steady { only: None, servers } => say!(
                lang,
                "The throughput of none of {servers} rises or falls all through the window",
                "{servers} 个模型的吞吐量在窗口内均无持续升降"
            ),
            Self::Changing {
                changing,
                servers,
                most,
                change,
            } => changes((*changing, *servers), most, *change, lang),
            Self::TooShort => say!(
                lang,
                "Throughput through windows too short for a trend to be told",
                "窗口内的吞吐量；窗口太短，无从判断趋势"
            ),
            Self::NoPace => say!(lang, "No server serves all connections", "没有一个服务器服务了全部连接"),
            Self::Connected { within, never } => {
                let within = time(*within as f64);
                let made = say!(
                    lang,
                    "Every connection that was made was made within {within}",
                    "建立的连接都在 {within} 内建立"
                );
                never.before(&made, lang)
            }
            Self::SentAgain { servers, never } => {
                let (n, of) = (servers.len(), never.of);
                let has = if n == 1 { "has" } else { "have" };
                let named = servers
                    .iter()
                    .take(NAMED)
                    .cloned()
                    .collect::<Vec<_>>()
                    .join(lang.comma());
                let others = match (n > NAMED, lang) {
                    (true, Lang::En) => " and others",
                    (true, Lang::Zh) => " 等",
                    (false, _) => "",
                };
                let slow = say!(
                    lang,
                    "{n} of {of} {has} connections that took a second or more to make, as when a SYN is lost: {named}{others}",
                    "{of} 个模型中有 {n} 个的部分连接用了一秒以上才建立（如 SYN 丢失后重传）：{named}{others}"
                );
                never.before(&slow, lang)
            }
            Self::NotConnected => say!(lang, "No connection was made", "没有建立任何连接"),
        }
    }
}

impl Never {
    /// What is said of those that were made comes behind those that were not.
    fn before(self, made: &str, lang: Lang) -> String {
        let Self { servers, of, most } = self;
        if servers == 0 {
            return made.to_owned();
        }
        let (make, most) = (if servers == 1 { "makes" } else { "make" }, grouped(most));
        let never = say!(
            lang,
            "{servers} of {of} never {make} up to {most} connections",
            "{of} 个模型中有 {servers} 个始终未建立多达 {most} 个连接"
        );
        never + lang.semicolon() + &lower_first(made)
    }
}

impl Talk {
    fn text(self, lang: Lang) -> String {
        match self {
            Self::All { conns } => {
                let conns = grouped(conns);
                say!(lang, "All {conns} talk", "{conns} 个连接全部活跃")
            }
            Self::Few { active, conns } => {
                let (active, conns) = (grouped(active), grouped(conns));
                say!(lang, "{active} of {conns} talk", "{conns} 个连接中 {active} 个活跃")
            }
            Self::Rate(rate) => {
                let rate = short(rate);
                say!(lang, "{rate} req/s are offered", "每秒发出 {rate} 个请求")
            }
        }
    }
}

fn tails(said: &Compared, lang: Lang) -> String {
    match said {
        Compared::Apart { low, high } => {
            let (quick, who, slow, whom) = (time(low.0), low.1.text(lang), time(high.0), high.1.text(lang));
            say!(
                lang,
                "p99.9 is {quick} with {who}, {slow} with {whom}",
                "{who} 的 p99.9 为 {quick}，{whom} 的为 {slow}"
            )
        }
        Compared::One { server, value } => {
            let value = time(*value);
            say!(lang, "p99.9 is {value} with {server}", "{server} 的 p99.9 为 {value}")
        }
        Compared::Alike => say!(lang, "no clear difference in p99.9", "p99.9 无明显差异"),
        Compared::Nothing => say!(lang, "no server's p99.9 could be told", "没有一个服务器的 p99.9 可知"),
    }
}

fn fairness(said: &Compared, (least, most): (f64, f64), lang: Lang) -> String {
    match said {
        Compared::Apart { low, high } => {
            let (few, who, many, whom) = (low.0, low.1.text(lang), high.0, high.1.text(lang));
            say!(
                lang,
                "The slowest connection waits {few:.1}× as long as the fastest with {who}, {many:.1}× with {whom}",
                "最慢的连接所等的时间是最快的多少倍：{who} 为 {few:.1} 倍，{whom} 为 {many:.1} 倍"
            )
        }
        Compared::One { server, value } => say!(
            lang,
            "With {server} the slowest connection waits {value:.1}× as long as the fastest",
            "在 {server}，最慢的连接所等的时间是最快的 {value:.1} 倍"
        ),
        Compared::Alike | Compared::Nothing => say!(
            lang,
            "The slowest connection waits {least:.1}× to {most:.1}× as long as the fastest: no clear difference",
            "最慢的连接所等的时间是最快的 {least:.1} 至 {most:.1} 倍：无明显差异"
        ),
    }
}

fn changes((changing, servers): (usize, usize), most: &str, change: f64, lang: Lang) -> String {
    let percent = change.abs() * 100.0;
    let rises = match (change > 0.0, lang) {
        (true, Lang::En) => "rises",
        (false, Lang::En) => "falls",
        (true, Lang::Zh) => "上升",
        (false, Lang::Zh) => "下降",
    };
    match (lang, changing) {
        (Lang::En, 1) => {
            format!("1 of {servers} rises or falls in throughput through the window: {most} {rises} by {percent:.0} %")
        }
        (Lang::En, _) => format!(
            "{changing} of {servers} rise or fall in throughput through the window, {most} most: it {rises} by \
             {percent:.0} %"
        ),
        (Lang::Zh, _) => {
            format!(
                "{servers} 个模型中有 {changing} 个的吞吐量在窗口内上升或下降，最多的是 {most}：{rises} {percent:.0} %"
            )
        }
    }
}
