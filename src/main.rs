//! The `crosswalk` binary.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    crosswalk::cli::keep_memory_private();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            crosswalk::cli::complain(&format!("cannot start: {error}"));
            return ExitCode::from(2);
        }
    };
    let code = runtime.block_on(crosswalk::cli::run(std::env::args_os()));
    // Whoever gives up in the middle of a sync does not wait for the pages that are still under way.
    runtime.shutdown_background();
    code
}
