//! The `entrasnap` program.

/// Importing gives back much memory in large pieces; the system's allocator spends a quarter of its time on that.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    entrasnap::main()
}
