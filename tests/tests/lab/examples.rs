//! The lab examples of the containerlab project come up as they are, in process mode, where they are beside the workspace.

use std::{
    path::{Path, PathBuf},
    process::Output,
    sync::{Mutex, PoisonError},
    thread,
};

use serde_json::Value;

use super::Lab;

/// So many labs at once.
const AT_ONCE: usize = 3;

fn routers(status: &Value) -> usize {
    status["status"]["nodes"].as_object().map_or(0, |nodes| nodes.len())
}

fn all_up(status: &Value) -> bool {
    let up = |sessions: &serde_json::Map<String, Value>| {
        sessions.len() == routers(status) && sessions.values().all(|session| session == "up")
    };
    status["sessions"].as_object().is_some_and(up)
}

/// Makes the lab of a file, waits until its controller has a session to every router, and takes it away. Gives how many routers it has, or
/// why there is no lab of such a file.
fn comes_up(file: &Path) -> Result<usize, String> {
    let lab = Lab::of(&std::fs::read_to_string(file).unwrap());
    let up = || lab.call("up", &["--mode=process", "--listen=127.0.0.1:0"]);
    let said = |up: &Output| {
        [&up.stdout, &up.stderr].map(|text| String::from_utf8_lossy(text).into_owned()).concat()
    };
    // A lab's addresses follow from the number of the process that keeps it, and another one's may be the same: another process then.
    let tried = (0..5).map(|_| up()).find(|up| up.status.success() || !said(up).contains("in use"));
    let up = tried.unwrap_or_else(|| panic!("{}: its addresses are always in use", file.display()));
    let said = said(&up);
    if !up.status.success() {
        assert!(
            said.contains("error[TL"),
            "{}: it is readable, and does not come up: {said}",
            file.display()
        );
        return Err(said);
    }
    lab.wait(&format!("all sessions of {} are up", file.display()), all_up);
    let count = routers(&lab.status());
    lab.must_go();
    Ok(count)
}

#[test]
fn every_example_of_containerlab_comes_up_or_is_told_why_not() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/clab");
    let Ok(entries) = std::fs::read_dir(&folder) else {
        println!("skipped: ../shared/clab is not beside the workspace");
        return;
    };
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|file| file.to_string_lossy().contains(".clab.y"));
    files.sort();
    let (left, told) = (Mutex::new(files.clone()), Mutex::new(Vec::new()));
    let next = || left.lock().unwrap_or_else(PoisonError::into_inner).pop();
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(file) = next() {
                    let came = comes_up(&file);
                    told.lock().unwrap_or_else(PoisonError::into_inner).push((file, came));
                }
            });
        }
    });
    let told = told.into_inner().unwrap_or_else(PoisonError::into_inner);
    assert_eq!(told.len(), files.len(), "each was tried");
    for (file, came) in &told {
        if let Err(why) = came {
            println!("{}: {why}", file.display());
        }
    }
    let up: Vec<usize> = told.iter().filter_map(|(_, came)| came.as_ref().ok().copied()).collect();
    println!("{} of {} examples came up, {} routers in all", up.len(), files.len(), up.iter().sum::<usize>());
    assert!(up.len() >= 40, "{} of {}", up.len(), files.len());
}
