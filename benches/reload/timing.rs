//! Times and memory.

use std::fmt;
use std::time::Duration;

use crate::Outcome;

/// Times of the same thing.
#[derive(Debug, Default)]
pub struct Times(Vec<Duration>);

impl Times {
    pub fn add(&mut self, time: Duration) {
        self.0.push(time);
    }
}

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut times = self.0.clone();
        times.sort();
        let at = |share: f64| times[((times.len() - 1) as f64 * share).round() as usize];
        if times.is_empty() {
            return f.write_str("none");
        }
        write!(f, "{} times, p50 {:.1?}, p99 {:.1?}, longest {:.1?}", times.len(), at(0.5), at(0.99), at(1.0))
    }
}

/// Memory of this process.
pub fn rss_mib() -> Outcome<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("the kernel says no memory")?;
    let kib: f64 = line.trim().trim_end_matches(" kB").trim().parse()?;
    Ok(kib / 1024.0)
}
