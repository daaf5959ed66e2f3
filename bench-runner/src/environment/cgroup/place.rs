//! Where the files of a controller are found.

/// Where a controller's files for us lie: our group first, then those above it, up to the mount.
#[derive(Debug, PartialEq)]
pub(super) struct Place {
    pub(super) version: u8,
    pub(super) path: String,
    pub(super) levels: Vec<String>,
}

/// Finds `controller` by our line in /proc/self/cgroup (`hierarchy:controllers:path`, cgroups(7)) and the mount that
/// shows that hierarchy. A controller bound to version 1 is not in version 2, so version 1 is asked first.
pub(super) fn place(groups: &str, mounts: &str, controller: &str) -> Option<Place> {
    let lines = || {
        groups
            .lines()
            .filter_map(|line| line.split_once(':')?.1.split_once(':'))
    };
    let old = lines().find(|(names, _)| names.split(',').any(|name| name == controller));
    let new = lines().find(|(names, _)| names.is_empty());
    match (old, new) {
        (Some((_, path)), _) => at(1, path, mounts, controller),
        (None, Some((_, path))) => at(2, path, mounts, controller),
        (None, None) => None,
    }
}

/// Our group in version 2, whichever controllers live there: CPU time is counted in each, without any.
pub(super) fn unified(groups: &str, mounts: &str) -> Option<Place> {
    at(2, groups.lines().find_map(|line| line.strip_prefix("0::"))?, mounts, "")
}

fn at(version: u8, path: &str, mounts: &str, controller: &str) -> Option<Place> {
    let (mount_root, mount_point) = mounts.lines().find_map(|line| mount(line, version, controller))?;
    // Without a cgroup namespace, a container's mount shows the tree from its own group on.
    let below = path
        .strip_prefix(mount_root.trim_end_matches('/'))
        .filter(|rest| rest.is_empty() || rest.starts_with('/'))
        .unwrap_or("")
        .trim_matches('/');
    let mut levels = vec![mount_point.to_string()];
    let mut level = mount_point.to_string();
    for name in below.split('/').filter(|name| !name.is_empty() && *name != "..") {
        level = format!("{level}/{name}");
        levels.insert(0, level.clone());
    }
    Some(Place {
        version,
        path: path.into(),
        levels,
    })
}

/// Root and mount point of the hierarchy, from a line of /proc/self/mountinfo (proc(5)).
fn mount<'a>(line: &'a str, version: u8, controller: &str) -> Option<(&'a str, &'a str)> {
    let (place, kind) = line.split_once(" - ")?;
    let mut kind = kind.split(' ');
    let fits = match (version, kind.next()?) {
        (2, "cgroup2") => true,
        (1, "cgroup") => kind.nth(1)?.split(',').any(|option| option == controller),
        _ => false,
    };
    let mut place = place.split(' ').skip(3);
    fits.then_some((place.next()?, place.next()?))
}

/// The path with names starred out, but for those that say what kind of thing it is.
pub(super) fn shape(path: &str) -> String {
    let kinds = ["docker", "kubepods", "lxc", "machine"];
    let star = |name: &str| match name.rsplit_once('.') {
        _ if name.is_empty() || kinds.contains(&name) => name.to_string(),
        Some((_, "slice")) => name.to_string(),
        Some((_, kind @ ("scope" | "service"))) => format!("*.{kind}"),
        _ => "*".to_string(),
    };
    path.split('/').map(star).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    const HYBRID: &str = "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n\
         34 31 0:31 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu,cpuacct\n\
         39 31 0:36 / /sys/fs/cgroup/pids rw,relatime shared:9 - cgroup cgroup rw,pids\n\
         41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n";

    #[test]
    fn each_controller_is_found_where_it_lives() {
        let groups = "8:pids:/a/b\n4:cpu,cpuacct:/\n0::/user.slice\n";
        let pids = place(groups, HYBRID, "pids").unwrap();
        assert_eq!((pids.version, pids.path.as_str()), (1, "/a/b"));
        assert_eq!(
            pids.levels,
            [
                "/sys/fs/cgroup/pids/a/b",
                "/sys/fs/cgroup/pids/a",
                "/sys/fs/cgroup/pids"
            ]
        );
        assert_eq!(place(groups, HYBRID, "cpu").unwrap().levels, ["/sys/fs/cgroup/cpu"]);
        let memory = place(groups, HYBRID, "memory").unwrap();
        assert_eq!(memory.levels[0], "/sys/fs/cgroup/unified/user.slice");
        assert_eq!(memory.version, 2);
    }

    #[test]
    fn the_group_in_version_2_is_found_beside_those_of_version_1() {
        let groups = "8:pids:/a/b\n4:cpu,cpuacct:/\n0::/user.slice\n";
        let place = unified(groups, HYBRID).unwrap();
        assert_eq!(
            (place.version, &*place.levels[0]),
            (2, "/sys/fs/cgroup/unified/user.slice")
        );
        assert_eq!(unified("8:pids:/a/b\n", HYBRID), None, "version 1 alone");
        assert_eq!(unified(groups, ""), None, "not mounted");
    }

    #[test]
    fn a_container_without_a_namespace_sees_its_group_as_the_root() {
        let mounts = "39 31 0:36 /docker/4f /sys/fs/cgroup/pids ro - cgroup cgroup rw,pids\n";
        let place = place("8:pids:/docker/4f\n", mounts, "pids").unwrap();
        assert_eq!(place.levels, ["/sys/fs/cgroup/pids"]);
    }

    #[test]
    fn no_mount_no_place() {
        assert_eq!(place("0::/\n", "", "pids"), None);
        assert_eq!(place("", HYBRID, "pids"), None);
    }

    #[test]
    fn a_shape_has_no_names() {
        assert_eq!(shape("/"), "/");
        assert_eq!(
            shape("/user.slice/user-1000.slice/session-3.scope"),
            "/user.slice/user-1000.slice/*.scope"
        );
        assert_eq!(shape("/docker/4f0c"), "/docker/*");
        assert_eq!(shape("/secret-project/job"), "/*/*");
    }
}
