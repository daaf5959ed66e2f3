//! Programs that exports are for, as far as they can be had: HdrHistogram's library for Python from PyPI and for JavaScript
//! from npm, which are installed below target/ in the versions that are named here, and the original, where its jar is.
//!
//! Where one cannot be had a test says so and is skipped; with `EXPORT_READERS=required`, as `scripts/check-exports` sets
//! it, it fails.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const PYTHON_PACKAGE: &str = "hdrhistogram==0.10.8";
const NODE_PACKAGE: &str = "hdr-histogram-js@3.0.1";
/// Where Debian's libhdrhistogram-java puts it; `HDRHISTOGRAM_JAR` names another place.
const JAR: &str = "/usr/share/java/hdrhistogram.jar";

/// The program, or `None` where the test is to be skipped.
pub(crate) fn at_hand(program: Result<Command, String>) -> Option<Command> {
    let required = std::env::var_os("EXPORT_READERS").is_some_and(|value| value == "required");
    match program {
        Ok(program) => Some(program),
        Err(why) if required => panic!("it cannot be had: {why}"),
        Err(why) => {
            println!("skipped: {why}");
            None
        }
    }
}

/// Runs a command to its end, for two minutes at most, and returns what it printed, or why it failed.
pub(crate) fn run(command: &mut Command) -> Result<String, String> {
    let mut limited = Command::new("timeout");
    limited.arg("120").arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        value.map(|value| limited.env(name, value));
    }
    let output = limited.output().map_err(|error| format!("timeout(1): {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let told = String::from_utf8_lossy(&output.stderr);
    let last = told.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
    Err(format!("{:?}: {}: {last}", command.get_program(), output.status))
}

fn home(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("export-readers").join(name)
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/export/readers")
        .join(name)
}

/// A Python that has the package.
pub(crate) fn python() -> Result<Command, String> {
    let environment = home("python");
    let python = environment.join("bin/python");
    let mut check = Command::new(&python);
    check.args([
        "-c",
        "import hdrh.log, importlib.metadata as m; print('hdrhistogram==' + m.version('hdrhistogram'))",
    ]);
    if run(&mut check).ok().as_deref().map(str::trim) != Some(PYTHON_PACKAGE) {
        run(Command::new("python3")
            .args(["-m", "venv", "--clear"])
            .arg(&environment))?;
        let pip = [
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--retries",
            "1",
            "--timeout",
            "15",
        ];
        run(Command::new(&python).args(pip).arg(PYTHON_PACKAGE))?;
        run(&mut check)?;
    }
    let mut command = Command::new(python);
    command.arg(script("hdr.py"));
    Ok(command)
}

/// A Node that finds the package.
pub(crate) fn node() -> Result<Command, String> {
    let (name, version) = NODE_PACKAGE.split_once('@').unwrap();
    let directory = home("node");
    let modules = directory.join("node_modules");
    let installed = fs::read_to_string(modules.join(name).join("package.json")).unwrap_or_default();
    if !installed.contains(&format!("\"version\": \"{version}\"")) {
        fs::create_dir_all(&directory).map_err(|error| error.to_string())?;
        let quiet = [
            "install",
            "--silent",
            "--no-save",
            "--no-audit",
            "--no-fund",
            "--fetch-retries",
            "1",
        ];
        let npm = run(Command::new("npm")
            .args(quiet)
            .arg("--prefix")
            .arg(&directory)
            .arg(NODE_PACKAGE));
        npm.map_err(|why| format!("cannot install {NODE_PACKAGE}: {why}"))?;
    }
    let mut command = Command::new("node");
    command.env("NODE_PATH", modules).arg(script("hdr.cjs"));
    run(Command::new("node").arg("--version"))?;
    Ok(command)
}

/// HdrHistogram's log processor.
pub(crate) fn java() -> Result<Command, String> {
    let jar = std::env::var_os("HDRHISTOGRAM_JAR").map_or(PathBuf::from(JAR), PathBuf::from);
    if !jar.is_file() {
        let install = "apt-get install default-jre-headless libhdrhistogram-java, or name a jar in HDRHISTOGRAM_JAR";
        return Err(format!("there is no '{}'; {install}", jar.display()));
    }
    run(Command::new("java").arg("-version"))?;
    let mut command = Command::new("java");
    command
        .arg("-cp")
        .arg(jar)
        .arg("org.HdrHistogram.HistogramLogProcessor");
    Ok(command)
}
