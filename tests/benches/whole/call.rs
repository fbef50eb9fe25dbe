//! How a bench is called.

/// The words after the program's name. None where it is not `cargo bench` that calls, and this says so: `cargo test` starts benches too.
pub fn words() -> Option<Vec<String>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let is_bench = words.iter().any(|word| word == "--bench");
    if !is_bench {
        println!("nothing is measured without `cargo bench`");
    }
    is_bench.then_some(words)
}

/// How many runs `--runs` asks for; otherwise so many.
pub fn runs(words: &[String], otherwise: usize) -> usize {
    let asked = words.iter().position(|word| word == "--runs");
    asked.and_then(|at| words.get(at + 1)).map_or(otherwise, |count| count.parse().unwrap())
}
