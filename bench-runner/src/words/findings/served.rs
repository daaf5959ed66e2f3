//! Who serves how many, and what stops the others.

use loadgen::units::grouped;

use crate::stats::findings::served::{Part, Served};
use crate::words::{Lang, limit, lower_first, say};

impl Served {
    pub(super) fn text(&self, lang: Lang) -> String {
        match self {
            Self::Alone { server, all, conns } => {
                let conns = grouped(*conns);
                if *all {
                    say!(
                        lang,
                        "{server} serves all {conns} connections",
                        "{server} 服务了全部 {conns} 个连接"
                    )
                } else {
                    say!(
                        lang,
                        "{server} does not serve all {conns} connections",
                        "{server} 未能服务全部 {conns} 个连接"
                    )
                }
            }
            Self::Several {
                serving,
                servers,
                conns,
            } => several(*serving, *servers, &grouped(*conns), lang),
            Self::Uneven { server, conns, limit } => {
                let (conns, why) = (grouped(*conns), why(limit.as_deref(), lang));
                say!(
                    lang,
                    "{server} does not serve all {conns} in every round{why}",
                    "{server} 并非每一轮都服务了全部 {conns} 个连接{why}"
                )
            }
            Self::Part(part) => part.text(lang),
            Self::Late { server, late, served } => {
                let (late, served) = (grouped(*late), grouped(*served));
                say!(
                    lang,
                    "{server} serves up to {late} of {served} clients only after the window in which they asked, though \
                     all in the end",
                    "{server} 的 {served} 个客户端中，最多有 {late} 个在其发出请求的窗口结束后才得到服务，但最终全部得到服务"
                )
            }
            Self::StopsAt { server, served, rest } => {
                let (served, all) = (grouped(*served), rest.text(lang));
                // A name stays as it is.
                let rest = match &**rest {
                    Self::Alone { .. } => all,
                    _ => lower_first(&all),
                };
                say!(
                    lang,
                    "{server} stops at {served}; {rest}",
                    "{server} 止步于 {served} 个；{rest}"
                )
            }
            Self::Nothing => say!(lang, "No server could be measured", "没有一个服务器测得结果"),
        }
    }
}

fn several(serving: usize, servers: usize, conns: &str, lang: Lang) -> String {
    match serving {
        0 => say!(
            lang,
            "None of {servers} serves all {conns} connections",
            "{servers} 个模型都未能服务全部 {conns} 个连接"
        ),
        all if all == servers => say!(
            lang,
            "All {all} serve {conns} connections",
            "{all} 个模型都服务了全部 {conns} 个连接"
        ),
        1 => say!(
            lang,
            "1 of {servers} serves all {conns} connections",
            "{servers} 个模型中有 1 个服务了全部 {conns} 个连接"
        ),
        some => say!(
            lang,
            "{some} of {servers} serve all {conns} connections",
            "{servers} 个模型中有 {some} 个服务了全部 {conns} 个连接"
        ),
    }
}

/// The limit in brackets.
fn why(name: Option<&str>, lang: Lang) -> String {
    name.map_or_else(String::new, |name| {
        let limit = limit(name, lang);
        say!(lang, " ({limit})", "（{limit}）")
    })
}

impl Part {
    fn text(&self, lang: Lang) -> String {
        let [conns, served, refused, lost, starved, never] = [
            self.conns,
            self.served,
            self.refused,
            self.lost,
            self.starved,
            self.never,
        ]
        .map(grouped);
        let server = &self.server;
        let all = [
            (
                1,
                say!(
                    lang,
                    "{server} serves {served} of {conns}",
                    "{server} 服务了 {conns} 个连接中的 {served} 个"
                ),
            ),
            (self.refused, say!(lang, "refuses {refused}", "拒绝 {refused} 个")),
            (self.lost, say!(lang, "loses {lost}", "丢失 {lost} 个")),
            (
                self.starved,
                say!(
                    lang,
                    "{starved} are connected and starve",
                    "{starved} 个已连接却得不到应答"
                ),
            ),
            (
                self.never,
                say!(lang, "{never} never connect", "{never} 个始终未能连接"),
            ),
        ];
        let said: Vec<String> = all.into_iter().filter(|(n, _)| *n > 0).map(|(_, text)| text).collect();
        let said = said.join(match lang {
            Lang::En => ", ",
            Lang::Zh => "，",
        });
        said + &why(self.limit.as_deref(), lang)
    }
}
