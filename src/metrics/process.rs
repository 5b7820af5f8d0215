//! What Linux says about this process, under the names that every board knows. Elsewhere there is nothing to write.

use std::fs;

use super::catalogue as metric;
use super::encoder::Encoder;

/// The kernel counts processor time for `/proc` in hundredths of a second on every platform we build for.
const NANOS_PER_TICK: u64 = 10_000_000;

/// Read anew for each scrape; what cannot be read is left out.
pub fn write(out: &mut Encoder<'_>) {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    if let Some(ticks) = cpu_ticks(&stat) {
        out.metric(&metric::PROCESS_CPU);
        out.seconds("", "", ticks.saturating_mul(NANOS_PER_TICK));
    }
    // Reading the folder opens it: one descriptor is our own.
    let open = fs::read_dir("/proc/self/fd").ok().map(|folder| (folder.count() as u64).saturating_sub(1));
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    for (metric, value) in [
        (&metric::PROCESS_OPEN_FDS, open),
        (&metric::PROCESS_MAX_FDS, descriptors_max(&limits)),
        (&metric::PROCESS_VIRTUAL_MEMORY, status_number(&status, "VmSize:").map(kibibytes)),
        (&metric::PROCESS_RESIDENT_MEMORY, status_number(&status, "VmRSS:").map(kibibytes)),
        (&metric::PROCESS_THREADS, status_number(&status, "Threads:")),
    ] {
        if let Some(value) = value {
            out.metric(metric);
            out.integer("", "", value);
        }
    }
    let system = fs::read_to_string("/proc/stat").unwrap_or_default();
    if let (Some(boot), Some(ticks)) = (status_number(&system, "btime"), field(&stat, 22)) {
        out.metric(&metric::PROCESS_START_TIME);
        out.seconds("", "", boot.saturating_mul(1_000_000_000).saturating_add(ticks.saturating_mul(NANOS_PER_TICK)));
    }
}

/// User and system time.
fn cpu_ticks(stat: &str) -> Option<u64> {
    field(stat, 14)?.checked_add(field(stat, 15)?)
}

/// A field of `/proc/PID/stat`, counted from 1 as in proc(5). The second may hold anything, brackets included.
fn field(stat: &str, number: usize) -> Option<u64> {
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_whitespace().nth(number.checked_sub(3)?)?.parse().ok()
}

fn status_number(text: &str, key: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(key))?;
    line.split_whitespace().next()?.parse().ok()
}

/// The soft limit; none if there is no limit.
fn descriptors_max(limits: &str) -> Option<u64> {
    status_number(limits, "Max open files")
}

fn kibibytes(number: u64) -> u64 {
    number.saturating_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_process_name_moves_no_field() {
        let stat = "42 (a) b (c) S 1 42 42 0 -1 4194560 100 0 0 0 250 150 0 0 20 0 3 0 8801 1000 200";
        assert_eq!(cpu_ticks(stat), Some(400));
        assert_eq!(field(stat, 22), Some(8801));
        assert_eq!(field("", 14), None);
    }

    #[test]
    fn numbers_stand_behind_their_keys() {
        assert_eq!(status_number("Name:\tx\nVmRSS:\t  5120 kB\n", "VmRSS:"), Some(5120));
        assert_eq!(
            descriptors_max("Max open files            1024                 4096                 files\n"),
            Some(1024)
        );
        assert_eq!(descriptors_max("Max open files            unlimited  unlimited  files\n"), None);
    }
}
