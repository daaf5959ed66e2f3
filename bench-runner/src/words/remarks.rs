//! What charts say of their data: headings, names of parts, what stands behind a bar.

use loadgen::units::{grouped, short, time};

use super::{Lang, limit, phrase, say};

/// Why a server has no number, where not even that is known.
pub(crate) fn no_row(lang: Lang) -> String {
    say!(lang, "no row", "没有记录")
}

/// A value that nobody knows.
pub(crate) fn not_told(lang: Lang) -> String {
    say!(lang, "not told", "未知")
}

/// Servers of which a chart shows nothing, for they do not serve all connections.
pub(crate) fn left_out(servers: &[&str], lang: Lang) -> String {
    let named = servers.join(lang.comma());
    match servers {
        [] => String::new(),
        [_] => say!(
            lang,
            "not shown, for it does not serve all: {named}",
            "未画出（未服务全部连接）：{named}"
        ),
        _ => say!(
            lang,
            "not shown, for they do not serve all: {named}",
            "未画出（未服务全部连接）：{named}"
        ),
    }
}

/// A value that contradicts itself.
pub(crate) fn not_trusted(lang: Lang) -> String {
    say!(lang, "not to be trusted", "不可信")
}

/// A server that serves fewer than it holds.
pub(crate) fn serves_of_held(served: u64, held: u64, lang: Lang) -> String {
    let (served, held) = (grouped(served), grouped(held));
    say!(
        lang,
        "serves {served} of the {held} that it holds",
        "在所持有的 {held} 个中服务 {served} 个"
    )
}

/// A server that serves fewer than were asked for.
pub(crate) fn serves_of(served: u64, conns: u64, lang: Lang) -> String {
    let (served, conns) = (grouped(served), grouped(conns));
    say!(lang, "serves {served} of {conns}", "在 {conns} 个中服务 {served} 个")
}

/// How many connections a GiB holds; `of` are those that are served, where they are not all.
pub(crate) fn in_one_gib(held: u64, of: Option<u64>, lang: Lang) -> String {
    let held = grouped(held);
    match of.map(grouped) {
        None => say!(lang, "{held} in 1 GiB", "1 GiB 容 {held} 个"),
        Some(of) => say!(
            lang,
            "{held} in 1 GiB (of {of} that it serves)",
            "1 GiB 容 {held} 个（仅按所服务的 {of} 个计）"
        ),
    }
}

/// The parts of memory.
pub(crate) fn memory_parts(lang: Lang) -> [String; 2] {
    [
        phrase(lang, "the server's own memory (PSS)", "服务器自身的内存（PSS）"),
        phrase(
            lang,
            "the kernel's, with both ends of each connection, for both are on this machine",
            "内核的内存，含每个连接的两端（两端都在这台机器上）",
        ),
    ]
    .map(str::to_owned)
}

/// The parts of CPU time.
pub(crate) fn cpu_parts(lang: Lang) -> [String; 2] {
    [
        phrase(lang, "in user mode", "用户态"),
        phrase(lang, "in the kernel", "内核态"),
    ]
    .map(str::to_owned)
}

/// What a request costs: CPU time in microseconds in user mode and in the kernel, system calls, context switches.
pub(crate) fn costs(cpu: Option<(f64, f64)>, calls: Option<f64>, switches: Option<f64>, lang: Lang) -> String {
    let mut said = Vec::new();
    said.extend(cpu.map(|(user, kernel)| {
        say!(
            lang,
            "{user:.1} user + {kernel:.1} kernel",
            "用户态 {user:.1} + 内核态 {kernel:.1}"
        )
    }));
    said.extend(calls.map(|calls| say!(lang, "{calls:.2} system calls", "系统调用 {calls:.2} 次")));
    said.extend(switches.map(|switches| say!(lang, "{switches:.2} switches", "切换 {switches:.2} 次")));
    said.join(match lang {
        Lang::En => ", ",
        Lang::Zh => "，",
    })
}

/// Over the panel in which all talk.
pub(crate) fn all_talk(lang: Lang) -> String {
    say!(lang, "All connections talk", "全部连接活跃")
}

/// Over the panel in which so many talk, or at most so many.
pub(crate) fn few_talk(active: u64, at_most: bool, lang: Lang) -> String {
    let active = grouped(active);
    if at_most {
        say!(
            lang,
            "At most {active} talk, the others are silent",
            "至多 {active} 个活跃，其余静默"
        )
    } else {
        say!(
            lang,
            "{active} talk, the others are silent",
            "{active} 个活跃，其余静默"
        )
    }
}

/// Where a series ends.
pub(crate) enum Ending<'a> {
    /// The server failed.
    Failed,
    /// It served all, but not in every round.
    NotAlways,
    /// It served so many, for this reason if that is known.
    Served(u64, Option<&'a str>),
    /// It answered so many a second of what was offered.
    Answers(f64),
}

impl Ending<'_> {
    pub(crate) fn text(&self, lang: Lang) -> String {
        match self {
            Self::Failed => say!(lang, "failed", "失败"),
            Self::NotAlways => say!(lang, "not all in every round", "并非每轮都全部服务"),
            Self::Served(served, why) => {
                let served = grouped(*served);
                match why.map(|why| limit(why, lang)) {
                    None => say!(lang, "{served} served", "已服务 {served}"),
                    Some(why) => say!(lang, "{served} served: {why}", "已服务 {served}：{why}"),
                }
            }
            Self::Answers(rate) => {
                let rate = short(*rate);
                say!(lang, "answers {rate}", "应答 {rate}")
            }
        }
    }
}

/// Over the panel of an open loop.
pub(crate) fn response_p99(lang: Lang) -> String {
    say!(
        lang,
        "99th percentile of response time, from when a request was due",
        "响应时间的第 99 百分位，从请求应当发出时算起"
    )
}

/// A server under an offered rate.
pub(crate) fn under(server: &str, rate_per_s: f64, lang: Lang) -> String {
    let rate = short(rate_per_s);
    say!(
        lang,
        "{server}, {rate} requests a second",
        "{server}，每秒 {rate} 个请求"
    )
}

/// Time from when a request was due.
pub(crate) fn response_time(lang: Lang) -> String {
    say!(lang, "response time", "响应时间")
}

/// Time from when a request was sent.
pub(crate) fn service_time(lang: Lang) -> String {
    say!(lang, "service time", "服务时间")
}

/// Single steps of the micro-benchmarks.
#[derive(Clone, Copy)]
#[allow(missing_docs)]
pub(crate) enum Step {
    SwitchCoroutine,
    SwitchTask,
    SwitchThreadOneCore,
    SwitchThreadTwoCores,
    SwitchProcessOneCore,
    SwitchProcessTwoCores,
    AskSelect,
    AskPoll,
    AskEpoll,
    SpawnCoroutine,
    SpawnTask,
    SpawnThread,
    SpawnFork,
}

impl Step {
    pub(crate) fn name(self, lang: Lang) -> &'static str {
        match self {
            Self::SwitchCoroutine => phrase(lang, "switch: coroutine", "切换：协程"),
            Self::SwitchTask => phrase(lang, "switch: async task", "切换：异步任务"),
            Self::SwitchThreadOneCore => phrase(lang, "switch: thread, one core", "切换：线程，同一核"),
            Self::SwitchThreadTwoCores => phrase(lang, "switch: thread, two cores", "切换：线程，两个核"),
            Self::SwitchProcessOneCore => phrase(lang, "switch: process, one core", "切换：进程，同一核"),
            Self::SwitchProcessTwoCores => phrase(lang, "switch: process, two cores", "切换：进程，两个核"),
            Self::AskSelect => phrase(lang, "ask: select", "查询：select"),
            Self::AskPoll => phrase(lang, "ask: poll", "查询：poll"),
            Self::AskEpoll => phrase(lang, "ask: epoll_wait", "查询：epoll_wait"),
            Self::SpawnCoroutine => phrase(lang, "spawn: coroutine", "创建：协程"),
            Self::SpawnTask => phrase(lang, "spawn: async task", "创建：异步任务"),
            Self::SpawnThread => phrase(lang, "spawn: thread", "创建：线程"),
            Self::SpawnFork => phrase(lang, "spawn: process (fork)", "创建：进程（fork）"),
        }
    }
}

/// What the two marks of the chart of fairness are.
pub(crate) fn fairness_marks(lang: Lang) -> [String; 2] {
    [
        phrase(lang, "mean latency of the fastest connection", "最快的连接的平均延迟"),
        phrase(
            lang,
            "of the slowest that got replies",
            "得到应答的连接中最慢者的平均延迟",
        ),
    ]
    .map(str::to_owned)
}

/// How alike connections are treated, and how many were not at all.
pub(crate) fn jain(index: Option<f64>, never: u64, lang: Lang) -> String {
    let mut said = Vec::new();
    said.extend(index.map(|index| format!("Jain {index:.3}")));
    let never = (never > 0).then(|| grouped(never));
    said.extend(never.map(|never| say!(lang, "{never} never served", "{never} 个始终未得服务")));
    said.join(lang.comma())
}

/// What the three marks of the chart of connecting are.
pub(crate) fn connect_marks(lang: Lang) -> [String; 3] {
    [
        phrase(lang, "half of the connections were made in", "半数连接在此时间内建立"),
        phrase(lang, "99 of 100", "100 个中的 99 个"),
        phrase(lang, "the longest", "最长者"),
    ]
    .map(str::to_owned)
}

/// How long most connections took, and how many were never made.
pub(crate) fn connected(p50_ns: f64, p99_ns: f64, never: u64, lang: Lang) -> String {
    let (half, most) = (time(p50_ns), time(p99_ns));
    let mut said = vec![say!(
        lang,
        "half in {half}, 99 % in {most}",
        "半数 {half} 内，99 % {most} 内"
    )];
    let never = (never > 0).then(|| grouped(never));
    said.extend(never.map(|never| say!(lang, "{never} never made", "{never} 个始终未建立")));
    said.join(lang.comma())
}
