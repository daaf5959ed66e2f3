//! How a run was measured, under the titles of charts, and where a chart comes from, at its foot.

use loadgen::Arrivals;
use loadgen::units::{grouped, short};

use super::{Lang, say};
use crate::environment::{Environment, Virtualisation};
use crate::record::{Benches, Run, Settings};

/// How often it was measured, and what of the rounds is shown.
#[derive(Clone, Copy)]
pub(crate) enum Shown {
    Median,
    MedianAndRange,
    First,
}

fn rounds(run: &Run, shown: Shown, lang: Lang) -> String {
    let rounds = run.settings.rounds;
    match (rounds, shown) {
        (1, _) => say!(lang, "one round", "一轮"),
        (_, Shown::Median) => say!(lang, "median of {rounds} rounds", "{rounds} 轮的中位数"),
        (_, Shown::MedianAndRange) => say!(lang, "median and range of {rounds} rounds", "{rounds} 轮的中位数与范围"),
        (_, Shown::First) => say!(lang, "first of {rounds} rounds", "{rounds} 轮中的第一轮"),
    }
}

fn cpus(pinned: &[usize], lang: Lang) -> String {
    match pinned.len() {
        0 => say!(lang, "any CPU", "任意 CPU"),
        1 => say!(lang, "1 CPU", "1 个 CPU"),
        many => say!(lang, "{many} CPUs", "{many} 个 CPU"),
    }
}

/// Whether replies set the pace, or a schedule that ignores them.
pub(crate) fn mode(settings: &Settings, lang: Lang) -> String {
    let mode = match settings.arrivals {
        None => say!(lang, "closed loop", "闭环"),
        Some(Arrivals::Uniform) => say!(lang, "open loop, uniform arrivals", "开环，均匀到达"),
        Some(Arrivals::Poisson) => say!(lang, "open loop, poisson arrivals", "开环，泊松到达"),
    };
    if settings.stall_s > 0.0 {
        let stall = settings.stall_s;
        say!(
            lang,
            "{mode}, the server stopped for {stall} s in each window",
            "{mode}，每个窗口中服务器被暂停 {stall} s"
        )
    } else {
        mode
    }
}

/// What is sent.
pub(crate) fn requests(settings: &Settings, lang: Lang) -> String {
    let (protocol, bytes) = (settings.protocol.name(), settings.request_bytes);
    match &settings.path {
        Some(path) => say!(lang, "{protocol} requests of {path}", "{protocol} 请求 {path}"),
        None => say!(
            lang,
            "{protocol} requests of {bytes} bytes",
            "{bytes} 字节的 {protocol} 请求"
        ),
    }
}

/// How the load was made, for charts that show its windows.
pub(crate) fn load(run: &Run, shown: Shown, lang: Lang) -> String {
    let (mode, requests) = (mode(&run.settings, lang), requests(&run.settings, lang));
    let (window, rounds) = (run.settings.duration_s, rounds(run, shown, lang));
    let (server, generator) = (
        cpus(&run.environment.server_cpus, lang),
        cpus(&run.environment.generator_cpus, lang),
    );
    say!(
        lang,
        "{mode}, {requests}, windows of {window} s; {rounds}; server on {server}, generator on {generator}",
        "{mode}，{requests}，窗口 {window} s；{rounds}；服务器用 {server}，发生器用 {generator}"
    )
}

/// Of the chart of connections served.
pub(crate) fn served(run: &Run, asked: u64, lang: Lang) -> String {
    let (asked, window, rounds) = (
        grouped(asked),
        run.settings.duration_s,
        rounds(run, Shown::Median, lang),
    );
    say!(
        lang,
        "{asked} connections asked of each, all talk for {window} s; served: at least one correct reply, if only after \
         that; {rounds}",
        "对每个模型请求 {asked} 个连接，全部活跃 {window} s；已服务：至少有一个正确应答，哪怕在此之后；{rounds}"
    )
}

/// Of charts in which all connections talk.
pub(crate) fn all_talk(run: &Run, lang: Lang) -> String {
    let load = load(run, Shown::MedianAndRange, lang);
    say!(lang, "All connections talk; {load}", "全部连接活跃；{load}")
}

/// Of the chart of CPU per request.
pub(crate) fn cpu(run: &Run, conns: u64, lang: Lang) -> String {
    let (conns, load) = (grouped(conns), load(run, Shown::MedianAndRange, lang));
    say!(
        lang,
        "The server's whole process tree; {conns} connections that all talk; {load}",
        "服务器的整个进程树；{conns} 个连接全部活跃；{load}"
    )
}

/// Of the chart of memory per connection.
pub(crate) fn memory(run: &Run, conns: u64, lang: Lang) -> String {
    let (conns, rounds) = (grouped(conns), rounds(run, Shown::MedianAndRange, lang));
    say!(
        lang,
        "Growth of memory from none to {conns} connections that have all talked, divided among them; 1 GiB is \
         extrapolated from it; {rounds}",
        "从没有连接到 {conns} 个都已活跃过的连接，内存的增长除以连接数；1 GiB 由此外推；{rounds}"
    )
}

/// Of the chart of response times.
pub(crate) fn offered(run: &Run, conns: u64, lang: Lang) -> String {
    let (conns, load) = (grouped(conns), load(run, Shown::MedianAndRange, lang));
    say!(lang, "{conns} connections; {load}", "{conns} 个连接；{load}")
}

/// Of the chart of the far end of latency: of service times, or of response times.
pub(crate) fn tails(run: &Run, service: bool, lang: Lang) -> String {
    let load = load(run, Shown::MedianAndRange, lang);
    let time = if service {
        say!(
            lang,
            "Service time over all clients that asked",
            "所有发出请求的客户端的服务时间"
        )
    } else {
        say!(
            lang,
            "Response time over all requests that were due",
            "所有应当发出的请求的响应时间"
        )
    };
    say!(lang, "{time}; {load}", "{time}；{load}")
}

/// Of charts that show one window of each server, under an offered rate or none.
pub(crate) fn first_round(run: &Run, rate_per_s: Option<f64>, lang: Lang) -> String {
    let load = load(run, Shown::First, lang);
    let rate = rate_per_s.map_or_else(String::new, |rate| {
        let rate = short(rate);
        say!(lang, " at {rate} req/s", "，每秒 {rate} 个请求")
    });
    say!(lang, "All connections talk{rate}; {load}", "全部连接活跃{rate}；{load}")
}

/// Of the chart of fairness.
pub(crate) fn fairness(run: &Run, lang: Lang) -> String {
    let load = load(run, Shown::MedianAndRange, lang);
    say!(
        lang,
        "All connections talk; Jain's index is 1 where all get as many replies; {load}",
        "全部连接活跃；各连接所得应答一样多时 Jain 指数为 1；{load}"
    )
}

/// Of the chart of connecting.
pub(crate) fn connecting(run: &Run, conns: &str, shown: Shown, lang: Lang) -> String {
    let rounds = rounds(run, shown, lang);
    say!(
        lang,
        "From connect(2) to the end of the handshake, {conns} connections asked of each; {rounds}, the longest of all",
        "从 connect(2) 到握手结束，对每个模型请求 {conns} 个连接；{rounds}，最长者取自全部"
    )
}

/// Of the chart of one slow handler.
pub(crate) fn others(run: &Run, lang: Lang) -> String {
    let (every, work) = (run.settings.slow_every, &run.settings.work);
    let load = load(run, Shown::MedianAndRange, lang);
    say!(
        lang,
        "One request in {every} asks for work {work}; {load}",
        "每 {every} 个请求中有一个要求 {work} 的工作；{load}"
    )
}

/// Of the chart of single steps.
pub(crate) fn steps(lang: Lang) -> String {
    say!(
        lang,
        "ask: one call that finds the last of N sockets ready, N over each dot; switch: one way; spawn: from start to end; \
         criterion's median with its 95 % interval, where wider than its dot",
        "查询：一次调用找出 N 个套接字中最后一个就绪者，N 标在点上方；切换：单程；创建：从开始到结束；criterion 的中位数及其 \
         95 % 区间（宽于点时画出）"
    )
}

/// The machine in one line.
pub(crate) fn machine(env: &Environment, lang: Lang) -> String {
    let model = processors(env.cpu.online.as_ref().map(Vec::len), env.cpu.model.as_deref(), lang);
    let virtualisation = virtualisation(&env.virtualisation, lang);
    let unknown = say!(lang, "unknown kernel", "未知内核");
    let kernel = env.os.kernel_release.as_deref().unwrap_or(&unknown);
    say!(
        lang,
        "{model}, {virtualisation}, Linux {kernel}",
        "{model}，{virtualisation}，Linux {kernel}"
    )
}

/// How many CPUs, as the kernel counts them, and of what model. Not "2 × model", which reads as two sockets.
fn processors(count: Option<usize>, model: Option<&str>, lang: Lang) -> String {
    let unknown = || say!(lang, "unknown CPU", "未知 CPU");
    let model = model.map_or_else(unknown, str::to_owned);
    match count {
        None => model,
        Some(1) => say!(lang, "1 CPU of {model}", "{model} 的 1 个 CPU"),
        Some(count) => say!(lang, "{count} CPUs of {model}", "{model} 的 {count} 个 CPU"),
    }
}

fn virtualisation(machine: &Virtualisation, lang: Lang) -> String {
    let chinese = || {
        let kind = match machine.is_virtual() {
            Some(true) => "虚拟机",
            Some(false) => "物理机",
            None => "不知是否虚拟",
        };
        let name = machine.name().map_or_else(String::new, |name| format!("（{name}）"));
        let container = machine.container.as_ref();
        let container = container.map_or_else(String::new, |container| format!("，{container} 容器"));
        format!("{kind}{name}{container}")
    };
    match lang {
        Lang::En => machine.summary(),
        Lang::Zh => chinese(),
    }
}

/// At the foot of a chart of a run.
pub(crate) fn footer(run: &Run, lang: Lang) -> String {
    let date = run.started_at.strftime("%Y-%m-%d");
    let (machine, version, id) = (machine(&run.environment, lang), &run.version, &run.run_id);
    say!(
        lang,
        "{machine} · {date} · bench-runner {version} · run {id}",
        "{machine} · {date} · bench-runner {version} · 运行 {id}"
    )
}

/// At the foot of the chart of single steps.
pub(crate) fn steps_footer(benches: &Benches, lang: Lang) -> String {
    let date = benches.measured_at.strftime("%Y-%m-%d");
    let revision = benches.revision.as_deref().map_or_else(String::new, |revision| {
        let changed = if benches.dirty == Some(true) {
            say!(lang, ", changed", "，有改动")
        } else {
            String::new()
        };
        let revision = revision.get(..10).unwrap_or(revision);
        say!(lang, " · revision {revision}{changed}", " · 版本 {revision}{changed}")
    });
    let model = processors(
        benches.cpus.map(|cpus| cpus as usize),
        benches.cpu_model.as_deref(),
        lang,
    );
    let unknown = say!(lang, "unknown", "未知");
    let kernel = benches.kernel_release.as_deref().unwrap_or(&unknown);
    let command = &benches.command;
    say!(
        lang,
        "{model}, Linux {kernel} · {date}{revision} · {command}",
        "{model}，Linux {kernel} · {date}{revision} · {command}"
    )
}
