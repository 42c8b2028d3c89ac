//! Tells what happens and what came of it: the only room that prints. Standard output carries the result, standard error
//! the story. Must not decide anything about a run.

mod console;
mod failure;
mod paint;
mod surface;

pub use console::Console;
pub use paint::{Color, Paint};
pub use surface::Surface;
