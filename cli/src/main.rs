//! The `entrasnap` program.
fn main() -> std::process::ExitCode {
    cli::main()
}
