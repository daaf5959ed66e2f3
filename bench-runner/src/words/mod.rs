//! What findings and charts say, in every language side by side.
//!
//! What is said is data ([`crate::stats::Message`] and its like) and stands elsewhere; here it is put into words, a topic a
//! file. Each sentence stands in all languages at one place, and a language or a message that is left out does not compile.
//! `scripts/make-fonts` collects from this directory the characters that the embedded font must have.
//!
//! Names of servers, models, system calls and limits (`FD_SETSIZE`), units and numbers are the same in all languages; so
//! is the reason of a failure, which is in the words of whoever found out.

pub(crate) mod breaks;
pub(crate) mod charts;
mod findings;
pub(crate) mod readme;
pub(crate) mod remarks;
pub(crate) mod subtitles;
pub(crate) mod topics;
pub(crate) mod watching;

use clap::ValueEnum;

use crate::stats::limit;

/// A language.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Lang {
    /// English
    #[default]
    En,
    /// Simplified Chinese
    Zh,
}

impl Lang {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::En, Self::Zh];

    /// What it adds to the names of files; nothing in English.
    #[must_use]
    pub fn suffix(self) -> &'static str {
        match self {
            Self::En => "",
            Self::Zh => "-zh",
        }
    }

    /// Its name as HTML and SVG have it (BCP 47).
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Zh => "zh-Hans",
        }
    }

    /// What ends a sentence.
    fn stop(self) -> &'static str {
        match self {
            Self::En => ".",
            Self::Zh => "。",
        }
    }

    /// Between the members of a list.
    fn comma(self) -> &'static str {
        match self {
            Self::En => ", ",
            Self::Zh => "、",
        }
    }

    /// Between clauses.
    fn semicolon(self) -> &'static str {
        match self {
            Self::En => "; ",
            Self::Zh => "；",
        }
    }
}

/// One text in each language, with what it is about filled in as `format!` does.
macro_rules! say {
    ($lang:expr, $en:literal, $zh:literal $(,)?) => {
        match $lang {
            $crate::words::Lang::En => format!($en),
            $crate::words::Lang::Zh => format!($zh),
        }
    };
}
use say;

/// One phrase in each language.
fn phrase(lang: Lang, en: &'static str, zh: &'static str) -> &'static str {
    match lang {
        Lang::En => en,
        Lang::Zh => zh,
    }
}

/// What stopped a server. Limits of the system have names and no language; what the runner itself calls a limit has.
pub(crate) fn limit(name: &str, lang: Lang) -> String {
    let known = match name {
        "workers" => phrase(lang, "workers", "工作者数"),
        limit::ACCEPT_BACKLOG => phrase(lang, limit::ACCEPT_BACKLOG, "accept 队列"),
        limit::CONNECT_TIMEOUT => phrase(lang, limit::CONNECT_TIMEOUT, "连接超时"),
        limit::NO_PORTS => phrase(lang, limit::NO_PORTS, "客户端端口"),
        limit::NO_DESCRIPTORS => phrase(lang, limit::NO_DESCRIPTORS, "客户端描述符"),
        limit::NOBODY_LISTENS => phrase(lang, limit::NOBODY_LISTENS, "无人监听"),
        limit::REFUSED => phrase(lang, limit::REFUSED, "被服务器拒绝"),
        limit::LOST => phrase(lang, limit::LOST, "服务中丢失连接"),
        limit::NO_REPLY => phrase(lang, limit::NO_REPLY, "未及时应答"),
        other => other,
    };
    known.to_owned()
}

/// A family of models, as a heading.
pub(crate) fn family(name: &str, lang: Lang) -> String {
    match name {
        "blocking" => phrase(lang, "Blocking", "阻塞").to_owned(),
        "readiness" => phrase(lang, "Readiness", "就绪通知").to_owned(),
        "completion" => phrase(lang, "Completion", "完成通知").to_owned(),
        "coroutine" => phrase(lang, "Coroutine", "协程").to_owned(),
        "foreign" => phrase(lang, "Foreign", "外部").to_owned(),
        other => capitalised(other),
    }
}

fn capitalised(word: &str) -> String {
    let mut chars = word.chars();
    chars
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}
