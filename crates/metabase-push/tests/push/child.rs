//! A run in a process of its own, whose environment and whose memory are its own.

use std::process::Command;
use std::time::{Duration, Instant};

use metabase_push::address::{Address, PlainHttp};
use metabase_push::api_key::ApiKey;
use metabase_push::http::Client;
use metabase_push::progress::Progress;
use metabase_push::{Metabase, plan, render};

use crate::metabase::KEY;
use crate::shop::{Shop, TestClock, options};

const ADDRESS: &str = "PUSH_TEST_ADDRESS";
const SECONDS: &str = "PUSH_TEST_SECONDS";
const PLAIN_HTTP: &str = "PUSH_TEST_PLAIN_HTTP";

/// The run: it does all that it can, and says all that it knows.
#[test]
fn child() {
    // Other tests start it. By itself it has nothing to do.
    let Ok(address) = std::env::var(ADDRESS) else {
        return;
    };
    let seconds = std::env::var(SECONDS).expect("that test knows how long a request may take");
    let plain_http = match std::env::var(PLAIN_HTTP).as_deref() {
        Ok("direct") => PlainHttp::Direct,
        Ok("proxy") => PlainHttp::ByProxy,
        _ => PlainHttp::Refused,
    };
    let variable = |name: &str| std::env::var(name).ok();
    let progress = Progress::on_stderr();
    let run = || {
        let client = Client::new(
            Address::new(&address, plain_http, &variable, &progress)?,
            ApiKey::new(KEY)?,
            Duration::from_secs(seconds.parse().expect("it is a number")),
            Box::new(TestClock::new()),
            progress.clone(),
        );
        let metabase = Metabase::new(client);
        let mut plan = plan(&metabase, &mut Shop::new(), &options())?;
        println!("{metabase:?} {plan:?}\n{}", render::plan(plan.items()));
        plan.apply(&metabase)?;
        Ok(plan.items().count())
    };
    let end = match run() {
        Ok(items) => format!("{items} items"),
        Err(error) => {
            let error: metabase_push::Error = error;
            println!("{error:?} {:?}", error.hint());
            error.to_string()
        }
    };
    let status = std::fs::read_to_string("/proc/self/status").expect("this is Linux");
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|line| line.trim().strip_suffix(" kB"))
        .expect("it has a line about the peak");
    println!("\npeak={peak}\nend={end}");
}

/// What is started.
#[derive(Clone, Default)]
pub struct Child {
    pub address: String,
    /// `direct` or `proxy`, where the key may go unencrypted.
    pub plain_http: &'static str,
    /// How long a request may take; a minute without it.
    pub seconds: Option<u64>,
    /// All variables of its environment.
    pub variables: Vec<(&'static str, String)>,
}

/// How it ends.
#[derive(Debug)]
pub struct End {
    pub peak_mib: u64,
    /// The error, or how many things there are.
    pub words: String,
    pub time: Duration,
    /// All that it wrote.
    pub output: String,
}

impl Child {
    pub fn at(address: impl Into<String>) -> Child {
        Child {
            address: address.into(),
            ..Child::default()
        }
    }

    pub fn with(&self, name: &'static str, value: impl Into<String>) -> Child {
        let mut child = self.clone();
        child.variables.push((name, value.into()));
        child
    }

    pub fn run(&self) -> End {
        let start = Instant::now();
        let child = Command::new(std::env::current_exe().expect("this is a test"))
            .args(["--exact", "child::child", "--nocapture"])
            .env_clear()
            .envs(self.variables.iter().cloned())
            .env(ADDRESS, &self.address)
            .env(PLAIN_HTTP, self.plain_http)
            .env(SECONDS, self.seconds.unwrap_or(60).to_string())
            .output()
            .expect("the test can be run again");
        let output = [child.stderr, child.stdout].map(|text| String::from_utf8_lossy(&text).into_owned());
        let output = output.join("\n");
        let value = |name: &str| {
            let found = output.lines().find_map(|line| line.strip_prefix(name));
            found.unwrap_or_else(|| panic!("{output}")).to_owned()
        };
        End {
            peak_mib: value("peak=").parse::<u64>().expect("it is a number") / 1024,
            words: value("end="),
            time: start.elapsed(),
            output,
        }
    }
}
