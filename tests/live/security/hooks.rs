//! What the hooks run inside other people's commands.
