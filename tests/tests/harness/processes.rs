//! A process ends with its owner, whatever it started and however the owner ends.

use std::process::Command;
use std::time::Duration;

use tests::folder::Folder;
use tests::processes::{Running, wait_for};

const LIMIT: Duration = Duration::from_secs(30);

fn shell(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    command
}

#[tokio::test]
async fn what_a_process_started_is_killed_with_it() {
    let folder = Folder::new();
    let process = Running::spawn(shell("sleep 300 & echo $!; wait"), &folder.join("log"));
    let pid = wait_for("the pid of the child", LIMIT, async || {
        process.log().trim().parse::<u32>().ok()
    })
    .await;
    let state = || {
        std::fs::read_to_string(format!("/proc/{pid}/stat"))
            .ok()
            .filter(|stat| !stat.contains(") Z "))
    };
    assert!(state().is_some());
    drop(process);
    wait_for("the child's end", LIMIT, async || state().is_none().then_some(())).await;
}

#[tokio::test]
async fn a_process_is_asked_to_end_before_it_is_killed() {
    let folder = Folder::new();
    let script = "trap 'echo drained; exit 7' TERM; echo ready; while :; do sleep 0.05; done";
    let log = folder.join("log");
    let process = Running::spawn(shell(script), &log);
    wait_for("the trap", LIMIT, async || {
        process.log().contains("ready").then_some(())
    })
    .await;
    assert_eq!(process.stop(LIMIT).await.code(), Some(7));
    assert!(std::fs::read_to_string(log).expect("the log").contains("drained"));
}
