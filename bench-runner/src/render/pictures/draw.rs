//! From the data of charts to files.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::thread;

use anyhow::{Context, Result, ensure};

use super::Kind;
use crate::charts::{BuildStep, Chart, Letters, Picture, Size, Style, Theme};
use crate::record::write_whole;
use crate::words::Lang;

/// Where the steps of charts that are built up lie, under the run's directory.
const BUILD_UP: &str = "build-up";

/// A chart's data, and which chart it is.
pub type Titled = (Kind, Box<dyn Chart>);

/// How charts are to be drawn.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The colours: a picture of each chart in each of them.
    pub themes: Vec<Theme>,
    /// How large the pictures are.
    pub size: Size,
    /// The language of the charts' own words.
    pub lang: Lang,
    /// What texts are made of in an SVG.
    pub letters: Letters,
    /// Models that are brought forward.
    pub highlight: BTreeSet<String>,
    /// Whether there is a picture for each step on the way to the whole chart, in a directory of their own.
    pub build_up: bool,
}

impl Default for Wanted {
    fn default() -> Self {
        Self {
            themes: vec![Theme::default()],
            size: Size::default(),
            lang: Lang::default(),
            letters: Letters::default(),
            highlight: BTreeSet::new(),
            build_up: false,
        }
    }
}

/// A picture that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drawn {
    /// The name of its files, without the ending.
    pub name: String,
    /// The finding that it states.
    pub title: String,
    /// Whether it is on a dark ground.
    pub dark: bool,
    /// Characters that no embedded font has, each with a text in which it stands.
    pub missing: BTreeMap<char, String>,
}

/// A picture that is to be made.
struct Job<'a> {
    chart: &'a dyn Chart,
    name: String,
    style: Style,
}

/// The chart that `text` means, by number, word or name.
///
/// # Errors
/// When it is none of `charts`; says which there are.
pub fn only(charts: Vec<Titled>, text: &str) -> Result<Vec<Titled>> {
    let all: Vec<&str> = charts.iter().map(|(kind, _)| kind.name()).collect();
    let unknown = format!("this run has no chart '{text}'; it has {}", all.join(", "));
    let (found, _): (Vec<_>, Vec<_>) = charts.into_iter().partition(|(kind, _)| kind.is_called(text));
    ensure!(!found.is_empty(), unknown);
    Ok(found)
}

/// Draws `charts` into `directory`.
///
/// # Errors
/// When one cannot be drawn or written.
pub fn draw(directory: &Path, charts: &[Titled], wanted: &Wanted) -> Result<Vec<Drawn>> {
    let jobs: Vec<Job> = charts.iter().flat_map(|titled| jobs(titled, wanted)).collect();
    let into = if wanted.build_up {
        directory.join(BUILD_UP)
    } else {
        directory.to_owned()
    };
    fs::create_dir_all(&into).with_context(|| format!("cannot write into '{}'", into.display()))?;
    in_parallel(&jobs, |job| {
        let name = &job.name;
        let picture = job.chart.draw(&job.style).with_context(|| format!("chart '{name}'"))?;
        save(directory, name, &picture)?;
        Ok(Drawn {
            name: name.clone(),
            title: job.chart.title().to_owned(),
            dark: job.style.theme.dark,
            missing: picture.missing,
        })
    })
}

/// Draws a chart that is no run's into `directory`, in each of the themes; returns the name of the first picture's files,
/// without the ending.
///
/// # Errors
/// When it cannot be drawn or written.
pub fn draw_one(directory: &Path, name: &str, chart: &dyn Chart, themes: &[Theme], lang: Lang) -> Result<String> {
    fs::create_dir_all(directory).with_context(|| format!("cannot write into '{}'", directory.display()))?;
    for theme in themes {
        let style = Style {
            theme: *theme,
            lang,
            ..Style::default()
        };
        let picture = chart.draw(&style).with_context(|| format!("chart '{name}'"))?;
        save(directory, &file_name(name, lang, *theme), &picture)?;
    }
    Ok(file_name(name, lang, themes.first().copied().unwrap_or_default()))
}

/// What the files of a chart are called, without the ending.
fn file_name(name: &str, lang: Lang, theme: Theme) -> String {
    let ground = if theme.dark { "-dark" } else { "" };
    format!("{name}{}{ground}", lang.suffix())
}

/// Writes a picture as SVG and as PNG.
fn save(directory: &Path, name: &str, picture: &Picture) -> Result<()> {
    write_whole(&directory.join(format!("{name}.svg")), &picture.svg)?;
    write_whole(&directory.join(format!("{name}.png")), picture.png()?)
}

/// The pictures that there are to be of a chart: one a theme, or one a theme and step.
fn jobs<'a>((kind, chart): &'a Titled, wanted: &Wanted) -> Vec<Job<'a>> {
    let steps: Vec<Option<BuildStep>> = if wanted.build_up {
        build_up(&chart.parts(), &wanted.highlight, kind.topic(wanted.lang))
    } else {
        vec![None]
    };
    let mut jobs = Vec::new();
    for theme in &wanted.themes {
        let name = file_name(&kind.to_string(), wanted.lang, *theme);
        for (i, step) in (1..).zip(&steps) {
            jobs.push(Job {
                chart: &**chart,
                name: if wanted.build_up {
                    format!("{BUILD_UP}/{name}-{i:02}")
                } else {
                    name.clone()
                },
                style: Style {
                    theme: *theme,
                    size: wanted.size,
                    lang: wanted.lang,
                    letters: wanted.letters,
                    highlight: wanted.highlight.clone(),
                    step: step.clone(),
                },
            });
        }
    }
    jobs
}

/// The steps to a chart of these parts: one part more in each, or, where some are to be brought forward, all the others at
/// first and then these, one more in each. The last is the whole chart.
fn build_up(parts: &[&str], highlight: &BTreeSet<String>, topic: &str) -> Vec<Option<BuildStep>> {
    let (forward, back): (Vec<&str>, Vec<&str>) = parts.iter().partition(|part| highlight.contains(**part));
    let groups: Vec<Vec<&str>> = if forward.is_empty() {
        parts.iter().map(|part| vec![*part]).collect()
    } else {
        let back = Some(back).filter(|back| !back.is_empty());
        back.into_iter()
            .chain(forward.into_iter().map(|part| vec![part]))
            .collect()
    };
    let mut shown = BTreeSet::new();
    let mut steps: Vec<Option<BuildStep>> = Vec::new();
    for group in groups {
        shown.extend(group.into_iter().map(str::to_owned));
        steps.push(Some(BuildStep {
            shown: shown.clone(),
            topic: topic.to_owned(),
        }));
    }
    // The whole chart has its finding for a title; it is there also where it has no parts.
    steps.pop();
    steps.push(None);
    steps
}

/// What `work` makes of each of `jobs`, in their order; as many at a time as there are CPUs, for a PNG takes longer than
/// all the rest of a chart.
///
/// # Errors
/// The first that there is.
fn in_parallel<T: Sync, R: Send>(jobs: &[T], work: impl Fn(&T) -> Result<R> + Sync) -> Result<Vec<R>> {
    let workers = thread::available_parallelism()
        .map_or(1, usize::from)
        .min(jobs.len().max(1));
    let work = &work;
    let mut done: Vec<(usize, Result<R>)> = thread::scope(|scope| {
        let worker = |first| {
            scope.spawn(move || {
                let own = jobs.iter().enumerate().skip(first).step_by(workers);
                own.map(|(i, job)| (i, work(job))).collect::<Vec<_>>()
            })
        };
        let workers: Vec<_> = (0..workers).map(worker).collect();
        workers
            .into_iter()
            .flat_map(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    done.sort_by_key(|(i, _)| *i);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is shown in each step; all of it at last.
    fn shown(parts: &[&str], highlight: &[&str]) -> Vec<Option<Vec<String>>> {
        let highlight = highlight.iter().map(|name| (*name).to_owned()).collect();
        let steps = build_up(parts, &highlight, "what it is about").into_iter();
        steps
            .map(|step| step.map(|step| step.shown.into_iter().collect()))
            .collect()
    }

    #[test]
    fn a_chart_is_built_up_part_by_part_and_ends_whole() {
        let some = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        assert_eq!(shown(&["b", "a", "c"], &[]), [some(&["b"]), some(&["a", "b"]), None]);
        let forward = shown(&["b", "a", "c", "d"], &["c", "a", "elsewhere"]);
        assert_eq!(forward, [some(&["b", "d"]), some(&["a", "b", "d"]), None]);
        assert_eq!(shown(&["a", "b"], &["a", "b"]), [some(&["a"]), None]);
        assert_eq!(shown(&["a", "b"], &["elsewhere"]), [some(&["a"]), None]);
        assert_eq!(shown(&[], &[]), [None]);
    }

    #[test]
    fn what_is_done_in_parallel_keeps_its_order_and_its_first_error() {
        let jobs: Vec<u32> = (0..50).collect();
        let done = in_parallel(&jobs, |job| Ok(job * 2)).unwrap();
        assert_eq!(done, (0..50).map(|job| job * 2).collect::<Vec<_>>());
        assert!(in_parallel(&[], |job: &u32| Ok(*job)).unwrap().is_empty());
        let failed = in_parallel(&jobs, |job| {
            anyhow::ensure!(job % 20 != 17, "job {job}");
            Ok(())
        });
        assert_eq!(failed.unwrap_err().to_string(), "job 17");
    }
}
