//! Time, memory, places and locks: nobody takes more of them than they were given.
